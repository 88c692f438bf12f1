"""PTR records beside the names, in reverse zones of the same provider."""

import asyncio

import pytest
from zones_story import ZONE, Backend, Story, a, owned

from kubefed_dns.providers.memory import Memory
from kubefed_dns.providers.protocol import Capabilities, Context
from kubefed_dns.records import rrset

pytestmark = pytest.mark.looptime

WEB, API = "web.example.org", "api.example.org"
ONE, TWO = "192.0.2.1", "192.0.2.2"
BACK = "2.0.192.in-addr.arpa."
TYPES = frozenset({"A", "AAAA", "CNAME", "PTR", "TXT"})
ZONES = ["example.org", "2.0.192.in-addr.arpa"]


def ptr(number, *names, ttl=60):
    return rrset(f"{number}.{BACK}", "PTR", ttl, names)


class Both(Backend):
    """A backend of both zones that writes PTR."""

    def __init__(self):
        super().__init__(ZONE, BACK)
        self.capabilities = Capabilities(types=TYPES)
        self.memory.capabilities = self.capabilities

    def back(self):
        """What the reverse zone holds, without ownership."""
        return {(n.split(".")[0], *values) for (n, t), values in self.sets(zone=BACK).items()
                if t == "PTR"}  # fmt: skip


@pytest.fixture
def story():
    story = Story()
    story.backend = story.authority["192.0.2.53:53"] = Both()
    settings = {"servers": ["192.0.2.53:53"], "ptr": True}
    story.provider(zones=ZONES, rfc2136=settings)
    return story


async def settle(seconds=5.0):
    await asyncio.sleep(seconds)


async def test_what_is_published_points_back_and_goes_with_it(story):
    story.want((WEB, "A", ONE, TWO))
    async with story.hub():
        await settle()
        assert story.backend.back() == {("1", f"{WEB}."), ("2", f"{WEB}.")}
        registry = owned(ptr(1, WEB))
        assert story.backend.sets(registry.name, BACK) == {registry.key[:2]: registry.values}
        story.want((WEB, "A", TWO, "198.51.100.7"))
        await settle()
        assert story.backend.back() == {("2", f"{WEB}.")}
        story.drop()
        await settle()
        assert story.backend.sets(zone=BACK) == {}


async def test_names_of_one_address_share_its_pointer_whosever_they_are(story):
    story.want((WEB, "A", ONE))
    story.want((API, "A", ONE), name="api", namespace="other", created="2026-01-02T00:00:00Z")
    async with story.hub():
        await settle()
        assert story.backend.back() == {("1", f"{API}.", f"{WEB}.")}
        story.drop()
        await settle()
        assert story.backend.back() == {("1", f"{API}.")}
        by = owned(ptr(1, API), by="other/api")
        assert story.backend.sets(by.name, BACK) == {by.key[:2]: by.values}


async def test_a_foreign_pointer_is_left_alone(story):
    story.backend.foreign(ptr(1, "somebody.example.net"), zone=BACK)
    story.want((WEB, "A", ONE, TWO))
    async with story.hub():
        await settle()
        assert story.backend.back() == {("1", "somebody.example.net."), ("2", f"{WEB}.")}
        assert story.condition("Published")[0] == "True"
        story.drop()
        await settle()
        assert story.backend.back() == {("1", "somebody.example.net.")}


async def test_a_name_that_is_not_ours_points_nowhere(story):
    story.backend.foreign(a("web", TWO))
    story.want((WEB, "A", ONE))
    async with story.hub():
        await settle()
        assert story.condition("Accepted")[0] == "False"
        assert story.backend.back() == set()


async def test_a_pointer_that_somebody_asks_for_goes_before(story):
    story.want((WEB, "A", ONE))
    story.want((f"1.{BACK}", "PTR", API), name="mine")
    async with story.hub():
        await settle()
        assert story.backend.back() == {("1", f"{API}.")}
        story.drop("mine")
        await settle()
        assert story.backend.back() == {("1", f"{WEB}.")}


async def test_a_restart_neither_writes_nor_withdraws(story):
    story.want((WEB, "A", ONE, TWO))
    async with story.hub():
        await settle()
    writes = story.backend.writes
    async with story.hub():
        await settle(700)
    assert story.backend.writes == writes
    assert story.backend.back() == {("1", f"{WEB}."), ("2", f"{WEB}.")}


async def test_what_was_given_up_while_nobody_looked_is_withdrawn_after_a_restart(story):
    story.want((WEB, "A", ONE, TWO))
    async with story.hub():
        await settle()
    story.want((WEB, "A", ONE))
    async with story.hub():
        await settle()
        assert story.backend.back() == {("1", f"{WEB}.")}
    story.drop()
    async with story.hub():
        await settle()
        assert story.backend.sets(zone=BACK) == {}


async def test_nothing_is_withdrawn_while_a_zone_of_names_cannot_be_read(story):
    story.want((WEB, "A", ONE))
    async with story.hub():
        await settle()
    story.backend.memory = Memory(Context("backend", zones=(BACK,)))
    story.backend.memory.capabilities = story.backend.capabilities
    story.backend.foreign(ptr(1, WEB), owned(ptr(1, WEB)), zone=BACK)
    story.drop()
    async with story.hub():
        await settle(60)
        assert story.backend.back() == {("1", f"{WEB}.")}


async def test_without_the_option_nothing_points_back(story):
    story.want((WEB, "A", ONE))
    async with story.hub():
        await settle()
        assert story.backend.back() == {("1", f"{WEB}.")}
        story.provider(zones=ZONES)
        await settle()
        assert story.backend.sets(zone=BACK) == {}
        assert story.backend.sets()[f"{WEB}.", "A"] == (ONE,)
