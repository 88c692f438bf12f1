"""What is written here is no reason to look again; what others write at that moment is."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry
from propagation_story import CONFIG_MAPS, Story
from world import Client

from kubefed_core.runtime.metrics import Metrics

pytestmark = pytest.mark.looptime


class Slow(Client):
    """Its answers come after the echoes of what was written."""

    async def create(self, resource, obj, **options):
        made = await super().create(resource, obj, **options)
        await asyncio.sleep(0.01)
        return made

    async def replace(self, resource, obj, **options):
        made = await super().replace(resource, obj, **options)
        await asyncio.sleep(0.01)
        return made

    async def patch(self, resource, key, patch, **options):
        made = await super().patch(resource, key, patch, **options)
        await asyncio.sleep(0.01)
        return made


@pytest.mark.parametrize("client", [Client, Slow])
async def test_our_own_writes_are_no_reason_to_look_again(client):
    registry = CollectorRegistry()
    story = Story("eu", "us")
    story.meter = Metrics(registry)
    servers = story.world.servers
    story.world.connect = lambda access: client(access, servers[access.server])

    def looks():
        return registry.get_sample_value("reconcile_federated_resources_duration_seconds_count")

    async with story.hub():
        await asyncio.sleep(1)
        before = looks()
        story.federate({"data": {"k": "1"}})
        await asyncio.sleep(10)
        assert looks() == before + 1
        obj = story.member("eu")
        story.world["eu"].put(CONFIG_MAPS, {**obj, "data": {"k": "x"}})
        await asyncio.sleep(10)
        assert looks() == before + 2
    assert story.data("eu") == {"k": "1"}


async def test_what_others_write_at_the_same_moment_is_a_reason_to_look_again():
    story = Story("eu")
    servers = story.world.servers
    story.world.connect = lambda access: Slow(access, servers[access.server])
    async with story.hub():
        await asyncio.sleep(1)
        written = story.world["eu"].subscribe(CONFIG_MAPS)
        story.federate({"data": {"k": "1"}})
        await written.get()
        story.world["eu"].put(CONFIG_MAPS, {**story.member("eu"), "data": {"k": "x"}})
        await asyncio.sleep(1)
        assert story.data("eu") == {"k": "1"}
        written = story.world["eu"].subscribe(CONFIG_MAPS)
        story.federate({"data": {"k": "2"}})
        await written.get()
        story.federate({"data": {"k": "3"}})
        await asyncio.sleep(1)
    assert story.data("eu") == {"k": "3"}
