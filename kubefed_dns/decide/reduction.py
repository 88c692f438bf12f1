"""What a provider is given of a routed name: its sets, where it chooses among them, or one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from kubefed_dns.records import ALIAS, GEO, REGION, ROUTING, TIER, WEIGHT, RRset

ADDRESSES = frozenset({"A", "AAAA"})
POLICIES = {WEIGHT: "Weighted", TIER: "Failover", GEO: "Geo", REGION: "Latency"}
REST = "*"
TURNS = 2
"""Tiers that are handed over: the answer, and who would take its place."""

Spell = Callable[[Sequence[RRset]], Sequence[RRset | str]]
"""See `protocol.Spells`."""


@dataclass(frozen=True, slots=True)
class Skills:
    """What a provider does itself: see `protocol.Capabilities` and `protocol.Spells`."""

    routing: frozenset[str] = frozenset()
    aliases: bool = False
    spell: Spell | None = None

    def spelled(self, sets: Sequence[RRset]) -> Sequence[RRset | str]:
        """The sets of a name in the provider's words, or why one cannot be there."""
        if self.spell is not None:
            return self.spell(sets)
        known = self.routing | ({ALIAS} if self.aliases else frozenset())
        return [
            replace(made, properties=tuple(pair for pair in made.properties if pair[0] in known))
            for made in sets
        ]

    def plain(self, sets: Sequence[RRset]) -> Iterator[RRset]:
        """Of sets that nothing chooses; what cannot be there the provider may refuse itself."""
        for made, found in zip(sets, self.spelled(sets) if sets else (), strict=True):
            yield made if isinstance(found, str) else found


class Route(NamedTuple):
    """How the routing of a name fares at a provider.

    `policy` says which it is. `instead` is what the answers hold in place of
    what they should, empty where they are as wanted; `why`, what stood against it.
    """

    policy: str
    native: bool = False
    instead: str = ""
    why: str = ""


def words(sets: Iterable[RRset]) -> frozenset[str]:
    """The properties by which sets are chosen."""
    return frozenset(name for made in sets for name, _ in made.properties) & ROUTING


def fitted(sets: Iterable[RRset], skills: Skills) -> tuple[tuple[RRset, ...], Route | None]:
    """Sets of one name as the provider gets them; the route where some have identifiers.

    Of a type either all have one, or none has; A and AAAA count as one type.
    """
    plain, routed = list[RRset](), list[RRset]()
    for made in sets:
        (routed if made.set_identifier else plain).append(made)
    route = None
    if routed:
        routed, route = _routed(routed, skills)
    return (*skills.plain(plain), *routed), route


def described(route: Route, provider: str, zone: str, name: str) -> str:
    """For people: who does it, or what a name has in its place."""
    where = f"DNSProvider {provider}"
    policy = route.policy or "sets"
    if route.native:
        return f"{policy} by {where}"
    if not route.instead:
        return f"{policy} by the hub at {where}"
    why = f" ({route.why})" if route.why else ""
    return (
        f"{where} does not serve {policy} in zone {zone.rstrip('.') or '.'}{why}: {name} has"
        f" {route.instead}"
    )


def _routed(sets: Sequence[RRset], skills: Skills) -> tuple[list[RRset], Route]:
    native = skills.spelled(list(_pooled(_in_turn(sets))))
    good = [made for made in native if not isinstance(made, str)]
    why = next((text for text in native if isinstance(text, str)), "")
    said = words(sets) | words(good)
    if not why and said <= skills.routing:
        return good, Route(_policy(said), native=True)
    reduced, instead = _reduced(sets)
    return [*skills.plain(reduced)], Route(_policy(said), instead=instead, why=why)


def _policy(said: Iterable[str]) -> str:
    return " and ".join(sorted(POLICIES[word] for word in said))


def _said(made: RRset, word: str) -> str:
    return dict(made.properties).get(word, "")


def _number(made: RRset, word: str) -> int:
    text = _said(made, word)
    return int(text) if text.isdecimal() else 0


def _with(made: RRset, word: str, value: str) -> RRset:
    return replace(made, properties=tuple(sorted((dict(made.properties) | {word: value}).items())))


def _in_turn(sets: Sequence[RRset]) -> Iterator[RRset]:
    """The tiers counted from 0, without those whose turn is far."""
    turns = sorted({_number(made, TIER) for made in sets if _said(made, TIER)})
    for made in sets:
        if not _said(made, TIER):
            yield made
        elif (turn := turns.index(_number(made, TIER))) < TURNS:
            yield _with(made, TIER, str(turn))


def _pooled(sets: Iterable[RRset]) -> Iterator[RRset]:
    """Those for the same place, region or turn as one set, for a backend takes only one."""
    found: dict[tuple[str, ...], RRset] = {}
    for made in sorted(sets, key=lambda made: made.key):
        by = ROUTING.intersection(name for name, _ in made.properties)
        single = by and WEIGHT not in by
        rule = [f"{name}={value}" for name, value in made.properties if name in by]
        key = (made.type, *rule) if single else (made.type, "", made.set_identifier)
        known = found.setdefault(key, made)
        if known is not made and made.type != "CNAME":
            found[key] = _joined(known, made)
    yield from found.values()


def _joined(one: RRset, other: RRset) -> RRset:
    values = tuple(sorted({*one.values, *other.values}))
    return replace(one, values=values, ttl=min(one.ttl, other.ttl))


def _reduced(sets: Sequence[RRset]) -> tuple[list[RRset], str]:
    """One plain set for each type, and what is lost by that."""
    found: dict[str, RRset] = {}
    lost = list[str]()
    for family in _families(sets):
        chosen, instead = _chosen(family)
        lost += [instead] if instead else []
        for made in chosen:
            bare = replace(made, set_identifier="", properties=_unrouted(made))
            known = found.setdefault(made.type, bare)
            found[made.type] = _joined(known, bare)
    return list(found.values()), "; ".join(dict.fromkeys(lost))


def _unrouted(made: RRset) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in made.properties if pair[0] not in ROUTING)


def _families(sets: Iterable[RRset]) -> Iterable[list[RRset]]:
    """A and AAAA are chosen together: they are the same places."""
    found: dict[str, list[RRset]] = {}
    for made in sets:
        kind = "address" if made.type in ADDRESSES else made.type
        found.setdefault(kind, []).append(made)
    return found.values()


def _chosen(family: Sequence[RRset]) -> tuple[list[RRset], str]:
    """The sets whose targets are to be in every answer, and what such answers are."""
    tiered = [made for made in family if _said(made, TIER)]
    first = min((_number(made, TIER) for made in tiered), default=0)
    left = [made for made in family if not _said(made, TIER) or _number(made, TIER) == first]
    light = {made.set_identifier for made in left if _said(made, WEIGHT) == "0"}
    heavy = [made for made in left if made.set_identifier not in light]
    left = heavy or left
    if left[0].type == "CNAME" and len({made.values for made in left}) > 1:
        only = max(left, key=_preferred)
        return [only], f"only {only.values[0]} in every answer, since a CNAME has one target"
    said = words(left)
    if not said - {TIER}:
        return left, ""
    above = " with a weight above 0" if heavy and light else ""
    return left, f"all targets{above} in every answer"


def _preferred(made: RRset) -> tuple[bool, int, str]:
    return _said(made, GEO) == REST, _number(made, WEIGHT), made.set_identifier
