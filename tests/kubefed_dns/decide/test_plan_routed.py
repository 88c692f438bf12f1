"""Plans for names with several sets, and for aliases."""

import pytest
from test_plan import HUB, MX, SPF, WEB, ZONE, A, applied, changes, own, planned

from kubefed_dns.api.providers import Policy
from kubefed_dns.decide.ownership import Registry
from kubefed_dns.decide.reasons import Reason
from kubefed_dns.decide.terms import Terms
from kubefed_dns.records import Create, Delete, Update, rrset


def routed(identifier, number=1, *, rrtype="A", name=WEB, **said):
    value = {"A": f"192.0.2.{number}", "AAAA": f"2001:db8::{number}"}.get(rrtype, f"lb{number}.")
    return rrset(name, rrtype, 60, [value], set_identifier=identifier, properties=said)


EU, US = routed("eu", 1, weight="1"), routed("us", 2, weight="2")
HEAVY = routed("eu", 1, weight="9")
BOTH = [EU, US, own(EU), own(US)]


@pytest.mark.parametrize(
    ("reason", "want", "have", "todo"),
    [
        ("All is as it should be.", [EU, US], BOTH, set()),
        (
            "Each set has ownership that is chosen as it is.",
            [EU, US],
            [],
            {Create(EU), Create(US), Create(own(EU)), Create(own(US))},
        ),
        ("One goes.", [EU], BOTH, {Delete(US), Delete(own(US))}),
        (
            "A weight changes, of both.",
            [HEAVY, US],
            BOTH,
            {Update(EU, HEAVY), Update(own(EU), own(HEAVY))},
        ),
        (
            "A target changes, of the data.",
            [routed("eu", 3, weight="1"), US],
            BOTH,
            {Update(EU, routed("eu", 3, weight="1"))},
        ),
        (
            "Ownership that is chosen otherwise is put right.",
            [EU],
            [EU, own(HEAVY)],
            {Update(own(HEAVY), own(EU))},
        ),
        (
            "A plain set becomes several, in one group.",
            [EU, US],
            [A, own(A)],
            {
                Delete(A),
                Delete(own(A)),
                Create(EU),
                Create(US),
                Create(own(EU)),
                Create(own(US)),
            },
        ),
        (
            "And back.",
            [A],
            BOTH,
            {
                Delete(EU),
                Delete(US),
                Delete(own(EU)),
                Delete(own(US)),
                Create(A),
                Create(own(A)),
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sets_that_are_chosen_among(reason, want, have, todo):
    result = planned(want, have)
    assert set(changes(result)) == todo, reason
    assert result.problem is None
    after = applied(have, result.group)
    assert not planned(want, after).group


def test_deletes_come_first_so_that_sets_of_both_kinds_never_meet():
    order = [type(change) for change in changes(planned([EU, US], [A, own(A)]))]
    assert order == [Delete, Delete, Create, Create, Create, Create]


def test_encrypted_ownership_keeps_its_value_when_a_weight_changes():
    terms = Terms(ZONE, Registry("hub", key=b"k" * 32))
    have = applied([], planned([EU], [], terms=terms).group)
    after = applied(have, planned([HEAVY], have, terms=terms).group)
    txts = [[each for each in sets if each.type == "TXT"] for sets in (have, after)]
    assert [each.values for each in txts[0]] == [each.values for each in txts[1]]
    assert [dict(each.properties) for each in txts[1]] == [{"weight": "9"}]


@pytest.mark.parametrize(
    ("reason", "want", "have"),
    [
        ("A plain set keeps out others.", [EU], [A]),
        ("They keep out a plain one.", [A], [EU]),
        ("And each other: a name is nobody's in part.", [US], [EU]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sets_of_others_are_left_alone(reason, want, have):
    result = planned(want, have)
    assert result.problem.reason is Reason.CONFLICT, reason
    assert result.group is None


@pytest.mark.parametrize(
    ("want", "have"), [([EU, US], [A, own(A)]), ([A], BOTH)], ids=["to sets", "from sets"]
)
def test_a_policy_that_deletes_nothing_leaves_the_name_as_it_is(want, have):
    result = planned(want, have, terms=Terms(ZONE, HUB, Policy.UPSERT_ONLY))
    assert result.group is None
    assert result.problem.reason is Reason.REFUSED
    assert planned(want, have, keep=True).group is None


def test_a_policy_that_deletes_nothing_adds_sets_to_sets():
    result = planned([EU, US], [EU, own(EU)], terms=Terms(ZONE, HUB, Policy.UPSERT_ONLY))
    assert set(changes(result)) == {Create(US), Create(own(US))}


def test_a_text_waits_until_the_ownership_of_another_set_has_left_its_place():
    owner = own(EU)
    text = rrset(owner.name, "TXT", 60, ['"x"'])
    result = planned([text], [EU, owner], name=owner.name)
    assert result.group is None
    assert "is the ownership record of another name" in result.problem.message


# Aliases that the provider follows itself.

ALIAS = routed("", rrtype="CNAME", alias="true")
CNAME = routed("", rrtype="CNAME")


def test_an_alias_stands_beside_what_others_have_there():
    result = planned([ALIAS], [SPF, MX])
    assert set(changes(result)) == {Create(ALIAS), Create(own(ALIAS))}
    assert own(ALIAS).properties == ()
    assert planned([CNAME], [SPF]).problem.reason is Reason.CONFLICT


def test_an_alias_does_not_stand_beside_others_addresses():
    assert planned([ALIAS], [A]).problem.reason is Reason.CONFLICT


def test_a_cname_becomes_an_alias_in_place():
    result = planned([ALIAS], [CNAME, own(CNAME)])
    assert changes(result) == (Update(CNAME, ALIAS),)


def test_the_ttl_of_an_alias_is_not_ours_to_raise():
    terms = Terms(ZONE, HUB, min_ttl=3600)
    assert Create(ALIAS) in changes(planned([ALIAS], [], terms=terms))
