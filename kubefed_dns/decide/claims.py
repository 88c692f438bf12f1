"""Whose the sets of a zone are, by the ownership records in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from kubefed_dns.decide.ownership import TYPES, Labels, Registry, Subject
from kubefed_dns.errors import InvalidName
from kubefed_dns.records import Change, Create, Delete, RRKey, RRset, Update


class Want(NamedTuple):
    """A set that should be there, and the object that wants it, as ownership names it."""

    rrset: RRset
    resource: str


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
class Claims:
    """The reading of one zone; only what a question touches is looked up."""

    wanted: Wanted
    held: Held
    registry: Registry

    def of(self, name: str) -> tuple[Claim, ...]:
        """Who is said to own the sets of a name; what counts more comes first.

        A record that fits the present name of a set that exists or is wanted
        is never taken as an older release's record of something else.
        """
        typed: list[Claim] = []
        older: list[Claim] = []
        for rrtype in dict.fromkeys((*TYPES, *(rrset.type for rrset in self.held.get(name, ())))):
            subject = Subject(name, rrtype)
            try:
                place = self.registry.naming.of(name, rrtype)
                places = self.registry.naming.older(name, rrtype)
            except InvalidName:
                continue
            if self._present(subject) or not self._taken(place, subject):
                typed += self._spoken(place, subject, typed=True)
            for place in places:
                if not self._taken(place, subject):
                    older += self._spoken(place, subject, typed=False)
        return (*typed, *older)

    def holder(self, name: str) -> str | None:
        """The resource that holds a name of ours by its ownership record."""
        ours = (c.labels.resource for c in self.of(name) if c.labels.owner == self.registry.owner)
        return next(ours, None)

    def owned(self) -> dict[str, set[str]]:
        """The resources that own a name of ours, by all names of the zone that may be ours.

        A record that can be read in two ways gives both names.
        """
        found: dict[str, set[str]] = {}
        for place, sets in self.held.items():
            texts = (value for rrset in sets if rrset.type == "TXT" for value in rrset.values)
            for labels in (read for value in texts if (read := self.registry.read(value))):
                if labels.owner != self.registry.owner:
                    continue
                naming = self.registry.naming
                for subject in (*naming.fits(place), *naming.fits_older(place)):
                    found.setdefault(subject.name, set()).add(labels.resource)
        return found

    def also(self, place: str, name: str) -> str | None:
        """Another name with a set in the zone that a record at this place would claim too."""
        subjects = (s for s in self.registry.naming.fits(place) if s.name != name)
        return next((s.name for s in subjects if self._held(s)), None)

    def _spoken(self, place: str, subject: Subject, *, typed: bool) -> Iterator[Claim]:
        doubtful = not typed and any(True for _ in self.registry.naming.fits(place))
        for rrset in self.held.get(place, ()):
            for value in rrset.values if rrset.type == "TXT" else ():
                if (labels := self.registry.read(value)) is not None:
                    key = RRKey(subject.name, subject.type, rrset.set_identifier)
                    yield Claim(key, labels, rrset, value, typed, doubtful)

    def _taken(self, place: str, subject: Subject) -> bool:
        """Whether a place is, by the present settings, another set's that exists or is wanted."""
        return place in self.held and any(
            other != subject and self._present(other) for other in self.registry.naming.fits(place)
        )

    def _present(self, subject: Subject) -> bool:
        wants = self.wanted.get(subject.name, ())
        return any(want.rrset.type == subject.type for want in wants) or self._held(subject)

    def _held(self, subject: Subject) -> bool:
        return any(
            rrset.type == subject.type and not self._only_ownership(rrset)
            for rrset in self.held.get(subject.name, ())
        )

    def _only_ownership(self, rrset: RRset) -> bool:
        return rrset.type == "TXT" and all(
            self.registry.read(value) is not None for value in rrset.values
        )


def edit(
    held: Held,
    *,
    remove: Iterable[Claim],
    add: Iterable[tuple[RRKey, str]],
    ttl: int,
) -> Iterator[Change]:
    """Change ownership values; whatever else stands in a TXT set stays in it.

    `add` gives the key of the TXT set and the value; `ttl` is for new sets only.
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
        if old is None:
            yield Create(RRset(key.name, "TXT", ttl, left, key.set_identifier))
        elif not left:
            yield Delete(old)
        elif left != old.values:
            yield Update(old, replace(old, values=left))
