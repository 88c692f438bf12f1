"""What a server does beside answering: it tells secondaries, and says what is missing."""

import asyncio
import logging
from ipaddress import ip_address

import atlas
import dns.message
import pytest
from secondary import KEY, put

from kubefed_dns.records import rrset
from kubefed_dns.server.places import Database
from kubefed_dns.server.policy import Policy, Secondary
from kubefed_dns.server.server import Limits, Server

LOCAL = "127.0.0.1"
ADDRESSES = (ip_address("192.0.2.53"), ip_address("2001:db8::53"))


class Listener(asyncio.DatagramProtocol):
    """A secondary that takes every NOTIFY."""

    def __init__(self):
        self.heard = asyncio.Queue()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        question = dns.message.from_wire(data, keyring=KEY)
        self.heard.put_nowait(question)
        response = dns.message.make_response(question)
        self.transport.sendto(response.to_wire(), sender)

    async def serials(self, *, until):
        """What it is told, up to a serial."""
        found = []
        async with asyncio.timeout(10):
            while not found or found[-1] != until:
                found.append((await self.heard.get()).answer[0][0].serial)
        return found


@pytest.fixture
async def secondary():
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Listener, (LOCAL, 0))
    yield protocol, Secondary(LOCAL, transport.get_extra_info("sockname")[1])
    transport.close()


@pytest.fixture
async def started(server):
    await server.start(LOCAL, 0)
    yield server
    await server.stop()


def change(zone, number=1):
    put(zone, rrset("www.example.com", "A", 60, [f"192.0.2.{number}"]))


async def until(done):
    """Let everything go on until something is so."""
    async with asyncio.timeout(10):
        while not done():  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.005)


async def test_a_write_of_another_thread_is_told_at_once_signed(started, zone, secondary):
    listener, address = secondary
    zone.adopt(Policy(notify=(address,), signer=KEY))
    await listener.serials(until=zone.serial)
    await asyncio.to_thread(change, zone, 7)
    assert await listener.serials(until=zone.serial) == [zone.serial]


async def test_at_its_start_a_server_tells_of_all_its_zones(server, zone, secondary):
    listener, address = secondary
    zone.adopt(Policy(notify=(address,), signer=KEY))
    for _ in range(2):
        await server.start(LOCAL, 0)
        assert await listener.serials(until=zone.serial) == [zone.serial]
        await server.stop()
    change(zone, 9)
    await server.start(LOCAL, 0)
    assert await listener.serials(until=zone.serial) == [zone.serial]
    await server.stop()


async def test_only_who_leads_tells(started, zone, secondary):
    listener, address = secondary
    started.lead(False)
    zone.adopt(Policy(notify=(address,), signer=KEY))
    for number in range(3):
        change(zone, number)
        await asyncio.sleep(0)
    started.lead(True)
    assert await listener.serials(until=zone.serial) == [zone.serial]


async def test_a_dropped_zone_is_told_of_no_more(started, zone, secondary):
    listener, address = secondary
    zone.adopt(Policy(notify=(address,), signer=KEY))
    await listener.serials(until=zone.serial)
    started.drop_zone("example.com.")
    await asyncio.sleep(0)
    change(zone, 3)
    other = started.add_zone("example.org.")
    other.adopt(zone.policy)
    other.apply({})
    await listener.heard.get()
    assert listener.heard.empty()


async def test_a_replaced_database_is_noticed(clock, tmp_path):
    path = tmp_path / "places.mmdb"
    atlas.write(path, {"192.0.2.0/24": atlas.place("EU")})
    database = Database(str(path))
    policy = Policy(database=database)
    server = Server(now=clock, policy=policy, limits=Limits(refresh=0.01))
    await server.start(LOCAL, 0)
    assert database.find("192.0.2.1").codes == ("EU",)
    path.unlink()
    await until(lambda: database.fault)
    assert database.find("192.0.2.1").codes == ("EU",)
    atlas.write(path, {"192.0.2.0/24": atlas.place("OC")})
    await until(lambda: database.find("192.0.2.1").codes == ("OC",))
    await server.stop()


# The name server's own address.


def values(response):
    return [rdata.to_text() for each in response for rdata in each]


