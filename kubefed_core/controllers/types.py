"""Switches kinds on and off: what the FederatedTypeConfigs name is propagated, and nothing else."""

import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace

from kubefed_core import errors
from kubefed_core.api import types as api
from kubefed_core.api import webhooks
from kubefed_core.api.config import Config, Scope
from kubefed_core.api.federated import SELECTOR
from kubefed_core.api.types import FINALIZER, NAMESPACES, TypeConfig
from kubefed_core.controllers.statuses import Statuses
from kubefed_core.controllers.sync import Sync
from kubefed_core.controllers.sync_report import COLLECT
from kubefed_core.controllers.sync_triggers import namespace_of
from kubefed_core.decide import escalation
from kubefed_core.errors import Terminal
from kubefed_core.objects import Key, Obj, deleting, dig, generation, key_of
from kubefed_core.resources import (
    CLUSTER_PROPAGATED_VERSIONS,
    CLUSTERS,
    PLACEMENT_POLICIES,
    PROPAGATED_VERSIONS,
    REPLICA_PREFERENCES,
    SECRETS,
    TYPE_CONFIGS,
    VALIDATING_WEBHOOKS,
    Resource,
)
from kubefed_core.resources import NAMESPACES as NAMESPACES_KIND
from kubefed_core.runtime.fleet import HOST, Interest
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.interests import Interests
from kubefed_core.runtime.loop import Controller, Meter

log = logging.getLogger(__name__)

PLACEMENT = "placement of namespaces"
"""Who wants the federated namespaces where they are not propagated."""
COLLECTED = "services"
"""The name of the type config whose statuses are collected beside the federated objects."""
GUARDED = 30.0
"""Seconds between two looks whether a webhook guards a kind that gives rights."""


