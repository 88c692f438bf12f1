"""What the zones of a server say to a question (RFC 1034, 4.3.2; 2308; 6604)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dns.rcode import Rcode
from dns.rdatatype import RdataType

from kubefed_dns.server import names
from kubefed_dns.server.data import Records
from kubefed_dns.server.zone import (
    Alias,
    Data,
    NoData,
    NoName,
    Owned,
    Referral,
    Unknown,
    Zone,
)

CHAIN = 16

Chain = tuple[Owned, ...]
Stamp = tuple[Zone, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """The sections of a message, by owner.

    `zone` is the one that was asked, empty where there is none. The answer is
    right as long as each zone in `stamps` has that version; without stamps it
    is right only once. With `glue`, it is of no use without `additional`.
    """

    rcode: Rcode = Rcode.NOERROR
    zone: str = ""
    authoritative: bool = False
    answer: tuple[Owned, ...] = ()
    authority: tuple[Owned, ...] = ()
    additional: tuple[Owned, ...] = ()
    glue: bool = False
    stamps: tuple[Stamp, ...] = ()

    def without_additional(self) -> "Answer":
        return replace(self, additional=())

    def emptied(self) -> "Answer":
        return replace(self, answer=(), authority=(), additional=())


def closest(zones: Mapping[bytes, Zone], name: bytes, rdtype: int) -> Zone | None:
    """The zone that answers for a name: the deepest, but for DS the one above the cut."""
    found = [zone for suffix in names.suffixes(name) if (zone := zones.get(suffix)) is not None]
    if rdtype == RdataType.DS and len(found) > 1 and found[0].apex == name:
        return found[1]
    return found[0] if found else None


def answer(zones: Mapping[bytes, Zone], name: bytes, rdtype: int) -> Answer:
    """Answer a question of class IN, following aliases as far as our zones go."""
    zone = closest(zones, name, rdtype)
    if zone is None:
        return Answer(Rcode.REFUSED)
    asked = zone.name
    chain: dict[bytes, Records] = {}
    stamps: list[Stamp] = []
    while zone is not None and name not in chain and len(chain) < CHAIN:
        found, version = zone.find(name, rdtype)
        stamps.append((zone, version))
        if not isinstance(found, Alias):
            end = _end(found, name, tuple(chain.items()))
            return replace(end, zone=asked, stamps=tuple(stamps))
        chain[name] = found.records
        name = found.target
        zone = closest(zones, name, rdtype)
    whole = tuple(chain.items())
    return Answer(zone=asked, authoritative=True, answer=whole, stamps=tuple(stamps))


def _end(found: Data | NoData | NoName | Referral | Unknown, name: bytes, chain: Chain) -> Answer:
    """The answer where a name is no alias; the rcode is that of the last name (RFC 6604)."""
    match found:
        case Data(records, extra):
            whole = (*chain, (name, records))
            return Answer(authoritative=True, answer=whole, additional=extra)
        case NoData(soa):
            return Answer(authoritative=True, answer=chain, authority=(soa,))
        case NoName(soa):
            return Answer(Rcode.NXDOMAIN, authoritative=True, answer=chain, authority=(soa,))
        case Referral() | Unknown() if chain:
            return Answer(authoritative=True, answer=chain)
        case Referral(servers, glue):
            return Answer(authority=(servers,), additional=glue, glue=True)
        case Unknown():
            return Answer(Rcode.SERVFAIL)
