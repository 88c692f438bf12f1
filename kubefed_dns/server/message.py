"""DNS messages as bytes: questions read, answers written (RFC 1035, 6891)."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from dns.rcode import Rcode
from dns.rdatatype import RdataType

from kubefed_dns.server import names
from kubefed_dns.server.answer import Answer
from kubefed_dns.server.data import NAMES, Records
from kubefed_dns.server.zone import Owned

HEADER = 12
LEAST = 512
MOST = 65535
OPT_FIXED = 11

QR, OPCODE, AA, TC, RD = 0x8000, 0x7800, 0x0400, 0x0200, 0x0100
DO = 0x8000
POINTER = 0xC000
REACH = 0x4000


class Malformed(Exception):
    """The packet has an ID and is no question that can be read."""


class Edns(NamedTuple):
    size: int
    version: int
    flags: int


@dataclass(frozen=True, slots=True)
class Query:
    """`end` is where the question section ends in the packet."""

    name: bytes
    type: int
    rdclass: int
    end: int
    edns: Edns | None = None


class Reply(NamedTuple):
    """An answer without what each asker brings: his ID, his RD flag, his spelling of the name."""

    flags: int
    counts: bytes
    body: bytes


def parse(packet: bytes) -> Query:
    """Read a packet of at least a header. Raises Malformed."""
    try:
        return _parse(packet)
    except (IndexError, struct.error) as error:
        raise Malformed("it ends too early") from error


def _parse(packet: bytes) -> Query:
    questions, *others, additional = struct.unpack_from("!4H", packet, 4)
    if questions != 1:
        raise Malformed(f"{questions} questions")
    end = _name(packet, HEADER)
    if end < 0 or end - HEADER > names.LONGEST:
        raise Malformed("the name is too long or points elsewhere")
    rdtype, rdclass = struct.unpack_from("!HH", packet, end)
    at = end + 4
    for _ in range(sum(others)):
        at, _, _ = _record(packet, at)
    found: list[Edns] = []
    for _ in range(additional):
        start = at
        at, rdata, owned_type = _record(packet, at)
        if owned_type == RdataType.OPT:
            found.append(_edns(packet, start, rdata))
    if at != len(packet) or len(found) > 1:
        raise Malformed("more behind the end, or two OPT records")
    name = packet[HEADER:end].lower()
    return Query(name, rdtype, rdclass, end + 4, found[0] if found else None)


def _name(packet: bytes, at: int) -> int:
    """Where a name ends; the complement of that where it ends in a pointer."""
    while length := packet[at]:
        if length >= 0xC0:
            return ~(at + 2)
        if length > 63:
            raise Malformed("a label of unknown kind")
        at += length + 1
    return at + 1


def _record(packet: bytes, at: int) -> tuple[int, int, int]:
    """Where a record ends, where its data begins, and its type."""
    end = _name(packet, at)
    end = end if end >= 0 else ~end
    rdtype, _, _, length = struct.unpack_from("!HHIH", packet, end)
    if end + 10 + length > len(packet):
        raise Malformed("data longer than the packet")
    return end + 10 + length, end + 10, rdtype


def _edns(packet: bytes, at: int, rdata: int) -> Edns:
    if packet[at] or not whole_options(packet, rdata):
        raise Malformed("an OPT record that is not as RFC 6891 has it")
    size, _, version, flags, _ = struct.unpack_from("!HBBHH", packet, at + 3)
    return Edns(size, version, flags)


def whole_options(packet: bytes, at: int) -> bool:
    """Whether the EDNS options that begin at an offset, lengths before it, fill their record."""
    end = at + int.from_bytes(packet[at - 2 : at])
    while at + 4 <= end:
        at += 4 + int.from_bytes(packet[at + 2 : at + 4])
    return at == end


def write(answer: Answer, query: Query, *, limit: int, payload: int) -> Reply:
    """Write an answer into at most `limit` octets.

    Addresses that nobody asked for are left out first; what still does not fit
    is left out whole, with TC set. `payload` is the size we say that we take.
    """
    reply = _write(answer, query, payload)
    if _length(reply, query) > limit and answer.additional and not answer.glue:
        reply = _write(answer.without_additional(), query, payload)
    if _length(reply, query) > limit:
        flags, counts, body = _write(answer.emptied(), query, payload)
        reply = Reply(flags | TC, counts, body)
    return reply


def _length(reply: Reply, query: Query) -> int:
    return query.end + len(reply.body)


def _write(answer: Answer, query: Query, payload: int) -> Reply:
    flags = QR | (AA if answer.authoritative else 0) | answer.rcode & 0xF
    writer = _Writer(query)
    sections = [writer.section(each) for each in (answer.answer, answer.authority)]
    sections.append(writer.section(answer.additional))
    if query.edns is not None:
        sections[2] += 1
        writer.opt(payload, rcode=answer.rcode, do=query.edns.flags & DO)
    return Reply(flags, struct.pack("!4H", 1, *sections), bytes(writer.data[query.end :]))


class _Writer:
    """Names are compressed to where they stood before, the question's first of all."""

    def __init__(self, query: Query) -> None:
        self.data = bytearray(HEADER)
        self._known: dict[bytes, int] = {}
        self.name(query.name)
        self.data += struct.pack("!HH", query.type, query.rdclass)

    def name(self, name: bytes) -> None:
        at = 0
        while length := name[at]:
            suffix = name[at:]
            known = self._known.get(suffix)
            if known is not None:
                self.data += (POINTER | known).to_bytes(2)
                return
            if len(self.data) < REACH:
                self._known[suffix] = len(self.data)
            self.data += suffix[: length + 1]
            at += length + 1
        self.data += names.ROOT

    def section(self, sets: Iterable[Owned]) -> int:
        return sum(self._records(owner, records) for owner, records in sets)

    def opt(self, payload: int, *, rcode: Rcode, do: int) -> None:
        self.data += struct.pack("!BHHBBHH", 0, RdataType.OPT, payload, rcode >> 4, 0, do, 0)

    def _records(self, owner: bytes, records: Records) -> int:
        fixed = records.fixed
        before, count = NAMES.get(records.type, (0, 0))
        for rdata in records.rdatas:
            self.name(owner)
            self.data += fixed
            start = len(self.data)
            self.data += b"\0\0"
            self._rdata(rdata, before, count)
            struct.pack_into("!H", self.data, start, len(self.data) - start - 2)
        return len(records.rdatas)

    def _rdata(self, rdata: bytes, before: int, count: int) -> None:
        self.data += rdata[:before]
        at = before
        for _ in range(count):
            end = names.end_of(rdata, at)
            self.name(rdata[at:end])
            at = end
        self.data += rdata[at:]
