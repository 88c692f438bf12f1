"""From what probes say to what a record publishes, in virtual time."""

import asyncio
import errno

import pytest
from hub_story import EU, FALLEN, RISEN, TCP, US, settle, two_clusters

from kubefed_dns.errors import Unreachable

pytestmark = pytest.mark.looptime


@pytest.fixture
def story():
    return two_clusters(health=TCP)


async def test_targets_that_pass_are_in(story):
    async with story.hub():
        await settle()
        assert story.targets() == [EU, US]
        assert story.condition("Probed") == ("True", "Passing", "2 of 2 targets pass their probes")


async def test_a_target_that_fails_long_enough_is_out_and_comes_back_later(story):
    async with story.hub():
        await settle()
        story.answers[US] = "connection refused"
        await settle(19)
        assert story.targets() == [EU, US]
        await settle(FALLEN - 19)
        assert story.targets() == [EU]
        assert story.reasons() == {"eu": "Published", "us": "Unhealthy"}
        assert f"({US}: connection refused)" in story.entry("us")["message"]
        assert story.entry("us")["unhealthy"] == [US]
        assert story.condition("Probed")[:2] == ("False", "Failing")
        assert f"us {US}: connection refused" in story.condition("Probed")[2]
        assert story.events()["TargetWithdrawn"] == 1
        story.answers.clear()
        await settle(RISEN)
        assert story.condition("Probed")[:2] == ("False", "Recovering")
        assert "back in DNS after 60s" in story.entry("us")["message"]
        await settle(40)
        assert story.targets() == [EU]
        await settle(20)
        assert story.targets() == [EU, US]
        assert story.condition("Probed")[0] == "True"
        assert "unhealthy" not in story.entry("us")


async def test_a_single_failure_while_it_recovers_begins_the_delay_anew(story):
    async with story.hub():
        await settle()
        story.answers[US] = "connection refused"
        await settle(FALLEN)
        story.answers.clear()
        await settle(RISEN + 40)
        story.answers[US] = "connection refused"
        await settle(10)
        story.answers.clear()
        await settle(50)
        assert story.targets() == [EU]
        await settle(30)
        assert story.targets() == [EU, US]


async def test_what_fails_now_and_then_changes_and_writes_nothing(story):
    async with story.hub():
        await settle()
        story.host.writes.clear()
        for _ in range(20):
            story.answers[US] = "connection refused"
            await settle(20)
            story.answers.clear()
            await settle(10)
        assert story.targets() == [EU, US]
        assert story.host.writes == []


async def test_what_stays_so_is_written_once_also_over_a_restart(story):
    async with story.hub():
        await settle()
        story.answers[US] = "connection refused"
        await settle(60)
        story.host.writes.clear()
        await settle(600)
        story.answers[US] = "no answer within 3s"
        await settle(600)
        assert story.host.writes == []
        story.answers[US] = "connection refused"
    for _ in range(2):
        async with story.hub():
            await settle(120)
            assert story.targets() == [EU]
    assert story.host.writes == []
    story.answers.clear()
    async with story.hub():
        await settle(60)
        assert story.targets() == [EU]
        await settle(60)
        assert story.targets() == [EU, US]


async def test_passing_survives_a_restart_without_a_write(story):
    async with story.hub():
        await settle(60)
        story.host.writes.clear()
    async with story.hub():
        await settle(60)
    assert story.host.writes == []


async def test_a_cluster_with_several_addresses_loses_only_those_that_fail(story):
    other = "198.51.100.2"
    story.serve("us", US, other)
    async with story.hub():
        await settle()
        story.answers[other] = "status 503, expected 200-399"
        await settle(FALLEN)
        assert story.targets() == [EU, US]
        assert story.names()["web.shop.acme.svc.us-east.example.com", "A"] == [US]
        assert story.entry("us")["reason"] == "Published"
        assert other in story.entry("us")["message"]
        assert story.events()["TargetWithdrawn"] == 1
    async with story.hub():
        await settle(5)
        assert story.targets() == [EU, US], "what was out for its probes stays out"
        story.answers[US] = "status 503, expected 200-399"
        await settle(FALLEN)
        assert story.targets() == [EU]
        assert story.reasons()["us"] == "Unhealthy"


