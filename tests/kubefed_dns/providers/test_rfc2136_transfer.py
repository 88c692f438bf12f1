"""What of a zone is transferred, and how often; see test_rfc2136_read for transfers that break."""

import dns.rcode
import dns.rdatatype
import pytest
from scripted_dns import SOA, ZONE, reply

from kubefed_dns.errors import ProviderError, Unlisted
from kubefed_dns.providers.rfc2136_copy import LARGE
from kubefed_dns.records import rrset

NS = "example.org. 60 IN NS ns.example.org."
WWW = "www.example.org. 60 IN A 192.0.2.1"
WWW2 = "www.example.org. 60 IN A 192.0.2.2"
API = "API.example.org. 60 IN A 192.0.2.3"
OWN = 'a-www.example.org. 60 IN TXT "x"'
SIGNED = "www.example.org. 60 IN NSEC a.example.org. A NSEC"


def soa(serial):
    return SOA.replace(" 7 ", f" {serial} ")


def a(name, *values, ttl=60):
    return rrset(f"{name}.{ZONE}", "A", ttl, [f"192.0.2.{each}" for each in values])


class Primary:
    """A zone of one serial after the other; `says` gives what is answered to each transfer.

    Messages are lists of records, or rcodes. Whole zones are made of what `whole` says.
    """

    def __init__(self):
        self.whole = [soa(7), NS, WWW, soa(7)]
        self.says = []
        self.asked = []

    def __call__(self, request):
        (question,) = request.question
        kind = dns.rdatatype.to_text(question.rdtype)
        if kind == "IXFR":
            kind += f" {request.authority[0][0].serial}"
        self.asked.append(kind)
        messages = [self.whole]
        if question.rdtype == dns.rdatatype.SOA:
            messages = [[self.whole[0]]]
        elif question.rdtype == dns.rdatatype.IXFR:
            messages = self.says.pop(0)
        if messages is EOFError:
            raise EOFError
        context = None
        for said in messages:
            rcode = said if isinstance(said, int) else 0
            message = reply(request, *([] if rcode else said), rcode=rcode)
            yield message.to_wire(multi=True, tsig_ctx=context)
            context = message.tsig_ctx


@pytest.fixture
def primary():
    return Primary()


@pytest.fixture
def provider(asks, primary):
    return asks(primary)[0]


