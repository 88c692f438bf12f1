"""What is no proof that a target is gone, and what holds up nobody else."""

import pytest
from hub_story import EU, US, settle, two_clusters

from kubefed_core.objects import Key
from kubefed_core.resources import SERVICES

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
