"""Groups as RFC 2136 update messages: what they require, remove and add.

A message is done whole or not at all, but two things happen in silence: what
cannot stand beside a CNAME is not added, and no answer says which prerequisite
failed. So all that a group relies on is a prerequisite, and what no zone could
take is refused before it is sent. Prerequisites compare values, not TTLs.

Knot adds no CNAME to a name of a signed zone while anything is left there, and
deletions by type leave its signatures. So a name that becomes an alias loses
everything at once, and an alias is replaced by the one that is added to it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.tsig
import dns.update

from kubefed_dns.errors import InvalidName
from kubefed_dns.records import Change, Create, Delete, Group, RRKey, RRset, Update, within

TYPES = frozenset({"A", "AAAA", "CAA", "CNAME", "MX", "NAPTR", "NS", "PTR", "SRV", "TXT"})

# A message is 64 KiB at most, and is signed, checked and logged as one.
MOST_OCTETS = 60_000
MOST_GROUPS = 200

Type = dns.rdatatype.RdataType
Steps = Mapping[RRKey, tuple[RRset | None, RRset | None]]
Sets = tuple[tuple[dns.name.Name, dns.rdataset.Rdataset], ...]

# All types that somebody may have written. A signed zone has more at each of its names (RFC 4034),
# an NSEC3 is at none, and BIND fails when it is asked for one.
_COMPANIONS = frozenset(code for code in Type if 0 < code < 128 or 256 <= code < 32768) - {
    Type.CNAME,
    Type.NSEC,
    Type.NSEC3,
    Type.OPT,
    Type.RRSIG,
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A group on its way. `octets` is the most that it takes in a message.

    A type that is None in `absent` means that the name must not be in use at all,
    in `delete` that all goes that is there.
    """

    group: Group
    names: frozenset[str]
    octets: int
    present: Sets
    absent: tuple[tuple[dns.name.Name, Type | None], ...]
    delete: tuple[tuple[dns.name.Name, Type | None], ...]
    add: Sets


def prepare(group: Group, zone: str) -> Prepared:
    """Raises InvalidName for a group that this zone cannot take, whatever it holds."""
    steps = _fold(group.changes)
    before = [old for old, _ in steps.values() if old]
    after = [new for _, new in steps.values() if new]
    for rrset in (*before, *after):
        _check(rrset, zone)
    _check_aliases(after, zone)
    names = {key.name: _name(key.name) for key in steps}
    changed = [(old, new) for old, new in steps.values() if old != new]
    absent = dict.fromkeys(_absent(steps))
    delete = dict.fromkeys(_deleted(changed))
    return Prepared(
        group=group,
        names=frozenset(names),
        octets=_octets((*before, *after)) + sum(len(name) + 12 for name, _ in (*absent, *delete)),
        present=tuple((names[old.name], _rdataset(old, ttl=0)) for old in before),
        absent=tuple((names[name], rrtype) for name, rrtype in absent),
        delete=tuple((names[name], rrtype) for name, rrtype in delete),
        add=tuple((names[new.name], _rdataset(new, ttl=new.ttl)) for _, new in changed if new),
    )


def message(
    zone: str, groups: Iterable[Prepared], key: dns.tsig.Key | None
) -> dns.update.UpdateMessage:
    """One update; without groups it changes nothing and asks whether updates are let in at all."""
    update = _empty(zone, key)
    for group in groups:
        for name, rdataset in group.present:
            update.present(name, rdataset)
        for name, rrtype in group.absent:
            update.absent(name, rrtype)
        for name, rrtype in group.delete:
            # Of one value or all: the prerequisites say that they are the same.
            update.delete(name, *(() if rrtype is None else (rrtype,)))
        for name, rdataset in group.add:
            update.add(name, rdataset)
    return update


def names_in_use(
    zone: str, names: Iterable[str], key: dns.tsig.Key | None
) -> dns.update.UpdateMessage:
    """An update that changes nothing and is answered NXDOMAIN unless there is data at each name."""
    update = _empty(zone, key)
    for name in names:
        update.present(_name(name))
    return update


def fit(groups: Sequence[Prepared]) -> int:
    """How many of the first groups go into one message; none shares a name with another."""
    octets, names = 0, set[str]()
    for count, group in enumerate(groups[:MOST_GROUPS]):
        octets += group.octets
        if octets > MOST_OCTETS or not names.isdisjoint(group.names):
            return count
        names |= group.names
    return min(len(groups), MOST_GROUPS)


