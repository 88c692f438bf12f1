"""Nothing is written where nothing has to be done, not even after a restart; in virtual time."""

import asyncio

import pytest
from propagation_story import Story

from kubefed_core.objects import Key

pytestmark = pytest.mark.looptime
MANY = 1000


async def test_a_restart_with_a_thousand_objects_in_three_clusters_writes_nothing():
    story = Story("eu", "us", "ap")
    keys = [Key("shop", f"c{number}") for number in range(MANY)]
    for key in keys:
        story.federate({"data": {"k": key.name}}, key=key)
    async with story.hub():
        await asyncio.sleep(60)
    assert {name: len(wrote) for name, wrote in story.writes().items()}["us"] == MANY + 1
    events = story.events()
    for _ in range(2):
        async with story.hub():
            await asyncio.sleep(60)
        assert story.writes() == {}
    assert story.events() == events
    assert all(story.data("us", key) == {"k": key.name} for key in keys)
