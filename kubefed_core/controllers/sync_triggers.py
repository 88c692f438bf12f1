"""From what changes anywhere to the federated objects that must be looked at."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from kubefed_core.api import clusters as cluster_api
from kubefed_core.api import federated as api
from kubefed_core.api import taints
from kubefed_core.api.config import Config
from kubefed_core.api.taints import Taint
from kubefed_core.api.types import TypeConfig
from kubefed_core.controllers.sync_echoes import Echoes
from kubefed_core.controllers.sync_job import Doubts, FedKey
from kubefed_core.controllers.sync_pace import Pace
from kubefed_core.controllers.sync_view import GRACE
from kubefed_core.objects import Key, Obj, key_of, labels, uid
from kubefed_core.resources import (
    CLUSTER_PROPAGATED_VERSIONS,
    CLUSTERS,
    NAMESPACES,
    PLACEMENT_POLICIES,
    PROPAGATED_VERSIONS,
    Resource,
)
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.queue import KeyQueue

_DECISIVE = frozenset(
    {
        CLUSTERS,
        NAMESPACES,
        PLACEMENT_POLICIES,
        PROPAGATED_VERSIONS,
        CLUSTER_PROPAGATED_VERSIONS,
    }
)
"""What of the host decides about objects of every kind."""


def namespace_of(obj: Obj) -> str:
    """The index of federated objects."""
    return key_of(obj).namespace


class _Known(NamedTuple):
    """What of a cluster decides about placement; `ready` is None while it was never probed."""

    uid: str
    ready: bool | None
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]


class Triggers:
    """`types` are those that run, by their federated kind."""

    def __init__(
        self,
        host: Host,
        *,
        types: Mapping[Resource, TypeConfig],
        namespaces: Callable[[], TypeConfig | None],
        queue: KeyQueue[FedKey],
        pace: Pace,
        doubts: Doubts,
        echoes: Echoes,
        config: Callable[[], Config],
    ) -> None:
        self._host = host
        self._types = types
        self._namespaces = namespaces
        self._queue = queue
        self._pace = pace
        self._doubts = doubts
        self._echoes = echoes
        echoes.changed = self._changed
        self._config = config
        self._clusters: dict[str, _Known] = {}
        host.fleet.subscribe(self._changed)
        host.fleet.watch_sight(self._sight)

    def all(self, kind: TypeConfig | None = None, *, after: float = 0.0) -> None:
        """Look at every object, or at every one of a type, and at what bears our label."""
        for each in (kind,) if kind is not None else tuple(self._types.values()):
            for obj in self._host.list(each.federated):
                self._add(each, key_of(obj), after=after, bulk=True)
            for cluster in self._host.fleet.clusters():
                self._strays(each, cluster, after=after)

    def _add(self, kind: TypeConfig, key: Key, *, after: float = 0.0, bulk: bool = False) -> None:
        found = FedKey(kind.federated, *key)
        if after:
            self._queue.add_after(found, after)
        else:
            self._queue.add(found, bulk=bulk)

    def _changed(self, cluster: str, resource: Resource, key: Key) -> None:
        held = self._echoes.holds(cluster, resource, key)
        if cluster != HOST:
            self._member_changed(cluster, resource, key, held=held)
        elif held or self._federated_changed(resource, key):
            return
        elif resource == CLUSTERS and key.namespace == self._host.namespace:
            self._cluster_changed(key)
        elif resource == NAMESPACES:
            self._host_namespace(key.name)
        elif resource == PLACEMENT_POLICIES:
            self.all()

    def _federated_changed(self, resource: Resource, key: Key) -> bool:
        kind, spaces = self._types.get(resource), self._namespaces()
        if kind is not None:
            self._add(kind, key)
        if spaces is not None and spaces.federated == resource:
            self._within(key.namespace)
            return True
        return kind is not None

    def _member_changed(self, cluster: str, resource: Resource, key: Key, *, held: bool) -> None:
        for kind in self._types.values():
            if kind.target != resource:
                continue
            named = _named(kind, key)
            obj = self._object(cluster, resource, key)
            ours = obj is not None and api.is_managed(obj)
            if not held and (ours or self._host.get(kind.federated, named) is not None):
                self._add(kind, named)
            if kind.is_namespace and ours:
                self._unheld(cluster, key.name)

    def _object(self, cluster: str, resource: Resource, key: Key) -> Obj | None:
        store = self._host.fleet.store(cluster, resource)
        return store.get(key) if store is not None else None

    def _host_namespace(self, name: str) -> None:
        for kind in self._types.values():
            if kind.is_namespace:
                self._add(kind, Key(name, name))
        if any(True for _ in self._host.list(PLACEMENT_POLICIES)):
            self._within(name)

    def _within(self, namespace: str) -> None:
        """Look at everything in a namespace."""
        for kind in self._types.values():
            for key in self._keys(kind, namespace):
                self._add(kind, key)

    def _unheld(self, cluster: str, namespace: str) -> None:
        """What could not be made in a cluster for want of its namespace may be tried now."""
        for kind in self._types.values():
            for key in self._keys(kind, namespace):
                if self._pace.clear_key(FedKey(kind.federated, *key), cluster):
                    self._add(kind, key)

    def _keys(self, kind: TypeConfig, namespace: str) -> list[Key]:
        if not kind.namespaced:
            return []
        store = self._host.fleet.store(HOST, kind.federated)
        return [key_of(obj) for obj in store.indexed(namespace)] if store is not None else []

    def _cluster_changed(self, key: Key) -> None:
        """Readiness counts after the delays of the configuration, everything else at once.

        So does that of a cluster that has just been joined: there is nothing to be doubted.
        """
        obj, before = self._host.get(CLUSTERS, key), self._clusters.get(key.name)
        if before is not None and (obj is None or uid(obj) != before.uid):
            self._parted(key.name)
            before = None
        if obj is None:
            self._clusters.pop(key.name, None)
            self.all()
            return
        status = cluster_api.parse_status(obj)
        ready = status.ready if status.conditions else None
        now = _Known(uid(obj), ready, labels(obj), taints.parse_taints(obj))
        self._clusters[key.name] = now
        if before is None or before.ready is None or before[2:] != now[2:]:
            self.all()
        elif before.ready != now.ready:
            if ready:
                self._pace.clear(key.name)
            delays = self._config()
            self.all(after=delays.available_delay if ready else delays.unavailable_delay)

    def _parted(self, cluster: str) -> None:
        """What was recorded of it says nothing about another that is given its name."""
        self._pace.clear(cluster)
        for kind in self._types.values():
            for obj in self._host.list(kind.federated):
                self._doubts.add(FedKey(kind.federated, *key_of(obj)), cluster)

    def _sight(self, cluster: str, resource: Resource) -> None:
        """A listing, or the loss of one: what could not be said may be now."""
        if cluster == HOST:
            self._host_sight(resource)
            return
        kinds = [kind for kind in self._types.values() if kind.target == resource]
        store = self._host.fleet.sight(cluster, resource)
        lost = store is not None and store.synced and not store.live
        if kinds and not lost:
            self._pace.clear(cluster)
        for kind in kinds:
            self.all(kind, after=GRACE + 0.1 if lost else 0.0)

    def _host_sight(self, resource: Resource) -> None:
        """Only what decisions rest on: a host has dozens of kinds, and may have many objects."""
        kind, spaces = self._types.get(resource), self._namespaces()
        if resource in _DECISIVE or (spaces is not None and spaces.federated == resource):
            self.all()
        elif kind is not None:
            self.all(kind)

    def _strays(self, kind: TypeConfig, cluster: str, *, after: float) -> None:
        """Objects with our label that no federated object speaks of."""
        for obj in self._host.fleet.store(cluster, kind.target) or ():
            key = _named(kind, key_of(obj))
            if api.is_managed(obj) and self._host.get(kind.federated, key) is None:
                self._add(kind, key, after=after, bulk=True)


def _named(kind: TypeConfig, key: Key) -> Key:
    """The federated object of a member's; that of a namespace is in it."""
    return Key(key.name, key.name) if kind.is_namespace else key
