"""What happens at the wrong moment: nothing of others is lost, and nothing of ours is left."""

import asyncio
import itertools

import pytest
from propagation_story import (
    CONFIG_MAPS,
    FEDERATED,
    SYSTEM,
    WEB,
    Story,
    only,
)

from kubefed_core import errors
from kubefed_core.api.config import Config, Scope
from kubefed_core.api.federated import MANAGED
from kubefed_core.objects import Key
from kubefed_core.resources import CLUSTERS, PROPAGATED_VERSIONS
from kubefed_core.runtime.fleet import Interest

pytestmark = pytest.mark.looptime
V1, V2 = {"data": {"k": "1"}}, {"data": {"k": "2"}}
THEIRS = {"their": "own"}


def relabel(story, name, value, **rest):
    """As its user does it, who puts it into his own hands; None takes the label away."""
    obj = story.member(name)
    labels = {} if value is None else {MANAGED: value}
    story.world[name].put(
        CONFIG_MAPS, {**obj, **rest, "metadata": {**obj["metadata"], "labels": labels}}
    )


async def test_an_object_whose_creation_is_under_way_is_not_left_behind_by_a_deletion():
    story = Story("eu")
    story.world["eu"].delays["create", CONFIG_MAPS] = 10
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(4)
        assert story.clusters() == {"eu": "CreationTimedOut"}
        story.delete()
        await asyncio.sleep(3)
        assert story.clusters() == {"eu": "CreationTimedOut"}, "it may still come"
        await asyncio.sleep(30)
    assert story.host.get(FEDERATED, WEB) is None
    assert story.member("eu") is None


@pytest.mark.parametrize(
    ("reason", "value", "adopt", "state"),
    [
        ("It says that it is not ours.", "false", True, "ManagedLabelFalse"),
        ("It does not say that it is ours, and may not be adopted.", None, False, "AlreadyExists"),
    ],
)
async def test_an_object_that_was_taken_from_us_unseen_is_not_written(reason, value, adopt, state):
    story = Story("eu", config=Config(adopt_resources=adopt))
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.world["eu"].muted.add(CONFIG_MAPS)
        relabel(story, "eu", value, data=THEIRS)
        story.federate(V2)
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": state}, reason
    assert story.data("eu") == THEIRS


async def test_an_object_that_was_made_anew_by_another_is_not_deleted():
    story = Story("eu")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        server = story.world["eu"]
        server.muted.add(CONFIG_MAPS)
        server.remove(CONFIG_MAPS, WEB)
        server.put(CONFIG_MAPS, {"metadata": {"namespace": "shop", "name": "web"}, "data": THEIRS})
        story.federate(placement=only())
        await asyncio.sleep(30)
    assert story.data("eu") == THEIRS


@pytest.mark.parametrize("value", ["false", None])
async def test_an_object_that_was_taken_from_us_unseen_is_not_deleted(value):
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        for name in ("eu", "us"):
            story.world[name].muted.add(CONFIG_MAPS)
            relabel(story, name, value, data=THEIRS)
        story.federate(placement=only("us"))
        await asyncio.sleep(1)
        story.delete()
        await asyncio.sleep(30)
    assert story.host.get(FEDERATED, WEB) is None
    assert story.data("eu") == story.data("us") == THEIRS


async def test_a_label_that_says_no_is_not_taken_away_unseen():
    story = Story("eu")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.world["eu"].muted.add(CONFIG_MAPS)
        relabel(story, "eu", "false", data=THEIRS)
        story.annotate(**{"kubefed.io/orphan": "true"})
        story.delete()
        await asyncio.sleep(30)
    assert story.host.get(FEDERATED, WEB) is None
    assert story.managed("eu") == "false"


