"""One zone at one provider: what it should hold, what it holds, what stands in the way."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from kubefed_dns.decide import admit, rivals
from kubefed_dns.decide.admit import Ref, Rules
from kubefed_dns.decide.bids import Bid
from kubefed_dns.decide.brake import Window
from kubefed_dns.decide.claims import Claims, Held, Register, Want, Wanted
from kubefed_dns.decide.ownership import Naming, Registry
from kubefed_dns.decide.placing import Site
from kubefed_dns.decide.plan import Planned, plan
from kubefed_dns.decide.reasons import Problem
from kubefed_dns.decide.reduction import Route
from kubefed_dns.decide.terms import Terms
from kubefed_dns.records import Change, Create, Delete, Group, RRset, Update

Wants = tuple[Want, ...]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A change that is not tried before `due` (loop time), as long as the same is wanted."""

    problem: Problem
    wants: Wants
    due: float


class Ledger:
    """Written by one writer and by the index that offers bids; does nothing by itself.

    `dirty` names are to be planned, `stale` ones to be read before. `settled`
    gives, for each name that is as it should be, the marker that the zone had
    when we made it so, empty where it was found so. `ours` counts our sets by
    name; `routes` tells how the routing of a name is served. `settling` gives,
    for names that not all servers have yet as they are, the change that is to come.
    """

    def __init__(self, site: Site, *, terms: Terms, rules: Rules) -> None:
        self.site = site
        self.terms = terms
        self.rules = rules
        self.known = False
        self.dirty: dict[str, None] = {}
        self.stale: set[str] = set()
        self.wants: dict[str, Wants] = {}
        self.held: dict[str, tuple[RRset, ...]] = {}
        self.ours: dict[str, int] = {}
        self.losers: dict[str, Mapping[Ref, Problem]] = {}
        self.routes: dict[str, Route] = {}
        self.troubles: dict[str, Problem] = {}
        self.quarantine: dict[str, Quarantine] = {}
        self.settled: dict[str, str] = {}
        self.settling: dict[str, str] = {}
        self.braked: frozenset[str] = frozenset()
        self.window = Window()
        self._bids: dict[str, tuple[Bid, ...]] = {}
        self._keep: set[str] = set()
        self._holders: dict[str, str] = {}
        self._register = Register(terms.registry) if terms.registry else None

    @property
    def zone(self) -> str:
        return self.site.zone

    @property
    def naming(self) -> Naming | None:
        return self.terms.registry.naming if self.terms.registry else None

    @property
    def pending(self) -> int:
        """How many names are not as they should be, or not known to be."""
        return len(self.dirty.keys() | self.troubles.keys() | self.quarantine.keys())

    def bids(self, name: str) -> tuple[Bid, ...]:
        return self._bids.get(name, ())

    def offer(self, name: str, bids: tuple[Bid, ...]) -> None:
        """Somebody wants something else of a name than before; nothing is told by none."""
        types = {bid.rrset.type for bid in (*self.bids(name), *bids) if bid.rrset}
        _put(self._bids, name, bids)
        self.mark(name)
        if self.naming is not None:
            near = rivals.neighbours(name, types, self.naming)
            for other in near & self._bids.keys():
                self.recheck(other)

    def mark(self, name: str) -> None:
        """Have a name planned anew: it is not as it should be any more."""
        self.dirty[name] = None
        self.settled.pop(name, None)

    def recheck(self, name: str) -> None:
        """Have a name planned anew that may well be as it should be."""
        self.dirty[name] = None

    def wanted(self) -> set[str]:
        """The names that anybody bids for."""
        return set(self._bids)

    def unsettled(self) -> set[str]:
        """The names that anybody bids for and that are not known to be right."""
        return self._bids.keys() - self.settled.keys()

    def know(self, found: "Survey") -> set[str]:
        """Take in the whole zone as read; the names for which it is another than before."""
        before = self.held
        self.held, self.ours, self._register = found.held, found.ours, found.register
        self.known = True
        self.stale.clear()
        changed = before.keys() ^ self.held.keys()
        changed |= {name for name, sets in before.items() if self.held.get(name) != sets}
        return self._touched(changed)

    def doubt(self, group: Group) -> None:
        """Let all be read again that a group touches, or that says whose its name is."""
        self.stale |= names_in(group)
        if self._register is not None:
            self.stale |= {each.txt.name for each in self._register.about(group.name)}

    def learn(self, names: Collection[str], sets: Iterable[RRset]) -> None:
        """Take in some names as read just now."""
        fresh: dict[str, list[RRset]] = {name: [] for name in names}
        for rrset in sets:
            if rrset.name in fresh:
                fresh[rrset.name].append(rrset)
        for name, found in fresh.items():
            self._hold(name, found)
        self.stale.difference_update(names)
        self._count(self._touched(fresh))

    def took(self, group: Group) -> None:
        """The provider holds now what a group said."""
        for change in group.changes:
            old, new = sides(change)
            if old is not None:
                self._hold(old.name, (each for each in self._at(old) if each.key != old.key))
            if new is not None:
                self._hold(new.name, (*self._at(new), new))
        self._count({group.name})
        if self.naming is not None and self.troubles:
            types = {rrset.type for change in group.changes for rrset in sides(change) if rrset}
            for name in rivals.neighbours(group.name, types, self.naming) & self.troubles.keys():
                self.recheck(name)  # What was in its way may be gone.
        wants = self.wants.get(group.name)
        if wants:
            self._holders[group.name] = wants[0].resource
        else:
            self._holders.pop(group.name, None)

    def prepare(self, names: Iterable[str]) -> None:
        """Decide who gets each name; all names of a batch, before any of them is planned."""
        for name in names:
            bids = self.bids(name)
            outcome = admit.contest(bids, holder=self.holder(name), rules=self.rules)
            wants, losers = outcome.wants, dict(outcome.problems)
            if wants and self.naming is not None:
                why = rivals.rival(name, bids=self.bids, naming=self.naming, holder=self.holder)
                if why is not None:
                    wants, losers = (), {Ref(bid.source, bid.key): why for bid in bids}
            _put(self.wants, name, wants)
            _put(self.losers, name, losers)
            _put(self.routes, name, outcome.route)
            self._keep.discard(name)
            if outcome.keep:
                self._keep.add(name)

    def plan(self, name: str) -> Planned:
        """What to write for a prepared name."""
        keep = name in self._keep
        return plan(
            name,
            wanted=self.wants,
            held=self.held,
            terms=self.terms,
            keep=keep,
            register=self._register,
        )

    def settle(self, name: str, marker: str = "") -> None:
        """A name is as it should be, found so or made so."""
        self.troubles.pop(name, None)
        self.quarantine.pop(name, None)
        if name in self._bids:
            self.settled[name] = marker

    def problem(self, name: str, ref: Ref) -> Problem | None:
        """What is known to keep an endpoint from being published here."""
        lost = self.losers.get(name, {}).get(ref)
        waiting = self.quarantine.get(name)
        return lost or (waiting.problem if waiting else None) or self.troubles.get(name)

    def holder(self, name: str) -> str | None:
        """The resource that has a name, by the zone or, without ownership in it, by memory."""
        if self._register is None:
            return self._holders.get(name)
        return Claims(self.wants, self.held, self._register).holder(name)

    def holders(self, name: str) -> set[str]:
        """All resources that have something of ours at a name."""
        if self._register is None:
            return {self._holders[name]} if name in self._holders else set()
        owner = self._register.registry.owner
        found = Claims(self.wants, self.held, self._register).of(name)
        return {claim.labels.resource for claim in found if claim.labels.owner == owner}

    def _touched(self, names: Iterable[str]) -> set[str]:
        """These, and the names that they say something of."""
        found = set(names)
        if self.naming is not None:
            for name in tuple(found):
                found |= {subject.name for subject in self.naming.fits(name)}
                found |= {subject.name for subject in self.naming.fits_older(name)}
        return found

    def _at(self, rrset: RRset) -> tuple[RRset, ...]:
        return self.held.get(rrset.name, ())

    def _hold(self, name: str, sets: Iterable[RRset]) -> None:
        found = tuple(sorted(sets))
        _put(self.held, name, found)
        if self._register is not None:
            self._register.put(name, found)

    def _count(self, names: Iterable[str]) -> None:
        for name in names:
            _put(self.ours, name, _ours(name, self.wants, self.held, self._register))


