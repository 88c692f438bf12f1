import pytest

from kubefed_core.api import selectors
from kubefed_core.objects import Key
from kubefed_dns.api.domains import Domain
from kubefed_dns.decide.placing import Directory, Placing, Server, Site, closest
from kubefed_dns.decide.reasons import Reason

TEAM = selectors.parse({"matchLabels": {"team": "a"}}, "x")
BIND = Server("bind", frozenset({"example.org.", "eu.example.org."}), "2024-01")
OTHER = Server("other", frozenset({"example.org.", "example.com."}), "2024-02", TEAM)
HERE = Server("embedded", embedded=True)
SERVERS = (OTHER, BIND, HERE)


def domain(text, *providers, name="d", allowed=None, created="2024", ns=""):
    return Domain(Key("system", name), text, ns, tuple(providers), allowed, created=created)


def at(*sites):
    return tuple(Site(*site) for site in sites)


@pytest.mark.parametrize(
    ("reason", "name", "domains", "servers", "sites", "problem", "remark"),
    [
        (
            "The longest zone serves.",
            "a.eu.example.org.",
            [],
            SERVERS,
            at(("bind", "eu.example.org.")),
            "",
            "",
        ),
        (
            "Labels count, not characters.",
            "a.neu.example.org.",
            [],
            SERVERS,
            at(("bind", "example.org.")),
            "",
            "",
        ),
        (
            "An apex is in its zone.",
            "eu.example.org.",
            [],
            SERVERS,
            at(("bind", "eu.example.org.")),
            "",
            "",
        ),
        (
            "Of two with one zone the older.",
            "example.org.",
            [],
            SERVERS,
            at(("bind", "example.org.")),
            "",
            "",
        ),
        ("A namespace may be shut out.", "a.example.com.", [], SERVERS, (), "Forbidden", ""),
        (
            "A Domain overrules the provider's rule.",
            "a.example.com.",
            [domain("example.com")],
            SERVERS,
            at(("other", "example.com.")),
            "",
            "",
        ),
        (
            "And has its own.",
            "a.example.com.",
            [domain("example.com", allowed=TEAM)],
            SERVERS,
            (),
            "Forbidden",
            "",
        ),
        (
            "The closest Domain decides.",
            "a.sub.example.org.",
            [domain("example.org", allowed=TEAM), domain("sub.example.org")],
            SERVERS,
            at(("bind", "example.org.")),
            "",
            "",
        ),
        (
            "Of two Domains with one name the older.",
            "a.example.org.",
            [domain("example.org", allowed=TEAM), domain("example.org", created="2023")],
            SERVERS,
            at(("bind", "example.org.")),
            "",
            "",
        ),
        (
            "A Domain can have several providers.",
            "a.example.org.",
            [domain("example.org", "bind", "other", "embedded")],
            SERVERS,
            at(("bind", "example.org."), ("other", "example.org."), ("embedded", "example.org.")),
            "",
            "",
        ),
        (
            "One that is not there stops only itself.",
            "a.example.org.",
            [domain("example.org", "nope", "other")],
            SERVERS,
            at(("other", "example.org.")),
            "NoProvider",
            "",
        ),
        (
            "Nor one that has no such zone.",
            "a.example.com.",
            [domain("example.com", "bind")],
            SERVERS,
            (),
            "NoProvider",
            "",
        ),
        (
            "What nobody serves is answered here, and it shows.",
            "a.example.net.",
            [domain("example.net")],
            SERVERS,
            at(("embedded", "example.net.")),
            "",
            "NoProvider",
        ),
        (
            "With no other provider that is as it should be.",
            "a.example.net.",
            [domain("example.net")],
            [HERE],
            at(("embedded", "example.net.")),
            "",
            "",
        ),
        (
            "As when the Domain says so.",
            "a.example.net.",
            [domain("example.net", "embedded")],
            SERVERS,
            at(("embedded", "example.net.")),
            "",
            "",
        ),
        (
            "A name in no Domain is not answered here.",
            "a.example.net.",
            [],
            SERVERS,
            (),
            "NoProvider",
            "",
        ),
        (
            "Nor anywhere where there is no server at all.",
            "a.example.net.",
            [domain("example.net")],
            [],
            (),
            "NoProvider",
            "",
        ),
        (
            "The embedded server is also found by its own object.",
            "a.example.net.",
            [domain("example.net", "embedded")],
            [BIND, Server("mine", frozenset({"x."}), embedded=True)],
            at(("mine", "example.net.")),
            "",
            "",
        ),
        (
            "Which can have zones as any other.",
            "a.x.",
            [],
            [BIND, Server("mine", frozenset({"x."}), embedded=True)],
            at(("mine", "x.")),
            "",
            "",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_place(reason, name, domains, servers, sites, problem, remark):
    placing = Directory(domains=domains, servers=servers).place(name, {"team": "b"})
    assert placing.sites == sites, reason
    assert (placing.problem.reason if placing.problem else "") == problem
    assert (placing.remark.reason if placing.remark else "") == remark


def test_a_namespace_that_is_let_in():
    directory = Directory(domains=[domain("example.org", allowed=TEAM)], servers=SERVERS)
    assert directory.place("a.example.org.", {"team": "a"}) == Placing(at(("bind", "example.org.")))
    assert directory.place("a.example.com.", {"team": "a"}).sites == at(("other", "example.com."))


def test_what_is_wrong_names_cause_and_remedy():
    directory = Directory(domains=[domain("example.net", "nope")], servers=SERVERS)
    problem = directory.place("a.example.net.", {}).problem
    assert problem.reason is Reason.NO_PROVIDER
    assert "Domain d names DNSProvider nope, which does not exist: create it" in problem.message


def test_the_zones_that_the_embedded_server_needs():
    domains = [
        domain("example.org"),
        domain("a.example.org", "embedded", ns="ns.example.org"),
        domain("example.net"),
        domain("example.com", "bind"),
    ]
    directory = Directory(domains=domains, servers=SERVERS)
    assert directory.embedded_zones() == {"a.example.org.": "ns.example.org.", "example.net.": ""}
    mine = Server("mine", frozenset({"x."}), embedded=True)
    directory = Directory(domains=[domain("x"), domain("y")], servers=[BIND, mine])
    assert directory.embedded_zones() == {"x.": "", "y.": ""}
    assert Directory(domains=domains, servers=[BIND]).embedded_zones() == {}


@pytest.mark.parametrize(
    ("reason", "name", "zones", "want"),
    [
        ("Itself.", "a.b.", {"a.b.", "b."}, "a.b."),
        ("The closest.", "x.a.b.", {"a.b.", "b."}, "a.b."),
        ("By labels.", "xa.b.", {"a.b."}, None),
        ("A dot inside a label is none.", r"x\.a.b.", {"a.b.", "b."}, "b."),
        ("The root holds all.", "a.b.", {"."}, "."),
        ("Even itself.", ".", {"."}, "."),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_closest(reason, name, zones, want):
    assert closest(name, zones) == want, reason


def test_a_provider_that_names_a_zone_and_does_not_serve_it_is_named():
    """It has just been made, say, with a wrong key."""
    late = Server("late", named=frozenset({"example.net."}), created="2024-03")
    directory = Directory(domains=[domain("example.net")], servers=[late, HERE])
    found = directory.place("web.example.net.", {})
    assert found.sites == at(("embedded", "example.net."))
    assert found.remark is not None
    assert "DNSProvider late names example.net. and does not serve it" in found.remark.message
    alone = Directory(domains=[], servers=[late, HERE]).place("web.example.net.", {})
    assert alone.problem is not None
    assert "DNSProvider late names example.net." in alone.problem.message
