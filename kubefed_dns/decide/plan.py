"""What to change so that one name holds what is wanted of it, and who stands in the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubefed_dns.api.providers import Policy
from kubefed_dns.decide import claims
from kubefed_dns.decide.claims import Claim, Claims, Held, Register, Wanted
from kubefed_dns.decide.ownership import Registry
from kubefed_dns.decide.reasons import Problem, Reason
from kubefed_dns.decide.terms import Terms, floored
from kubefed_dns.errors import InvalidName
from kubefed_dns.records import Change, Create, Delete, Group, RRKey, RRset, Update

OWNERSHIP_TTL = 300
BLOCKING = frozenset({"A", "AAAA", "CNAME", "NS"})
"""Another's set of these types keeps us from a name; other types can stand beside ours."""
BESIDE_CNAME = frozenset({"RRSIG", "NSEC", "NSEC3"})


@dataclass(frozen=True, slots=True)
class Planned:
    """A group where there is something to write, and a problem where that is not all.

    `vanishes`: the name has something of ours now and nothing afterwards.
    """

    group: Group | None = None
    problem: Problem | None = None
    vanishes: bool = False


@dataclass(slots=True)
class _Steps:
    """The keys to work on, by what happens to them."""

    create: list[RRKey] = field(default_factory=list)
    update: list[RRKey] = field(default_factory=list)
    delete: list[RRKey] = field(default_factory=list)


def plan(
    name: str,
    *,
    wanted: Wanted,
    held: Held,
    terms: Terms,
    keep: bool = False,
    register: Register | None = None,
) -> Planned:
    """Compare what is wanted at a name with what the zone holds there.

    The mappings are those of the whole zone, by name; only this name and those
    that its ownership depends on are looked up. `keep` says that more is wanted
    here than could be said in sets, so nothing of ours is deleted. `register` is
    that of what is held, where somebody keeps it; else it is made here.
    """
    if register is None and terms.registry is not None:
        register = Register(terms.registry, held)
    return _Name(name, wanted, held, terms, register).plan(keep=keep)


