"""What is known of names whose sets have identifiers, and how an exchange is written there."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import google_folds as folds
from kubefed_dns.providers import google_notes as notes
from kubefed_dns.providers import google_sets as sets
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.exchange import Exchange
from kubefed_dns.providers.google_folds import NOTES, Node
from kubefed_dns.providers.spelling import Raw, Raws
from kubefed_dns.records import RRKey, RRset

Old = Callable[[RRset], Raws]
"""How a plain set was written when it was read."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An exchange on its way, as it is written; `nodes` are what it leaves of its names."""

    item: Exchange
    deletions: tuple[Raw, ...]
    additions: tuple[Raw, ...]
    nodes: Mapping[str, Node]

    @property
    def octets(self) -> int:
        return sum(sets.octets(raw) for raw in (*self.deletions, *self.additions))


@dataclass(slots=True)
class _Zone:
    """`whole`: all of it was read once, so that a name not in `nodes` has no such sets."""

    whole: bool = False
    nodes: dict[str, Node] = field(default_factory=dict)
    doubts: set[str] = field(default_factory=set)


class Nodes:
    """Of all zones of a project; a name is in doubt once it was not what was expected."""

    def __init__(self) -> None:
        self._zones: defaultdict[str, _Zone] = defaultdict(_Zone)

    def learn(
        self, zone: str, raws: Iterable[Raw], names: Collection[str] | None = None
    ) -> tuple[list[RRset], list[Raw]]:
        """Take in all of a zone, or of some names; sets with identifiers, and the other raws."""
        noted, others = _sorted(raws)
        nodes: dict[str, dict[str, Raw]] = {
            name: {NOTES: sets.bare(raw)} for name, raw in noted.items()
        }
        types = {name: {note.type for note in notes.read(raw)} for name, raw in noted.items()}
        plain = []
        for raw in others:
            name, rrtype = _name(raw), str(raw["type"])
            if rrtype in types.get(name, ()):
                nodes[name][rrtype] = sets.bare(raw)
            else:
                plain.append(raw)
        known = self._zones[zone]
        if names is None:
            self._zones[zone] = known = _Zone(whole=True)
        for name in names or ():
            known.nodes.pop(name, None)
            known.doubts.discard(name)
        known.nodes.update(nodes)
        return [each for name, node in nodes.items() for each in folds.decode(name, node)], plain

    def noted(self, zone: str, name: str, raws: Iterable[Raw]) -> bool:
        """Whether there may be notes of a name, by what it holds and what is known."""
        known = self._zones[zone]
        return (
            not known.whole
            or name in known.nodes
            or name in known.doubts
            or any("routingPolicy" in raw for raw in raws)
        )

    def unread(self, zone: str, item: Exchange) -> frozenset[str]:
        """The names that have to be read before the exchange can be prepared."""
        known = self._zones[zone]
        named = {each.name for each in (*item.remove, *item.add) if each.set_identifier}
        return frozenset(
            name
            for name in item.names
            if name in known.doubts
            or (name in named and not known.whole and name not in known.nodes)
        )

    def doubt(self, zone: str, item: Exchange) -> None:
        known = self._zones[zone]
        named = {each.name for each in (*item.remove, *item.add) if each.set_identifier}
        known.doubts |= named | (item.names & known.nodes.keys())

    def keep(self, zone: str, item: Prepared) -> None:
        """It is done."""
        known = self._zones[zone].nodes
        for name, node in item.nodes.items():
            known.pop(name, None)
            if node:
                known[name] = node

    def prepared(self, zone: str, item: Exchange, old: Old) -> Prepared:
        """Raises InvalidName and Refused."""
        deletions, additions = list[Raw](), list[Raw]()
        nodes: dict[str, Node] = {}
        for name, rrtype in dict.fromkeys(each.key[:2] for each in (*item.remove, *item.add)):
            before = nodes.get(name, self._zones[zone].nodes.get(name, {}))
            part = _Part(name, rrtype, before, item)
            gone, come, after = part.named(old) if part.is_named else part.plain(old)
            deletions += gone
            additions += come
            if after is not before:
                nodes[name] = after
        for name, node in nodes.items():
            was, now = (each.get(NOTES) for each in (self._zones[zone].nodes.get(name, {}), node))
            if not (was and now and sets.same(was, now)):
                deletions += [was] if was else []
                additions += [now] if now else []
        return Prepared(item, tuple(deletions), tuple(additions), nodes)


class _Part:
    """What an exchange does to the sets of one name and type."""

    def __init__(self, name: str, rrtype: str, node: Node, item: Exchange) -> None:
        self._name = name
        self._type = rrtype
        self._node = node
        self._remove = [each for each in item.remove if each.key[:2] == (name, rrtype)]
        self._add = [each for each in item.add if each.key[:2] == (name, rrtype)]

    @property
    def is_named(self) -> bool:
        both = (*self._remove, *self._add)
        return self._type in self._node or any(each.set_identifier for each in both)

    def plain(self, old: Old) -> tuple[Raws, Raws, Node]:
        gone = [raw for each in self._remove for raw in old(each)]
        return gone, [sets.raw_of(each) for each in self._add], self._node

    def named(self, old: Old) -> tuple[Raws, Raws, Node]:
        if raw := self._node.get(self._type):
            node = {self._type: raw} | {NOTES: self._node[NOTES]}
            held = {each.key: each for each in folds.decode(self._name, node)}
            gone: Raws = [raw]
        else:
            plain = [each for each in self._remove if not each.set_identifier]
            held = {each.key: each for each in plain}
            gone = [part for each in plain for part in old(each)]
        stay = self._stay(held)
        after, made = folds.swapped(self._name, self._node, self._type, stay=stay, come=self._add)
        return gone, [made] if made else [], after

    def _stay(self, held: dict[RRKey, RRset]) -> list[RRset]:
        where = f"{self._name} {self._type}"
        for each in self._remove:
            if held.pop(each.key, None) != each:
                raise Refused(f"{where}: it is not what the zone holds", lost=True)
        for each in self._add:
            if each.key in held:
                raise Refused(f"{where}: set {each.set_identifier!r} already exists", lost=True)
        return list(held.values())


def _sorted(raws: Iterable[Raw]) -> tuple[dict[str, Raw], list[Raw]]:
    """Notes by whose they are, and the rest."""
    noted: dict[str, Raw] = {}
    others = []
    for raw in raws:
        owner = notes.owner(_name(raw))
        if owner is not None and notes.are(raw):
            noted[owner] = raw
        else:
            others.append(raw)
    return noted, others


def _name(raw: Raw) -> str:
    try:
        return sets.name_of(raw)
    except InvalidName:
        return ""
