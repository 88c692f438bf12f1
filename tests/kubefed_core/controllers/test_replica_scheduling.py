"""Replicas are shared out, kept, and moved when a cluster is lost; in virtual time."""

import asyncio

import pytest
from propagation_story import FEDERATED_DEPLOYMENTS, SPACES, WEB, Story, only

from kubefed_core.objects import Key
from kubefed_core.resources import DEPLOYMENTS, NAMESPACES, PODS, REPLICA_PREFERENCES

pytestmark = pytest.mark.looptime
SPREAD = {"spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}}}


def scheduled(*members):
    story = Story(*members, types=(NAMESPACES, DEPLOYMENTS))
    story.federate(SPREAD, resource=FEDERATED_DEPLOYMENTS)
    return story


def prefer(story, total, *, target="FederatedDeployment", **spec):
    old = story.host.get(REPLICA_PREFERENCES, WEB)
    spec = {"targetKind": target, "totalReplicas": total, **spec}
    meta = old["metadata"] if old else {"namespace": "shop", "name": "web"}
    story.host.put(REPLICA_PREFERENCES, {**(old or {}), "metadata": meta, "spec": spec})


def replicas(story):
    found = {}
    for name in ("eu", "us", "ap"):
        if f"https://{name}" in story.world.servers and (obj := story.member(name, DEPLOYMENTS)):
            found[name] = obj["spec"]["replicas"]
    return found


def runs(story, name):
    """Everything that was asked for runs there."""
    obj = story.member(name, DEPLOYMENTS)
    status = {"readyReplicas": obj["spec"]["replicas"]}
    story.world[name].put(DEPLOYMENTS, {**obj, "status": status})


def said(story):
    return story.host.get(REPLICA_PREFERENCES, WEB).get("status") or {}


async def test_replicas_are_shared_by_weight_and_the_plan_is_said():
    story = scheduled("eu", "us")
    prefer(story, 9, clusters={"eu": {"weight": 2}, "us": {"weight": 1}})
    async with story.hub():
        await asyncio.sleep(1)
        assert replicas(story) == {"eu": 6, "us": 3}
        for name in ("eu", "us"):
            runs(story, name)
        await asyncio.sleep(1)
        assert [each["replicas"] for each in said(story)["clusters"]] == [6, 3]
        assert said(story)["placedReplicas"] == 9
        assert said(story)["conditions"][0]["status"] == "True"
        story.writes()
        await asyncio.sleep(300)
        assert story.writes() == {}
        prefer(story, 3, rebalance=True)
        await asyncio.sleep(2)
        assert sum(replicas(story).values()) == 3


async def test_what_finds_no_node_is_placed_elsewhere():
    story = scheduled("eu", "us")
    prefer(story, 4, rebalance=True)
    async with story.hub():
        await asyncio.sleep(1)
        runs(story, "us")
        obj = story.member("eu", DEPLOYMENTS)
        waiting = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "lastTransitionTime": "2025-12-01T00:00:00Z",
        }
        for number in range(2):
            story.world["eu"].put(
                PODS,
                {
                    "metadata": {
                        "namespace": "shop",
                        "name": f"p{number}",
                        "labels": {"app": "web"},
                    },
                    "status": {"phase": "Pending", "conditions": [waiting]},
                },
            )
        story.world["eu"].put(DEPLOYMENTS, {**obj, "status": {"readyReplicas": 0}})
        await asyncio.sleep(5)
        assert replicas(story)["us"] == 4


async def test_replicas_of_a_lost_cluster_move_after_the_delay_and_not_before():
    story = scheduled("eu", "us", "ap")
    prefer(story, 6)
    async with story.hub():
        await asyncio.sleep(1)
        assert replicas(story) == {"eu": 2, "us": 2, "ap": 2}
        for name in ("eu", "us", "ap"):
            runs(story, name)
        await asyncio.sleep(1)
        story.lose("ap")
        await asyncio.sleep(50)
        assert replicas(story) == {"eu": 2, "us": 2, "ap": 2}
        await asyncio.sleep(20)
        assert replicas(story) == {"eu": 3, "us": 3, "ap": 2}


