"""One reflector for each resource of each cluster, kept to what is wanted now."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubefed_core import errors
from kubefed_core.objects import Key, Obj, key_of, labels
from kubefed_core.resources import Resource
from kubefed_core.runtime import backoff
from kubefed_core.runtime.client import Client
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.reflector import USUAL, Reflector, Timing
from kubefed_core.runtime.store import Index, Listed, Live, Lost, Store

log = logging.getLogger(__name__)

HOST = ""
"""The host's name among the clusters."""

Listener = Callable[[str, Resource, Key], None]
"""Told which object of which cluster is no longer the same."""
Watcher = Callable[[str, Resource], None]
"""Told that sight of a resource of a cluster was got, lost, or got back."""
Connect = Callable[[Access], Client]
LASTING = 600.0
"""Seconds after which a feed that fails has not failed in a row."""


@dataclass(frozen=True)
class Interest:
    """A resource to follow; an empty namespace is all of them.

    `index` gives the value by which `Store.indexed` finds an object.
    """

    resource: Resource
    namespace: str = ""
    labels: str = ""
    fields: str = ""
    index: Index | None = None

    def selects(self, obj: Obj) -> bool:
        """Whether an object has the labels, which are given as `key=value` with commas between."""
        given = labels(obj)
        pairs = (pair.partition("=") for pair in self.labels.split(",") if pair)
        return all(given.get(key) == value for key, _, value in pairs)


@dataclass(frozen=True)
class _Served:
    """One interest in one cluster, as the reflector reads it."""

    cluster: str
    client: Client
    interest: Interest

    def __str__(self) -> str:
        return f"{self.interest.resource} of {self.cluster or 'the host'}"

    async def list(self) -> tuple[Sequence[Obj], str]:
        what = self.interest
        return await self.client.list(
            what.resource, namespace=what.namespace, labels=what.labels, fields=what.fields
        )

    async def get(self, key: Key) -> Obj:
        """Also not found is what the selector does not select any more."""
        obj = await self.client.get(self.interest.resource, key)
        if not self.interest.selects(obj):
            raise errors.NotFound(f"{self}: {key} has other labels now", status=404)
        return obj

    def watch(self, since: str) -> AsyncGenerator[Mapping[str, Any], None]:
        what = self.interest
        return self.client.watch(
            what.resource,
            since=since,
            namespace=what.namespace,
            labels=what.labels,
            fields=what.fields,
        )


@dataclass
class _Feed:
    interest: Interest
    reflector: Reflector
    task: asyncio.Task[None]


@dataclass
class _Member:
    access: Access
    client: Client
    feeds: dict[Resource, _Feed]


