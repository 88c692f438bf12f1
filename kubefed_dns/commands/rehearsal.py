"""The DNSEndpoints as they would be if some manifests were applied."""

import asyncio
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from kubefed_core.errors import ApiError, NotFound, Terminal
from kubefed_core.objects import Key, Obj, dig, key_of, labels
from kubefed_core.resources import CLUSTERS, ENDPOINT_SLICES, SECRETS
from kubefed_core.runtime import credentials
from kubefed_core.runtime.client import Client
from kubefed_dns.api import domains as domains_api
from kubefed_dns.api import endpoints as endpoints_api
from kubefed_dns.api import records as api
from kubefed_dns.api.endpoints import Endpoint
from kubefed_dns.api.records import Record
from kubefed_dns.commands.hosting import until_done
from kubefed_dns.commands.hub import NEWEST, Hub
from kubefed_dns.controllers.ground import Grounds
from kubefed_dns.controllers.keys import RECORDS, RecordKey, endpoint_key
from kubefed_dns.decide import endpoints as decide
from kubefed_dns.decide import evidence, routes, sights
from kubefed_dns.decide.sights import SERVICE_NAME, Cache, Place, Sight, State
from kubefed_dns.resources import DOMAINS, ENDPOINTS

PATIENCE = 5.0
"""Seconds for which a member is waited for."""
NEVER = 1e9
"""Seconds after which a lost cluster would be withdrawn: a plan lets no time pass."""
LOST = Cache(State.LOST, filled=False)
LIVE = Cache(State.LIVE)


def endpoints(hub: Hub) -> tuple[list[Obj], list[str]]:
    """All DNSEndpoints, those of records that the manifests concern made anew; and what failed.

    Members are asked for what such a record's status cannot tell yet. Without
    manifests the DNSEndpoints are those of the host.
    """
    found = {key_of(obj): obj for obj in hub.list(ENDPOINTS)}
    troubles = []
    survey = Grounds(hub)
    survey.redraw()
    for key, obj in _concerned(hub):
        where = endpoint_key(key)
        try:
            record = _weighed(hub, api.parse(obj, key.resource))
            before = endpoints_api.parse(found[where]).endpoints if where in found else ()
            resolved = {name: _addresses(name) for name in decide.host_names(record, survey=survey)}
            made = decide.make(record, resolved, current=before, survey=survey)
        except Terminal as error:
            troubles.append(f"{key}: {error}")
            continue
        found[where] = _endpoint(key, obj, found.get(where), made)
    return list(found.values()), troubles


def _concerned(hub: Hub) -> Iterator[tuple[RecordKey, Obj]]:
    """The records in the manifests, and those of Domains in them."""
    domains = {key.name for resource, key in hub.overlay if resource == DOMAINS}
    for resource in RECORDS:
        for obj in hub.list(resource):
            given = (resource, key_of(obj)) in hub.overlay
            if given or (obj.get("spec") or {}).get("domainRef") in domains:
                yield RecordKey(resource, key_of(obj)), obj


def _weighed(hub: Hub, record: Record) -> Record:
    """With the status that the controller would come to."""
    joined = _joined(hub)
    tags = {name: labels(obj) for name, obj in joined.items()}
    places = {name: sights.place(obj) for name, obj in joined.items()}
    seen = sights_of(hub, record).values()
    verdict = evidence.weigh(record, seen, now=datetime.now(UTC), delay=NEVER)
    entries = routes.told(record, verdict.entries, labels=tags, places=places)
    status = replace(record.status, domain=_domain(hub, record), entries=entries)
    return replace(record, status=status)


def sights_of(hub: Hub, record: Record) -> dict[str, Sight]:
    """What each wanted cluster that is joined says of a record now, all asked at once."""
    joined = _joined(hub)
    wanted = sights.wanted(record.clusters, {name: labels(obj) for name, obj in joined.items()})
    return until_done(_gather(hub, record, {name: joined[name] for name in sorted(wanted)}))


def _joined(hub: Hub) -> dict[str, Obj]:
    return {
        key_of(obj).name: obj
        for obj in hub.list(CLUSTERS)
        if key_of(obj).namespace == hub.namespace
    }


def _domain(hub: Hub, record: Record) -> str:
    if not record.of_services:
        return ""
    obj = hub.get(DOMAINS, Key(hub.namespace, record.domain_ref))
    if obj is None:
        raise Terminal(
            f"spec.domainRef: there is no Domain {record.domain_ref!r} in {hub.namespace}; put it"
            " into the manifests, or name another"
        )
    return domains_api.parse(obj).domain


async def _gather(hub: Hub, record: Record, clusters: Mapping[str, Obj]) -> dict[str, Sight]:
    found = await asyncio.gather(*(_sight(hub, record, obj) for obj in clusters.values()))
    return {sight.cluster: sight for sight in found}


async def _sight(hub: Hub, record: Record, cluster: Obj) -> Sight:
    """What a member says now; one that cannot be asked is as if nobody had seen it."""
    place = sights.place(cluster)
    secret = Key(hub.namespace, dig(cluster, "spec", "secretRef", "name", default=""))
    try:
        found = await asyncio.to_thread(hub.get, SECRETS, secret)
        access = credentials.from_cluster(cluster, found)
        async with asyncio.timeout(PATIENCE):
            return await _asked(Client(access), record, place)
    except (ApiError, OSError, Terminal) as error:
        why = str(error) or f"it does not answer within {PATIENCE:g}s"
        return sights.sight(place, None, cache=replace(LOST, cause=why))


async def _asked(client: Client, record: Record, place: Place) -> Sight:
    try:
        obj: Obj | None = None
        try:
            obj = await client.get(record.member, record.key)
        except NotFound:
            return sights.sight(place, None, cache=LIVE)
        slices: Iterable[Obj] = ()
        if record.needs_endpoints:
            slices, _ = await client.list(
                ENDPOINT_SLICES,
                namespace=record.key.namespace,
                labels=f"{SERVICE_NAME}={record.key.name}",
            )
        needed = LIVE if record.needs_endpoints else None
        return sights.sight(place, obj, cache=LIVE, endpoints=needed, slices=slices)
    finally:
        await client.close()


def _addresses(name: str) -> tuple[str, ...] | None:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None
    return tuple(sorted({str(address[0]) for *_, address in found}))


def _endpoint(key: RecordKey, record: Obj, there: Obj | None, made: tuple[Endpoint, ...]) -> Obj:
    """As the controller would write it; a new one is as old as its record."""
    where = endpoint_key(key)
    owner = {"kind": key.resource.kind, "name": key.key.name, "controller": True}
    meta = {
        "namespace": where.namespace,
        "name": where.name,
        "creationTimestamp": record["metadata"].get("creationTimestamp") or NEWEST,
        "ownerReferences": [owner],
        **((there or {}).get("metadata") or {}),
        "generation": -1,
    }
    status = {"status": there["status"]} if there and "status" in there else {}
    return {"metadata": meta, "spec": endpoints_api.dump_spec(made), **status}
