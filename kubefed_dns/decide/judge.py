"""What one cluster comes to for a record, looked at on its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kubefed_dns.api.records import Record, Unreachable
from kubefed_dns.api.status import Address, Entry, Reason
from kubefed_dns.decide import explain, names, pulses, targets
from kubefed_dns.decide.pulses import Gate, Run
from kubefed_dns.decide.sights import Probe, Sight, State

OUT_OF_SIGHT = frozenset({Reason.HELD, Reason.UNREACHABLE})
_SERVED = frozenset({Reason.PUBLISHED, Reason.HELD, Reason.UNHEALTHY})
"""Reasons by which the cluster's API had nothing against its addresses."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one cluster comes to.

    `ingress` is in, `spare` could be in if it had to; `why` is what speaks
    against that. `doubtful`: it stays in as it is. `lost` is when the cluster went
    out of sight, `deadline` when time alone changes something.
    """

    sight: Sight
    reason: str
    message: str
    ingress: tuple[Address, ...] = ()
    spare: tuple[Address, ...] = ()
    why: str = ""
    doubtful: bool = False
    lost: datetime | None = None
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What stays the same while the clusters of a record are judged.

    `before` are the entries of the record's status; `delay` is how long a lost
    cluster is held, in seconds; `cut_off` says that the hub itself is cut off;
    `runs` is as in `Gate`.
    """

    record: Record
    before: Mapping[str, Entry]
    now: datetime
    delay: float
    cut_off: bool
    runs: tuple[Run, ...]

    @property
    def fail_back_delay(self) -> float:
        return self.record.health.fail_back_delay if self.record.health else 0.0

    def gate(self, sight: Sight) -> Gate:
        return Gate(sight, self.before.get(sight.cluster), self.cut_off, self.runs)


def judge(case: Case, sight: Sight, *, recovering: bool = False) -> Finding:
    """With `recovering`, what passes its probes again is in at once."""
    if sight.leaving:
        return Finding(sight, Reason.DRAINED, explain.LEAVING)
    if sight.state == State.LOST:
        return _lost(case, sight, recovering)
    if sight.state == State.LIVE and sight.present is not None:
        return _live(case, sight, recovering)
    return _unknown(case, sight)


def _live(case: Case, sight: Sight, recovering: bool) -> Finding:
    record, found = case.record, sight.addresses
    if not sight.present:
        return Finding(sight, Reason.NOT_FOUND, explain.not_found(record))
    if not found:
        return Finding(sight, Reason.NO_LOAD_BALANCER, explain.no_load_balancer(record))
    if record.needs_endpoints and not sight.ready:
        return Finding(sight, Reason.NO_READY_ENDPOINTS, explain.no_ready_endpoints(record))
    before = case.before.get(sight.cluster)
    if sight.awaited and not (before is not None and before.ingress):
        return Finding(sight, Reason.HELD, sight.awaited)
    gate = case.gate(sight)
    good, out, spare = gate.let_in(found, recovering=recovering), gate.out(), gate.spare(found)
    if sight.place.drained:
        why = explain.IS_DRAINED
        return Finding(sight, Reason.DRAINED, explain.DRAINED, spare=spare, why=why)
    if all(map(gate.doubts, targets.texts(good))):
        return _unhealthy(case, Finding(sight, Reason.UNHEALTHY, "", spare=spare))
    shown = targets.texts(good)
    said = [explain.left_out({text: out[text] for text in out if text not in shown})]
    if record.of_services:
        said.append(names.place_fault(sight.place.region, sight.place.zones))
    return Finding(sight, Reason.PUBLISHED, "; ".join(filter(None, said)), ingress=good)