async def test_a_control_plane_of_one_namespace_keeps_its_hands_off_the_others():
    """Somebody else wants all of the kind seen, so that the objects of others are seen too."""
    follows = [Interest(CONFIG_MAPS)]
    story = Story("eu", config=Config(scope=Scope.NAMESPACED), follows=follows)
    meta = {"namespace": "shop", "name": "web", "labels": {MANAGED: "true"}}
    story.world["eu"].put(CONFIG_MAPS, {"metadata": meta, "data": THEIRS})
    story.federate(V1, key=Key(SYSTEM, "web"))
    async with story.hub():
        await asyncio.sleep(5)
        assert story.data("eu", key=Key(SYSTEM, "web")) == {"k": "1"}
    assert story.managed("eu") == "true"


async def test_what_was_contested_is_removed_and_changed_at_once_all_the_same():
    story = Story("eu")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        for _ in range(200):
            await asyncio.sleep(0.2)
            if story.data("eu") == {"k": "1"}:
                story.world["eu"].put(CONFIG_MAPS, {**story.member("eu"), "data": {"k": "x"}})
        await asyncio.sleep(40)
        assert story.data("eu") == {"k": "1"}
        story.federate(V2)
        await asyncio.sleep(1)
        assert story.data("eu") == {"k": "2"}
        story.federate(placement=only())
        await asyncio.sleep(1)
        assert story.data("eu") is None


async def test_a_cluster_that_lacks_the_type_holds_no_deletion():
    story = Story("eu", "us")
    story.world["us"].faults[CONFIG_MAPS] = errors.NotFound("no such type", status=404)
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(5)
        assert story.clusters() == {"eu": "", "us": "CachedRetrievalFailed"}
        story.delete()
        await asyncio.sleep(5)
    assert story.host.get(FEDERATED, WEB) is None
    assert story.data("eu") is None


async def test_a_cluster_out_of_sight_is_named_although_something_happened_meanwhile():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.world["us"].faults[CONFIG_MAPS] = errors.Forbidden("no", status=403)
        story.world["us"].cut()
        await asyncio.sleep(5)
        story.annotate(note="something else")
        await asyncio.sleep(15)
        assert story.clusters() == {"eu": "", "us": "CachedRetrievalFailed"}


async def test_a_type_that_is_disabled_writes_no_more_not_even_what_was_begun():
    story = Story("eu")
    story.federate(V1)
    story.world["eu"].delays["create", CONFIG_MAPS] = 10
    async with story.hub():
        await asyncio.sleep(4)
        story.enable(CONFIG_MAPS, propagated=False)
        await asyncio.sleep(20)
        assert story.member("eu") is None
        story.world["eu"].delays.clear()
        story.enable(CONFIG_MAPS)
        await asyncio.sleep(1)
    assert story.data("eu") == {"k": "1"}


async def test_a_cluster_that_was_lost_when_it_was_unplaced_is_cleaned_over_a_restart_too():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.lose("us")
        story.federate(placement=only("eu"))
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": ""}
        assert set(story.versions()) == {"eu"}
    async with story.hub():
        await asyncio.sleep(30)
        story.writes()
        await asyncio.sleep(90)
        assert story.writes() == {}
        story.delete()
        await asyncio.sleep(30)
        assert story.clusters() == {"us": "ClusterNotReady"}
        story.regain("us")
        await asyncio.sleep(30)
    assert story.host.get(FEDERATED, WEB) is None
    assert story.data("us") is None


async def test_what_was_left_in_a_lost_cluster_is_forgotten_when_it_is_gone():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.lose("us")
        story.federate(placement=only("eu"))
        await asyncio.sleep(1)
        story.regain("us")
        await asyncio.sleep(40)
        assert story.data("us") is None
        story.lose("us")
        story.delete()
        await asyncio.sleep(5)
    assert story.host.get(FEDERATED, WEB) is None