@dataclass(frozen=True, slots=True)
class Survey:
    """A zone as read; `owned` are the names at which something may be ours, if only ownership."""

    held: dict[str, tuple[RRset, ...]]
    ours: dict[str, int]
    owned: frozenset[str]
    register: Register | None


def survey(sets: Iterable[RRset], registry: Registry | None) -> Survey:
    """Sort what was read; for a worker thread, as it takes its time with a large zone."""
    found: dict[str, list[RRset]] = {}
    for rrset in sets:
        found.setdefault(rrset.name, []).append(rrset)
    held = {name: tuple(sorted(each)) for name, each in found.items()}
    register = Register(registry, held) if registry is not None else None
    owned = frozenset(register.owned() if register is not None else held)
    counts = {name: _ours(name, {}, held, register) for name in owned}
    return Survey(held, {name: count for name, count in counts.items() if count}, owned, register)


def _ours(name: str, wants: Wanted, held: Held, register: Register | None) -> int:
    """How many sets of a name are ours, ownership records not counted."""
    sets = held.get(name, ())
    if not sets or register is None:
        return len(sets)
    owner = register.registry.owner
    keys = {c.key for c in Claims(wants, held, register).of(name) if c.labels.owner == owner}
    return sum(rrset.key in keys for rrset in sets)


def sides(change: Change) -> tuple[RRset | None, RRset | None]:
    """What was, and what shall be."""
    match change:
        case Create(new):
            return None, new
        case Update(old, new):
            return old, new
        case Delete(old):
            return old, None


def names_in(group: Group) -> set[str]:
    """All the names that a group touches."""
    found = (rrset for change in group.changes for rrset in sides(change))
    return {group.name, *(rrset.name for rrset in found if rrset is not None)}


def _put(mapping: dict[str, Value], name: str, value: Value | None) -> None:
    """Without a value, without the name."""
    if value:
        mapping[name] = value
    else:
        mapping.pop(name, None)
