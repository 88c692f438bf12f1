"""DNS answers as bytes, written (RFC 1035, 6891)."""

import struct
from collections.abc import Iterable
from typing import NamedTuple

from dns.rcode import Rcode
from dns.rdatatype import RdataType

from kubefed_dns.server import names
from kubefed_dns.server.answer import Answer
from kubefed_dns.server.data import NAMES, Records
from kubefed_dns.server.found import Owned
from kubefed_dns.server.query import HEADER, Query

LEAST = 512
MOST = 65535

QR, OPCODE, AA, TC, RD = 0x8000, 0x7800, 0x0400, 0x0200, 0x0100
DO = 0x8000
POINTER = 0xC000
REACH = 0x4000


class Reply(NamedTuple):
    """An answer without what each asker brings: his ID, his RD flag, his spelling of the name."""

    flags: int
    counts: bytes
    body: bytes


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
    writer = Writer(query)
    sections = [writer.section(each) for each in (answer.answer, answer.authority)]
    sections.append(writer.section(answer.additional))
    if query.edns is not None:
        sections[2] += 1
        writer.opt(payload, rcode=answer.rcode, do=query.edns.flags & DO)
    return Reply(flags, struct.pack("!4H", 1, *sections), bytes(writer.data[query.end :]))


class Writer:
    """Names are compressed to where they stood before, the question's first of all."""

    def __init__(self, query: Query | None = None) -> None:
        self.data = bytearray(HEADER)
        self._known: dict[bytes, int] = {}
        if query is not None:
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
