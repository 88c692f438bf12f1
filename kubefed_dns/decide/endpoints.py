"""What a record publishes: its names, their addresses, and where they fall back to."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kubefed_core.errors import Terminal
from kubefed_dns.api.endpoints import MAX_ENDPOINTS, MAX_TARGETS, Endpoint, EndpointKey
from kubefed_dns.api.records import HostnameTargets, Record
from kubefed_dns.api.status import Address
from kubefed_dns.decide import names, targets
from kubefed_dns.errors import InvalidName

Resolved = Mapping[str, tuple[str, ...] | None]
"""The addresses of host names, in lower case and without a dot at the end.

Empty: the name has none. None, or not in it: the look-up failed, and no earlier
answer is known.
"""


@dataclass(slots=True)
class _Pool:
    """What the clusters behind one name serve; `parent` is the name it falls back to."""

    parent: str = ""
    ips: set[str] = field(default_factory=set)
    hostnames: set[str] = field(default_factory=set)

    def add(self, ingress: Iterable[Address]) -> None:
        for item in ingress:
            for text in (item.ip, item.hostname):
                if targets.address(text) is not None:
                    self.ips.add(text)
                elif (name := targets.hostname(text)) is not None:
                    self.hostnames.add(name)


def make(
    record: Record,
    resolved: Resolved,
    *,
    current: Iterable[Endpoint] = (),
    no_cname: Collection[str] = (),
) -> tuple[Endpoint, ...]:
    """The endpoints of a record as its status has it, sorted by name and type.

    `resolved` has the addresses of `host_names`. Where a look-up failed and
    nothing is known, a name keeps the addresses it has in `current`, beside
    those that are known. A name in `no_cname` is never made an alias of a host
    name. A Service has no names before its status says the domain.
    Raises InvalidName where the record's own names cannot be, and Terminal where
    it makes more than a DNSEndpoint holds; nothing is made in part.
    """
    pools = _pools(record)
    if pools:
        names.check(record, record.status.domain)
    kept = {endpoint.key: endpoint.targets for endpoint in current}
    labels = (("serviceName", record.key.name),) if record.external_name else ()
    made = []
    for name, pool in pools.items():
        if _is_alias(record, name, pool, no_cname):
            sets = {"CNAME": tuple(pool.hostnames)}
        else:
            sets = _addresses(name, pool, resolved, kept) or _fall_back(pool)
        made += [
            Endpoint(name, kind, values, record.ttl, labels=labels) for kind, values in sets.items()
        ]
    made += _prefix(record, {endpoint.dns_name for endpoint in made})
    return _bounded(tuple(sorted(made, key=lambda endpoint: endpoint.key)))


def host_names(record: Record, *, no_cname: Collection[str] = ()) -> frozenset[str]:
    """The host names whose addresses `make` needs; raises InvalidName as it does."""
    return frozenset(
        hostname
        for name, pool in _pools(record).items()
        if not _is_alias(record, name, pool, no_cname)
        for hostname in pool.hostnames
    )


def _pools(record: Record) -> dict[str, _Pool]:
    pools: dict[str, _Pool] = {}
    rows = _of_service(record) if record.of_services else _of_ingress(record)
    for name, parent, ingress in rows:
        pools.setdefault(name, _Pool(parent)).add(ingress)
    for pool in pools.values():
        pool.hostnames -= pools.keys()  # a name that leads back to itself has no address
    return pools


_Row = tuple[str, str, tuple[Address, ...]]


def _of_service(record: Record) -> Iterator[_Row]:
    domain = record.status.domain
    for entry in record.status.entries if domain else ():
        yield names.global_name(record, domain), "", entry.ingress
        for name, parent in names.local_names(record, domain, entry):
            yield name, parent, entry.ingress


def _of_ingress(record: Record) -> Iterator[_Row]:
    """Hosts that the record names get all the clusters; others those whose Ingress has them."""
    for number, text in enumerate(record.hosts):
        host = names.checked(text, f"spec.hosts[{number}]", wildcard=True)
        for entry in record.status.entries:
            yield host, "", entry.ingress
    for entry in record.status.entries if not record.hosts else ():
        for text in entry.hosts:
            try:
                yield names.checked(text, "host", wildcard=True), "", entry.ingress
            except InvalidName:
                continue  # of an Ingress, not of the record: it takes no other host with it


def _is_alias(record: Record, name: str, pool: _Pool, no_cname: Collection[str]) -> bool:
    """Whether a host name is used as it is: only as the one target of its set."""
    return (
        record.hostname_targets == HostnameTargets.CNAME
        and len(pool.hostnames) == 1
        and not pool.ips
        and name not in no_cname
    )


def _addresses(
    name: str, pool: _Pool, resolved: Resolved, kept: Mapping[EndpointKey, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    texts = set(pool.ips)
    for hostname in pool.hostnames:
        answer = resolved.get(hostname)
        if answer is not None:
            texts |= set(answer)
            continue
        for kind in ("A", "AAAA"):
            texts |= set(kept.get(EndpointKey(name, kind), ()))
    return targets.by_family(texts)


def _fall_back(pool: _Pool) -> dict[str, tuple[str, ...]]:
    return {"CNAME": (pool.parent,)} if pool.parent else {}


def _prefix(record: Record, made: Collection[str]) -> Iterator[Endpoint]:
    """The alias of the global name, as long as that has a target."""
    name = names.global_name(record, record.status.domain)
    if record.dns_prefix and name in made:
        prefix = names.prefix_name(record, record.status.domain)
        yield Endpoint(prefix, "CNAME", (name,), record.ttl)


def _bounded(made: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    if len(made) > MAX_ENDPOINTS:
        raise Terminal(
            f"the record makes {len(made)} endpoints, and a DNSEndpoint holds {MAX_ENDPOINTS};"
            " split it by spec.clusters or spec.hosts"
        )
    for endpoint in made:
        if len(endpoint.targets) > MAX_TARGETS:
            raise Terminal(
                f"{endpoint.dns_name} has {len(endpoint.targets)} targets, and an endpoint holds"
                f" {MAX_TARGETS}; leave clusters out by spec.clusters"
            )
    return made
