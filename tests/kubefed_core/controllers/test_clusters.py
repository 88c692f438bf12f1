"""Members are probed and their health is written, in virtual time."""

import asyncio
import base64
import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from kubefed_core import errors
from kubefed_core.api.config import HealthCheck
from kubefed_core.controllers.clusters import Clusters
from kubefed_core.controllers.members import Members
from kubefed_core.objects import Key, key_of
from kubefed_core.resources import CLUSTERS, NODES, SECRETS
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST, Fleet, Interest
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.metrics import Metrics
from kubefed_core.runtime.reflector import OPENED

pytestmark = pytest.mark.looptime

NS = "kube-federation-system"
START = datetime(2026, 1, 1, tzinfo=UTC)
OK = (200, "ok")
REFUSED = ConnectionError("refused")
HANGS = "hangs"


def at(seconds):
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def cluster(name, **spec):
    spec = {"apiEndpoint": f"https://{name}", "secretRef": {"name": name}, **spec}
    return {"metadata": {"namespace": NS, "name": name, "uid": f"uid-{name}"}, "spec": spec}


def secret(name, token="t"):
    data = {"token": base64.b64encode(token.encode()).decode()}
    return {"metadata": {"namespace": NS, "name": name}, "data": data}


def node(name, region, zone):
    labels = {"topology.kubernetes.io/region": region, "topology.kubernetes.io/zone": zone}
    return {"metadata": {"name": name, "labels": labels}}


class Server:
    """One API server: its objects, and what it answers to probes."""

    def __init__(self):
        self.objects = {}
        self.health = OK
        self.probes = []
        self.tokens = None
        self.writes = []
        self.watches = []
        self.version = 0

    def put(self, resource, obj):
        self.version += 1
        meta = {**obj["metadata"], "resourceVersion": str(self.version)}
        obj = {**obj, "metadata": meta}
        self.objects[resource, key_of(obj)] = obj
        self._tell("MODIFIED", resource, obj)
        return obj

    def drop(self, resource, key):
        self.version += 1
        obj = self.objects.pop((resource, key))
        meta = {**obj["metadata"], "resourceVersion": str(self.version)}
        self._tell("DELETED", resource, {**obj, "metadata": meta})

    def _tell(self, kind, resource, obj):
        for watched, queue in self.watches:
            if watched == resource:
                queue.put_nowait({"type": kind, "object": obj})


class FakeClient:
    """A client of the server that its address names."""

    servers = {}

    def __init__(self, access):
        self.access = access
        self.server = self.servers[access.server]

    async def list(self, resource, **_):
        found = [obj for (kind, _), obj in self.server.objects.items() if kind == resource]
        return found, str(self.server.version)

    async def get(self, resource, key):
        try:
            return self.server.objects[resource, key]
        except KeyError:
            raise errors.NotFound("gone", status=404) from None

    async def watch(self, resource, **_):
        queue = asyncio.Queue()
        self.server.watches.append((resource, queue))
        yield {"type": OPENED, "object": {}}
        while True:
            yield await queue.get()

    async def replace(self, resource, obj, *, subresource=""):
        stored = self.server.objects.get((resource, key_of(obj)))
        if stored is None:
            raise errors.NotFound("gone", status=404)
        if stored["metadata"]["resourceVersion"] != obj["metadata"]["resourceVersion"]:
            raise errors.Conflict("changed", status=409)
        self.server.writes.append(obj["metadata"]["name"])
        return self.server.put(resource, {**stored, "status": obj["status"]})

    async def fetch(self, path, *, timeout):
        assert path == "/healthz"
        self.server.probes.append(asyncio.get_running_loop().time())
        if self.server.tokens is not None and self.access.token not in self.server.tokens:
            return 401, "Unauthorized"
        if self.server.health == HANGS:
            await asyncio.sleep(timeout)
            raise TimeoutError("no answer in time")
        if isinstance(self.server.health, Exception):
            raise self.server.health
        return self.server.health

    async def close(self):
        pass


class Events:
    """Remembers what is said, as (object's name, reason, message)."""

    def __init__(self):
        self.said = []

    def event(self, obj, *, resource, reason, message, warning=False):
        assert resource == CLUSTERS
        assert warning
        self.said.append((obj["metadata"]["name"], reason, message))


