"""Sets of one name as Cloud DNS has them: one set, with a policy whose items have no names.

Their identifiers are kept in notes beside them. An item that somebody changed
by hand has a mark that no note speaks of, and is taken for the one that is missing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import google_items as items
from kubefed_dns.providers import google_notes as notes
from kubefed_dns.providers import google_sets as sets
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.google_notes import Note
from kubefed_dns.providers.spelling import Raw, Raws
from kubefed_dns.records import RRset

NOTES = ""
"""Where in a node the notes stand."""
STRANGER = "?"
"""What the identifier of an item begins with that there is no note of."""

Node = Mapping[str, Raw]
"""What stands at a name for sets with identifiers: a raw set by type, and their notes."""


def decode(name: str, node: Node) -> Iterator[RRset]:
    """All the sets of a node."""
    for rrtype, raw in node.items():
        if rrtype != NOTES:
            yield from _decoded(name, raw, [each for each in _notes(node) if each.type == rrtype])


def swapped(
    name: str, node: Node, rrtype: str, *, stay: Sequence[RRset], come: Sequence[RRset]
) -> tuple[Node, Raw | None]:
    """The node with other sets of one type, and these as one; None where there are none.

    Raises InvalidName where they cannot be one, and Refused, as lost, where those
    that stay stand against those that come.
    """
    _check(name, rrtype, stay, come)
    made, mine = _encoded(name, rrtype, (*stay, *come))
    others = [each for each in _notes(node) if each.type != rrtype]
    noted = notes.written(name, [*others, *mine])
    rest = {kind: raw for kind, raw in node.items() if kind not in (rrtype, NOTES)}
    rest |= {rrtype: made} if made and mine else {}
    return rest | ({NOTES: noted} if noted else {}), made


def _check(name: str, rrtype: str, stay: Sequence[RRset], come: Sequence[RRset]) -> None:
    """Values that nothing chooses among can have come to a TXT by anybody's hand."""
    every = [*stay, *come]
    named = {bool(rrset.set_identifier) for rrset in every}
    if len(named) > 1 and not (rrtype == "TXT" and not any(map(items.policy_of, every))):
        raise Refused(f"{name} {rrtype}: sets with and without an identifier", lost=bool(stay))
    if len({rrset.ttl for rrset in every}) > 1:
        raise InvalidName(f"{name} {rrtype}: on Cloud DNS the sets of a name have one TTL")
    if len({items.policy_of(rrset) for rrset in every}) > 1:
        said = f"{name} {rrtype}: Cloud DNS chooses by weight or by region, one for all sets"
        raise Refused(said, lost=bool(stay))


def _notes(node: Node) -> tuple[Note, ...]:
    found = node.get(NOTES)
    return tuple(notes.read(found)) if found else ()


def _decoded(name: str, raw: Raw, mine: Sequence[Note]) -> Iterator[RRset]:
    rrtype, ttl = str(raw["type"]), int(raw.get("ttl", 0))
    policy = raw.get("routingPolicy") or {}
    _, found = items.of(policy)
    if not found and policy:
        yield sets.rrset_of(raw)
    for identifier, item in _paired(rrtype, found, mine):
        values, said = items.read(rrtype, item, policy)
        yield RRset(name, rrtype, ttl, tuple(sorted(values)), identifier, (said,))
    if not policy:
        yield from _parted(name, raw, mine)


def _parted(name: str, raw: Raw, mine: Sequence[Note]) -> Iterator[RRset]:
    """Sets that nothing chooses among: each has a part of the values, or the same as others."""
    rrtype, ttl = str(raw["type"]), int(raw.get("ttl", 0))
    marked = {items.digest(value): value for value in sets.values_of(raw)}
    spoken = {mark for note in mine for mark in note.marks}
    for note in mine:
        values = sorted(marked[mark] for mark in note.marks if mark in marked)
        if values:
            yield RRset(name, rrtype, ttl, tuple(values), note.identifier)
    if rest := sorted(value for mark, value in marked.items() if mark not in spoken):
        yield RRset(name, rrtype, ttl, tuple(rest))


def _paired(rrtype: str, found: Raws, mine: Iterable[Note]) -> Iterator[tuple[str, Raw]]:
    """Each item with its identifier: first those that are known again, then what is left."""
    left, strange = list(mine), []
    for item in found:
        mark = items.mark(rrtype, item)
        note = next((each for each in left if each.marks == (mark,)), None)
        if note is None:
            strange.append((mark, item))
        else:
            left.remove(note)
            yield note.identifier, item
    for number, (mark, item) in enumerate(strange):
        yield left[number].identifier if number < len(left) else STRANGER + mark, item


def _encoded(name: str, rrtype: str, some: Sequence[RRset]) -> tuple[Raw | None, tuple[Note, ...]]:
    """The sets of a type as one, and the notes for it; None where there are none."""
    if len(some) == 1 and not some[0].set_identifier:
        return sets.raw_of(some[0]), ()
    if not some:
        return None, ()
    made = [(rrset, items.written(rrset)) for rrset in sorted(some, key=lambda each: each.key)]
    raw: dict[str, Any] = {"name": name, "type": rrtype, "ttl": some[0].ttl}
    if kind := items.policy_of(some[0]):
        raw["routingPolicy"] = {kind: {"items": [item for _, item in made]}}
    else:
        raw["rrdatas"] = sorted({value for rrset in some for value in rrset.values})
    return raw, tuple(
        Note(rrtype, _marks(rrset, item), rrset.set_identifier)
        for rrset, item in made
        if rrset.set_identifier and not rrset.set_identifier.startswith(STRANGER)
    )


def _marks(rrset: RRset, item: Raw) -> tuple[str, ...]:
    if items.policy_of(rrset):
        return (items.mark(rrset.type, item),)
    return tuple(sorted(map(items.digest, rrset.values)))