async def test_another_cluster_of_the_same_name_is_not_believed_to_have_it():
    """It has an object of an older life, of the very version that the other one had."""
    story = Story("eu", "us")
    new = story.world.servers["https://new"] = type(story.host)("new")
    new._numbers = itertools.count(1000)
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        old = story.member("us")
        assert story.versions()["us"] == f"rv:{old['metadata']['resourceVersion']}"
        stale = {**old, "data": {"k": "old"}}
        new.objects[CONFIG_MAPS][WEB] = stale
        cluster = story.host.get(CLUSTERS, Key(SYSTEM, "us"))
        meta, spec = {"namespace": SYSTEM, "name": "us"}, cluster["spec"]
        story.host.remove(CLUSTERS, Key(SYSTEM, "us"))
        spec = {**spec, "apiEndpoint": "https://new"}
        story.host.put(CLUSTERS, {**cluster, "metadata": meta, "spec": spec})
        await asyncio.sleep(30)
        assert story.data("new") == {"k": "1"}
        assert story.clusters() == {"eu": "", "us": ""}
        story.writes()
        await asyncio.sleep(60)
        assert story.writes() == {}


async def test_versions_that_are_left_of_an_older_object_are_taken_over():
    """Else they go with the older object, when the garbage collector finds that it is gone."""
    story = Story("eu")
    meta = {
        "namespace": "shop",
        "name": "configmap-web",
        "ownerReferences": [{"kind": FEDERATED.kind, "name": "web", "uid": "older"}],
    }
    story.host.put(PROPAGATED_VERSIONS, {"metadata": meta})
    made = story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
    (owner,) = story.host.get(PROPAGATED_VERSIONS, Key("shop", "configmap-web"))["metadata"][
        "ownerReferences"
    ]
    assert owner["uid"] == made["metadata"]["uid"]
    assert set(story.versions()) == {"eu"}


async def test_a_time_out_is_said_in_an_event():
    story = Story("eu")
    story.world["eu"].delays["create", CONFIG_MAPS] = 10
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(5)
    assert story.events()["OperationTimeoutError"] == 1


async def test_a_finalizer_that_cannot_be_put_is_said_in_an_event():
    story = Story("eu")
    story.host.faults["patch", FEDERATED] = errors.Forbidden("no", status=403)
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
    assert story.events()["EnsureFinalizerError"] == 1
    assert story.member("eu") is None


async def test_a_host_that_is_cut_off_removes_nothing_for_a_taint():
    """What it still sees may be all that is left."""
    taint = {"key": "maintenance", "effect": "NoExecute"}
    story = Story("eu", "us", "ap")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.lose("us")
        story.lose("ap")
        story.cluster("eu", taints=[taint])
        await asyncio.sleep(120)
        assert story.data("eu") == {"k": "1"}
        story.regain("us")
        story.regain("ap")
        await asyncio.sleep(60)
        assert story.data("eu") is None


async def test_a_cluster_that_lacks_the_type_is_not_spoken_of_where_nothing_is_wanted_of_it():
    story = Story("eu", "us")
    story.world["us"].faults[CONFIG_MAPS] = errors.NotFound("no such type", status=404)
    story.federate(V1, placement=only("eu"))
    async with story.hub():
        await asyncio.sleep(30)
        assert story.clusters() == {"eu": ""}
        assert story.condition() == ("True", "")


async def test_a_cluster_out_of_sight_that_still_has_what_it_should_not_is_named():
    story = Story("eu", "us")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.world["us"].faults[CONFIG_MAPS] = errors.Forbidden("no", status=403)
        story.world["us"].cut()
        await asyncio.sleep(20)
        story.federate(placement=only("eu"))
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": "", "us": "CachedRetrievalFailed"}
        story.world["us"].faults.clear()
        await asyncio.sleep(30)
        assert story.clusters() == {"eu": ""}
    assert story.data("us") is None


async def test_an_update_that_changes_nothing_is_none():
    """API servers write some values in their own way; that is nobody's contest."""
    story = Story("eu")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        for number in range(20):
            story.writes()
            story.host.remove(PROPAGATED_VERSIONS, Key("shop", "configmap-web"))
            story.annotate(note=str(number))
            await asyncio.sleep(1)
            wrote = story.writes()
            assert ("replace", CONFIG_MAPS, WEB) in wrote["eu"]
            assert ("replace status", FEDERATED, WEB) not in wrote["host"]
    assert story.clusters() == {"eu": ""}