def _fold(changes: Iterable[Change]) -> Steps:
    """What each set is before and after all the changes."""
    steps: dict[RRKey, tuple[RRset | None, RRset | None]] = {}
    for change in changes:
        for key, old, new in _sides(change):
            first, held = steps.get(key, (old, old))
            if held != old:
                raise InvalidName(f"{key.name} {key.type}: the group contradicts itself")
            steps[key] = (first, new)
    return steps


def _sides(change: Change) -> tuple[tuple[RRKey, RRset | None, RRset | None], ...]:
    match change:
        case Create(new):
            return ((new.key, None, new),)
        case Update(old, new):
            return (old.key, old, None), (new.key, None, new)
        case Delete(old):
            return ((old.key, old, None),)


def _absent(steps: Steps) -> Iterable[tuple[str, Type | None]]:
    for key, (old, _) in steps.items():
        if old is not None:
            continue
        name = key.name
        there = {_type(k.type) for k, (was, _) in steps.items() if was and k.name == key.name}
        if key.type != "CNAME":
            yield name, _type(key.type)
            if Type.CNAME not in there:
                yield name, Type.CNAME
        elif there:
            yield from ((name, rrtype) for rrtype in sorted({Type.CNAME, *_COMPANIONS} - there))
        else:
            yield name, None


def _deleted(
    changed: Collection[tuple[RRset | None, RRset | None]],
) -> Iterable[tuple[str, Type | None]]:
    aliases = {new.name for _, new in changed if new and new.type == "CNAME"}
    for old, _ in changed:
        if old is not None and old.name not in aliases:
            yield old.name, _type(old.type)
        elif old is not None and old.type != "CNAME":
            yield old.name, None


def _check(rrset: RRset, zone: str) -> None:
    where = f"{rrset.name} {rrset.type}"
    if not within(rrset.name, zone):
        raise InvalidName(f"{where}: the name is not in zone {zone}")
    if rrset.type not in TYPES or (rrset.type == "NS" and rrset.name == zone):
        raise InvalidName(f"{where}: this type is not written here")
    if rrset.set_identifier:
        raise InvalidName(f"{where}: RFC 2136 knows no set identifiers ({rrset.set_identifier!r})")
    if not rrset.values:
        raise InvalidName(f"{where}: there are no values")


def _check_aliases(after: Sequence[RRset], zone: str) -> None:
    for alias in (rrset for rrset in after if rrset.type == "CNAME"):
        if alias.name == zone:
            raise InvalidName(f"{alias.name} CNAME: a zone's apex cannot be an alias")
        if len(alias.values) > 1:
            raise InvalidName(f"{alias.name} CNAME: an alias has one target")
        if sum(rrset.name == alias.name for rrset in after) > 1:
            raise InvalidName(f"{alias.name} CNAME: nothing can stand beside an alias")


def _octets(rrsets: Iterable[RRset]) -> int:
    """At most: no name compressed. Only addresses are longer on the wire than as text."""
    return sum(
        len(rrset.name) + 12 + max(len(value) + 2, 16) for rrset in rrsets for value in rrset.values
    )


def _rdataset(rrset: RRset, *, ttl: int) -> dns.rdataset.Rdataset:
    try:
        rdatas = [
            dns.rdata.from_text(
                dns.rdataclass.IN, rrset.type, value, dns.name.root, relativize=False
            )
            for value in rrset.values
        ]
    except (dns.exception.DNSException, ValueError) as error:
        raise InvalidName(f"{rrset.name} {rrset.type}: {error}") from error
    return dns.rdataset.from_rdata_list(ttl, rdatas)


def _type(text: str) -> Type:
    return dns.rdatatype.from_text(text)


def _name(text: str) -> dns.name.Name:
    try:
        return dns.name.from_text(text)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise InvalidName(f"{text!r} is no DNS name: {error}") from error


def _empty(zone: str, key: dns.tsig.Key | None) -> dns.update.UpdateMessage:
    update = dns.update.UpdateMessage(dns.name.from_text(zone))
    if key is not None:
        update.use_tsig(key)
    return update
