"""ServiceDNSRecord and IngressDNSRecord, as one value: they differ in how names are made."""

from dataclasses import dataclass, field
from enum import StrEnum

from kubefed_core.api.fields import Fields
from kubefed_core.objects import Key, Obj, dig, generation, key_of, uid
from kubefed_core.resources import INGRESSES, SERVICES, Resource
from kubefed_dns.api import health, routing, status
from kubefed_dns.api.health import Health
from kubefed_dns.api.routing import Clusters, Routing
from kubefed_dns.api.status import RecordStatus
from kubefed_dns.records import MAX_TTL
from kubefed_dns.resources import INGRESS_RECORDS, SERVICE_RECORDS

DEFAULT_TTL = 180
MAX_HOSTS = 256


class HostnameTargets(StrEnum):
    RESOLVE = "Resolve"
    CNAME = "CNAME"


class Unreachable(StrEnum):
    WITHDRAW = "Withdraw"
    KEEP = "Keep"


@dataclass(frozen=True, slots=True)
class Record:
    """Either kind; `resource` says which, and so which of the last fields count.

    `clusters` says which clusters are wanted. `ttl` is in seconds, the default
    filled in. `created` is the time of creation as it stands in the object.
    """

    resource: Resource
    key: Key
    uid: str = ""
    generation: int = 0
    created: str = ""
    ttl: int = DEFAULT_TTL
    clusters: Clusters = field(default_factory=Clusters)
    hostname_targets: HostnameTargets = HostnameTargets.RESOLVE
    unreachable: Unreachable = Unreachable.WITHDRAW
    routing: Routing = field(default_factory=Routing)
    health: Health | None = None
    status: RecordStatus = field(default_factory=RecordStatus)
    # of Services
    domain_ref: str = ""
    dns_prefix: str = ""
    external_name: str = ""
    allow_without_endpoints: bool = False
    # of Ingresses
    hosts: tuple[str, ...] = ()

    @property
    def of_services(self) -> bool:
        return self.resource == SERVICE_RECORDS

    @property
    def member(self) -> Resource:
        """What carries the addresses in the members, under the record's own name."""
        return SERVICES if self.of_services else INGRESSES

    @property
    def needs_endpoints(self) -> bool:
        """Whether a cluster is in only with a ready endpoint; an Ingress is not asked for one."""
        return self.of_services and not self.allow_without_endpoints


def parse(obj: Obj, resource: Resource) -> Record:
    """Read an object of one of the two resources.

    Raises Terminal, naming the field. The status is read as far as it can be,
    so that a caller has the last one even where the spec is wrong: see
    `status.parse`.
    """
    spec = Fields(obj).at("spec")
    services = resource == SERVICE_RECORDS
    return Record(
        resource=resource,
        key=key_of(obj),
        uid=uid(obj),
        generation=generation(obj),
        created=dig(obj, "metadata", "creationTimestamp", default=""),
        ttl=spec.whole("recordTTL", default=0, most=MAX_TTL) or DEFAULT_TTL,
        clusters=routing.clusters(spec),
        hostname_targets=spec.one_of(
            "hostnameTargets", HostnameTargets, default=HostnameTargets.RESOLVE
        ),
        unreachable=spec.one_of("unreachable", Unreachable, default=Unreachable.WITHDRAW),
        routing=routing.parse(spec.at("routing")),
        health=health.parse(spec.at("health")) if "health" in spec else None,
        status=status.parse(obj.get("status")),
        domain_ref=spec.text("domainRef", required=True) if services else "",
        dns_prefix=spec.text("dnsPrefix") if services else "",
        external_name=spec.text("externalName") if services else "",
        allow_without_endpoints=services and spec.flag("allowServiceWithoutEndpoints"),
        hosts=() if services else _hosts(spec),
    )


def _hosts(spec: Fields) -> tuple[str, ...]:
    hosts = spec.texts("hosts")
    if len(hosts) > MAX_HOSTS:
        raise spec.wrong("hosts", f"{len(hosts)} hosts are more than {MAX_HOSTS}; split the record")
    return hosts


def kind_of(record: Record) -> str:
    """The word in front of the name of a record's DNSEndpoint."""
    return "ingress" if record.resource == INGRESS_RECORDS else "service"
