"""What is known of one cluster for one record, put together from what its caches hold."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kubefed_core.api.clusters import location
from kubefed_core.api.loose import objects, text
from kubefed_core.objects import Key, Obj, annotations, dig, key_of, labels
from kubefed_dns.api import status
from kubefed_dns.api.routing import Clusters
from kubefed_dns.api.status import Address

DRAINED = "multiclusterdns.kubefed.io/drained"
SERVICE_NAME = "kubernetes.io/service-name"


class State(StrEnum):
    """Live: what is seen is so now. Lost: it was so when last seen. Unknown: not yet tried."""

    LIVE = "live"
    LOST = "lost"
    UNKNOWN = "unknown"


class Probe(StrEnum):
    """What the active probes of one address say, after their rise and fall counts.

    Recovering: it was failing and passes again, but not yet for as long as it
    must. Pending: asked for, but not decided yet. Refused: it must not be
    probed. None: no probe is asked for, or there is nothing that could be.
    """

    PASSING = "passing"
    RECOVERING = "recovering"
    FAILING = "failing"
    PENDING = "pending"
    REFUSED = "refused"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Pulse:
    """`why` is the cause of a failure, or of there being no probe; empty where it is not known.

    From `begun` to `last` it was seen to pass or to fail, by any clock that only
    goes forward; where that is not known it is always. This is no part of what
    the probes say: two that differ by it alone are equal.
    """

    state: Probe = Probe.NONE
    why: str = ""
    begun: float = field(default=-math.inf, compare=False)
    last: float = field(default=math.inf, compare=False)


@dataclass(frozen=True, slots=True)
class Cache:
    """One cache, or one other sign of life of a cluster.

    `lost_since` goes with `lost`; None where nobody can tell. `filled` says
    that it has held the truth at some time in this process. `cause` is as in
    `Sight`.
    """

    state: State
    lost_since: datetime | None = None
    filled: bool = True
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A wanted cluster, as its KubeFedCluster describes it."""

    cluster: str
    region: str = ""
    zones: tuple[str, ...] = ()
    drained: bool = False


_UNASKED = Pulse()


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of one wanted cluster for one record.

    `present`: whether the Service or Ingress is there, or was when last seen;
    None where this process has never seen, so that only the record's own status
    is evidence. `ready`: an endpoint is ready, or none is asked for. `hosts` are
    those of the Ingress's rules, with an empty one for a rule without a host.
    `cause` is why the cluster is lost, where more is known than that it cannot be
    reached. `probes` has what the probes say of a target, by its text. `leaving`:
    the object is about to be removed from there. `awaited` is what a first
    publication has to wait for; empty for nothing.
    """

    place: Place
    state: State = State.LIVE
    lost_since: datetime | None = None
    present: bool | None = None
    addresses: tuple[Address, ...] = ()
    ready: bool = True
    hosts: tuple[str, ...] = ()
    cause: str = ""
    probes: Mapping[str, Pulse] = field(default_factory=dict)
    leaving: bool = False
    awaited: str = ""

    @property
    def cluster(self) -> str:
        return self.place.cluster

    def pulse(self, target: str) -> Pulse:
        return self.probes.get(target, _UNASKED)


def place(cluster: Obj) -> Place:
    """Read from a KubeFedCluster; the annotation drains unless it says false."""
    region, zones = location(cluster)
    said = annotations(cluster).get(DRAINED)
    drained = said is not None and said.lower() != "false"
    return Place(key_of(cluster).name, region, zones, drained)


def wanted(clusters: Clusters, joined: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
    """Choose among the joined clusters, given by name with their labels."""
    if clusters.names is not None:
        return clusters.names & joined.keys()
    if clusters.selector is None:
        return frozenset(joined)
    return frozenset(name for name, found in joined.items() if clusters.selector.matches(found))


def unknown(clusters: Clusters, joined: Iterable[str]) -> tuple[str, ...]:
    """The clusters that are wanted by name but have not joined."""
    return tuple(sorted((clusters.names or frozenset()) - set(joined)))


def sight(
    where: Place,
    obj: Obj | None,
    *,
    alive: Iterable[Cache] = (),
    cache: Cache,
    endpoints: Cache | None = None,
    slices: Iterable[Obj] = (),
) -> Sight:
    """Put together what one cluster says of a Service or an Ingress.

    `cache` is where `obj` was looked up, `endpoints` that of the slices, None
    where no ready endpoint is asked for; `alive` are other signs, such as the
    health check. Each resource counts for itself: that there is no object, or
    that it has no address, is believed though the slices cannot be listed.
    """
    found = load_balancer(obj)
    caches = [*alive, cache]
    if endpoints is not None and found:
        caches.append(endpoints)
    state, since = _together(caches)
    seen = cache.filled and (endpoints is None or endpoints.filled or not found)
    return Sight(
        place=where,
        state=state,
        lost_since=since,
        present=obj is not None if seen else None,
        addresses=found,
        ready=endpoints is None or has_ready(slices),
        hosts=rule_hosts(obj),
        cause=next((each.cause for each in caches if each.cause), ""),
    )


def _together(caches: Iterable[Cache]) -> tuple[State, datetime | None]:
    """One lost cache makes the whole lost, since the first of them was."""
    caches = tuple(caches)
    lost = [cache for cache in caches if cache.state == State.LOST]
    if lost:
        known = [cache.lost_since for cache in lost if cache.lost_since is not None]
        return State.LOST, min(known, default=None)
    unsure = any(cache.state == State.UNKNOWN for cache in caches)
    return (State.UNKNOWN if unsure else State.LIVE), None


def load_balancer(obj: Obj | None) -> tuple[Address, ...]:
    """The addresses in the status of a Service or an Ingress, without what else is there."""
    return status.addresses(dig(obj or {}, "status", "loadBalancer", "ingress"))


def rule_hosts(ingress: Obj | None) -> tuple[str, ...]:
    """The hosts of an Ingress's rules, sorted; an empty one where it answers for every host."""
    spec = dig(ingress or {}, "spec", default={})
    hosts = {text(rule.get("host")).lower() for rule in objects(dig(spec, "rules"))}
    catch_all = {""} if dig(spec, "defaultBackend") else set()
    return tuple(sorted(hosts | catch_all))


def covers(rules: Iterable[str], host: str) -> bool:
    """Whether one of some rules' hosts is answered at a host; a `*` stands for one label."""
    _, _, rest = host.partition(".")
    return not {"", host, f"*.{rest}"}.isdisjoint(rules)


def without_rule(hosts: Iterable[str], sights: Iterable[Sight]) -> tuple[str, ...]:
    """The wanted hosts that are in no rule of any Ingress that is seen now.

    Empty where no Ingress is seen, for then nothing can be said.
    """
    seen = [each.hosts for each in sights if each.state == State.LIVE and each.present]
    rules = {rule for found in seen for rule in found}
    return tuple(host for host in hosts if seen and not covers(rules, host.lower()))


def service_of(piece: Obj) -> Key | None:
    """The Service of an EndpointSlice, by the label that also mirrored slices bear."""
    name = labels(piece).get(SERVICE_NAME)
    return Key(key_of(piece).namespace, name) if name else None


def has_ready(slices: Iterable[Obj]) -> bool:
    """Whether an endpoint is ready in any of the slices; not to say so means ready."""
    return any(
        dig(endpoint, "conditions", "ready", default=True) and endpoint.get("addresses")
        for piece in slices
        for endpoint in objects(piece.get("endpoints"))
    )
