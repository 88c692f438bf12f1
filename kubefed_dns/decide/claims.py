"""Whose the sets of a zone are, by the ownership records in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from kubefed_dns.decide.ownership import TYPES, Labels, Registry, Subject
from kubefed_dns.records import Change, Create, Delete, Properties, RRKey, RRset, Update


class Want(NamedTuple):
    """A set that should be there, and the object that wants it, as ownership names it."""

    rrset: RRset
    resource: str


FAMILIES = ("A", "AAAA")
Wanted = Mapping[str, Sequence[Want]]
Held = Mapping[str, Sequence[RRset]]
"""What a whole zone should hold and holds, by name."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One ownership value: of which set it speaks, what it says, where it stands.

    `typed`: it stands where the present settings put it. `doubtful`: it counts
    only as an older release's record, but could once have been another set's.
    """

    key: RRKey
    labels: Labels
    txt: RRset
    value: str
    typed: bool
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """One ownership value as it stands in the zone, and all that it may speak of.

    `typed` by the present settings, `older` by those of older releases.
    """

    txt: RRset
    value: str
    labels: Labels
    typed: tuple[Subject, ...]
    older: tuple[Subject, ...]

    @property
    def names(self) -> set[str]:
        return {subject.name for subject in (*self.typed, *self.older)}


class Register:
    """The ownership values of a zone by the names that they may speak of.

    Values are read, and decrypted, once; `put` has to follow what the zone holds.
    """

    def __init__(self, registry: Registry, held: Held | None = None) -> None:
        self.registry = registry
        self._places: dict[str, tuple[Statement, ...]] = {}
        self._names: dict[str, list[Statement]] = {}
        for place, sets in (held or {}).items():
            self.put(place, sets)

    def put(self, place: str, sets: Sequence[RRset]) -> None:
        """This is what stands at a name now."""
        for statement in self._places.pop(place, ()):
            for name in statement.names:
                self._names[name].remove(statement)
                if not self._names[name]:
                    del self._names[name]
        found = tuple(self._read(place, sets))
        if found:
            self._places[place] = found
        for statement in found:
            for name in statement.names:
                self._names.setdefault(name, []).append(statement)

    def about(self, name: str) -> Sequence[Statement]:
        return self._names.get(name, ())

    def at(self, place: str) -> Sequence[Statement]:
        return self._places.get(place, ())

    def owned(self) -> dict[str, set[str]]:
        """The resources that own a name of ours, by all names of the zone that may be ours.

        A record that can be read in two ways gives both names.
        """
        return {
            name: resources
            for name, found in self._names.items()
            if (
                resources := {
                    each.labels.resource
                    for each in found
                    if each.labels.owner == self.registry.owner
                }
            )
        }

    def _read(self, place: str, sets: Sequence[RRset]) -> Iterator[Statement]:
        texts = [rrset for rrset in sets if rrset.type == "TXT"]
        naming, typed, older = self.registry.naming, None, None
        for rrset in texts:
            for value in rrset.values:
                labels = self.registry.read(value)
                if labels is None:
                    continue
                if typed is None or older is None:
                    typed, older = tuple(naming.fits(place)), tuple(naming.fits_older(place))
                yield Statement(rrset, value, labels, typed, older)


@dataclass(frozen=True, slots=True)
class Claims:
    """The reading of one zone; only what a question touches is looked up."""

    wanted: Wanted
    held: Held
    register: Register

    def of(self, name: str) -> tuple[Claim, ...]:
        """Who is said to own the sets of a name; what counts more comes first.

        A record that fits the present name of a set that exists or is wanted
        is never taken as an older release's record of something else.
        """
        typed: list[Claim] = []
        older: list[Claim] = []
        oldest: list[Claim] = []
        for each in self.register.about(name):
            for claim in self._typed(name, each):
                (typed if claim.typed else older).append(claim)
            for subject in each.older:
                if subject.name == name and not self._taken(each, subject):
                    (older if subject.type else oldest).extend(self._older(subject, each))
        return (*typed, *older, *oldest)

    def holder(self, name: str) -> str | None:
        """The resource that holds a name of ours by its ownership record."""
        owner = self.register.registry.owner
        return next((c.labels.resource for c in self.of(name) if c.labels.owner == owner), None)

    def also(self, place: str, name: str) -> str | None:
        """Another name with a set in the zone that a record at this place would claim too."""
        subjects = (s for s in self.register.registry.naming.fits(place) if s.name != name)
        return next((s.name for s in subjects if self._held(s)), None)

    def _typed(self, name: str, each: Statement) -> Iterator[Claim]:
        for subject in each.typed:
            if subject.name == name and (self._present(subject) or not self._taken(each, subject)):
                key = self._key(subject, subject.type, each)
                yield Claim(key, each.labels, each.txt, each.value, key.type == subject.type)

    def _older(self, subject: Subject, each: Statement) -> Iterator[Claim]:
        """A record that names no type speaks of all but AAAA."""
        held = (rrset.type for rrset in self.held.get(subject.name, ()))
        types = (subject.type,) if subject.type else dict.fromkeys((*TYPES, *held))
        for rrtype in types:
            if rrtype != "AAAA" or subject.type:
                key = self._key(subject, rrtype, each)
                doubtful = bool(each.typed)
                yield Claim(key, each.labels, each.txt, each.value, False, doubtful)

    def _key(self, subject: Subject, rrtype: str, each: Statement) -> RRKey:
        """The set that a record speaks of.

        external-dns owns an alias as the addresses that it is to the world, to us it is a CNAME.
        """
        key = RRKey(subject.name, rrtype, each.txt.set_identifier)
        if rrtype not in FAMILIES or subject.type != rrtype:
            return key
        found = {rrset.key: rrset for rrset in self.held.get(subject.name, ())}
        alias = found.get(key._replace(type="CNAME"))
        return alias.key if alias is not None and alias.alias and key not in found else key

    def _taken(self, each: Statement, subject: Subject) -> bool:
        """Whether a record is, by the present settings, another set's that exists or is wanted."""
        return any(other != subject and self._present(other) for other in each.typed)

    def _present(self, subject: Subject) -> bool:
        wants = self.wanted.get(subject.name, ())
        return any(want.rrset.type == subject.type for want in wants) or self._held(subject)

    def _held(self, subject: Subject) -> bool:
        return any(
            rrset.type == subject.type and not self._only_ownership(rrset)
            for rrset in self.held.get(subject.name, ())
        )

    def _only_ownership(self, rrset: RRset) -> bool:
        if rrset.type != "TXT":
            return False
        read = [each.value for each in self.register.at(rrset.name) if each.txt.key == rrset.key]
        return len(read) == len(rrset.values)


