"""DNSEndpoint: records to publish, made from a record or written by hand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kubefed_core.api import conditions
from kubefed_core.api.conditions import Condition
from kubefed_core.api.fields import Fields
from kubefed_core.api.loose import filled, objects, text, whole
from kubefed_core.objects import Key, Obj, dig, generation, key_of, uid
from kubefed_dns.records import MAX_TTL

MAX_ENDPOINTS = 5000
MAX_TARGETS = 1000


class EndpointKey(NamedTuple):
    """Two endpoints with the same are the same record."""

    dns_name: str
    record_type: str
    set_identifier: str = ""


@dataclass(frozen=True, slots=True)
class Routing:
    """When this endpoint is the answer among those of its name; None and empty: not said."""

    weight: int | None = None
    tier: int | None = None
    geo: tuple[str, ...] = ()
    region: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One record. `dns_name` has no dot at the end; `ttl` 0 leaves it to the provider."""

    dns_name: str
    record_type: str
    targets: tuple[str, ...] = ()
    ttl: int = 0
    set_identifier: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    provider_specific: tuple[tuple[str, str], ...] = ()
    routing: Routing | None = None

    @property
    def key(self) -> EndpointKey:
        return EndpointKey(self.dns_name, self.record_type, self.set_identifier)


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of one endpoint at one provider; an empty `error`: it is there."""

    name: str
    zone: str = ""
    marker: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class EndpointState:
    key: EndpointKey
    providers: tuple[Placed, ...] = ()


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """`names` and `targets` are what the printer columns show."""

    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()
    endpoints: tuple[EndpointState, ...] = ()
    names: str = ""
    targets: str = ""


@dataclass(frozen=True, slots=True)
class DNSEndpoint:
    key: Key
    endpoints: tuple[Endpoint, ...] = ()
    status: EndpointStatus = field(default_factory=EndpointStatus)
    uid: str = ""
    generation: int = 0
    created: str = ""


def parse(obj: Obj) -> DNSEndpoint:
    """Raises Terminal, naming the field. Names and values are taken as they stand."""
    spec = Fields(obj).at("spec")
    if len(spec.items("endpoints")) > MAX_ENDPOINTS:
        count = len(spec.items("endpoints"))
        raise spec.wrong("endpoints", f"{count} are more than {MAX_ENDPOINTS}; split the object")
    return DNSEndpoint(
        key=key_of(obj),
        endpoints=tuple(_endpoint(each) for each in spec.each("endpoints")),
        status=parse_status(obj.get("status")),
        uid=uid(obj),
        generation=generation(obj),
        created=dig(obj, "metadata", "creationTimestamp", default=""),
    )


def _endpoint(fields: Fields) -> Endpoint:
    targets = fields.texts("targets")
    if len(targets) > MAX_TARGETS:
        raise fields.wrong("targets", f"{len(targets)} are more than {MAX_TARGETS}")
    return Endpoint(
        dns_name=fields.text("dnsName", required=True),
        record_type=fields.text("recordType", required=True).upper(),
        targets=targets,
        ttl=fields.whole("recordTTL", default=0, most=MAX_TTL),
        set_identifier=fields.text("setIdentifier"),
        labels=fields.pairs("labels"),
        provider_specific=tuple(
            sorted(
                (each.text("name", required=True), each.text("value"))
                for each in fields.each("providerSpecific")
            )
        ),
        routing=_routing(fields.at("routing")) if "routing" in fields else None,
    )


def _routing(fields: Fields) -> Routing:
    return Routing(
        weight=fields.whole("weight", default=1, most=255) if "weight" in fields else None,
        tier=fields.whole("tier", default=0) if "tier" in fields else None,
        geo=fields.texts("geo"),
        region=fields.text("region"),
    )


def dump_spec(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """Without any endpoint the spec is empty; of an endpoint, empty fields but the TTL go."""
    return filled(endpoints=[_dumped(endpoint) for endpoint in endpoints])


def _dumped(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "dnsName": endpoint.dns_name,
        "recordType": endpoint.record_type,
        "recordTTL": endpoint.ttl,
        **filled(
            targets=list(endpoint.targets),
            setIdentifier=endpoint.set_identifier,
            labels=dict(endpoint.labels),
            providerSpecific=[
                {"name": name, "value": value} for name, value in endpoint.provider_specific
            ],
            routing=_routed(endpoint.routing) if endpoint.routing else {},
        ),
    }


def _routed(routing: Routing) -> dict[str, Any]:
    numbers = {"weight": routing.weight, "tier": routing.tier}
    return {
        **{name: number for name, number in numbers.items() if number is not None},
        **filled(geo=list(routing.geo), region=routing.region),
    }


def parse_status(obj: Any) -> EndpointStatus:
    """What is readable of it."""
    if not isinstance(obj, Mapping):
        return EndpointStatus()
    return EndpointStatus(
        observed_generation=whole(obj.get("observedGeneration")),
        conditions=conditions.parse(obj.get("conditions")),
        endpoints=tuple(_state(each) for each in objects(obj.get("endpoints"))),
        names=text(dig(obj, "summary", "names")),
        targets=text(dig(obj, "summary", "targets")),
    )


def dump_status(status: EndpointStatus) -> dict[str, Any]:
    return filled(
        observedGeneration=status.observed_generation,
        conditions=conditions.dump(status.conditions),
        endpoints=[_stated(state) for state in status.endpoints],
        summary=filled(names=status.names, targets=status.targets),
    )


def _state(item: Mapping[str, Any]) -> EndpointState:
    words = ("dnsName", "recordType", "setIdentifier")
    return EndpointState(
        EndpointKey(*(text(item.get(word)) for word in words)),
        tuple(
            Placed(*(text(each.get(word)) for word in ("name", "zone", "marker", "error")))
            for each in objects(item.get("providers"))
        ),
    )


def _stated(state: EndpointState) -> dict[str, Any]:
    return filled(
        dnsName=state.key.dns_name,
        recordType=state.key.record_type,
        setIdentifier=state.key.set_identifier,
        providers=[
            filled(name=each.name, zone=each.zone, marker=each.marker, error=each.error)
            for each in state.providers
        ],
    )
