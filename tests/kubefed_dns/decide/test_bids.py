import pytest

from kubefed_core.objects import Key
from kubefed_dns.api.endpoints import DNSEndpoint, Endpoint, Routing
from kubefed_dns.decide.bids import Source, bids, source
from kubefed_dns.decide.reasons import Reason
from kubefed_dns.records import rrset


def bid(name, rrtype, *targets, **more):
    endpoint = Endpoint(name, rrtype, targets, **more)
    return bids(DNSEndpoint(Key("ns", "web"), (endpoint,), created="2024"))


@pytest.mark.parametrize(
    ("reason", "endpoint", "want"),
    [
        (
            "Names are absolute and lower case.",
            Endpoint("Web.Example.ORG", "A", ("192.0.2.1",), 60),
            rrset("web.example.org.", "A", 60, ["192.0.2.1"]),
        ),
        (
            "Without a TTL there is a default.",
            Endpoint("a.org", "A", ("192.0.2.1",)),
            rrset("a.org.", "A", 300, ["192.0.2.1"]),
        ),
        (
            "A host name is absolute, dot or not.",
            Endpoint("a.org", "CNAME", ("LB.example.net",), 60),
            rrset("a.org.", "CNAME", 60, ["lb.example.net."]),
        ),
        (
            "A text without quotes is one string.",
            Endpoint("a.org", "TXT", ("v=spf1 -all",), 60),
            rrset("a.org.", "TXT", 60, ['"v=spf1 -all"']),
        ),
        (
            "One with quotes is as a zone file has it.",
            Endpoint("a.org", "TXT", ('"one" "two"',), 60),
            rrset("a.org.", "TXT", 60, ['"one" "two"']),
        ),
        (
            "Long texts are split.",
            Endpoint("a.org", "TXT", ("x" * 300,), 60),
            rrset("a.org.", "TXT", 60, [f'"{"x" * 255}" "{"x" * 45}"']),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_endpoints_as_sets(reason, endpoint, want):
    (made,) = bids(DNSEndpoint(Key("ns", "web"), (endpoint,)))
    assert made.rrset == want, reason
    assert made.problem is None
    assert made.name == want.name


@pytest.mark.parametrize(
    ("reason", "name", "rrtype", "targets", "says"),
    [
        ("No name.", "a..org", "A", ["192.0.2.1"], "'a..org' is no DNS name"),
        ("No value of the type.", "a.org", "A", ["2001:db8::1"], "no value of type A"),
        ("Two aliases.", "a.org", "CNAME", ["b.org", "c.org"], "one target, not 2"),
        ("Ownership.", "a.org", "TXT", ["heritage=external-dns,x"], "for ownership"),
        ("Of any kind.", "a.org", "TXT", ['"Heritage=" "x"'], "for ownership"),
        ("Quoted twice.", "a.org", "TXT", [r'"\"heritage=x\""'], "for ownership"),
        ("No type.", "a.org", "NOPE", ["x"], "no value of type NOPE"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_endpoints_that_are_none(reason, name, rrtype, targets, says):
    (made,) = bid(name, rrtype, *targets)
    assert made.rrset is None
    assert made.problem.reason is Reason.INVALID_NAME
    assert says in made.problem.message
    assert made.name == ("" if ".." in name else "a.org."), reason


def test_an_endpoint_without_targets_wants_nothing():
    assert bid("a.org", "A") == ()


def test_routing_and_identifier_are_kept():
    (made,) = bid("a.org", "A", "192.0.2.1", set_identifier="eu", routing=Routing(weight=3))
    assert made.rrset.set_identifier == "eu"
    assert made.routing == Routing(weight=3)


def test_older_objects_come_first():
    old = source(DNSEndpoint(Key("z", "z"), created="2023-01-01T00:00:00Z"))
    new = source(DNSEndpoint(Key("a", "a"), created="2024-01-01T00:00:00Z"))
    assert sorted([new, old]) == [old, new]
    assert old == Source("2023-01-01T00:00:00Z", "z", "z")
    assert (str(old), old.resource) == ("z/z", "crd/z/z")
