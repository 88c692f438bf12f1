"""Packets in, packets out: EDNS, truncation, odd questions, kept answers."""

import collections
import itertools
import struct

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from kubefed_dns.records import rrset

HEADER = struct.Struct("!6H")
WWW = b"\3www\7example\3com\0"
A_IN = b"\0\1\0\1"


@pytest.fixture(autouse=True)
def zone(fill):
    fill(
        "example.com.",
        rrset("www.example.com", "A", 60, ["192.0.2.1"]),
        rrset("mid.example.com", "TXT", 60, [f'"{n:0>180}"' for n in range(4)]),
        rrset("big.example.com", "TXT", 60, [f'"{n:0>200}"' for n in range(10)]),
        rrset("mx.example.com", "MX", 60, ["65 www.example.com"]),
        rrset("svc.example.com", "SRV", 60, ["0 0 80 www.example.com"]),
    )


def packet(*, flags=0x0100, counts=(1, 0, 0, 0), rest=WWW + A_IN):
    return HEADER.pack(0x1234, flags, *counts) + rest


def opt(*, size=1232, version=0, flags=0, options=b"", name=b"\0"):
    return name + struct.pack("!HHBBHH", 41, size, 0, version, flags, len(options)) + options


COOKIE = struct.pack("!HH", 10, 8) + b"c" * 8


