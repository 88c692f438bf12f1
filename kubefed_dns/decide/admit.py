"""Who gets a name when several want it, and with what."""

import ipaddress
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from kubefed_dns.api.endpoints import EndpointKey, Routing
from kubefed_dns.api.providers import Addresses
from kubefed_dns.decide.bids import Bid, Source
from kubefed_dns.decide.claims import Want
from kubefed_dns.decide.ownership import Naming
from kubefed_dns.decide.reasons import Problem, Reason
from kubefed_dns.decide.targets import local_target
from kubefed_dns.errors import InvalidName
from kubefed_dns.records import RRset

ADDRESSES = frozenset({"A", "AAAA"})
PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
"""What is reached only from inside; not all that is reserved for other things."""
EXCLUSIVE = frozenset({"TXT", "CNAME"})
"""Types that cannot stand where an ownership record stands."""


class Ref(NamedTuple):
    """One endpoint of one DNSEndpoint."""

    source: Source
    key: EndpointKey


@dataclass(frozen=True, slots=True)
class Rules:
    """What a provider takes: types it can write, whether targets may be local, which addresses."""

    types: frozenset[str]
    local: bool = False
    addresses: Addresses = Addresses.ANY

    def problem(self, bid: Bid) -> Problem | None:
        """What is wrong with a bid here, if anything."""
        if bid.rrset is None:
            return bid.problem
        if bid.rrset.type not in self.types:
            why = f"{bid.name} {bid.rrset.type}: the provider cannot publish this type"
            return Problem(Reason.REFUSED, why)
        if not self.local and bid.rrset.type in {*ADDRESSES, "CNAME"}:
            for value in filter(local_target, bid.rrset.values):
                why = (
                    f"{bid.name}: target {value} is local to whoever asks; "
                    "spec.allowLocalTargets of the DNSProvider would let it in"
                )
                return Problem(Reason.FORBIDDEN, why)
        return None

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
    nothing that is there is deleted.
    """

    wants: tuple[Want, ...] = ()
    problems: Mapping[Ref, Problem] = field(default_factory=dict)
    keep: bool = False


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
    for source in sorted(able, key=lambda each: _rank(each, holder)):
        mine, alone = _coherent(able[source])
        problems |= alone
        if (why := _differs(team, mine)) is not None:
            problem = Problem(Reason.CONFLICT, f"{mine[0].name} {why}; it keeps the name")
            problems |= {Ref(bid.source, bid.key): problem for bid in mine}
        else:
            team += mine
    return Outcome(_merged(team), problems, keep)


def _private(value: str) -> bool:
    address = ipaddress.ip_address(value)
    return any(address in network for network in PRIVATE)


def _rank(source: Source, holder: str | None) -> tuple[bool, Source]:
    return source.resource != holder, source


def _coherent(mine: list[Bid]) -> tuple[list[Bid], dict[Ref, Problem]]:
    """Within one object other types win over an alias, as addresses did in KubeFed."""
    aliases, others = _parted(mine)
    if not aliases or not others:
        return mine, {}
    why = f"{mine[0].name}: the object has other types there, and a CNAME stands alone"
    return others, {Ref(bid.source, bid.key): Problem(Reason.CONFLICT, why) for bid in aliases}


def _parted(bids: Iterable[Bid]) -> tuple[list[Bid], list[Bid]]:
    aliases: list[Bid] = []
    others: list[Bid] = []
    for bid in bids:
        (aliases if bid.rrset and bid.rrset.type == "CNAME" else others).append(bid)
    return aliases, others


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
    if _routing(team) != _routing(mine):
        return f"{winner}, which has another routing"
    if _targets(team) != _targets(mine):
        return f"{winner}, which has another target, and a CNAME has one"
    return None


def _sets(bids: Iterable[Bid]) -> Iterator[RRset]:
    return (bid.rrset for bid in bids if bid.rrset is not None)


def _kinds(bids: Iterable[Bid]) -> set[str]:
    return {"address" if made.type in ADDRESSES else made.type for made in _sets(bids)}


def _ttls(bids: Iterable[Bid]) -> dict[str, int]:
    return {made.type: made.ttl for made in _sets(bids)}


def _routing(bids: Iterable[Bid]) -> set[tuple[str, Routing | None]]:
    return {(bid.key.set_identifier, bid.routing) for bid in bids}


def _targets(bids: Iterable[Bid]) -> set[str]:
    return {value for made in _sets(bids) if made.type == "CNAME" for value in made.values}


def _merged(team: Sequence[Bid]) -> tuple[Want, ...]:
    """One plain set for each type, with all targets; the first in the team stands for it."""
    found: dict[str, RRset] = {}
    for made in _sets(team):
        known = found.get(made.type)
        values = {*made.values, *(known.values if known else ())}
        ttl = known.ttl if known else made.ttl
        found[made.type] = RRset(made.name, made.type, ttl, tuple(sorted(values)))
    return tuple(Want(made, team[0].source.resource) for made in found.values())


Bids = Callable[[str], Collection[Bid]]
"""The bids at a name of the zone."""


def neighbours(name: str, types: Iterable[str], naming: Naming) -> set[str]:
    """The names whose ownership records, or whose own, may meet those of this one."""
    found = {subject.name for subject in naming.fits(name)}
    for place in _places(name, types, naming):
        found |= {place, *(subject.name for subject in naming.fits(place))}
    return found - {name}


def rival(
    name: str, *, bids: Bids, naming: Naming, holder: Callable[[str], str | None]
) -> Problem | None:
    """Whether another name, by the better right, needs the place of an ownership record.

    A TXT or a CNAME cannot stand where the ownership of another name belongs,
    nor can two names be owned by one record (as `*` and what replaces it).
    """
    mine = _best(name, bids, holder)
    if mine is None:
        return None
    types = _types(bids(name))
    for other, loses_ties, why in _collisions(name, types, bids, naming):
        theirs = _best(other, bids, holder)
        if theirs is not None and (*theirs, not loses_ties) < (*mine, loses_ties):
            return Problem(
                Reason.CONFLICT, f"{name} {why} {other}, of DNSEndpoint {theirs[1]}, which stays"
            )
    return None


def _collisions(
    name: str, types: Collection[str], bids: Bids, naming: Naming
) -> Iterator[tuple[str, bool, str]]:
    """The other name, whether it is for this one to yield between equals, and the matter."""
    if EXCLUSIVE.intersection(types):
        for subject in naming.fits(name):
            if subject.name != name and subject.type in _types(bids(subject.name)):
                yield subject.name, True, "is where the ownership record belongs of"
    for place in _places(name, types, naming):
        if place != name and EXCLUSIVE.intersection(_types(bids(place))):
            yield place, False, "needs for its ownership record the name"
        for subject in naming.fits(place):
            if subject.name != name and subject.type in _types(bids(subject.name)):
                yield subject.name, subject.name < name, "would share its ownership record with"


def _places(name: str, types: Iterable[str], naming: Naming) -> Iterator[str]:
    for rrtype in sorted({*types}):
        try:
            yield naming.of(name, rrtype)
        except InvalidName:
            continue


def _types(bids: Iterable[Bid]) -> set[str]:
    return {made.type for made in _sets(bids)}


def _best(name: str, bids: Bids, holder: Callable[[str], str | None]) -> tuple[bool, Source] | None:
    held = holder(name)
    return min((_rank(bid.source, held) for bid in bids(name) if bid.rrset), default=None)
