"""What a DNSEndpoint wants: each endpoint as a set of records, or what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from kubefed_dns import records
from kubefed_dns.api.endpoints import DNSEndpoint, Endpoint, EndpointKey
from kubefed_dns.decide import ownership
from kubefed_dns.decide.reasons import Problem, Reason
from kubefed_dns.errors import InvalidName
from kubefed_dns.records import GEO, REGION, ROUTING, TIER, WEIGHT, RRset

DEFAULT_TTL = 300


class Source(NamedTuple):
    """A DNSEndpoint; in order, the older comes first."""

    created: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def resource(self) -> str:
        """As ownership records name it."""
        return f"crd/{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Bid:
    """One endpoint: the set that it is at a canonical name, or the problem why it is none.

    An endpoint for several locations is as many sets.
    """

    source: Source
    key: EndpointKey
    name: str
    rrset: RRset | None = None
    problem: Problem | None = None


def source(endpoint: DNSEndpoint) -> Source:
    return Source(endpoint.created, *endpoint.key)


def bids(endpoint: DNSEndpoint) -> tuple[Bid, ...]:
    """Those of each endpoint that has targets; where even the name is none, at the name ''."""
    origin = source(endpoint)
    return tuple(bid for each in endpoint.endpoints if each.targets for bid in _bids(origin, each))


def _bids(origin: Source, endpoint: Endpoint) -> Iterator[Bid]:
    name = ""
    try:
        name = records.canonical(endpoint.dns_name)
        made = tuple(_rrsets(endpoint))
    except InvalidName as error:
        problem = Problem(Reason.INVALID_NAME, str(error))
        yield Bid(origin, endpoint.key, name, problem=problem)
        return
    for each in made:
        yield Bid(origin, endpoint.key, name, each)


def _rrsets(endpoint: Endpoint) -> Iterator[RRset]:
    values = endpoint.targets
    if endpoint.record_type == "TXT":
        values = tuple(value if value[:1] == '"' else ownership.txt(value) for value in values)
    for identifier, properties in _variants(endpoint):
        made = records.rrset(
            endpoint.dns_name,
            endpoint.record_type,
            endpoint.ttl or DEFAULT_TTL,
            values,
            set_identifier=identifier,
            properties=properties,
        )
        _check(made)
        yield made


def _variants(endpoint: Endpoint) -> Iterator[tuple[str, dict[str, str]]]:
    """The set identifiers and properties; routing is said by its own field alone."""
    said, routing = dict(endpoint.provider_specific), endpoint.routing
    if clash := said.keys() & ROUTING:
        raise InvalidName(
            f"{endpoint.dns_name}: {', '.join(sorted(clash))} belongs into routing, not into "
            "providerSpecific"
        )
    if routing is None:
        yield endpoint.set_identifier, said
        return
    numbers = {WEIGHT: routing.weight, TIER: routing.tier}
    said |= {name: str(number) for name, number in numbers.items() if number is not None}
    said |= {REGION: routing.region} if routing.region else {}
    if (said.keys() & ROUTING or routing.geo) and not endpoint.set_identifier:
        raise InvalidName(
            f"{endpoint.dns_name} {endpoint.record_type}: routing needs a setIdentifier"
        )
    for code in routing.geo or ("",):
        identifier = endpoint.set_identifier
        if len(routing.geo) > 1:
            identifier = f"{identifier}@{code}"
        yield identifier, said | ({GEO: code} if code else {})


def _check(made: RRset) -> None:
    if made.type == "CNAME" and len(made.values) > 1:
        raise InvalidName(f"{made.name} CNAME: it can have one target, not {len(made.values)}")
    if made.type == "TXT" and any(_like_ownership(value) for value in made.values):
        raise InvalidName(f"{made.name} TXT: a value that begins with heritage= is for ownership")


def _like_ownership(value: str) -> bool:
    return ownership.text_of(value).lstrip('" ').lower().startswith("heritage=")
