"""Names with several sets: as the backend chooses among them, or reduced to what it can."""

import asyncio

import pytest
from zones_story import WEB, ZONE, Backend, Story, a, owned

from kubefed_dns.records import ROUTING
from kubefed_dns.resources import ENDPOINTS

pytestmark = pytest.mark.looptime

HOST = "web.example.org"
NAME = f"{HOST}."
OWNER = f"a-{NAME}"
EU, US = "192.0.2.1", "192.0.2.2"


def routed(identifier, target, *, rrtype="A", host=HOST, more=(), **routing):
    return {
        "dnsName": host,
        "recordType": rrtype,
        "targets": [target],
        "setIdentifier": identifier,
        **({"routing": routing} if routing else {}),
        **({"providerSpecific": [{"name": n, "value": v} for n, v in more]} if more else {}),
    }


WEIGHTED = (routed("eu", EU, weight=80), routed("us", US, weight=20))
TIERS = (routed("tier-0", EU, tier=0), routed("tier-1", US, tier=1))
PLAIN = (HOST, "A", EU, US)
NATIVE = {("A", "eu", "weight=80"): (EU,), ("A", "us", "weight=20"): (US,)}


@pytest.fixture
def story():
    story = Story()
    story.provider()
    return story


@pytest.fixture
def native(story):
    story.backend = Backend(ZONE, routing=ROUTING, aliases=True)
    story.authority = {"192.0.2.53:53": story.backend}
    return story


async def settle(seconds=2.0):
    await asyncio.sleep(seconds)


async def test_a_backend_that_chooses_gets_every_set_with_its_ownership(native):
    native.want(*WEIGHTED)
    async with native.hub():
        await settle()
        assert native.backend.routed(NAME) == NATIVE
        assert native.backend.routed(OWNER) == {
            ("TXT", "eu", "weight=80"): owned(a("web", EU)).values,
            ("TXT", "us", "weight=20"): owned(a("web", US)).values,
        }
        assert native.condition("Published")[0] == "True"
        assert native.condition("Verified")[0] == "True", "each answer is one of those wanted"
        assert native.condition("Routed") == ("True", "Routed", "Weighted by DNSProvider bind")
        writes, told = native.backend.writes, list(native.host.writes)
        await settle(6100)
        assert native.backend.writes == writes
        assert native.host.writes == told
    async with native.hub():
        await settle(700)
        assert native.backend.writes == writes
        assert native.host.writes == told


async def test_a_backend_that_does_not_choose_gets_one_set_and_it_is_said(story):
    story.want(*WEIGHTED)
    async with story.hub():
        await settle()
        assert story.backend.routed(NAME) == {("A", ""): (EU, US)}
        assert story.condition("Published")[0] == "True"
        assert story.condition("Routed") == (
            "False",
            "Degraded",
            "DNSProvider bind does not serve Weighted in zone example.org: web.example.org has all"
            " targets in every answer",
        )
        story.want(PLAIN)
        await settle()
        assert story.condition("Routed") is None


async def test_a_fail_over_needs_no_backend_that_chooses(story):
    story.want(*TIERS)
    async with story.hub():
        await settle()
        assert story.backend.routed(NAME) == {("A", ""): (EU,)}
        assert story.condition("Routed") == (
            "True",
            "Routed",
            "Failover by the hub at DNSProvider bind",
        )
        summary = story.host.get(ENDPOINTS, WEB)["status"]["summary"]
        assert summary == {"names": "1/1", "targets": EU}
        story.want(routed("tier-1", US, tier=0))
        await settle()
        assert story.backend.routed(NAME) == {("A", ""): (US,)}


async def test_a_change_of_policy_is_one_group(native):
    groups = []
    write = native.backend.memory.write
    native.backend.memory.write = lambda zone, some: groups.extend(some) or write(zone, some)
    native.want(PLAIN)
    async with native.hub():
        await settle()
        for endpoints, held in (
            (WEIGHTED, NATIVE),
            (
                (routed("eu", EU, weight=1), WEIGHTED[1]),
                {("A", "eu", "weight=1"): (EU,), ("A", "us", "weight=20"): (US,)},
            ),
            (TIERS, {("A", "tier-0", "tier=0"): (EU,), ("A", "tier-1", "tier=1"): (US,)}),
            ((PLAIN,), {("A", ""): (EU, US)}),
        ):
            groups.clear()
            native.want(*endpoints)
            await settle()
            assert len(groups) == 1
            assert native.backend.routed(NAME) == held
            assert native.condition("Published")[0] == "True"
        native.drop()
        await settle()
        assert native.backend.sets() == {}


async def test_an_identifier_alone_is_refused_with_what_to_do(story):
    story.want(routed("eu", EU, more=[("aws/weight", "10")]), (f"x.{HOST}", "A", EU))
    async with story.hub():
        await settle()
        status, reason, message = story.condition("Published")
        assert (status, reason) == ("False", "Refused")
        assert "the provider does not know aws/weight; give it routing, or no set" in message
        assert story.backend.sets(f"x.{NAME}")
        assert not story.backend.sets(NAME)


async def test_what_is_refused_does_not_take_the_name_from_who_holds_it(story):
    story.want((HOST, "A", EU))
    async with story.hub():
        await settle()
        story.want(routed("eu", EU))
        await settle()
        assert story.backend.sets(NAME) == {(NAME, "A"): (EU,)}


async def test_two_objects_share_weighted_sets(native):
    native.want(*WEIGHTED)
    later = "2026-01-02T00:00:00Z"
    native.want(routed("eu", "192.0.2.9", weight=80), name="second", created=later)
    async with native.hub():
        await settle()
        assert native.backend.routed(NAME)["A", "eu", "weight=80"] == (EU, "192.0.2.9")
        native.want(routed("eu", "192.0.2.9", weight=1), name="second", created=later)
        await settle()
        assert native.backend.routed(NAME) == NATIVE
        assert native.condition("Accepted", "second")[:2] == ("False", "Conflict")
        assert "which has another routing" in native.condition("Accepted", "second")[2]


ALIAS = {
    "dnsName": "example.org",
    "recordType": "CNAME",
    "targets": ["d1.cloudfront.net"],
    "providerSpecific": [{"name": "alias", "value": "true"}],
}


async def test_an_alias_stands_at_the_apex_where_it_is_followed(native):
    native.provider(txt={"prefix": "%{record_type}."})
    native.want(ALIAS)
    async with native.hub():
        await settle()
        assert native.backend.routed(ZONE) == {("CNAME", "", "alias=true"): ("d1.cloudfront.net.",)}
        assert native.condition("Published")[0] == "True"


async def test_an_alias_at_the_apex_is_refused_where_it_is_not(story):
    story.want(ALIAS)
    async with story.hub():
        await settle()
        assert story.condition("Published")[:2] == ("False", "Refused")
        assert "no CNAME can be where a zone begins" in story.condition("Published")[2]
