"""Whole zones, and who may have them."""

import asyncio

import dns.asyncquery
import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.versioned
import dns.xfr
import pytest
from secondary import FRIEND, KEY, OPEN, STRANGER, ZONE, messages, put, question, short, transfer

from kubefed_dns.records import rrset
from kubefed_dns.server.policy import Policy
from kubefed_dns.server.transfer import FULL


def test_a_whole_zone_lies_between_its_soa_and_its_soa(server, zone):
    put(
        zone,
        rrset("example.com", "MX", 60, ["10 mail.example.com"]),
        rrset("*.wild.example.com", "TXT", 60, ['"x"']),
        rrset("sub.example.com", "NS", 60, ["ns.sub.example.com"]),
        rrset("ns.sub.example.com", "A", 60, ["192.0.2.53"]),
    )
    lines = short(transfer(server, question()))
    soa = f"SOA {zone.serial}"
    assert lines[0] == lines[-1] == soa
    assert sorted(lines[1:-1]) == [
        '*.wild.example.com. TXT "x"',
        "example.com. MX 10 mail.example.com.",
        "example.com. NS ns.example.net.",
        "ns.sub.example.com. A 192.0.2.53",
        "sub.example.com. NS ns.sub.example.com.",
        "www.example.com. A 192.0.2.1",
    ]


def test_what_is_routed_is_handed_on_as_one_plain_set(server, zone):
    def part(name, identifier, number, **said):
        return rrset(
            name, "A", 60, [f"192.0.2.{number}"], set_identifier=identifier,
            properties={key: str(value) for key, value in said.items()},
        )  # fmt: skip

    put(
        zone,
        part("w.example.com", "a", 1, weight=1),
        part("w.example.com", "b", 2, weight=1),
        part("w.example.com", "c", 3, weight=0),
        part("t.example.com", "a", 1, tier=0),
        part("t.example.com", "b", 2, tier=1),
    )
    lines = short(transfer(server, question()))
    assert [line for line in lines if line.startswith(("w.", "t."))] == [
        "w.example.com. A 192.0.2.1",
        "w.example.com. A 192.0.2.2",
        "t.example.com. A 192.0.2.1",
    ]


def test_a_large_zone_takes_several_messages_each_of_them_signed(server, zone):
    many = [rrset(f"n{number}.example.com", "A", 60, ["192.0.2.1"]) for number in range(3000)]
    long = rrset("long.example.com", "TXT", 60, [" ".join(f'"{"x" * 250}"' for _ in range(100))])
    put(zone, *many, long)
    for signer in (None, KEY):
        made = question(signer=signer)
        wires = messages(server.respond(made.to_wire(), FRIEND, tcp=True))
        sizes = sorted(map(len, wires))
        assert len(wires) > 3
        assert sizes[-2] <= FULL + 200
        assert sizes[-1] > 25_000, "a record that is larger has a message of its own"
        assert len(transfer(server, made)) == 3000 + 1 + 1 + 1 + 2


def test_a_zone_is_transferred_as_it_was_when_that_began(server, zone):
    put(zone, *(rrset(f"n{n}.example.com", "A", 60, ["192.0.2.1"]) for n in range(2000)))
    before = zone.serial
    parts = iter(server.respond(question().to_wire(), FRIEND, tcp=True))
    first = next(parts)
    put(zone, rrset("new.example.com", "A", 60, ["192.0.2.1"]), gone=["n1999.example.com"])
    wires = [first, *parts]
    text = b"".join(wires)
    assert b"new" not in text
    assert b"n1999" in text
    (last,) = dns.message.from_wire(wires[-1], xfr=True).answer[-1]
    assert last.serial == before