class World:
    """A host with its controllers, and members by name."""

    def __init__(self, fleet):
        self.hub = Server()
        self.members = {}
        self.events = Events()
        self.fleet = fleet
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry)
        FakeClient.servers = {"hub": self.hub}
        self.host = Host(fleet=fleet, recorder=self.events, namespace=NS, now=self.now)

    def now(self):
        return START + timedelta(seconds=asyncio.get_running_loop().time())

    def join(self, name, **spec):
        self.members[name] = FakeClient.servers[f"https://{name}"] = Server()
        self.hub.put(SECRETS, secret(name))
        self.hub.put(CLUSTERS, cluster(name, **spec))
        return self.members[name]

    def status(self, name="eu"):
        return self.hub.objects[CLUSTERS, Key(NS, name)].get("status", {})

    def conditions(self, name="eu"):
        return {c["type"]: (c["status"], c["reason"]) for c in self.status(name)["conditions"]}

    def metric(self, state, name="eu"):
        labels = {"state": state, "cluster": name}
        return self.registry.get_sample_value("kubefedcluster_total", labels)


@pytest.fixture
async def world():
    fleet = Fleet(connect=FakeClient)
    yield World(fleet)
    await fleet.close()


@pytest.fixture
async def run(world):
    """Start the controllers; the check's settings can be given."""
    tasks = []

    async def start(*interests, **check):
        wanted = [Interest(CLUSTERS, NS), Interest(SECRETS, NS)]
        await world.fleet.disengage(HOST)
        clusters = Clusters(host=world.host, health=HealthCheck(**check), meter=world.metrics)
        members = Members(host=world.host, interests=interests)
        await world.fleet.engage(HOST, Access("hub"), wanted)
        tasks.extend(asyncio.create_task(each.run()) for each in (clusters, members))

    async def stop():
        while tasks:
            task = tasks.pop()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    start.stop = stop
    yield start
    await stop()


PROBES = [
    ("Well.", OK, {"Ready": ("True", "ClusterReady")}, "ready"),
    ("Well, in capitals.", (200, "OK"), {"Ready": ("True", "ClusterReady")}, "ready"),
    ("There, but not well.", (200, "etcd failed"),
     {"Ready": ("False", "ClusterNotReady"), "Offline": ("False", "ClusterReachable")}, "notready"),
    ("An error is no answer.", (500, "etcd failed"),
     {"Offline": ("True", "ClusterNotReachable")}, "offline"),
    ("No connection.", REFUSED, {"Offline": ("True", "ClusterNotReachable")}, "offline"),
    ("No answer in time.", HANGS, {"Offline": ("True", "ClusterNotReachable")}, "offline"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "health", "want", "state"), PROBES, ids=[row[0] for row in PROBES]
)
async def test_the_first_probe_is_written_as_it_is(world, run, reason, health, want, state):
    world.join("eu").health = health
    await run()
    await asyncio.sleep(5)
    assert world.conditions() == want, reason
    states = {each: world.metric(each) for each in ("ready", "notready", "offline")}
    assert states == {"ready": 0, "notready": 0, "offline": 0} | {state: 1}


async def test_a_cluster_is_probed_every_period_and_an_idle_one_written_every_five_minutes(
    world, run
):
    eu = world.join("eu")
    await run()
    await asyncio.sleep(601)
    gaps = {round(b - a, 1) for a, b in zip(eu.probes, eu.probes[1:], strict=False)}
    assert gaps == {10.0}
    assert len(world.hub.writes) == 3
    (ready,) = world.status()["conditions"]
    assert ready["lastTransitionTime"] < at(1)
    assert at(590) < ready["lastProbeTime"] <= at(601)


async def test_it_takes_failures_in_a_row_to_be_offline_and_one_success_to_be_back(world, run):
    eu = world.join("eu")
    await run()
    await asyncio.sleep(5)
    eu.health = REFUSED
    await asyncio.sleep(20)
    assert world.conditions()["Ready"] == ("True", "ClusterReady")
    assert world.metric("offline") == 1
    eu.health = OK
    await asyncio.sleep(10)
    eu.health = REFUSED
    await asyncio.sleep(20)
    assert world.conditions()["Ready"] == ("True", "ClusterReady")
    await asyncio.sleep(10)
    assert world.conditions() == {"Offline": ("True", "ClusterNotReachable")}
    eu.health = OK
    await asyncio.sleep(10)
    assert world.conditions() == {"Ready": ("True", "ClusterReady")}


async def test_a_failure_is_told_once_with_its_cause(world, run):
    eu = world.join("eu")
    eu.health = REFUSED
    await run()
    await asyncio.sleep(300)
    failed = ("eu", "RetrievingClusterHealthFailed", "refused")
    assert world.events.said == [failed]
    eu.health = OK
    await asyncio.sleep(10)
    eu.health = REFUSED
    await asyncio.sleep(10)
    assert world.events.said == [failed, failed]


