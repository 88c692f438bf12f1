"""A server with a settable clock, and the shortest ways to fill it and to ask it."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import dns.message
import pytest
from secondary import KEY, OPEN, ZONE, put

from kubefed_dns.records import RRset, rrset
from kubefed_dns.server.policy import Policy
from kubefed_dns.server.server import Server
from kubefed_dns.server.zone import Zone

START = datetime(2030, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def go(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


Ask = Callable[..., dns.message.Message]
Fill = Callable[..., None]


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Chance:
    """Gives one number until it is told another."""

    def __init__(self) -> None:
        self.number = 0.0

    def __call__(self) -> float:
        return self.number


@pytest.fixture
def chance() -> Chance:
    return Chance()


@pytest.fixture
def server(clock: Clock, chance: Chance) -> Server:
    return Server(now=clock, ns_name="ns.example.net", chance=chance)


@pytest.fixture
def fill(server: Server) -> Fill:
    """Add a zone if it is not there, and put all sets of the given names into it."""

    def fill(zone: str, *rrsets: RRset) -> None:
        if zone not in {each.name for each in server.zones}:
            server.add_zone(zone)
        put(server.zone(zone), *rrsets)

    return fill


@pytest.fixture
def ask(server: Server) -> Ask:
    """Ask without a socket; options are those of dns.message.make_query."""

    def ask(
        name: str, rdtype: str = "A", *, tcp: bool = False, sender: str = "192.0.2.99", **options
    ) -> dns.message.Message:
        query = dns.message.make_query(name, rdtype, **options)
        wire = server.respond(query.to_wire(), sender, tcp=tcp)
        assert wire is not None
        response = dns.message.from_wire(wire)
        assert query.is_response(response)
        return response

    return ask


@pytest.fixture
def zone(fill: Fill, server: Server, clock: Clock) -> Zone:
    """One that is handed on; dnspython goes by the machine's clock, so the server does."""
    clock.time = datetime.now(UTC)
    fill(ZONE, rrset("www.example.com", "A", 60, ["192.0.2.1"]))
    server.zone(ZONE).adopt(OPEN)
    return server.zone(ZONE)


@pytest.fixture
async def port(server: Server, zone: Zone) -> AsyncIterator[int]:
    """Where that zone is served, and handed on to who has the key."""
    zone.adopt(Policy(keys={KEY.name: KEY}))
    await server.start("127.0.0.1", 0)
    yield server.address[1]
    await server.stop()
