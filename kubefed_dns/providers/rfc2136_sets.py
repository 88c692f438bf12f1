"""Records as servers send them, as sets of ours."""

from collections.abc import Iterable

import dns.name
import dns.rdata
import dns.rdatatype
import dns.rrset

from kubefed_dns import records
from kubefed_dns.errors import InvalidName
from kubefed_dns.records import RRset

# Made by a server that signs its zone, not by whoever writes to it; 65534 is BIND's notebook.
_SIGNING = frozenset(
    {
        dns.rdatatype.RRSIG,
        dns.rdatatype.NSEC,
        dns.rdatatype.NSEC3,
        dns.rdatatype.NSEC3PARAM,
        dns.rdatatype.RdataType.make(65534),
    }
)
_AT_APEX = frozenset({dns.rdatatype.SOA, dns.rdatatype.NS})
_WITHOUT_NAMES = frozenset({dns.rdatatype.A, dns.rdatatype.AAAA, dns.rdatatype.TXT})


def made(rrsets: Iterable[dns.rrset.RRset], zone: str) -> tuple[RRset, ...]:
    """Whole sets, however they were cut; without what is nobody's to write."""
    found: dict[tuple[tuple[bytes, ...], int], tuple[dns.rrset.RRset, list[dns.rdata.Rdata]]] = {}
    for rrset in rrsets:
        if rrset.rdtype not in _SIGNING:
            labels = tuple(map(bytes.lower, rrset.name.labels))
            found.setdefault((labels, rrset.rdtype), (rrset, []))[1].extend(rrset)
    apex = dns.name.from_text(zone)
    return tuple(
        _rrset(head, rdatas)
        for head, rdatas in found.values()
        if head.rdtype not in _AT_APEX or head.name != apex
    )


def is_soa(rrset: dns.rrset.RRset, zone: str) -> bool:
    return rrset.rdtype == dns.rdatatype.SOA and rrset.name.canonicalize().to_text() == zone


def _rrset(head: dns.rrset.RRset, rdatas: Iterable[dns.rdata.Rdata]) -> RRset:
    rrtype = dns.rdatatype.to_text(head.rdtype)
    texts = {rdata.to_text() for rdata in rdatas}
    if head.rdtype not in _WITHOUT_NAMES:
        texts = {_canonical(rrtype, text) for text in texts}
    return RRset(head.name.canonicalize().to_text(), rrtype, head.ttl, tuple(sorted(texts)))


def _canonical(rrtype: str, text: str) -> str:
    try:
        return records.value_of(rrtype, text)
    except InvalidName:
        # Something foreign that we could not write; it must not hide the rest of the zone.
        return text
