"""Which DNSEndpoints want which names, and where each name is served."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from kubefed_core.objects import Key
from kubefed_dns.decide.bids import Bid
from kubefed_dns.decide.placing import Directory, Placing, Site
from kubefed_dns.decide.reasons import Problem, Reason

Labels = Callable[[str], Mapping[str, str] | None]
"""The labels of a namespace; None while it has not been seen."""


@dataclass(frozen=True, slots=True)
class Bidder:
    """One DNSEndpoint of one generation: what it bids, or the problem why it cannot be read."""

    bids: tuple[Bid, ...] = ()
    problem: Problem | None = None
    identity: tuple[str, int] = ("", 0)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(bid.name for bid in self.bids if bid.name)


@dataclass(frozen=True, slots=True)
class Moves:
    """What a new look at names has changed.

    `offers` are, by name, the bids at each site that has other ones than
    before, none at a site that the name has left. Of the names in `reworded`
    only what is said of them is other.
    """

    offers: Mapping[str, Mapping[Site, tuple[Bid, ...]]]
    reworded: frozenset[str]


class Index:
    """Kept by name, so that a change costs what changed and not what there is."""

    def __init__(self, *, labels: Labels) -> None:
        self._labels = labels
        self._bidders: dict[Key, Bidder] = {}
        self._names: dict[str, dict[Key, tuple[Bid, ...]]] = {}
        self._namespaces: dict[str, set[Key]] = {}
        self._sites: dict[str, dict[Site, tuple[Bid, ...]]] = {}
        self._placings: dict[str, dict[str, Placing]] = {}
        self._at: dict[Site, dict[str, tuple[Bid, ...]]] = {}
        self.directory = Directory(domains=(), servers=())

    def keys(self) -> Collection[Key]:
        return self._bidders.keys()

    def bidder(self, key: Key) -> Bidder | None:
        return self._bidders.get(key)

    def placing(self, name: str, namespace: str) -> Placing:
        """Where a name that is wanted from a namespace goes, as last decided."""
        return self._placings.get(name, {}).get(namespace, Placing())

    def names(self) -> list[str]:
        """All names that anybody wants."""
        return list(self._names)

    def names_of(self, namespace: str) -> set[str]:
        """The names that are wanted from a namespace."""
        keys = self._namespaces.get(namespace, ())
        return {name for key in keys for name in self._bidders[key].names}

    def sources(self, name: str) -> Collection[Key]:
        """The DNSEndpoints that want a name."""
        return self._names.get(name, {}).keys()

    def put(self, key: Key, bidder: Bidder) -> set[str]:
        """Take in a DNSEndpoint; the names for which it matters."""
        old = self._bidders.get(key, Bidder())
        self._bidders[key] = bidder
        self._namespaces.setdefault(key.namespace, set()).add(key)
        before, after = _by_name(old.bids), _by_name(bidder.bids)
        changed = {
            name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        }
        for name in changed:
            self._set(name, key, after.get(name, ()))
        return changed

    def drop(self, key: Key) -> set[str]:
        """Forget a DNSEndpoint that is gone; the names for which it matters."""
        changed = self.put(key, Bidder())
        del self._bidders[key]
        keys = self._namespaces[key.namespace]
        keys.discard(key)
        if not keys:
            del self._namespaces[key.namespace]
        return changed

    def place(self, names: Iterable[str]) -> Moves:
        """Decide anew where names are served.

        What is wanted from a namespace that has not been seen stays where it is.
        """
        moved: dict[str, dict[Site, tuple[Bid, ...]]] = {}
        reworded: set[str] = set()
        for name in names:
            said = self._placings.get(name)
            before = self._sites.get(name, {})
            after = self._placed(name)
            changed = {
                site: after.get(site, ())
                for site in before.keys() | after.keys()
                if before.get(site) != after.get(site)
            }
            if changed:
                moved[name] = changed
            elif self._placings.get(name) != said:
                reworded.add(name)
            for site, bids in changed.items():
                self._move(name, site, bids)
            if after:
                self._sites[name] = after
            else:
                self._sites.pop(name, None)
        return Moves(moved, frozenset(reworded))

    def at(self, site: Site) -> Mapping[str, tuple[Bid, ...]]:
        """All the bids at a site, by name."""
        return self._at.get(site, {})

    def sites(self) -> Collection[Site]:
        """Where there are any names."""
        return self._at.keys()

    def undecided(self, name: str) -> bool:
        """Whether a name is wanted from where nobody knows yet if it may be."""
        placings = self._placings.get(name, {}).values()
        return any(each.problem and each.problem.reason is Reason.PENDING for each in placings)

    def _set(self, name: str, key: Key, bids: tuple[Bid, ...]) -> None:
        wanted = self._names.setdefault(name, {})
        if bids:
            wanted[key] = bids
        else:
            wanted.pop(key, None)
        if not wanted:
            del self._names[name]

    def _move(self, name: str, site: Site, bids: tuple[Bid, ...]) -> None:
        here = self._at.setdefault(site, {})
        if bids:
            here[name] = bids
        else:
            here.pop(name, None)
        if not here:
            del self._at[site]

    def _placed(self, name: str) -> dict[Site, tuple[Bid, ...]]:
        found: dict[Site, list[Bid]] = {}
        placings: dict[str, Placing] = {}
        for key, bids in sorted(self._names.get(name, {}).items()):
            placing = placings.get(key.namespace)
            if placing is None:
                placing = placings[key.namespace] = self._decided(name, key.namespace)
            for site in placing.sites:
                found.setdefault(site, []).extend(bids)
        if placings:
            self._placings[name] = placings
        else:
            self._placings.pop(name, None)
        return {site: tuple(bids) for site, bids in found.items()}

    def _decided(self, name: str, namespace: str) -> Placing:
        labels = self._labels(namespace)
        if labels is not None:
            return self.directory.place(name, labels)
        why = f"namespace {namespace} has not been seen yet"
        return Placing(self.placing(name, namespace).sites, Problem(Reason.PENDING, why))


def _by_name(bids: Iterable[Bid]) -> dict[str, tuple[Bid, ...]]:
    found: dict[str, list[Bid]] = {}
    for bid in bids:
        if bid.name:
            found.setdefault(bid.name, []).append(bid)
    return {name: tuple(each) for name, each in found.items()}
