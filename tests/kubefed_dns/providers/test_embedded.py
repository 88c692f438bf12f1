"""The provider of the embedded server: the contract, and what is its own."""

from datetime import UTC, datetime

import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from kubefed_dns.errors import ZoneGone
from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.providers.embedded import Embedded
from kubefed_dns.providers.protocol import Context, factory
from kubefed_dns.records import Create, Delete, Group, RRset, Update, rrset
from kubefed_dns.server.server import Server

ZONE = "example.com."
A = rrset("www.example.com", "A", 60, ["192.0.2.1"])
B = rrset("www.example.com", "A", 60, ["192.0.2.2"])
AAAA = rrset("www.example.com", "AAAA", 60, ["2001:db8::1"])
ALIAS = rrset("www.example.com", "CNAME", 60, ["other.example.com"])
OTHER = rrset("other.example.com", "A", 60, ["192.0.2.3"])


@pytest.fixture
def server() -> Server:
    return Server(now=lambda: datetime(2030, 1, 1, tzinfo=UTC))


@pytest.fixture
def provider(server) -> Embedded:
    return Embedded(Context("embedded", zones=(ZONE,)), server=server)


def ask(server, name, rdtype="A"):
    wire = server.respond(dns.message.make_query(name, rdtype).to_wire())
    assert wire is not None
    return dns.message.from_wire(wire)


def group(*changes):
    first = changes[0]
    name = first.old.name if isinstance(first, Update | Delete) else first.new.name
    return Group(name, changes)


class TestContract(ProviderContract):
    claims = Embedded.capabilities

    @pytest.fixture
    def provider(self, server):
        return Embedded(Context("embedded", zones=("example.org.",)), server=server)

    @pytest.fixture
    def zone(self) -> str:
        return "example.org."


def test_it_is_found_by_its_name_and_makes_its_own_server():
    made = factory("embedded")(Context("plug-in", zones=(ZONE,)))
    assert isinstance(made, Embedded)
    assert list(made.zones()) == [ZONE]
    assert not made.capabilities.shared
    assert not made.write(ZONE, [group(Create(A))])
    assert list(made.read(ZONE)) == [A]
    made.close()


def test_it_has_the_zones_of_the_server_or_of_those_the_given_ones(server):
    server.add_zone("one.example.", ns="ns.given.example")
    everything = Embedded(Context("all"), server)
    some = Embedded(Context("some", zones=("one.example.", "two.example.")), server)
    server.add_zone("three.example.")
    assert set(everything.zones()) == {"one.example.", "two.example.", "three.example."}
    assert set(some.zones()) == {"one.example.", "two.example."}
    some.write("one.example.", [])
    assert str(ask(server, "one.example", "NS").answer[0][0]) == "ns.given.example."
    server.drop_zone("one.example.")
    assert set(some.zones()) == {"two.example."}
    with pytest.raises(ZoneGone):
        some.write("one.example.", [])


def test_the_first_write_lets_the_server_answer_with_all_it_carries(server, provider):
    assert ask(server, "www.example.com").rcode() == dns.rcode.SERVFAIL
    assert not provider.write(ZONE, [group(Create(A)), group(Create(OTHER))])
    assert ask(server, "www.example.com").answer
    assert ask(server, "gone.example.com").rcode() == dns.rcode.NXDOMAIN


def test_the_first_write_may_be_empty(server, provider):
    marker = provider.marker(ZONE)
    assert not provider.write(ZONE, [])
    assert ask(server, "www.example.com").rcode() == dns.rcode.NXDOMAIN
    assert provider.marker(ZONE) == marker


def test_one_write_is_one_serial_and_the_marker_is_what_the_soa_says(server, provider):
    provider.write(ZONE, [])
    before = int(provider.marker(ZONE) or 0)
    provider.write(ZONE, [group(Create(A)), group(Create(OTHER))])
    assert int(provider.marker(ZONE) or 0) == before + 1
    assert ask(server, "example.com", "SOA").answer[0][0].serial == before + 1


