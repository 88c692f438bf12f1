"""DNS follows propagation: published when it has arrived, withdrawn before it leaves."""

import asyncio
from dataclasses import replace

import pytest
from hub_story import EU, SYSTEM, US, WEB, settle, two_clusters

from kubefed_core.api.config import Config, Dns
from kubefed_core.api.types import federated_of
from kubefed_core.objects import Key
from kubefed_core.resources import DEPLOYMENTS, INGRESSES, NAMESPACES, SERVICES, TYPE_CONFIGS
from kubefed_core.runtime.fleet import Interest
from kubefed_dns.resources import SERVICE_RECORDS

pytestmark = pytest.mark.looptime
FEDERATED = federated_of(SERVICES)
TYPE = {
    "metadata": {"namespace": SYSTEM, "name": "services"},
    "spec": {
        "targetType": {"version": "v1", "kind": "Service", "pluralName": "services",
                       "scope": "Namespaced"},
        "federatedType": {"group": "types.kubefed.io", "version": "v1beta1",
                          "kind": "FederatedService", "pluralName": "federatedservices",
                          "scope": "Namespaced"},
        "propagation": "Enabled",
    },
}  # fmt: skip


def federated(story, *done, generation=1, observed=1, failed=()):
    """A FederatedService that has come to some clusters, and to others not."""
    clusters = [{"name": name} for name in done]
    clusters += [{"name": name, "status": "UpdateFailed"} for name in failed]
    story.put(
        FEDERATED,
        {
            "metadata": {"namespace": "shop", "name": "web", "generation": generation},
            "spec": {},
            "status": {"observedGeneration": observed, "clusters": clusters},
        },
    )


@pytest.fixture
def story():
    """Services are propagated; eu and us have one each."""
    made = two_clusters()
    made.more = (Interest(TYPE_CONFIGS, SYSTEM), Interest(FEDERATED))
    made.put(TYPE_CONFIGS, TYPE)
    for member in ("eu", "us"):
        managed(made, member)
    return made


def managed(story, member):
    there = story.world[member].get(SERVICES, WEB)
    meta = {**there["metadata"], "labels": {"kubefed.io/managed": "true"}}
    story.world[member].put(SERVICES, {**there, "metadata": meta})


def entry(story, cluster):
    found = story.host.get(SERVICE_RECORDS, WEB)["status"]["dns"]
    return next(each for each in found if each["cluster"] == cluster)


def ingress(story, cluster):
    return [each["ip"] for each in entry(story, cluster)["loadBalancer"].get("ingress", ())]


@pytest.mark.parametrize(
    ("reason", "state", "us"),
    [
        ("It is there as it is wanted.", {"done": ("eu", "us")}, [US]),
        ("An older generation is there.", {"done": ("eu", "us"), "observed": 0}, []),
        ("The last change has failed there.", {"done": ("eu",), "failed": ("us",)}, []),
        ("Nothing is said of it yet.", {"done": ("eu",)}, []),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_a_first_address_waits_for_propagation(story, reason, state, us):
    federated(story, *state.pop("done"), **state)
    async with story.hub():
        await settle()
        assert ingress(story, "us") == us, reason
        if not us:
            assert entry(story, "us")["reason"] == "Held"
            assert "FederatedService shop/web" in entry(story, "us")["message"]
        federated(story, "eu", "us")
        await settle()
        assert ingress(story, "us") == [US], reason


async def test_what_is_published_is_not_withdrawn_for_a_change_under_way(story):
    federated(story, "eu", "us")
    async with story.hub():
        await settle()
        federated(story, generation=2, observed=2, failed=("eu", "us"))
        await settle()
        assert (ingress(story, "eu"), ingress(story, "us")) == ([EU], [US])


async def test_what_is_not_propagated_waits_for_nothing(story):
    federated(story, "eu")
    there = story.world["us"].get(SERVICES, WEB)
    bare = {**there["metadata"], "labels": {}}
    story.world["us"].put(SERVICES, {**there, "metadata": bare})
    async with story.hub():
        await settle()
        assert ingress(story, "us") == [US]


def leave(story, cluster="us", resource=SERVICES, key=WEB):
    return story.departures.before_removal(cluster, resource, key)


async def test_a_cluster_leaves_dns_and_the_caches_before_its_object_goes():
    story = two_clusters()
    async with story.hub():
        await settle()
        story.current = False
        assert leave(story) == pytest.approx(1)
        await settle(1)
        assert (ingress(story, "eu"), ingress(story, "us")) == ([EU], [])
        assert entry(story, "us")["reason"] == "Drained"
        assert "about to be removed" in entry(story, "us")["message"]
        assert leave(story) == pytest.approx(1)
        story.current = True
        assert leave(story) == pytest.approx(30)
        await asyncio.sleep(20)
        assert leave(story) == pytest.approx(10)
        await asyncio.sleep(10)
        assert leave(story) is None
        story.world["us"].delete(SERVICES, WEB)
        await settle()
        assert entry(story, "us")["reason"] == "NotFound"
        story.serve("us", US)
        await settle()
        assert ingress(story, "us") == [US]


async def test_the_last_target_may_leave_too():
    story = two_clusters()
    async with story.hub():
        await settle()
        leave(story, "eu")
        leave(story, "us")
        await settle(1)
        assert (ingress(story, "eu"), ingress(story, "us")) == ([], [])


async def test_providers_that_do_not_come_to_an_end_hold_it_up_for_so_long_only():
    story = two_clusters()
    story.config = replace(Config(), dns=Dns(withdraw_timeout=12.0))
    async with story.hub():
        await settle()
        story.current = False
        for _ in range(12):
            assert leave(story) is not None
            await asyncio.sleep(1)
        assert leave(story) is None


async def test_who_changes_his_mind_has_the_cluster_back():
    story = two_clusters()
    async with story.hub():
        await settle()
        leave(story)
        await settle()
        assert ingress(story, "us") == []
        await settle(30)
        assert ingress(story, "us") == [US]


@pytest.mark.parametrize(
    ("reason", "asked"),
    [
        ("Nothing is published from there.", {"cluster": "mars"}),
        ("There is no record for it.", {"key": Key("shop", "db")}),
        ("It is of a kind that DNS does not know.", {"resource": DEPLOYMENTS}),
        ("The record is about Services.", {"resource": INGRESSES}),
        ("The record is in another namespace.",
         {"resource": NAMESPACES, "key": Key("", "other")}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
async def test_what_dns_has_nothing_of_may_go_at_once(reason, asked):
    story = two_clusters()
    async with story.hub():
        await settle()
        assert leave(story, **asked) is None, reason


async def test_with_a_namespace_go_the_targets_of_all_that_is_in_it():
    story = two_clusters()
    async with story.hub():
        await settle()
        assert leave(story, resource=NAMESPACES, key=Key("", "shop")) is not None
        await settle(1)
        assert ingress(story, "us") == []