async def test_a_host_that_is_cut_off_moves_nothing():
    story = scheduled("eu", "us", "ap")
    prefer(story, 6)
    async with story.hub():
        await asyncio.sleep(1)
        for name in ("eu", "us", "ap"):
            runs(story, name)
        await asyncio.sleep(1)
        story.lose("ap")
        story.lose("us")
        await asyncio.sleep(300)
        assert replicas(story) == {"eu": 2, "us": 2, "ap": 2}


async def test_a_host_is_cut_off_although_another_cluster_was_lost_long_before():
    story = scheduled("eu", "us", "ap", "old")
    prefer(story, 6)
    async with story.hub():
        await asyncio.sleep(1)
        story.lose("old")
        await asyncio.sleep(100)
        assert replicas(story) == {"eu": 2, "us": 2, "ap": 2}
        story.lose("ap")
        story.lose("us")
        await asyncio.sleep(300)
        assert replicas(story) == {"eu": 2, "us": 2, "ap": 2}


async def test_clusters_that_were_never_there_are_no_sign_of_being_cut_off():
    story = scheduled("eu", "us", "old", "older")
    prefer(story, 6)
    for name in ("old", "older"):
        story.lose(name)
    async with story.hub():
        await asyncio.sleep(1000)
        assert replicas(story) == {"eu": 3, "us": 3}
        story.lose("us")
        await asyncio.sleep(100)
        assert replicas(story)["eu"] == 6


async def test_a_preference_without_its_workload_says_so_until_it_is_there():
    story = Story("eu", types=(NAMESPACES,))
    prefer(story, 2)
    async with story.hub():
        await asyncio.sleep(1)
        (condition,) = said(story)["conditions"]
        assert (condition["reason"], condition["message"]) == (
            "NoTarget",
            "FederatedDeployment is not propagated",
        )
        story.enable(DEPLOYMENTS)
        await asyncio.sleep(1)
        assert said(story)["conditions"][0]["message"] == (
            "there is no FederatedDeployment shop/web"
        )
        story.federate(SPREAD, resource=FEDERATED_DEPLOYMENTS)
        await asyncio.sleep(1)
        assert said(story)["conditions"][0]["status"] == "True"
        assert replicas(story) == {"eu": 2}


async def test_a_placement_that_cannot_be_read_is_said_by_the_preference_too():
    story = scheduled("eu")
    bad = {"clusterSelector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}}
    story.federate(resource=FEDERATED_DEPLOYMENTS, placement=bad)
    prefer(story, 2, intersectWithClusterSelector=True)
    async with story.hub():
        await asyncio.sleep(1)
        assert said(story)["conditions"][0]["reason"] == "Invalid"


async def test_only_clusters_that_the_selectors_select():
    story = scheduled("eu", "us")
    story.cluster("eu", labels={"tier": "gold"})
    gold = {"clusterSelector": {"matchLabels": {"tier": "gold"}}}
    story.federate(resource=FEDERATED_DEPLOYMENTS, placement=gold)
    prefer(story, 4, intersectWithClusterSelector=True)
    async with story.hub():
        await asyncio.sleep(1)
        assert replicas(story) == {"eu": 4}


async def test_clusters_that_the_namespace_does_not_reach_get_none():
    story = scheduled("eu", "us")
    story.federate(resource=SPACES, key=Key("shop", "shop"), placement=only("us"))
    prefer(story, 4)
    async with story.hub():
        await asyncio.sleep(1)
        assert replicas(story) == {"us": 4}


async def test_a_preference_that_cannot_be_is_said():
    story = scheduled("eu")
    prefer(story, 1, target="FederatedPod")
    async with story.hub():
        await asyncio.sleep(1)
        (condition,) = said(story)["conditions"]
        assert (condition["status"], condition["reason"]) == ("False", "Invalid")
        assert "targetKind" in condition["message"]


async def test_a_preference_that_goes_changes_nothing():
    story = scheduled("eu", "us")
    prefer(story, 4)
    async with story.hub():
        await asyncio.sleep(1)
        story.host.remove(REPLICA_PREFERENCES, WEB)
        await asyncio.sleep(1)
        assert replicas(story) == {"eu": 2, "us": 2}
