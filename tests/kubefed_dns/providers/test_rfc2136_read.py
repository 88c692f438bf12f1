import struct

import dns.flags
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import pytest
from dns.rcode import NOTAUTH, REFUSED, SERVFAIL
from scripted_dns import KEY, SOA, ZONE, rcodes, reply

from kubefed_dns.errors import Denied, ProviderError, Unlisted, Unreachable, ZoneGone
from kubefed_dns.records import rrset

LATER = SOA.replace(" 7 ", " 8 ")
NS = "example.org. 60 IN NS ns.example.org."
A = "www.example.org. 60 IN A 192.0.2.1"
MORE = "WWW.example.org. 60 IN A 192.0.2.2"
MX = "www.example.org. 60 IN MX 10 Mail.Example."
WWW = rrset("www.example.org.", "A", 60, ["192.0.2.1"])
BOTH = rrset("www.example.org.", "A", 60, ["192.0.2.1", "192.0.2.2"])


# Transfers.


def stream(*messages):
    """A signed transfer of messages, each given by its records or as an rcode."""

    def answer(request):
        context = None
        for records in messages:
            if records is EOFError:
                raise EOFError
            if isinstance(records, bytes):
                yield records
                continue
            rcode = records if isinstance(records, int) else 0
            message = reply(request, *(() if rcode else records), rcode=rcode)
            yield message.to_wire(multi=True, tsig_ctx=context)
            context = message.tsig_ctx

    return answer


