"""What the caches of the members say of one record, as evidence to be weighed."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from weakref import WeakKeyDictionary

from kubefed_core import errors
from kubefed_core.api import clusters as clusters_api
from kubefed_core.objects import Key, Obj, labels, moment
from kubefed_core.resources import CLUSTERS, ENDPOINT_SLICES, SERVICES, Resource
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.store import Store
from kubefed_dns.api.records import Record
from kubefed_dns.decide import evidence, explain, sights
from kubefed_dns.decide.sights import SERVICE_NAME, Cache, Place, Sight, State

log = logging.getLogger(__name__)

DOUBT = 10.0
"""Seconds after which a second listing must agree that a Service has no slice at all."""
PATIENCE = 3.0
"""Seconds after the first look in which all clusters are waited for; and for one that is asked."""
UNJOINED = 3600.0
"""Seconds for which it is kept in mind that a cluster is not joined."""
STEP = timedelta(seconds=2)
"""By how much the clock must have moved against the loop's to have been set."""


class Answer(Enum):
    """What a member says when it is asked again."""

    GONE = auto()
    THERE = auto()
    UNSURE = auto()


@dataclass(frozen=True, slots=True)
class Joined:
    """What a KubeFedCluster says; `lost` is what its health check says, None where it is ready.

    A check that has not looked yet says nothing.
    """

    place: Place
    labels: Mapping[str, str]
    ready: bool
    lost: Cache | None


