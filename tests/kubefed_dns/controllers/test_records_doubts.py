"""What is no proof that a target is gone, and what holds up nobody else."""

import asyncio
from datetime import timedelta

import pytest
from hub_story import EU, SYSTEM, US, WEB, Story, settle, two_clusters
from world import Server

from kubefed_core import errors
from kubefed_core.objects import Key
from kubefed_core.resources import CLUSTERS, SECRETS, SERVICES

pytestmark = pytest.mark.looptime


@pytest.fixture
def story():
    return two_clusters()


async def test_a_listing_that_falsely_lacks_one_service_empties_nothing_after_a_restart(story):
    story.serve("us", "198.51.100.50", name="other")
    async with story.hub():
        await settle()
    us = story.world["us"]
    us.false_lists[SERVICES] = [us.get(SERVICES, Key("shop", "other"))]
    async with story.hub():
        await settle(5)
        assert story.targets() == [EU, US]


async def test_a_false_empty_list_of_clusters_empties_nothing_after_a_restart(story):
    async with story.hub():
        await settle()
    story.host.false_lists[CLUSTERS] = []
    async with story.hub():
        await settle(60)
        assert story.targets() == [EU, US]


async def test_a_cluster_that_was_unjoined_while_nobody_looked_is_out(story):
    async with story.hub():
        await settle()
    story.host.remove(CLUSTERS, Key(SYSTEM, "us"))
    async with story.hub():
        await settle(5)
        assert story.targets() == [EU]
        story.host.calls.clear()
        story.serve("eu", NEW)
        await settle()
        assert ("get", CLUSTERS) not in story.host.calls


NEW = "192.0.2.9"


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_member_that_cannot_be_asked_holds_up_no_other(story, hangs):
    async with story.hub():
        await settle()
        us = story.world["us"]
        us.remove(SERVICES, WEB)
        if hangs:
            us.hanging = True
        else:
            us.faults["get", SERVICES] = errors.ApiError("boom", status=500)
        story.serve("eu", NEW)
        await settle(5)
        assert story.targets() == [NEW, US]
        us.hanging = False
        us.faults.clear()
        await settle(15)
        assert story.targets() == [NEW]


async def test_a_cluster_that_joins_and_hangs_holds_up_nobody(story):
    async with story.hub():
        await settle(10)
        story.world.servers["https://ap"] = Server()
        story.world["ap"].hanging = True
        story.join("ap")
        await settle(0.1)
        story.host.writes.clear()
        story.serve("eu", NEW)
        await settle(0.5)
        assert story.targets() == [NEW, US]
        await settle(5)
        assert story.reasons()["ap"] == "ClusterUnreachable"


async def test_a_lost_cluster_causes_no_writes_however_often_it_is_looked_at(story):
    story.record(unreachable="Keep")
    async with story.hub():
        await settle()
        story.world["us"].down()
        await settle(0.002)
        epoch, begun = story.epoch, asyncio.get_running_loop().time()
        story.epoch = epoch + timedelta(seconds=round(begun) - begun)
        await settle(100)
        story.host.writes.clear()
        for number in range(20):
            # The two clocks are never read at the very same moment.
            story.epoch += timedelta(milliseconds=(-1) ** number * 5)
            story.serve("eu", EU)
            await settle(1)
        assert story.host.writes == []


async def test_a_clock_that_is_set_back_stops_nothing(story):
    story.host.remove(SECRETS, Key(SYSTEM, "us"))
    async with story.hub():
        await settle(0.5)
        story.epoch -= timedelta(hours=1)
        await settle(5)
        assert story.targets() == [EU]


async def test_a_clock_that_is_set_withdraws_nothing_too_early(story):
    async with story.hub():
        await settle()
        story.world["us"].down()
        await settle(5)
        story.epoch += timedelta(hours=1)
        story.serve("eu", NEW)
        await settle(5)
        assert story.targets() == [NEW, US]
        await settle(60)
        assert story.targets() == [NEW]


MOST = ["a", "b", "c"]


async def test_a_hub_that_is_cut_off_and_starts_again_still_knows_that_it_is():
    story = Story(*MOST, "d")
    addresses = [f"192.0.2.{number}" for number in range(1, 5)]
    for name, address in zip([*MOST, "d"], addresses, strict=True):
        story.serve(name, address)
    story.record()
    async with story.hub():
        await settle()
        for name in MOST:
            story.world[name].down()
            story.health(name, "Offline")
        await settle(600)
        assert story.targets() == addresses
    async with story.hub():
        await settle(600)
        assert story.targets() == addresses
        assert story.condition("Held")[:2] == ("True", "HubCutOff")
        for name in MOST[:2]:
            story.world[name].up()
            story.health(name, "Ready")
        await settle(120)
        assert story.targets() == [*addresses[:2], addresses[3]]


async def test_a_cluster_that_is_joined_anew_elsewhere_does_not_serve_from_its_old_place(story):
    for number in range(5):
        story.serve("us", US, name=f"more{number}")
    async with story.hub():
        await settle()
        story.world.servers["https://us2"] = Server()
        obj = story.host.get(CLUSTERS, Key(SYSTEM, "us"))
        spec = {**obj["spec"], "apiEndpoint": "https://us2"}
        story.put(CLUSTERS, {**obj, "spec": spec})
        await settle(1)
        assert story.targets() == [EU]


@pytest.mark.parametrize(
    ("reason", "error", "says"),
    [
        ("A token that is revoked.", errors.Unauthorized("no", status=401), "credentials (401"),
        ("A right that is missing.", errors.Forbidden("no", status=403), "list services in"),
        ("A server that fails.", errors.ApiError("no", status=500), "list services (500)"),
        ("A server that is gone.", OSError("no"), "API server cannot be reached"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_why_a_cluster_is_out_of_sight_is_said(story, reason, error, says):
    async with story.hub():
        await settle()
        story.world["us"].faults[SERVICES] = error
        story.world["us"].cut()
        for want in ("Held", "ClusterUnreachable"):
            await settle()
            (us,) = [each for each in story.status()["dns"] if each["cluster"] == "us"]
            assert us["reason"] == want
            assert says in us["message"], reason
            await settle(70)


async def test_a_health_check_that_is_refused_says_so_too(story):
    async with story.hub():
        await settle()
        story.on.fleet.client("us").unauthorized = True
        story.health("us", "Offline")
        await settle()
        (us,) = [each for each in story.status()["dns"] if each["cluster"] == "us"]
        assert us["reason"] == "Held"
        assert "credentials (401" in us["message"]
