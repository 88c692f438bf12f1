"""What a record's status says beyond its own: how its DNSEndpoint fares, and what is news."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kubefed_core.api import conditions
from kubefed_core.api.conditions import Condition
from kubefed_core.objects import Obj, dig, generation
from kubefed_dns.api import endpoints as endpoints_api
from kubefed_dns.api.records import Record
from kubefed_dns.api.routing import Policy
from kubefed_dns.api.status import Entry, RecordStatus
from kubefed_dns.controllers.keys import STATE
from kubefed_dns.decide import report, routes, targets

FOREIGN = frozenset({"Conflict", "Forbidden", "NoProvider"})
"""Why others than the record itself keep a name from it."""
ROUTED = "Routed"
OCCASIONAL = frozenset({"Held", "Placement", "Probed", ROUTED})
"""Conditions that are there only while they say something."""
UNVERIFIED = Condition("Verified", "Unknown", "Pending", "nothing is published yet")
WAITING = Condition("Published", "False", "Pending", "the DNSEndpoint is not written yet")


class News(NamedTuple):
    """One Kubernetes Event."""

    reason: str
    message: str
    warning: bool = False


def conditions_of(
    endpoint: Obj | None,
    *,
    state: str,
    problem: Condition | None,
    before: tuple[Condition, ...] = (),
) -> tuple[Condition, ...]:
    """The conditions of a record: its own problem, and what its DNSEndpoint says.

    A DNSEndpoint made from another state of the record (see `keys.state_of`),
    or not worked on yet, says nothing of this one; only that others have the
    name is believed until it says otherwise, so that a refusal does not flicker.
    """
    said = _said(endpoint, state)
    published = conditions.get(said, "Published") or WAITING
    verified = conditions.get(said, "Verified") or UNVERIFIED
    accepted = problem or conditions.get(said, "Accepted")
    if accepted is None and not said:
        last = conditions.get(before, "Accepted")
        accepted = last if last is not None and last.reason in FOREIGN else None
    if accepted is not None and accepted.status == "False":
        published = Condition("Published", "False", "Pending", f"not accepted: {accepted.message}")
        verified = UNVERIFIED
    return accepted or report.accepted(), published, verified


def without_targets(
    shown: tuple[Condition, ...], entries: Iterable[Entry]
) -> tuple[Condition, ...]:
    """The conditions where no cluster has a target: then nothing is published."""
    if any(entry.ingress for entry in entries):
        return shown
    accepted, published, _ = shown
    if published.status != "True":
        return shown
    nothing = Condition("Published", "False", "Pending", "no cluster has a target to publish")
    return accepted, nothing, UNVERIFIED


def routed(
    endpoint: Obj | None, record: Record, *, state: str, before: tuple[Condition, ...]
) -> Iterator[Condition]:
    """Whether the routing is as asked for, by the clusters and by the providers.

    What was said last stays until the DNSEndpoint of the present state is worked on.
    """
    if record.routing.policy == Policy.SIMPLE:
        return
    said = routes.misplaced(record) or conditions.get(_said(endpoint, state), ROUTED)
    if said is None:
        said = conditions.get(before, ROUTED)
        said = None if said is None or said.reason == routes.NO_REGION else said
    if said is not None:
        yield said


def _said(endpoint: Obj | None, state: str) -> tuple[Condition, ...]:
    if endpoint is None:
        return ()
    status = endpoints_api.parse_status(endpoint.get("status"))
    if dig(endpoint, "metadata", "annotations", STATE) != state:
        return ()
    return status.conditions if status.observed_generation == generation(endpoint) else ()


def moved(before: RecordStatus, after: RecordStatus) -> bool:
    """Whether a DNSEndpoint may have to change."""
    return (before.domain, _served(before)) != (after.domain, _served(after))


def _served(status: RecordStatus) -> list[tuple[object, ...]]:
    return [(each.cluster, each.region, each.zones, each.ingress) for each in status.entries]


def news(before: RecordStatus, after: RecordStatus) -> Iterator[News]:
    """What an operator should read: targets that came, went or are held, names refused."""
    for entry in after.entries:
        yield from _of_entry(before.entry(entry.cluster), entry)
    for old in before.entries:
        if old.ingress and after.entry(old.cluster) is None:
            yield News(
                "TargetWithdrawn", f"{old.cluster}: no longer joined, or wanted no more", True
            )
    for kind in ("Accepted", "Published"):
        was, now = conditions.get(before.conditions, kind), conditions.get(after.conditions, kind)
        if now is None or _same(was, now):
            continue
        if now.status == "False" and now.reason != "Pending":
            yield News(now.reason, now.message, True)
        elif now.status == "True" and kind == "Published" and was and was.reason != "Pending":
            # Of every change it would use up the events that the object may have.
            yield News("Published", now.message)


def _same(was: Condition | None, now: Condition) -> bool:
    return was is not None and (was.status, was.reason) == (now.status, now.reason)


def _of_entry(old: Entry | None, new: Entry) -> Iterator[News]:
    was = targets.texts(old.ingress) if old is not None else ()
    now = targets.texts(new.ingress)
    failed = set(was) & set(new.unhealthy) - set(now)
    if failed or (was and not now):
        yield News("TargetWithdrawn", f"{new.cluster}: {new.message}", True)
    if now and not set(now) <= set(was):
        yield News("TargetAdded", f"{new.cluster}: {', '.join(now)}")
    if new.reason == "Held" and (old is None or old.reason != "Held"):
        yield News("TargetHeld", f"{new.cluster}: {new.message}", True)