class Sights:
    """Reads the fleet; the only I/O is to confirm that something is gone.

    What it keeps is bounded by what there is: a record is dropped by `forget`,
    and a cluster that is joined no more from everything.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._fleet = host.fleet
        self._born = host.now()
        self._begun: float | None = None
        self._joined: dict[str, Joined] = {}
        self._unjoined: dict[str, float] = {}
        self._ready: dict[str, bool] = {}
        self._served: dict[Key, set[str]] = {}
        self._doubted: dict[Key, dict[str, float]] = {}
        self._lost: MutableMapping[Store, tuple[float, datetime]] = WeakKeyDictionary()
        self._counted: dict[Resource, tuple[dict[str, datetime | None], int]] = {}
        self._fleet.subscribe(self._changed)
        self._fleet.watch_sight(lambda *_: self._counted.clear())

    def _changed(self, cluster: str, resource: Resource, key: Key) -> None:
        if cluster != HOST or resource != CLUSTERS or key.namespace != self._host.namespace:
            return
        self._counted.clear()
        obj = self._host.get(CLUSTERS, key)
        if obj is not None:
            self._joined[key.name] = self._read(obj)
            return
        self._absent(key.name)
        self._joined.pop(key.name, None)
        self._ready.pop(key.name, None)
        for served in self._served.values():
            served.discard(key.name)

    def _read(self, cluster: Obj) -> Joined:
        status = clusters_api.parse_status(cluster)
        lost = None
        if status.conditions and not status.ready:
            found = status.get("Offline") or status.get("Ready")
            since = _moment(found.last_transition) if found is not None else None
            # A verdict from before this process may be long out of date.
            lost = Cache(State.LOST, max(since or self._born, self._born))
        return Joined(sights.place(cluster), labels(cluster), status.ready, lost)

    def _absent(self, cluster: str) -> None:
        """Keep in mind, for a while, that it is not joined: each record will want to know."""
        now = asyncio.get_running_loop().time()
        self._unjoined = {n: at for n, at in self._unjoined.items() if now - at < UNJOINED}
        self._unjoined[cluster] = now

    async def confirm_unjoined(self, record: Record) -> None:
        """Ask the API server for clusters that a record shows and that nobody has seen joined.

        After a restart a false listing would else look like the truth.
        """
        shown = {entry.cluster for entry in record.status.entries if entry.ingress}
        for name in sorted(shown - self._joined.keys() - self._unjoined.keys()):
            if await self._host.confirm_absent(CLUSTERS, Key(self._host.namespace, name)):
                self._absent(name)

    def joined(self) -> Mapping[str, Joined]:
        """What the KubeFedClusters say, by name."""
        return self._joined

    def wanted(self, record: Record) -> frozenset[str]:
        """The joined clusters that a record asks for."""
        return sights.wanted(
            record.clusters, {name: each.labels for name, each in self._joined.items()}
        )

    def looked_at(self, record: Record, wanted: Iterable[str]) -> frozenset[str] | None:
        """Those of which there is something to say: a listing, a failure, or too long a silence.

        None where one that the record shows already is looked at for the first
        time, and for the first seconds where any is: what is known in a moment
        is not said in two steps. A cluster that joins later holds up nobody.
        """
        loop = asyncio.get_running_loop()
        if self._begun is None:
            self._begun = loop.time()
        young = loop.time() - self._begun < PATIENCE
        waiting = {name for name in wanted if self._waits(record, name, young)}
        if waiting and (young or any(record.status.entry(name) for name in waiting)):
            return None
        return frozenset(wanted) - waiting

    def _waits(self, record: Record, cluster: str, young: bool) -> bool:
        stores = [self._fleet.sight(cluster, resource) for resource in _needed(record)]
        return any(young if store is None else not store.started for store in stores)

    def of(self, record: Record, cluster: Joined) -> Sight:
        """Everything known of one cluster for one record."""
        name = cluster.place.cluster
        member = self._fleet.sight(name, record.member)
        slices = self._fleet.sight(name, ENDPOINT_SLICES) if record.needs_endpoints else None
        lost = cluster.lost
        found = sights.sight(
            cluster.place,
            member.get(record.key) if member is not None else None,
            alive=(replace(lost, cause=self._cause(name)),) if lost is not None else (),
            cache=self._cache(member, record.member),
            endpoints=self._cache(slices, ENDPOINT_SLICES) if record.needs_endpoints else None,
            slices=slices.indexed(record.key) if slices is not None else (),
        )
        if record.needs_endpoints and found.state == State.LIVE and found.ready:
            self._served.setdefault(record.key, set()).add(name)
            self._doubted.get(record.key, {}).pop(name, None)
        return found

    def unsure(self, found: Sight) -> Sight:
        """As if nothing had been seen of the cluster, so that what was said of it stays."""
        return replace(found, state=State.UNKNOWN, present=None)

    def forget(self, record: Key) -> None:
        """Drop what is remembered of a record that is gone."""
        self._served.pop(record, None)
        self._doubted.pop(record, None)

    def cut_off(self, record: Record, *, delay: float) -> bool:
        """Whether it is the hub that is cut off; clusters that never were in sight do not count.

        What the record still shows of a cluster was in sight once, perhaps of
        a process before this one.
        """
        if record.member not in self._counted:
            self._counted[record.member] = self._count(record.member)
        lost, were_ready = self._counted[record.member]
        known = {name: since for name, since in lost.items() if self._ready[name]}
        held = {
            entry.cluster: lost[entry.cluster]
            for entry in record.status.entries
            if entry.ingress and entry.cluster in lost.keys() - known.keys()
        }
        return evidence.cut_off(known | held, were_ready + len(held), delay=delay)

    def _count(self, resource: Resource) -> tuple[dict[str, datetime | None], int]:
        """Which clusters are lost, and how many have been in sight of this process."""
        lost: dict[str, datetime | None] = {}
        for name, joined in self._joined.items():
            store = self._fleet.sight(name, resource)
            if store is not None and store.synced:
                self._ready[name] = True
            self._ready.setdefault(name, joined.ready)
            caches = [self._cache(store, resource), *filter(None, (joined.lost,))]
            gone = [cache.lost_since for cache in caches if cache.state == State.LOST]
            if gone:
                lost[name] = min(filter(None, gone), default=None)
        return lost, sum(self._ready[name] for name in self._joined)

    async def confirm(self, record: Record, cluster: str) -> Answer:
        """Ask a member itself whether what its cache lacks is really not there.

        What is there after all is in the cache then. A member that does not
        answer leaves it unsure, and soon: the others are not to wait for it.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._confirm(record, cluster)
        except (errors.ApiError, OSError, KeyError) as error:
            log.info("%s cannot be asked for %s: %s", cluster, record.key, error)
            return Answer.UNSURE

    async def _confirm(self, record: Record, cluster: str) -> Answer:
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
        store = self._fleet.store(cluster, ENDPOINT_SLICES)
        served = cluster in self._served.get(record.key, ())
        if served or (store is not None and store.indexed(record.key)):
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
        since = self._doubted.setdefault(record.key, {}).setdefault(cluster, now)
        return Answer.GONE if now - since >= DOUBT else Answer.UNSURE

    def _cause(self, cluster: str) -> str:
        """Why the health check of a cluster fails, where that is known."""
        try:
            refused = self._fleet.client(cluster).unauthorized
        except KeyError:
            return ""
        return explain.UNAUTHORIZED if refused else ""

    def _cache(self, store: Store | None, resource: Resource) -> Cache:
        if store is None:
            return Cache(State.LOST, None, filled=False)
        if store.lost_since is not None:
            cause = explain.cause(store.error, resource.plural)
            since = self._lost_at(store, store.lost_since)
            return Cache(State.LOST, since, filled=store.synced, cause=cause)
        return Cache(State.LIVE if store.synced else State.UNKNOWN, filled=store.synced)

    def _lost_at(self, store: Store, since: float) -> datetime:
        """The time of day at which a cache was lost.

        The same each time, or every look would be a change; unless the clock
        has been set meanwhile.
        """
        age = asyncio.get_running_loop().time() - since
        at = self._host.now() - timedelta(seconds=age)
        known = self._lost.get(store)
        if known is None or known[0] != since or abs(known[1] - at) > STEP:
            self._lost[store] = known = since, at
        return known[1]


def _needed(record: Record) -> tuple[Resource, ...]:
    return (SERVICES, ENDPOINT_SLICES) if record.needs_endpoints else (record.member,)


def _moment(text: str) -> datetime | None:
    try:
        return moment(text)
    except ValueError:
        return None