@pytest.mark.parametrize(
    ("reason", "rdtype", "name", "sender", "tcp", "rcode"),
    [
        ("A stranger.", "AXFR", ZONE, STRANGER, True, "REFUSED"),
        ("A stranger who asks for changes.", "IXFR", ZONE, STRANGER, True, "REFUSED"),
        ("Over UDP too.", "IXFR", ZONE, STRANGER, False, "REFUSED"),
        ("Nobody knows who.", "AXFR", ZONE, "", True, "REFUSED"),
        ("What is no address.", "AXFR", ZONE, "unix", True, "REFUSED"),
        ("IPv6 that is not allowed.", "AXFR", ZONE, "2001:db8::1", True, "REFUSED"),
        ("A name that is no zone.", "AXFR", "www.example.com.", FRIEND, True, "NOTAUTH"),
        ("A zone that is not ours.", "AXFR", "example.org.", FRIEND, True, "NOTAUTH"),
        ("A zone that is not filled.", "AXFR", "empty.example.", FRIEND, True, "SERVFAIL"),
        ("A whole zone over UDP.", "AXFR", ZONE, FRIEND, False, "FORMERR"),
        ("Changes since nobody says when.", "IXFR", ZONE, FRIEND, True, "FORMERR"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_who_gets_nothing(server, zone, reason, rdtype, name, sender, tcp, rcode):
    server.add_zone("empty.example.").adopt(OPEN)
    serial = None if "nobody says" in reason else 1
    made = question(rdtype, name, serial=serial if rdtype == "IXFR" else None)
    (wire,) = messages(server.respond(made.to_wire(), sender, tcp=tcp))
    response = dns.message.from_wire(wire)
    assert dns.rcode.to_text(response.rcode()) == rcode, reason
    assert not response.answer


@pytest.mark.parametrize("signer", [None, KEY])
def test_only_while_it_leads(server, zone, signer):
    server.lead(False)
    made = question(signer=signer)
    (wire,) = messages(server.respond(made.to_wire(), FRIEND, tcp=True))
    assert dns.message.from_wire(wire, keyring=False).rcode() == dns.rcode.REFUSED
    server.lead(True)
    assert transfer(server, made)


@pytest.mark.parametrize(
    ("reason", "sender"),
    [
        ("An address of the network.", FRIEND),
        ("As a socket for both families has it.", f"::ffff:{FRIEND}"),
    ],
)
def test_who_is_allowed_needs_no_key(server, zone, reason, sender):
    assert transfer(server, question(), sender=sender), reason


def test_who_has_a_key_may_be_anywhere_and_a_bad_one_helps_nobody(server, zone):
    assert transfer(server, question(signer=KEY), sender=STRANGER)
    bad = dns.tsig.Key("k.", b"guessed", dns.tsig.HMAC_SHA256)
    made = question(signer=bad)
    (wire,) = messages(server.respond(made.to_wire(), FRIEND, tcp=True))
    response = dns.message.from_wire(wire, keyring=False)
    assert response.rcode() == dns.rcode.NOTAUTH
    assert response.tsig_error == dns.rcode.BADSIG


def test_without_settings_nobody_gets_a_zone(server, zone):
    zone.adopt(Policy())
    for made in (question(), question("IXFR", serial=1)):
        (wire,) = messages(server.respond(made.to_wire(), "127.0.0.1", tcp=True))
        assert dns.message.from_wire(wire).rcode() == dns.rcode.REFUSED


async def test_several_questions_may_be_under_way_on_one_connection(server, zone, port):
    put(zone, *(rrset(f"n{n}.example.com", "A", 60, ["192.0.2.1"]) for n in range(2000)))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    made = [
        question(signer=KEY),
        dns.message.make_query("www.example.com", "A"),
        question(signer=KEY),
    ]
    for each in made:
        wire = each.to_wire()
        writer.write(len(wire).to_bytes(2) + wire)
    writer.write_eof()
    counts = dict.fromkeys((each.id for each in made), 0)
    while header := await reader.read(2):
        size = int.from_bytes(header + (await reader.readexactly(1) if len(header) < 2 else b""))
        part = dns.message.from_wire(await reader.readexactly(size), keyring=False, xfr=True)
        counts[part.id] += sum(len(each) for each in part.answer)
    assert list(counts.values()) == [2004, 1, 2004]
    writer.close()
    await writer.wait_closed()