@pytest.mark.parametrize(
    ("reason", "data", "rcode"),
    [
        ("A plain question.", packet(), "NOERROR"),
        ("Flags that mean nothing in a question.", packet(flags=0x0130), "NOERROR"),
        ("AA and TC mean nothing either.", packet(flags=0x0600), "NOERROR"),
        ("Z and an rcode too.", packet(flags=0x0045), "NOERROR"),
        ("Two questions.", packet(counts=(2, 0, 0, 0), rest=(WWW + A_IN) * 2), "FORMERR"),
        ("No question.", packet(counts=(0, 0, 0, 0), rest=b""), "FORMERR"),
        ("A question that is not there.", packet(rest=b""), "FORMERR"),
        ("No type.", packet(rest=WWW), "FORMERR"),
        ("Half a class.", packet(rest=WWW + b"\0\1\0"), "FORMERR"),
        ("A name without an end.", packet(rest=b"\3www\7exam"), "FORMERR"),
        ("A name that points to itself.", packet(rest=b"\xc0\x0c" + A_IN), "FORMERR"),
        ("A label that points.", packet(rest=b"\3www\xc0\x0c" + A_IN), "FORMERR"),
        ("A label of a kind long gone.", packet(rest=b"\x41abc\0" + A_IN), "FORMERR"),
        ("A name of 256 octets.", packet(rest=b"\x3f" * 4 * 64 + b"\0" + A_IN), "FORMERR"),
        ("Something behind the end.", packet(rest=WWW + A_IN + b"!"), "FORMERR"),
        ("An EDNS question.", packet(counts=(1, 0, 0, 1), rest=WWW + A_IN + opt()), "NOERROR"),
        (
            "EDNS with a cookie, which we ignore.",
            packet(counts=(1, 0, 0, 1), rest=WWW + A_IN + opt(options=COOKIE)), "NOERROR",
        ),
        (
            "Half an option.",
            packet(counts=(1, 0, 0, 1), rest=WWW + A_IN + opt(options=COOKIE[:-1])), "FORMERR",
        ),
        (
            "A later version of EDNS.",
            packet(counts=(1, 0, 0, 1), rest=WWW + A_IN + opt(version=1)), "BADVERS",
        ),
        (
            "Two OPT records.",
            packet(counts=(1, 0, 0, 2), rest=WWW + A_IN + opt() * 2), "FORMERR",
        ),
        (
            "An OPT record with a name.",
            packet(counts=(1, 0, 0, 1), rest=WWW + A_IN + opt(name=WWW)), "FORMERR",
        ),
        (
            "An OPT record cut short.",
            packet(counts=(1, 0, 0, 1), rest=WWW + A_IN + opt()[:-3]), "FORMERR",
        ),
        (
            "A record that says it is longer than it is.",
            packet(counts=(1, 0, 0, 1), rest=WWW + A_IN + b"\0\0\1\0\1\0\0\0\0\0\xff"), "FORMERR",
        ),
        (
            "Other additional records are read over, by pointer too.",
            packet(
                counts=(1, 1, 0, 1),
                rest=WWW + A_IN + b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4abcd" + opt(),
            ),
            "NOERROR",
        ),
        ("A transfer.", packet(rest=b"\7example\3com\0\0\xfc\0\1"), "REFUSED"),
        ("An incremental one.", packet(rest=b"\7example\3com\0\0\xfb\0\1"), "REFUSED"),
        ("Mailbox types of old.", packet(rest=WWW + b"\0\xfe\0\1"), "NOTIMP"),
        ("OPT as a question.", packet(rest=WWW + b"\0\x29\0\1"), "FORMERR"),
        ("TSIG as a question.", packet(rest=WWW + b"\0\xfa\0\1"), "FORMERR"),
        ("NXNAME as a question (RFC 9824).", packet(rest=WWW + b"\0\x80\0\1"), "FORMERR"),
        ("The server's version.", packet(rest=b"\7version\4bind\0\0\x10\0\3"), "REFUSED"),
        ("Any class.", packet(rest=WWW + b"\0\1\0\xff"), "REFUSED"),
        ("STATUS.", packet(flags=0x1000), "NOTIMP"),
        ("NOTIFY.", packet(flags=0x2400), "NOTIMP"),
        ("UPDATE.", packet(flags=0x2800), "NOTIMP"),
        ("An opcode that nobody has.", packet(flags=0x7800), "NOTIMP"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_every_packet_with_a_header_has_its_answer(server, reason, data, rcode, tcp):
    for _ in range(2):  # the second may be a kept one
        answer = server.respond(data, tcp=tcp)
        assert answer is not None
        response = dns.message.from_wire(answer)
        assert dns.rcode.to_text(response.rcode()) == rcode, reason
        assert response.id == 0x1234
        assert response.flags & (dns.flags.QR | dns.flags.RA) == dns.flags.QR
        assert answer[2] & 0x79 == data[2] & 0x79, "opcode and RD are the asker's"
        assert not answer[3] & 0x70, "Z, AD and CD are not set"


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        ("Nothing.", b""),
        ("Less than a header.", packet()[:11]),
        ("A response.", packet(flags=0x8180)),
        ("A malformed response.", packet(flags=0x8180, rest=b"")),
    ],
)
def test_some_packets_deserve_no_answer(server, reason, data):
    assert server.respond(data) is None, reason
    assert server.respond(data, tcp=True) is None, reason


def test_the_question_comes_back_as_it_was_spelled_and_the_owner_points_to_it(server):
    for spelling in (b"\3www\7example\3com\0", b"\3wWw\7eXAMPLe\3CoM\0"):
        answer = server.respond(packet(rest=spelling + A_IN))
        assert answer is not None
        assert answer[12:].startswith(spelling + A_IN + b"\xc0\x0c" + A_IN)


def test_the_asker_gets_his_own_id_and_rd_from_a_kept_answer(server):
    for number, rd in itertools.product((1, 0xFFFF), (0, 0x0100)):
        data = HEADER.pack(number, rd, 1, 0, 0, 0) + WWW + A_IN
        answer = server.respond(data)
        assert answer is not None
        assert HEADER.unpack_from(answer) == (number, 0x8400 | rd, 1, 1, 0, 0)


def test_types_are_not_mistaken_for_letters(fill, ask):
    """65 (HTTPS) is the letter A, 97 is a: only names are compared without case."""
    fill("example.com.", rrset("h.example.com", "HTTPS", 60, ["1 . alpn=h2"]))
    assert ask("h.example.com", "HTTPS").answer
    assert not ask("h.example.com", "TYPE97").answer
    assert ask("h.example.com", "HTTPS").answer


def test_names_that_only_look_like_others_do_not_get_their_kept_answers(server, fill):
    """Up to its first zero octet, each of these looks like one question with one EDNS option."""

    def look_alike(parent):
        rest = parent + b"\7example\3com\0" + A_IN + opt()
        option = struct.pack("!HH", 65001, len(rest))
        label = b"ab\0" + A_IN + opt()[:-2] + struct.pack("!H", len(option + rest)) + option
        return packet(counts=(1, 0, 0, 1), rest=bytes((len(label),)) + label + rest)

    fill("example.com.", rrset("*.wild.example.com", "A", 60, ["192.0.2.7"]))
    for _ in range(2):
        for parent, rcode in ((b"\4wild", dns.rcode.NOERROR), (b"\4gone", dns.rcode.NXDOMAIN)):
            answer = server.respond(look_alike(parent))
            assert answer is not None
            assert dns.message.from_wire(answer).rcode() == rcode


def test_a_kept_answer_is_not_given_to_a_malformed_question(server):
    good = packet(counts=(1, 0, 0, 1), rest=WWW + A_IN + opt(options=COOKIE))
    bad = good[:-9] + b"\x09" + good[-8:]
    for data, rcode in ((good, "NOERROR"), (bad, "FORMERR"), (good + b"!", "FORMERR")):
        answer = server.respond(data)
        assert answer is not None
        assert dns.rcode.to_text(dns.message.from_wire(answer).rcode()) == rcode


@pytest.mark.parametrize(
    ("reason", "name", "options", "tcp", "truncated"),
    [
        ("Without EDNS, 512 octets.", "mid", {"use_edns": False}, False, True),
        ("With EDNS, what the asker takes.", "mid", {"payload": 1232}, False, False),
        ("Less than 512 counts as 512.", "www", {"payload": 100}, False, False),
        ("What the asker takes is heeded.", "mid", {"payload": 700}, False, True),
        ("Never more than 1232.", "big", {"payload": 4096}, False, True),
        ("Over TCP all fits.", "big", {"use_edns": False}, True, False),
    ],
)
def test_an_answer_that_does_not_fit_is_left_out_whole(ask, reason, name, options, tcp, truncated):
    for _ in range(2):
        response = ask(f"{name}.example.com", "A" if name == "www" else "TXT", tcp=tcp, **options)
        assert bool(response.flags & dns.flags.TC) is truncated, reason
        assert bool(response.answer) is not truncated, reason
        assert response.rcode() == dns.rcode.NOERROR


def test_addresses_of_name_servers_are_left_out_before_an_answer_is(ask, fill, server):
    server.add_zone("example.com.", ns="ns.example.com")
    many = [f"192.0.2.{n}" for n in range(40)]
    fill("example.com.", rrset("ns.example.com", "A", 60, many))
    response = ask("example.com", "NS", use_edns=False)
    assert response.answer
    assert not response.additional
    assert not response.flags & dns.flags.TC
    assert ask("example.com", "NS", payload=1232).additional


def test_a_delegation_whose_glue_does_not_fit_is_truncated(ask, fill):
    """RFC 9471: a referral without its glue leads nowhere."""
    fill(
        "example.com.",
        rrset("sub.example.com", "NS", 60, ["ns.sub.example.com"]),
        rrset("ns.sub.example.com", "A", 60, [f"192.0.2.{n}" for n in range(40)]),
    )
    response = ask("x.sub.example.com", use_edns=False)
    assert response.flags & dns.flags.TC
    assert not response.authority


def test_what_even_tcp_cannot_carry_is_a_failure(ask, fill, caplog):
    chunk = " ".join(f'"{"x" * 250}"' for _ in range(100))
    fill(
        "example.com.", rrset("huge.example.com", "TXT", 60, [chunk, chunk + ' "1"', "2 " + chunk])
    )
    response = ask("huge.example.com", "TXT", tcp=True)
    assert response.rcode() == dns.rcode.SERVFAIL
    assert "too large" in caplog.text


def test_edns_is_answered_with_edns_and_nothing_is_echoed_but_do(ask):
    cookie = dns.edns.GenericOption(10, b"c" * 8)
    response = ask("www.example.com", want_dnssec=True, payload=4096, options=[cookie])
    assert (response.edns, response.payload, response.options) == (0, 1232, ())
    assert response.ednsflags == dns.flags.DO
    assert ask("www.example.com", use_edns=0).ednsflags == 0
    assert ask("www.example.com", use_edns=False).edns == -1


def test_badvers_names_the_version_we_speak(ask):
    response = ask("www.example.com", use_edns=7)
    assert response.rcode() == dns.rcode.BADVERS
    assert response.edns == 0
    assert not response.answer


def test_the_question_is_in_every_answer_but_those_to_malformed_packets(ask):
    for name in ("www.example.com", "gone.example.com", "www.example.edu"):
        assert [str(each.name) for each in ask(name).question] == [f"{name}."]


def test_names_in_values_are_compressed_only_where_all_can_read_them(server):
    """RFC 3597: in the types of RFC 1035, but not in SRV."""
    mx = server.respond(packet(rest=b"\2mx\7example\3com\0\0\x0f\0\1"))
    srv = server.respond(packet(rest=b"\3svc\7example\3com\0\0\x21\0\1"))
    assert mx is not None
    assert srv is not None
    assert mx.count(b"example") == 1
    assert srv.count(b"example") == 2
    assert "65 www.example.com." in dns.message.from_wire(mx).answer[0][0].to_text()


def test_answers_are_counted_by_zone_and_rcode(server, ask):
    for name in ("www.example.com", "www.example.com", "gone.example.com", "example.edu"):
        ask(name)
    server.respond(packet(rest=b""))
    server.respond(b"")
    assert server.queries == collections.Counter(
        {
            ("example.com.", "NOERROR"): 2,
            ("example.com.", "NXDOMAIN"): 1,
            ("", "REFUSED"): 1,
            ("", "FORMERR"): 1,
        }
    )
