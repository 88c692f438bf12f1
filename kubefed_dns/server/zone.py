"""One zone: what stands at each name, and what that means for a question (RFC 1034, 4592, 8020).

A name's data is one immutable node, put in place by one assignment, so a change
costs what it changes and not what the zone holds. Writers are worker threads and
readers the loop; both hold the zone's lock only for the few dict operations of
one change or one question, and `version` moves within it.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime

from dns.rdatatype import RdataType

from kubefed_dns.records import RRset
from kubefed_dns.server import names, soa
from kubefed_dns.server.data import Records
from kubefed_dns.server.found import (
    Alias,
    Copy,
    Data,
    Found,
    NoData,
    NoName,
    Owned,
    Referral,
    Routed,
    Unknown,
)
from kubefed_dns.server.history import History, Step, differences
from kubefed_dns.server.node import EMPTY, Node
from kubefed_dns.server.policy import OPEN, Policy

PLACED = frozenset({RdataType.A, RdataType.AAAA, RdataType.CNAME})
"""What at the name server's name says where it is."""


class Zone:
    """Read by the loop, written by at most one worker thread at a time.

    Serials are beyond `floor`, where that is not 0. `changed` is called, by
    whichever thread it is, when there is something new for secondaries: a
    serial, or a policy.
    """

    def __init__(
        self,
        name: str,
        *,
        ns: str,
        now: Callable[[], datetime],
        floor: int = 0,
        policy: Policy = OPEN,
        changed: Callable[["Zone"], None] = lambda zone: None,
    ) -> None:
        self.name = name
        self.apex = names.to_wire(name)
        self.filled = False
        self.version = 0
        self.serial = floor
        self.policy = policy
        self._server = names.to_wire(ns)
        self._now = now
        self._changed = changed
        self._lock = threading.Lock()
        self._nodes: dict[bytes, Node] = {}
        self._below: dict[bytes, int] = {}
        self._cuts: set[bytes] = set()
        self._history = History()
        self._soa = soa.make(self.apex, server=self._server, serial=0)
        self._settle(policy)
        self._advance()

    @property
    def unplaced(self) -> bool:
        """Whether the name server is in the zone, and nothing there says its address."""
        with self._lock:
            records = self._written(self._server)
            return names.within(self._server, self.apex) and not PLACED & records.keys()

    @property
    def soa(self) -> Owned:
        return self.apex, self._soa

    def node(self, name: bytes) -> Node | None:
        """What was written at a name; the apex's SOA and NS are not part of it."""
        return self._nodes.get(name)

    def rrsets(self) -> Iterable[RRset]:
        """All that was written, as it stands now."""
        return [rrset for node in tuple(self._nodes.values()) for rrset in node.rrsets.values()]

    def serve_as(self, ns: str) -> None:
        """Change the name server that the apex names."""
        self._serve(names.to_wire(ns), self.policy)

    def adopt(self, policy: Policy) -> None:
        """Go by another policy."""
        if policy != self.policy:
            self._serve(self._server, policy)
            self._changed(self)

    def raise_serial(self, floor: int) -> None:
        """See to it that the serial is not below a floor (RFC 1982)."""
        with self._lock:
            if not soa.later(floor, self.serial):
                return
            self._advance(floor=floor)
        self._changed(self)

    def apply(self, nodes: Mapping[bytes, Node | None]) -> None:
        """Put nodes in place, or away where None, all at once to every reader.

        The zone counts as filled from the first call on, an empty one too. Without
        nodes, the serial stays.
        """
        with self._lock:
            first = not self.filled
            if nodes:
                self._change(nodes, lambda: self._put_all(nodes))
            if first:
                self.filled = True
                self.version += 1
        if nodes or first:
            self._changed(self)

    def find(self, name: bytes, rdtype: int) -> tuple[Found, int]:
        """What the zone says to a question for a name within it, and the version that said it."""
        with self._lock:
            return self._find(name, rdtype), self.version

    def copy(self) -> Copy:
        """All that secondaries are to have; what is routed, as who does not choose gets it."""
        with self._lock:
            nodes = dict(self._nodes)
            special = {name: self._written(name) for name in {self.apex, self._placed}}
            return Copy(self.serial, self.soa, len(nodes), _sets(nodes, special))

    def since(self, serial: int) -> tuple[Step, ...] | None:
        """What led from a serial to now; None where that is not known any more."""
        with self._lock:
            return self._history.since(serial)

    def _serve(self, server: bytes, policy: Policy) -> None:
        own = policy.server_records()
        with self._lock:
            self.policy = policy
            if (server, own) == (self._server, self._own):
                return

            def move() -> None:
                self._count(self._placed, -1)
                self._server = server
                self._settle(policy)

            self._change({self.apex, self._server, server}, move)
        self._changed(self)

    def _settle(self, policy: Policy) -> None:
        """Say who the name server is and, where that is ours to say, its addresses."""
        self._servers = Records(RdataType.NS, soa.TTL, (self._server,))
        self._own = policy.server_records()
        ours = self._own and names.within(self._server, self.apex)
        self._placed = self._server if ours else b""
        self._count(self._placed, 1)

    def _change(self, touched: Collection[bytes], make: Callable[[], None]) -> None:
        """Let names become something else, and remember what; nothing before it was filled."""
        concerned = [name for name in touched if names.within(name, self.apex)]
        before = {name: self._written(name) for name in concerned} if self.filled else {}
        make()
        self._advance(*differences(before, {name: self._written(name) for name in before}))

    def _put_all(self, nodes: Mapping[bytes, Node | None]) -> None:
        for name, node in nodes.items():
            self._put(name, node)

    def _put(self, name: bytes, node: Node | None) -> None:
        step = (node is not None) - (name in self._nodes)
        if node is None:
            self._nodes.pop(name, None)
        else:
            self._nodes[name] = node
        self._count(name, step)
        if node is not None and RdataType.NS in node.records:
            self._cuts.add(name)
        else:
            self._cuts.discard(name)

    def _count(self, name: bytes, step: int) -> None:
        """Let the names above one know that it came or went."""
        for parent in names.between(name, self.apex) if step and name else ():
            count = self._below.get(parent, 0) + step
            if count:
                self._below[parent] = count
            else:
                del self._below[parent]

    def _advance(
        self,
        removed: tuple[Owned, ...] = (),
        added: tuple[Owned, ...] = (),
        *,
        floor: int | None = None,
    ) -> None:
        self.version += 1
        before, old = self.serial, self._soa
        last = before if floor is None else floor
        self.serial = soa.following(last, int(self._now().timestamp()))
        self._soa = soa.make(self.apex, server=self._server, serial=self.serial)
        self._negative = (self.apex, soa.negative(self._soa))
        if self.filled:
            self._history.add(Step(before, self.serial, old, self._soa, removed, added))

    def _find(self, name: bytes, rdtype: int) -> Found:
        if not self.filled:
            return Unknown()
        if self._cuts and (cut := self._cut(name, rdtype)) is not None:
            servers = self._nodes[cut].records[RdataType.NS]
            return Referral((cut, servers), self._addresses(servers))
        node = self._standing(name)
        if node is None:
            return NoName(self._negative)
        return self._pick(node, rdtype)

    def _standing(self, name: bytes) -> Node | None:
        """What is at a name or at the wildcard that covers it; None where it does not exist."""
        node = self._at(name)
        if node is None:
            parents = names.between(name, self.apex)
            enclosers = (parent for parent in parents if self._at(parent) is not None)
            node = self._at(names.STAR + next(enclosers, self.apex))
        return node

    def _at(self, name: bytes) -> Node | None:
        node = self._nodes.get(name)
        if name == self.apex:
            records = {**self._written(name), RdataType.SOA: self._soa}
            return Node({}, records, node.routed if node is not None else {})
        if name == self._placed:
            return Node({}, self._written(name), node.routed if node is not None else {})
        return EMPTY if node is None and name in self._below else node

    def _written(self, name: bytes) -> Mapping[int, Records]:
        """What was written at a name, and what we say there ourselves; without the SOA."""
        node = self._nodes.get(name)
        records = node.records if node is not None else {}
        if name == self._placed and not PLACED & records.keys():
            records = {**self._own, **records}
        return {**records, RdataType.NS: self._servers} if name == self.apex else records

    def _cut(self, name: bytes, rdtype: int) -> bytes | None:
        """The topmost delegation at or above a name; DS at the cut itself is ours to answer."""
        found = [parent for parent in names.between(name, self.apex) if parent in self._cuts]
        if found:
            return found[-1]
        return name if name in self._cuts and rdtype != RdataType.DS else None

    def _pick(self, node: Node, rdtype: int) -> Found:
        records = node.records
        if rdtype == RdataType.ANY:
            if not records:
                return NoData(self._negative)
            return Data(min(records.values(), key=lambda each: (each.size, each.type)))
        for wanted in (rdtype, RdataType.CNAME):
            if wanted in node.routed:
                return Routed(node.routed[wanted], wanted, self._negative)
            if wanted in records:
                found = records[wanted]
                if wanted == rdtype:
                    return Data(found, self._addresses(found))
                return Alias(found, found.rdatas[0].lower())
        return NoData(self._negative)

    def _addresses(self, servers: Records) -> tuple[Owned, ...]:
        if servers.type != RdataType.NS:
            return ()
        return tuple(
            (server, records[rdtype])
            for server in servers.rdatas
            if (records := self._written(server.lower()))
            for rdtype in (RdataType.A, RdataType.AAAA)
            if rdtype in records
        )


def _sets(
    nodes: Mapping[bytes, Node], special: Mapping[bytes, Mapping[int, Records]]
) -> Iterator[Owned]:
    for name in {**special, **nodes}:
        records = special[name] if name in special else nodes[name].records
        yield from ((name, each) for each in records.values())
