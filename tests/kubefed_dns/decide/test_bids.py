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


def sets(**more):
    return {
        made.rrset.set_identifier: dict(made.rrset.properties)
        for made in bid("a.org", "A", "192.0.2.1", **more)
    }


@pytest.mark.parametrize(
    ("reason", "more", "want"),
    [
        ("A plain set.", {}, {"": {}}),
        (
            "A weight.",
            {"set_identifier": "eu", "routing": Routing(weight=0)},
            {"eu": {"weight": "0"}},
        ),
        ("A tier.", {"set_identifier": "eu", "routing": Routing(tier=1)}, {"eu": {"tier": "1"}}),
        (
            "A region.",
            {"set_identifier": "eu", "routing": Routing(region="eu-west-1")},
            {"eu": {"region": "eu-west-1"}},
        ),
        (
            "A place.",
            {"set_identifier": "x", "routing": Routing(geo=("EU",))},
            {"x": {"geo": "EU"}},
        ),
        (
            "Of several places each is a set.",
            {"set_identifier": "x", "routing": Routing(geo=("DE", "EU"))},
            {"x@DE": {"geo": "DE"}, "x@EU": {"geo": "EU"}},
        ),
        (
            "What a backend has to know.",
            {"set_identifier": "x", "provider_specific": (("aws/weight", "1"),)},
            {"x": {"aws/weight": "1"}},
        ),
        (
            "Without an identifier too.",
            {"provider_specific": (("aws/x", "1"),)},
            {"": {"aws/x": "1"}},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sets_that_are_chosen_among(reason, more, want):
    assert sets(**more) == want, reason


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"routing": Routing(weight=1)}, "routing needs a setIdentifier"),
        ({"set_identifier": "x", "provider_specific": (("weight", "1"),)}, "belongs into routing"),
    ],
)
def test_routing_that_is_none(more, says):
    (made,) = bid("a.org", "A", "192.0.2.1", **more)
    assert made.problem.reason is Reason.INVALID_NAME
    assert says in made.problem.message


def test_older_objects_come_first():
    old = source(DNSEndpoint(Key("z", "z"), created="2023-01-01T00:00:00Z"))
    new = source(DNSEndpoint(Key("a", "a"), created="2024-01-01T00:00:00Z"))
    assert sorted([new, old]) == [old, new]
    assert old == Source("2023-01-01T00:00:00Z", "z", "z")
    assert (str(old), old.resource) == ("z/z", "crd/z/z")
