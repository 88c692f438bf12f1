"""Federated objects go, with what they have brought or without; in virtual time."""

import asyncio

import pytest
from propagation_story import (
    CONFIG_MAPS,
    FEDERATED,
    SPACES,
    WEB,
    Story,
    only,
)

from kubefed_core.api.federated import DELETE_OPTIONS, ORPHAN, WAIVE
from kubefed_core.objects import Key
from kubefed_core.resources import CLUSTERS, EVENTS, NAMESPACES

pytestmark = pytest.mark.looptime
V1 = {"data": {"k": "1"}}
SHOP, SPACE = Key("", "shop"), Key("shop", "shop")


def gone(story, resource=FEDERATED, key=WEB):
    return story.host.get(resource, key) is None


async def test_a_deletion_takes_the_object_out_of_every_cluster():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.delete()
        await asyncio.sleep(1)
    assert gone(story)
    assert story.data("eu") is None
    assert story.data("us") is None
    assert story.events()["DeleteInCluster"] == 2


async def test_an_object_that_is_slow_to_go_holds_the_federated_one():
    story = Story("eu")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        obj = story.member("eu")
        story.world["eu"].put(
            CONFIG_MAPS, {**obj, "metadata": {**obj["metadata"], "finalizers": ["x"]}}
        )
        story.delete()
        await asyncio.sleep(60)
        assert not gone(story)
        assert story.clusters() == {"eu": "WaitingForRemoval"}
        story.world["eu"].remove(CONFIG_MAPS, WEB)
        await asyncio.sleep(1)
    assert gone(story)
    assert len([each for each in story.world["eu"].writes if each[0] == "delete"]) == 1


async def test_orphaning_leaves_the_objects_without_our_label():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.annotate(**{ORPHAN: "true"})
        story.delete()
        await asyncio.sleep(1)
    assert gone(story)
    assert story.data("eu") == {"k": "1"}
    assert not story.managed("eu")
    assert not story.managed("us")


async def test_a_cluster_that_is_lost_when_it_should_be_orphaned_is_freed_when_it_is_back():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.lose("us")
        story.annotate(**{ORPHAN: "true"})
        story.delete()
        await asyncio.sleep(30)
        assert gone(story)
        assert story.managed("us") == "true"
        story.regain("us")
        await asyncio.sleep(30)
    assert not story.managed("us")
    assert story.data("us") == {"k": "1"}


async def test_delete_options_reach_the_members_only_at_a_deletion():
    story = Story("eu", "us")
    given = []

    async def delete(resource, key, *, uid="", version="", propagation="", grace=None):
        given.append((propagation, grace))
        await real(resource, key, uid=uid, propagation=propagation, grace=grace)

    story.federate(V1)
    story.annotate(**{DELETE_OPTIONS: '{"propagationPolicy":"Orphan","gracePeriodSeconds":5}'})
    async with story.hub():
        await asyncio.sleep(1)
        for name in ("eu", "us"):
            client = story.sync._host.fleet.client(name)
            real, client.delete = client.delete, delete
            if name == "eu":
                story.federate(placement=only("us"))
                await asyncio.sleep(1)
                assert given == [("", None)]
        story.delete()
        await asyncio.sleep(1)
    assert given == [("", None), ("Orphan", 5)]
    assert gone(story)


async def test_delete_options_that_are_none_are_said_and_waited_for():
    story = Story("eu")
    story.federate(V1)
    story.annotate(**{DELETE_OPTIONS: "{"})
    async with story.hub():
        await asyncio.sleep(1)
        story.delete()
        await asyncio.sleep(30)
        assert not gone(story)
        assert story.data("eu") == {"k": "1"}
        assert story.events()["InvalidDeleteOptions"] == 1
        story.annotate(**{DELETE_OPTIONS: "{}"})
        await asyncio.sleep(1)
    assert gone(story)


async def test_an_unreachable_cluster_holds_only_itself_and_is_cleaned_when_it_is_back():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.lose("us")
        await asyncio.sleep(1)
        story.delete()
        await asyncio.sleep(1)
        assert story.data("eu") is None
        assert story.clusters() == {"us": "ClusterNotReady"}
        await asyncio.sleep(600)
        assert not gone(story)
        story.regain("us")
        await asyncio.sleep(30)
    assert gone(story)
    assert story.data("us") is None


async def test_the_same_over_a_restart():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
    story.lose("us")
    story.delete()
    async with story.hub():
        await asyncio.sleep(30)
        assert story.clusters() == {"us": "ClusterNotReady"}
        story.regain("us")
        await asyncio.sleep(30)
    assert gone(story)
    assert story.data("us") is None


async def test_an_unreachable_cluster_that_never_had_it_holds_nothing():
    story = Story("eu", "us")
    story.federate(V1, placement=only("eu"))
    async with story.hub():
        await asyncio.sleep(1)
        story.lose("us")
        story.delete()
        await asyncio.sleep(1)
    assert gone(story)


async def test_a_cluster_can_be_waived():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.lose("us")
        story.delete()
        await asyncio.sleep(1)
        assert not gone(story)
        story.annotate(**{WAIVE: "us"})
        await asyncio.sleep(1)
        assert gone(story)
        story.regain("us")
        await asyncio.sleep(30)
    assert not story.managed("us"), "what is left there is nobody's any more"


async def test_a_cluster_that_is_unjoined_is_not_waited_for():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.lose("us")
        story.delete()
        await asyncio.sleep(1)
        assert not gone(story)
        story.host.remove(CLUSTERS, Key("kube-federation-system", "us"))
        await asyncio.sleep(1)
    assert gone(story)