@pytest.mark.parametrize(
    ("reason", "messages"),
    [
        ("All in one message.", [(SOA, NS, A, MORE, SOA)]),
        ("A record a message.", [(SOA,), (NS,), (A,), (MORE,), (SOA,)]),
        ("A set over two messages, in two spellings.", [(SOA, NS, A), (MORE, SOA)]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_transfer_is_read_however_it_is_cut(asks, reason, messages):
    provider, _ = asks(stream(*messages))
    assert set(provider.read(ZONE)) == {BOTH}, reason


def test_a_foreign_record_that_has_no_text_does_not_hide_the_others(asks):
    empty = dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.DS, b"\x00\x01\xc0\x29")
    odd = dns.rrset.from_rdata("odd.example.org.", 60, empty)
    signing = "www.example.org. 60 IN NSEC a.example.org. A NSEC"
    provider, _ = asks(stream((SOA, odd, A, MORE, signing, SOA)))
    assert [one.type for one in provider.read(ZONE)] == ["DS", "A"]


@pytest.mark.parametrize(
    ("reason", "messages", "error", "says"),
    [
        ("It ends before its end.", [(SOA, A), EOFError], Unreachable, "closed the connection"),
        ("It begins in the middle.", [(A, SOA)], ProviderError, "outside its SOA"),
        ("It goes on after its end.", [(SOA, SOA, A)], ProviderError, "outside its SOA"),
        ("It changes on the way.", [(SOA, A, LATER)], ProviderError, "SOA records that differ"),
        ("It has three ends.", [(SOA, SOA, SOA)], ProviderError, "outside its SOA"),
        ("A message is empty.", [(SOA, A), (), (SOA,)], ProviderError, "without records"),
        ("It fails on the way.", [(SOA, A), SERVFAIL], ProviderError, "SERVFAIL"),
        ("It is refused on the way.", [(SOA, A), REFUSED], Denied, "allow-transfer"),
        ("Garbage.", [(SOA, A), b"no message"], ProviderError, "no DNS message"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_transfer_is_an_error_and_never_a_part(asks, reason, messages, error, says):
    provider, server = asks(stream(*messages))
    with pytest.raises(error, match=says) as caught:
        provider.read(ZONE)
    assert str(caught.value).startswith(server.address), reason


def test_a_transfer_has_to_be_signed_to_its_end(asks):
    def half_signed(request):
        yield reply(request, SOA, A).to_wire(multi=True)
        last = reply(request, SOA)
        last.tsig = None
        yield last.to_wire()

    provider, _ = asks(half_signed)
    with pytest.raises(Denied, match="is not signed"):
        provider.read(ZONE)


@pytest.mark.parametrize(
    ("reason", "denied"),
    [
        ("It says NOTAUTH.", lambda request: [reply(request, rcode=NOTAUTH).to_wire()]),
        ("It says BADKEY, as Knot.", lambda request: refused_key(request, dns.rcode.BADKEY)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_key_that_may_ask_but_not_transfer_is_told_so(asks, reason, denied):
    def answer(request):
        asked = request.question[0].rdtype == dns.rdatatype.SOA
        return [reply(request, SOA).to_wire()] if asked else denied(request)

    provider, _ = asks(answer)
    with pytest.raises(Unlisted, match="allow-transfer"):
        provider.read(ZONE)
    assert provider.changed(ZONE, "7") is None, reason


# Questions.


def test_answers_may_come_in_any_order(asks):
    held, ready = [], {"CNAME": 3, "A": 27}

    def answer(request):
        if request.opcode() == dns.opcode.UPDATE:
            return [reply(request).to_wire()]
        (question,) = request.question
        first = question.name.labels[0].decode()
        same = question.rdtype == dns.rdatatype.A and first != "b"
        line = f"{question.name} 60 IN A 192.0.2.1"
        held.append(reply(request, *([line] if same else [])).to_wire())
        batch = ready["CNAME" if question.rdtype == dns.rdatatype.CNAME else "A"]
        answers = held[::-1] if len(held) == batch else []
        del held[: batch if answers else 0]
        return answers

    provider, _ = asks(answer)
    names = [f"{first}.{ZONE}" for first in "abc"]
    assert {one.name for one in provider.read(ZONE, names)} == {names[0], names[2]}


def test_only_what_is_at_the_name_itself_is_taken(asks):
    def answer(request):
        if request.opcode() == dns.opcode.UPDATE:
            return [reply(request).to_wire()]
        kind = dns.rdatatype.to_text(request.question[0].rdtype)
        lines = {"MX": [MX], "A": [A, "mail.example. 60 IN A 192.0.2.9"]}.get(kind, [])
        response = reply(request, *lines)
        if kind == "NS":
            cut = reply(request, "www.example.org. 60 IN NS ns.example.", NS)
            response.authority = cut.answer
        return [response.to_wire()]

    provider, _ = asks(answer)
    assert set(provider.read(ZONE, ["www.example.org."])) == {
        WWW,
        rrset("www.example.org.", "MX", 60, ["10 mail.example."]),
        rrset("www.example.org.", "NS", 60, ["ns.example."]),
    }


def test_an_answer_that_nobody_asked_for_ends_the_reading(asks):
    def answer(request):
        message = reply(request).to_wire()
        return [struct.pack("!H", 999) + message[2:]]

    provider, _ = asks(answer)
    with pytest.raises(ProviderError, match="nobody asked"):
        provider.read(ZONE, ["www.example.org."])


@pytest.mark.parametrize(
    ("reason", "rcode", "error", "says"),
    [
        ("Not for us.", REFUSED, Denied, "let TSIG key k. query it"),
        ("Not with this key.", NOTAUTH, Denied, r"refuses TSIG key k. \(NOTAUTH\)"),
        ("Not now.", SERVFAIL, ProviderError, "SERVFAIL"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_name_that_cannot_be_asked_for_is_not_gone(asks, reason, rcode, error, says):
    provider, _ = asks(rcodes(query=rcode, update=0))
    with pytest.raises(error, match=says):
        provider.read(ZONE, ["www.example.org."])


@pytest.mark.parametrize(
    ("reason", "rcode", "error"),
    [("Not for us.", REFUSED, Denied), ("Not now.", SERVFAIL, ProviderError)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_name_that_may_be_made_up_is_not_taken_on_trust(asks, reason, rcode, error):
    def answer(request):
        if request.opcode() == dns.opcode.UPDATE:
            return [reply(request, rcode=rcode).to_wire()]
        same = request.question[0].rdtype == dns.rdatatype.A
        return [reply(request, *([A] if same else [])).to_wire()]

    provider, _ = asks(answer)
    with pytest.raises(error):
        provider.read(ZONE, ["www.example.org."])


def without_authority(request):
    response = reply(request, SOA)
    response.flags &= ~dns.flags.AA
    return [response.to_wire()]


def unsigned(request):
    response = reply(request, SOA)
    response.tsig = None
    return [response.to_wire()]


def signed_by_another(request):
    response = reply(request, SOA)
    response.use_tsig(dns.tsig.Key("k.", b"another", dns.tsig.HMAC_SHA256))
    response.request_mac = request.mac
    return [response.to_wire()]


def refused_key(request, error):
    response = reply(request, SOA, rcode=NOTAUTH)
    response.use_tsig(KEY, tsig_error=error)
    response.request_mac = request.mac
    return [response.to_wire()]


def late(request):
    return refused_key(request, dns.rcode.BADTIME)


def unknown(request):
    return refused_key(request, dns.rcode.BADKEY)


def another_id(request):
    message = reply(request, SOA).to_wire()
    return [struct.pack("!H", request.id ^ 1) + message[2:]]


@pytest.mark.parametrize(
    ("reason", "answer", "error", "says"),
    [
        ("A resolver is no primary.", without_authority, ZoneGone, "with authority"),
        ("It does not know the zone.", rcodes(query=REFUSED), ZoneGone, "correct spec.zones"),
        ("It has not loaded the zone.", rcodes(query=SERVFAIL), ProviderError, "did not load"),
        ("Anybody could have said it.", unsigned, Denied, "is not signed"),
        ("Somebody else said it.", signed_by_another, Denied, "another secret than TSIG key k."),
        ("It says no more of the key, as PowerDNS.", rcodes(query=NOTAUTH), Denied, "k. .NOTAUTH"),
        ("It does not know the key.", unknown, Denied, r"BADKEY\); correct keyName"),
        ("The clocks differ.", late, Denied, r"BADTIME\): the clocks"),
        ("It answers another question.", another_id, ProviderError, "the question"),
        ("It does not speak DNS.", lambda _: [b"HTTP/1.1 400"], ProviderError, "no DNS message"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_server_says_is_checked(asks, reason, answer, error, says):
    provider, server = asks(answer)
    with pytest.raises(error, match=says) as caught:
        provider.marker(ZONE)
    assert isinstance(caught.value, Denied) is (error is Denied), reason
    assert str(caught.value).startswith(server.address)