async def test_when_all_fail_at_once_the_last_good_set_stays(story):
    async with story.hub():
        await settle()
        story.answers |= {EU: "connection refused", US: "connection refused"}
        await settle(300)
        assert story.targets() == [EU, US]
        assert story.reasons() == {"eu": "Held", "us": "Held"}
        assert story.condition("Held")[:2] == ("True", "LastTarget")
        status, reason, message = story.condition("Probed")
        assert (status, reason) == ("False", "AllFailing")
        assert "the last good set" in message
        story.answers.clear()
        await settle(RISEN)
        assert story.targets() == [EU, US], "what never left need not wait to be back"
        assert story.reasons() == {"eu": "Published", "us": "Published"}


@pytest.mark.parametrize(("fall", "rise"), [(1, 1), (1, 3), (4, 1)])
async def test_not_all_are_seen_to_fail_or_to_be_back_in_one_moment(story, fall, rise):
    story.record(health=TCP | {"fall": fall, "rise": rise})
    async with story.hub():
        await settle()
        seen = []
        for answers in ({EU: "connection refused", US: "connection refused"}, {}):
            story.answers = answers
            for _ in range(600):
                await settle(0.1)
                seen.append(story.targets())
        assert all(found == [EU, US] for found in seen)
        await settle(60)
        assert story.condition("Probed")[0] == "True"


async def test_one_after_the_other_the_last_one_stays_until_another_passes_again(story):
    async with story.hub():
        await settle()
        story.answers[US] = "connection refused"
        await settle(FALLEN)
        story.answers[EU] = "connection refused"
        await settle(300)
        assert story.targets() == [EU]
        assert story.reasons() == {"eu": "Held", "us": "Unhealthy"}
        del story.answers[US]
        await settle(RISEN)
        assert story.targets() == [US], "better what passes again than what fails"


async def test_a_cluster_out_of_sight_is_in_as_long_as_its_probes_pass(story):
    async with story.hub():
        await settle()
        story.world["us"].down()
        await settle(600)
        assert story.targets() == [EU, US]
        assert story.reasons()["us"] == "Held"
        assert "the probes of its addresses pass" in story.entry("us")["message"]
    async with story.hub():
        await settle(600)
        assert story.targets() == [EU, US]
        story.answers[US] = "no answer within 3s"
        await settle(FALLEN)
        assert story.targets() == [EU]
        assert story.reasons()["us"] == "Unhealthy"
    story.answers.clear()
    async with story.hub():
        await settle(50)
        assert story.targets() == [EU]
        await settle(60)
        assert story.targets() == [EU, US]
        assert story.reasons()["us"] == "Held"


async def test_a_hub_that_is_cut_off_believes_no_probe(story):
    async with story.hub():
        await settle()
        for name in ("eu", "us"):
            story.world[name].down()
        story.answers[US] = "no answer within 3s"
        await settle(600)
        assert story.targets() == [EU, US]


async def test_a_probe_that_takes_too_long_has_failed(story):
    async with story.hub():
        await settle()
        story.answers[US] = asyncio.Event()
        await settle(FALLEN + 3)
        assert story.targets() == [EU]
        assert "no answer within 3s" in story.entry("us")["message"]


async def test_new_targets_are_in_before_they_are_probed_and_unwanted_ones_are_not_probed(story):
    async with story.hub():
        await settle()
        story.serve("us", "198.51.100.9")
        await asyncio.sleep(0.02)
        assert story.targets() == [EU, "198.51.100.9"]
        await settle(1)
        story.probes.clear()
        await settle(60)
        assert story.probed(US) == []
        assert story.probed("198.51.100.9") != []
        story.record(health=TCP, clusters=["eu"])
        await settle(1)
        story.probes.clear()
        await settle(60)
        assert story.probed("198.51.100.9") == []


