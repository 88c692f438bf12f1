"""Which clusters are behind a record's names: losing sight of one is not losing its service.

Each wanted cluster is judged on its own first. Then no name that has a wanted
target is left empty for any cause but a living API that says there is none.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kubefed_core.decide import health
from kubefed_dns.api.records import Record
from kubefed_dns.api.status import Entry, Reason
from kubefed_dns.decide import explain, pulses, targets
from kubefed_dns.decide.judge import OUT_OF_SIGHT, Case, Finding, judge
from kubefed_dns.decide.sights import Probe, Sight, State


@dataclass(frozen=True, slots=True)
class Verdict:
    """The new `status.dns`, sorted by cluster, and when to look again though nothing changes.

    `spared` are the clusters that are in only because a name would be empty
    without them.
    """

    entries: tuple[Entry, ...]
    again: datetime | None = None
    spared: frozenset[str] = frozenset()


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
    sights = sorted(sights, key=lambda sight: sight.cluster)
    case = Case(record, before, now, delay, cut_off, pulses.good_runs(sights, before))
    findings = {sight.cluster: judge(case, sight) for sight in sights}
    findings |= _recovered(case, findings)
    spared = _last_targets(case, findings)
    findings |= {cluster: _spared(findings[cluster]) for cluster in spared}
    after = {cluster: _entry(case, found) for cluster, found in findings.items()}
    case = replace(case, before=after, runs=pulses.good_runs(sights, after))
    deadlines = _deadlines(case, findings)
    return Verdict(tuple(after.values()), min(deadlines, default=None), spared)


def _deadlines(case: Case, findings: Mapping[str, Finding]) -> Iterator[datetime]:
    """When time alone may change something, the next answers of the probes among it.

    That depends on what is in DNS by now: the case has the new entries.
    """
    yield from (found.deadline for found in findings.values() if found.deadline is not None)
    health = case.record.health
    if health is not None and case.runs:
        gates = (case.gate(found.sight) for found in findings.values())
        if any(gate.doubts(text) for gate in gates for text in gate.out()):
            yield case.now + timedelta(seconds=health.interval + health.timeout)


def cut_off(lost: Mapping[str, datetime | None], joined: int, *, delay: float) -> bool:
    """Whether the hub is cut off, as `health.cut_off` says, from the lost among the joined.

    A cluster that nobody knows to have been there (None) is not counted as lost
    now. Leave out of both numbers what was not ready before either, such as
    what was offline already when the process started.
    """
    known = [since for since in lost.values() if since is not None]
    return health.cut_off(joined - len(lost), known, delay=delay)


def _recovered(case: Case, findings: Mapping[str, Finding]) -> dict[str, Finding]:
    """For a name without a target, what passes its probes again, though not for long enough.

    It is better than what is left otherwise: what fails, but must not be emptied.
    """
    found: dict[str, Finding] = {}
    for group in _names(case, findings):
        if any(findings[cluster].ingress for cluster in group):
            continue
        again = (judge(case, findings[cluster].sight, recovering=True) for cluster in group)
        found |= {each.sight.cluster: each for each in again if each.ingress}
    return found


def _last_targets(case: Case, findings: Mapping[str, Finding]) -> frozenset[str]:
    """The clusters to be spared, so that no name is emptied by what is no evidence.

    Of a name without a target the last good set stays. Where there was none,
    those that serve, though they are drained or fail their probes, are better
    than nothing.
    """
    spared = {cluster for cluster, found in findings.items() if found.doubtful}
    for group in _names(case, findings):
        if any(findings[cluster].ingress for cluster in group):
            continue
        able = {cluster for cluster in group if findings[cluster].spare}
        last = {name for name in able if (entry := case.before.get(name)) and entry.ingress}
        spared |= last or able
    return frozenset(spared)


def _names(case: Case, findings: Mapping[str, Finding]) -> Iterable[frozenset[str]]:
    """The clusters behind each name that must not be emptied: the global one, or each host."""
    if case.record.of_services or case.record.hosts:
        return [frozenset(findings)]
    by_host: dict[str, set[str]] = {}
    for cluster, found in findings.items():
        for host in _hosts(case, found.sight):
            by_host.setdefault(host, set()).add(cluster)
    return [frozenset(by_host[host]) for host in sorted(by_host)]


def _spared(found: Finding) -> Finding:
    message = explain.spared(found.why)
    return replace(found, reason=Reason.HELD, message=message, ingress=found.spare)


def _entry(case: Case, found: Finding) -> Entry:
    sight, before = found.sight, case.before.get(found.sight.cluster)
    region, zones = sight.place.region, sight.place.zones
    if before is not None and sight.state != State.LIVE:
        region, zones = region or before.region, zones or before.zones
    services, out = case.record.of_services, case.gate(sight).out()
    vague = any(pulse.state is Probe.FAILING and not pulse.why for pulse in out.values())
    unhealthy = _unhealthy(found, out, before)
    same = before is not None and (before.reason, before.unhealthy) == (found.reason, unhealthy)
    return Entry(
        cluster=sight.cluster,
        region=region if services else "",
        zones=zones if services else (),
        ingress=found.ingress,
        reason=found.reason,
        # After a restart the cause is known only from what was said before.
        message=before.message if before and same and vague else found.message,
        since=_since(case, found, before).replace(microsecond=0),
        hosts=() if services or case.record.hosts else _hosts(case, sight),
        unhealthy=unhealthy,
    )


def _unhealthy(found: Finding, out: Iterable[str], before: Entry | None) -> tuple[str, ...]:
    """What is out by its probes.

    Of a cluster that was not looked at yet it includes what passes by now, for
    that stays out, and nobody else knows that it is there to come back.
    """
    sight = found.sight
    if before is None or sight.present is not None or sight.state == State.LOST:
        return tuple(out)
    stays = set(before.unhealthy).difference(targets.texts(found.ingress))
    return tuple(sorted({*out, *stays}))


def _since(case: Case, found: Finding, before: Entry | None) -> datetime:
    if found.lost is not None and found.reason in OUT_OF_SIGHT:
        return found.lost
    if before is not None and before.reason == found.reason and before.since is not None:
        return before.since
    return case.now


def _hosts(case: Case, sight: Sight) -> tuple[str, ...]:
    before = case.before.get(sight.cluster)
    if sight.present is None and before is not None:
        return before.hosts
    return tuple(host for host in sight.hosts if host)
