"""From a packet to the packet that answers it, without I/O."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Literal, NamedTuple, overload

from dns.rcode import Rcode
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType

from kubefed_dns.server import message, subnet, transfer, tsig
from kubefed_dns.server.answer import Answer, Stamp, answer, closest
from kubefed_dns.server.asker import Asker, Choices, Fork
from kubefed_dns.server.cache import Cache
from kubefed_dns.server.query import HEADER, Malformed, Query, client_subnet, parse
from kubefed_dns.server.routing import Dice
from kubefed_dns.server.subnet import Subnet
from kubefed_dns.server.tsig import Seal
from kubefed_dns.server.zone import Zone

log = logging.getLogger(__name__)

# Types that are no data (RFC 6895, 3.1), and what asking for one is answered with.
META = {
    **dict.fromkeys([RdataType.OPT, *range(128, 251)], Rcode.FORMERR),
    **dict.fromkeys([RdataType.MAILB, RdataType.MAILA], Rcode.NOTIMP),
}
BARE = b"\0\1\0\0\0\0\0\0"
WITH_OPT = b"\0\1\0\0\0\0\0\1"
OPT_START = b"\0\0\x29"
KEPT = 1232
SHOWN = 64

Label = tuple[str, str]
Key = bytes | tuple[bytes, Choices | None]


class Entry(NamedTuple):
    """A kept answer.

    Without a body there are several, each with an entry of its own; `fork` is
    where they part, if that is at one name.
    """

    stamps: tuple[Stamp, ...]
    label: Label
    heads: tuple[bytes, bytes]
    body: bytes | None
    fork: Fork | None = None


class _Asked(NamedTuple):
    """A packet on its way to an answer; `key` and `end` are those of `_key`."""

    packet: bytes
    sender: str
    tcp: bool
    key: bytes
    end: int


class Responder:
    """Answers from zones, and keeps answers as bytes for as long as their zones do not change.

    `queries` counts by zone (empty where none of ours was asked) and rcode.
    `chance` gives numbers in [0, 1). Zones are handed on only while `leading`.
    """

    def __init__(
        self,
        *,
        queries: Counter[Label],
        payload: int,
        cached: int,
        chance: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self.leading = True
        self._queries = queries
        self._payload = payload
        self._cached = cached
        self._dice = Dice(chance)
        self._now = now
        self.serve({})

    def serve(self, zones: Mapping[bytes, Zone]) -> None:
        """Answer from other zones, given by apex, from the next packet on."""
        cache: Cache[Key, Entry] = Cache(self._cached)
        self._serving = zones, cache

    @overload
    def respond(
        self, packet: bytes, sender: str = ..., *, tcp: Literal[False] = ...
    ) -> bytes | None: ...

    @overload
    def respond(
        self, packet: bytes, sender: str = ..., *, tcp: bool = ...
    ) -> bytes | Iterator[bytes] | None: ...

    def respond(
        self, packet: bytes, sender: str = "", *, tcp: bool = False
    ) -> bytes | Iterator[bytes] | None:
        """The answer to a packet from an address; None where it deserves none. Never raises.

        The answer to a transfer over TCP is several messages, made as they are taken.
        """
        if len(packet) < HEADER or packet[2] & 0x80:
            return None
        try:
            key, end, whom = _key(packet, tcp)
            entry = self._serving[1].get(key) if key else None
            if entry is None or not _current(entry[0]):
                return self._respond(_Asked(packet, sender, tcp, key, end))
            _, label, heads, body, _ = entry
            if body is None or whom is not None:
                return self._vary(_Asked(packet, sender, tcp, key, end), whom, entry)
            self._queries[label] += 1
            return packet[:2] + heads[packet[2] & 1] + packet[12:end] + body
        except Malformed as error:
            log.debug("malformed query: %s", error)
            return self._header_only(packet, Rcode.FORMERR)
        except Exception:
            log.exception("no answer to %s", packet[:SHOWN].hex())
            return self._header_only(packet, Rcode.SERVFAIL)

    def _respond(self, asked: _Asked) -> bytes | Iterator[bytes]:
        """Without a kept answer. Raises Malformed."""
        packet = asked.packet
        if packet[2] & 0x78:
            return self._header_only(packet, Rcode.NOTIMP)
        query = parse(packet)
        zones, cache = self._serving
        seal = None
        if query.tsig:
            zone = closest(zones, query.name, query.type)
            keys = zone.policy.keys if zone is not None else {}
            seal = tsig.verify(packet, query.tsig, keys, now=self._seconds)
        found = _obstacle(query, seal)
        if found is None and query.type in transfer.TYPES:
            return self._transfer(asked, query, seal)
        asker = Asker(asked.sender, query.subnet, self._dice)
        if found is None:
            found = answer(zones, query.name, query.type, asker)
        entry = self._entry(found, query, tcp=asked.tcp, seal=seal)
        if asked.key and asked.end == query.end:
            _keep(cache, asked.key, found, entry, forks=asker.forks)
        made = self._made(packet, query.end, entry, query.subnet, found.scope)
        return made if seal is None else seal.sign(made)

    def _vary(self, asked: _Asked, whom: Subnet | None, entry: Entry) -> bytes:
        """By a kept answer that is not for everybody, or not in so many words."""
        packet, end = asked.packet, asked.end
        if entry.body is not None:
            return self._made(packet, end, entry, whom, 0)
        zones, cache = self._serving
        asker = Asker(asked.sender, whom, self._dice)
        chosen = None
        if entry.fork is not None:
            asker.choose(entry.fork)
            chosen = cache.get((asked.key, asker.choices))
        if chosen is None or not _current(chosen.stamps):
            query = parse(packet)
            found = answer(zones, query.name, query.type, asker)
            chosen = self._entry(found, query, tcp=asked.tcp, seal=None)
            _keep(cache, asked.key, found, chosen, forks=asker.forks)
        return self._made(packet, end, chosen, whom, asker.scope)

    def _made(
        self, packet: bytes, end: int, entry: Entry, whom: Subnet | None, scope: int
    ) -> bytes:
        self._queries[entry.label] += 1
        body = entry.body or b""
        if whom is not None:
            # The OPT record comes last, and has no option so far.
            option = whom.option(scope)
            body = body[:-2] + len(option).to_bytes(2) + option
        return packet[:2] + entry.heads[packet[2] & 1] + packet[12:end] + body

    def _entry(self, found: Answer, query: Query, *, tcp: bool, seal: Seal | None) -> Entry:
        limit = self._limit(query, tcp=tcp, seal=seal)
        flags, counts, body = message.write(found, query, limit=limit, payload=self._payload)
        if tcp and flags & message.TC:
            log.error("a set of %s is too large for a DNS message", found.zone)
            found = Answer(Rcode.SERVFAIL, found.zone)
            flags, counts, body = message.write(found, query, limit=limit, payload=self._payload)
        heads = (flags.to_bytes(2) + counts, (flags | message.RD).to_bytes(2) + counts)
        return Entry(found.stamps, (found.zone, found.rcode.name), heads, body)

    def _limit(self, query: Query, *, tcp: bool, seal: Seal | None) -> int:
        """The size of a message, less what is put into it afterwards."""
        size = 0 if query.edns is None else query.edns.size
        most = message.MOST if tcp else max(message.LEAST, min(size, self._payload))
        beside = 0 if query.subnet is None else subnet.LONGEST
        return most - beside - (0 if seal is None else seal.size)

    def _transfer(self, asked: _Asked, query: Query, seal: Seal | None) -> bytes | Iterator[bytes]:
        """All of a zone or its changes, for those who may have them. Raises Malformed."""
        packet, tcp = asked.packet, asked.tcp
        zone = self._serving[0].get(query.name)
        allowed = zone is not None and (seal is not None or zone.policy.allows(asked.sender))
        refused = transfer.refusal(zone, query, allowed=allowed and self.leading, tcp=tcp)
        kind = RdataType(query.type).name
        if zone is None or refused is not None:
            found = Answer(refused or Rcode.NOTAUTH, zone.name if zone is not None else "")
            entry = self._entry(found, query, tcp=tcp, seal=seal)
            made = self._made(packet, query.end, entry, query.subnet, 0)
            log.info("%s from %s: %s", kind, asked.sender, found.rcode.name)
            return made if seal is None else seal.sign(made)
        self._queries[zone.name, Rcode.NOERROR.name] += 1
        limit = transfer.FULL if tcp else self._limit(query, tcp=False, seal=seal) - 11
        made_of = transfer.sets(zone, packet, query)
        parts = transfer.messages(packet, query, made_of, limit=limit, payload=self._payload)
        log.info("%s of %s to %s", kind, zone.name, asked.sender)
        if tcp:
            return parts if seal is None else map(seal.sign, parts)
        first, *more = islice(parts, 2)
        if more:  # The SOA alone says: ask again over TCP (RFC 1995, 2).
            soa = islice(transfer.sets(zone, packet, query), 1)
            (first,) = transfer.messages(packet, query, soa, limit=limit, payload=self._payload)
        return first if seal is None else seal.sign(first)

    def _seconds(self) -> int:
        return int(self._now().timestamp())

    def _header_only(self, packet: bytes, rcode: Rcode) -> bytes:
        """The answer to what cannot be read further than its header."""
        self._queries["", rcode.name] += 1
        flags = int.from_bytes(packet[2:4]) & (message.OPCODE | message.RD) | message.QR | rcode
        return packet[:2] + flags.to_bytes(2) + bytes(8)


def _obstacle(query: Query, seal: Seal | None) -> Answer | None:
    """What a question is answered with that is not looked up; None where it is."""
    if seal is not None and seal.error:
        return Answer(Rcode.NOTAUTH)
    if query.edns is not None and query.edns.version:
        return Answer(Rcode.BADVERS)
    if query.rdclass != RdataClass.IN:
        return Answer(Rcode.REFUSED)
    refusal = META.get(query.type)
    return Answer(refusal) if refusal is not None else None


def _keep(
    cache: Cache[Key, Entry], key: bytes, found: Answer, entry: Entry, *, forks: Sequence[Fork]
) -> None:
    """With the cache that goes with the zones that were asked, which may be others by now."""
    if not found.stamps or len(entry.body or b"") > KEPT:
        return
    if found.choices is None:
        cache.put(key, entry)
    else:
        fork = forks[0] if len(forks) == 1 else None
        cache.put(key, entry._replace(body=None, fork=fork))
        cache.put((key, found.choices), entry)


def _current(stamps: tuple[Stamp, ...]) -> bool:
    for zone, version in stamps:  # noqa: SIM110 (a generator would cost more than all the rest)
        if zone.version != version:
            return False
    return True


def _key(packet: bytes, tcp: bool) -> tuple[bytes, int, Subnet | None]:
    """What the answer to a plain question is kept under, where its question section ends, for whom.

    The key is empty for a packet of any other shape. The first zero octet is
    taken for the end of the name; where it is not, the key begins with no
    whole name, and the end is not the one that `parse` finds.
    """
    end = last = packet.find(0, 12) + 5
    counts = packet[4:12]
    whom = None
    if counts == WITH_OPT and packet[end : end + 3] == OPT_START:
        last = end + 9
        size = int.from_bytes(packet[last : last + 2])
        if len(packet) != last + 2 + size:
            return b"", end, None
        if size:
            try:
                whom = client_subnet(packet, last + 2)
            except Malformed:
                return b"", end, None
    elif counts != BARE or len(packet) != end:
        return b"", end, None
    if packet[2] & 0xFE:
        return b"", end, None
    asked = end - 4
    name = packet[12:asked].lower()
    kind = b"t" if tcp else b"u"
    if whom is not None:
        kind = kind.upper()
    return kind + name + packet[asked:last], end, whom
