"""Pointers back: from the addresses that names have to the names, in reverse zones."""

from collections.abc import Collection, Container, Iterable
from typing import NamedTuple

import dns.reversename

from kubefed_dns.api.endpoints import EndpointKey
from kubefed_dns.decide.bids import Bid, Source
from kubefed_dns.decide.claims import Want
from kubefed_dns.decide.placing import closest
from kubefed_dns.records import RRset, within

ROOTS = ("in-addr.arpa.", "ip6.arpa.")
MOST = 100
"""Names that one address points back to; BIND takes no larger sets."""


class Pointer(NamedTuple):
    """That one address has a name; `name` is the address's own in the reverse tree."""

    name: str
    target: str
    ttl: int
    source: Source


def is_reverse(zone: str) -> bool:
    return any(within(zone, root) for root in ROOTS)


def zone_of(name: str, zones: Iterable[str]) -> str | None:
    """Which of some zones, if any, holds what points back from an address."""
    return closest(name, _reverse(zones))


def pointers(name: str, wants: Iterable[Want], bids: Collection[Bid]) -> frozenset[Pointer]:
    """What points back to a name that holds these sets; `bids` are those at the name.

    None to a wildcard, which is no host's name.
    """
    if name.startswith("*."):
        return frozenset()
    sources = {bid.source.resource: bid.source for bid in bids}
    return frozenset(
        Pointer(dns.reversename.from_address(value).to_text(), name, want.rrset.ttl, source)
        for want in wants
        if want.rrset.type in {"A", "AAAA"} and (source := sources.get(want.resource)) is not None
        for value in want.rrset.values
    )


def bid(found: Collection[Pointer]) -> Bid:
    """One set of all the names of an address, by the oldest of those who want one."""
    name = next(iter(found)).name
    targets = sorted({pointer.target for pointer in found})[:MOST]
    ttl = min(pointer.ttl for pointer in found)
    source = min(pointer.source for pointer in found)
    key = EndpointKey(name.rstrip("."), "PTR", "")
    return Bid(source, key, name, RRset(name, "PTR", ttl, tuple(targets)))


def _reverse(zones: Iterable[str]) -> Container[str]:
    return {zone for zone in zones if is_reverse(zone)}
