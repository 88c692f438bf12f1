"""A group as what it takes away and what it puts there, for backends that swap whole sets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kubefed_dns.errors import InvalidName
from kubefed_dns.providers.protocol import Refusal
from kubefed_dns.records import (
    MAX_TTL,
    Change,
    Create,
    Delete,
    Group,
    RRKey,
    RRset,
    Update,
    within,
)

Sides = tuple[tuple[RRKey, RRset | None, RRset | None], ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A group on its way; `names` are those that it touches.

    A set that stays as it is, is in both: the backend compares it, too.
    """

    group: Group
    remove: tuple[RRset, ...]
    add: tuple[RRset, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(rrset.name for rrset in (*self.remove, *self.add))


def prepare(
    groups: Iterable[Group], zone: str, types: frozenset[str]
) -> tuple[list[Exchange], list[Refusal]]:
    """Those that the zone may take, and those that no zone could, whatever it holds."""
    ready, refusals = [], []
    for group in groups:
        try:
            ready.append(exchange(group, zone, types))
        except InvalidName as error:
            refusals.append(Refusal(group, str(error)))
    return ready, refusals


def exchange(group: Group, zone: str, types: frozenset[str]) -> Exchange:
    """Raises InvalidName for a group that this zone cannot take, whatever it holds."""
    before: dict[RRKey, RRset | None] = {}
    after: dict[RRKey, RRset | None] = {}
    for change in group.changes:
        for key, old, new in _sides(change):
            if after.get(key, old) != old:
                raise InvalidName(f"{key.name} {key.type}: the group contradicts itself")
            before.setdefault(key, old)
            after[key] = new
    remove = tuple(rrset for rrset in before.values() if rrset)
    add = tuple(rrset for rrset in after.values() if rrset)
    for rrset in (*remove, *add):
        _check_place(rrset, zone, types)
    for rrset in add:
        _check_data(rrset, zone)
    _check_aliases(add)
    return Exchange(group, remove, add)


def apart(items: Sequence[Exchange]) -> int:
    """How many of the first exchanges touch no name twice, so that one request can hold them."""
    names = set[str]()
    for count, item in enumerate(items):
        if not names.isdisjoint(item.names):
            return count
        names |= item.names
    return len(items)


def _sides(change: Change) -> Sides:
    match change:
        case Create(new):
            return ((new.key, None, new),)
        case Update(old, new):
            return (old.key, old, None), (new.key, None, new)
        case Delete(old):
            return ((old.key, old, None),)


def _check_place(rrset: RRset, zone: str, types: frozenset[str]) -> None:
    where = f"{rrset.name} {rrset.type}"
    if not within(rrset.name, zone):
        raise InvalidName(f"{where}: the name is not in zone {zone}")
    if rrset.type not in types or (rrset.type == "NS" and rrset.name == zone):
        raise InvalidName(f"{where}: this type is not written here")


def _check_data(rrset: RRset, zone: str) -> None:
    where = f"{rrset.name} {rrset.type}"
    if not rrset.values:
        raise InvalidName(f"{where}: there are no values")
    if not 0 <= rrset.ttl <= MAX_TTL:
        raise InvalidName(f"{where}: the TTL {rrset.ttl} is not in 0..{MAX_TTL}")
    if rrset.type == "CNAME" and rrset.name == zone and not rrset.alias:
        raise InvalidName(f"{where}: a zone's apex cannot be an alias")


def _check_aliases(after: Sequence[RRset]) -> None:
    """What the backend follows itself is addresses, and stands beside all but such."""
    aliases = {rrset.name for rrset in after if rrset.type == "CNAME" and not rrset.alias}
    follows = {rrset.key[::2] for rrset in after if rrset.alias}
    for rrset in after:
        clash = rrset.type in ("A", "AAAA") and rrset.key[::2] in follows
        if clash or (rrset.name in aliases and (rrset.type != "CNAME" or rrset.alias)):
            raise InvalidName(f"{rrset.name} CNAME: nothing can stand beside an alias")
        if rrset.name in aliases and not rrset.set_identifier and len(rrset.values) > 1:
            raise InvalidName(f"{rrset.name} CNAME: an alias has one target")
