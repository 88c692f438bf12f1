"""`spec.routing` of a record: which of its clusters a client is sent to."""

import re
from dataclasses import dataclass
from enum import StrEnum

from kubefed_core.api import selectors
from kubefed_core.api.fields import Fields
from kubefed_core.api.selectors import Selector

_LOCATION = re.compile(r"\*|[A-Z]{2}(-[A-Z0-9]{1,3})?")


class Policy(StrEnum):
    SIMPLE = "Simple"
    WEIGHTED = "Weighted"
    FAILOVER = "Failover"
    GEO = "Geo"
    LATENCY = "Latency"


@dataclass(frozen=True, slots=True)
class Clusters:
    """Clusters by name, or else by label; neither are all."""

    names: frozenset[str] | None = None
    selector: Selector | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of a failover; it answers when `min_healthy` of its targets are in."""

    clusters: Clusters
    min_healthy: int = 1


@dataclass(frozen=True, slots=True)
class Geo:
    """Who is sent to which clusters: continents, countries, subdivisions, or `*` for the rest."""

    locations: tuple[str, ...]
    clusters: Clusters


@dataclass(frozen=True, slots=True)
class Routing:
    """A cluster without a weight has 1."""

    policy: Policy = Policy.SIMPLE
    weights: tuple[tuple[str, int], ...] = ()
    tiers: tuple[Tier, ...] = ()
    geo: tuple[Geo, ...] = ()


def parse(fields: Fields) -> Routing:
    """Raises Terminal, naming the field."""
    policy = fields.one_of("policy", Policy, default=Policy.SIMPLE)
    tiers = tuple(
        Tier(clusters(item), item.whole("minHealthy", default=1, least=1))
        for item in fields.each("tiers")
    )
    geo = tuple(Geo(_locations(item), clusters(item)) for item in fields.each("geo"))
    if policy == Policy.FAILOVER and not tiers:
        raise fields.missing("tiers", "Failover needs at least one")
    if policy == Policy.GEO and sum("*" in each.locations for each in geo) != 1:
        raise fields.missing("geo", 'exactly one entry must have the location "*"')
    return Routing(policy, _weights(fields.at("weights")), tiers, geo)


def clusters(fields: Fields) -> Clusters:
    """`clusters` and `clusterSelector`; the list wins, also when it is empty."""
    names = frozenset(fields.texts("clusters")) if "clusters" in fields else None
    where = fields.where("clusterSelector")
    return Clusters(names, selectors.parse(fields.obj.get("clusterSelector"), where))


def _weights(fields: Fields) -> tuple[tuple[str, int], ...]:
    return tuple((name, fields.whole(name, default=1, most=255)) for name in sorted(fields.obj))


def _locations(fields: Fields) -> tuple[str, ...]:
    found = fields.texts("locations")
    if not found:
        raise fields.missing("locations")
    for each in found:
        if not _LOCATION.fullmatch(each):
            raise fields.wrong("locations", f'{each!r} is none of "*", "EU", "DE", "US-CA"')
    return found