@pytest.mark.parametrize(
    ("reason", "messages", "want"),
    [
        ("Nothing has changed.", [[soa(7)]], {a("www", 1)}),
        (
            "One step, all in one message.",
            [[soa(8), soa(7), WWW, soa(8), WWW2, API, soa(8)]],
            {a("www", 2), a("api", 3)},
        ),
        (
            "Two steps, a record a message; what came in the first goes in the second.",
            [[each] for each in (
                soa(9), soa(7), soa(8), WWW2, API, soa(8), API, soa(9), OWN, soa(9)
            )],
            {a("www", 1, 2), rrset(f"a-www.{ZONE}", "TXT", 60, ['"x"'])},
        ),
        (
            "The same record goes and comes back with another TTL.",
            [[soa(8), soa(7), WWW, soa(8), WWW.replace(" 60 ", " 90 "), soa(8)]],
            {a("www", 1, ttl=90)},
        ),
        (
            "What is nobody's to write is left out, and serials may leap.",
            [[soa(99), soa(7), NS, SIGNED, soa(50), NS, SIGNED, soa(50), soa(99), API, soa(99)]],
            {a("www", 1), a("api", 3)},
        ),
        ("The server says all of it instead.", [[soa(8), NS, API, soa(8)]], {a("api", 3)}),
        ("All of it, a record a message.", [[soa(8)], [NS], [API], [soa(8)]], {a("api", 3)}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_zone_that_is_known_is_caught_up_with(provider, primary, reason, messages, want):
    assert set(provider.read(ZONE)) == {a("www", 1)}
    primary.says.append(messages)
    assert set(provider.read(ZONE)) == want, reason
    assert primary.asked == ["AXFR", "IXFR 7"]


@pytest.mark.parametrize(
    ("reason", "messages"),
    [
        ("It does not know IXFR.", [dns.rcode.NOTIMP]),
        ("It cannot read an IXFR.", [dns.rcode.FORMERR]),
        ("It gives nobody an IXFR.", [dns.rcode.REFUSED]),
        ("It says nothing in reply.", [[]]),
        ("It has an older zone than before, out of a backup.", [[soa(6)]]),
        ("What went was never there.", [[soa(8), soa(7), API, soa(8), soa(8)]]),
        ("What came was there.", [[soa(8), soa(7), soa(8), WWW, soa(8)]]),
        ("A set went that was never there.", [[soa(8), soa(7), OWN, soa(8), soa(8)]]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_the_news_are_of_no_use_the_whole_zone_is_read(provider, primary, reason, messages):
    provider.read(ZONE)
    primary.whole = [soa(6), NS, API, soa(6)]
    primary.says.append(messages)
    assert set(provider.read(ZONE)) == {a("api", 3)}, reason
    assert primary.asked == ["AXFR", "IXFR 7", "AXFR"]


@pytest.mark.parametrize(
    ("reason", "messages", "says"),
    [
        ("It leaves out a step.", [[soa(9), soa(7), soa(8), API, soa(6), soa(9), soa(9)]],
         "do not follow"),
        ("It begins elsewhere.", [[soa(9), soa(8), soa(9), API, soa(9)]], "that differ"),
        ("It goes on after its end.", [[soa(8), soa(7), soa(8), API, soa(8), WWW]], "outside"),
        ("It fails on the way.", [[soa(8), soa(7), WWW], dns.rcode.SERVFAIL], "SERVFAIL"),
        ("It has a hole.", [[soa(8), soa(7), WWW], []], "without records"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_of_broken_news_nothing_is_taken_and_the_zone_is_read_anew(
    provider, primary, reason, messages, says
):
    provider.read(ZONE)
    primary.says.append(messages)
    with pytest.raises(ProviderError, match=says):
        provider.read(ZONE)
    assert set(provider.read(ZONE)) == {a("www", 1)}, reason
    assert primary.asked == ["AXFR", "IXFR 7", "AXFR"]


def test_a_server_that_always_says_all_is_not_asked_for_the_news_for_ever(provider, primary):
    many = [f"n{number}.example.org. 60 IN A 192.0.2.1" for number in range(LARGE)]
    provider.read(ZONE)
    for serial in (8, 9):
        primary.says.append([[soa(serial), *many, soa(serial)]])
        assert len(provider.read(ZONE)) == LARGE
    primary.whole = [soa(10), NS, WWW, soa(10)]
    assert set(provider.read(ZONE)) == {a("www", 1)}
    assert provider.changed(ZONE, "9") is None
    assert primary.asked == ["AXFR", "IXFR 7", "IXFR 8", "AXFR"]


def test_a_small_zone_may_be_said_as_a_whole_again_and_again(provider, primary):
    provider.read(ZONE)
    for serial in range(8, 18):
        primary.says.append([[soa(serial), NS, API, soa(serial)]])
        assert set(provider.read(ZONE)) == {a("api", 3)}
    assert primary.asked == ["AXFR", *(f"IXFR {serial}" for serial in range(7, 17))]


def test_the_names_that_changed_since_a_marker_are_told(provider, primary):
    provider.read(ZONE)
    primary.says += [
        [[soa(8), soa(7), WWW, soa(8), WWW2, API, soa(8)]],
        [[soa(8)]],
        [[soa(9), soa(7), WWW, soa(8), WWW2, API, soa(8), API, soa(9), soa(9)]],
        [[soa(9), soa(8), API, soa(9), soa(9)]],
    ]
    assert provider.changed(ZONE, "7") == {"www.example.org.", "api.example.org."}
    assert set(provider.read(ZONE, ["www.example.org."])) == {a("www", 2)}
    # Since an older marker than that of the copy, which is not thereby caught up.
    assert provider.changed(ZONE, "7") == {"www.example.org.", "api.example.org."}
    assert set(provider.read(ZONE)) == {a("www", 2)}
    assert primary.asked == ["AXFR", "IXFR 7", "IXFR 8", "IXFR 7", "IXFR 8"]


@pytest.mark.parametrize(
    ("reason", "messages"),
    [
        ("It says all of it.", [[soa(8), NS, API, soa(8)]]),
        ("It does not say.", [dns.rcode.REFUSED]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_changed_is_not_told_where_the_server_does_not(provider, primary, reason, messages):
    primary.says.append(messages)
    assert provider.changed(ZONE, "7") is None, reason


def test_what_changed_at_another_server_says_nothing_of_this_one(provider, primary):
    assert provider.changed(ZONE, "7@192.0.2.1:53") is None
    assert primary.asked == []


def test_serials_go_round(provider, primary):
    primary.whole = [soa(2**32 - 1), WWW, soa(2**32 - 1)]
    provider.read(ZONE)
    # The zone is not the old one because its serial is the lower: more than the SOA comes.
    primary.says.append([[soa(5)], [soa(2**32 - 1), soa(5), API, soa(5)]])
    assert set(provider.read(ZONE)) == {a("www", 1), a("api", 3)}


def test_a_copy_is_of_one_server(serve, make, primary):
    other = Primary()
    other.whole = [soa(70), NS, API, soa(70)]
    one, two = serve(primary), serve(other)
    provider = make(one, two)
    assert set(provider.read(ZONE)) == {a("www", 1)}
    primary.says += [EOFError, EOFError]
    assert set(provider.read(ZONE)) == {a("api", 3)}
    assert other.asked == ["AXFR"]
    assert provider.marker(ZONE) == f"70@{two.address}"


def test_a_zone_that_is_not_transferred_is_told_from_one_that_may_not_be_read(asks):
    def answer(request):
        transfer = request.question[0].rdtype in (dns.rdatatype.AXFR, dns.rdatatype.IXFR)
        yield reply(request, *([] if transfer else [soa(7)]), rcode=5 if transfer else 0).to_wire()

    provider, _ = asks(answer)
    with pytest.raises(Unlisted, match="allow-transfer"):
        provider.read(ZONE)