@pytest.fixture
def placed(clock):
    made = Server(now=clock, policy=Policy(addresses=ADDRESSES))
    made.add_zone("example.com.")
    made.zone("example.com.").apply({})
    return made


def asked(server, name, rdtype="A"):
    return dns.message.from_wire(server.respond(dns.message.make_query(name, rdtype).to_wire()))


def test_the_name_server_has_the_addresses_that_are_known(placed):
    assert values(asked(placed, "example.com", "NS").answer) == ["ns1.example.com."]
    assert values(asked(placed, "example.com", "NS").additional) == ["192.0.2.53", "2001:db8::53"]
    assert values(asked(placed, "ns1.example.com").answer) == ["192.0.2.53"]
    assert values(asked(placed, "ns1.example.com", "AAAA").answer) == ["2001:db8::53"]
    assert asked(placed, "ns1.example.com", "TXT").rcode() == 0
    assert list(placed.zone("example.com.").rrsets()) == [], "it is no record of anybody's"


def test_addresses_that_are_written_count_more(placed):
    zone = placed.zone("example.com.")
    put(zone, rrset("ns1.example.com", "TXT", 60, ['"x"']))
    assert values(asked(placed, "ns1.example.com").answer) == ["192.0.2.53"]
    put(zone, rrset("ns1.example.com", "A", 60, ["192.0.2.99"]))
    assert values(asked(placed, "ns1.example.com").answer) == ["192.0.2.99"]
    assert values(asked(placed, "ns1.example.com", "AAAA").answer) == []
    assert values(asked(placed, "example.com", "NS").additional) == ["192.0.2.99"]
    put(zone, rrset("ns1.example.com", "CNAME", 60, ["elsewhere.example.net"]))
    assert values(asked(placed, "ns1.example.com").answer) == ["elsewhere.example.net."]
    put(zone, gone=["ns1.example.com"])
    assert values(asked(placed, "ns1.example.com").answer) == ["192.0.2.53"]


def test_the_names_above_it_exist_with_it_and_go_with_it(placed):
    def rcode(name):
        return dns.rcode.to_text(asked(placed, name).rcode())

    assert rcode("ns.deep.example.com") == "NXDOMAIN"
    placed.add_zone("example.com.", ns="ns.deep.example.com")
    assert (rcode("deep.example.com"), rcode("ns1.example.com")) == ("NOERROR", "NXDOMAIN")
    assert values(asked(placed, "ns.deep.example.com").answer) == ["192.0.2.53"]
    placed.add_zone("example.com.", ns="ns.example.net")
    assert rcode("deep.example.com") == "NXDOMAIN"
    placed.add_zone("example.com.", ns="example.com")
    assert values(asked(placed, "example.com").answer) == ["192.0.2.53"]
    assert values(asked(placed, "example.com", "NS").answer) == ["example.com."]


def test_a_name_server_elsewhere_is_not_ours_to_place(placed):
    placed.add_zone("example.com.", ns="ns1.example.net")
    assert not asked(placed, "example.com", "NS").additional
    assert asked(placed, "ns1.example.com").rcode() == 3


def test_that_nobody_can_be_sent_there_is_said_once(clock, caplog):
    server = Server(now=clock)
    zone = server.add_zone("example.com.")
    assert not caplog.records, "before it is filled, it may yet come"
    zone.apply({})
    change(zone)
    (said,) = caplog.records
    assert said.levelno == logging.WARNING
    assert "example.com" in said.getMessage()
    assert "--dns-ns-address" in said.getMessage()


@pytest.mark.parametrize("how", ["a record", "an alias", "elsewhere", "settings"])
def test_who_can_be_sent_there_is_not_warned(clock, caplog, how):
    server = Server(now=clock, ns_name="ns.example.net" if how == "elsewhere" else "")
    zone = server.add_zone("example.com.")
    if how == "settings":
        zone.adopt(Policy(addresses=ADDRESSES))
    sets = {
        "a record": [rrset("ns1.example.com", "AAAA", 60, ["2001:db8::1"])],
        "an alias": [rrset("ns1.example.com", "CNAME", 60, ["a.example.net"])],
    }
    put(zone, *sets.get(how, []))
    assert not caplog.records
