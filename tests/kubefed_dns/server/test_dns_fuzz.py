"""No packet does harm: random ones, and valid ones with a few octets changed."""

import logging
import random
from collections import Counter

import dns.edns
import dns.message
import dns.rcode
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubefed_dns.records import rrset
from kubefed_dns.server import names
from kubefed_dns.server.message import MOST
from kubefed_dns.server.responder import Responder
from kubefed_dns.server.zone import Zone

NAMES = ["www.example.com", "x.wild.example.com", "alias.example.com", "gone.example.com", "."]
TYPES = ["A", "ANY", "SOA", "NS", "TXT", "AXFR"]
fixed = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def zone(fill):
    fill(
        "example.com.",
        rrset("www.example.com", "A", 60, ["192.0.2.1"]),
        rrset("*.wild.example.com", "TXT", 60, [f'"{n:0>250}"' for n in range(8)]),
        rrset("alias.example.com", "CNAME", 60, ["x.wild.example.com"]),
        rrset("sub.example.com", "NS", 60, ["ns.sub.example.com"]),
    )


def queries() -> list[bytes]:
    plain = [dns.message.make_query(name, rdtype) for name in NAMES for rdtype in TYPES]
    cookie = [dns.edns.GenericOption(10, b"cccccccc")]
    with_edns = [
        dns.message.make_query(name, "A", use_edns=0, payload=4096, options=cookie)
        for name in NAMES
    ]
    return [query.to_wire() for query in (*plain, *with_edns)]


QUERIES = queries()


def check(server, packet, *, tcp):
    answer = server.respond(packet, tcp=tcp)
    if len(packet) < 12 or packet[2] & 0x80:
        assert answer is None
        return
    assert answer is not None
    assert answer[:2] == packet[:2]
    assert answer[2] & 0x80
    assert len(answer) <= (MOST if tcp else 1232)
    dns.message.from_wire(answer)


@fixed
@given(packet=st.binary(max_size=600), tcp=st.booleans())
def test_random_octets(server, caplog, packet, tcp):
    check(server, packet, tcp=tcp)
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


@fixed
@given(
    query=st.sampled_from(QUERIES),
    flips=st.lists(st.tuples(st.integers(2, 80), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 60) | st.just(1000),
    tail=st.binary(max_size=20),
    tcp=st.booleans(),
)
def test_changed_queries(server, caplog, query, flips, cut, tail, tcp):
    packet = bytearray(query)
    for at, value in flips:
        packet[at % len(packet)] = value
    check(server, bytes(packet[:cut] + tail), tcp=tcp)
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


def test_every_octet_of_a_query_changed_in_turn_and_still_right_afterwards(server):
    dice = random.Random(7)
    for query in QUERIES:
        sound = server.respond(query)
        for at in range(len(query)):
            packet = bytearray(query)
            packet[at] ^= dice.randrange(1, 256)
            check(server, bytes(packet), tcp=False)
        assert server.respond(query) == sound


def test_an_error_of_ours_is_one_failed_answer_and_a_line_in_the_log(server, clock, caplog):
    class Broken(Zone):
        def find(self, name, rdtype):
            raise RuntimeError("a fault of ours")

    good = server.zone("example.com.")
    broken = Broken("broken.example.", ns="ns.example.net", now=clock)
    responder = Responder(queries=Counter(), payload=1232, cached=10, chance=lambda: 0.0, now=clock)
    responder.serve({zone.apex: zone for zone in (good, broken)})

    def ask(name):
        answer = responder.respond(dns.message.make_query(name, "A").to_wire())
        assert answer is not None
        return dns.message.from_wire(answer)

    assert ask("www.broken.example").rcode() == dns.rcode.SERVFAIL
    assert "a fault of ours" in caplog.text
    assert names.to_wire("broken.example.").hex() in caplog.text
    assert ask("www.example.com").answer
