"""Signed questions: what is verified, and what is said when it does not hold."""

from datetime import UTC, datetime, timedelta

import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import pytest

from kubefed_dns.records import rrset
from kubefed_dns.server.policy import Policy

SECRET = b"a secret of thirty-two octets !!"
ALGORITHMS = {
    "hmac-sha256": dns.tsig.HMAC_SHA256,
    "hmac-sha384": dns.tsig.HMAC_SHA384,
    "hmac-sha512": dns.tsig.HMAC_SHA512,
}
QUESTION = 33
"""Octets of a question for www.example.com, with the header."""


def key(name="k.", secret=SECRET, algorithm=dns.tsig.HMAC_SHA256):
    return dns.tsig.Key(name, secret, algorithm)


@pytest.fixture(autouse=True)
def zone(fill, server, clock):
    """dnspython goes by the machine's clock, so the server does."""
    clock.time = datetime.now(UTC)
    fill("example.com.", rrset("www.example.com", "A", 60, ["192.0.2.1"]))
    keys = [key(f"{name}.", algorithm=each) for name, each in ALGORITHMS.items()]
    policy = Policy(keys={each.name: each for each in [key(), *keys]})
    server.zone("example.com.").adopt(policy)


def query(signer, name="www.example.com", rdtype="A", **options):
    made = dns.message.make_query(name, rdtype, **options)
    made.use_tsig(signer)
    return made, made.to_wire()


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize(
    ("reason", "asked", "rdtype", "rcode"),
    [
        ("What is there.", "www.example.com", "A", "NOERROR"),
        ("What is not there.", "gone.example.com", "A", "NXDOMAIN"),
        ("The serial.", "example.com", "SOA", "NOERROR"),
        ("What nobody may ask for.", "example.com", "MAILA", "NOTIMP"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_the_answer_to_a_signed_question_is_signed(server, name, tcp, reason, asked, rdtype, rcode):
    signer = key(f"{name}.", algorithm=ALGORITHMS[name])
    for _ in range(2):
        made, packet = query(signer, asked, rdtype, payload=4096)
        wire = server.respond(packet, tcp=tcp)
        response = dns.message.from_wire(wire, keyring=signer, request_mac=made.mac)
        assert response.had_tsig, reason
        assert dns.rcode.to_text(response.rcode()) == rcode
        assert bool(response.answer) is (rcode == "NOERROR")
        assert made.is_response(response)


def test_a_key_is_known_by_its_name_in_any_case(server):
    made, packet = query(key("K."))
    response = dns.message.from_wire(server.respond(packet), keyring=key(), request_mac=made.mac)
    assert response.answer


def refused(wire):
    """What the TSIG record says, and whether it is signed; the rest is not verified."""
    response = dns.message.from_wire(wire, keyring=False)
    assert response.rcode() == dns.rcode.NOTAUTH
    assert [str(each.name) for each in response.question] == ["www.example.com."]
    assert not response.answer
    (record,) = response.tsig
    return dns.rcode.to_text(record.error, True), bool(record.mac)


@pytest.mark.parametrize(
    ("reason", "signer", "want"),
    [
        ("A key that nobody has.", key("other."), "BADKEY"),
        ("A key for another algorithm.", key(algorithm=dns.tsig.HMAC_SHA512), "BADKEY"),
        ("An algorithm that is not ours.", key(algorithm=dns.tsig.HMAC_SHA1), "BADKEY"),
        ("Another secret.", key(secret=b"guessed"), "BADSIG"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_who_has_no_good_key_is_told_unsigned(server, reason, signer, want):
    _, packet = query(signer)
    assert refused(server.respond(packet)) == (want, False), reason


def test_a_key_is_good_for_the_zones_it_was_given_for(server, fill):
    fill("example.org.", rrset("www.example.org", "A", 60, ["192.0.2.1"]))
    for name in ("www.example.org", "www.example.edu"):
        response = dns.message.from_wire(server.respond(query(key(), name)[1]), keyring=False)
        assert response.rcode() == dns.rcode.NOTAUTH
        assert response.tsig_error == dns.rcode.BADKEY


@pytest.mark.parametrize("seconds", [-301, 302, 86400])
def test_who_has_the_wrong_time_is_told_ours_signed(server, clock, seconds):
    clock.time += timedelta(seconds=seconds)
    made, packet = query(key())
    wire = server.respond(packet)
    assert refused(wire) == ("BADTIME", True)
    (record,) = dns.message.from_wire(wire, keyring=False).tsig
    assert int.from_bytes(record.other) == int(clock.time.timestamp())
    assert record.time_signed == made.tsig[0].time_signed
    with pytest.raises(dns.tsig.PeerBadTime):
        dns.message.from_wire(wire, keyring=key(), request_mac=made.mac)


@pytest.mark.parametrize("seconds", [-298, 298])
def test_clocks_may_differ_a_little(server, clock, seconds):
    clock.time += timedelta(seconds=seconds)
    response = dns.message.from_wire(server.respond(query(key())[1]), keyring=False)
    assert response.rcode() == dns.rcode.NOERROR
    assert response.tsig_error == dns.rcode.NOERROR


def test_a_changed_question_is_not_what_was_signed(server):
    _, packet = query(key())
    changed = packet[:12] + packet[12:].replace(b"\x03www", b"\x03wwx", 1)
    response = dns.message.from_wire(server.respond(changed), keyring=False)
    assert response.tsig_error == dns.rcode.BADSIG


def rewritten(packet, **changes):
    """The packet with another TSIG record at its end."""
    message = dns.message.from_wire(packet, keyring=False)
    (record,) = message.tsig
    message.tsig.clear()
    message.tsig.add(record.replace(**changes))
    message.want_tsig_sign = False
    return message.to_wire()


@pytest.mark.parametrize(
    ("reason", "octets", "want"),
    [
        ("Half of it.", 16, ("BADTRUNC", False)),
        ("All but one octet.", 31, ("BADTRUNC", False)),
    ],
)
def test_a_shortened_signature_is_not_taken(server, reason, octets, want):
    _, packet = query(key())
    mac = dns.message.from_wire(packet, keyring=False).tsig[0].mac
    assert refused(server.respond(rewritten(packet, mac=mac[:octets]))) == want, reason


def record(name=b"\1k\0", rdclass=255, ttl=0, data=b"", rdtype=250):
    fixed = rdtype.to_bytes(2) + rdclass.to_bytes(2) + ttl.to_bytes(4) + len(data).to_bytes(2)
    return name + fixed + data


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("A signature that is too short.", lambda p: rewritten(p, mac=b"x" * 15)),
        ("One that is too long.", lambda p: rewritten(p, mac=b"x" * 33)),
        ("None at all.", lambda p: rewritten(p, mac=b"")),
        ("Another class.", lambda p: p.replace(b"\0\xfa\0\xff", b"\0\xfa\0\1", 1)),
        ("A TTL.", lambda p: p.replace(b"\0\xfa\0\xff\0\0\0\0", b"\0\xfa\0\xff\0\0\0\1", 1)),
        ("No data.", lambda p: bare(p, record())),
        ("Half the data.", lambda p: bare(p, record(data=b"\x0bhmac-sha256\0\0\0"))),
        ("Two of them.", lambda p: bare(p, record(data=rdata(p)) * 2, 2)),
        ("Not the last.", lambda p: bare(p, record(data=rdata(p)) + record(rdtype=1), 2)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_tsig_record_is_a_format_error(server, reason, change):
    _, packet = query(key(), use_edns=False)
    assert server.respond(packet)[3] & 0xF == dns.rcode.NOERROR
    assert server.respond(change(packet))[3] & 0xF == dns.rcode.FORMERR, reason


def bare(packet, tail, count=1):
    return packet[:10] + count.to_bytes(2) + packet[12:QUESTION] + tail


def rdata(packet):
    return dns.message.from_wire(packet, keyring=False).tsig[0].to_wire()


def test_an_error_in_a_question_is_no_good_signature(server):
    _, packet = query(key())
    assert refused(server.respond(rewritten(packet, error=16))) == ("BADSIG", False)


def test_a_signed_answer_stays_within_the_size_that_the_asker_takes(server, fill):
    texts = [f'"{number:0>100}"' for number in range(9)]
    fill("example.com.", rrset("big.example.com", "TXT", 60, texts))
    sizes = set()
    for payload in range(1000, 1233, 8):
        made, packet = query(key(), "big.example.com", "TXT", payload=payload)
        wire = server.respond(packet)
        assert len(wire) <= payload
        response = dns.message.from_wire(wire, keyring=key(), request_mac=made.mac)
        sizes.add(bool(response.flags & dns.flags.TC))
    assert sizes == {False, True}