async def test_without_health_nothing_is_probed_and_nothing_is_said(story):
    async with story.hub():
        await settle()
        story.answers[US] = "connection refused"
        await settle(FALLEN)
        story.record()
        await settle()
        assert story.targets() == [EU, US]
        assert story.condition("Probed") is None
        assert "unhealthy" not in story.entry("us")
        story.probes.clear()
        await settle(60)
        assert story.probes == []


async def test_a_health_that_cannot_be_read_leaves_what_is(story):
    async with story.hub():
        await settle()
        story.answers[US] = "connection refused"
        await settle(FALLEN)
        story.record(health={"protocol": "TCP"})
        await settle(300)
        assert story.targets() == [EU]
        assert "spec.health.port" in story.condition("Accepted")[2]


async def test_a_host_name_is_well_as_long_as_one_of_its_addresses_is(story):
    story.serve("us", "lb.us.test")
    story.lookups["lb.us.test"] = ["198.51.100.7", "198.51.100.8"]
    async with story.hub():
        await settle()
        story.answers["198.51.100.7"] = "connection refused"
        await settle(60)
        assert story.targets() == [EU, "198.51.100.7", "198.51.100.8"]
        story.answers["198.51.100.8"] = "connection refused"
        await settle(FALLEN)
        assert story.targets() == [EU]
        assert "198.51.100.7: connection refused" in story.entry("us")["message"]
        assert story.entry("us")["unhealthy"] == ["lb.us.test"]


async def test_a_host_name_that_cannot_be_resolved_is_no_failed_probe(story):
    story.serve("us", "lb.us.test")
    async with story.hub():
        await settle(60)
        assert story.reasons()["us"] == "Published"
        status, reason, message = story.condition("Probed")
        assert (status, reason) == ("False", "NotProbed")
        assert "lb.us.test" in message
        story.lookups["lb.us.test"] = ["198.51.100.7"]
        await settle(60)
        assert story.condition("Probed")[0] == "True"
        assert story.targets() == [EU, "198.51.100.7"]


async def test_what_cannot_be_asked_from_here_is_no_failed_probe(story):
    async with story.hub():
        await settle()
        story.answers[US] = Unreachable("the controller's machine has no route to it")
        await settle(60)
        assert story.reasons()["us"] == "Published"
        assert story.condition("Probed")[:2] == ("False", "NotProbed")
        assert "no route" in story.condition("Probed")[2]


async def test_of_a_host_name_only_what_can_be_asked_counts(story):
    story.serve("us", "lb.us.test")
    story.lookups["lb.us.test"] = ["198.51.100.7", "2001:db8::7"]
    story.answers["2001:db8::7"] = Unreachable("no route")
    async with story.hub():
        await settle()
        assert story.condition("Probed")[0] == "True"
        story.answers["198.51.100.7"] = "connection refused"
        await settle(FALLEN)
        assert story.reasons()["us"] == "Unhealthy"


async def test_a_process_at_its_limits_changes_nothing(story):
    async with story.hub():
        await settle()
        story.host.writes.clear()
        story.answers[US] = OSError(errno.EMFILE, "too many open files")
        await settle(300)
        assert story.host.writes == []
        story.answers[US] = "connection refused"
        await settle(600)
        assert story.reasons()["us"] == "Unhealthy"


async def test_a_look_up_that_takes_its_time_holds_up_nothing(story):
    story.serve("us", "lb.us.test")
    asked = story.lookups["lb.us.test"] = asyncio.Event()
    async with story.hub():
        await settle(5)
        assert story.probed(EU) != []
        assert story.condition("Probed")[:2] == ("Unknown", "Pending")
        story.lookups["lb.us.test"] = ["198.51.100.7"]
        asked.set()
        await settle(3)
        assert story.condition("Probed")[0] == "True"
