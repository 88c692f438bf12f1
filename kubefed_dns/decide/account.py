"""Why a cluster is behind a name or not, step by step, from what it holds to what is published."""

from collections.abc import Iterator
from dataclasses import dataclass

from kubefed_dns.api.records import Record
from kubefed_dns.api.status import Address, Entry
from kubefed_dns.decide.sights import Sight, State

JOINED, API, OBJECT, ADDRESS, READY, DRAIN, PROBE, TARGET = (
    "joined",
    "api",
    "object",
    "address",
    "endpoints",
    "drain",
    "probe",
    "target",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One link of the chain; `good` None where nothing is known, or nothing hangs on it."""

    what: str
    good: bool | None
    message: str


def chain(record: Record, entry: Entry | None, sight: Sight | None) -> tuple[Step, ...]:
    """The links for one wanted cluster, up to the one after which nothing more can be said.

    `sight` is what the cluster says now, None for one that is not joined;
    `entry` is what the record's status says of it, None where that says nothing.
    The last link is always whether it is a target, and why.
    """
    steps = list(_seen(record, sight)) if sight is not None else [_stranger()]
    if record.health is not None and entry is not None:
        steps.append(_probed(entry))
    steps.append(_target(entry))
    return tuple(steps)


def _stranger() -> Step:
    return Step(JOINED, False, "no KubeFedCluster has this name; join it by kubefedctl join")


def _seen(record: Record, sight: Sight) -> Iterator[Step]:
    member = f"{record.member.kind} {record.key}"
    if sight.state != State.LIVE:
        yield Step(API, False, sight.cause or "the cluster's API server cannot be reached")
        return
    yield Step(API, True, "the cluster's API server answers")
    yield Step(OBJECT, sight.present, f"{member} is {'' if sight.present else 'not '}there")
    if not sight.present:
        return
    said = ", ".join(text for each in sight.addresses for text in _texts(each))
    yield Step(ADDRESS, bool(said), f"its load balancer has {said or 'no address'}")
    if record.needs_endpoints and said:
        ready = "at least one is ready" if sight.ready else "none is ready"
        yield Step(READY, sight.ready, f"of its endpoints {ready}")
    if sight.place.drained:
        yield Step(DRAIN, False, "the cluster is drained")


def _texts(address: Address) -> Iterator[str]:
    yield from filter(None, (address.ip, address.hostname))


def _probed(entry: Entry) -> Step:
    if entry.unhealthy:
        return Step(PROBE, False, f"these fail their probes: {', '.join(entry.unhealthy)}")
    return Step(PROBE, True, "no target is out by its probes")


def _target(entry: Entry | None) -> Step:
    if entry is None:
        return Step(TARGET, None, "the record's status says nothing of it (yet)")
    said = ", ".join(text for each in entry.ingress for text in _texts(each))
    why = f"{entry.reason}{entry.message and f': {entry.message}'}"
    return Step(TARGET, bool(said), f"{said or 'out'} ({why})" if why else said or "out")
