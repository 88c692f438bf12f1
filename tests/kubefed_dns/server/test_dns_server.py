"""The server over real sockets on loopback, asked by dnspython."""

import asyncio
import socket

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
import uvloop

from kubefed_dns.errors import Misconfigured, ZoneGone
from kubefed_dns.records import rrset

LOCAL = "127.0.0.1"


@pytest.fixture
async def port(server, fill):
    """The server, started with a small zone."""
    fill(
        "example.com.",
        rrset("www.example.com", "A", 60, ["192.0.2.1"]),
        rrset("big.example.com", "TXT", 60, [f'"{n:0>200}"' for n in range(10)]),
    )
    await server.start(LOCAL, 0)
    yield server.address[1]
    await server.stop()


def query(name, rdtype="A", **options):
    return dns.message.make_query(name, rdtype, **options)


async def udp(message, port, host=LOCAL):
    return await dns.asyncquery.udp(message, host, port=port, timeout=5)


async def tcp(message, port):
    return await dns.asyncquery.tcp(message, LOCAL, port=port, timeout=5)


async def test_udp_and_tcp_answer_alike(port):
    for ask in (udp, tcp):
        response = await ask(query("www.example.com"), port)
        assert response.answer[0][0].to_text() == "192.0.2.1"
        assert (await ask(query("gone.example.com"), port)).rcode() == dns.rcode.NXDOMAIN
        assert (await ask(query("example.edu"), port)).rcode() == dns.rcode.REFUSED


async def test_what_is_truncated_over_udp_is_whole_over_tcp(port):
    response, over_tcp = await dns.asyncquery.udp_with_fallback(
        query("big.example.com", "TXT"), LOCAL, port=port, timeout=5
    )
    assert over_tcp
    assert len(response.answer[0]) == 10


async def test_questions_may_follow_each_other_without_waiting(port):
    await pipeline(port)


async def pipeline(port):
    """Ask 200 questions over one connection, end our side, and read 200 answers."""
    reader, writer = await asyncio.open_connection(LOCAL, port)
    asked = [query(name) for name in ("www.example.com", "gone.example.com") for _ in range(100)]
    for message in asked:
        wire = message.to_wire()
        writer.write(len(wire).to_bytes(2) + wire)
    writer.write_eof()
    for message in asked:
        size = int.from_bytes(await reader.readexactly(2))
        assert message.is_response(dns.message.from_wire(await reader.readexactly(size)))
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


def test_uvloop_serves_it_as_well(server, fill):
    fill("example.com.", rrset("www.example.com", "A", 60, ["192.0.2.1"]))

    async def story():
        await server.start(LOCAL, 0)
        assert (await udp(query("www.example.com"), server.address[1])).answer
        await pipeline(server.address[1])
        reader, writer = await asyncio.open_connection(*server.address)
        await server.stop()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(story())


async def test_garbage_over_udp_is_survived_without_an_answer(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((LOCAL, port))
        for data in (b"", b"x", b"\0" * 11, bytes(2) + b"\x80" + bytes(600), bytes(5000)):
            sock.send(data)
    assert (await udp(query("www.example.com"), port)).answer


async def test_a_change_is_answered_at_once(port, fill):
    for address in ("192.0.2.7", "192.0.2.8"):
        fill("example.com.", rrset("www.example.com", "A", 60, [address]))
        for ask in (udp, tcp):
            assert (await ask(query("www.example.com"), port)).answer[0][0].to_text() == address


async def test_it_answers_from_the_address_that_was_asked(server, fill):
    """A socket bound to all addresses must not answer from another one of them."""
    fill("example.com.", rrset("www.example.com", "A", 60, ["192.0.2.1"]))
    for everywhere in ["0.0.0.0", *(["::", ""] if socket.has_dualstack_ipv6() else [])]:
        await server.start(everywhere, 0)
        hosts = ["127.0.0.1", "127.0.0.2", *(["::1"] if everywhere != "0.0.0.0" else [])]
        for host in hosts:
            response = await udp(query("www.example.com"), server.address[1], host)
            assert response.answer, (everywhere, host)
        await server.stop()


async def test_it_starts_again_with_its_zones_at_the_same_address(port, server):
    reader, writer = await asyncio.open_connection(LOCAL, port)
    await server.stop()
    await server.stop()
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.address
    with pytest.raises(OSError, match=r".*"):
        await tcp(query("www.example.com"), port)
    await server.start(LOCAL, port)
    assert server.address == (LOCAL, port)
    for ask in (udp, tcp):
        assert (await ask(query("www.example.com"), port)).answer
    with pytest.raises(RuntimeError, match="started already"):
        await server.start(LOCAL, 0)
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_an_address_in_use_is_an_error_that_says_so(port, server, clock):
    other = type(server)(now=clock)
    with pytest.raises(Misconfigured, match=rf"127\.0\.0\.1:{port}: .*in use"):
        await other.start(LOCAL, port)
    await other.start(LOCAL, 0)
    await other.stop()


def test_a_zone_is_added_once_and_keeps_its_data(server, fill):
    fill("example.com.", rrset("www.example.com", "A", 60, ["192.0.2.1"]))
    zone = server.zone("example.com.")
    serial = zone.serial
    assert server.add_zone("Example.COM") is zone
    assert zone.serial == serial
    server.add_zone("example.com.", ns="ns.other.net")
    assert zone.serial > serial
    server.add_zone("example.com.", ns="ns.other.net", floor=zone.serial + 50)
    assert zone.serial > serial + 50
    assert [each.name for each in zone.rrsets()] == ["www.example.com."]
    assert server.zones == (zone,)


def test_a_zone_that_is_not_served_is_said_so(server):
    with pytest.raises(ZoneGone, match=r"does not serve example\.org\.: add a Domain"):
        server.zone("example.org.")


def test_without_a_name_for_the_server_it_is_in_the_zone(clock, server):
    plain = type(server)(now=clock)
    plain.add_zone("example.com").apply({})
    wire = plain.respond(query("example.com", "NS").to_wire())
    assert wire is not None
    assert str(dns.message.from_wire(wire).answer[0][0]) == "ns1.example.com."
