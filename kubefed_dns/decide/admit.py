"""Who gets a name when several want it, and with what."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from kubefed_dns.api.endpoints import EndpointKey
from kubefed_dns.api.providers import Addresses
from kubefed_dns.decide import reduction
from kubefed_dns.decide.bids import Bid, Source
from kubefed_dns.decide.claims import Want
from kubefed_dns.decide.reasons import Problem, Reason
from kubefed_dns.decide.reduction import ADDRESSES, Route, Skills, words
from kubefed_dns.decide.targets import local_target
from kubefed_dns.records import ROUTING, TIER, Properties, RRKey, RRset

PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
"""What is reached only from inside; not all that is reserved for other things."""


class Ref(NamedTuple):
    """One endpoint of one DNSEndpoint."""

    source: Source
    key: EndpointKey


@dataclass(frozen=True, slots=True)
class Rules:
    """What a provider takes: types it can write, whether targets may be local, which addresses.

    `apex` is the zone's own name, where no CNAME can be.
    """

    types: frozenset[str]
    local: bool = False
    addresses: Addresses = Addresses.ANY
    skills: Skills = field(default_factory=Skills)
    apex: str = ""

    def problem(self, bid: Bid) -> Problem | None:
        """What is wrong with a bid here, if anything."""
        made = bid.rrset
        if made is None:
            return bid.problem
        if made.type not in self.types:
            why = f"{bid.name} {made.type}: the provider cannot publish this type"
            return Problem(Reason.REFUSED, why)
        return self._local(made) or self._unrouted(made) or self._at_apex(made)

    def _local(self, made: RRset) -> Problem | None:
        if self.local or made.type not in {*ADDRESSES, "CNAME"}:
            return None
        for value in filter(local_target, made.values):
            why = (
                f"{made.name}: target {value} is local to whoever asks; "
                "spec.allowLocalTargets of the DNSProvider would let it in"
            )
            return Problem(Reason.FORBIDDEN, why)
        return None

    def _unrouted(self, made: RRset) -> Problem | None:
        """A set with an identifier must say by something when it is the answer."""
        if not made.set_identifier or words((made,)):
            return None
        why = "routing says nothing of when it is the answer"
        if self.skills.spell is not None:
            (found,) = self.skills.spelled((made,))
            if not isinstance(found, str):
                return None
            why = found
        elif made.properties:
            why += f", and the provider does not know {', '.join(dict(made.properties))}"
        where = f"{made.name} {made.type} with setIdentifier {made.set_identifier}"
        return Problem(Reason.REFUSED, f"{where}: {why}; give it routing, or no setIdentifier")

    def _at_apex(self, made: RRset) -> Problem | None:
        if made.name != self.apex or made.type != "CNAME":
            return None
        (found,) = self.skills.spelled((made,))
        if isinstance(found, str) or found.alias:
            return None
        why = "no CNAME can be where a zone begins; give addresses"
        return Problem(Reason.REFUSED, f"{made.name} CNAME: {why}")

    def fitted(self, bid: Bid) -> Bid | None:
        """With the addresses that belong here; None where none does."""
        made = bid.rrset
        if self.addresses is Addresses.ANY or made is None or made.type not in ADDRESSES:
            return bid
        wanted = self.addresses is Addresses.PRIVATE
        values = tuple(value for value in made.values if _private(value) is wanted)
        return replace(bid, rrset=replace(made, values=values)) if values else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a name shall hold, and what each endpoint that is left out is told.

    `keep`: whoever holds the name wants more of it than could be taken, so
    nothing that is there is deleted. `route` is how its routing is served,
    where it has any.
    """

    wants: tuple[Want, ...] = ()
    problems: Mapping[Ref, Problem] = field(default_factory=dict)
    keep: bool = False
    route: Route | None = None


def contest(bids: Iterable[Bid], *, holder: str | None, rules: Rules) -> Outcome:
    """Decide one name in one zone.

    Whoever holds it (`holder`, as ownership names it) keeps it, else the oldest
    gets it. Others join only from the same namespace, with equal type, TTL and
    routing; A and AAAA are one type here, since a service gets either by what
    its addresses happen to be.
    """
    problems: dict[Ref, Problem] = {}
    able: dict[Source, list[Bid]] = {}
    for bid in bids:
        if (problem := rules.problem(bid)) is not None:
            problems[Ref(bid.source, bid.key)] = problem
        elif (fitted := rules.fitted(bid)) is not None:
            able.setdefault(bid.source, []).append(fitted)
    keep = any(ref.source.resource == holder for ref in problems)
    team: list[Bid] = []
    for source in sorted(able, key=lambda each: rank(each, holder)):
        mine, alone = _coherent(able[source], follows=rules.skills.aliases)
        problems |= alone
        if (why := _differs(team, mine)) is not None:
            problem = Problem(Reason.CONFLICT, f"{mine[0].name} {why}; it keeps the name")
            problems |= {Ref(bid.source, bid.key): problem for bid in mine}
        else:
            team += mine
    sets, route = reduction.fitted(_merged(team), rules.skills)
    wants = tuple(Want(made, team[0].source.resource) for made in sets)
    return Outcome(wants, problems, keep, route)


def _private(value: str) -> bool:
    address = ipaddress.ip_address(value)
    return any(address in network for network in PRIVATE)


