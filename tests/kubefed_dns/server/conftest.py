"""A server with a settable clock, and the shortest ways to fill it and to ask it."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dns.message
import pytest

from kubefed_dns.records import RRset
from kubefed_dns.server import names
from kubefed_dns.server.node import Node
from kubefed_dns.server.server import Server

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
        found: dict[bytes, dict] = defaultdict(dict)
        for rrset in rrsets:
            found[names.to_wire(rrset.name)][rrset.key] = rrset
        server.zone(zone).apply({name: Node.of(sets) for name, sets in found.items()})

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
