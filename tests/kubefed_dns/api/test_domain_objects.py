import pytest

from kubefed_core.errors import Terminal
from kubefed_core.objects import Key
from kubefed_dns.api import domains
from kubefed_dns.errors import InvalidName


def domain(**fields):
    return {"metadata": {"namespace": "kf", "name": "galactic", "uid": "u"}, **fields}


def test_all_fields_are_read():
    found = domains.parse(
        domain(
            domain="Example.COM.",
            nameServer="NS.example.com.",
            providers=["bind", "embedded"],
            allowedNamespaces={"matchLabels": {"team": "a"}},
        )
    )
    assert found.key == Key("kf", "galactic")
    assert found.domain == "example.com"
    assert found.name_server == "ns.example.com"
    assert found.providers == ("bind", "embedded")
    assert found.allowed_namespaces.matches({"team": "a"})
    assert not found.allowed_namespaces.matches({})


def test_upstream_s_domain_needs_nothing_else():
    found = domains.parse(domain(domain="example.com"))
    assert (found.name_server, found.providers, found.allowed_namespaces) == ("", (), None)


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({}, Terminal, "domain: Required value"),
        ({"domain": "a..b"}, InvalidName, "domain: Invalid value: 'a..b' is no DNS name"),
        ({"domain": "a.b", "nameServer": "x" * 64}, InvalidName, "nameServer: Invalid value"),
        ({"domain": "a.b", "providers": "bind"}, Terminal, "providers: Invalid value"),
        (
            {"domain": "a.b", "allowedNamespaces": []},
            Terminal,
            "allowedNamespaces: Invalid value",
        ),
    ],
)
def test_a_bad_field_is_named(fields, error, message):
    with pytest.raises(error, match=message):
        domains.parse(domain(**fields))
