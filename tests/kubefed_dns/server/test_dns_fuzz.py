"""No packet does harm: random ones, and valid ones with a few octets changed."""

import logging
import random
from collections import Counter
from datetime import UTC, datetime

import atlas
import dns.edns
import dns.message
import dns.rcode
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from secondary import KEY, OPEN, messages, question

from kubefed_dns.records import rrset
from kubefed_dns.server import names
from kubefed_dns.server.message import MOST
from kubefed_dns.server.places import Database
from kubefed_dns.server.policy import Policy
from kubefed_dns.server.responder import Responder
from kubefed_dns.server.zone import Zone

NAMES = ["www.example.com", "x.wild.example.com", "alias.example.com", "gone.example.com", "."]
TYPES = ["A", "ANY", "SOA", "NS", "TXT", "AXFR"]
fixed = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def zone(fill, server, clock, tmp_path):
    """Routed, handed on, with keys: there is something to it whatever is asked."""
    clock.time = datetime.now(UTC)
    atlas.write(tmp_path / "places.mmdb")
    server.add_zone("example.com.").adopt(
        Policy(allow=OPEN.allow, keys=OPEN.keys, database=Database(str(tmp_path / "places.mmdb")))
    )
    fill(
        "example.com.",
        rrset("www.example.com", "A", 60, ["192.0.2.1"]),
        rrset("*.wild.example.com", "TXT", 60, [f'"{n:0>250}"' for n in range(8)]),
        rrset("alias.example.com", "CNAME", 60, ["x.wild.example.com"]),
        rrset("sub.example.com", "NS", 60, ["ns.sub.example.com"]),
        *(
            rrset(
                "geo.example.com",
                "A",
                60,
                [f"192.0.2.{weight}"],
                set_identifier=code,
                properties={"geo": code, "weight": str(weight)},
            )
            for weight, code in enumerate(["*", "EU", "US-CA"])
        ),
    )


def queries() -> list[bytes]:
    plain = [dns.message.make_query(name, rdtype) for name in NAMES for rdtype in TYPES]
    cookie = [dns.edns.GenericOption(10, b"cccccccc")]
    with_edns = [
        dns.message.make_query(name, "A", use_edns=0, payload=4096, options=cookie)
        for name in NAMES
    ]
    subnets = [dns.edns.ECSOption("192.0.2.0", 24), dns.edns.ECSOption("2001:db8::", 56)]
    placed = [
        dns.message.make_query(name, "A", options=[*cookie, option])
        for name in ("geo.example.com", "www.example.com")
        for option in subnets
    ]
    transfers = [question(), question("IXFR", serial=1), question("IXFR", serial=1, payload=1232)]
    signed = [
        question(signer=KEY),
        question("IXFR", serial=1, signer=KEY),
        question("A", "geo.example.com", signer=KEY, options=[subnets[0]]),
        question("SOA", signer=KEY),
    ]
    every = (*plain, *with_edns, *placed, *transfers, *signed)
    return [query.to_wire() for query in every]


QUERIES = queries()


def check(server, packet, *, tcp, sender="192.0.2.1"):
    """What comes back, if anything, can be read; signatures are not looked at."""
    found = server.respond(packet, sender, tcp=tcp)
    if len(packet) < 12 or packet[2] & 0x80:
        assert found is None
        return
    assert found is not None
    answers = messages(found)
    assert len(answers) == 1 or tcp
    for answer in answers:
        assert answer[:2] == packet[:2]
        assert answer[2] & 0x80
        assert len(answer) <= (MOST if tcp else 1232)
        dns.message.from_wire(answer, keyring=False)


@fixed
@given(packet=st.binary(max_size=600), tcp=st.booleans())
def test_random_octets(server, caplog, packet, tcp):
    check(server, packet, tcp=tcp)
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


@fixed
@given(
    query=st.sampled_from(QUERIES),
    flips=st.lists(st.tuples(st.integers(2, 200), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 60) | st.just(1000),
    tail=st.binary(max_size=20),
    tcp=st.booleans(),
    sender=st.sampled_from(["192.0.2.1", "2001:db8:1::1", "::ffff:198.51.100.1", "", "unix"]),
)
def test_changed_queries(server, caplog, query, flips, cut, tail, tcp, sender):
    packet = bytearray(query)
    for at, value in flips:
        packet[at % len(packet)] = value
    check(server, bytes(packet[:cut] + tail), tcp=tcp, sender=sender)
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


def test_every_octet_of_a_query_changed_in_turn_and_still_right_afterwards(server):
    dice = random.Random(7)
    for query in QUERIES:
        sound = server.respond(query, "192.0.2.1")
        for at in range(len(query)):
            packet = bytearray(query)
            packet[at] ^= dice.randrange(1, 256)
            for tcp in (False, True):
                check(server, bytes(packet), tcp=tcp)
        assert server.respond(query, "192.0.2.1") == sound


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
