"""A writer in its thread and a reader in the loop's: nobody ever sees half a change."""

import sys
import threading
from datetime import UTC, datetime
from itertools import pairwise

import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from kubefed_dns.providers.embedded import Embedded
from kubefed_dns.providers.protocol import Context
from kubefed_dns.records import Create, Delete, Group, rrset
from kubefed_dns.server.found import Data
from kubefed_dns.server.names import to_wire
from kubefed_dns.server.server import Server

ZONE = "example.com."
CHANGES = 100


@pytest.fixture(autouse=True)
def many_switches():
    """Let the threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def swap(old, new):
    return Group(old[0].name, (*map(Delete, old), *map(Create, new)))


def test_a_name_is_an_alias_or_has_addresses_and_never_neither_or_both():
    server = Server(now=lambda: datetime(2030, 1, 1, tzinfo=UTC))
    provider = Embedded(Context("test", zones=(ZONE,)), server)
    target = rrset("target.example.com", "A", 60, ["192.0.2.9"])
    alias = [rrset("www.example.com", "CNAME", 60, ["target.example.com"])]
    plain = [
        rrset("www.example.com", "A", 60, ["192.0.2.1"]),
        rrset("www.example.com", "AAAA", 60, ["2001:db8::1"]),
    ]
    assert not provider.write(ZONE, [Group("", (Create(target), *map(Create, plain)))])
    refused = []

    def write():
        old, new = plain, alias
        for _ in range(CHANGES):
            refused.extend(provider.write(ZONE, [swap(old, new)]))
            old, new = new, old

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    query = dns.message.make_query("www.example.com", "A").to_wire()
    while writer.is_alive():
        wire = server.respond(query)
        assert wire is not None
        response = dns.message.from_wire(wire)
        assert response.rcode() == dns.rcode.NOERROR
        seen.add(tuple(dns.rdatatype.to_text(each.rdtype) for each in response.answer))
    writer.join()
    assert refused == []
    assert seen <= {("A",), ("CNAME", "A")}
    assert seen


def test_names_that_change_together_are_seen_to_change_together():
    """Who has seen one new name sees no old one afterwards."""
    server = Server(now=lambda: datetime(2030, 1, 1, tzinfo=UTC))
    provider = Embedded(Context("test", zones=(ZONE,)), server)
    names = [f"n{number}.example.com" for number in range(50)]

    def version(number):
        return [rrset(name, "A", number, ["192.0.2.1"]) for name in names]

    versions = [version(number) for number in range(CHANGES)]
    provider.write(ZONE, [Group(ZONE, tuple(map(Create, versions[0])))])

    def write():
        for old, new in pairwise(versions):
            provider.write(ZONE, [swap(old, new)])

    def ttl(name):
        found, _ = server.zone(ZONE).find(to_wire(name), dns.rdatatype.A)
        assert isinstance(found, Data)
        return found.records.ttl

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        for one, other in ((names[0], names[-1]), (names[-1], names[0])):
            assert ttl(one) <= ttl(other)
    writer.join()
    assert ttl(names[0]) == CHANGES - 1
