"""How one zone is written."""

from dataclasses import dataclass, replace

from kubefed_dns.api.providers import Policy
from kubefed_dns.decide.claims import Want
from kubefed_dns.decide.ownership import Registry


@dataclass(frozen=True, slots=True)
class Terms:
    """Without a registry nobody else writes to the zone: all that it holds is
    ours, and ownership needs no records.
    """

    zone: str
    registry: Registry | None
    policy: Policy = Policy.SYNC
    min_ttl: int = 0


def floored(want: Want, least: int) -> Want:
    """With a TTL of at least so much; applied before comparing, so that nothing flaps.

    The TTL of an alias is that of its target.
    """
    if want.rrset.ttl >= least or want.rrset.alias:
        return want
    return want._replace(rrset=replace(want.rrset, ttl=least))