class Types:
    """Keys are names of type configs.

    `on_host` and `in_members` are what is followed there; a running type wants
    its federated kind in the one and its target in the other.
    """

    def __init__(
        self,
        *,
        host: Host,
        config: Callable[[], Config],
        sync: Sync,
        on_host: Interests,
        in_members: Interests,
        statuses: Statuses | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._host = host
        self._config = config
        self._sync = sync
        self._statuses = statuses
        self._collecting: TypeConfig | None = None
        self._on_host = on_host
        self._in_members = in_members
        self._running: dict[str, TypeConfig] = {}
        self._spaces: TypeConfig | None = None
        self._unguarded: dict[str, str] = {}
        # One worker: what is followed on the host is changed by one at a time.
        self._controller: Controller[str] = Controller(
            "federatedtypeconfigcontroller", self.reconcile, workers=1, meter=meter
        )
        host.fleet.subscribe(self._changed)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._controller.run()

    @property
    def running(self) -> frozenset[str]:
        return frozenset(self._running)

    def _changed(self, cluster: str, resource: Resource, key: Key) -> None:
        if (cluster, resource, key.namespace) != (HOST, TYPE_CONFIGS, self._host.namespace):
            return
        self._controller.queue.add(key.name)
        if key.name == NAMESPACES:
            for obj in self._host.list(TYPE_CONFIGS):
                self._controller.queue.add(obj["metadata"]["name"])

    async def reconcile(self, name: str) -> float | None:
        """Start or stop a type, and say which it is."""
        obj = self._get(name)
        if obj is None or deleting(obj):
            await self._gone(name, obj)
            return None
        try:
            kind = api.parse(obj)
        except Terminal:
            await self._stop(name)
            await self._collect_none(name)
            await self._say(obj, running=False)
            raise
        if kind.is_namespace:
            await self._place_by(kind)
        if self._limited and not kind.namespaced:
            await self._stop(name)
            await self._say(obj, running=False)
            return None
        obj = await self._set_finalizer(obj, wanted=True)
        await self._collect(kind)
        missing = kind.propagated and kind.namespaced and not self._has_namespaces()
        if kind.propagated and not missing and await self._is_guarded(kind, obj):
            await self._start(kind)
        else:
            await self._stop(name)
        await self._say(obj, running=name in self._running)
        if missing:
            raise Terminal(
                f"Unable to start sync controller for {kind.federated.kind} due to missing "
                "FederatedTypeConfig for namespaces"
            )
        return GUARDED if kind.propagated and escalation.concerns(kind.target) else None

    async def _is_guarded(self, kind: TypeConfig, obj: Obj) -> bool:
        """Whether a kind gives no rights, or a webhook asks whoever writes it whether he may."""
        if not escalation.concerns(kind.target):
            return True
        found = []
        for name in webhooks.names(VALIDATING_WEBHOOKS, self._host.namespace):
            with contextlib.suppress(errors.NotFound):
                found.append(await self._host.client.get(VALIDATING_WEBHOOKS, Key("", name)))
        why = escalation.unguarded(found, kind.federated)
        if why and self._unguarded.get(kind.name) != why:
            self._host.recorder.event(
                obj, resource=TYPE_CONFIGS, reason="NoAdmission", message=why, warning=True
            )
            log.warning("not propagating %s: %s", kind.name, why)
        self._unguarded[kind.name] = why
        return not why

    async def _gone(self, name: str, obj: Obj | None) -> None:
        self._unguarded.pop(name, None)
        await self._collect_none(name)
        if name == NAMESPACES:
            await self._place_by(None)
        await self._stop(name)
        if obj is not None:
            await self._set_finalizer(obj, wanted=False)

    @property
    def _limited(self) -> bool:
        return self._config().scope == Scope.NAMESPACED

    def _get(self, name: str) -> Obj | None:
        return self._host.get(TYPE_CONFIGS, Key(self._host.namespace, name))

    def _has_namespaces(self) -> bool:
        obj = self._get(NAMESPACES)
        return obj is not None and not deleting(obj)

    async def _place_by(self, kind: TypeConfig | None) -> None:
        """Let the federated namespaces say where things may go, propagated or not."""
        kind = None if kind is None else replace(kind, generation=0)
        if kind == self._spaces:
            return
        self._spaces = kind
        self._sync.place_by(None)
        self._on_host.want(PLACEMENT, [] if kind is None else [self._on_the_host(kind)])
        await self._follow()
        self._sync.place_by(kind)

    def _on_the_host(self, kind: TypeConfig) -> Interest:
        return Interest(kind.federated, self._where, index=namespace_of)

    @property
    def _where(self) -> str:
        return self._host.namespace if self._limited else ""

    async def _start(self, kind: TypeConfig) -> None:
        """Begin, or begin anew where it is another kind or version than before."""
        kind = replace(kind, generation=0)
        before = self._running.get(kind.name)
        if before == kind:
            return
        if before is not None:
            self._sync.stop(before)
        self._running[kind.name] = kind
        self._in_members.want(kind.name, [Interest(kind.target, self._where, labels=SELECTOR)])
        self._on_host.want(kind.name, [self._on_the_host(kind)])
        self._sync.start(kind)
        await self._follow()
        log.info("propagating %s", kind.name)

    async def _stop(self, name: str) -> None:
        kind = self._running.pop(name, None)
        if kind is None:
            return
        self._sync.stop(kind)
        self._in_members.want(name)
        self._on_host.want(name)
        await self._follow()
        log.info("not propagating %s any more", name)

    async def _collect(self, kind: TypeConfig) -> None:
        """Collect the statuses of Services, unless raw ones are collected for all kinds."""
        wanted = kind.name == COLLECTED and kind.collected and kind.status is not None
        if self._statuses is None or not wanted or self._config().gates.get(COLLECT):
            await self._collect_none(kind.name)
            return
        kind = replace(kind, generation=0)
        if kind == self._collecting or kind.status is None:
            return
        self._collecting = kind
        who = f"{kind.name}/status"
        self._in_members.want(who, [Interest(kind.target, self._where, labels=SELECTOR)])
        self._on_host.want(who, [self._on_the_host(kind), Interest(kind.status, self._where)])
        self._statuses.start(kind)
        await self._follow()

    async def _collect_none(self, name: str) -> None:
        if self._statuses is None or self._collecting is None or self._collecting.name != name:
            return
        self._collecting = None
        self._statuses.stop()
        self._in_members.want(f"{name}/status")
        self._on_host.want(f"{name}/status")
        await self._follow()

    async def _follow(self) -> None:
        fleet = self._host.fleet
        await fleet.engage(HOST, fleet.client(HOST).access, self._on_host.all())

    async def _set_finalizer(self, obj: Obj, *, wanted: bool) -> Obj:
        found = list(dig(obj, "metadata", "finalizers", default=()))
        if (FINALIZER in found) == wanted:
            return obj
        kept = [*found, FINALIZER] if wanted else [each for each in found if each != FINALIZER]
        meta = {
            "finalizers": kept or None,
            "resourceVersion": dig(obj, "metadata", "resourceVersion"),
        }
        key = Key(self._host.namespace, obj["metadata"]["name"])
        try:
            made = await self._host.client.patch(TYPE_CONFIGS, key, {"metadata": meta})
        except errors.NotFound:
            return obj
        except errors.Conflict as error:
            raise errors.Retry(str(error), after=0.2) from error
        if wanted:
            self._host.fleet.put(HOST, TYPE_CONFIGS, made)
        return made

    async def _say(self, obj: Obj, *, running: bool) -> None:
        collecting = self._collecting is not None and self._collecting.name == _name(obj)
        status = api.dump_status(
            generation=generation(obj), propagating=running, collecting=collecting
        )
        try:
            await self._host.set_status(TYPE_CONFIGS, obj, status)
        except errors.NotFound:
            return
        except errors.Conflict as error:
            raise errors.Retry(str(error), after=0.2) from error


def _name(obj: Obj) -> str:
    return key_of(obj).name


def base_interests(config: Config, namespace: str) -> tuple[Interest, ...]:
    """What propagation follows on the host, whichever types run."""
    limited = config.scope == Scope.NAMESPACED
    where = namespace if limited else ""
    always = (
        Interest(TYPE_CONFIGS, namespace),
        Interest(CLUSTERS, namespace),
        Interest(SECRETS, namespace),
        Interest(PROPAGATED_VERSIONS, where),
        Interest(REPLICA_PREFERENCES, where),
    )
    if limited:
        return always
    whole = (NAMESPACES_KIND, CLUSTER_PROPAGATED_VERSIONS, PLACEMENT_POLICIES)
    return (*always, *(Interest(resource) for resource in whole))
