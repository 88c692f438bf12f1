"""Clusters that are lost, come back, refuse or hang, while objects are propagated."""

import asyncio

import pytest
from propagation_story import CONFIG_MAPS, FEDERATED, SPACES, SYSTEM, WEB, Story, only

from kubefed_core import errors
from kubefed_core.objects import Key
from kubefed_core.resources import CLUSTERS, NAMESPACES

pytestmark = pytest.mark.looptime
V1, V2 = {"data": {"k": "1"}}, {"data": {"k": "2"}}


def refusal(status):
    return errors.api_error(f"{status}", status=status)


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("It lacks the type.", refusal(404)),
        ("It refuses the credentials.", refusal(401)),
        ("It grants no rights.", refusal(403)),
        ("It is broken.", refusal(500)),
        ("Nobody answers.", ConnectionRefusedError("refused")),
    ],
)
async def test_a_cluster_that_refuses_delays_nobody(reason, fault):
    story = Story("eu", "us")
    story.world["us"].faults[CONFIG_MAPS] = fault
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(0.5)
        assert story.data("eu") == {"k": "1"}, reason
        assert story.clusters() == {"eu": "", "us": "CachedRetrievalFailed"}
        assert story.condition() == ("False", "CheckClusters")
        story.federate(V2)
        await asyncio.sleep(0.1)
        assert story.data("eu") == {"k": "2"}
        await asyncio.sleep(60)
        story.writes()
        await asyncio.sleep(600)
        assert story.writes() == {}
        story.world["us"].faults.clear()
        await asyncio.sleep(10)
        assert story.clusters() == {"eu": "", "us": ""}
    assert story.data("us") == {"k": "2"}


async def test_a_cluster_that_hangs_from_the_start_delays_nobody():
    story = Story("eu", "us")
    story.world["us"].hanging = True
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(0.5)
        assert story.data("eu") == {"k": "1"}
        await asyncio.sleep(5)
        assert story.clusters() == {"eu": "", "us": "CachedRetrievalFailed"}


async def test_a_cluster_that_begins_to_hang_delays_nobody():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.world["us"].hung.add(CONFIG_MAPS)
        story.federate(V2)
        await asyncio.sleep(0.1)
        assert story.data("eu") == {"k": "2"}
        await asyncio.sleep(3)
        assert story.clusters() == {"eu": "", "us": "UpdateTimedOut"}
        for number in range(50):
            story.federate({"data": {"k": str(number)}})
            await asyncio.sleep(0.2)
            assert story.data("eu") == {"k": str(number)}, "the next change does not wait either"
        story.world["us"].hung.clear()
        await asyncio.sleep(60)
        assert story.clusters() == {"eu": "", "us": ""}
    assert story.data("us") == {"k": "49"}


async def test_many_objects_do_not_wait_for_a_cluster_that_hangs():
    story = Story("eu", "us")
    async with story.hub():
        await asyncio.sleep(1)
        story.world["us"].hung.add(CONFIG_MAPS)
        keys = [Key("shop", f"c{number}") for number in range(200)]
        for key in keys:
            story.federate(V1, key=key)
        await asyncio.sleep(20)
        assert all(story.data("eu", key) == {"k": "1"} for key in keys)


async def test_a_write_that_fails_is_tried_again_with_patience():
    story = Story("eu", "us")
    async with story.hub():
        await asyncio.sleep(1)
        story.world["us"].faults["create", CONFIG_MAPS] = refusal(500)
        story.federate(V1)
        await asyncio.sleep(0.5)
        assert story.clusters() == {"eu": "", "us": "CreationFailed"}
        assert story.events()["CreateInClusterFailed"] == 1
        await asyncio.sleep(300)
        failed = story.events()
        assert failed["CreateInClusterFailed"] <= 2, "one event that counts up"
        story.world["us"].faults.clear()
        await asyncio.sleep(70)
        assert story.clusters() == {"eu": "", "us": ""}
    assert story.data("us") == {"k": "1"}


async def test_a_cluster_that_has_just_been_joined_waits_for_no_delay():
    story = Story("eu", "us")
    story.federate(V1)
    obj = story.host.get(CLUSTERS, Key(SYSTEM, "us"))
    story.host.put(CLUSTERS, {**obj, "status": {}})
    async with story.hub():
        await asyncio.sleep(5)
        assert story.clusters() == {"eu": "", "us": "ClusterNotReady"}
        story.cluster("us")
        await asyncio.sleep(0.5)
        assert story.clusters() == {"eu": "", "us": ""}


