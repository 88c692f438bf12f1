"""What the status of a DNSEndpoint says: accepted, published, verified, and where."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Protocol

from kubefed_core.api import conditions
from kubefed_core.api.conditions import Condition, Status
from kubefed_dns.api.endpoints import (
    DNSEndpoint,
    EndpointKey,
    EndpointState,
    EndpointStatus,
    Placed,
)
from kubefed_dns.decide.admit import Ref
from kubefed_dns.decide.bids import Bid
from kubefed_dns.decide.placing import Placing, Site
from kubefed_dns.decide.reasons import NOT_ACCEPTED, Problem, Reason
from kubefed_dns.decide.reduction import Route, described
from kubefed_dns.decide.report import shortened
from kubefed_dns.records import TIER

ACCEPTED, PUBLISHED, VERIFIED, ROUTED = "Accepted", "Published", "Verified", "Routed"
MESSAGES = 3
"""How many different problems one condition tells of."""
URGENCY = (
    Reason.INVALID_NAME,
    Reason.CONFLICT,
    Reason.FORBIDDEN,
    Reason.NO_PROVIDER,
    Reason.DOMAIN_NOT_FOUND,
    Reason.PROVIDER_ERROR,
    Reason.REFUSED,
    Reason.BRAKE,
    Reason.DRY_RUN,
    Reason.PENDING,
)
"""Of several reasons the first gives the condition its word."""


class Verdict(NamedTuple):
    """How one endpoint fares at one site.

    Without a problem it is there; `marker` is the zone's when it was written,
    empty where it was found right. `route` is how it is chosen among the sets
    of its name, None where there is nothing to choose.
    """

    problem: Problem | None = None
    marker: str = ""
    route: Route | None = None


class Sighting(NamedTuple):
    """What the authoritative servers of a zone answer for a name."""

    status: Status
    reason: str
    message: str = ""


class View(Protocol):
    """What is known of the world's state by the publishing half."""

    def placing(self, name: str, namespace: str) -> Placing: ...

    def verdict(self, site: Site, name: str, ref: Ref) -> Verdict | None:
        """None while the zone has not been looked at since the start."""
        ...

    def sighting(self, site: Site, name: str) -> Sighting | None:
        """None for a name that nobody has asked for since the start."""
        ...

    def marker(self, site: Site) -> str:
        """The zone's as last seen."""
        ...

    def withheld(self, resource: str) -> Problem | None:
        """Why names that an object has given up are still there."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One endpoint at all its sites."""

    bid: Bid
    placing: Placing
    verdicts: tuple[tuple[Site, Verdict], ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        found = (self.bid.problem, self.placing.problem, self.placing.remark)
        return tuple(
            problem
            for problem in (*found, *(verdict.problem for _, verdict in self.verdicts))
            if problem is not None
        )


def rows(bids: Iterable[Bid], view: View) -> tuple[Row, ...] | None:
    """None where one of them is at a zone that has not been looked at yet."""
    found = []
    for bid in bids:
        placing = view.placing(bid.name, bid.source.namespace) if bid.name else Placing()
        verdicts = []
        for site in placing.sites:
            verdict = view.verdict(site, bid.name, Ref(bid.source, bid.key))
            if verdict is None:
                return None
            verdicts.append((site, verdict))
        found.append(Row(bid, placing, tuple(verdicts)))
    return tuple(found)


def status(
    endpoint: DNSEndpoint,
    bids: Sequence[Bid],
    *,
    problem: Problem | None,
    view: View,
    now: datetime,
) -> EndpointStatus | None:
    """The whole status; equal to the one there is where nothing has changed.

    `problem` is of the object as a whole. None where nothing can be said yet,
    so that what was said before the start stays.
    """
    table = rows(bids, view)
    if table is None:
        return None
    generation = endpoint.generation
    found = endpoint.status.conditions
    states = _states(endpoint, table, view)
    withheld = view.withheld(f"crd/{endpoint.key.namespace}/{endpoint.key.name}")
    accepted = _accepted(problem, table)
    published = _published(table, states, withheld, accepted)
    verified = _verified(endpoint, table, published, view)
    for condition in (accepted, published, verified):
        dated = replace(condition, observed_generation=generation)
        found = conditions.set_condition(found, dated, now=now)
    if (routed := _routed(table)) is not None:
        dated = replace(routed, observed_generation=generation)
        found = conditions.set_condition(found, dated, now=now)
    else:
        found = conditions.without(found, ROUTED)
    good = [row for row in table if _is_published(row)]
    targets = sorted({value.rstrip(".") for row in good for value in _values(row)})
    names = {row.bid.key.dns_name for row in table}
    whole = names - {row.bid.key.dns_name for row in table if not _is_published(row)}
    return EndpointStatus(
        observed_generation=generation,
        conditions=found,
        endpoints=states,
        names=f"{len(whole)}/{len(names)}",
        targets=shortened(targets),
    )


def _values(row: Row) -> tuple[str, ...]:
    """What is in DNS of it; what the hub keeps for its turn is not."""
    made, routes = row.bid.rrset, [verdict.route for _, verdict in row.verdicts]
    if made is None or made.type == "TXT":
        return ()
    waits = dict(made.properties).get(TIER, "0") != "0"
    return () if waits and not any(route and route.native for route in routes) else made.values


def _is_published(row: Row) -> bool:
    return bool(row.verdicts) and not row.problems


def _states(endpoint: DNSEndpoint, table: Sequence[Row], view: View) -> tuple[EndpointState, ...]:
    before = {
        (state.key, placed.name, placed.zone): placed
        for state in endpoint.status.endpoints
        for placed in state.providers
    }

    def placed(key: EndpointKey, site: Site, verdict: Verdict) -> Placed:
        old = before.get((key, site.provider, site.zone.rstrip(".")))
        error = verdict.problem.message if verdict.problem else ""
        marker = verdict.marker or (old.marker if old else "")
        if not marker and not error:
            marker = view.marker(site)
        return Placed(site.provider, site.zone.rstrip("."), marker, error)

    found: dict[EndpointKey, tuple[Placed, ...]] = {}
    for row in table:
        found[row.bid.key] = tuple(
            placed(row.bid.key, site, verdict) for site, verdict in row.verdicts
        )
    return tuple(EndpointState(key, each) for key, each in sorted(found.items()))


def _accepted(problem: Problem | None, table: Sequence[Row]) -> Condition:
    found = [problem] if problem else []
    found += [p for row in table for p in row.problems if _bars(row, p)]
    return _condition(ACCEPTED, found) or Condition(
        ACCEPTED, "True", ACCEPTED, "the names are valid and its own"
    )


def _bars(row: Row, problem: Problem) -> bool:
    """Whether a problem keeps an endpoint from being accepted; a remark does not."""
    return problem.reason in NOT_ACCEPTED and problem is not row.placing.remark


def _published(
    table: Sequence[Row],
    states: Sequence[EndpointState],
    withheld: Problem | None,
    accepted: Condition,
) -> Condition:
    admitted = [row for row in table if not any(_bars(row, p) for p in row.problems)]
    found = [problem for row in admitted for problem in row.problems]
    found += [withheld] if withheld else []
    if not found and not admitted and accepted.status == "False":
        found = [Problem(Reason.REFUSED, "nothing of it is accepted")]
    if (condition := _condition(PUBLISHED, found)) is not None:
        return condition
    latest: dict[tuple[str, str], str] = {}
    keys = {row.bid.key for row in admitted}
    for state in states:
        for each in state.providers if state.key in keys else ():
            where = (each.name, each.zone)
            latest[where] = max(latest.get(where, ""), each.marker, key=_order)
    told = (
        f"{provider} holds it in zone {zone or '.'}" + (f" at {marker}" if marker else "")
        for (provider, zone), marker in sorted(latest.items())
    )
    message = "; ".join(told) or "there is nothing to publish"
    return Condition(PUBLISHED, "True", PUBLISHED, message)


def _order(marker: str) -> tuple[int, str]:
    """Serials in the order of numbers."""
    head = marker.partition("@")[0]
    return (int(head) if head.isdigit() else 0), marker


def _verified(
    endpoint: DNSEndpoint, table: Sequence[Row], published: Condition, view: View
) -> Condition:
    if published.status != "True":
        return Condition(VERIFIED, "Unknown", "Pending", "it is not published yet")
    found = [
        view.sighting(site, row.bid.name)
        for row in table
        if _is_published(row)
        for site, _ in row.verdicts
    ]
    before = conditions.get(endpoint.status.conditions, VERIFIED)
    current = before is not None and before.observed_generation == endpoint.generation
    told = [sighting for sighting in found if sighting is not None]
    if len(told) < len(found) and before is not None and current and before.status == "True":
        # As it was before the restart, and nothing was written since.
        told += [Sighting("True", VERIFIED, before.message)] * (len(found) - len(told))
    for wanted in ("False", "Unknown"):
        some = [sighting for sighting in told if sighting.status == wanted]
        if some:
            messages = dict.fromkeys(sighting.message for sighting in some)
            return Condition(VERIFIED, some[0].status, some[0].reason, _joined(messages))
    if len(told) < len(found):
        return Condition(
            VERIFIED, "Unknown", "Pending", "the authoritative servers are being asked"
        )
    return Condition(VERIFIED, "True", VERIFIED, "the authoritative servers answer with it")


def _routed(table: Sequence[Row]) -> Condition | None:
    """Whether the answers are chosen as wanted; None where there is nothing to choose."""
    good, bad = dict[str, None](), dict[str, None]()
    for row in table:
        for site, verdict in row.verdicts:
            refused = verdict.problem is not None and verdict.problem.reason in NOT_ACCEPTED
            if verdict.route is None or refused:
                continue
            found = bad if verdict.route.instead else good
            found[described(verdict.route, *site, row.bid.key.dns_name)] = None
    if bad:
        return Condition(ROUTED, "False", "Degraded", _joined(bad))
    return Condition(ROUTED, "True", ROUTED, _joined(good)) if good else None


def _condition(kind: str, problems: Sequence[Problem]) -> Condition | None:
    if not problems:
        return None
    reason = min((problem.reason for problem in problems), key=URGENCY.index)
    first = sorted(dict.fromkeys(problems), key=lambda problem: problem.reason is not reason)
    return Condition(kind, "False", reason, _joined(problem.message for problem in first))


def _joined(messages: Iterable[str]) -> str:
    found = tuple(dict.fromkeys(messages))
    more = f"; and {len(found) - MESSAGES} more" if len(found) > MESSAGES else ""
    return "; ".join(found[:MESSAGES]) + more