class Fleet:
    """The caches of all the clusters; a cluster that cannot be reached stops only itself.

    A feed that has come to nothing within `patience` seconds counts as lost,
    so that a cluster that hangs is not waited for.
    """

    def __init__(
        self,
        *,
        connect: Connect = Client,
        timing: Timing = USUAL,
        patience: float = 3.0,
        restart: backoff.Backoff = backoff.STEADY,
    ) -> None:
        self._connect = connect
        self._timing = timing
        self._patience = patience
        self._restart = restart
        self._members: dict[str, _Member] = {}
        self._stores: dict[tuple[str, Resource], Store] = {}
        self._listeners: list[Listener] = []
        self._watchers: list[Watcher] = []

    def subscribe(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def watch_sight(self, watcher: Watcher) -> None:
        self._watchers.append(watcher)

    def clusters(self) -> frozenset[str]:
        """The followed clusters, without the host."""
        return frozenset(self._members) - {HOST}

    def client(self, cluster: str) -> Client:
        """Raises KeyError for a cluster that is not followed."""
        return self._members[cluster].client

    def store(self, cluster: str, resource: Resource) -> Store | None:
        """The cache, once it has been filled."""
        store = self._stores.get((cluster, resource))
        return store if store is not None and store.synced else None

    def sight(self, cluster: str, resource: Resource) -> Store | None:
        """The cache whether filled or not, for its state; None where nothing is followed."""
        return self._stores.get((cluster, resource))

    def put(self, cluster: str, resource: Resource, obj: Obj) -> None:
        """Take in what a write answered, so that the next step need not wait for its echo."""
        store = self._stores.get((cluster, resource))
        if store is not None and store.put(obj, now=asyncio.get_running_loop().time()):
            self._tell(cluster, resource, {key_of(obj)})

    def nudge(self, cluster: str) -> None:
        """Let the waiting feeds of a cluster try again at once."""
        if (member := self._members.get(cluster)) is not None:
            for feed in member.feeds.values():
                feed.reflector.nudge()

    async def engage(self, cluster: str, access: Access, interests: Collection[Interest]) -> None:
        """Follow these resources of a cluster, and no others.

        With other credentials than before it is watched anew; what was seen
        stays, as last seen, until the new listing says otherwise. At another
        address it is another cluster, of which nothing has been seen.
        """
        member = self._members.get(cluster)
        if member is not None and member.access != access:
            await self._stop(member, member.feeds.keys())
            await member.client.close()
            if member.access.server != access.server:
                self._forget_all(cluster)
            member = None
        if member is None:
            member = _Member(access, self._connect(access), {})
            self._members[cluster] = member
        wanted = {interest.resource: interest for interest in interests}
        stale = {r for r, feed in member.feeds.items() if wanted.get(r) != feed.interest}
        await self._stop(member, stale)
        for resource in stale - wanted.keys():
            self._forget(cluster, resource)
        for interest in wanted.values():
            if interest.resource not in member.feeds:
                self._start(cluster, member, interest)

    async def disengage(self, cluster: str) -> None:
        """Stop following a cluster; listeners are told of all that was seen of it."""
        member = self._members.pop(cluster, None)
        if member is None:
            return
        await self._stop(member, set(member.feeds))
        await member.client.close()
        self._forget_all(cluster)

    async def close(self) -> None:
        for cluster in list(self._members):
            member = self._members.pop(cluster)
            await self._stop(member, set(member.feeds))
            await member.client.close()

    def _start(self, cluster: str, member: _Member, interest: Interest) -> None:
        resource = interest.resource
        store = self._stores.get((cluster, resource))
        if store is None:
            store = self._stores[cluster, resource] = Store(index=interest.index)
        endpoint = _Served(cluster, member.client, interest)
        reflector = Reflector(endpoint, known=store.keys, held=store.get, timing=self._timing)
        run = self._run(cluster, resource, reflector)
        task = asyncio.create_task(run, name=f"reflect {endpoint}")
        member.feeds[resource] = _Feed(interest, reflector, task)
        asyncio.get_running_loop().call_later(self._patience, self._impatient, cluster, resource)

    async def _run(self, cluster: str, resource: Resource, reflector: Reflector) -> None:
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            begun = loop.time()
            try:
                await self._reflect(cluster, resource, reflector)
            except Exception as error:
                failures = failures + 1 if loop.time() - begun < LASTING else 1
                delay = self._restart(failures)
                log.exception("%s of %s: the feed failed; again in %.2gs", resource, cluster, delay)
                self._apply(cluster, resource, Lost(error))
                await asyncio.sleep(delay)

    async def _reflect(self, cluster: str, resource: Resource, reflector: Reflector) -> None:
        async with contextlib.aclosing(reflector.events()) as events:
            async for event in events:
                self._apply(cluster, resource, event)

    def _apply(self, cluster: str, resource: Resource, event: Any) -> None:
        store = self._stores[cluster, resource]
        before = (store.started, store.live)
        changed = store.apply(event, now=asyncio.get_running_loop().time())
        self._tell(cluster, resource, changed)
        if isinstance(event, Listed | Live | Lost) and before != (store.started, store.live):
            self._tell_sight(cluster, resource)

    def _impatient(self, cluster: str, resource: Resource) -> None:
        store = self._stores.get((cluster, resource))
        if store is not None and not store.started:
            self._apply(cluster, resource, Lost(TimeoutError("no answer yet")))

    def _tell(self, cluster: str, resource: Resource, keys: Collection[Key]) -> None:
        """A fault of one listener keeps the change from no other: it is not told twice."""
        for key in keys:
            for listener in self._listeners:
                try:
                    listener(cluster, resource, key)
                except Exception:
                    log.exception("a listener failed")

    def _tell_sight(self, cluster: str, resource: Resource) -> None:
        for watcher in self._watchers:
            try:
                watcher(cluster, resource)
            except Exception:
                log.exception("a watcher failed")

    async def _stop(self, member: _Member, resources: Collection[Resource]) -> None:
        feeds = [member.feeds.pop(resource) for resource in list(resources)]
        for feed in feeds:
            feed.task.cancel()
        if feeds:
            await asyncio.wait([feed.task for feed in feeds])

    def _forget_all(self, cluster: str) -> None:
        for name, resource in [key for key in self._stores if key[0] == cluster]:
            self._forget(name, resource)

    def _forget(self, cluster: str, resource: Resource) -> None:
        store = self._stores.pop((cluster, resource), None)
        if store is not None:
            self._tell(cluster, resource, store.keys())
            self._tell_sight(cluster, resource)
