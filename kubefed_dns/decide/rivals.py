"""Names that want the place where the ownership record of another belongs."""

from collections.abc import Callable, Collection, Iterable, Iterator

from kubefed_dns.decide.admit import rank, sets_of
from kubefed_dns.decide.bids import Bid, Source
from kubefed_dns.decide.ownership import Naming
from kubefed_dns.decide.reasons import Problem, Reason
from kubefed_dns.errors import InvalidName

EXCLUSIVE = frozenset({"TXT", "CNAME"})
"""Types that cannot stand where an ownership record stands."""

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
    return {made.type for made in sets_of(bids)}


def _best(name: str, bids: Bids, holder: Callable[[str], str | None]) -> tuple[bool, Source] | None:
    held = holder(name)
    return min((rank(bid.source, held) for bid in bids(name) if bid.rrset), default=None)
