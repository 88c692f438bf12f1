"""What a KubeFedCluster, its Secret and its member's nodes say is followed, in virtual time."""

import asyncio

import pytest
from probed import EU, HANGS, OK, REFUSED, cluster, node, secret

from kubefed_core import errors
from kubefed_core.resources import CLUSTERS, NODES, SECRETS
from kubefed_core.runtime.fleet import Interest

pytestmark = pytest.mark.looptime

MALFORMED = [
    ("No Secret.", lambda hub: hub.api.remove(SECRETS, EU), "there is no Secret 'eu'"),
    ("No token in it.", lambda hub: hub.api.put(SECRETS, {**secret("eu"), "data": {}}),
     "key token of Secret 'eu' is missing or empty"),
    ("A token that is none.",
     lambda hub: hub.api.put(SECRETS, {**secret("eu"), "data": {"token": "%"}}), "is not base64"),
    ("No address.", lambda hub: hub.api.put(CLUSTERS, cluster("eu", apiEndpoint="")),
     "spec.apiEndpoint"),
    ("A CA that is none.", lambda hub: hub.api.put(CLUSTERS, cluster("eu", caBundle="%")),
     "spec.caBundle is not base64"),
    ("Checks that do not exist.",
     lambda hub: hub.api.put(CLUSTERS, cluster("eu", disabledTLSValidations=["All"])),
     "spec.disabledTLSValidations"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "spoil", "word"), MALFORMED, ids=[row[0] for row in MALFORMED])
async def test_a_cluster_that_cannot_be_asked_says_why_and_works_when_put_right(
    hub, controllers, reason, spoil, word
):
    hub.join("eu")
    await controllers.start()
    await asyncio.sleep(5)
    spoil(hub)
    await asyncio.sleep(60)
    (ready,) = hub.status()["conditions"]
    assert (ready["status"], ready["reason"]) == ("False", "ConfigMalformed"), reason
    assert word in ready["message"], reason
    ((name, event, message),) = hub.events.said
    assert (name, event, message) == ("eu", "MalformedClusterConfig", ready["message"])
    assert hub.metric("notready") == 1
    hub.api.put(SECRETS, secret("eu"))
    hub.api.put(CLUSTERS, cluster("eu"))
    await asyncio.sleep(1)
    assert hub.conditions() == {"Ready": ("True", "ClusterReady")}, reason


async def test_a_new_token_is_tried_at_once(hub, controllers):
    eu = hub.join("eu")
    eu.tokens = {"t"}
    await controllers.start()
    await asyncio.sleep(5)
    eu.tokens = {"new"}
    await asyncio.sleep(40)
    assert hub.conditions() == {"Offline": ("True", "ClusterNotReachable")}
    assert "join the cluster again" in hub.events.said[-1][2]
    hub.api.put(SECRETS, secret("eu", token="new"))
    await asyncio.sleep(1)
    assert hub.conditions() == {"Ready": ("True", "ClusterReady")}


async def test_the_answer_to_an_old_token_says_nothing_of_the_new(hub, controllers):
    eu = hub.join("eu")
    await controllers.start(failures=1)
    await asyncio.sleep(5)
    eu.health = HANGS
    await asyncio.sleep(6)
    eu.health = OK
    hub.api.put(SECRETS, secret("eu", token="new"))
    await asyncio.sleep(5)
    assert hub.conditions() == {"Ready": ("True", "ClusterReady")}
    assert hub.events.said == []


async def test_region_and_zones_come_from_the_nodes_that_are_followed(hub, controllers):
    eu = hub.join("eu")
    eu.put(NODES, node("a", "eu-west", "b"))
    eu.put(NODES, node("b", "eu-west", "a"))
    await controllers.start(Interest(NODES))
    await asyncio.sleep(2)
    assert (hub.status()["region"], hub.status()["zones"]) == ("eu-west", ["a", "b"])
    eu.put(NODES, node("c", "eu-west", "c"))
    await asyncio.sleep(2)
    assert hub.status()["zones"] == ["a", "b", "c"]
    assert len(eu.probes) == 1


async def test_nodes_that_are_not_followed_are_listed_now_and_then(hub, controllers):
    eu = hub.join("eu")
    eu.put(NODES, node("a", "eu-west", "a"))
    await controllers.start()
    await asyncio.sleep(2)
    assert hub.status()["zones"] == ["a"]
    eu.put(NODES, node("b", "eu-west", "b"))
    await asyncio.sleep(100)
    assert hub.status()["zones"] == ["a"]
    await asyncio.sleep(210)
    assert hub.status()["zones"] == ["a", "b"]


async def test_what_the_user_says_of_region_and_zones_wins(hub, controllers):
    hub.join("eu", region="mine", zones=["z"]).put(NODES, node("a", "eu-west", "a"))
    await controllers.start(Interest(NODES))
    await asyncio.sleep(2)
    assert (hub.status()["region"], hub.status()["zones"]) == ("mine", ["z"])


async def test_region_and_zones_outlive_the_loss_of_a_cluster(hub, controllers):
    eu = hub.join("eu")
    eu.put(NODES, node("a", "eu-west", "a"))
    await controllers.start(Interest(NODES))
    await asyncio.sleep(2)
    eu.health = REFUSED
    await asyncio.sleep(60)
    assert hub.conditions() == {"Offline": ("True", "ClusterNotReachable")}
    assert (hub.status()["region"], hub.status()["zones"]) == ("eu-west", ["a"])


async def test_a_cluster_that_leaves_is_forgotten(hub, controllers):
    eu = hub.join("eu")
    await controllers.start()
    await asyncio.sleep(5)
    hub.api.remove(CLUSTERS, EU)
    await asyncio.sleep(60)
    assert len(eu.probes) == 1
    assert hub.metric("ready") is None


async def test_a_cluster_that_joins_again_is_another(hub, controllers):
    eu = hub.join("eu")
    await controllers.start()
    await asyncio.sleep(5)
    eu.health = REFUSED
    again = cluster("eu")
    again["metadata"]["uid"] = "another"
    hub.api.put(CLUSTERS, again)
    await asyncio.sleep(1)
    assert hub.conditions() == {"Offline": ("True", "ClusterNotReachable")}


async def test_a_lost_race_for_the_status_is_run_again(hub, controllers):
    hub.join("eu")
    await controllers.start()
    await asyncio.sleep(5)
    hub.api.faults["replace", CLUSTERS] = errors.Conflict("modified", status=409)
    hub.members["eu"].health = (200, "unwell")
    await asyncio.sleep(40)
    assert hub.conditions()["Ready"] == ("True", "ClusterReady")
    hub.api.faults.clear()
    await asyncio.sleep(1)
    assert hub.conditions()["Ready"] == ("False", "ClusterNotReady")


async def test_probing_goes_on_while_the_host_refuses_writes(hub, controllers):
    eu = hub.join("eu")
    hub.api.faults["replace", CLUSTERS] = errors.ApiError("etcd is away", status=500)
    await controllers.start()
    await asyncio.sleep(101)
    assert len(eu.probes) == 11
    hub.api.faults.clear()
    await asyncio.sleep(10)
    assert hub.conditions()["Ready"] == ("True", "ClusterReady")


async def test_a_cluster_that_vanishes_while_its_status_is_written_is_no_fault(
    hub, controllers, caplog
):
    eu = hub.join("eu")
    hub.api.faults["replace", CLUSTERS] = errors.NotFound("gone", status=404)
    await controllers.start()
    await asyncio.sleep(25)
    assert len(eu.probes) == 3
    assert "failed" not in caplog.text