@pytest.mark.parametrize(("answer", "word"), [
    ((401, "no"), "401 no; its token is not valid (any more): join the cluster again"),
    ((403, "no"), "403 no; its service account may not get /healthz"),
    ((503, "no"), "/healthz answered 503 no"),
    ((500, "[+]ping ok\n[-]etcd failed: reason withheld\nhealthz check failed"),
     "/healthz answered 500 [-]etcd failed: reason withheld"),
])  # fmt: skip
async def test_a_refusal_is_told_with_its_remedy(world, run, answer, word):
    world.join("eu").health = answer
    await run()
    await asyncio.sleep(5)
    ((_, _, message),) = world.events.said
    assert message.startswith("/healthz answered ")
    assert word in message


async def test_many_that_hang_delay_no_other(world, run):
    for number in range(50):
        world.join(f"stuck-{number}").health = HANGS
    world.join("eu")
    await run()
    await asyncio.sleep(1)
    assert world.conditions() == {"Ready": ("True", "ClusterReady")}
    await asyncio.sleep(60)
    assert len(world.members["eu"].probes) == 7
    assert {len(world.members[f"stuck-{n}"].probes) for n in range(50)} == {7}


async def test_settings_are_kept_to(world, run):
    eu = world.join("eu")
    await run(period=2.0, failures=1, successes=2)
    await asyncio.sleep(1)
    eu.health = REFUSED
    await asyncio.sleep(2)
    assert world.conditions() == {"Offline": ("True", "ClusterNotReachable")}
    eu.health = OK
    await asyncio.sleep(2)
    assert world.conditions() == {"Offline": ("True", "ClusterNotReachable")}
    await asyncio.sleep(2)
    assert world.conditions() == {"Ready": ("True", "ClusterReady")}


async def test_a_restart_goes_on_from_what_is_written(world, run):
    eu = world.join("eu")
    await run()
    await asyncio.sleep(15)
    before = world.status()
    await run.stop()
    eu.health = REFUSED
    await run()
    await asyncio.sleep(15)
    assert world.status() == before
    await asyncio.sleep(10)
    assert world.conditions() == {"Offline": ("True", "ClusterNotReachable")}


MALFORMED = [
    ("No Secret.", lambda hub: hub.drop(SECRETS, Key(NS, "eu")), "there is no Secret 'eu'"),
    ("No token in it.", lambda hub: hub.put(SECRETS, {**secret("eu"), "data": {}}),
     "key token of Secret 'eu' is missing or empty"),
    ("A token that is none.",
     lambda hub: hub.put(SECRETS, {**secret("eu"), "data": {"token": "%"}}), "is not base64"),
    ("No address.", lambda hub: hub.put(CLUSTERS, cluster("eu", apiEndpoint="")),
     "spec.apiEndpoint"),
    ("A CA that is none.", lambda hub: hub.put(CLUSTERS, cluster("eu", caBundle="%")),
     "spec.caBundle is not base64"),
    ("Checks that do not exist.",
     lambda hub: hub.put(CLUSTERS, cluster("eu", disabledTLSValidations=["All"])),
     "spec.disabledTLSValidations"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "spoil", "word"), MALFORMED, ids=[row[0] for row in MALFORMED])
async def test_a_cluster_that_cannot_be_asked_says_why_and_works_when_put_right(
    world, run, reason, spoil, word
):
    world.join("eu")
    await run()
    await asyncio.sleep(5)
    spoil(world.hub)
    await asyncio.sleep(60)
    (ready,) = world.status()["conditions"]
    assert (ready["status"], ready["reason"]) == ("False", "ConfigMalformed"), reason
    assert word in ready["message"], reason
    ((name, event, message),) = world.events.said
    assert (name, event, message) == ("eu", "MalformedClusterConfig", ready["message"])
    assert world.metric("notready") == 1
    world.hub.put(SECRETS, secret("eu"))
    world.hub.put(CLUSTERS, cluster("eu"))
    await asyncio.sleep(1)
    assert world.conditions() == {"Ready": ("True", "ClusterReady")}, reason


async def test_a_new_token_is_tried_at_once(world, run):
    eu = world.join("eu")
    eu.tokens = {"t"}
    await run()
    await asyncio.sleep(5)
    eu.tokens = {"new"}
    await asyncio.sleep(40)
    assert world.conditions() == {"Offline": ("True", "ClusterNotReachable")}
    assert "join the cluster again" in world.events.said[-1][2]
    world.hub.put(SECRETS, secret("eu", token="new"))
    await asyncio.sleep(1)
    assert world.conditions() == {"Ready": ("True", "ClusterReady")}


