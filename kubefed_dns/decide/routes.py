"""How `spec.routing` parts a name's targets into sets, and whose turn it is."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from kubefed_core.api.conditions import Condition
from kubefed_dns.api import endpoints as api
from kubefed_dns.api.records import Record
from kubefed_dns.api.routing import Policy, Routing
from kubefed_dns.api.status import Entry
from kubefed_dns.decide.sights import Place, wanted
from kubefed_dns.records import GEO, REGION, TIER, WEIGHT

WORDS = {
    Policy.WEIGHTED: WEIGHT,
    Policy.FAILOVER: TIER,
    Policy.GEO: GEO,
    Policy.LATENCY: REGION,
}
"""The property by which a backend serves a policy itself."""
BY_HUB = TIER
"""The one that nothing is lost by where a backend has it not: the hub itself fails over."""
EVERYWHERE = "*"
NO_REGION = "NoRegion"
MOST = 128
"""Characters of a set identifier."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Share:
    """One set of a name, of either family: when it is the answer, and whose targets it has.

    Without an identifier it is a plain set. Of a fail-over, `least` is how many
    targets it must have to be chosen before a later one.
    """

    identifier: str = ""
    routing: api.Routing | None = None
    entries: tuple[Entry, ...] = ()
    least: int = 1


class Turn(NamedTuple):
    """A share, and how many targets there are in it."""

    share: Share
    targets: int


def told(
    record: Record,
    entries: Iterable[Entry],
    *,
    labels: Mapping[str, Mapping[str, str]],
    places: Mapping[str, Place],
) -> tuple[Entry, ...]:
    """The entries with where the record's routing has each cluster.

    `labels` and `places` are those of the joined clusters. So the status says
    it, and who makes names of that needs to know no more.
    """
    routing = record.routing
    match routing.policy:
        case Policy.FAILOVER:
            tiers = [wanted(tier.clusters, labels) for tier in routing.tiers]
            return tuple(
                replace(e, tiers=tuple(n for n, names in enumerate(tiers) if e.cluster in names))
                for e in entries
            )
        case Policy.GEO:
            geo = [(wanted(each.clusters, labels), each.locations) for each in routing.geo]
            return tuple(
                replace(e, locations=_sorted(c for names, c in geo if e.cluster in names))
                for e in entries
            )
        case Policy.LATENCY:
            return tuple(replace(e, region=_region(record, e, places)) for e in entries)
        case _:
            return tuple(entries)


def _sorted(locations: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({code for codes in locations for code in codes}))


def _region(record: Record, entry: Entry, places: Mapping[str, Place]) -> str:
    """What is known of it, also of a cluster that is out of sight, and for hosts of Ingresses."""
    place, before = places.get(entry.cluster), record.status.entry(entry.cluster)
    return entry.region or (place.region if place else "") or (before.region if before else "")


def shares(routing: Routing, entries: Sequence[Entry]) -> tuple[Share, ...]:
    """The sets that a name may have, also those without a target now."""
    match routing.policy:
        case Policy.WEIGHTED:
            weights = dict(routing.weights)
            found = (
                (each.cluster, api.Routing(weight=weights.get(each.cluster, 1)), each)
                for each in entries
            )
        case Policy.LATENCY:
            found = (
                (each.cluster, api.Routing(region=each.region), each)
                for each in entries
                if each.region
            )
        case Policy.GEO:
            found = (
                (code, api.Routing(geo=(code,)), each)
                for each in entries
                for code in each.locations
            )
        case Policy.FAILOVER:
            return tuple(_tiers(routing, entries))
        case _:
            return (Share(entries=tuple(entries)),)
    return tuple(_gathered(found))


def in_turn(turns: Iterable[Turn]) -> list[Share]:
    """Of a name's tiers those that can serve: the answer, then who would take its place.

    The answer is the first with enough targets; where none has enough, the last
    that has any. Then the same among the others.
    """
    left = [turn for turn in turns if turn.targets]
    order = list[Share]()
    while left:
        chosen = next((turn for turn in left if turn.targets >= turn.share.least), left[-1])
        left.remove(chosen)
        order.append(replace(chosen.share, routing=api.Routing(tier=len(order))))
    return order


def elsewhere(identifiers: Iterable[str]) -> Share | None:
    """The share for whom no other is, where it is not among these."""
    if EVERYWHERE in identifiers:
        return None
    return Share(EVERYWHERE, api.Routing(geo=(EVERYWHERE,)))


def misplaced(record: Record) -> Condition | None:
    """What keeps a record's own routing from being whole; None where nothing does."""
    if record.routing.policy != Policy.LATENCY:
        return None
    lost = [entry.cluster for entry in record.status.entries if entry.ingress and not entry.region]
    if not lost:
        return None
    regions = any(entry.ingress and entry.region for entry in record.status.entries)
    served = (
        "they get no share of the answers" if regions else "so every answer has all the targets"
    )
    return Condition(
        "Routed",
        "False",
        NO_REGION,
        f"Latency goes by the clusters' regions, and {', '.join(lost[:5])}"
        f"{f' and {len(lost) - 5} more' if len(lost) > 5 else ''} have none: {served}; label the"
        " nodes with topology.kubernetes.io/region or set spec.region of the KubeFedCluster",
    )


def _tiers(routing: Routing, entries: Sequence[Entry]) -> Iterator[Share]:
    for number, tier in enumerate(routing.tiers):
        mine = tuple(entry for entry in entries if number in entry.tiers)
        yield Share(f"tier-{number}", api.Routing(tier=number), mine, tier.min_healthy)


def _gathered(found: Iterable[tuple[str, api.Routing, Entry]]) -> Iterator[Share]:
    """One share for each identifier, in order."""
    gathered: dict[str, tuple[api.Routing, list[Entry]]] = {}
    for text, routing, entry in found:
        gathered.setdefault(_bounded(text), (routing, []))[1].append(entry)
    for identifier, (routing, entries) in sorted(gathered.items()):
        yield Share(identifier, routing, tuple(entries))


def _bounded(text: str) -> str:
    """As it is, unless it is too long for a set identifier."""
    if len(text) <= MOST:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[: MOST - 17]}-{digest}"
