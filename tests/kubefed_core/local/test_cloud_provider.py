"""Nodes and pods beside a cluster in memory, in virtual time: at once, and respecting what is."""

import asyncio

import pytest
import world
from cloud_story import NODE, POD, TERRITORY, cloudy, phase, pod

from kubefed_core import errors
from kubefed_core.local.cloud import READY
from kubefed_core.local.cloud.machines import BINDINGS
from kubefed_core.local.cloud.provider import Cloud
from kubefed_core.objects import Key, dig
from kubefed_core.resources import LEASES, NODES, PODS
from kubefed_core.runtime.credentials import Access

pytestmark = pytest.mark.looptime

LEASE = Key("kube-node-lease", NODE.name)


@pytest.fixture
def server():
    return world.Server()


async def test_its_nodes_register_are_ready_and_renew_their_leases(server):
    async with cloudy(server) as cloud:
        assert await cloud.settled()
        labels = server.get(NODES, NODE)["metadata"]["labels"]
        assert labels["topology.kubernetes.io/zone"] == "eu-a"
        first = server.get(LEASES, LEASE)["spec"]["renewTime"]
        server.writes.clear()
        await asyncio.sleep(100)
        assert server.get(LEASES, LEASE)["spec"]["renewTime"] > first
        assert server.writes == [("patch", LEASES, LEASE)] * 10


async def test_it_is_not_settled_while_its_nodes_may_not_take_pods(server):
    async with cloudy(server) as cloud:
        taint = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
        server.put(NODES, {**server.get(NODES, NODE), "spec": {"taints": [taint]}})
        await asyncio.sleep(1)
        assert not await cloud.settled()


async def test_a_node_that_somebody_deletes_stays_away(server):
    async with cloudy(server):
        server.remove(NODES, NODE)
        await asyncio.sleep(60)
        assert server.get(NODES, NODE) is None


async def test_a_node_that_somebody_makes_is_played_too(server):
    async with cloudy(server):
        server.put(NODES, {"metadata": {"name": "other"}})
        await asyncio.sleep(1)
        assert (
            dig(server.get(NODES, Key("", "other")), "status", "conditions")[0]["status"] == "True"
        )


async def test_a_node_that_was_there_is_taken_over(server):
    server.put(NODES, {"metadata": {"name": NODE.name, "uid": "old"}})
    async with cloudy(server) as cloud:
        assert await cloud.settled()
        assert server.get(NODES, NODE)["metadata"]["uid"] == "old"


async def test_a_pod_is_bound_and_runs_at_once(server):
    async with cloudy(server):
        server.put(PODS, pod())
        await asyncio.sleep(0.1)
        found = server.get(PODS, POD)
        assert (found["spec"]["nodeName"], phase(server)) == (NODE.name, "Running")


async def test_pods_have_addresses_of_their_own(server):
    async with cloudy(server):
        for name in ("a", "b"):
            server.put(PODS, pod(name))
        await asyncio.sleep(0.1)
        ips = {dig(server.get(PODS, Key("ns", name)), "status", "podIP") for name in ("a", "b")}
        assert len(ips) == 2


async def test_pods_that_come_together_do_not_take_the_same_room(server):
    async with cloudy(server):
        for name in ("a", "b", "c"):
            server.put(PODS, pod(name))
        await asyncio.sleep(1)
        waiting = [name for name in ("a", "b", "c") if phase(server, name) is None]
        assert len(waiting) == 1
        (condition,) = dig(server.get(PODS, Key("ns", waiting[0])), "status", "conditions")
        assert (condition["status"], condition["reason"]) == ("False", "Unschedulable")
        server.remove(PODS, Key("ns", next(n for n in ("a", "b", "c") if n != waiting[0])))
        await asyncio.sleep(0.1)
        assert phase(server, waiting[0]) == "Running"


async def test_a_waiting_pod_goes_to_a_new_node(server):
    async with cloudy(server):
        server.put(PODS, pod(cpu="5"))
        await asyncio.sleep(1)
        assert phase(server) is None
        server.put(
            NODES,
            {"metadata": {"name": "big"}, "status": {"allocatable": {"cpu": "9", "pods": "9"}}},
        )
        await asyncio.sleep(0.1)
        assert server.get(PODS, POD)["spec"]["nodeName"] == "big"


async def test_room_in_use_is_known_from_the_start(server):
    server.put(PODS, {**pod("old", cpu="2", nodeName=NODE.name), "status": {"phase": "Running"}})
    server.put(PODS, pod())
    async with cloudy(server):
        assert phase(server) is None


async def test_a_finished_pod_gives_its_room_back(server):
    async with cloudy(server):
        server.put(PODS, pod("job", cpu="2", restartPolicy="Never"))
        server.put(PODS, pod())
        await asyncio.sleep(1)
        assert (phase(server, "job"), phase(server)) == ("Succeeded", "Running")


async def test_a_pod_can_be_told_not_to_be_ready(server):
    async with cloudy(server):
        server.put(PODS, pod())
        await asyncio.sleep(0.1)
        found = server.get(PODS, POD)
        server.put(
            PODS, {**found, "metadata": {**found["metadata"], "annotations": {READY: "false"}}}
        )
        await asyncio.sleep(0.1)
        status = {c["type"]: c["status"] for c in server.get(PODS, POD)["status"]["conditions"]}
        assert status["Ready"] == "False"


@pytest.mark.parametrize(
    ("reason", "grace", "node", "gone"),
    [
        ("A terminating pod is let go.", 30, NODE.name, True),
        ("One that is let go already is waited for.", 0, NODE.name, False),
        ("One that no kubelet has is none of our business.", 30, "", False),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_release(server, reason, grace, node, gone):
    async with cloudy(server):
        dying = pod(nodeName=node)
        dying["metadata"] |= {
            "deletionTimestamp": "2026-01-01T00:00:00Z",
            "deletionGracePeriodSeconds": grace,
        }
        server.put(PODS, dying)
        await asyncio.sleep(1)
        assert (server.get(PODS, POD) is None) is gone, reason


async def test_a_pod_bound_elsewhere_meanwhile_is_left_there(server):
    async with cloudy(server):
        server.faults["create", BINDINGS] = errors.Conflict("already bound", status=409)
        server.put(PODS, pod())
        await asyncio.sleep(5)
        assert [write for write in server.writes if write[1] is PODS] == []


async def test_a_binding_that_fails_is_tried_again_with_the_room_still_free(server):
    async with cloudy(server):
        server.faults["create", BINDINGS] = ConnectionResetError("reset")
        server.put(PODS, pod(cpu="2"))
        await asyncio.sleep(1)
        assert phase(server) is None
        server.faults.clear()
        await asyncio.sleep(3)
        assert phase(server) == "Running"


async def test_stopping_what_was_not_started_is_fine(server):
    await Cloud(Access("https://eu"), TERRITORY).stop()
