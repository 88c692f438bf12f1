"""Objects reach their clusters, stay as they are wished, and say so; in virtual time."""

import asyncio
from collections import Counter

import pytest
from propagation_story import (
    ALL,
    CONFIG_MAPS,
    FEDERATED,
    FEDERATED_DEPLOYMENTS,
    SPACES,
    WEB,
    Story,
    only,
)

from kubefed_core import errors
from kubefed_core.api.config import Config
from kubefed_core.objects import Key
from kubefed_core.resources import DEPLOYMENTS, NAMESPACES, PLACEMENT_POLICIES

pytestmark = pytest.mark.looptime
V1, V2 = {"data": {"k": "1"}}, {"data": {"k": "2"}}


async def test_an_object_reaches_every_cluster_and_says_so():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
    assert story.data("eu") == story.data("us") == {"k": "1"}
    assert story.managed("eu") == "true"
    assert story.clusters() == {"eu": "", "us": ""}
    assert story.condition() == ("True", "")
    assert story.status()["summary"] == {"clusters": "2/2"}
    assert story.host.get(FEDERATED, WEB)["metadata"]["finalizers"] == [
        "kubefed.io/sync-controller"
    ]
    assert story.versions() == {
        name: f"rv:{story.member(name)['metadata']['resourceVersion']}" for name in ("eu", "us")
    }
    assert story.events()["CreateInCluster"] == 4, "the namespace and what is in it, twice"
    assert not any(reason.endswith("Failed") for reason in story.events())


async def test_a_restart_and_idle_time_write_nothing():
    story = Story("eu", "us")
    for number in range(20):
        story.federate(V1, key=Key("shop", f"c{number}"))
    async with story.hub():
        await asyncio.sleep(5)
        assert story.clusters(key=Key("shop", "c19")) == {"eu": "", "us": ""}
        story.writes()
        await asyncio.sleep(600)
    assert story.writes() == {}
    async with story.hub():
        await asyncio.sleep(60)
    assert story.writes() == {}


async def test_a_changed_template_updates_in_place_and_moves_the_time_of_the_last_update():
    story = Story("eu")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        before = story.status()["conditions"][0]
        await asyncio.sleep(10)
        story.federate(V2)
        await asyncio.sleep(1)
        after = story.status()["conditions"][0]
    assert story.data("eu") == {"k": "2"}
    assert after["lastUpdateTime"] > before["lastUpdateTime"]
    assert after["lastTransitionTime"] == before["lastTransitionTime"]
    assert story.status()["observedGeneration"] == 2


async def test_overrides_are_for_clusters_by_name_and_by_label():
    story = Story("eu", "us")
    story.cluster("us", labels={"tier": "gold"})
    gold = {"matchLabels": {"tier": "gold"}}
    story.federate(
        V1,
        overrides=[
            {"clusterName": "eu", "clusterOverrides": [{"path": "/data/k", "value": "eu"}]},
            {"clusterSelector": gold, "clusterOverrides": [{"path": "/data/g", "value": "x"}]},
        ],
    )
    async with story.hub():
        await asyncio.sleep(1)
    assert story.data("eu") == {"k": "eu"}
    assert story.data("us") == {"k": "1", "g": "x"}


async def test_a_cluster_that_is_no_longer_placed_loses_the_object():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.federate(placement=only("eu"))
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": ""}
        assert story.versions().keys() == {"eu"}
        assert story.condition() == ("True", "")
    assert story.data("us") is None
    assert story.events()["DeleteInCluster"] == 1


async def test_an_object_that_is_slow_to_go_is_waited_for_and_then_forgotten():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        slow = story.member("us")
        story.world["us"].put(
            CONFIG_MAPS, {**slow, "metadata": {**slow["metadata"], "finalizers": ["x"]}}
        )
        story.federate(placement=only("eu"))
        await asyncio.sleep(30)
        assert story.clusters() == {"eu": "", "us": "WaitingForRemoval"}
        assert story.condition() == ("False", "CheckClusters")
        story.world["us"].remove(CONFIG_MAPS, WEB)
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": ""}
        assert story.condition() == ("True", "")
    deletions = [each for each in story.world["us"].writes if each[0] == "delete"]
    assert len(deletions) == 1


