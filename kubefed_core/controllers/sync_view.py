"""What the caches say of a federated object and of the clusters it may be in."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from kubefed_core import errors
from kubefed_core.api import clusters as cluster_api
from kubefed_core.api import federated as api
from kubefed_core.api import policy, propagated, taints
from kubefed_core.api.clusters import ClusterStatus
from kubefed_core.api.config import Config, Scope
from kubefed_core.api.federated import Placement
from kubefed_core.api.selectors import Selector
from kubefed_core.api.taints import NO_EXECUTE
from kubefed_core.api.types import TypeConfig
from kubefed_core.decide import health, placement, template, versions
from kubefed_core.decide.placement import Candidate, Placed
from kubefed_core.decide.propagation import Seen
from kubefed_core.objects import Key, Obj, dig, key_of, labels, moment, uid
from kubefed_core.resources import CLUSTERS, NAMESPACES, PLACEMENT_POLICIES
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.store import Store

GRACE = 10.0
"""Seconds for which what was seen of a cluster counts after sight of it was lost."""


class Where(NamedTuple):
    """`unfederated` where there is no federated namespace around the object."""

    placed: Placed
    unfederated: bool = False


class View:
    """`namespaces` gives the type that says where namespaces go, None while it is not known."""

    def __init__(
        self,
        host: Host,
        *,
        config: Callable[[], Config],
        namespaces: Callable[[], TypeConfig | None],
    ) -> None:
        self._host = host
        self._config = config
        self._namespaces = namespaces

    @property
    def limited(self) -> bool:
        return self._config().scope == Scope.NAMESPACED

    def cut_off(self) -> bool:
        """Whether it is the host that is cut off; then nothing is moved for want of sight."""
        found = [cluster_api.parse_status(each) for each in self.clusters().values()]
        times = (self.lost_at(each) for each in found if not each.ready)
        live = sum(each.ready for each in found)
        lost = [when for when in times if when is not None]
        return health.cut_off(live, lost, delay=self._config().unavailable_delay)

    def lost_at(self, status: ClusterStatus) -> datetime | None:
        """Since when a cluster that is not ready is not; None where nobody knows."""
        condition = status.get("Ready") or status.get("Offline")
        try:
            return moment(condition.last_transition if condition else "")
        except ValueError:
            return None

    def complete(self, kind: TypeConfig) -> bool:
        """Whether all that a decision about an object of a type rests on has been listed."""
        needed = [CLUSTERS, kind.federated, propagated.kind_for(kind.federated)]
        spaces = self._namespaces()
        if kind.namespaced:
            if spaces is None:
                return False
            needed.append(spaces.federated)
        if not self.limited:
            needed.append(NAMESPACES)
        return self._host.filled(*needed) and (self.limited or self._policies_known())

    def clusters(self) -> dict[str, Obj]:
        """The joined clusters."""
        return {
            obj["metadata"]["name"]: obj
            for obj in self._host.list(CLUSTERS)
            if obj["metadata"].get("namespace") == self._host.namespace
        }

    def ready(self, cluster: Obj) -> bool:
        return cluster_api.parse_status(cluster).ready

    def recorded(self, kind: TypeConfig, federated: Obj) -> tuple[Obj | None, propagated.Versions]:
        """The object that keeps the versions, and what it says."""
        key = key_of(federated)
        resource = propagated.kind_for(kind.federated)
        name = versions.name_for(kind.target.kind, key.name)
        obj = self._host.get(resource, Key(key.namespace if resource.namespaced else "", name))
        return obj, propagated.parse(obj or {})

    def where(self, kind: TypeConfig, federated: Obj) -> Where:
        """Raises Terminal, naming the field, where the placement cannot be meant so."""
        within, unfederated = None, False
        if kind.namespaced:
            around = self._around(key_of(federated).namespace)
            if around is not None:
                within = around.clusters
            elif not self.limited:
                within, unfederated = frozenset(), True
        placed = placement.place(
            api.placement(federated),
            self._candidates(kind, federated),
            policies=self._policies(kind, federated),
            within=within,
        )
        return Where(placed, unfederated)

    def allowed(self, kind: TypeConfig, federated: Obj) -> frozenset[str]:
        """Where the object might go, whatever its own placement says."""
        within: frozenset[str] | None = None
        if kind.namespaced:
            around = self._around(key_of(federated).namespace)
            if around is not None:
                within = around.clusters
            elif not self.limited:
                return frozenset()
        tolerations = api.placement(federated).tolerations
        return placement.place(
            Placement(selector=Selector(), tolerations=tolerations),
            self._candidates(kind, federated),
            policies=self._policies(kind, federated),
            within=within,
        ).clusters

    def member(self, kind: TypeConfig, cluster: str, key: Key) -> Obj | None:
        """The managed object as last seen; others of that name are none of ours."""
        store = self._host.fleet.store(cluster, kind.target)
        obj = store.get(key) if store is not None else None
        return obj if obj is not None and api.is_managed(obj) else None

    def wanted(self, kind: TypeConfig, federated: Obj, selected: frozenset[str]) -> list[Seen]:
        """Every joined cluster, for an object that shall be in some of them."""
        known = self._known_in(kind, federated)
        found = self.seen(kind, template.target_key(federated, kind.target), selected)
        return [replace(each, known=each.cluster in known) for each in found]

    def seen(self, kind: TypeConfig, key: Key, selected: frozenset[str]) -> list[Seen]:
        """Every joined cluster; `key` is that of the target."""
        return [
            self._seen(kind, key, name, cluster, name in selected)
            for name, cluster in self.clusters().items()
        ]

    def may_have(self, kind: TypeConfig, federated: Obj) -> frozenset[str]:
        """The clusters in which the object may be, as far as anybody remembers."""
        listed = {each.name for each in api.status(federated).clusters}
        lacking = {name for name in listed if self._lacks(kind, name)}
        return self._known_in(kind, federated) | (listed - lacking)

    def left(self, kind: TypeConfig, federated: Obj, *, selected: frozenset[str]) -> frozenset[str]:
        """The joined clusters that have it, should not, and cannot be asked now."""
        found = self._known_in(kind, federated) - selected
        return frozenset(
            name
            for name, cluster in self.clusters().items()
            if name in found and not (self.ready(cluster) and self._lists(kind, name))
        )

    def doubt(self, kind: TypeConfig) -> float | None:
        """In how many seconds a cluster that has just been lost from sight counts as lost."""
        now = asyncio.get_running_loop().time()
        stores = [self._host.fleet.sight(name, kind.target) for name in self.clusters()]
        since = [each.lost_since for each in stores if each is not None and each.synced]
        left = [lost + GRACE - now for lost in since if lost is not None]
        return min((each + 0.1 for each in left if each >= 0), default=None)

    def _known_in(self, kind: TypeConfig, federated: Obj) -> frozenset[str]:
        _, known = self.recorded(kind, federated)
        key = template.target_key(federated, kind.target)
        seen = {name for name in self.clusters() if self.member(kind, name, key) is not None}
        return frozenset(known.clusters) | known.left | seen

    def _lacks(self, kind: TypeConfig, cluster: str) -> bool:
        """Whether a cluster says that it has no such kind."""
        store = self._host.fleet.sight(cluster, kind.target)
        return store is not None and isinstance(store.error, errors.NotFound)

    def _lists(self, kind: TypeConfig, cluster: str) -> bool:
        store = self._host.fleet.store(cluster, kind.target)
        return store is not None and not self._trouble(store)

    def is_own(self, kind: TypeConfig, obj: Obj | None) -> bool:
        """Whether a member's namespace is the host's: the cluster is the host then."""
        if obj is None or kind.target != NAMESPACES:
            return False
        own = self._host.get(NAMESPACES, key_of(obj))
        return own is not None and uid(own) == uid(obj)

    def _seen(self, kind: TypeConfig, key: Key, name: str, cluster: Obj, selected: bool) -> Seen:
        obj = self.member(kind, name, key)
        store = self._host.fleet.sight(name, kind.target)
        return Seen(
            cluster=name,
            ready=self.ready(cluster),
            selected=selected,
            obj=obj,
            own=self.is_own(kind, obj),
            trouble=self._trouble(store),
            unlisted=store is None or not store.started or not self._is_followed(name, cluster),
        )

    def _is_followed(self, name: str, cluster: Obj) -> bool:
        """Whether it is this very cluster that is followed, and not one that had its name."""
        wanted: str = dig(cluster, "spec", "apiEndpoint", default="")
        try:
            server = self._host.fleet.client(name).access.server
        except KeyError:
            return False
        return server.removeprefix("https://") == wanted.removeprefix("https://")

    def _trouble(self, store: Store | None) -> str:
        if store is None or store.live or not store.started:
            return ""
        lost = store.lost_since
        now = asyncio.get_running_loop().time()
        if store.synced and lost is not None and now - lost < GRACE:
            return ""
        return str(store.error) or "out of sight"

    def _around(self, namespace: str) -> Placed | None:
        """Where the namespace of an object goes; None where it is not federated."""
        spaces = self._namespaces()
        if spaces is None:
            return None
        obj = self._host.get(spaces.federated, Key(namespace, namespace))
        if obj is None:
            return None
        return placement.place(
            api.placement(obj),
            self._candidates(spaces, obj),
            policies=self._policies(spaces, obj),
        )

    def _candidates(self, kind: TypeConfig, federated: Obj) -> Mapping[str, Candidate]:
        key = template.target_key(federated, kind.target)
        _, known = self.recorded(kind, federated)
        clusters = self.clusters()
        given = {name: taints.parse_taints(cluster) for name, cluster in clusters.items()}
        there = {n for n in clusters if n in known.clusters or self.member(kind, n, key)}
        if any(each.effect == NO_EXECUTE for found in given.values() for each in found):
            # A host that is cut off removes nothing: what it sees may be all that is left.
            for name in there if self.cut_off() else ():
                given[name] = tuple(t for t in given[name] if t.effect != NO_EXECUTE)
        return {
            name: Candidate(labels(cluster), given[name], present=name in there)
            for name, cluster in clusters.items()
        }

    def _policies(self, kind: TypeConfig, federated: Obj) -> list[policy.Policy]:
        namespace = key_of(federated).namespace
        around = self._host.get(NAMESPACES, Key("", namespace)) if namespace else None
        given = None if not namespace else labels(around or {})
        found = (policy.parse(obj) for obj in self._host.list(PLACEMENT_POLICIES))
        concerned = [each for each in found if each.concerns(kind.target, given)]
        return sorted(concerned, key=lambda each: each.name)

    def _policies_known(self) -> bool:
        """A host without the kind has no policies; what cannot be read might forbid everything."""
        store = self._host.fleet.sight(HOST, PLACEMENT_POLICIES)
        if store is None or store.synced:
            return True
        return isinstance(store.error, errors.NotFound)
