"""Probes against real servers on loopback."""

import asyncio
import errno
import os
import resource
import ssl
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import web

from kubefed_core.runtime.certificates import Authority
from kubefed_dns import probe
from kubefed_dns.api.health import Health, Protocol
from kubefed_dns.errors import Unreachable
from kubefed_dns.probe import Prober

LOCAL = "127.0.0.1"


@pytest.fixture
async def prober():
    made = Prober()
    yield made
    await made.close()


@asynccontextmanager
async def served(handle, *, tls=None):
    """A server of bytes; its port."""
    server = await asyncio.start_server(handle, LOCAL, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def website(handle, *, tls=None):
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, LOCAL, 0, ssl_context=tls)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def answering(status, **options):
    async def handle(request):
        return web.Response(status=status, **options)

    return handle


async def silent(reader, writer):
    await reader.read(1)
    writer.close()


async def babbling(reader, writer):
    await reader.readline()
    writer.write(b"220 mail.test ESMTP\r\n\r\n")
    writer.close()


def http(port, **fields):
    return Health(Protocol.HTTP, port, **{"host": "shop.test", **fields})


@pytest.mark.parametrize(
    ("reason", "status", "expected", "want"),
    [
        ("Good.", 204, "200-399", ""),
        ("A redirect is an answer.", 302, "200-399", ""),
        ("Not good.", 503, "200-399", "status 503, expected 200-399"),
        ("Good where it is expected.", 503, "200,503", ""),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_the_status_is_looked_at(prober, reason, status, expected, want):
    handle = answering(status, headers={"Location": "http://192.0.2.1/"})
    async with website(handle) as port:
        assert await prober(LOCAL, http(port, expected_status=expected)) == want, reason


async def test_what_is_asked(prober):
    seen = []

    async def handle(request):
        seen.append((request.method, request.raw_path, request.headers["Host"], request.cookies))
        made = web.Response()
        made.set_cookie("a", "b")
        return made

    async with website(handle) as port:
        for _ in range(2):
            await prober(LOCAL, http(port, path="/up?a=%2F&b"))
        await prober(LOCAL, http(port, host=""))
    asked = ("GET", "/up?a=%2F&b", f"shop.test:{port}", {})
    assert seen == [asked, asked, ("GET", "/", f"{LOCAL}:{port}", {})]


async def test_tls_with_the_name_and_any_certificate(prober, tmp_path):
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    pair = Authority("nobody", now=long_ago).serving("other", ["other.test"])
    (tmp_path / "pem").write_bytes(pair.key + pair.certificate)
    tls, names = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    tls.load_cert_chain(tmp_path / "pem")
    tls.sni_callback = lambda _, name, __: names.append(name)
    async with website(answering(200), tls=tls) as port:
        health = replace(http(port), protocol=Protocol.HTTPS)
        assert await prober(LOCAL, health) == ""
        assert await prober(LOCAL, http(port)) != ""
    assert names == ["shop.test"]


async def test_a_port_that_takes_connections(prober):
    async with served(silent) as port:
        assert await prober(LOCAL, Health(Protocol.TCP, port)) == ""


@pytest.mark.parametrize("protocol", Protocol)
async def test_a_port_that_nobody_listens_on(prober, protocol):
    async with served(silent) as port:
        pass
    assert await prober(LOCAL, Health(protocol, port)) == "connection refused"


@pytest.mark.parametrize(
    ("reason", "handle", "protocol", "want"),
    [
        ("Hung up.", silent, Protocol.HTTP, "the connection was closed without an answer"),
        ("No HTTP.", babbling, Protocol.HTTP, "the answer is no HTTP"),
        ("No TLS.", babbling, Protocol.HTTPS, "TLS fails: WRONG_VERSION_NUMBER"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_answers_that_are_none(prober, reason, handle, protocol, want):
    async with served(handle) as port:
        assert await prober(LOCAL, replace(http(port), protocol=protocol)) == want, reason


@pytest.mark.parametrize("protocol", [Protocol.HTTP, Protocol.HTTPS])
async def test_one_that_never_answers_can_be_given_up(prober, protocol):
    async def hang(reader, writer):
        await reader.read()
        writer.close()

    async with served(hang) as port:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await prober(LOCAL, replace(http(port), protocol=protocol))


async def test_of_an_endless_answer_nothing_is_read_but_its_head(prober):
    async def endless(request):
        made = web.StreamResponse()
        await made.prepare(request)
        while True:
            await made.write(bytes(65536))

    async with website(endless) as port:
        assert await prober(LOCAL, http(port)) == ""


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_that_no_packet_can_be_sent_there_is_not_the_address_s_fault(number):
    with pytest.raises(Unreachable, match="no route"):
        probe.words(OSError(number, "no way"))


@pytest.mark.parametrize(
    ("error", "want"),
    [
        (OSError(errno.EHOSTUNREACH, "x"), "no route to host"),
        (ConnectionResetError(), "the connection was closed without an answer"),
        (UnicodeError("label too long"), "UnicodeError"),
    ],
)
def test_the_words_for_other_causes(error, want):
    assert probe.words(error) == want


@pytest.mark.parametrize("protocol", Protocol)
async def test_a_process_at_its_limits_says_nothing_of_an_address(prober, protocol):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    await prober(LOCAL, Health(protocol, 1))
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            await prober(LOCAL, Health(protocol, 1))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
