"""One zone: what stands at each name, and what that means for a question (RFC 1034, 4592, 8020).

A name's data is one immutable node, put in place by one assignment, so a change
costs what it changes and not what the zone holds. Writers are worker threads and
readers the loop; both hold the zone's lock only for the few dict operations of
one change or one question, and `version` moves within it.
"""

import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dns.rdatatype import RdataType

from kubefed_dns.records import RRKey, RRset
from kubefed_dns.server import names
from kubefed_dns.server.data import Records, encode

SOA_TTL = 3600
NS_TTL = 3600
REFRESH, RETRY, EXPIRE, MINIMUM = 3600, 600, 1209600, 30
NEGATIVE_TTL = min(SOA_TTL, MINIMUM)

Owned = tuple[bytes, Records]


@dataclass(frozen=True, slots=True)
class Node:
    """All that stands at one name; replaced, never changed."""

    rrsets: Mapping[RRKey, RRset] = field(default_factory=dict)
    records: Mapping[int, Records] = field(default_factory=dict)

    @classmethod
    def of(cls, rrsets: Mapping[RRKey, RRset]) -> "Node":
        """Raises InvalidName where a value cannot be carried."""
        encoded = [encode(rrset) for rrset in rrsets.values()]
        return cls(rrsets, {records.type: records for records in encoded})


@dataclass(frozen=True, slots=True)
class Data:
    """The name has what was asked for; `extra` are addresses of name servers it names."""

    records: Records
    extra: tuple[Owned, ...] = ()


@dataclass(frozen=True, slots=True)
class Alias:
    """The name is another name for `target`."""

    records: Records
    target: bytes


@dataclass(frozen=True, slots=True)
class NoData:
    """The name exists, without that type."""

    soa: Owned


@dataclass(frozen=True, slots=True)
class NoName:
    """The name does not exist, nor anything below it."""

    soa: Owned


