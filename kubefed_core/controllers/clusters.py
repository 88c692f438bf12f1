"""Probes the members' API servers and says on each KubeFedCluster what was found.

A probe runs beside the loop, and its end brings the key back: a cluster that hangs holds no worker
and so delays no other.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from kubefed_core import errors
from kubefed_core.api import clusters as api
from kubefed_core.api.clusters import ClusterStatus
from kubefed_core.api.config import HealthCheck
from kubefed_core.decide import health
from kubefed_core.decide.health import Location, Probe, Track
from kubefed_core.errors import Terminal
from kubefed_core.objects import Key, Obj, dig, uid
from kubefed_core.resources import CLUSTERS, NODES, SECRETS, Resource
from kubefed_core.runtime import credentials, loop
from kubefed_core.runtime.client import Client
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.loop import Controller

log = logging.getLogger(__name__)

UNFOLLOWED = 0.2
"""Seconds until it is looked again whether the fleet has a cluster's credentials."""
CLOSE = 0.001
"""Seconds before it is due in which a probe may begin: timers come a rounding error early."""
SETTLE = 1.0
"""Seconds in which changes of a member's nodes are gathered."""
NODE_AGE = 300.0
"""Seconds for which a listing of nodes counts, where they are not followed."""
_STATES = {Probe.OK: "ready", Probe.UNWELL: "notready", Probe.UNREACHABLE: "offline"}


