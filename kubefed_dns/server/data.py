"""The values of one type at one name as they stand in a message."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.rdata
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType

from kubefed_dns.errors import InvalidName
from kubefed_dns.records import RRset

TYPES = frozenset({
    RdataType.A, RdataType.AAAA, RdataType.CAA, RdataType.CNAME, RdataType.DS, RdataType.HTTPS,
    RdataType.MX, RdataType.NAPTR, RdataType.NS, RdataType.PTR, RdataType.SRV, RdataType.SSHFP,
    RdataType.SVCB, RdataType.TLSA, RdataType.TXT, RdataType.URI,
})  # fmt: skip

# Where names stand that may be compressed (RFC 3597, 4): octets before them, and how many.
NAMES: dict[int, tuple[int, int]] = {
    RdataType.NS: (0, 1),
    RdataType.CNAME: (0, 1),
    RdataType.PTR: (0, 1),
    RdataType.SOA: (0, 2),
    RdataType.MX: (2, 1),
}


@dataclass(frozen=True, slots=True)
class Records:
    """`rdatas` are uncompressed; `fixed` is type, class and TTL as each record repeats them."""

    type: int
    ttl: int
    rdatas: tuple[bytes, ...]

    @property
    def fixed(self) -> bytes:
        return struct.pack("!HHI", self.type, RdataClass.IN, self.ttl)

    @property
    def size(self) -> int:
        """Octets that the set takes in a message, owner names as pointers."""
        return sum(12 + len(rdata) for rdata in self.rdatas)


def merged(sets: Sequence[Records]) -> Records | None:
    """Sets of one type as one, with the least TTL; an alias has the first one's target only."""
    if len(sets) < 2 or sets[0].type == RdataType.CNAME:
        return sets[0] if sets else None
    rdatas = dict.fromkeys(rdata for records in sets for rdata in records.rdatas)
    return Records(sets[0].type, min(records.ttl for records in sets), tuple(rdatas))


def encode(rrset: RRset) -> Records:
    """Raises InvalidName where a value is none of its type."""
    rdtype = RdataType[rrset.type]
    return Records(rdtype, rrset.ttl, tuple(_rdata(rdtype, value) for value in rrset.values))


def _rdata(rdtype: RdataType, value: str) -> bytes:
    try:
        rdata = dns.rdata.from_text(RdataClass.IN, rdtype, value, dns.name.root, relativize=False)
        return rdata.to_wire() or b""
    except (dns.exception.DNSException, UnicodeError, ValueError) as error:
        raise InvalidName(f"{value!r} is no value of type {rdtype.name}: {error}") from error
