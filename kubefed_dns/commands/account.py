"""Who makes a name, and how each cluster and each provider stands to it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kubefed_core.api import conditions
from kubefed_core.api.conditions import Condition
from kubefed_core.errors import Terminal
from kubefed_core.objects import Key, Obj, dig, key_of
from kubefed_dns.api import domains as domains_api
from kubefed_dns.api import endpoints as endpoints_api
from kubefed_dns.api import records as api
from kubefed_dns.api.endpoints import Endpoint, Placed
from kubefed_dns.api.records import Record
from kubefed_dns.commands import rehearsal
from kubefed_dns.commands.hub import Hub
from kubefed_dns.controllers.keys import RECORDS, RecordKey, endpoint_key
from kubefed_dns.decide import account, names
from kubefed_dns.decide.account import Step
from kubefed_dns.resources import DOMAINS, ENDPOINTS


@dataclass(frozen=True)
class Cluster:
    """`addresses` are those that it has, in DNS or not."""

    name: str
    steps: tuple[Step, ...]
    addresses: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Set:
    """One endpoint of the name, and what has become of it at each provider."""

    endpoint: Endpoint
    placed: tuple[Placed, ...]


@dataclass(frozen=True)
class Account:
    """One object that wants the name: a record, or a DNSEndpoint that a user wrote."""

    source: str
    conditions: tuple[Condition, ...]
    clusters: tuple[Cluster, ...]
    endpoint: str
    sets: tuple[Set, ...]


def of(hub: Hub, name: str) -> list[Account]:
    """Everything of the host that makes a canonical name, or would if it had a target."""
    made = {endpoint_key(key): (key, obj) for key, obj in _makers(hub, name)}
    found = []
    for where, (key, obj) in sorted(made.items()):
        record = api.parse(obj, key.resource)
        sets = _sets(hub.get(ENDPOINTS, where), name)
        said = record.status.conditions
        found.append(Account(str(key), said, tuple(_clusters(hub, record)), str(where), sets))
    for obj in hub.list(ENDPOINTS):
        own = str(key_of(obj))
        if key_of(obj) not in made and (sets := _sets(obj, name)):
            said = conditions.parse(dig(obj, "status", "conditions"))
            found.append(Account(f"DNSEndpoint {own}", said, (), own, sets))
    return found


def _makers(hub: Hub, name: str) -> Iterator[tuple[RecordKey, Obj]]:
    for resource in RECORDS:
        for obj in hub.list(resource):
            try:
                record = _with_domain(hub, api.parse(obj, resource))
            except Terminal:
                continue  # Its own status says what is wrong with it.
            if name.rstrip(".") in _names(record):
                yield RecordKey(resource, key_of(obj)), obj


def _with_domain(hub: Hub, record: Record) -> Record:
    if not record.of_services or record.status.domain:
        return record
    obj = hub.get(DOMAINS, Key(hub.namespace, record.domain_ref))
    domain = domains_api.parse(obj).domain if obj is not None else ""
    return replace(record, status=replace(record.status, domain=domain))


def _names(record: Record) -> set[str]:
    """All that it makes, with those of which no cluster has a target now."""
    found = set(names.of(record))
    domain = record.status.domain
    if record.of_services and domain:
        found.add(names.prefix_name(record, domain))
        for entry in record.status.entries:
            found |= {local for local, _ in names.local_names(record, domain, entry)}
    return found - {""}


def _clusters(hub: Hub, record: Record) -> Iterator[Cluster]:
    seen = rehearsal.sights_of(hub, record)
    missing = (record.clusters.names or frozenset()) - seen.keys()
    for cluster in sorted({*seen, *missing, *(each.cluster for each in record.status.entries)}):
        entry = record.status.entry(cluster)
        sight = seen.get(cluster)
        given = (*(entry.ingress if entry else ()), *(sight.addresses if sight else ()))
        texts = frozenset(text for each in given for text in (each.ip, each.hostname) if text)
        yield Cluster(cluster, account.chain(record, entry, sight), texts)


def _sets(obj: Obj | None, name: str) -> tuple[Set, ...]:
    if obj is None:
        return ()
    try:
        parsed = endpoints_api.parse(obj)
    except Terminal:
        return ()
    states: Mapping[object, tuple[Placed, ...]] = {
        state.key: state.providers for state in parsed.status.endpoints
    }
    return tuple(
        Set(each, states.get(each.key, ()))
        for each in parsed.endpoints
        if f"{each.dns_name.rstrip('.').lower()}." == name
    )


def chosen(found: Iterable[Account], target: str) -> list[Account]:
    """Of the clusters only the one of this name, or those that have this address."""
    made = []
    for each in found:
        clusters = tuple(c for c in each.clusters if target == c.name or target in c.addresses)
        sets = tuple(s for s in each.sets if target in s.endpoint.targets)
        if clusters or sets:
            made.append(replace(each, clusters=clusters, sets=sets or each.sets))
    return made
