import asyncio
from datetime import UTC, datetime

import dns.resolver
import pytest

from kubefed_dns.decide.placing import Site
from kubefed_dns.decide.statuses import Sighting
from kubefed_dns.providers.embedded import Embedded
from kubefed_dns.providers.protocol import Context
from kubefed_dns.records import Create, Group, rrset
from kubefed_dns.server.server import Server
from kubefed_dns.verify import (
    PENDING,
    Address,
    NameServers,
    Unobservable,
    Verifier,
    address,
    question,
)

ZONE = "example.org."
WEB = f"web.{ZONE}"
SETS = (
    rrset(WEB, "A", 60, ["192.0.2.1", "192.0.2.2"]),
    rrset(f"alias.{ZONE}", "CNAME", 60, [WEB]),
    rrset(f"many.{ZONE}", "A", 60, [f"10.0.{n // 250}.{n % 250}" for n in range(600)]),
    rrset(f"*.any.{ZONE}", "TXT", 60, ['"x"']),
)


@pytest.fixture
async def server():
    server = Server(now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    server.add_zone(ZONE)
    provider = Embedded(Context("embedded"), server=server)
    assert not provider.write(ZONE, [Group(each.name, (Create(each),)) for each in SETS])
    await server.start("127.0.0.1", 0)
    yield f"127.0.0.1:{server.address[1]}"
    await server.stop()


@pytest.mark.parametrize("wanted", SETS, ids=lambda each: each.name)
async def test_a_real_server_is_asked(server, wanted):
    assert await question(server, wanted.name, wanted.type) == frozenset(wanted.values)


async def test_what_is_not_there_is_nothing(server):
    assert await question(server, f"no.{ZONE}", "A") == frozenset()
    assert await question(server, WEB, "AAAA") == frozenset()
    assert await question(server, f"alias.{ZONE}", "A") == frozenset(), "an alias is no address"


async def test_a_host_name_will_do_for_the_server(server):
    port = server.partition(":")[2]
    assert await question(f"localhost:{port}", WEB, "A")


async def test_a_server_that_does_not_have_the_zone_says_nothing_of_it(server):
    with pytest.raises(Unobservable, match="REFUSED"):
        await question(server, "web.example.com.", "A")


async def test_a_server_that_is_not_there_says_nothing(server):
    with pytest.raises(Unobservable, match="no answer"):
        await question("127.0.0.1:1", WEB, "A")


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("192.0.2.1", Address("192.0.2.1", 53)),
        ("192.0.2.1:5353", Address("192.0.2.1", 5353)),
        ("[2001:db8::1]", Address("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", Address("2001:db8::1", 5353)),
        ("ns.example.org:53", Address("ns.example.org", 53)),
    ],
)
def test_addresses(text, want):
    assert address(text) == want


@pytest.mark.parametrize("text", ["", "a:b", "::1", "x:123456"])
def test_what_is_no_address(text):
    with pytest.raises(Unobservable):
        address(text)


async def test_name_servers_are_looked_up_once_in_a_while():
    asked = []

    async def lookup(zone):
        asked.append(zone)
        if zone == "gone.":
            raise dns.resolver.NXDOMAIN
        return ["b.example.", "a.example."]

    servers = NameServers(lookup)
    assert await servers(ZONE) == await servers(ZONE) == ("a.example.", "b.example.")
    assert asked == [ZONE]
    with pytest.raises(Unobservable, match=r"spec\.verify\.servers"):
        await servers("gone.")


SITE = Site("bind", ZONE)