async def test_the_answer_to_an_old_token_says_nothing_of_the_new(world, run):
    eu = world.join("eu")
    await run(failures=1)
    await asyncio.sleep(5)
    eu.health = HANGS
    await asyncio.sleep(6)
    eu.health = OK
    world.hub.put(SECRETS, secret("eu", token="new"))
    await asyncio.sleep(5)
    assert world.conditions() == {"Ready": ("True", "ClusterReady")}
    assert world.events.said == []


async def test_region_and_zones_come_from_the_nodes_that_are_followed(world, run):
    eu = world.join("eu")
    eu.put(NODES, node("a", "eu-west", "b"))
    eu.put(NODES, node("b", "eu-west", "a"))
    await run(Interest(NODES))
    await asyncio.sleep(2)
    assert (world.status()["region"], world.status()["zones"]) == ("eu-west", ["a", "b"])
    eu.put(NODES, node("c", "eu-west", "c"))
    await asyncio.sleep(2)
    assert world.status()["zones"] == ["a", "b", "c"]
    assert len(eu.probes) == 1


async def test_nodes_that_are_not_followed_are_listed_now_and_then(world, run):
    eu = world.join("eu")
    eu.put(NODES, node("a", "eu-west", "a"))
    await run()
    await asyncio.sleep(2)
    assert world.status()["zones"] == ["a"]
    eu.put(NODES, node("b", "eu-west", "b"))
    await asyncio.sleep(100)
    assert world.status()["zones"] == ["a"]
    await asyncio.sleep(210)
    assert world.status()["zones"] == ["a", "b"]


async def test_what_the_user_says_of_region_and_zones_wins(world, run):
    world.join("eu", region="mine", zones=["z"]).put(NODES, node("a", "eu-west", "a"))
    await run(Interest(NODES))
    await asyncio.sleep(2)
    assert (world.status()["region"], world.status()["zones"]) == ("mine", ["z"])


async def test_region_and_zones_outlive_the_loss_of_a_cluster(world, run):
    eu = world.join("eu")
    eu.put(NODES, node("a", "eu-west", "a"))
    await run(Interest(NODES))
    await asyncio.sleep(2)
    eu.health = REFUSED
    await asyncio.sleep(60)
    assert world.conditions() == {"Offline": ("True", "ClusterNotReachable")}
    assert (world.status()["region"], world.status()["zones"]) == ("eu-west", ["a"])


async def test_a_cluster_that_leaves_is_forgotten(world, run):
    eu = world.join("eu")
    await run()
    await asyncio.sleep(5)
    world.hub.drop(CLUSTERS, Key(NS, "eu"))
    await asyncio.sleep(60)
    assert len(eu.probes) == 1
    assert world.metric("ready") is None


async def test_a_cluster_that_joins_again_is_another(world, run):
    eu = world.join("eu")
    await run()
    await asyncio.sleep(5)
    eu.health = REFUSED
    again = cluster("eu")
    again["metadata"]["uid"] = "another"
    world.hub.put(CLUSTERS, again)
    await asyncio.sleep(1)
    assert world.conditions() == {"Offline": ("True", "ClusterNotReachable")}


async def test_a_lost_race_for_the_status_is_run_again(world, run):
    world.join("eu")
    await run()
    await asyncio.sleep(5)
    stored = world.hub.objects[CLUSTERS, Key(NS, "eu")]
    meta = {**stored["metadata"], "resourceVersion": "9999"}
    del stored["status"]
    world.hub.objects[CLUSTERS, Key(NS, "eu")] = {**stored, "metadata": meta}
    world.members["eu"].health = (200, "unwell")
    await asyncio.sleep(40)
    assert "status" not in world.hub.objects[CLUSTERS, Key(NS, "eu")]
    world.hub.version = 9999
    world.hub.put(CLUSTERS, stored)
    await asyncio.sleep(1)
    assert world.conditions()["Ready"] == ("False", "ClusterNotReady")


async def test_probing_goes_on_while_the_host_refuses_writes(world, run):
    eu = world.join("eu")
    world.hub.objects.pop((CLUSTERS, Key(NS, "eu")))
    world.hub.put(CLUSTERS, cluster("eu"))
    await run()
    await asyncio.sleep(5)
    del world.hub.objects[CLUSTERS, Key(NS, "eu")]
    eu.health = REFUSED
    await asyncio.sleep(100)
    assert len(eu.probes) == 11
