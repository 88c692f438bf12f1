"""Which clusters are behind a record's names: losing sight of one is not losing its service.

Each wanted cluster is judged on its own first. Then no name that has a wanted
target is left empty for any cause but a living API that says there is none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kubefed_core.decide import health
from kubefed_dns.api.records import Record, Unreachable
from kubefed_dns.api.status import Address, Entry, Reason
from kubefed_dns.decide import explain, names
from kubefed_dns.decide.sights import Probe, Sight, State

_OUT_OF_SIGHT = frozenset({Reason.HELD, Reason.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The new `status.dns`, sorted by cluster, and when to look again though nothing changes.

    `spared` are the clusters that are in only because a name would be empty
    without them.
    """

    entries: tuple[Entry, ...]
    again: datetime | None = None
    spared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one cluster comes to.

    `ingress` is in, `spare` could be in if it had to. `lost` is when the
    cluster went out of sight, `deadline` when time alone changes something.
    """

    sight: Sight
    reason: str
    message: str
    ingress: tuple[Address, ...] = ()
    spare: tuple[Address, ...] = ()
    lost: datetime | None = None
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """What stays the same while the clusters of a record are judged."""

    record: Record
    before: Mapping[str, Entry]
    now: datetime
    delay: float
    cut_off: bool


def weigh(
    record: Record, sights: Iterable[Sight], *, now: datetime, delay: float, cut_off: bool = False
) -> Verdict:
    """Judge the wanted clusters of a record, whose status has the entries of before.

    `delay` is how long a lost cluster is held, in seconds; `cut_off` says that
    the hub itself is cut off. A cluster without a sight is no longer wanted, or
    no longer joined, and is out at once. Weighing the result again at the same
    moment gives the same.
    """
    before = {entry.cluster: entry for entry in record.status.entries}
    case = _Case(record, before, now, delay, cut_off)
    findings = {
        sight.cluster: _judge(case, sight)
        for sight in sorted(sights, key=lambda sight: sight.cluster)
    }
    spared = _last_targets(case, findings)
    findings |= {cluster: _spared(findings[cluster]) for cluster in spared}
    deadlines = [found.deadline for found in findings.values() if found.deadline is not None]
    return Verdict(
        tuple(_entry(case, found) for found in findings.values()),
        min(deadlines, default=None),
        spared,
    )


def cut_off(lost: Mapping[str, datetime | None], joined: int, *, delay: float) -> bool:
    """Whether the hub is cut off, as `health.cut_off` says, from the lost among the joined.

    A cluster that nobody knows to have been there (None) is not counted as lost
    now. Leave out of both numbers what was not ready before either, such as
    what was offline already when the process started.
    """
    known = [since for since in lost.values() if since is not None]
    return health.cut_off(joined - len(lost), known, delay=delay)


def _judge(case: _Case, sight: Sight) -> _Finding:
    if sight.state == State.LOST:
        return _lost(case, sight)
    if sight.state == State.LIVE and sight.present is not None:
        return _live(case, sight)
    return _unknown(case, sight)


def _live(case: _Case, sight: Sight) -> _Finding:
    record, found = case.record, sight.addresses
    if not sight.present:
        return _Finding(sight, Reason.NOT_FOUND, explain.not_found(record))
    if not found:
        return _Finding(sight, Reason.NO_LOAD_BALANCER, explain.no_load_balancer(record))
    if record.needs_endpoints and not sight.ready:
        return _Finding(sight, Reason.NO_READY_ENDPOINTS, explain.no_ready_endpoints(record))
    if sight.place.drained:
        return _Finding(sight, Reason.DRAINED, explain.DRAINED, spare=found)
    if _failing(case, sight):
        return _Finding(sight, Reason.UNHEALTHY, explain.UNHEALTHY, spare=found)
    place = sight.place
    message = names.place_fault(place.region, place.zones) if record.of_services else ""
    return _Finding(sight, Reason.PUBLISHED, message, ingress=found)


def _lost(case: _Case, sight: Sight) -> _Finding:
    before, seen = case.before.get(sight.cluster), _last_seen(case, sight)
    message, since = explain.unreachable(sight.cluster), _lost_since(case, sight)
    out = _Finding(sight, Reason.UNREACHABLE, message, lost=since)
    if before is not None and before.ingress:
        out = replace(out, spare=seen)
    said = before.reason if before is not None and sight.present is None else ""
    if sight.place.drained and (seen or said == Reason.DRAINED):
        return replace(out, reason=Reason.DRAINED, message=explain.DRAINED)
    if _failing(case, sight) and (seen or said == Reason.UNHEALTHY):
        return replace(out, reason=Reason.UNHEALTHY, message=explain.UNHEALTHY)
    if not seen:
        return out
    held = replace(out, reason=Reason.HELD, ingress=seen, spare=())
    if sight.probe == Probe.PASSING:
        return replace(held, message=explain.PROBED)
    return _unprobed(case, held, out)


def _unprobed(case: _Case, held: _Finding, out: _Finding) -> _Finding:
    """A lost cluster of which nothing else is known: held for a while, then as the record says."""
    cluster = held.sight.cluster
    if _withdrawn(case, held):
        return out
    if case.cut_off:
        return replace(held, message=explain.CUT_OFF)
    if case.record.unreachable == Unreachable.KEEP:
        return replace(held, message=explain.kept(cluster))
    deadline = (held.lost or case.now) + timedelta(seconds=case.delay)
    if case.now < deadline:
        return replace(held, message=explain.held(cluster, case.delay), deadline=deadline)
    return out


def _failing(case: _Case, sight: Sight) -> bool:
    """Probes of a hub that is cut off say nothing new: what was out for them stays out.

    One that is in sight and Held was spared, and is no better for that.
    """
    if sight.probe != Probe.FAILING or not case.cut_off:
        return sight.probe == Probe.FAILING
    before = case.before.get(sight.cluster)
    known = {Reason.UNHEALTHY, Reason.HELD} if sight.state == State.LIVE else {Reason.UNHEALTHY}
    return before is not None and before.reason in known


def _withdrawn(case: _Case, found: _Finding) -> bool:
    """Whether the addresses are out already for the loss that still lasts."""
    before = case.before.get(found.sight.cluster)
    if before is None or before.ingress or before.reason != Reason.UNREACHABLE:
        return False
    lost = found.lost or case.now
    return before.since is not None and lost.replace(microsecond=0) <= before.since


def _unknown(case: _Case, sight: Sight) -> _Finding:
    """Nothing was seen yet, which is no evidence: what the status says stays."""
    before = case.before.get(sight.cluster)
    if before is not None and before.ingress:
        return _Finding(sight, Reason.HELD, explain.UNFILLED, ingress=before.ingress)
    if before is not None and before.reason:
        return _Finding(sight, before.reason, before.message)
    return _Finding(sight, Reason.UNREACHABLE, explain.NOT_LISTED)


def _last_seen(case: _Case, sight: Sight) -> tuple[Address, ...]:
    """The addresses that were good when the cluster was last seen, by us or by who was before."""
    if sight.present is None:
        before = case.before.get(sight.cluster)
        return before.ingress if before is not None else ()
    good = sight.present and (sight.ready or not case.record.needs_endpoints)
    return sight.addresses if good else ()


def _lost_since(case: _Case, sight: Sight) -> datetime:
    """When it went out of sight; the status carries it over a restart."""
    known = min(sight.lost_since or case.now, case.now)
    before = case.before.get(sight.cluster)
    carried = sight.present is None or sight.lost_since is None
    if before is not None and carried and before.reason in _OUT_OF_SIGHT:
        return min(known, before.since or known)
    return known


def _last_targets(case: _Case, findings: Mapping[str, _Finding]) -> frozenset[str]:
    """The clusters to be spared, so that no name is emptied by what is no evidence.

    Of a name without a target the last good set stays. Where there was none,
    those that serve, though they are drained or fail their probes, are better
    than nothing.
    """
    spared: set[str] = set()
    for group in _names(case, findings):
        if any(findings[cluster].ingress or cluster in spared for cluster in group):
            continue
        able = {cluster for cluster in group if findings[cluster].spare}
        last = {name for name in able if (entry := case.before.get(name)) and entry.ingress}
        spared |= last or able
    return frozenset(spared)


def _names(case: _Case, findings: Mapping[str, _Finding]) -> Iterable[frozenset[str]]:
    """The clusters behind each name that must not be emptied: the global one, or each host."""
    if case.record.of_services or case.record.hosts:
        return [frozenset(findings)]
    by_host: dict[str, set[str]] = {}
    for cluster, found in findings.items():
        for host in _hosts(case, found.sight):
            by_host.setdefault(host, set()).add(cluster)
    return [frozenset(by_host[host]) for host in sorted(by_host)]


def _spared(found: _Finding) -> _Finding:
    return replace(
        found, reason=Reason.HELD, message=explain.spared(found.reason), ingress=found.spare
    )


def _entry(case: _Case, found: _Finding) -> Entry:
    sight, before = found.sight, case.before.get(found.sight.cluster)
    region, zones = sight.place.region, sight.place.zones
    if before is not None and sight.state != State.LIVE:
        region, zones = region or before.region, zones or before.zones
    services = case.record.of_services
    return Entry(
        cluster=sight.cluster,
        region=region if services else "",
        zones=zones if services else (),
        ingress=found.ingress,
        reason=found.reason,
        message=found.message,
        since=_since(case, found, before).replace(microsecond=0),
        hosts=() if services or case.record.hosts else _hosts(case, sight),
    )


def _since(case: _Case, found: _Finding, before: Entry | None) -> datetime:
    if found.lost is not None and found.reason in _OUT_OF_SIGHT:
        return found.lost
    if before is not None and before.reason == found.reason and before.since is not None:
        return before.since
    return case.now


def _hosts(case: _Case, sight: Sight) -> tuple[str, ...]:
    before = case.before.get(sight.cluster)
    if sight.present is None and before is not None:
        return before.hosts
    return tuple(host for host in sight.hosts if host)