class World:
    """Two servers, and what they answer; an exception is raised."""

    def __init__(self):
        self.wanted = {WEB: [SETS[0]]}
        self.answers = {"one": SETS[0].values, "two": SETS[0].values}
        self.servers = ("one", "two")
        self.told, self.verified, self.asked = [], [], []
        self.verifier = Verifier(
            expected=lambda site, name: self.wanted.get(name, ()),
            servers=self._servers,
            told=lambda site, names: self.told.extend(names),
            verified=lambda site, names: self.verified.extend(names),
            ask=self._ask,
        )

    async def _servers(self, site):
        if isinstance(self.servers, Exception):
            raise self.servers
        return self.servers

    async def _ask(self, server, name, rrtype):
        self.asked.append(round(asyncio.get_running_loop().time(), 3))
        await asyncio.sleep(0.01)
        answer = self.answers[server]
        if isinstance(answer, Exception):
            raise answer
        return frozenset(answer)

    @property
    def seen(self):
        return self.verifier.sighting(SITE, WEB)


@pytest.fixture
async def world():
    world = World()
    task = asyncio.create_task(world.verifier.controller.run())
    yield world
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.looptime
async def test_when_all_servers_agree_it_is_so(world):
    assert world.seen is None
    world.verifier.wrote(SITE, [WEB])
    assert world.seen == PENDING
    await asyncio.sleep(1)
    assert world.seen == Sighting("True", "Verified")
    assert (world.told, world.verified) == ([WEB], [WEB])
    await asyncio.sleep(3600)
    assert len(world.asked) == 2, "that was that"
    world.verifier.want(SITE, WEB)
    await asyncio.sleep(1)
    assert len(world.asked) == 2, "it is known"
    world.verifier.forget("bind")
    assert world.seen is None


@pytest.mark.looptime
async def test_a_server_that_lags_is_asked_again_ever_more_seldom(world):
    world.answers["two"] = ["192.0.2.1"]
    world.verifier.wrote(SITE, [WEB])
    await asyncio.sleep(5)
    assert world.seen == Sighting("False", "Differs", f"two answers {WEB} A with 192.0.2.1")
    assert world.told == [WEB], "once, not each time"
    gaps = [b - a for a, b in zip(world.asked[::2], world.asked[2::2], strict=False)]
    assert gaps == sorted(gaps)
    world.answers["two"] = SETS[0].values
    await asyncio.sleep(600)
    assert world.seen.status == "True"


@pytest.mark.looptime
@pytest.mark.parametrize("fault", ["a server", "all servers"])
async def test_what_cannot_be_asked_is_unknown(world, fault):
    if fault == "a server":
        world.answers["one"] = Unobservable("no answer")
    else:
        world.servers = Unobservable("no name servers")
    world.verifier.wrote(SITE, [WEB])
    await asyncio.sleep(5)
    assert world.seen.status == "Unknown"
    assert world.seen.reason == "NotObservable"
    assert "no " in world.seen.message


@pytest.mark.looptime
async def test_a_wrong_answer_weighs_more_than_none(world):
    world.answers = {"one": Unobservable("no answer"), "two": []}
    world.verifier.wrote(SITE, [WEB])
    await asyncio.sleep(1)
    assert world.seen.message == f"two answers {WEB} A with nothing"


@pytest.mark.looptime
async def test_a_name_that_is_written_again_meanwhile_is_asked_for_again(world):
    world.verifier.wrote(SITE, [WEB])
    await asyncio.sleep(0.005)
    world.verifier.wrote(SITE, [WEB])
    await asyncio.sleep(0.02)
    assert world.seen == PENDING
    await asyncio.sleep(1)
    assert world.seen.status == "True"
    assert len(world.asked) == 4


@pytest.mark.looptime
async def test_a_name_that_is_withdrawn_while_it_is_asked_for_is_forgotten(world):
    world.verifier.wrote(SITE, [WEB])
    await asyncio.sleep(0.005)
    world.verifier.unwant(SITE, [WEB])
    await asyncio.sleep(3600)
    assert world.seen is None
    assert world.told == []


@pytest.mark.looptime
async def test_a_name_that_nobody_wants_any_more_is_dropped(world):
    world.wanted = {}
    world.verifier.wrote(SITE, [WEB])
    await asyncio.sleep(3600)
    assert world.seen is None
    assert world.asked == []