def rank(source: Source, holder: str | None) -> tuple[bool, Source]:
    """By what right it has a name: the least goes first."""
    return source.resource != holder, source


def _coherent(mine: list[Bid], *, follows: bool) -> tuple[list[Bid], dict[Ref, Problem]]:
    """Within one object other types win over an alias, as addresses did in KubeFed.

    Beside one that the provider follows, only addresses cannot stand. Plain sets
    win over those with an identifier, and those that are chosen by one property
    over those by another.
    """
    aliases = [bid for made, bid in _made(mine) if made.type == "CNAME"]
    others = [(made, bid) for made, bid in _made(mine) if made.type != "CNAME"]
    problems: dict[Ref, Problem] = {}
    if follows and all(made.alias for made, _ in _made(aliases)):
        others = [(made, bid) for made, bid in others if made.type in ADDRESSES]
    if aliases and others:
        why = f"{mine[0].name}: the object has other types there, and a CNAME stands alone"
        problems |= _conflicts(aliases, why)
        mine = [bid for bid in mine if bid not in aliases]
    manners = _manners(mine)
    if strange := [bid for made, bid in _made(mine) if manners[_kind(made)] != _manner(made)]:
        why = f"{mine[0].name}: the object has sets there that are not chosen in the same way"
        problems |= _conflicts(strange, why)
        mine = [bid for bid in mine if bid not in strange]
    return mine, problems


def _conflicts(bids: Iterable[Bid], why: str) -> dict[Ref, Problem]:
    return {Ref(bid.source, bid.key): Problem(Reason.CONFLICT, why) for bid in bids}


def _manner(made: RRset) -> tuple[str, ...]:
    """How a set is chosen; a plain one by nothing."""
    return ("", *sorted(words((made,)))) if made.set_identifier else ()


def _manners(bids: Iterable[Bid]) -> dict[str, tuple[str, ...]]:
    """For each kind of types, how the sets that stand for it are chosen."""
    found: dict[str, tuple[str, ...]] = {}
    for made in sets_of(bids):
        kind, manner = _kind(made), _manner(made)
        found[kind] = min(found.get(kind, manner), manner)
    return found


def _made(bids: Iterable[Bid]) -> Iterator[tuple[RRset, Bid]]:
    return ((bid.rrset, bid) for bid in bids if bid.rrset is not None)


def _differs(team: Sequence[Bid], mine: Sequence[Bid]) -> str | None:
    """Why some bids cannot join those that have the name; None where they can."""
    if not team:
        return None
    winner = f"belongs to DNSEndpoint {team[0].source}"
    if team[0].source.namespace != mine[0].source.namespace:
        return f"{winner}, of another namespace"
    if _kinds(team) != _kinds(mine):
        return f"{winner}, which has other types there"
    theirs, ours = _ttls(team), _ttls(mine)
    if any(theirs[kind] != ours[kind] for kind in theirs.keys() & ours.keys()):
        return f"{winner}, which has another TTL"
    if _manners(team) != _manners(mine) or _rules_differ(team, mine):
        return f"{winner}, which has another routing"
    theirs_to, ours_to = _targets(team), _targets(mine)
    if any(theirs_to[key] != ours_to[key] for key in theirs_to.keys() & ours_to.keys()):
        return f"{winner}, which has another target, and a CNAME has one"
    return None


def sets_of(bids: Iterable[Bid]) -> Iterator[RRset]:
    """Of those that are any."""
    return (made for made, _ in _made(bids))


def _kinds(bids: Iterable[Bid]) -> set[str]:
    return set(map(_kind, sets_of(bids)))


def _kind(made: RRset) -> str:
    return "address" if made.type in ADDRESSES else made.type


def _ttls(bids: Iterable[Bid]) -> dict[str, int]:
    return {made.type: made.ttl for made in sets_of(bids)}


def _rules_differ(team: Sequence[Bid], mine: Sequence[Bid]) -> bool:
    """Whether sets that both have are not chosen alike.

    Whose turn it is, is told by who has targets now, and so no difference.
    """
    theirs, ours = _rules(team), _rules(mine)
    return any(theirs[key] != ours[key] for key in theirs.keys() & ours.keys())


def _rules(bids: Iterable[Bid]) -> dict[str, Properties]:
    return {
        made.set_identifier: tuple(p for p in made.properties if p[0] in ROUTING - {TIER})
        for made in sets_of(bids)
    }


def _targets(bids: Iterable[Bid]) -> dict[str, tuple[str, ...]]:
    return {made.set_identifier: made.values for made in sets_of(bids) if made.type == "CNAME"}


def _merged(team: Sequence[Bid]) -> tuple[RRset, ...]:
    """One set for each type and identifier, with all targets; the first in the team stands for it.

    Of two turns it has the later: somebody has targets to be tried before it.
    """
    found: dict[RRKey, RRset] = {}
    for made in sets_of(team):
        known = found.get(made.key, made)
        values = tuple(sorted({*made.values, *known.values}))
        properties = max(known.properties, made.properties, key=_turn)
        found[made.key] = replace(known, values=values, properties=properties)
    return tuple(found.values())


def _turn(properties: Properties) -> int:
    return int(dict(properties).get(TIER, "0"))
