"""The wanted sets of a name in the words in which Route 53 gives them back."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import route53_sets as sets
from kubefed_dns.records import GEO, REGION, TIER, RRset

ONCE = (TIER, GEO, REGION)
"""Properties whose value only one set of a name can have."""


def spelled(wanted: Sequence[RRset], *, regions: Collection[str]) -> tuple[RRset | str, ...]:
    """As `protocol.Spells` promises: written and read again, on paper."""
    follows = any(map(sets.is_alias, wanted))
    tiers: dict[str, set[str]] = {}
    for rrset in wanted:
        tiers.setdefault(_kind(rrset, follows), set()).update(_told(rrset, TIER))
    ranks = {kind: _ranked(found) for kind, found in tiers.items()}
    taken: dict[tuple[str, str, str], str] = {}
    found: list[RRset | str] = []
    for rrset in wanted:
        kind = _kind(rrset, follows)
        try:
            made = _again(_ranking(rrset, ranks[kind]), regions)
            _take(made, kind, taken)
        except InvalidName as error:
            found.append(str(error))
        else:
            found.append(made)
    return tuple(found)


def _kind(rrset: RRset, follows: bool) -> str:
    """Sets of one kind are chosen from together; an alias is there for both families."""
    return "address" if follows and rrset.type in ("CNAME", *sets.FAMILIES) else rrset.type


def _told(rrset: RRset, word: str) -> Iterable[str]:
    return (value for key, value in rrset.properties if key == word)


def _ranked(tiers: Iterable[str]) -> dict[str, str]:
    """Whatever the tiers are numbered, Route 53 has a first and a second."""
    numbers = sorted((text for text in tiers if text.isdecimal()), key=int)
    return {text: str(rank) for rank, text in enumerate(numbers)}


def _ranking(rrset: RRset, ranks: dict[str, str]) -> RRset:
    said = (
        (key, ranks.get(value, value) if key == TIER else value) for key, value in rrset.properties
    )
    return replace(rrset, properties=tuple(said))


def _again(rrset: RRset, regions: Collection[str]) -> RRset:
    ((made, _),) = sets.decode(sets.encode(rrset, regions=regions))
    return made


def _take(rrset: RRset, kind: str, taken: dict[tuple[str, str, str], str]) -> None:
    for key, value in rrset.properties:
        if key not in ONCE:
            continue
        other = taken.setdefault((kind, key, value), rrset.set_identifier)
        if other != rrset.set_identifier:
            raise InvalidName(
                f"{rrset.name} {rrset.type}: set {other!r} has {key} {value} already, and Route 53"
                " takes one of each; put their targets into one set"
            )
