"""What a DNSProvider's status, and events, tell of what is promised, held back and wrong."""

import asyncio

import pytest
from zones_story import SYSTEM, ZONE, Backend, Story

from kubefed_core.objects import Key
from kubefed_dns.decide import brake
from kubefed_dns.errors import Unreachable
from kubefed_dns.records import ROUTING
from kubefed_dns.resources import PROVIDERS

pytestmark = pytest.mark.looptime

HOST, ONE, TWO = "web.example.org", "192.0.2.1", "192.0.2.2"
APPROVE = "multiclusterdns.kubefed.io/approve"


@pytest.fixture
def story():
    story = Story()
    story.provider()
    return story


async def settle(seconds=2.0):
    await asyncio.sleep(seconds)


def status(story):
    return story.host.get(PROVIDERS, Key(SYSTEM, "bind"))["status"]


def names(count):
    return [(f"h{n}.example.org", "A", ONE) for n in range(count)]


@pytest.mark.parametrize(
    ("reason", "claims", "words", "guarded", "says"),
    [
        (
            "All of it.",
            {"routing": ROUTING, "aliases": True},
            ["atomic", "conditional", "aliases", "geo", "region", "tier", "weight"],
            ("True", "AtomicAndConditional"),
            "every change is taken whole",
        ),
        (
            "The least.",
            {"atomic": False, "conditional": False},
            None,
            ("False", "NeitherAtomicNorConditional"),
            "ownership comes before its data",
        ),
        ("One by one.", {"atomic": False}, ["conditional"], ("False", "NotAtomic"), "one by one"),
        (
            "Without a look.",
            {"conditional": False},
            ["atomic"],
            ("False", "NotConditional"),
            "it compares nothing",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
async def test_what_a_backend_promises_is_told(story, reason, claims, words, guarded, says):
    story.backend = Backend(ZONE, **claims)
    async with story.hub():
        await settle()
        assert status(story).get("capabilities") == words, reason
        assert story.said("Guarded")[:2] == guarded
        assert says in story.said("Guarded")[2]
        story.backend.fault = Unreachable("it is down")
        await settle(700)
        assert story.ready()[0] == "False"
        assert status(story).get("capabilities") == words, "it is no less able for being away"


async def test_the_brake_is_seen_at_the_provider_until_it_holds_nothing(story):
    story.want(*names(100))
    async with story.hub():
        await settle()
        assert story.said("Braked") is None
        story.want(*names(60))
        await settle()
        kind, reason, message = story.said("Braked")
        assert (kind, reason) == ("True", "Brake")
        assert "the brake holds 40 names" in message
        assert "kubefedctl dns approve bind example.org" in message
        assert status(story)["summary"]["held"] == 40
    async with story.hub():
        await settle()
        assert story.said("Braked")[0] == "True"
        gone = {f"h{n}.example.org." for n in range(60, 100)}
        story.provider(annotations={APPROVE: f"example.org={brake.digest(gone)}"})
        await settle()
        assert story.said("Braked") == ("False", "Released", "the brake holds nothing back")
        assert "held" not in status(story)["summary"]


async def test_an_error_is_told_as_long_as_it_lasts(story):
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        story.backend.fault = Unreachable("192.0.2.53:53 does not answer; is it running?")
        story.want((HOST, "A", TWO))
        await settle(20)
        assert story.zone()["lastError"].startswith("192.0.2.53:53")
    async with story.hub():
        await settle(20)
        assert story.zone()["lastError"].startswith("192.0.2.53:53")
        story.backend.fault = None
        await settle(600)
        assert "lastError" not in story.zone()


async def test_who_is_kept_from_a_name_is_told_once(story):
    story.want((HOST, "A", ONE))
    story.want((HOST, "A", TWO), namespace="other", created="2026-01-02T00:00:00Z")
    async with story.hub():
        await settle()
        (told,) = story.events("Conflict")
        assert "belongs to DNSEndpoint shop/web" in told
        await settle(700)
    async with story.hub():
        await settle(700)
        assert len(story.events("Conflict")) == 1