async def test_a_lost_cluster_is_named_after_a_while_and_served_when_it_is_back():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.lose("us")
        await asyncio.sleep(30)
        assert story.clusters() == {
            "eu": "",
            "us": "CachedRetrievalFailed",
        } or story.clusters() == {
            "eu": "",
            "us": "ClusterNotReady",
        }
        await asyncio.sleep(60)
        assert story.clusters() == {"eu": "", "us": "ClusterNotReady"}
        story.federate(V2)
        await asyncio.sleep(1)
        assert story.data("eu") == {"k": "2"}
        story.regain("us")
        await asyncio.sleep(30)
        assert story.clusters() == {"eu": "", "us": ""}
    assert story.data("us") == {"k": "2"}


async def test_a_cluster_that_was_lost_before_the_creation_gets_the_object_when_it_is_back():
    story = Story("eu", "us")
    async with story.hub():
        await asyncio.sleep(1)
        story.lose("us")
        await asyncio.sleep(1)
        story.federate(V1)
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": "", "us": "ClusterNotReady"}
        story.regain("us")
        await asyncio.sleep(30)
        assert story.clusters() == {"eu": "", "us": ""}
    assert story.data("us") == {"k": "1"}


async def test_a_cluster_that_is_lost_while_it_is_unplaced_is_cleaned_when_it_is_back():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.lose("us")
        await asyncio.sleep(1)
        story.federate(placement=only("eu"))
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": ""}
        story.regain("us")
        await asyncio.sleep(30)
    assert story.data("us") is None


async def test_drift_in_a_lost_cluster_is_put_right_when_it_is_back():
    story = Story("eu")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.lose("eu")
        await asyncio.sleep(1)
        story.world["eu"].put(CONFIG_MAPS, {**story.member("eu"), "data": {"k": "x"}})
        story.regain("eu")
        await asyncio.sleep(30)
    assert story.data("eu") == {"k": "1"}


async def test_a_short_cut_is_not_even_noticed():
    story = Story("eu")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.writes()
        story.world["eu"].down()
        await asyncio.sleep(3)
        story.world["eu"].up()
        await asyncio.sleep(60)
    assert story.writes() == {}


async def test_a_cluster_that_joins_gets_everything_at_once():
    story = Story("eu")
    story.world.servers["https://us"] = type(story.host)()
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.join("us")
        await asyncio.sleep(2)
        assert story.clusters() == {"eu": "", "us": ""}
    assert story.data("us") == {"k": "1"}


async def test_a_cluster_that_is_unjoined_is_spoken_of_no_more():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.host.remove(CLUSTERS, Key("kube-federation-system", "us"))
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": ""}
    assert story.data("us") == {"k": "1"}


async def test_what_waits_for_its_namespace_is_made_as_soon_as_that_is_there():
    story = Story("eu")
    story.world["eu"].faults["create", NAMESPACES] = refusal(500)
    story.world["eu"].faults["create", CONFIG_MAPS] = refusal(404)
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(120)
        assert story.clusters() == {"eu": "CreationFailed"}
        story.world["eu"].faults.clear()
        story.federate(
            {"metadata": {"labels": {"a": "b"}}}, resource=SPACES, key=Key("shop", "shop")
        )
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": ""}


@pytest.mark.parametrize("phase", ["create", "update", "delete"])
@pytest.mark.parametrize("steps", range(1, 12))
async def test_a_controller_that_dies_at_any_moment_leaves_nothing_undone(phase, steps):
    story = Story("eu", "us")
    if phase != "create":
        story.federate(V1)
        async with story.hub():
            await asyncio.sleep(1)
    async with story.hub():
        await asyncio.sleep(1)
        if phase == "delete":
            story.delete()
        else:
            story.federate(V2)
        await asyncio.sleep(0.0007 * steps)
    async with story.hub():
        await asyncio.sleep(15)
    if phase == "delete":
        assert story.host.get(FEDERATED, WEB) is None
        assert story.data("eu") is None
        assert story.data("us") is None
    else:
        assert story.data("eu") == story.data("us") == {"k": "2"}
        assert story.clusters() == {"eu": "", "us": ""}
        assert story.versions().keys() == {"eu", "us"}
