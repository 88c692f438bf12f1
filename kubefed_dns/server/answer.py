"""What the zones of a server say to a question (RFC 1034, 4.3.2; 2308; 6604)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dns.rcode import Rcode
from dns.rdatatype import RdataType

from kubefed_dns.server import names
from kubefed_dns.server.asker import Asker, Choices, Fork
from kubefed_dns.server.data import Records
from kubefed_dns.server.found import (
    Alias,
    Data,
    Found,
    NoData,
    NoName,
    Owned,
    Referral,
    Routed,
    Settled,
    Unknown,
)
from kubefed_dns.server.zone import Zone

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
    choices: Choices | None = None
    scope: int = 0

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


def answer(zones: Mapping[bytes, Zone], name: bytes, rdtype: int, asker: Asker) -> Answer:
    """Answer a question of class IN, following aliases as far as our zones go."""
    zone = closest(zones, name, rdtype)
    if zone is None:
        return Answer(Rcode.REFUSED)
    asked = zone.name
    chain: dict[bytes, Records] = {}
    stamps: list[Stamp] = []
    end: Answer | None = None
    while zone is not None and name not in chain and len(chain) < CHAIN:
        said, version = zone.find(name, rdtype)
        found = _settled(said, zone, name, rdtype, asker)
        stamps.append((zone, version))
        if not isinstance(found, Alias):
            end = _end(found, name, tuple(chain.items()))
            break
        chain[name] = found.records
        name = found.target
        zone = closest(zones, name, rdtype)
    if end is None:
        end = Answer(authoritative=True, answer=tuple(chain.items()))
    return replace(end, zone=asked, stamps=tuple(stamps), choices=asker.choices, scope=asker.scope)


def _settled(said: Found, zone: Zone, name: bytes, rdtype: int, asker: Asker) -> Settled:
    """What it comes to for this one who asks."""
    if not isinstance(said, Routed):
        return said
    records = asker.choose(Fork(said, name, zone))
    if records is None:
        return NoData(said.soa)
    if said.type == rdtype:
        return Data(records)
    return Alias(records, records.rdatas[0].lower())


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
