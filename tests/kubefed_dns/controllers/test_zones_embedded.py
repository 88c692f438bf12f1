"""The embedded server under the controller: when it is ready, and what it keeps over a restart."""

import asyncio

import atlas
import pytest
from zones_backend import Slow
from zones_story import START, SYSTEM, Story

from kubefed_core.objects import Key
from kubefed_dns.resources import ENDPOINTS, PROVIDERS
from kubefed_dns.server.server import Server

pytestmark = pytest.mark.looptime
ONE = "192.0.2.1"


@pytest.fixture
def story():
    made = Story()
    made.server = Server(now=lambda: START, ns_name="ns.example.com")
    return made


async def settle(seconds=30.0):
    await asyncio.sleep(seconds)


async def test_it_is_ready_when_its_zones_are_filled(story):
    story.executor = Slow(1.0)
    story.domain("d", "example.net")
    story.domain("e", "example.com")
    story.want(("web.example.net", "A", ONE))
    async with story.hub() as hub:
        assert "not known yet" in hub.readiness()
        seen = set()
        while (missing := hub.readiness()) is not None:
            seen.add(missing)
            assert not all(zone.filled for zone in story.server.zones) or not story.server.zones
            await asyncio.sleep(0.1)
        assert all(zone.filled for zone in story.server.zones)
        assert len(story.server.zones) == 2
        assert any("example.net." in each for each in seen)
        story.domain("late", "example.edu")
        await asyncio.sleep(0.1)
        assert hub.readiness() is None, "what comes later fills while others serve"


async def test_with_nothing_to_serve_it_is_ready(story):
    async with story.hub() as hub:
        await settle(1)
        assert hub.readiness() is None


async def test_without_a_server_there_is_nothing_to_wait_for(story):
    story.server = None
    async with story.hub() as hub:
        assert hub.readiness() is None


@pytest.mark.parametrize(
    ("reason", "spec"),
    [
        ("A zone that is only planned is never filled.", {"dryRun": True}),
        ("Settings that cannot work are not waited for.", {"embedded": {"notify": ["x:0"]}}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_cannot_be_filled_keeps_nobody_from_being_ready(story, reason, spec):
    story.provider("embedded", type="embedded", zones=["example.com"], **spec)
    async with story.hub() as hub:
        await settle(5)
        assert hub.readiness() is None, reason
        assert not any(zone.filled for zone in story.server.zones)


@pytest.mark.parametrize("named", ["an object", "no object"])
async def test_serials_never_go_back_over_restarts(story, named):
    if named == "an object":
        story.provider("own", type="embedded", zones=["example.net"])
    else:
        story.domain("d", "example.net")
    serial = 0
    for round_ in range(3):
        story.server = Server(now=lambda: START, ns_name="ns.example.com")
        async with story.hub():
            for number in range(5):
                story.want(("web.example.net", "A", f"192.0.2.{10 * round_ + number}"))
                await settle()
                now = story.server.zone("example.net.").serial
                assert now > serial
                serial = now


async def test_with_an_object_serials_do_not_go_back_even_when_all_names_are_gone(story):
    safety = {"maxDeletePercent": 100}
    story.provider("own", type="embedded", zones=["example.net"], safety=safety)
    async with story.hub():
        for number in range(20):
            story.want((f"web{number}.example.net", "A", ONE), name=f"web{number}")
        await settle()
        for number in range(20):
            story.drop(f"web{number}", resource=ENDPOINTS)
            await settle(3)
        await settle()
        serial = story.server.zone("example.net.").serial
        assert list(story.server.zone("example.net.").rrsets()) == []
    story.server = Server(now=lambda: START, ns_name="ns.example.com")
    async with story.hub():
        await settle()
        assert story.server.zone("example.net.").serial > serial


async def test_ten_idle_cycles_write_nothing(story):
    story.provider("own", type="embedded", zones=["example.net"], auditInterval="10s")
    story.want(("web.example.net", "A", ONE))
    async with story.hub():
        await settle(60)
        zone = story.server.zone("example.net.")
        before, writes = (zone.serial, zone.version), len(story.host.writes)
        await settle(600)
        assert (zone.serial, zone.version) == before
        assert len(story.host.writes) == writes


async def test_a_database_that_cannot_be_read_shows_and_stops_nothing(story, tmp_path):
    path = tmp_path / "places.mmdb"
    settings = {"geoDatabase": str(path)}
    story.provider("own", type="embedded", zones=["example.net"], embedded=settings)
    story.want(("web.example.net", "A", ONE))
    async with story.hub():
        await settle()
        assert story.server.zone("example.net.").filled
        assert story.ready("own")[0] == "True"
        status, reason, message = impaired(story)
        assert (status, reason) == ("True", "Settings")
        assert f"spec.embedded.geoDatabase: {path}: No such file" in message
        atlas.write(path)
        for zone in story.server.zones:
            zone.policy.database.refresh()
        await settle(90)
        assert impaired(story)[0] == "False"


def impaired(story):
    found = story.host.get(PROVIDERS, Key(SYSTEM, "own"))["status"]["conditions"]
    (one,) = [each for each in found if each["type"] == "Impaired"]
    return one["status"], one["reason"], one["message"]


async def test_the_settings_reach_the_zones(story):
    story.secret("keys", tsigSecret="c2VjcmV0IG9mIG91cnM=")
    story.provider(
        "own",
        type="embedded",
        zones=["example.net"],
        credentialsRef={"name": "keys"},
        embedded={"nsAddresses": ["192.0.2.53"], "transfers": {"tsig": {"keyName": "k"}}},
    )
    async with story.hub():
        await settle()
        policy = story.server.zone("example.net.").policy
        assert [str(name) for name in policy.keys] == ["k."]
        assert list(map(str, policy.addresses)) == ["192.0.2.53"]
        story.provider("own", type="embedded", zones=["example.net"])
        await settle()
        policy = story.server.zone("example.net.").policy
        assert not policy.keys
        assert not policy.addresses