TXT = {"type": "TXT", "values": ('"x"',)}
NS = ("ns.example.net.",)


def raw(name="www.example.com.", **fields) -> RRset:
    """A set as a careless caller makes it."""
    return RRset(**{"name": name, "type": "A", "ttl": 60, "values": ("192.0.2.1",), **fields})


APEX_NS = raw("example.com.", type="NS", values=NS)


def routed(identifier="eu", *, type="A", values=("192.0.2.1",), **properties) -> RRset:
    said = tuple(sorted(properties.items()))
    return raw(type=type, values=values, set_identifier=identifier, properties=said)


@pytest.mark.parametrize(
    ("reason", "changes", "lost", "message"),
    [
        ("A name elsewhere.", [Create(raw("www.example.org."))], False, "not in zone example.com."),
        ("A name that only looks alike.", [Create(raw("myexample.com."))], False, "not in"),
        ("A delete elsewhere.", [Delete(raw("www.example.org."))], False, "not in"),
        ("What is no name.", [Create(raw("a..example.com."))], False, "no DNS name"),
        ("A type not served.", [Create(raw(type="DNAME", values=NS))], False, "not written here"),
        ("A type that nobody has.", [Create(raw(type="NOPE"))], False, "not written here"),
        ("A SOA.", [Create(raw("example.com.", type="SOA"))], False, "not written here"),
        ("NS at the apex.", [Create(APEX_NS)], False, "not written here"),
        ("Not even deleted.", [Delete(APEX_NS)], False, "not written here"),
        (
            "An alias at the apex.",
            [Create(raw("example.com.", type="CNAME", values=NS))], False, "not written here",
        ),
        (
            "A wildcard that is handed on.",
            [Create(raw("*.example.com.", type="NS", values=NS))], False, "wildcard",
        ),
        ("No value.", [Create(raw(values=()))], False, "no values"),
        ("A value that is none.", [Create(raw(values=("localhost",)))], False, "no value of type"),
        (
            "An alias of two names.",
            [Create(raw(type="CNAME", values=("a.", "b.")))], False, "one target",
        ),
        ("A TTL below nothing.", [Create(raw(ttl=-1))], False, "TTL -1"),
        ("A TTL beyond all.", [Create(raw(ttl=2**31))], False, "TTL"),
        ("What only a cloud can.", [Create(routed(region="eu"))], False, "not serve by region"),
        ("An alias for us to follow.", [Create(routed(alias="true"))], False, "by alias"),
        ("More than all weight.", [Create(routed(weight="256"))], False, "weight '256' is not"),
        ("A weight that is no number.", [Create(routed(weight="-1"))], False, "weight '-1' is not"),
        ("No turn.", [Create(routed(tier="first"))], False, "tier 'first' is not"),
        ("Nowhere.", [Create(routed(geo="Europe"))], False, "'EUROPE' is no continent"),
        (
            "Routed, but all alone.",
            [Create(raw(properties=(("weight", "1"),)))], False, "needs a set identifier",
        ),
        ("One for all beside one of several.", [Create(A), Create(routed())], False, "with and"),
        ("Routed delegations.", [Create(routed(type="NS", values=NS))], False, "for everybody"),
        (
            "What no message carries.",
            [Create(raw(**{**TXT, "values": tuple(f'"{n:0>250}"' for n in range(300))}))],
            False, "too large",
        ),
        ("An alias beside an address.", [Create(ALIAS), Create(A)], False, "beside an alias"),
        ("Another name in an update.", [Update(raw(), OTHER)], False, "delete and create"),
        ("A delete of what is not there.", [Delete(A)], True, "not what the zone holds"),
        ("An update of what is not there.", [Update(A, B)], True, "not what the zone holds"),
        ("What the group itself removed.", [Create(A), Delete(A), Delete(A)], True, "not what"),
        ("What the group itself made.", [Create(A), Create(B)], True, "there already"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_refusals(provider, reason, changes, lost, message):
    bad, good = group(*changes), group(Create(rrset("good.example.com", "A", 60, ["192.0.2.9"])))
    (refusal,) = provider.write(ZONE, [bad, good])
    assert refusal.group is bad
    assert refusal.lost is lost, reason
    assert message in refusal.reason, reason
    assert [each.name for each in provider.read(ZONE)] == ["good.example.com."]


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("Another value.", [Update(B, rrset("www.example.com", "A", 60, ["192.0.2.3"]))]),
        ("Another TTL.", [Update(rrset("www.example.com", "A", 61, ["192.0.2.1"]), B)]),
        ("Deleted with another TTL.", [Delete(rrset("www.example.com", "A", 61, ["192.0.2.1"]))]),
        ("Created once more.", [Create(A)]),
        ("An alias beside what the group does not mention.", [Create(ALIAS)]),
    ],
)
def test_a_lost_race_changes_nothing(provider, reason, changes):
    provider.write(ZONE, [group(Create(A))])
    marker = provider.marker(ZONE)
    (refusal,) = provider.write(ZONE, [group(*changes)])
    assert refusal.lost, reason
    assert list(provider.read(ZONE)) == [A]
    assert provider.marker(ZONE) == marker


def test_groups_of_one_write_see_what_those_before_them_did(provider):
    groups = [group(Create(A)), group(Update(A, B)), group(Delete(A)), group(Delete(B))]
    (refusal,) = provider.write(ZONE, groups)
    assert refusal.group is groups[2]
    assert list(provider.read(ZONE)) == []


def test_what_a_name_holds_beside_the_change_stays(server, provider):
    provider.write(ZONE, [group(Create(A), Create(AAAA))])
    assert not provider.write(ZONE, [group(Update(A, B))])
    assert sorted(provider.read(ZONE)) == [B, AAAA]
    assert ask(server, "www.example.com").answer[0][0].to_text() == "192.0.2.2"
    assert ask(server, "www.example.com", "AAAA").answer


def test_a_group_may_hold_its_changes_in_any_order(provider):
    provider.write(ZONE, [group(Create(A))])
    assert not provider.write(ZONE, [group(Create(ALIAS), Delete(A))])
    assert list(provider.read(ZONE)) == [ALIAS]


@pytest.mark.parametrize("rdtype", sorted(Embedded.capabilities.types))
def test_each_type_is_served_as_it_was_written(server, provider, rdtype):
    values = {
        "A": "192.0.2.1",
        "AAAA": "2001:db8::1",
        "CAA": '0 issue "ca.example.net"',
        "CNAME": "target.example.net",
        "DS": "1 8 2 " + "ab" * 32,
        "HTTPS": '1 . alpn="h2"',
        "MX": "65 mail.example.net",
        "NAPTR": '10 20 "u" "sip" "!^.*$!sip:a@example.net!" .',
        "NS": "ns.example.net",
        "PTR": "host.example.net",
        "SRV": "1 2 3 host.example.net",
        "SSHFP": "1 1 " + "ab" * 20,
        "SVCB": "1 svc.example.net",
        "TLSA": "3 1 1 " + "ab" * 32,
        "TXT": '"one" "two"',
        "URI": '1 2 "https://example.net/"',
    }
    made = rrset("x.example.com", rdtype, 60, [values[rdtype]])
    assert not provider.write(ZONE, [group(Create(made))])
    response = ask(server, "x.example.com", rdtype)
    (found,) = response.authority if rdtype == "NS" else response.answer
    assert rrset(str(found.name), rdtype, found.ttl, [str(value) for value in found]) == made


def test_each_request_takes_a_token(server):
    taken = []
    context = Context("embedded", zones=(ZONE,), take=lambda: taken.append(1))
    provider = Embedded(context, server)
    provider.write(ZONE, [])
    provider.read(ZONE)
    assert len(taken) == 2
