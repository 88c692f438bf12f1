"""Collects what the members say of their Services, as KubeFed's status controller did."""

import logging
from collections.abc import Callable
from typing import Any

from kubefed_core import errors
from kubefed_core.api import propagated
from kubefed_core.api.config import Config
from kubefed_core.api.types import TypeConfig
from kubefed_core.controllers.sync_view import View
from kubefed_core.errors import Retry
from kubefed_core.objects import Key, Obj, deleting, dig, key_of
from kubefed_core.resources import CLUSTERS, Resource
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.loop import Controller, Meter

log = logging.getLogger(__name__)


class Statuses:
    """Keys are those of federated objects; the object beside each has the same.

    One type at most is collected, that of Services. Whoever starts it sees to
    it that its federated kind, its target and its kind of status are followed.
    """

    def __init__(
        self, *, host: Host, config: Callable[[], Config], meter: Meter | None = None
    ) -> None:
        self._host = host
        self._view = View(host, config=config, namespaces=lambda: None)
        self._kind: TypeConfig | None = None
        self._controller: Controller[Key] = Controller(
            "statuscontroller", self.reconcile, meter=meter
        )
        host.fleet.subscribe(self._changed)
        host.fleet.watch_sight(self._sight)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._controller.run()

    def start(self, kind: TypeConfig) -> None:
        self._kind = kind
        self._all()

    def stop(self) -> None:
        """Leave what was collected as it is."""
        self._kind = None

    def _changed(self, cluster: str, resource: Resource, key: Key) -> None:
        kind = self._kind
        if kind is None:
            return
        if cluster != HOST:
            concerned = resource == kind.target
        elif resource == CLUSTERS:
            self._all()
            return
        else:
            concerned = resource in (kind.federated, kind.status)
        if concerned and self._host.get(kind.federated, key) is not None:
            self._controller.queue.add(key)

    def _sight(self, cluster: str, resource: Resource) -> None:
        if self._kind is not None and resource in (
            CLUSTERS,
            self._kind.target,
            self._kind.federated,
            self._kind.status,
        ):
            self._all()

    def _all(self) -> None:
        for obj in self._host.list(self._kind.federated) if self._kind is not None else ():
            self._controller.queue.add(key_of(obj), bulk=True)

    async def reconcile(self, key: Key) -> float | None:
        """Write down what is so, where it is not written yet."""
        kind = self._kind
        if kind is None or kind.status is None:
            return None
        if not self._host.filled(CLUSTERS, kind.federated, kind.status):
            return None
        federated = self._host.get(kind.federated, key)
        if federated is None or deleting(federated):
            return None
        old, found = self._host.get(kind.status, key), self._collected(kind, key)
        if old is not None and old.get("clusterStatus", []) == found:
            return None
        made = old or propagated.beside(federated, kind.federated, kind.status)
        try:
            await self._host.apply(kind.status, {**made, "clusterStatus": found})
        except (errors.Conflict, errors.NotFound) as error:
            raise Retry(str(error), after=0.2) from error
        return None

    def _collected(self, kind: TypeConfig, key: Key) -> list[dict[str, Any]]:
        """Of every cluster that is ready, by name; without a status where it has no object."""
        ready = sorted(n for n, each in self._view.clusters().items() if self._view.ready(each))
        return [_entry(name, self._view.member(kind, name, key)) for name in ready]


def _entry(cluster: str, obj: Obj | None) -> dict[str, Any]:
    status = dig(obj or {}, "status")
    return {"clusterName": cluster} | ({} if status is None else {"status": status})
