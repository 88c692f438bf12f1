"""Which clusters are followed, with which credentials."""

import asyncio
import base64
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from world import World

from kubefed_core.controllers.members import Members
from kubefed_core.objects import Key
from kubefed_core.resources import CLUSTERS, SECRETS, SERVICES
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST, Fleet, Interest
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.recorder import Recorder

pytestmark = pytest.mark.looptime

NS = "kube-federation-system"
WEB = Key("shop", "web")
SERVICE = {"metadata": {"namespace": "shop", "name": "web"}}


@pytest.fixture
def world():
    made = World("host", "eu")
    made["eu"].put(SERVICES, SERVICE)
    join(made)
    return made


def join(world, *, secret="eu", namespace=NS):
    spec = {"apiEndpoint": "https://eu", "secretRef": {"name": secret}}
    world["host"].put(CLUSTERS, {"metadata": {"namespace": namespace, "name": "eu"}, "spec": spec})
    give(world, b"t", name=secret)


def give(world, token, *, name="eu"):
    data = {"token": base64.b64encode(token).decode()} if token else {}
    world["host"].put(SECRETS, {"metadata": {"namespace": NS, "name": name}, "data": data})


@asynccontextmanager
async def following(world):
    """The fleet, while Members works."""
    fleet = Fleet(connect=world.connect)
    await fleet.engage(HOST, Access("https://host"), [Interest(CLUSTERS), Interest(SECRETS)])
    client = fleet.client(HOST)
    recorder = Recorder(client, component="t", namespace=NS, now=lambda: datetime.now(UTC))
    host = Host(fleet=fleet, recorder=recorder, namespace=NS, now=lambda: datetime.now(UTC))
    task = asyncio.create_task(Members(host=host, interests=[Interest(SERVICES)]).run())
    await asyncio.sleep(2)
    try:
        yield fleet
    finally:
        task.cancel()
        await asyncio.wait([task])
        await fleet.close()


async def test_a_joined_cluster_is_followed_and_an_unjoined_one_is_not(world):
    async with following(world) as fleet:
        assert fleet.store("eu", SERVICES).get(WEB)
        world["host"].remove(CLUSTERS, Key(NS, "eu"))
        await asyncio.sleep(1)
        assert fleet.clusters() == set()
        join(world)
        await asyncio.sleep(1)
        assert fleet.store("eu", SERVICES).get(WEB)


async def test_a_cluster_of_another_namespace_is_none_of_ours(world):
    world["host"].remove(CLUSTERS, Key(NS, "eu"))
    join(world, namespace="elsewhere")
    async with following(world) as fleet:
        assert fleet.clusters() == set()


@pytest.mark.parametrize("token", [b"", "tökn".encode()], ids=["empty", "no token"])
async def test_credentials_that_are_broken_from_the_start_are_taken_when_they_are_right(
    world, token
):
    give(world, token)
    async with following(world) as fleet:
        assert fleet.clusters() == set()
        await asyncio.sleep(3600)
        give(world, b"t")
        await asyncio.sleep(0.1)
        assert fleet.store("eu", SERVICES).live


async def test_a_rotated_token_is_used_at_once_and_what_was_seen_stays(world):
    async with following(world) as fleet:
        told = []
        fleet.subscribe(lambda *change: told.append(change))
        give(world, b"new")
        await asyncio.sleep(0.001)
        assert fleet.client("eu").access.token == "new"
        assert fleet.store("eu", SERVICES).get(WEB)
        await asyncio.sleep(60)
        assert ("eu", SERVICES, WEB) not in told
        assert fleet.store("eu", SERVICES).live


async def test_a_secret_that_is_lost_or_broken_leaves_the_last_good_one_in_use(world):
    async with following(world) as fleet:
        give(world, b"")
        await asyncio.sleep(1)
        world["host"].remove(SECRETS, Key(NS, "eu"))
        await asyncio.sleep(600)
        assert fleet.client("eu").access.token == "t"
        assert fleet.store("eu", SERVICES).live


async def test_another_secret_may_be_named(world):
    async with following(world) as fleet:
        give(world, b"other", name="spare")
        obj = world["host"].get(CLUSTERS, Key(NS, "eu"))
        spec = {**obj["spec"], "secretRef": {"name": "spare"}}
        world["host"].put(CLUSTERS, {**obj, "spec": spec})
        await asyncio.sleep(0.1)
        assert fleet.client("eu").access.token == "other"
