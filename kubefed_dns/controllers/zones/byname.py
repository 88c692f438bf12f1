"""Reading a zone that is not listed: some names, and all that may say whose they are."""

from collections.abc import Collection, Iterable

from kubefed_dns.controllers.zones.ledger import Ledger
from kubefed_dns.errors import InvalidName
from kubefed_dns.providers.protocol import Provider
from kubefed_dns.records import RRset, within

USUAL = ("A", "AAAA", "CNAME")
"""Types of which something of ours may be at a name, whatever is wanted there now."""


def read(
    provider: Provider, ledger: Ledger, names: Collection[str]
) -> tuple[frozenset[str], tuple[RRset, ...]]:
    """The names that were read, and what was found at them; it asks once or twice."""
    names = frozenset(names)
    wanted = ((b.name, b.rrset.type) for n in names for b in ledger.bids(n) if b.rrset)
    usual = ((name, rrtype) for name in names for rrtype in USUAL)
    first = names | _ownership(ledger, {*usual, *wanted})
    found = tuple(provider.read(ledger.zone, first))
    there = {(rrset.name, rrset.type) for rrset in found if rrset.name in names}
    more = _ownership(ledger, there) - first
    if more:
        found += tuple(provider.read(ledger.zone, more))
    return first | more, found


def _ownership(ledger: Ledger, sets: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The names in the zone at which the ownership of some sets stands, or once stood."""
    naming, found = ledger.naming, set[str]()
    for name, rrtype in sets if naming is not None else ():
        assert naming is not None
        try:
            found |= {naming.of(name, rrtype), *naming.older(name, rrtype)}
        except InvalidName:
            continue
    return frozenset(name for name in found if within(name, ledger.zone))
