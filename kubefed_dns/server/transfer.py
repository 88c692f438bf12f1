"""Whole zones and their latest changes, for secondaries (RFC 5936, 1995)."""

import struct
from collections.abc import Iterable, Iterator

from dns.rcode import Rcode
from dns.rdatatype import RdataType

from kubefed_dns.server import soa
from kubefed_dns.server.data import Records
from kubefed_dns.server.found import Copy, Owned
from kubefed_dns.server.history import Step
from kubefed_dns.server.message import AA, DO, QR, RD, Writer
from kubefed_dns.server.query import HEADER, Malformed, Query, soa_serial
from kubefed_dns.server.zone import Zone

TYPES = frozenset({RdataType.AXFR, RdataType.IXFR})
FULL = 16_384
"""Octets of a message to which nothing is added: as far as names can be pointed to."""
MUCH = 1000
"""Records in the changes that are always sent as such."""


def whole(zone: Zone) -> Iterator[Owned]:
    """All of a zone, between its SOA and its SOA."""
    copy = zone.copy()
    yield copy.soa
    yield from copy.sets
    yield copy.soa


def since(zone: Zone, serial: int) -> Iterator[Owned]:
    """What has changed since a serial; the SOA alone where nothing has.

    All of the zone where it is not known what has changed, or that is much more.
    """
    copy, steps = zone.copy(), zone.since(serial)
    yield copy.soa
    if serial == copy.serial or soa.later(serial, copy.serial):
        return
    if steps is None or steps[-1].after != copy.serial or _much(steps, copy):
        yield from copy.sets
    else:
        for step in steps:
            yield zone.apex, step.old
            yield from step.removed
            yield zone.apex, step.new
            yield from step.added
    yield copy.soa


def _much(steps: Iterable[Step], copy: Copy) -> bool:
    return sum(step.size for step in steps) > max(MUCH, 2 * copy.names)


def refusal(zone: Zone | None, query: Query, *, allowed: bool, tcp: bool) -> Rcode | None:
    """Why a transfer is not to be made; None where it is."""
    if zone is None:
        return Rcode.NOTAUTH
    if not allowed:
        return Rcode.REFUSED
    if not zone.filled:
        return Rcode.SERVFAIL
    if query.type == RdataType.AXFR and not tcp:
        return Rcode.FORMERR
    return None


def sets(zone: Zone, packet: bytes, query: Query) -> Iterator[Owned]:
    """What a question for a transfer asks for. Raises Malformed."""
    if query.type == RdataType.AXFR:
        return whole(zone)
    if not query.authority:
        raise Malformed("an IXFR that does not say its serial")
    return since(zone, soa_serial(packet, query.authority))


def messages(
    packet: bytes, query: Query, sets: Iterable[Owned], *, limit: int, payload: int
) -> Iterator[bytes]:
    """The answer to a question, in as many messages as it takes.

    Nothing is added to one beyond `limit`; a record that is larger has one of its own.
    """
    message = _Message(packet, query, payload=payload)
    for owner, records in sets:
        for rdata in records.rdatas:
            if not message.takes(owner, rdata, limit):
                yield message.done()
                message = _Message(packet, None)
            message.add(owner, Records(records.type, records.ttl, (rdata,)))
    yield message.done()


class _Message:
    """One of them; the first has the question and, if there was one, an OPT record."""

    def __init__(self, packet: bytes, query: Query | None, *, payload: int = 0) -> None:
        self._packet = packet
        self._query = query
        self._payload = payload
        self._writer = Writer(query)
        self._count = 0

    def takes(self, owner: bytes, rdata: bytes, limit: int) -> bool:
        """Whether a record fits, uncompressed as it may come to be."""
        size = len(self._writer.data) + len(owner) + 10 + len(rdata)
        return not self._count or size <= limit

    def add(self, owner: bytes, records: Records) -> None:
        self._count += self._writer.section([(owner, records)])

    def done(self) -> bytes:
        query, extra = self._query, 0
        if query is not None and query.edns is not None:
            self._writer.opt(self._payload, rcode=Rcode.NOERROR, do=query.edns.flags & DO)
            extra = 1
        flags = QR | AA | int.from_bytes(self._packet[2:4]) & RD
        counts = struct.pack("!H4H", flags, query is not None, self._count, 0, extra)
        return self._packet[:2] + counts + bytes(self._writer.data[HEADER:])
