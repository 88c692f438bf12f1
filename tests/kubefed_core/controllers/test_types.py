"""Kinds are switched on and off at run time; in virtual time."""

import asyncio

import pytest
from propagation_story import (
    CONFIG_MAPS,
    FEDERATED,
    SPACES,
    SYSTEM,
    WEB,
    Story,
    only,
)

from kubefed_core.api.config import Config, Scope
from kubefed_core.api.types import FINALIZER
from kubefed_core.objects import Key
from kubefed_core.resources import (
    EVENTS,
    NAMESPACES,
    TYPE_CONFIGS,
    VALIDATING_WEBHOOKS,
    Resource,
)
from kubefed_core.runtime.fleet import Interest

pytestmark = pytest.mark.looptime
V1, V2 = {"data": {"k": "1"}}, {"data": {"k": "2"}}
MAPS = Key(SYSTEM, "configmaps")
ROLES = Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False)


GUARD = {
    "metadata": {"name": "validations.core.kubefed.io"},
    "webhooks": [
        {
            "name": "rbac.types.kubefed.io",
            "clientConfig": {"url": "https://localhost:8443/authorize-federatedrbac"},
            "failurePolicy": "Fail",
            "rules": [
                {
                    "apiGroups": ["types.kubefed.io"],
                    "apiVersions": ["*"],
                    "resources": ["federatedclusterroles"],
                    "operations": ["CREATE", "UPDATE"],
                }
            ],
        }
    ],
}


def running(story, key=MAPS):
    status = story.host.get(TYPE_CONFIGS, key).get("status") or {}
    return status.get("propagationController")


async def test_a_type_that_is_enabled_says_that_it_runs():
    story = Story("eu")
    async with story.hub():
        await asyncio.sleep(1)
    obj = story.host.get(TYPE_CONFIGS, MAPS)
    assert obj["status"] == {
        "observedGeneration": 1,
        "propagationController": "Running",
        "statusController": "NotRunning",
    }
    assert obj["metadata"]["finalizers"] == [FINALIZER]


async def test_a_type_can_be_enabled_and_disabled_while_everything_runs():
    story = Story("eu", types=(NAMESPACES,))
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        assert story.data("eu") is None
        story.enable(CONFIG_MAPS)
        await asyncio.sleep(1)
        assert story.data("eu") == {"k": "1"}
        story.enable(CONFIG_MAPS, propagated=False)
        await asyncio.sleep(1)
        assert running(story) == "NotRunning"
        story.federate(V2)
        await asyncio.sleep(10)
        assert story.data("eu") == {"k": "1"}
        story.enable(CONFIG_MAPS)
        await asyncio.sleep(1)
        assert running(story) == "Running"
        assert story.data("eu") == {"k": "2"}


async def test_a_type_that_is_deleted_is_let_go_and_leaves_everything_as_it_is():
    story = Story("eu")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        story.host.delete(TYPE_CONFIGS, MAPS)
        await asyncio.sleep(1)
        assert story.host.get(TYPE_CONFIGS, MAPS) is None
        story.world["eu"].put(CONFIG_MAPS, {**story.member("eu"), "data": {"k": "x"}})
        await asyncio.sleep(10)
    assert story.data("eu") == {"k": "x"}


async def test_namespaced_types_wait_for_that_of_namespaces_and_stop_with_it():
    story = Story("eu", types=(CONFIG_MAPS,))
    story.federate({}, resource=SPACES, key=Key("shop", "shop"))
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        assert running(story) == "NotRunning"
        assert story.data("eu") is None
        story.enable(NAMESPACES)
        await asyncio.sleep(1)
        assert running(story) == "Running"
        assert story.data("eu") == {"k": "1"}
        story.host.delete(TYPE_CONFIGS, Key(SYSTEM, "namespaces"))
        await asyncio.sleep(1)
        assert running(story) == "NotRunning"


async def test_another_version_of_the_target_is_followed_in_the_place_of_the_old_one():
    beta = Resource("", "v2", "configmaps", "ConfigMap")
    story = Story("eu")
    async with story.hub():
        await asyncio.sleep(1)
        story.enable(beta)
        await asyncio.sleep(1)
        story.federate(V1)
        await asyncio.sleep(1)
    assert story.member("eu", beta)["apiVersion"] == "v2"
    assert story.member("eu") is None


async def test_a_type_config_that_cannot_work_does_not_run():
    story = Story("eu")
    async with story.hub():
        await asyncio.sleep(1)
        obj = story.host.get(TYPE_CONFIGS, MAPS)
        story.host.put(TYPE_CONFIGS, {**obj, "spec": {**obj["spec"], "propagation": "Maybe"}})
        await asyncio.sleep(1)
        assert running(story) == "NotRunning"


