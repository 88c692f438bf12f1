"""What to change so that one name holds what is wanted of it, and who stands in the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kubefed_dns.api.providers import Policy
from kubefed_dns.decide import claims
from kubefed_dns.decide.claims import Held, Register, Wanted
from kubefed_dns.decide.ownership import Registry
from kubefed_dns.decide.reasons import Problem, Reason
from kubefed_dns.decide.standing import Standing
from kubefed_dns.decide.terms import Terms
from kubefed_dns.errors import InvalidName
from kubefed_dns.records import ALIAS, Change, Create, Delete, Group, RRKey, Update

OWNERSHIP_TTL = 300


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
    return _Plan(Standing(name, wanted, held, terms, register)).plan(keep=keep)


class _Plan:
    """Of one name."""

    def __init__(self, standing: Standing) -> None:
        self._at = standing

    def plan(self, *, keep: bool) -> Planned:
        try:
            places = {key: self._place(key) for key in self._at.want}
        except InvalidName as error:
            return Planned(problem=Problem(Reason.INVALID_NAME, str(error)))
        steps = self._steps(places)
        if keep:
            _spare(steps, [key for key in steps.delete if key in self._at.have])
            steps.delete.clear()
        problem = self._yield_to_others(steps, places) or self._obey(steps)
        group = self._group(steps, places)
        vanishes = bool(
            group and self._at.ours and not self._at.want and self._at.ours <= {*steps.delete}
        )
        return Planned(group, problem, vanishes)

    def _place(self, key: RRKey) -> RRKey | None:
        """Where the ownership of a wanted set belongs."""
        if self._at.registry is None:
            return None
        name = self._at.registry.within(key.name, key.type, self._at.terms.zone)
        return RRKey(name, "TXT", key.set_identifier)

    def _steps(self, places: Mapping[RRKey, RRKey | None]) -> _Steps:
        steps = _Steps()
        for key, (rrset, resource) in sorted(self._at.want.items()):
            if key not in self._at.have:
                steps.create.append(key)
            elif key in self._at.ours and (
                self._at.have[key] != rrset or not self._at.claimed(key, places[key], resource)
            ):
                steps.update.append(key)
        orphans = {key for key in self._at.claims if key not in self._at.have and self._at.own(key)}
        certain = {key for key in self._at.ours if self._at.want or not self._at.doubtful(key)}
        steps.delete = sorted((certain | orphans) - self._at.want.keys())
        return steps

    def _yield_to_others(
        self, steps: _Steps, places: Mapping[RRKey, RRKey | None]
    ) -> Problem | None:
        """Beside another's set nothing is added, and nothing deleted that would leave us none."""
        if not self._at.want:
            return None
        cause = self._intruder() or self._claimant() or self._squatter(steps, places)
        if cause is None:
            return None
        steps.create.clear()
        steps.update = [key for key in steps.update if self._at.claimed_at(key, places[key])]
        if not self._at.ours & self._at.want.keys():
            steps.delete.clear()
        return Problem(
            Reason.CONFLICT, f"{cause}; it is left alone: remove it there, or choose another name"
        )

    def _intruder(self) -> str | None:
        """Another's set at this name that keeps us out."""
        for key in sorted(self._at.have.keys() - self._at.ours):
            if self._at.excludes(key.type):
                return self._at.described(key)
        for key in self._at.registers:
            if key in self._at.want or (self._at.bars(key) and not self._at.clears(key)):
                return f"{key.name} TXT is the ownership record of another name"
        return None

    def _claimant(self) -> str | None:
        """Another's ownership record of a set that is not there (yet, or any more)."""
        for key, found in sorted(self._at.claims.items()):
            others = [claim for claim in found if not self._at.our(claim)]
            if key in self._at.have or not self._at.excludes(key.type):
                continue
            if any(claim.typed or not self._at.ours for claim in others):
                return f"{self._at.described(key)}, by {others[0].txt.name} TXT"
        return None

    def _squatter(self, steps: _Steps, places: Mapping[RRKey, RRKey | None]) -> str | None:
        """What leaves no room for an ownership record that is new."""
        fresh = (key for key in (*steps.create, *steps.update))
        new = (places[key] for key in fresh if not self._at.claimed_at(key, places[key]))
        name = self._at.name
        for place in filter(None, new):
            if (other := self._at.reading and self._at.reading.also(place.name, name)) is not None:
                return f"the ownership record of {name} would claim {other} too"
            if any(rrset.type == "CNAME" for rrset in self._at.held.get(place.name, ())):
                return f"{place.name} is a CNAME, where the ownership of {name} belongs"
            if self._of_the_other_kind(place, steps):
                return (
                    f"{place.name} TXT cannot stand with and without set identifiers, and the "
                    f"ownership of {name} belongs there"
                )
            for rrset, resource in self._at.wanted.get(place.name, ()):
                if rrset.type in {"CNAME", "TXT"}:
                    return f"{resource} wants {place.name}, where the ownership of {name} belongs"
        return None

    def _of_the_other_kind(self, place: RRKey, steps: _Steps) -> bool:
        """Whether plain ownership would come beside sets with an identifier, or these beside it."""
        goes: dict[RRKey, set[str]] = {}
        for key in steps.delete:
            for claim in self._at.own(key):
                goes.setdefault(claim.txt.key, set()).add(claim.value)
        return any(
            rrset.type == "TXT"
            and bool(rrset.set_identifier) != bool(place.set_identifier)
            and not goes.get(rrset.key, set()).issuperset(rrset.values)
            for rrset in self._at.held.get(place.name, ())
        )

    def _obey(self, steps: _Steps) -> Problem | None:
        """Leave out what the policy forbids; a problem where something wanted is left out."""
        left: list[RRKey] = []
        if self._at.terms.policy is not Policy.SYNC:
            left += [key for key in steps.delete if key in self._at.have]
            steps.delete = []
        if self._at.terms.policy is Policy.CREATE_ONLY:
            left += [key for key in steps.update if self._at.have[key] != self._at.want[key].rrset]
            steps.update = []
        types = {key.type for key in left}
        _spare(steps, left)
        if not left or not self._at.want:
            return None
        return Problem(
            Reason.REFUSED,
            f"spec.policy {self._at.terms.policy} of the DNSProvider leaves {self._at.name} "
            f"{', '.join(sorted(types))} as it is",
        )

    def _group(self, steps: _Steps, places: Mapping[RRKey, RRKey | None]) -> Group | None:
        changes: list[Change] = [
            Delete(self._at.have[key]) for key in steps.delete if key in self._at.have
        ]
        changes += [
            Update(self._at.have[key], self._at.want[key].rrset)
            for key in steps.update
            if self._at.have[key] != self._at.want[key].rrset
        ]
        changes += [Create(self._at.want[key].rrset) for key in steps.create]
        changes += self._ownership(steps, places, self._at.registry) if self._at.registry else ()
        changes.sort(key=_order)
        return Group(self._at.name, tuple(changes)) if changes else None

    def _ownership(
        self, steps: _Steps, places: Mapping[RRKey, RRKey | None], registry: Registry
    ) -> list[Change]:
        stays = self._at.ours.difference(steps.delete, steps.update)
        needed = {
            (claim.txt.key, claim.value)
            for key in stays
            if not (key in places and self._at.claimed_at(key, places[key]))
            for claim in self._at.own(key)
        }
        remove = [
            claim
            for key in steps.delete
            for claim in self._at.own(key)
            if (claim.txt.key, claim.value) not in needed
        ]
        add, said = [], {}
        for key in (*steps.update, *steps.create):
            rrset, resource = self._at.want[key]
            place = places[key]
            for claim in self._at.own(key):
                moved = claim.txt.key == place and claim.labels.resource != resource
                in_the_way = self._at.alone and claim.txt.name == self._at.name
                if moved or in_the_way:
                    remove.append(claim)
            if place and not self._at.claimed(key, place, resource):
                add.append((place, self._at.value(key, place, resource, registry)))
                said[place] = tuple(pair for pair in rrset.properties if pair[0] != ALIAS)
        ttl = max(OWNERSHIP_TTL, self._at.terms.min_ttl)
        return list(claims.edit(self._at.held, remove=remove, add=add, ttl=ttl, said=said))


def _spare(steps: _Steps, left: Sequence[RRKey]) -> None:
    """Create nothing that cannot stand beside what is left as it is."""
    types = {key.type for key in (*left, *steps.create)}
    if left and "CNAME" in types:
        steps.create = []
    apart = {(key.type, not key.set_identifier) for key in left}
    steps.create = [
        key for key in steps.create if (key.type, bool(key.set_identifier)) not in apart
    ]


def _order(change: Change) -> tuple[int, bool, RRKey]:
    """Deletes first, so that a name can change its type; data before its ownership."""
    match change:
        case Delete(old):
            return 0, old.type == "TXT", old.key
        case Update(old, _):
            return 1, old.type == "TXT", old.key
        case Create(new):
            return 2, new.type == "TXT", new.key
