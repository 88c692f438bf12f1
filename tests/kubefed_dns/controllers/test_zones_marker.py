"""When a zone is looked at for what others wrote."""

import asyncio

import pytest
from zones_backend import Slow
from zones_story import Backend, Story, a

from kubefed_dns.errors import ZoneGone

pytestmark = pytest.mark.looptime

WEB, API = "web.example.org", "api.example.org"
ONE, TWO = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def story():
    """With the audit as it is where nobody says otherwise."""
    story = Story()
    story.provider()
    story.want((WEB, "A", ONE), (API, "A", ONE))
    return story


async def test_what_others_wrote_is_seen_by_the_marker_within_a_minute(story):
    async with story.hub():
        await asyncio.sleep(5)
        story.backend.foreign(a("web", TWO))
        await asyncio.sleep(65)
        assert story.backend.sets()[f"{WEB}.", "A"] == (ONE,)


async def test_a_zone_without_a_marker_is_read_at_each_audit_and_no_sooner(story):
    story.backend.settled = {"C1", "C2", "C3"}
    async with story.hub():
        await asyncio.sleep(5)
        story.backend.foreign(a("web", TWO))
        await asyncio.sleep(500)
        assert story.backend.sets()[f"{WEB}.", "A"] == (TWO,)
        await asyncio.sleep(120)
        assert story.backend.sets()[f"{WEB}.", "A"] == (ONE,)


async def test_who_writes_as_we_do_makes_us_look_at_once(story):
    async with story.hub():
        await asyncio.sleep(5)
        story.backend.before = lambda: story.backend.foreign(a("api", TWO))
        story.want((WEB, "A", TWO), (API, "A", ONE))
        await asyncio.sleep(3)
        assert story.backend.sets()[f"{API}.", "A"] == (ONE,)


async def test_a_zone_that_takes_long_to_read_is_let_be(story):
    story.executor = Slow(10)
    async with story.hub():
        await asyncio.sleep(200)
        before = story.backend.calls["read"]
        for number in range(20):
            story.backend.foreign(a(f"foreign{number}", TWO))
            await asyncio.sleep(60)
        assert 4 <= story.backend.calls["read"] - before <= 6


async def test_the_zones_of_a_crowd_are_looked_at_in_turn():
    """An account may have a quota, and a marker may cost of it."""
    zones = [f"z{number}.example.org" for number in range(120)]
    story = Story()
    story.backend = story.authority["192.0.2.53:53"] = Backend(*(f"{zone}." for zone in zones))
    story.provider(zones=zones)
    async with story.hub():
        await asyncio.sleep(130)
        before = story.backend.calls["marker"]
        await asyncio.sleep(240)
        assert story.backend.calls["marker"] - before == 240


async def test_no_data_is_written_without_ownership_where_others_took_both_away(story):
    """Without a marker that is found out when a change is refused."""
    story.backend.settled = {"C1", "C2", "C3", "C4"}
    async with story.hub():
        await asyncio.sleep(5)
        story.backend.foreign(delete=[f"{WEB}.", f"a-{WEB}."])
        story.want((WEB, "A", TWO), (API, "A", ONE))
        await asyncio.sleep(5)
        found = story.backend.sets()
        assert found[f"{WEB}.", "A"] == (TWO,)
        assert (f"a-{WEB}.", "TXT") in found


async def test_a_zone_that_was_gone_is_read_anew(story):
    """It may be another one of its name."""
    story.backend.settled = {"C1", "C2", "C3", "C4"}
    async with story.hub():
        await asyncio.sleep(5)
        story.backend.fault = ZoneGone("the account shows no zone example.org.")
        story.want((WEB, "A", TWO), (API, "A", ONE))
        await asyncio.sleep(5)
        story.backend.fault = None
        for name in (WEB, API):
            story.backend.foreign(delete=[f"{name}.", f"a-{name}."])
        await asyncio.sleep(60)
        assert {*story.backend.sets()} == {
            (f"{WEB}.", "A"), (f"a-{WEB}.", "TXT"), (f"{API}.", "A"), (f"a-{API}.", "TXT")
        }  # fmt: skip