async def test_a_cluster_scoped_kind_has_a_cluster_scoped_record_of_its_versions():
    story = Story("eu", types=(NAMESPACES, ROLES))
    story.host.put(VALIDATING_WEBHOOKS, GUARD)
    federated = Resource(
        "types.kubefed.io", "v1beta1", "federatedclusterroles", "FederatedClusterRole", False
    )
    story.federate({"rules": []}, resource=federated, key=Key("", "reader"))
    async with story.hub():
        await asyncio.sleep(1)
        assert story.clusters(federated, Key("", "reader")) == {"eu": ""}
    assert story.member("eu", ROLES, Key("", "reader"))["rules"] == []


async def test_the_namespaced_scope_serves_its_own_namespace_and_no_cluster_scoped_kind():
    story = Story("eu", config=Config(scope=Scope.NAMESPACED))
    story.federate(V1)
    own = Key(SYSTEM, "web")
    story.federate(V1, key=own)
    async with story.hub():
        await asyncio.sleep(1)
        assert running(story, Key(SYSTEM, "namespaces")) == "NotRunning"
        assert (
            story.host.get(TYPE_CONFIGS, Key(SYSTEM, "namespaces"))["metadata"].get("finalizers")
            is None
        )
        assert running(story) == "Running"
        assert story.clusters(key=own) == {"eu": ""}
        assert story.condition(key=own) == ("True", "")
    assert story.data("eu", key=own) == {"k": "1"}
    assert story.host.get(FEDERATED, WEB).get("status") is None


async def test_nothing_is_removed_before_it_is_known_where_namespaces_go():
    story = Story("eu")
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
    story.writes()
    namespaces = Key(SYSTEM, "namespaces")
    config = story.host.objects[TYPE_CONFIGS].pop(namespaces)
    story.host.faults["list", SPACES] = ConnectionRefusedError("not yet")
    async with story.hub():
        await asyncio.sleep(10)
        story.host.put(TYPE_CONFIGS, config)
        await asyncio.sleep(10)
        assert story.data("eu") == {"k": "1"}
        story.host.faults.clear()
        await asyncio.sleep(10)
    assert story.data("eu") == {"k": "1"}
    assert "eu" not in story.writes()


async def test_federated_namespaces_say_where_things_go_also_while_they_are_not_propagated():
    story = Story("eu", "us")
    story.enable(NAMESPACES, propagated=False)
    story.federate(resource=SPACES, key=Key("shop", "shop"), placement=only("eu"))
    story.federate(V1)
    async with story.hub():
        await asyncio.sleep(1)
        assert story.clusters() == {"eu": ""}
        story.federate(resource=SPACES, key=Key("shop", "shop"), placement=only("us"))
        await asyncio.sleep(1)
        assert story.clusters() == {"us": ""}
    assert story.member("us", NAMESPACES, Key("", "shop")) is None


async def test_objects_that_others_follow_too_are_not_taken_for_ours():
    story = Story("eu", follows=[Interest(CONFIG_MAPS)])
    other = {"metadata": {"namespace": "shop", "name": "other"}, "data": {"their": "own"}}
    story.world["eu"].put(CONFIG_MAPS, other)
    story.world["eu"].put(CONFIG_MAPS, {**other, "metadata": {"namespace": "shop", "name": "web"}})
    story.federate(V1)
    story.federate(V1, key=Key("shop", "other"), placement=only())
    async with story.hub():
        await asyncio.sleep(1)
        assert story.data("eu") == {"k": "1"}, "what is placed is adopted"
        obj = story.member("eu")
        story.world["eu"].put(CONFIG_MAPS, {**obj, "metadata": {**obj["metadata"], "labels": {}}})
        await asyncio.sleep(1)
        assert story.managed("eu") == "true"
        story.delete()
        await asyncio.sleep(1)
    assert story.data("eu") is None
    assert story.data("eu", Key("shop", "other")) == {"their": "own"}


async def test_a_kind_that_gives_rights_is_propagated_only_while_a_webhook_asks_who_gives_them():
    story = Story("eu", types=(NAMESPACES, ROLES))
    key = Key(SYSTEM, str(ROLES))
    async with story.hub():
        await asyncio.sleep(5)
        assert running(story, key) == "NotRunning"
        told = [each["message"] for each in story.host.objects[EVENTS].values()]
        assert any("no admission webhook asks" in each for each in told)
        story.host.put(VALIDATING_WEBHOOKS, GUARD)
        await asyncio.sleep(40)
        assert running(story, key) == "Running"
        story.host.remove(VALIDATING_WEBHOOKS, Key("", "validations.core.kubefed.io"))
        await asyncio.sleep(40)
        assert running(story, key) == "NotRunning"
    events = [each["reason"] for each in story.host.objects[EVENTS].values()]
    assert events.count("NoAdmission") <= 2, "what is the same is said once"
