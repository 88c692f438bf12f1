"""Several sets of one name: which of them is the answer to whom.

The choice is made for the name: A and AAAA together are one set with an address
of each family. So who has both kinds of addresses is led to one place, and not
to the place that happens to be the only one with IPv6.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dns.rdatatype import RdataType

from kubefed_dns.errors import InvalidName
from kubefed_dns.records import GEO, TIER, WEIGHT, RRset
from kubefed_dns.server.cache import Cache
from kubefed_dns.server.data import Records, merged

REST = "*"
HEAVIEST = 255
LAST = 2**31 - 1
REMEMBERED = 8192

_PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


class Rule(NamedTuple):
    """When a set is the answer. `weight` None: it is not drawn, all such sets are."""

    identifier: str
    geo: str = REST
    tier: int = 0
    weight: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """One of a name's sets, with its records by type; compared by identity."""

    rule: Rule
    records: Mapping[int, Records]


Options = tuple[Option, ...]
Pick = Callable[[Options], Options]


def rule(rrset: RRset) -> Rule:
    """Raises InvalidName where a property has no such value."""
    said = dict(rrset.properties)
    place = said.get(GEO, REST).upper()
    if place != REST and not _PLACE.fullmatch(place):
        raise InvalidName(f"{place!r} is no continent, country or subdivision, nor *")
    weight = _whole(said, WEIGHT, most=HEAVIEST) if WEIGHT in said else None
    return Rule(rrset.set_identifier, place, _whole(said, TIER, most=LAST), weight)


def _whole(said: Mapping[str, str], name: str, *, most: int) -> int:
    text = said.get(name, "0")
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        raise InvalidName(f"the {name} {text!r} is not in 0..{most}")
    return int(text)


def options(sets: Iterable[tuple[RRset, Records]]) -> dict[int, Options]:
    """The choice that there is for each type. Raises InvalidName as `rule` does."""
    kin: dict[int, dict[Rule, dict[int, Records]]] = {}
    for rrset, records in sets:
        family = RdataType.A if records.type == RdataType.AAAA else records.type
        kin.setdefault(family, {}).setdefault(rule(rrset), {})[records.type] = records
    found: dict[int, Options] = {}
    for rules in kin.values():
        made = tuple(Option(each, rules[each]) for each in sorted(rules, key=lambda r: r[0]))
        found |= dict.fromkeys({rdtype for option in made for rdtype in option.records}, made)
    return found


def fitting(given: Options, rdtype: int, pick: Pick) -> Options:
    """What is picked, as far as it has the type.

    Who asks for AAAA and gets none has the A of the same pick. Who asks for A
    may have no IPv6, so where the pick has none the others are picked from.
    """
    having = _having(pick(given), rdtype)
    if having or rdtype == RdataType.AAAA:
        return having
    return pick(_having(given, rdtype))


def _having(given: Options, rdtype: int) -> Options:
    return tuple(option for option in given if rdtype in option.records)


def by_place(given: Options) -> bool:
    """Whether it matters where the asker is."""
    return any(option.rule.geo != REST for option in given)


def nearest(given: Options, places: Sequence[str]) -> Options:
    """Those for the first of an asker's places that any is for, else those for the rest."""
    for place in (*places, REST):
        found = tuple(option for option in given if option.rule.geo == place)
        if found:
            return found
    return ()


def foremost(given: Options) -> Options:
    """Those of the lowest tier."""
    least = min((option.rule.tier for option in given), default=0)
    return tuple(option for option in given if option.rule.tier == least)


def drawable(given: Options) -> Options:
    """Those with a weight above 0; all where none has."""
    return tuple(option for option in given if option.rule.weight != 0) or given


def drawn(given: Options, chance: float) -> Option:
    """One of some by weight; of those without weights, and where all are 0, each is as likely."""
    weights = [option.rule.weight for option in given]
    known = [1 if weight is None else weight for weight in weights]
    shares = known if any(known) else [1] * len(given)
    left = chance * sum(shares)
    for option, share in zip(given, shares, strict=True):
        left -= share
        if left < 0:
            return option
    return [option for option, share in zip(given, shares, strict=True) if share][-1]


def plain(given: Options, rdtype: int) -> Records | None:
    """One set in the place of all, for who cannot choose: all that anybody may get now.

    None where that has no such type. An alias has one target: that of the rest
    of the world, the one of the most weight.
    """
    found = fitting(given, rdtype, _everywhere)
    if rdtype == RdataType.CNAME:
        found = tuple(sorted(found, key=lambda each: (each.rule.geo != REST, -_weight(each))))
    return together(found, rdtype)


def _everywhere(given: Options) -> Options:
    places = dict.fromkeys(option.rule.geo for option in given)
    return tuple(
        option for place in places for option in drawable(foremost(nearest(given, (place,))))
    )


def _weight(option: Option) -> int:
    return 1 if option.rule.weight is None else option.rule.weight


def together(given: Options, rdtype: int) -> Records | None:
    """Their records of a type as one set; None where there are none."""
    return merged([option.records[rdtype] for option in given if rdtype in option.records])


class Dice:
    """Draws by weight; who asks for both types of address gets both of one set.

    `chance` gives numbers in [0, 1). What was drawn last for an asker and one
    type is kept until he asks for the other type, and is used once.
    """

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._kept: Cache[tuple[str, bytes], tuple[int, Option]] = Cache(REMEMBERED)

    def roll(self, given: Options) -> Options:
        """One of some, if they have weights."""
        if all(option.rule.weight is None for option in given):
            return given
        return (drawn(given, self._chance()),)

    def roll_for(self, given: Options, *, rdtype: int, asker: str, name: bytes) -> Options:
        """As `roll`, by what was drawn before where that fits."""
        rolled = self._kept.pop((asker, name))
        if rolled is not None and rolled[0] != rdtype and rolled[1] in given:
            return (rolled[1],)
        found = self.roll(given)
        if len(found) == 1 < len(given) and rdtype in {RdataType.A, RdataType.AAAA}:
            self._kept.put((asker, name), (rdtype, found[0]))
        return found
