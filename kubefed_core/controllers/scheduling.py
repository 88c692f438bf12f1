"""Shares the replicas of workloads among the clusters, as their scheduling preferences say."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

from kubefed_core import errors
from kubefed_core.api import clusters as cluster_api
from kubefed_core.api import scheduling as api
from kubefed_core.api import selectors
from kubefed_core.api import types as type_api
from kubefed_core.api.conditions import Condition, set_condition
from kubefed_core.api.config import Config
from kubefed_core.api.scheduling import SCHEDULED, Preference
from kubefed_core.api.types import NAMESPACES, TypeConfig
from kubefed_core.controllers.sync_view import View
from kubefed_core.decide import scheduling
from kubefed_core.decide.scheduling import Running
from kubefed_core.errors import Retry, Terminal
from kubefed_core.objects import Key, Obj, deleting, dig, generation, key_of, labels
from kubefed_core.resources import CLUSTERS, PODS, REPLICA_PREFERENCES, TYPE_CONFIGS, Resource
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.loop import Controller, Meter

log = logging.getLogger(__name__)

RECHECK = 10.0
ANSWER = 5.0
"""Seconds in which a cluster must have listed a workload's pods."""


class Scheduling:
    """Keys are those of the preferences, and of the workloads they are about."""

    def __init__(
        self, *, host: Host, config: Callable[[], Config], meter: Meter | None = None
    ) -> None:
        self._host = host
        self._config = config
        self._view = View(host, config=config, namespaces=lambda: self._type(NAMESPACES))
        self._controller: Controller[Key] = Controller(
            "schedulingpreferencecontroller", self.reconcile, meter=meter
        )
        host.fleet.subscribe(self._changed)
        host.fleet.watch_sight(self._sight)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._controller.run()

    def _changed(self, cluster: str, resource: Resource, key: Key) -> None:
        if cluster == HOST and resource in (CLUSTERS, TYPE_CONFIGS):
            self._all()
        elif (cluster == HOST and resource == REPLICA_PREFERENCES) or self._host.get(
            REPLICA_PREFERENCES, key
        ):
            self._controller.queue.add(key)

    def _sight(self, cluster: str, resource: Resource) -> None:
        self._all()

    def _all(self) -> None:
        for obj in self._host.list(REPLICA_PREFERENCES):
            self._controller.queue.add(key_of(obj))

    async def reconcile(self, key: Key) -> float | None:
        """Put the plan into the federated object, and say what it is."""
        obj = self._host.get(REPLICA_PREFERENCES, key)
        if obj is None or deleting(obj):
            return None
        try:
            preference = api.parse(obj)
        except Terminal as error:
            await self._refuse(obj, str(error))
            raise
        kind = self._kind(preference.target)
        if kind is None or not self._view.complete(kind):
            if kind is None and self._host.filled(TYPE_CONFIGS):
                await self._refuse(obj, f"{preference.target} is not propagated", "NoTarget")
            return None
        federated = self._host.get(kind.federated, key)
        if federated is None or deleting(federated):
            await self._refuse(obj, f"there is no {preference.target} {key}", "NoTarget")
            return None
        try:
            candidates, again = self._candidates(kind, federated, preference)
        except Terminal as error:
            await self._refuse(obj, str(error))
            raise
        seen, unsettled = await self._running(kind, key, candidates)
        plan = scheduling.shares(preference, candidates, seen) if candidates else ()
        if plan and (made := scheduling.applied(federated, plan)) is not None:
            await self._write(kind, made)
        status = scheduling.status(obj, preference, plan, now=self._host.now())
        await self._say(obj, api.dump_status(status))
        return min(again or RECHECK, RECHECK) if unsettled else again

    def _type(self, name: str) -> TypeConfig | None:
        obj = self._host.get(TYPE_CONFIGS, Key(self._host.namespace, name))
        if obj is None or deleting(obj):
            return None
        try:
            return type_api.parse(obj)
        except Terminal:
            return None

    def _kind(self, federated: str) -> TypeConfig | None:
        for obj in self._host.list(TYPE_CONFIGS):
            kind = self._type(obj["metadata"]["name"])
            if kind is not None and kind.propagated and kind.federated.kind == federated:
                return kind
        return None

    def _candidates(
        self, kind: TypeConfig, federated: Obj, preference: Preference
    ) -> tuple[frozenset[str], float | None]:
        """Clusters that are there, or are lost for a short time only; when that time is over."""
        clusters = self._view.clusters()
        allowed = self._view.allowed(kind, federated)
        if preference.intersect:
            allowed &= self._selected(kind, federated, clusters)
        lost = {
            name: self._lost_for(obj) for name, obj in clusters.items() if not self._view.ready(obj)
        }
        limit = timedelta(seconds=self._config().unavailable_delay)
        if self._view.cut_off():
            raise Retry("most clusters are lost at once; the host may be cut off", after=RECHECK)
        left = [limit - since for since in lost.values() if since < limit]
        again = max(min(left).total_seconds(), 0.1) if left else None
        gone = {name for name, since in lost.items() if since >= limit}
        return allowed - gone, again

    def _lost_for(self, cluster: Obj) -> timedelta:
        when = self._view.lost_at(cluster_api.parse_status(cluster))
        return timedelta.max if when is None else self._host.now() - when

    def _selected(
        self, kind: TypeConfig, federated: Obj, clusters: dict[str, Obj]
    ) -> frozenset[str]:
        """By the selectors alone, of the object and of its namespace."""
        spaces = self._type(NAMESPACES)
        namespace = key_of(federated).namespace
        around = spaces and self._host.get(spaces.federated, Key(namespace, namespace))
        found = frozenset(clusters)
        for obj in (federated, around or {}):
            path = "spec.placement.clusterSelector"
            selector = selectors.parse(dig(obj, *path.split(".")), path)
            if selector is None:
                return frozenset()
            found = frozenset(n for n in found if selector.matches(labels(clusters[n])))
        return found

    async def _running(
        self, kind: TypeConfig, key: Key, clusters: frozenset[str]
    ) -> tuple[dict[str, Running], bool]:
        """What runs in each cluster that has the workload; whether that may soon be told better."""
        seen, asked = {}, []
        for name in clusters:
            workload = self._view.member(kind, name, key)
            if workload is None:
                continue
            found = scheduling.settled(workload)
            if found is None:
                asked.append((name, workload))
            else:
                seen[name] = found
        answers = await asyncio.gather(*(self._pods(name, obj) for name, obj in asked))
        for (name, workload), pods in zip(asked, answers, strict=True):
            ready = dig(workload, "status", "readyReplicas", default=0)
            seen[name] = scheduling.running(workload, pods) if pods is not None else Running(ready)
        unsettled = any(pods is None or pods.unsettled for pods in answers)
        return seen, unsettled

    async def _pods(self, cluster: str, workload: Obj) -> scheduling.Pods | None:
        """None where the cluster does not say."""
        namespace = key_of(workload).namespace
        try:
            async with asyncio.timeout(ANSWER):
                pods, _ = await self._host.fleet.client(cluster).list(
                    PODS, namespace=namespace, labels=scheduling.pods_of(workload)
                )
        except (errors.KubeFedError, OSError, KeyError) as error:
            log.info("pods of %s in %s: %s", key_of(workload), cluster, error)
            return None
        return scheduling.analyse(pods, now=self._host.now())

    async def _write(self, kind: TypeConfig, federated: Obj) -> None:
        try:
            await self._host.apply(kind.federated, federated)
        except errors.NotFound:
            return
        except errors.Conflict as error:
            raise Retry(str(error), after=0.2) from error

    async def _refuse(self, obj: Obj, why: str, reason: str = "Invalid") -> None:
        new = Condition(SCHEDULED, "False", reason, why)
        found = set_condition(api.conditions_of(obj), new, now=self._host.now())
        status = api.Status(generation(obj), conditions=found)
        await self._say(obj, api.dump_status(status))

    async def _say(self, obj: Obj, status: dict[str, object]) -> None:
        try:
            await self._host.set_status(REPLICA_PREFERENCES, obj, status)
        except errors.NotFound:
            return
        except errors.Conflict as error:
            raise Retry(str(error), after=0.2) from error