async def test_someone_who_minds_a_removal_is_waited_for():
    story = Story("eu", "us")
    asked = []

    def before(cluster, resource, key):
        asked.append((cluster, resource, key))
        return 30.0 if asyncio.get_running_loop().time() < until else None

    story.before_removal = before
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        until = asyncio.get_running_loop().time() + 30
        story.federate(placement=only("eu"))
        await asyncio.sleep(5)
        assert asked[0] == ("us", CONFIG_MAPS, WEB)
        assert story.clusters() == {"eu": "", "us": "WaitingForRemoval"}
        assert story.data("us") == {"k": "1"}
        await asyncio.sleep(40)
        assert story.data("us") is None
        assert story.clusters() == {"eu": ""}
        until = asyncio.get_running_loop().time() + 30
        story.delete()
        await asyncio.sleep(5)
        assert story.clusters() == {"eu": "WaitingForRemoval"}
        assert story.data("eu") == {"k": "1"}
        await asyncio.sleep(40)
    assert gone(story)


async def test_a_federated_namespace_takes_its_namespace_along():
    story = Story("eu")
    async with story.hub():
        await asyncio.sleep(1)
        assert story.managed("eu", NAMESPACES, SHOP) == "true"
        story.delete(SPACES, SPACE)
        await asyncio.sleep(1)
    assert gone(story, SPACES, SPACE)
    assert story.member("eu", NAMESPACES, SHOP) is None
    assert story.host.get(NAMESPACES, SHOP) is not None


async def test_the_hosts_own_namespace_is_labelled_and_unlabelled_and_never_deleted():
    story = Story("eu")
    story.join("self")
    story.world.servers["https://self"] = story.host
    async with story.hub():
        await asyncio.sleep(1)
        assert story.managed("host", NAMESPACES, SHOP) == "true"
        story.federate(resource=SPACES, key=SPACE, placement=only("eu"))
        await asyncio.sleep(1)
        assert not story.managed("host", NAMESPACES, SHOP)
        story.federate(resource=SPACES, key=SPACE, placement=only("eu", "self"))
        await asyncio.sleep(1)
        assert story.managed("host", NAMESPACES, SHOP) == "true"
        story.delete(SPACES, SPACE)
        await asyncio.sleep(1)
    assert gone(story, SPACES, SPACE)
    assert not story.managed("host", NAMESPACES, SHOP)
    assert ("delete", NAMESPACES, SHOP) not in story.host.writes


async def test_a_host_namespace_that_goes_is_let_go():
    story = Story()
    story.join("self")
    story.world.servers["https://self"] = story.host
    async with story.hub():
        await asyncio.sleep(1)
        space = story.host.get(NAMESPACES, SHOP)
        story.host.put(
            NAMESPACES, {**space, "metadata": {**space["metadata"], "finalizers": ["kubernetes"]}}
        )
        story.host.delete(NAMESPACES, SHOP)
        story.delete(SPACES, SPACE)
        await asyncio.sleep(2)
        assert gone(story, SPACES, SPACE)
        assert story.managed("host", NAMESPACES, SHOP) == "true"


@pytest.mark.parametrize("name", ["kube-system", "default", "kube-federation-system"])
async def test_system_namespaces_are_left_alone(name):
    story = Story("eu")
    story.host.put(NAMESPACES, {"metadata": {"name": name}})
    story.federate({}, resource=SPACES, key=Key(name, name))
    async with story.hub():
        await asyncio.sleep(1)
    assert story.member("eu", NAMESPACES, Key("", name)) is None
    assert story.status(SPACES, Key(name, name)) == {}


async def test_a_federated_namespace_of_another_name_is_refused():
    story = Story("eu")
    story.federate({}, resource=SPACES, key=Key("shop", "other"))
    async with story.hub():
        await asyncio.sleep(1)
        assert story.status(SPACES, Key("shop", "other")) == {}
    assert story.events()["InvalidName"] >= 1
    assert story.member("eu", NAMESPACES, Key("", "other")) is None


async def test_a_namespace_waits_for_that_of_the_host():
    story = Story("eu")
    story.federate({}, resource=SPACES, key=Key("late", "late"))
    async with story.hub():
        await asyncio.sleep(1)
        assert story.member("eu", NAMESPACES, Key("", "late")) is None
        story.host.put(NAMESPACES, {"metadata": {"name": "late"}})
        await asyncio.sleep(1)
        assert story.member("eu", NAMESPACES, Key("", "late")) is not None


async def test_events_speak_in_kubefeds_words():
    story = Story("eu")
    story.federate(V1)
    story.world["eu"].faults["delete", CONFIG_MAPS] = ConnectionResetError("reset")
    async with story.hub():
        await asyncio.sleep(1)
        story.delete()
        await asyncio.sleep(1)
        story.annotate(**{ORPHAN: "true"})
        await asyncio.sleep(2)
    said = {
        (obj["reason"], obj["message"], obj["source"]["component"])
        for obj in story.host.objects[EVENTS].values()
        if obj["involvedObject"]["kind"] == "FederatedConfigMap"
    }
    what, component = 'ConfigMap "shop/web" in cluster "eu"', "federatedconfigmap-controller"
    assert said == {
        ("CreateInCluster", f"Creating {what}", component),
        ("DeleteInCluster", f"Deleting {what}", component),
        ("DeleteInClusterFailed", f"Failed to delete {what}: reset", component),
        ("RemoveManagedLabelFromInCluster", f"Removing managed label from {what}", component),
    }
