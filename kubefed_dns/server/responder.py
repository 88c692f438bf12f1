"""From a packet to the packet that answers it, without I/O."""

import logging
from collections import Counter
from collections.abc import Mapping

from dns.rcode import Rcode
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType

from kubefed_dns.server import message
from kubefed_dns.server.answer import Answer, Stamp, answer
from kubefed_dns.server.cache import Cache
from kubefed_dns.server.zone import Zone

log = logging.getLogger(__name__)

# Types that are no data (RFC 6895, 3.1), and what asking for one is answered with.
META = {
    **dict.fromkeys([RdataType.OPT, *range(128, 252)], Rcode.FORMERR),
    **dict.fromkeys([RdataType.IXFR, RdataType.AXFR], Rcode.REFUSED),
    **dict.fromkeys([RdataType.MAILB, RdataType.MAILA], Rcode.NOTIMP),
}
BARE = b"\0\1\0\0\0\0\0\0"
WITH_OPT = b"\0\1\0\0\0\0\0\1"
OPT_START = b"\0\0\x29"
KEPT = 1232
SHOWN = 64

Label = tuple[str, str]
Entry = tuple[tuple[Stamp, ...], Label, tuple[bytes, bytes], bytes]


class Responder:
    """Answers from zones, and keeps answers as bytes for as long as their zones do not change.

    `queries` counts by zone (empty where none of ours was asked) and rcode.
    """

    def __init__(self, *, queries: Counter[Label], payload: int, cached: int) -> None:
        self._queries = queries
        self._payload = payload
        self._cached = cached
        self.serve({})

    def serve(self, zones: Mapping[bytes, Zone]) -> None:
        """Answer from other zones, given by apex, from the next packet on."""
        cache: Cache[bytes, Entry] = Cache(self._cached)
        self._serving = zones, cache

    def respond(self, packet: bytes, *, tcp: bool = False) -> bytes | None:
        """The answer to a packet; None where it deserves none. Never raises."""
        if len(packet) < message.HEADER or packet[2] & 0x80:
            return None
        try:
            key, end = _key(packet, tcp)
            entry = self._serving[1].get(key) if key else None
            if entry is None or not _current(entry[0]):
                return self._respond(packet, key, end, tcp)
            _, label, heads, body = entry
            self._queries[label] += 1
            return packet[:2] + heads[packet[2] & 1] + packet[12:end] + body
        except Exception:
            log.exception("no answer to %s", packet[:SHOWN].hex())
            return self._header_only(packet, Rcode.SERVFAIL)

    def _respond(self, packet: bytes, key: bytes, end: int, tcp: bool) -> bytes:
        if packet[2] & 0x78:
            return self._header_only(packet, Rcode.NOTIMP)
        try:
            query = message.parse(packet)
        except message.Malformed as error:
            log.debug("malformed query: %s", error)
            return self._header_only(packet, Rcode.FORMERR)
        zones, cache = self._serving
        found = _decide(zones, query)
        limit = message.MOST if tcp else self._limit(query)
        reply = message.write(found, query, limit=limit, payload=self._payload)
        if tcp and reply.flags & message.TC:
            log.error("a set of %s is too large for a DNS message", found.zone)
            found = Answer(Rcode.SERVFAIL, found.zone)
            reply = message.write(found, query, limit=limit, payload=self._payload)
        entry = _entry(found, reply)
        if key and end == query.end and found.stamps and len(reply.body) <= KEPT:
            cache.put(key, entry)
        _, label, heads, body = entry
        self._queries[label] += 1
        return packet[:2] + heads[packet[2] & 1] + packet[12 : query.end] + body

    def _limit(self, query: message.Query) -> int:
        size = 0 if query.edns is None else query.edns.size
        return max(message.LEAST, min(size, self._payload))

    def _header_only(self, packet: bytes, rcode: Rcode) -> bytes:
        """The answer to what cannot be read further than its header."""
        self._queries["", rcode.name] += 1
        flags = int.from_bytes(packet[2:4]) & (message.OPCODE | message.RD) | message.QR | rcode
        return packet[:2] + flags.to_bytes(2) + bytes(8)


def _decide(zones: Mapping[bytes, Zone], query: message.Query) -> Answer:
    if query.edns is not None and query.edns.version:
        return Answer(Rcode.BADVERS)
    if query.rdclass != RdataClass.IN:
        return Answer(Rcode.REFUSED)
    refusal = META.get(query.type)
    return answer(zones, query.name, query.type) if refusal is None else Answer(refusal)


def _current(stamps: tuple[Stamp, ...]) -> bool:
    for zone, version in stamps:  # noqa: SIM110 (a generator would cost more than all the rest)
        if zone.version != version:
            return False
    return True


def _entry(found: Answer, reply: message.Reply) -> Entry:
    flags, counts, body = reply
    heads = (flags.to_bytes(2) + counts, (flags | message.RD).to_bytes(2) + counts)
    return found.stamps, (found.zone, found.rcode.name), heads, body


def _key(packet: bytes, tcp: bool) -> tuple[bytes, int]:
    """What the answer to a plain question is kept under, and where its question section ends.

    The key is empty for a packet of any other shape. The first zero octet is
    taken for the end of the name; where it is not, the key begins with no
    whole name, and the end is not the one that `message.parse` finds.
    """
    end = last = packet.find(0, 12) + 5
    counts = packet[4:12]
    if counts == WITH_OPT and packet[end : end + 3] == OPT_START:
        last = end + 9
        size = int.from_bytes(packet[last : last + 2])
        if len(packet) != last + 2 + size:
            return b"", end
        if size and not message.whole_options(packet, last + 2):
            return b"", end
    elif counts != BARE or len(packet) != end:
        return b"", end
    if packet[2] & 0xFE:
        return b"", end
    asked = end - 4
    name = packet[12:asked].lower()
    return (b"t" if tcp else b"u") + name + packet[asked:last], end