async def test_a_label_of_a_cluster_places_at_once():
    story = Story("eu", "us")
    story.federate(V1, placement={"clusterSelector": {"matchLabels": {"tier": "gold"}}})
    async with story.hub():
        await asyncio.sleep(1)
        assert story.clusters() == {}
        story.cluster("us", labels={"tier": "gold"})
        await asyncio.sleep(0.5)
        assert story.clusters() == {"us": ""}
    assert story.data("us") == {"k": "1"}


async def test_a_name_that_is_no_cluster_is_reported():
    story = Story("eu")
    story.federate(V1, placement=only("eu", "mars"))
    async with story.hub():
        await asyncio.sleep(1)
        assert story.condition("Placement") == ("False", "UnknownCluster")
        assert story.condition() == ("True", "")


async def test_a_placement_that_cannot_be_is_said_with_its_reason():
    story = Story("eu")
    bad = {"clusterSelector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}}
    story.federate(V1, placement=bad)
    async with story.hub():
        await asyncio.sleep(1)
        assert story.condition() == ("False", "ComputePlacementFailed")
        assert "Like" in story.status()["conditions"][0]["message"]
        assert story.clusters() == {}


async def test_a_spec_that_was_too_deep_to_be_read_is_said_and_its_object_can_go():
    story = Story("eu")
    story.federate(V1)
    story.host.put(
        FEDERATED, story.host.get(FEDERATED, WEB) | {"spec": "nested more than 200 deep"}
    )
    async with story.hub():
        await asyncio.sleep(1)
        assert story.condition() == ("False", "ComputePlacementFailed")
        assert "nested more than 200 deep" in story.status()["conditions"][0]["message"]
        story.delete()
        await asyncio.sleep(1)
        assert story.host.get(FEDERATED, WEB) is None


async def test_without_a_federated_namespace_nothing_goes_anywhere():
    story = Story("eu")
    story.host.remove(SPACES, Key("shop", "shop"))
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        assert story.condition() == ("False", "NamespaceNotFederated")
        assert story.data("eu") is None
        story.federate({}, resource=SPACES, key=Key("shop", "shop"))
        await asyncio.sleep(3)
        assert story.condition() == ("True", "")
    assert story.data("eu") == {"k": "1"}


async def test_an_object_goes_no_further_than_its_namespace():
    story = Story("eu", "us")
    story.federate(resource=SPACES, key=Key("shop", "shop"), placement=only("eu"))
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": ""}


async def test_a_policy_that_comes_later_removes_and_says_why():
    story = Story("eu", "us")
    story.cluster("eu", labels={"tier": "gold"})
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": "", "us": ""}
        gold = {"matchLabels": {"tier": "gold"}}
        story.host.put(
            PLACEMENT_POLICIES,
            {
                "metadata": {"name": "gold"},
                "spec": {"kinds": ["ConfigMap"], "clusterSelector": gold},
            },
        )
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": ""}
        assert story.condition("Placement") == ("False", "RestrictedByPolicy")
    assert story.data("us") is None
    assert story.member("us", NAMESPACES, Key("", "shop")) is not None


@pytest.mark.parametrize(("effect", "stays"), [("NoSchedule", True), ("NoExecute", False)])
async def test_taints(effect, stays):
    story = Story("eu", "us")
    story.federate(
        resource=SPACES,
        key=Key("shop", "shop"),
        placement=ALL | {"tolerations": [{"operator": "Exists"}]},
    )
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.cluster("us", taints=[{"key": "full", "effect": effect}])
        await asyncio.sleep(1)
        assert ("us" in story.clusters()) is stays
        story.federate(V1, key=Key("shop", "new"))
        await asyncio.sleep(1)
        assert story.clusters(key=Key("shop", "new")) == {"eu": ""}
        assert story.condition("Placement", key=Key("shop", "new")) == ("False", "Tainted")


async def test_an_override_that_cannot_be_applied_is_said_and_nothing_is_written_there():
    story = Story("eu", "us")
    story.federate(
        V1,
        overrides=[{"clusterName": "eu", "clusterOverrides": [{"path": "/spec/a/b", "value": 1}]}],
    )
    async with story.hub():
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": "ApplyOverridesFailed", "us": ""}
        assert story.data("eu") is None
        story.federate(overrides=[{"clusterName": "eu"}, {"clusterName": "eu"}])
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": "ApplyOverridesFailed", "us": "ApplyOverridesFailed"}
        story.federate(overrides=[])
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": "", "us": ""}


async def test_a_template_of_another_kind_is_said():
    story = Story("eu")
    story.federate({"kind": "Secret"})
    async with story.hub():
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": "ComputeResourceFailed"}


async def test_annotations_and_finalizers_of_a_template_are_left_out_and_said_once():
    story = Story("eu", "us")
    story.federate({"metadata": {"annotations": {"a": "b"}, "finalizers": ["c"]}})
    async with story.hub():
        await asyncio.sleep(60)
    assert "annotations" not in story.member("eu")["metadata"]
    assert story.events()["AnnotationsNotSupported"] == 1
    assert story.events()["FinalizersNotSupported"] == 1


async def test_drift_is_put_right_at_once():
    story = Story("eu")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.world["eu"].put(CONFIG_MAPS, {**story.member("eu"), "data": {"k": "theirs"}})
        await asyncio.sleep(0.1)
        assert story.data("eu") == {"k": "1"}
        story.world["eu"].remove(CONFIG_MAPS, WEB)
        await asyncio.sleep(0.1)
        assert story.data("eu") == {"k": "1"}
        obj = story.member("eu")
        story.world["eu"].put(CONFIG_MAPS, {**obj, "metadata": {**obj["metadata"], "labels": {}}})
        await asyncio.sleep(0.1)
        assert story.managed("eu") == "true"


async def test_what_others_add_is_left_alone_and_nothing_is_written_for_it():
    story = Story("eu")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.writes()
        obj = story.member("eu")
        meta = {**obj["metadata"], "annotations": {"theirs": "1"}}
        meta["labels"] = {**meta["labels"], "theirs": "1"}
        story.world["eu"].put(CONFIG_MAPS, {**obj, "metadata": meta})
        await asyncio.sleep(60)
    assert story.writes() == {}


async def test_what_someone_else_changes_all_the_time_is_put_right_ever_more_slowly():
    story = Story("eu")
    story.federate(V1)
    repairs = Counter()
    async with story.hub():
        await asyncio.sleep(1)
        for minute in range(5):
            for _ in range(600):
                await asyncio.sleep(0.1)
                if story.data("eu") == {"k": "1"}:
                    story.world["eu"].put(CONFIG_MAPS, {**story.member("eu"), "data": {"k": "x"}})
                    repairs[minute] += 1
        assert story.clusters() == {"eu": "UpdateFailed"}
        await asyncio.sleep(900)
        assert story.data("eu") == {"k": "1"}
        assert story.clusters() == {"eu": ""}
    assert repairs[0] >= 6
    assert repairs[4] <= 2
    assert story.events()["Contested"] >= 1


async def test_what_is_there_already_is_adopted():
    story = Story("eu")
    story.world["eu"].put(
        CONFIG_MAPS,
        {"metadata": {"namespace": "shop", "name": "web", "annotations": {"a": "b"}}, "data": {}},
    )
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": ""}
    assert story.data("eu") == {"k": "1"}
    assert story.managed("eu") == "true"
    assert story.member("eu")["metadata"]["annotations"] == {"a": "b"}


async def test_adoption_can_be_switched_off():
    story = Story("eu", config=Config(adopt_resources=False))
    story.world["eu"].put(CONFIG_MAPS, {"metadata": {"namespace": "shop", "name": "web"}})
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": "AlreadyExists"}
    assert story.managed("eu") is None


async def test_an_object_that_says_it_is_not_managed_is_never_written():
    story = Story("eu")
    labels = {"kubefed.io/managed": "false"}
    story.world["eu"].put(
        CONFIG_MAPS, {"metadata": {"namespace": "shop", "name": "web", "labels": labels}}
    )
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": "ManagedLabelFalse"}
    assert story.data("eu") is None


async def test_objects_without_the_label_are_none_of_ours():
    story = Story("eu")
    other = Key("shop", "other")
    story.world["eu"].put(CONFIG_MAPS, {"metadata": {"namespace": "shop", "name": "other"}})
    story.federate(V1, key=other, placement=only())
    async with story.hub():
        await asyncio.sleep(1)
    assert story.member("eu", key=other) is not None


async def test_a_label_without_a_federated_object_is_removed_also_after_a_restart():
    story = Story("eu", "us")
    stray = {"namespace": "shop", "name": "stray", "labels": {"kubefed.io/managed": "true"}}
    story.world["eu"].put(CONFIG_MAPS, {"metadata": stray, "data": {"a": "b"}})
    async with story.hub():
        await asyncio.sleep(1)
    assert story.member("eu", key=Key("shop", "stray"))["data"] == {"a": "b"}
    assert not story.managed("eu", key=Key("shop", "stray"))


async def test_the_readiness_of_a_workload_shows_in_the_status():
    story = Story("eu", "us", types=(NAMESPACES, DEPLOYMENTS))
    key = {"resource": FEDERATED_DEPLOYMENTS}
    story.federate({"spec": {"replicas": 2}}, **key)
    async with story.hub():
        await asyncio.sleep(1)
        assert story.condition("Ready", **key) == ("False", "NotReady")
        assert story.status(**key)["summary"] == {"clusters": "2/2", "ready": "0/2"}
        story.writes()
        for name in ("eu", "us"):
            obj = story.member(name, DEPLOYMENTS)
            status = {"observedGeneration": 1, "updatedReplicas": 2, "availableReplicas": 2}
            story.world[name].put(DEPLOYMENTS, {**obj, "status": status})
            await asyncio.sleep(1)
        assert story.condition("Ready", **key) == ("True", "")
        assert story.status(**key)["summary"]["ready"] == "2/2"
    assert {where: len(wrote) for where, wrote in story.writes().items()} == {"host": 2}
    assert story.versions("deployment-web") == {"eu": "gen:1", "us": "gen:1"}


async def test_remote_statuses_are_collected_where_both_switches_are_on():
    gates = {"RawResourceStatusCollection": True}
    story = Story("eu", types=(NAMESPACES,), config=Config(gates=gates))
    story.enable(DEPLOYMENTS, collected=True)
    story.enable(CONFIG_MAPS, collected=True)
    story.federate({"spec": {}}, resource=FEDERATED_DEPLOYMENTS)
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        obj = story.member("eu", DEPLOYMENTS)
        story.world["eu"].put(DEPLOYMENTS, {**obj, "status": {"replicas": 1}})
        await asyncio.sleep(1)
        (entry,) = story.status(FEDERATED_DEPLOYMENTS)["clusters"]
        assert entry["remoteStatus"] == {"replicas": 1}
        assert story.condition() == ("True", ""), "a kind without status is fine"


async def test_a_conflict_is_settled_at_once():
    story = Story("eu")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        server = story.world["eu"]
        server.faults["replace", CONFIG_MAPS] = errors.Conflict(
            "modified", status=409, reason="Conflict"
        )
        story.federate(V2)
        await asyncio.sleep(0.5)
        assert story.clusters() == {"eu": "UpdateFailed"}
        server.faults.clear()
        await asyncio.sleep(3)
        assert story.clusters() == {"eu": ""}
    assert story.data("eu") == {"k": "2"}
