import asyncio

import pytest

from kubefed_core import errors
from kubefed_core.objects import Key
from kubefed_core.resources import PODS, SERVICES
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST, Fleet, Interest
from kubefed_core.runtime.reflector import OPENED

pytestmark = pytest.mark.looptime

POD = {"metadata": {"namespace": "ns", "name": "p", "resourceVersion": "1"}}
P = Key("ns", "p")
PODS_ONLY = [Interest(PODS)]


class FakeClient:
    """Serves the objects that a server's name stands for; `hang` never answers."""

    worlds = {}
    made = []

    def __init__(self, access):
        self.access = access
        self.closed = False
        self.made.append(self)

    async def list(self, resource, **_):
        world = self.worlds[self.access.server]
        if world == "hang":
            await asyncio.sleep(1e6)
        if isinstance(world, Exception):
            raise world
        return list(world.get(resource, ())), "1"

    async def get(self, resource, key):
        raise errors.NotFound("gone", status=404)

    async def watch(self, resource, **_):
        if isinstance(self.worlds[self.access.server], Exception):
            raise self.worlds[self.access.server]
        yield {"type": OPENED, "object": {}}
        await asyncio.sleep(3600)

    async def close(self):
        self.closed = True


@pytest.fixture
async def fleet():
    FakeClient.worlds = {"up": {PODS: [POD]}, "down": ConnectionError("refused"), "stuck": "hang"}
    FakeClient.made = []
    fleet = Fleet(connect=FakeClient)
    fleet.seen = []
    fleet.sights = []
    fleet.subscribe(lambda *change: fleet.seen.append(change))
    fleet.watch_sight(lambda *change: fleet.sights.append(change))
    yield fleet
    await fleet.close()


async def test_an_unreachable_cluster_holds_up_only_itself(fleet):
    for name in ("up", "down", "stuck"):
        await fleet.engage(name, Access(name), PODS_ONLY)
    await asyncio.sleep(60)
    assert fleet.seen == [("up", PODS, P)]
    assert fleet.store("up", PODS).live
    assert fleet.store("down", PODS) is None
    assert fleet.clusters() == {"up", "down", "stuck"}


async def test_a_feed_without_an_answer_counts_as_lost_after_a_while(fleet):
    await fleet.engage("stuck", Access("stuck"), PODS_ONLY)
    await asyncio.sleep(1)
    assert not fleet.sight("stuck", PODS).started
    await asyncio.sleep(3)
    assert fleet.sight("stuck", PODS).lost_since == 3
    assert fleet.sights == [("stuck", PODS)]


async def test_new_credentials_mean_a_new_watch_and_keep_what_was_seen(fleet):
    await fleet.engage("c", Access("up"), PODS_ONLY)
    await asyncio.sleep(1)
    await fleet.engage("c", Access("up"), PODS_ONLY)
    assert len(FakeClient.made) == 1
    await fleet.engage("c", Access("up", token="new"), PODS_ONLY)
    assert fleet.store("c", PODS).get(P) == POD
    await asyncio.sleep(1)
    first, second = FakeClient.made
    assert (first.closed, second.closed) == (True, False)
    assert fleet.seen == [("c", PODS, P)]


async def test_at_another_address_it_is_another_cluster(fleet):
    await fleet.engage("c", Access("up"), PODS_ONLY)
    await asyncio.sleep(1)
    await fleet.engage("c", Access("stuck"), PODS_ONLY)
    assert fleet.store("c", PODS) is None
    assert fleet.sight("c", PODS) is not None
    assert fleet.seen == [("c", PODS, P), ("c", PODS, P)]


async def test_a_listener_that_fails_keeps_a_change_from_nobody_else(fleet, caplog):
    def fails(*change):
        raise KeyError("spec")

    after, sights = [], []
    fleet.subscribe(fails)
    fleet.watch_sight(fails)
    fleet.subscribe(lambda *change: after.append(change))
    fleet.watch_sight(lambda *change: sights.append(change))
    other = {"metadata": POD["metadata"] | {"name": "q"}}
    FakeClient.worlds["up"] = {PODS: [POD, other]}
    await fleet.engage("up", Access("up"), PODS_ONLY)
    await asyncio.sleep(1)
    assert sorted(after) == [("up", PODS, P), ("up", PODS, Key("ns", "q"))]
    assert sights == [("up", PODS)]
    assert "a listener failed" in caplog.text


async def test_a_feed_that_fails_now_and_then_is_started_again_soon_each_time(fleet, caplog):
    await fleet.engage("c", Access("up"), PODS_ONLY)
    await asyncio.sleep(1)
    for _ in range(8):
        FakeClient.worlds["up"] = KeyError("metadata")
        await asyncio.sleep(3600)
        FakeClient.worlds["up"] = {PODS: [POD]}
        await asyncio.sleep(24 * 3600)
    lost = asyncio.Event()
    fleet.watch_sight(lambda *_: lost.set())
    FakeClient.worlds["up"] = KeyError("metadata")
    await lost.wait()
    FakeClient.worlds["up"] = {PODS: [POD]}
    await asyncio.sleep(3)
    assert fleet.store("c", PODS).live


async def test_a_cluster_that_leaves_takes_its_cache_along_and_says_so(fleet):
    await fleet.engage("c", Access("up"), PODS_ONLY)
    await asyncio.sleep(1)
    await fleet.disengage("c")
    assert fleet.store("c", PODS) is None
    assert fleet.seen == [("c", PODS, P), ("c", PODS, P)]
    with pytest.raises(KeyError):
        fleet.client("c")


async def test_only_what_is_wanted_is_followed(fleet):
    await fleet.engage("c", Access("up"), [Interest(PODS), Interest(SERVICES)])
    await asyncio.sleep(1)
    await fleet.engage("c", Access("up"), [Interest(SERVICES)])
    assert fleet.store("c", PODS) is None
    assert fleet.store("c", SERVICES).live


async def test_sight_is_told_when_it_changes_and_not_else(fleet):
    await fleet.engage("c", Access("up"), PODS_ONLY)
    await asyncio.sleep(1)
    await asyncio.sleep(2 * 3600)
    assert fleet.sights == [("c", PODS)]
    FakeClient.worlds["up"] = ConnectionError("down")
    await asyncio.sleep(2 * 3600)
    assert fleet.sights == [("c", PODS), ("c", PODS)]
    assert not fleet.store("c", PODS).live
    assert fleet.store("c", PODS).get(P) == POD
    FakeClient.worlds["up"] = {PODS: [POD]}
    await asyncio.sleep(10)
    assert len(fleet.sights) == 3
    assert fleet.store("c", PODS).live


async def test_our_own_writes_are_seen_at_once_and_their_echo_is_silent(fleet):
    await fleet.engage(HOST, Access("up"), PODS_ONLY)
    await asyncio.sleep(1)
    newer = {"metadata": POD["metadata"] | {"resourceVersion": "2"}}
    fleet.put(HOST, PODS, newer)
    fleet.put(HOST, PODS, newer)
    assert fleet.store(HOST, PODS).get(P) == newer
    assert fleet.seen == [(HOST, PODS, P), (HOST, PODS, P)]


async def test_a_feed_that_ends_by_a_fault_of_ours_is_started_again(fleet, caplog):
    FakeClient.worlds["odd"] = KeyError("metadata")
    await fleet.engage("c", Access("odd"), PODS_ONLY)
    await asyncio.sleep(1)
    assert not fleet.sight("c", PODS).live
    FakeClient.worlds["odd"] = {PODS: [POD]}
    await asyncio.sleep(10)
    assert fleet.store("c", PODS).live
    assert "the feed failed" in caplog.text
