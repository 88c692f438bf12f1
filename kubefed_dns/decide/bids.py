"""What a DNSEndpoint wants: each endpoint as a set of records, or what is wrong with it."""

from dataclasses import dataclass
from typing import NamedTuple

from kubefed_dns import records
from kubefed_dns.api.endpoints import DNSEndpoint, Endpoint, EndpointKey, Routing
from kubefed_dns.decide import ownership
from kubefed_dns.decide.reasons import Problem, Reason
from kubefed_dns.errors import InvalidName
from kubefed_dns.records import RRset

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
    """One endpoint: the set that it is at a canonical name, or the problem why it is none."""

    source: Source
    key: EndpointKey
    name: str
    rrset: RRset | None = None
    routing: Routing | None = None
    problem: Problem | None = None


def source(endpoint: DNSEndpoint) -> Source:
    return Source(endpoint.created, *endpoint.key)


def bids(endpoint: DNSEndpoint) -> tuple[Bid, ...]:
    """One for each endpoint that has targets; where even the name is none, at the name ''."""
    return tuple(_bid(source(endpoint), each) for each in endpoint.endpoints if each.targets)


def _bid(origin: Source, endpoint: Endpoint) -> Bid:
    name = ""
    try:
        name = records.canonical(endpoint.dns_name)
        made = _rrset(endpoint)
    except InvalidName as error:
        problem = Problem(Reason.INVALID_NAME, str(error))
        return Bid(origin, endpoint.key, name, problem=problem)
    return Bid(origin, endpoint.key, name, made, endpoint.routing)


def _rrset(endpoint: Endpoint) -> RRset:
    values = endpoint.targets
    if endpoint.record_type == "TXT":
        values = tuple(value if value[:1] == '"' else ownership.txt(value) for value in values)
    made = records.rrset(
        endpoint.dns_name,
        endpoint.record_type,
        endpoint.ttl or DEFAULT_TTL,
        values,
        set_identifier=endpoint.set_identifier,
    )
    if made.type == "CNAME" and len(made.values) > 1:
        raise InvalidName(f"{made.name} CNAME: it can have one target, not {len(made.values)}")
    if made.type == "TXT" and any(_like_ownership(value) for value in made.values):
        raise InvalidName(f"{made.name} TXT: a value that begins with heritage= is for ownership")
    return made


def _like_ownership(value: str) -> bool:
    return ownership.text_of(value).lstrip('" ').lower().startswith("heritage=")
