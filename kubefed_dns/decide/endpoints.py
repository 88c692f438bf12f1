"""What a record publishes: its names, their addresses, and where they fall back to."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from kubefed_core.errors import Terminal
from kubefed_dns.api.endpoints import MAX_ENDPOINTS, MAX_TARGETS, Endpoint
from kubefed_dns.api.records import Record
from kubefed_dns.api.status import Entry
from kubefed_dns.decide import names
from kubefed_dns.decide.sets import Name, Resolved, Sets, Survey, anywhere
from kubefed_dns.errors import InvalidName


def make(
    record: Record,
    resolved: Resolved,
    *,
    current: Iterable[Endpoint] = (),
    survey: Survey = anywhere,
) -> tuple[Endpoint, ...]:
    """The endpoints of a record as its status has it, sorted by name, type and set.

    `resolved` has the addresses of `host_names`. Where a look-up failed and
    nothing is known, a name keeps the addresses it has in `current`, beside
    those that are known. `survey` tells what can be where a name is served.
    A Service has no names before its status says the domain.
    Raises InvalidName where the record's own names cannot be, and Terminal where
    it makes more than a DNSEndpoint holds; nothing is made in part.
    """
    found = _names(record)
    if found or record.hosts:
        names.check(record, record.status.domain)
    own = {name.name for name in found}
    sets = Sets(record, own, survey=survey, resolved=resolved, current=current)
    labels = (("serviceName", record.key.name),) if record.external_name else ()
    made = [replace(each, labels=labels) for name in found for each in sets.of(name)]
    made += _prefix(record, {endpoint.dns_name for endpoint in made})
    return _bounded(tuple(sorted(made, key=lambda endpoint: endpoint.key)))


def host_names(record: Record, *, survey: Survey = anywhere) -> frozenset[str]:
    """The host names whose addresses `make` needs."""
    found = _names(record)
    sets = Sets(record, {name.name for name in found}, survey=survey)
    return frozenset().union(*(sets.host_names(name) for name in found))


def _names(record: Record) -> list[Name]:
    found: dict[str, tuple[str, list[Entry]]] = {}
    rows = _of_service(record) if record.of_services else _of_ingress(record)
    for name, parent, entry in rows:
        found.setdefault(name, (parent, []))[1].append(entry)
    return [Name(name, parent, tuple(entries)) for name, (parent, entries) in found.items()]


_Row = tuple[str, str, Entry]


def _of_service(record: Record) -> Iterator[_Row]:
    domain = record.status.domain
    for entry in record.status.entries if domain else ():
        yield names.global_name(record, domain), "", entry
        for name, parent in names.local_names(record, domain, entry):
            yield name, parent, entry


def _of_ingress(record: Record) -> Iterator[_Row]:
    """Hosts that the record names get all the clusters; others those whose Ingress has them."""
    for host in names.hosts(record):
        for entry in record.status.entries:
            yield host, "", entry
    for entry in record.status.entries if not record.hosts else ():
        for text in entry.hosts:
            try:
                yield names.checked(text, "host", wildcard=True), "", entry
            except InvalidName:
                continue  # of an Ingress, not of the record: it takes no other host with it


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
