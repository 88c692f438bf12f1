"""DNS questions as bytes, read (RFC 1035, 6891, 7871, 8945)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dns.rdatatype import RdataType

from kubefed_dns.server import names, subnet
from kubefed_dns.server.subnet import Subnet

HEADER = 12


class Malformed(Exception):
    """The packet has an ID and is no question that can be read."""


class Edns(NamedTuple):
    size: int
    version: int
    flags: int
    subnet: Subnet | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """`end` is where the question section ends in the packet.

    `authority` and `tsig` are where the first record of that section and the
    TSIG record begin, 0 where there is none.
    """

    name: bytes
    type: int
    rdclass: int
    end: int
    edns: Edns | None = None
    authority: int = 0
    tsig: int = 0

    @property
    def subnet(self) -> Subnet | None:
        return self.edns.subnet if self.edns is not None else None


class _Spot(NamedTuple):
    """Where a record is in a packet, and its type; `rdata` is where its data begins."""

    start: int
    rdata: int
    end: int
    type: int


def parse(packet: bytes) -> Query:
    """Read a packet of at least a header. Raises Malformed."""
    try:
        return _parse(packet)
    except (IndexError, struct.error) as error:
        raise Malformed("it ends too early") from error


def _parse(packet: bytes) -> Query:
    questions, *counts = struct.unpack_from("!4H", packet, 4)
    if questions != 1:
        raise Malformed(f"{questions} questions")
    end = _name(packet, HEADER)
    if end < 0 or end - HEADER > names.LONGEST:
        raise Malformed("the name is too long or points elsewhere")
    rdtype, rdclass = struct.unpack_from("!HH", packet, end)
    at = end + 4
    sections: list[list[_Spot]] = []
    for count in counts:
        sections.append([])
        for _ in range(count):
            sections[-1].append(_record(packet, at))
            at = sections[-1][-1].end
    _, authority, additional = sections
    if at != len(packet):
        raise Malformed("more behind the end")
    return Query(
        packet[HEADER:end].lower(),
        rdtype,
        rdclass,
        end + 4,
        _opt(packet, additional),
        authority[0].start if authority else 0,
        _tsig(additional),
    )


def _opt(packet: bytes, additional: Sequence[_Spot]) -> Edns | None:
    found = [spot for spot in additional if spot.type == RdataType.OPT]
    if len(found) > 1:
        raise Malformed("two OPT records")
    return _edns(packet, found[0]) if found else None


def _tsig(additional: Sequence[_Spot]) -> int:
    """RFC 8945, 5.1: there is one at most, and it is the last."""
    found = [spot for spot in additional if spot.type == RdataType.TSIG]
    if not found:
        return 0
    if len(found) > 1 or found[0] is not additional[-1]:
        raise Malformed("a TSIG record that is not the last")
    return found[0].start


def _name(packet: bytes, at: int) -> int:
    """Where a name ends; the complement of that where it ends in a pointer."""
    while length := packet[at]:
        if length >= 0xC0:
            return ~(at + 2)
        if length > 63:
            raise Malformed("a label of unknown kind")
        at += length + 1
    return at + 1


def _record(packet: bytes, at: int) -> _Spot:
    end = _name(packet, at)
    end = end if end >= 0 else ~end
    rdtype, _, _, length = struct.unpack_from("!HHIH", packet, end)
    if end + 10 + length > len(packet):
        raise Malformed("data longer than the packet")
    return _Spot(at, end + 10, end + 10 + length, rdtype)


def _edns(packet: bytes, spot: _Spot) -> Edns:
    if packet[spot.start]:
        raise Malformed("an OPT record with a name")
    size, _, version, flags, _ = struct.unpack_from("!HBBHH", packet, spot.start + 3)
    return Edns(size, version, flags, None if version else client_subnet(packet, spot.rdata))


def client_subnet(packet: bytes, at: int) -> Subnet | None:
    """Of the EDNS options that begin at an offset, lengths before it, the one for whom it is asked.

    Raises Malformed where they do not fill their record, or that one is not as it has to be.
    """
    end = at + int.from_bytes(packet[at - 2 : at])
    found: Subnet | None = None
    while at + 4 <= end:
        data = at + 4
        at = data + int.from_bytes(packet[at + 2 : data])
        if packet[data - 4] or packet[data - 3] != subnet.CODE:
            continue
        if found is not None or at > end:
            raise Malformed("two client subnets, or one cut short")
        found = _client_subnet(packet[data:at])
    if at != end:
        raise Malformed("EDNS options that do not fill their record")
    return found


def _client_subnet(data: bytes) -> Subnet:
    try:
        return subnet.parse(data)
    except ValueError as error:
        raise Malformed(str(error)) from error


def soa_serial(packet: bytes, at: int) -> int:
    """The serial in a SOA record that begins at an offset. Raises Malformed where it is none."""
    try:
        spot = _record(packet, at)
        end = spot.rdata
        for _ in range(2):
            end = _name(packet, end)
            end = end if end >= 0 else ~end
        if spot.type != RdataType.SOA or end + 20 != spot.end:
            raise Malformed("no SOA record, or one of another size")
        return int.from_bytes(packet[end : end + 4])
    except IndexError as error:
        raise Malformed("a SOA record that ends too early") from error