@dataclass(frozen=True, slots=True)
class Referral:
    """The name belongs to a zone that this one hands on to other servers."""

    servers: Owned
    glue: tuple[Owned, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """The zone has not been filled yet, so it cannot tell."""


Found = Data | Alias | NoData | NoName | Referral | Unknown


class Zone:
    """Read by the loop, written by at most one worker thread at a time.

    Serials are beyond `floor`, where that is not 0.
    """

    def __init__(self, name: str, *, ns: str, now: Callable[[], datetime], floor: int = 0) -> None:
        self.name = name
        self.apex = names.to_wire(name)
        self.filled = False
        self.version = 0
        self.serial = floor
        self._server = names.to_wire(ns)
        self._now = now
        self._lock = threading.Lock()
        self._nodes: dict[bytes, Node] = {}
        self._below: dict[bytes, int] = {}
        self._cuts: set[bytes] = set()
        self._advance()

    def node(self, name: bytes) -> Node | None:
        """What was written at a name; the apex's SOA and NS are not part of it."""
        return self._nodes.get(name)

    def rrsets(self) -> Iterable[RRset]:
        """All that was written, as it stands now."""
        return [rrset for node in tuple(self._nodes.values()) for rrset in node.rrsets.values()]

    def serve_as(self, ns: str) -> None:
        """Change the name server that the apex names."""
        server = names.to_wire(ns)
        with self._lock:
            if server != self._server:
                self._server = server
                self._advance()

    def raise_serial(self, floor: int) -> None:
        """See to it that the serial is not below a floor (RFC 1982)."""
        with self._lock:
            if _later(floor, self.serial):
                self.serial = floor
                self._advance()

    def apply(self, nodes: Mapping[bytes, Node | None]) -> None:
        """Put nodes in place, or away where None, all at once to every reader.

        The zone counts as filled from the first call on, an empty one too. Without
        nodes, the serial stays.
        """
        with self._lock:
            for name, node in nodes.items():
                self._put(name, node)
            if nodes:
                self._advance()
            if not self.filled:
                self.filled = True
                self.version += 1

    def find(self, name: bytes, rdtype: int) -> tuple[Found, int]:
        """What the zone says to a question for a name within it, and the version that said it."""
        with self._lock:
            return self._find(name, rdtype), self.version

    def _put(self, name: bytes, node: Node | None) -> None:
        step = (node is not None) - (name in self._nodes)
        if node is None:
            self._nodes.pop(name, None)
        else:
            self._nodes[name] = node
        if step:
            for parent in names.between(name, self.apex):
                count = self._below.get(parent, 0) + step
                if count:
                    self._below[parent] = count
                else:
                    del self._below[parent]
        if node is not None and RdataType.NS in node.records:
            self._cuts.add(name)
        else:
            self._cuts.discard(name)

    def _advance(self) -> None:
        self.version += 1
        self.serial = _next(self.serial, int(self._now().timestamp()))
        numbers = (self.serial, REFRESH, RETRY, EXPIRE, MINIMUM)
        mailbox = names.under(b"hostmaster", self.apex)
        rdata = self._server + mailbox + struct.pack("!5I", *numbers)
        self._soa = Records(RdataType.SOA, SOA_TTL, (rdata,))
        self._servers = Records(RdataType.NS, NS_TTL, (self._server,))
        self._negative = (self.apex, Records(RdataType.SOA, NEGATIVE_TTL, (rdata,)))

    def _find(self, name: bytes, rdtype: int) -> Found:
        if not self.filled:
            return Unknown()
        if self._cuts and (cut := self._cut(name, rdtype)) is not None:
            servers = self._nodes[cut].records[RdataType.NS]
            return Referral((cut, servers), self._addresses(servers))
        records = self._records(name)
        if records is None:
            return NoName(self._negative)
        return self._pick(records, rdtype)

    def _records(self, name: bytes) -> Mapping[int, Records] | None:
        """What stands at a name or at the wildcard that covers it; None where it does not exist."""
        if name == self.apex:
            written = self._nodes.get(name, Node()).records
            return {**written, RdataType.SOA: self._soa, RdataType.NS: self._servers}
        node = self._at(name)
        if node is None:
            parents = names.between(name, self.apex)
            enclosers = (parent for parent in parents if self._at(parent) is not None)
            node = self._at(names.STAR + next(enclosers, self.apex))
        return None if node is None else node.records

    def _at(self, name: bytes) -> Node | None:
        node = self._nodes.get(name)
        return EMPTY if node is None and name in self._below else node

    def _cut(self, name: bytes, rdtype: int) -> bytes | None:
        """The topmost delegation at or above a name; DS at the cut itself is ours to answer."""
        found = [parent for parent in names.between(name, self.apex) if parent in self._cuts]
        if found:
            return found[-1]
        return name if name in self._cuts and rdtype != RdataType.DS else None

    def _pick(self, records: Mapping[int, Records], rdtype: int) -> Found:
        if rdtype == RdataType.ANY:
            if not records:
                return NoData(self._negative)
            return Data(min(records.values(), key=lambda each: (each.size, each.type)))
        found = records.get(rdtype)
        if found is not None:
            return Data(found, self._addresses(found))
        alias = records.get(RdataType.CNAME)
        if alias is not None:
            return Alias(alias, alias.rdatas[0].lower())
        return NoData(self._negative)

    def _addresses(self, servers: Records) -> tuple[Owned, ...]:
        if servers.type != RdataType.NS:
            return ()
        return tuple(
            (server, node.records[rdtype])
            for server in servers.rdatas
            if (node := self._nodes.get(server.lower())) is not None
            for rdtype in (RdataType.A, RdataType.AAAA)
            if rdtype in node.records
        )


def _later(serial: int, than: int) -> bool:
    return 0 < (serial - than) % 2**32 < 2**31


def _next(serial: int, now: int) -> int:
    """The time, or one more than the serial where it is ahead of the time; 0 is none."""
    now %= 2**32
    return now if not serial or _later(now, serial) else (serial + 1) % 2**32 or 1


EMPTY = Node()