class _Name:
    """One name as it is and as it should be."""

    def __init__(
        self, name: str, wanted: Wanted, held: Held, terms: Terms, register: Register | None
    ) -> None:
        self.name = name
        self.terms = terms
        self.held = held
        self.wanted = wanted
        self.registry = terms.registry
        self.want = {want.rrset.key: floored(want, terms.min_ttl) for want in wanted.get(name, ())}
        self.claims: dict[RRKey, list[Claim]] = {}
        self.reading = Claims(wanted, held, register) if register else None
        if self.reading is not None:
            for claim in self.reading.of(name):
                self.claims.setdefault(claim.key, []).append(claim)
        there = {rrset.key: rrset for rrset in held.get(name, ())}
        self.registers = {key for key, rrset in there.items() if self._only_ours(rrset)}
        self.have = {key: rrset for key, rrset in there.items() if key not in self.registers}
        self.ours = {key for key in self.have if self._is_ours(key)}

    def plan(self, *, keep: bool) -> Planned:
        try:
            places = {key: self._place(key) for key in self.want}
        except InvalidName as error:
            return Planned(problem=Problem(Reason.INVALID_NAME, str(error)))
        steps = self._steps(places)
        if keep:
            steps.delete.clear()
        problem = self._yield_to_others(steps, places) or self._obey(steps)
        group = self._group(steps, places)
        vanishes = bool(group and self.ours and not self.want and self.ours <= {*steps.delete})
        return Planned(group, problem, vanishes)

    def _place(self, key: RRKey) -> RRKey | None:
        """Where the ownership of a wanted set belongs."""
        if self.registry is None:
            return None
        name = self.registry.within(key.name, key.type, self.terms.zone)
        return RRKey(name, "TXT", key.set_identifier)

    def _our(self, claim: Claim) -> bool:
        return self.registry is not None and claim.labels.owner == self.registry.owner

    def _own(self, key: RRKey) -> list[Claim]:
        return [claim for claim in self.claims.get(key, ()) if self._our(claim)]

    def _only_ours(self, rrset: RRset) -> bool:
        """Whether a set at the name is nothing but ownership records of ours."""
        if self.registry is None or rrset.type != "TXT":
            return False
        read = [self.registry.read(value) for value in rrset.values]
        return all(labels and labels.owner == self.registry.owner for labels in read)

    def _is_ours(self, key: RRKey) -> bool:
        """By the records in the first place where any speak of it; all of them must agree."""
        if self.registry is None:
            return True
        if key.type == "TXT" and any(self.registry.read(v) for v in self.have[key].values):
            return False
        found = self.claims.get(key, [])
        where = [claim for claim in found if claim.txt.key == found[0].txt.key]
        return bool(where) and all(self._our(claim) for claim in where)

    def _steps(self, places: Mapping[RRKey, RRKey | None]) -> _Steps:
        steps = _Steps()
        for key, (rrset, resource) in sorted(self.want.items()):
            if key not in self.have:
                steps.create.append(key)
            elif key in self.ours and (
                self.have[key] != rrset or not self._claimed(key, places[key], resource)
            ):
                steps.update.append(key)
        orphans = {key for key in self.claims if key not in self.have and self._own(key)}
        certain = {key for key in self.ours if self.want or not self._doubtful(key)}
        steps.delete = sorted((certain | orphans) - self.want.keys())
        return steps

    def _doubtful(self, key: RRKey) -> bool:
        """Whether a set is ours only by a record that may once have been another set's."""
        return all(claim.doubtful for claim in self._own(key)) and bool(self._own(key))

    def _claimed(self, key: RRKey, place: RRKey | None, resource: str) -> bool:
        """Whether ownership stands in its place and names this resource; its TTL is no matter."""
        return place is None or any(
            claim.txt.key == place and claim.labels.resource == resource for claim in self._own(key)
        )

    def _yield_to_others(
        self, steps: _Steps, places: Mapping[RRKey, RRKey | None]
    ) -> Problem | None:
        """Beside another's set nothing is added, and nothing deleted that would leave us none."""
        if not self.want:
            return None
        cause = self._intruder() or self._claimant() or self._squatter(steps, places)
        if cause is None:
            return None
        steps.create.clear()
        steps.update = [key for key in steps.update if self._claimed_at(key, places[key])]
        if not self.ours & self.want.keys():
            steps.delete.clear()
        return Problem(
            Reason.CONFLICT, f"{cause}; it is left alone: remove it there, or choose another name"
        )

    def _excludes(self, rrtype: str) -> bool:
        """Whether another's set of this type keeps ours out."""
        types = {key.type for key in self.want}
        return (
            rrtype in BLOCKING
            or rrtype in types
            or ("CNAME" in types and rrtype not in BESIDE_CNAME)
        )

    def _intruder(self) -> str | None:
        """Another's set at this name that keeps us out."""
        for key in sorted(self.have.keys() - self.ours):
            if self._excludes(key.type):
                return self._described(key)
        aliased = any(key.type == "CNAME" for key in self.want)
        for key in self.registers:
            if key in self.want or (aliased and not self._clears(key)):
                return f"{key.name} TXT is the ownership record of another name"
        return None

    def _clears(self, key: RRKey) -> bool:
        """Whether all that a TXT set at the name says, it says of this name, and so it goes."""
        here = {c.value for found in self.claims.values() for c in found if c.txt.key == key}
        there = next(rrset for rrset in self.held[self.name] if rrset.key == key)
        return here.issuperset(there.values)

    def _claimant(self) -> str | None:
        """Another's ownership record of a set that is not there (yet, or any more)."""
        for key, found in sorted(self.claims.items()):
            others = [claim for claim in found if not self._our(claim)]
            if key in self.have or not self._excludes(key.type):
                continue
            if any(claim.typed or not self.ours for claim in others):
                return f"{self._described(key)}, by {others[0].txt.name} TXT"
        return None

    def _claimed_at(self, key: RRKey, place: RRKey | None) -> bool:
        return place is None or any(claim.txt.key == place for claim in self._own(key))

    def _squatter(self, steps: _Steps, places: Mapping[RRKey, RRKey | None]) -> str | None:
        """What leaves no room for an ownership record that is new."""
        fresh = (key for key in (*steps.create, *steps.update))
        new = (places[key] for key in fresh if not self._claimed_at(key, places[key]))
        for place in filter(None, new):
            if (other := self.reading and self.reading.also(place.name, self.name)) is not None:
                return f"the ownership record of {self.name} would claim {other} too"
            if any(rrset.type == "CNAME" for rrset in self.held.get(place.name, ())):
                return f"{place.name} is a CNAME, where the ownership of {self.name} belongs"
            for rrset, resource in self.wanted.get(place.name, ()):
                if rrset.type in {"CNAME", "TXT"}:
                    return (
                        f"{resource} wants {place.name}, where the ownership of {self.name} belongs"
                    )
        return None

    def _described(self, key: RRKey) -> str:
        for claim in self.claims.get(key, ()):
            if not self._our(claim):
                owner, resource = claim.labels
                named = f" ({resource})" if resource else ""
                return f"{key.name} {key.type} belongs to owner {owner!r}{named}"
        return f"{key.name} {key.type} is in the zone without an ownership record of ours"

    def _obey(self, steps: _Steps) -> Problem | None:
        """Leave out what the policy forbids; a problem where something wanted is left out."""
        left: list[RRKey] = []
        if self.terms.policy is not Policy.SYNC:
            left += [key for key in steps.delete if key in self.have]
            steps.delete = []
        if self.terms.policy is Policy.CREATE_ONLY:
            left += [key for key in steps.update if self.have[key] != self.want[key].rrset]
            steps.update = []
        types = {key.type for key in left}
        if left and ("CNAME" in types or any(key.type == "CNAME" for key in steps.create)):
            steps.create = []
        if not left or not self.want:
            return None
        return Problem(
            Reason.REFUSED,
            f"spec.policy {self.terms.policy} of the DNSProvider leaves {self.name} "
            f"{', '.join(sorted(types))} as it is",
        )

    def _group(self, steps: _Steps, places: Mapping[RRKey, RRKey | None]) -> Group | None:
        changes: list[Change] = [Delete(self.have[key]) for key in steps.delete if key in self.have]
        changes += [
            Update(self.have[key], self.want[key].rrset)
            for key in steps.update
            if self.have[key] != self.want[key].rrset
        ]
        changes += [Create(self.want[key].rrset) for key in steps.create]
        changes += self._ownership(steps, places, self.registry) if self.registry else ()
        changes.sort(key=_order)
        return Group(self.name, tuple(changes)) if changes else None

    def _ownership(
        self, steps: _Steps, places: Mapping[RRKey, RRKey | None], registry: Registry
    ) -> list[Change]:
        stays = self.ours.difference(steps.delete, steps.update)
        needed = {
            (claim.txt.key, claim.value)
            for key in stays
            if not (key in places and self._claimed_at(key, places[key]))
            for claim in self._own(key)
        }
        remove = [
            claim
            for key in steps.delete
            for claim in self._own(key)
            if (claim.txt.key, claim.value) not in needed
        ]
        add = []
        for key in (*steps.update, *steps.create):
            rrset, resource = self.want[key]
            place = places[key]
            for claim in self._own(key):
                moved = claim.txt.key == place and claim.labels.resource != resource
                in_the_way = rrset.type == "CNAME" and claim.txt.name == self.name
                if moved or in_the_way:
                    remove.append(claim)
            if place and not self._claimed(key, place, resource):
                add.append((place, registry.write(resource)))
        ttl = max(OWNERSHIP_TTL, self.terms.min_ttl)
        return list(claims.edit(self.held, remove=remove, add=add, ttl=ttl))


def _order(change: Change) -> tuple[int, bool, RRKey]:
    """Deletes first, so that a name can change its type; data before its ownership."""
    match change:
        case Delete(old):
            return 0, old.type == "TXT", old.key
        case Update(old, _):
            return 1, old.type == "TXT", old.key
        case Create(new):
            return 2, new.type == "TXT", new.key