class Meter(loop.Meter, Protocol):
    """What is measured of clusters."""

    def cluster_state(self, cluster: str, state: str) -> None: ...

    def cluster_gone(self, cluster: str) -> None: ...

    def cluster_probed(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one probe brought; `nodes` is None where they were not listed.

    `cause` says for people why there is no answer, empty where there is one.
    """

    probe: Probe
    cause: str = ""
    nodes: Sequence[Obj] | None = None


@dataclass(slots=True)
class _Watched:
    """What is remembered of one cluster; times are the loop's.

    `unsaid` while the last answer is not in the status; `told` is the last event.
    """

    uid: str
    track: Track
    access: Access | None = None
    client: Client | None = None
    asking: asyncio.Task[_Answer] | None = None
    started: float = 0.0
    due: float = 0.0
    last: Probe | None = None
    unsaid: bool = False
    told: str = ""
    nodes: Sequence[Obj] | None = None
    nodes_at: float = -NODE_AGE

    def stop(self) -> None:
        """Ask no more; what was asked already counts for nothing."""
        if self.asking is not None:
            self.asking.cancel()
        self.asking, self.client, self.access, self.unsaid = None, None, None, False


class Clusters:
    """Keys are names of clusters; `health` is the KubeFedConfig's clusterHealthCheck."""

    def __init__(self, *, host: Host, health: HealthCheck, meter: Meter | None = None) -> None:
        self._host = host
        self._check = health
        self._meter = meter
        self._watched: dict[str, _Watched] = {}
        self._controller: Controller[str] = Controller("clusters", self.reconcile, meter=meter)
        host.fleet.subscribe(self._changed)
        host.fleet.watch_sight(self._sighted)

    async def run(self) -> None:
        """Work until cancelled."""
        log.info("Starting cluster controller")
        try:
            await self._controller.run()
        finally:
            for watched in self._watched.values():
                watched.stop()

    def _changed(self, cluster: str, resource: Resource, key: Key) -> None:
        queue = self._controller.queue
        if cluster != HOST:
            if resource == NODES:
                queue.add_after(cluster, SETTLE)
        elif key.namespace != self._host.namespace:
            return
        elif resource == CLUSTERS:
            queue.add(key.name)
        elif resource == SECRETS:
            for obj in self._host.list(CLUSTERS):
                if dig(obj, "spec", "secretRef", "name") == key.name:
                    queue.add(obj["metadata"]["name"])

    def _sighted(self, cluster: str, resource: Resource) -> None:
        """A cluster that a feed follows again is probed at once, so that it is Ready at once."""
        store, watched = self._host.fleet.sight(cluster, resource), self._watched.get(cluster)
        if watched is not None and store is not None and store.live:
            watched.due = asyncio.get_running_loop().time()
            self._controller.queue.add(cluster)

    async def reconcile(self, name: str) -> float | None:
        """Take in the probe that has ended, begin the one that is due, write what is so."""
        if not self._host.filled(CLUSTERS, SECRETS):
            raise errors.Retry("clusters and Secrets are not listed yet", after=1.0)
        cluster = self._host.get(CLUSTERS, Key(self._host.namespace, name))
        if cluster is None:
            self._forget(name)
            return None
        watched = self._known(name, cluster)
        try:
            spec = api.parse(cluster)
            secret = self._host.get(SECRETS, Key(self._host.namespace, spec.secret_name))
            access = credentials.from_cluster(cluster, secret)
        except Terminal as error:
            return await self._malformed(name, cluster, watched, str(error))
        self._take(name, cluster, watched)
        self._probe(name, watched, access)
        if watched.last is not None:
            said = Location(spec.region, spec.zones)
            location = health.locate(said, self._nodes(name, watched), spec.status)
            await self._write(cluster, watched, spec.status, location)
        return None

    def _known(self, name: str, cluster: Obj) -> _Watched:
        """What is remembered of this very object; after a restart, what its status says."""
        watched = self._watched.get(name)
        if watched is None or watched.uid != uid(cluster):
            self._forget(name)
            track = health.resume(api.parse_status(cluster))
            watched = self._watched[name] = _Watched(uid(cluster), track)
        return watched

    def _forget(self, name: str) -> None:
        if (watched := self._watched.pop(name, None)) is not None:
            watched.stop()
            if self._meter is not None:
                self._meter.cluster_gone(name)

    async def _malformed(self, name: str, cluster: Obj, watched: _Watched, why: str) -> float:
        """Say what is wrong with the object; it is asked as soon as that is put right."""
        watched.stop()
        watched.track, watched.last = Track(), None
        self._tell(cluster, watched, "MalformedClusterConfig", why)
        if self._meter is not None:
            self._meter.cluster_state(name, _STATES[Probe.UNWELL])
        before = api.parse_status(cluster)
        location = Location(before.region, before.zones)
        now = self._host.now()
        await self._set(
            cluster, before, health.status(before, Probe.UNWELL, location, now=now, malformed=why)
        )
        return self._check.period

    def _probe(self, name: str, watched: _Watched, access: Access) -> None:
        """Begin a probe where one is due, and see to it that the key comes back."""
        now = asyncio.get_running_loop().time()
        if watched.access != access:
            watched.stop()
            watched.access, watched.due = access, now
        if watched.asking is not None:
            return
        wait, client = watched.due - now, None
        if wait < CLOSE:
            wait, client = UNFOLLOWED, self._client(name, access)
        if client is None:
            self._controller.queue.add_after(name, wait)
            return
        listing = self._host.fleet.sight(name, NODES) is None and now - watched.nodes_at >= NODE_AGE
        watched.client, watched.started = client, now
        watched.asking = asyncio.create_task(self._ask(client, listing), name=f"probe {name}")
        watched.asking.add_done_callback(lambda _: self._controller.queue.add(name))

    def _client(self, name: str, access: Access) -> Client | None:
        """The fleet's client, once it has these credentials."""
        try:
            client = self._host.fleet.client(name)
        except KeyError:
            return None
        return client if client.access == access else None

    async def _ask(self, client: Client, listing: bool) -> _Answer:
        try:
            status, body = await client.fetch("/healthz", timeout=self._check.timeout)
        except (errors.ApiError, OSError) as error:
            return _Answer(health.probe_of(None, ""), str(error) or type(error).__name__)
        answer = _Answer(health.probe_of(status, body), _cause(status, body))
        if not listing or answer.probe is not Probe.OK:
            return answer
        try:
            async with asyncio.timeout(self._check.timeout):
                return replace(answer, nodes=(await client.list(NODES))[0])
        except (errors.ApiError, OSError) as error:
            log.info("nodes of %s: %s", client, error)
            return replace(answer, nodes=())

    def _take(self, name: str, cluster: Obj, watched: _Watched) -> None:
        """Take in the answer of a probe that has ended, unless it was another connection's."""
        asking, client = watched.asking, watched.client
        if asking is None or client is None or not asking.done():
            return
        watched.asking, watched.due = None, watched.started + self._check.period
        answer = asking.result()
        if self._client(name, client.access) is not client:
            watched.due = watched.started
            return
        if answer.probe.ready and watched.last is not None and not watched.last.ready:
            self._host.fleet.nudge(name)
        if answer.nodes is not None:
            watched.nodes, watched.nodes_at = answer.nodes, watched.started
        watched.last, watched.unsaid = answer.probe, True
        watched.track = health.follow(
            watched.track,
            answer.probe,
            failures=self._check.failures,
            successes=self._check.successes,
        )
        self._tell(cluster, watched, "RetrievingClusterHealthFailed", answer.cause)
        if self._meter is not None:
            self._meter.cluster_state(name, _STATES[answer.probe])

    def _nodes(self, name: str, watched: _Watched) -> Sequence[Obj] | None:
        """The nodes as last seen, None where they were not."""
        fleet = self._host.fleet
        if fleet.sight(name, NODES) is None:
            return watched.nodes
        store = fleet.store(name, NODES)
        return None if store is None else list(store)

    async def _write(
        self, cluster: Obj, watched: _Watched, before: ClusterStatus, location: Location
    ) -> None:
        state, now = watched.track.state or Probe.UNREACHABLE, self._host.now()
        await self._set(cluster, before, health.status(before, state, location, now=now))
        if watched.unsaid and self._meter is not None:
            self._meter.cluster_probed(asyncio.get_running_loop().time() - watched.started)
        watched.unsaid = False

    async def _set(self, cluster: Obj, before: ClusterStatus, status: ClusterStatus) -> None:
        if status is before:
            return
        try:
            await self._host.set_status(CLUSTERS, cluster, api.dump_status(status))
        except errors.NotFound:
            return
        except errors.Conflict as error:
            raise errors.Retry(str(error), after=UNFOLLOWED) from error

    def _tell(self, cluster: Obj, watched: _Watched, reason: str, why: str) -> None:
        """Say in an event what is wrong, once as long as it is the same; empty: nothing is."""
        if why and why != watched.told:
            self._host.recorder.event(
                cluster, resource=CLUSTERS, reason=reason, message=why, warning=True
            )
        watched.told = why


def _cause(status: int, body: str) -> str:
    """Why an answer is none, and what to do; empty where it is one."""
    # An API server that is not well lists all its checks; those that failed begin with [-].
    failed = [line for line in body.splitlines() if line.startswith("[-]")]
    said = f"/healthz answered {status} {' '.join((' '.join(failed) or body).split())[:200]}"
    if status == 401:
        return f"{said}; its token is not valid (any more): join the cluster again"
    if status == 403:
        return f"{said}; its service account may not get /healthz: join the cluster again"
    return "" if 200 <= status < 300 else said