def edit(
    held: Held,
    *,
    remove: Iterable[Claim],
    add: Iterable[tuple[RRKey, str]],
    ttl: int,
    said: Mapping[RRKey, Properties] | None = None,
) -> Iterator[Change]:
    """Change ownership values; whatever else stands in a TXT set stays in it.

    `add` gives the key of the TXT set and the value; `ttl` is for new sets only.
    `said` are the properties that sets are to have; others keep theirs.
    """
    olds: dict[RRKey, RRset | None] = {}
    values: dict[RRKey, set[str]] = {}
    for claim in remove:
        olds[claim.txt.key] = claim.txt
        values.setdefault(claim.txt.key, {*claim.txt.values}).discard(claim.value)
    for key, value in add:
        if key not in olds:
            olds[key] = next((each for each in held.get(key.name, ()) if each.key == key), None)
        old = olds[key]
        values.setdefault(key, {*old.values} if old else set()).add(value)
    for key, old in olds.items():
        left = tuple(sorted(values[key]))
        properties = (said or {}).get(key, old.properties if old else ())
        if old is None:
            yield Create(RRset(key.name, "TXT", ttl, left, key.set_identifier, properties))
        elif not left:
            yield Delete(old)
        elif (left, properties) != (old.values, old.properties):
            yield Update(old, replace(old, values=left, properties=properties))
