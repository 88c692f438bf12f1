"""Providers that take a change before all of their servers have it."""

import asyncio

import pytest
from zones_story import WEB, Story, a

from kubefed_dns.errors import Denied, Throttled
from kubefed_dns.resources import ENDPOINTS

pytestmark = pytest.mark.looptime

HOST, ONE, TWO = "web.example.org", "192.0.2.1", "192.0.2.2"


@pytest.fixture
def story():
    story = Story()
    story.backend.settled = set()
    story.provider()
    return story


async def settle(seconds=2.0):
    await asyncio.sleep(seconds)


async def test_a_name_is_published_once_its_change_has_settled(story):
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle(20)
        status, reason, message = story.condition("Published")
        assert (status, reason) == ("False", "Pending")
        assert message == "change C2 is on its way to the servers of DNSProvider bind"
        story.backend.settled = {"C2"}
        await settle(16)
        assert story.condition("Published") == (
            "True",
            "Published",
            "bind holds it in zone example.org at C2",
        )
        assert story.condition("Verified")[0] == "True"
        (state,) = story.host.get(ENDPOINTS, WEB)["status"]["endpoints"]
        assert state["providers"] == [{"name": "bind", "zone": "example.org", "marker": "C2"}]
        assert story.zone()["marker"] == "C2"


async def test_a_change_that_settles_at_once_costs_one_question(story):
    async with story.hub():
        await settle()
        before = story.backend.calls.copy()
        story.backend.settled = {"C2"}
        story.want((HOST, "A", ONE))
        await settle(20)
        assert story.backend.calls - before == {"write": 1, "settled": 1}
        assert story.condition("Published")[0] == "True"


async def test_questions_become_rare_and_hold_up_no_other_name(story):
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle(300)
        assert 10 < story.backend.calls["settled"] < 30
        story.want(("x.example.org", "A", ONE), name="other")
        await settle(0.5)
        assert story.backend.sets("x.example.org.")


async def test_of_many_changes_the_newest_speaks_for_all(story):
    async with story.hub():
        await settle()
        for number in range(5):
            story.want((f"h{number}.example.org", "A", ONE), name=f"e{number}")
            await settle(0.1)
        story.backend.settled = {f"C{number}" for number in range(2, 7)}
        await settle(3)
        assert story.backend.calls["settled"] == 2
        for number in range(5):
            assert story.condition("Published", f"e{number}")[0] == "True"


async def test_a_newer_change_of_the_name_is_waited_for(story):
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        story.want((HOST, "A", TWO))
        await settle(0.5)
        story.backend.settled = {"C2"}
        await settle(20)
        assert story.condition("Published")[2].startswith("change C3 is on its way")
        story.backend.settled = {"C2", "C3"}
        await settle(20)
        assert story.condition("Published")[0] == "True"


async def test_who_may_not_ask_takes_the_write_for_enough(story):
    story.backend.settled = Denied("route53:GetChange is not allowed; add it to the policy")
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        assert story.condition("Published")[0] == "True"
        assert story.ready()[0] == "True"


async def test_a_question_that_fails_is_asked_again_and_stops_nothing(story):
    story.backend.settled = Throttled("too many requests")
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle(20)
        assert story.condition("Published")[1] == "Pending"
        assert story.ready()[0] == "True"
        story.backend.settled = {"C2"}
        await settle(20)
        assert story.condition("Published")[0] == "True"


async def test_an_idle_hub_asks_nothing_and_a_restart_writes_nothing(story):
    story.backend.settled = {"C2"}
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle(20)
        asked, told = story.backend.calls["settled"], list(story.host.writes)
        await settle(6100)
        assert story.backend.calls["settled"] == asked
        assert story.host.writes == told
    async with story.hub():
        await settle(700)
        assert story.host.writes == told
        assert story.backend.sets(f"{HOST}.") == {(f"{HOST}.", "A"): a("web", ONE).values}
