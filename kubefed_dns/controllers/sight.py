"""What the caches of the members say of one record, as evidence to be weighed."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto

from kubefed_core import errors
from kubefed_core.api import clusters as clusters_api
from kubefed_core.objects import Key, Obj, labels, moment
from kubefed_core.resources import CLUSTERS, ENDPOINT_SLICES, SERVICES, Resource
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.store import Store
from kubefed_dns.api.records import Record
from kubefed_dns.decide import evidence, sights
from kubefed_dns.decide.sights import SERVICE_NAME, Cache, Sight, State

DOUBT = 10.0
"""Seconds after which a second listing must agree that a Service has no slice at all."""
PATIENCE = 3.0
"""Seconds after the start in which clusters that are not followed yet are waited for."""


class Answer(Enum):
    """What a member says when it is asked again."""

    GONE = auto()
    THERE = auto()
    UNSURE = auto()


class Sights:
    """Reads the fleet; the only I/O is to confirm that something is gone."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._fleet = host.fleet
        self._born = host.now()
        self._ready: dict[str, bool] = {}
        self._served: set[tuple[str, Key]] = set()
        self._doubted: dict[tuple[str, Key], float] = {}

    def joined(self) -> dict[str, Obj]:
        """The KubeFedClusters by name."""
        return {obj["metadata"]["name"]: obj for obj in self._host.list(CLUSTERS)}

    def wanted(self, record: Record, joined: Mapping[str, Obj]) -> frozenset[str]:
        return sights.wanted(record.clusters, {name: labels(obj) for name, obj in joined.items()})

    def settled(self, record: Record, clusters: Iterable[str]) -> bool:
        """Whether each feed has come to something: a listing, a failure, or too long a silence."""
        young = self._host.now() - self._born < timedelta(seconds=PATIENCE)
        for cluster in clusters:
            for resource in _needed(record):
                store = self._fleet.sight(cluster, resource)
                if (store is None and young) or (store is not None and not store.started):
                    return False
        return True

    def of(self, record: Record, cluster: Obj) -> Sight:
        """Everything known of one cluster for one record."""
        name = cluster["metadata"]["name"]
        member = self._fleet.sight(name, record.member)
        slices = self._fleet.sight(name, ENDPOINT_SLICES) if record.needs_endpoints else None
        found = sights.sight(
            sights.place(cluster),
            member.get(record.key) if member is not None else None,
            alive=self._health(cluster),
            cache=self._cache(member),
            endpoints=self._cache(slices) if record.needs_endpoints else None,
            slices=slices.indexed(record.key) if slices is not None else (),
        )
        if record.needs_endpoints and found.state == State.LIVE and found.ready:
            self._served.add((name, record.key))
            self._doubted.pop((name, record.key), None)
        return found

    def unsure(self, found: Sight) -> Sight:
        """As if nothing had been seen of the cluster, so that what was said of it stays."""
        return replace(found, state=State.UNKNOWN, present=None)

    def forget(self, record: Key) -> None:
        """Drop what is remembered of a record that is gone."""
        self._served = {who for who in self._served if who[1] != record}
        self._doubted = {who: at for who, at in self._doubted.items() if who[1] != record}

    def cut_off(self, resource: Resource, joined: Mapping[str, Obj], *, delay: float) -> bool:
        """Whether it is the hub that is cut off; clusters that never were in sight do not count."""
        lost: dict[str, datetime | None] = {}
        were_ready = 0
        for name, obj in joined.items():
            store = self._fleet.sight(name, resource)
            if not self._was_ready(name, obj, store):
                continue
            were_ready += 1
            caches = [self._cache(store), *self._health(obj)]
            gone = [cache.lost_since for cache in caches if cache.state == State.LOST]
            if gone:
                lost[name] = min(filter(None, gone), default=None)
        return evidence.cut_off(lost, were_ready, delay=delay)

    def _was_ready(self, name: str, cluster: Obj, store: Store | None) -> bool:
        """Whether a cluster has been seen by this process, or was ready when it started."""
        before = self._ready.setdefault(name, clusters_api.parse_status(cluster).ready)
        if store is not None and store.synced:
            self._ready[name] = before = True
        return before

    async def confirm(self, record: Record, cluster: str) -> Answer:
        """Ask a member itself whether what its cache lacks is really not there.

        What is there after all is in the cache then. Raises where the member
        does not answer.
        """
        client = self._fleet.client(cluster)
        try:
            obj = await client.get(record.member, record.key)
        except errors.NotFound:
            return Answer.GONE
        self._fleet.put(cluster, record.member, obj)
        if not record.needs_endpoints or not sights.load_balancer(obj):
            return Answer.THERE
        return await self._confirm_slices(record, cluster)

    async def _confirm_slices(self, record: Record, cluster: str) -> Answer:
        """A Service without any slice cannot be asked for by name, so time must confirm it.

        Slices that were seen by this process were seen to go.
        """
        who = (cluster, record.key)
        store = self._fleet.store(cluster, ENDPOINT_SLICES)
        if who in self._served or (store is not None and store.indexed(record.key)):
            return Answer.GONE
        found, _ = await self._fleet.client(cluster).list(
            ENDPOINT_SLICES,
            namespace=record.key.namespace,
            labels=f"{SERVICE_NAME}={record.key.name}",
        )
        for piece in found:
            self._fleet.put(cluster, ENDPOINT_SLICES, piece)
        if found:
            return Answer.THERE
        now = asyncio.get_running_loop().time()
        return Answer.GONE if now - self._doubted.setdefault(who, now) >= DOUBT else Answer.UNSURE

    def _health(self, cluster: Obj) -> tuple[Cache, ...]:
        """What the health check says; nothing where it has not looked yet.

        A verdict from before this process counts from the process's start: it
        may be long out of date.
        """
        status = clusters_api.parse_status(cluster)
        if not status.conditions or status.ready:
            return ()
        found = status.get("Offline") or status.get("Ready")
        since = _moment(found.last_transition) if found is not None else None
        return (Cache(State.LOST, max(since or self._born, self._born)),)

    def _cache(self, store: Store | None) -> Cache:
        if store is None:
            return Cache(State.LOST, None, filled=False)
        if store.lost_since is not None:
            age = asyncio.get_running_loop().time() - store.lost_since
            return Cache(State.LOST, self._host.now() - timedelta(seconds=age), filled=store.synced)
        return Cache(State.LIVE if store.synced else State.UNKNOWN, filled=store.synced)


def _needed(record: Record) -> tuple[Resource, ...]:
    return (SERVICES, ENDPOINT_SLICES) if record.needs_endpoints else (record.member,)


def _moment(text: str) -> datetime | None:
    try:
        return moment(text)
    except ValueError:
        return None