def _lost(case: Case, sight: Sight, recovering: bool) -> Finding:
    before, seen = case.before.get(sight.cluster), _last_seen(case, sight)
    message, since = explain.unreachable(sight.cluster, sight.cause), _lost_since(case, sight)
    why, gate = explain.lost(sight.cause), case.gate(sight)
    out = Finding(sight, Reason.UNREACHABLE, message, why=why, lost=since)
    if before is not None and before.ingress:
        out = replace(out, spare=gate.spare(seen))
    said = before.reason if before is not None and sight.present is None else ""
    if sight.place.drained and (seen or said == Reason.DRAINED):
        why = explain.IS_DRAINED
        return replace(out, reason=Reason.DRAINED, message=explain.DRAINED, why=why)
    good = gate.let_in(seen, recovering=recovering)
    failing = seen or (said == Reason.UNHEALTHY and case.record.health is not None)
    if failing and all(map(gate.doubts, targets.texts(good))):
        return _unhealthy(case, out)
    if not seen:
        return out
    held = replace(out, reason=Reason.HELD, ingress=good, spare=())
    return _probed(case, held) or _unprobed(case, held, out)


def _unhealthy(case: Case, found: Finding) -> Finding:
    """Out by its probes, unless it is doubtful that it is only these that fail."""
    gate = case.gate(found.sight)
    out, doubtful = gate.out(), any(map(gate.doubts, targets.texts(found.spare)))
    return replace(
        found,
        reason=Reason.UNHEALTHY,
        message=explain.unhealthy(out, case.fail_back_delay),
        why=explain.fails(out),
        doubtful=doubtful,
    )


def _probed(case: Case, held: Finding) -> Finding | None:
    """A lost cluster whose probes say that it serves, or are about to say; else None."""
    cluster, cause = held.sight.cluster, held.sight.cause
    states = case.gate(held.sight).states(held.ingress)
    if states & {Probe.PASSING, Probe.RECOVERING}:
        return replace(held, message=explain.probed(cause))
    if Probe.PENDING not in states or _withdrawn(case, held):
        return None
    before = case.before.get(cluster)
    if before is not None and before.reason == Reason.HELD:
        return replace(held, message=before.message)
    return replace(held, message=explain.undecided(cause))


def _unprobed(case: Case, held: Finding, out: Finding) -> Finding:
    """A lost cluster of which nothing else is known: held for a while, then as the record says."""
    cluster, cause = held.sight.cluster, held.sight.cause
    if _withdrawn(case, held):
        return out
    if case.cut_off:
        return replace(held, message=explain.CUT_OFF)
    if case.record.unreachable == Unreachable.KEEP:
        return replace(held, message=explain.kept(cluster, cause))
    deadline = (held.lost or case.now) + timedelta(seconds=case.delay)
    if case.now < deadline:
        message = explain.held(cluster, cause, case.delay)
        return replace(held, message=message, deadline=deadline)
    return out


def _withdrawn(case: Case, found: Finding) -> bool:
    """Whether the addresses are out already for the loss that still lasts."""
    before = case.before.get(found.sight.cluster)
    if before is None or before.ingress or before.reason != Reason.UNREACHABLE:
        return False
    lost = found.lost or case.now
    return before.since is not None and lost.replace(microsecond=0) <= before.since


def _unknown(case: Case, sight: Sight) -> Finding:
    """Nothing was seen yet, which is no evidence: what the status says stays."""
    before = case.before.get(sight.cluster)
    if before is not None and before.ingress:
        return Finding(sight, Reason.HELD, explain.UNFILLED, ingress=before.ingress)
    if before is not None and before.reason:
        return Finding(sight, before.reason, before.message)
    return Finding(sight, Reason.UNREACHABLE, explain.NOT_LISTED)


def _last_seen(case: Case, sight: Sight) -> tuple[Address, ...]:
    """The addresses that were good when the cluster was last seen, by us or by who was before.

    Good for its API: what its probes say of them is another matter.
    """
    if sight.present is None:
        before = case.before.get(sight.cluster)
        served = before is not None and before.reason in {*_SERVED, ""}
        return pulses.known(sight, before) if served else ()
    good = sight.present and (sight.ready or not case.record.needs_endpoints)
    return sight.addresses if good else ()


def _lost_since(case: Case, sight: Sight) -> datetime:
    """When it went out of sight; the status carries it over a restart."""
    known = min(sight.lost_since or case.now, case.now)
    before = case.before.get(sight.cluster)
    carried = sight.present is None or sight.lost_since is None
    if before is not None and carried and before.reason in OUT_OF_SIGHT:
        return min(known, before.since or known)
    return known
