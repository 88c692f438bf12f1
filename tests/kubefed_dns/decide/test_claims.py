"""Aliases: to external-dns they are addresses, to us a CNAME."""

import pytest

from kubefed_dns.decide import adoption
from kubefed_dns.decide.claims import Claims, Register, Want
from kubefed_dns.decide.ownership import Naming, Registry
from kubefed_dns.decide.plan import plan
from kubefed_dns.decide.terms import Terms
from kubefed_dns.records import Create, Delete, Update, rrset

ZONE = "example.org."
WEB = f"web.{ZONE}"
HUB = Registry("hub", Naming())
THEIRS = Registry("default", Naming())
RESOURCE = "crd/shop/service-web"
ALIAS = rrset(WEB, "CNAME", 300, ["lb.eu-west-1.elb.amazonaws.com"], properties={"alias": "true"})
PLAIN = rrset(WEB, "CNAME", 300, ["lb.example.net"])


def owned(kind, registry=THEIRS, resource="service/shop/web"):
    place = registry.naming.of(WEB, kind)
    return rrset(place, "TXT", 300, [registry.write(resource)])


def reading(*held, registry=HUB):
    found = {}
    for each in held:
        found.setdefault(each.name, []).append(each)
    return Claims({}, found, Register(registry, found))


@pytest.mark.parametrize(
    ("reason", "held", "mine"),
    [
        ("Before its release 0.22.", [ALIAS, owned("CNAME")], {WEB}),
        ("Since then.", [ALIAS, owned("A")], {WEB}),
        ("With both families.", [ALIAS, owned("A"), owned("AAAA")], {WEB}),
        ("A CNAME of DNS has no addresses.", [PLAIN, owned("A")], set()),
        ("The set must be there.", [owned("A")], set()),
    ],
)
def test_an_alias_belongs_to_who_owns_its_addresses(reason, held, mine):
    assert adoption.names_of("default", reading(*held)) == mine, reason


def test_an_alias_is_taken_over_with_all_that_speaks_of_it():
    held = [ALIAS, owned("A"), owned("AAAA")]
    group = adoption.move(WEB, reading(*held), giver="default", taker=HUB, resource=RESOURCE)
    assert group is not None
    assert {change.new for change in group.changes if isinstance(change, Update)} == {
        owned("A", HUB, RESOURCE),
        owned("AAAA", HUB, RESOURCE),
    }


def test_an_alias_that_was_taken_over_is_ours_and_gets_a_record_of_its_own_type():
    held = [ALIAS, owned("A", HUB, RESOURCE)]
    planned = plan(
        WEB,
        wanted={WEB: [Want(ALIAS, RESOURCE)]},
        held=reading(*held).held,
        terms=Terms(ZONE, HUB),
    )
    assert planned.problem is None
    assert planned.group is not None
    assert planned.group.changes == (Create(owned("CNAME", HUB, RESOURCE)),)


def test_an_alias_goes_with_all_that_speaks_of_it():
    held = [ALIAS, owned("A", HUB, RESOURCE), owned("CNAME", HUB, RESOURCE)]
    planned = plan(WEB, wanted={}, held=reading(*held).held, terms=Terms(ZONE, HUB))
    assert planned.vanishes
    assert planned.group is not None
    assert {change.old for change in planned.group.changes if isinstance(change, Delete)} == {*held}


def test_addresses_beside_an_alias_of_another_set_are_owned_as_addresses():
    """Two sets of one name, told apart by their identifiers."""
    first = rrset(WEB, "A", 60, ["192.0.2.1"], set_identifier="eu", properties={"weight": "1"})
    alias = rrset(
        WEB, "CNAME", 300, ALIAS.values, set_identifier="us", properties={"alias": "true"}
    )
    place = rrset(f"a-{WEB}", "TXT", 300, [THEIRS.write("service/a/b")], set_identifier="eu")
    keys = {claim.key for claim in reading(first, alias, place).of(WEB) if not claim.doubtful}
    assert first.key in keys
    assert alias.key not in keys
