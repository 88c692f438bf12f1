import pytest

from kubefed_dns.api.endpoints import EndpointKey
from kubefed_dns.api.providers import Addresses
from kubefed_dns.decide.admit import Ref, Rules, contest
from kubefed_dns.decide.bids import Bid, Source
from kubefed_dns.decide.reasons import Problem, Reason
from kubefed_dns.decide.reduction import Route, Skills
from kubefed_dns.records import ROUTING, rrset

TYPES = frozenset({"A", "AAAA", "CNAME", "TXT"})
RULES = Rules(TYPES)
NATIVE = Rules(TYPES, skills=Skills(ROUTING, aliases=True))
OLD = Source("2023", "ns", "old")
NEW = Source("2024", "ns", "new")
FAR = Source("2024", "far", "away")
WEB = "web.example.org."


def bid(source, rrtype="A", *values, name=WEB, ttl=60, ident="", **properties):
    values = values or {"A": ["192.0.2.1"], "AAAA": ["2001:db8::1"]}.get(rrtype, ["x"])
    made = rrset(name, rrtype, ttl, values, set_identifier=ident, properties=properties)
    return Bid(source, EndpointKey(name, rrtype, ident), name, made)


def bad(source, rrtype="A"):
    problem = Problem(Reason.INVALID_NAME, "bad")
    return Bid(source, EndpointKey(WEB, rrtype), WEB, problem=problem)


def decided(bids, *, holder=None, rules=RULES):
    outcome = contest(bids, holder=holder, rules=rules)
    sets = {want.rrset.type: want.rrset.values for want in outcome.wants}
    resources = {want.resource for want in outcome.wants}
    losers = {ref.source: problem for ref, problem in outcome.problems.items()}
    return sets, resources, losers


@pytest.mark.parametrize(
    ("reason", "bids", "holder", "winner", "losers"),
    [
        ("Alone.", [bid(OLD)], None, OLD, set()),
        ("The older wins.", [bid(FAR), bid(OLD)], None, OLD, {FAR}),
        ("Unless the other has it.", [bid(FAR), bid(OLD)], FAR.resource, FAR, {OLD}),
        (
            "Who has it but does not want it has no say.",
            [bid(FAR), bid(OLD)],
            "crd/x/y",
            OLD,
            {FAR},
        ),
        ("One namespace may share.", [bid(OLD), bid(NEW)], None, OLD, set()),
        ("With another TTL not.", [bid(OLD), bid(NEW, ttl=61)], None, OLD, {NEW}),
        ("With another type not.", [bid(OLD), bid(NEW, "TXT")], None, OLD, {NEW}),
        ("A and AAAA are one.", [bid(OLD), bid(NEW, "AAAA", ttl=61)], None, OLD, set()),
        (
            "With sets not either.",
            [bid(OLD), bid(NEW, ident="a", weight="1")],
            None,
            OLD,
            {NEW},
        ),
        (
            "The same weights may be wanted twice.",
            [bid(OLD, ident="a", weight="1"), bid(NEW, ident="a", weight="1")],
            None,
            OLD,
            set(),
        ),
        (
            "Others not.",
            [bid(OLD, ident="a", weight="1"), bid(NEW, ident="a", weight="2")],
            None,
            OLD,
            {NEW},
        ),
        (
            "Nor weights and places.",
            [bid(OLD, ident="a", weight="1"), bid(NEW, ident="b", geo="EU")],
            None,
            OLD,
            {NEW},
        ),
        (
            "A cluster that only one of them has is no difference.",
            [bid(OLD, ident="a", weight="1"), bid(NEW, ident="b", weight="2")],
            None,
            OLD,
            set(),
        ),
        (
            "Nor is whose turn it is.",
            [bid(OLD, ident="a", tier="0"), bid(NEW, ident="a", tier="1")],
            None,
            OLD,
            set(),
        ),
        (
            "The same alias may be wanted twice.",
            [bid(OLD, "CNAME", "a."), bid(NEW, "CNAME", "a.")],
            None,
            OLD,
            set(),
        ),
        ("Two aliases not.", [bid(OLD, "CNAME", "a."), bid(NEW, "CNAME", "b.")], None, OLD, {NEW}),
        ("Nobody is there for a bid that is none.", [bad(FAR), bid(OLD)], None, OLD, {FAR}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_contest(reason, bids, holder, winner, losers):
    _, resources, lost = decided(bids, holder=holder)
    assert resources == {winner.resource}, reason
    assert set(lost) == losers


def test_those_who_share_pool_their_targets():
    bids = [bid(OLD, "A", "192.0.2.1", "192.0.2.2"), bid(NEW, "A", "192.0.2.3"), bid(NEW, "AAAA")]
    sets, _, lost = decided(bids)
    assert sets == {"A": ("192.0.2.1", "192.0.2.2", "192.0.2.3"), "AAAA": ("2001:db8::1",)}
    assert not lost


def test_the_loser_is_told_of_the_winner():
    _, _, lost = decided([bid(FAR), bid(OLD)])
    assert lost[FAR] == Problem(
        Reason.CONFLICT,
        "web.example.org. belongs to DNSEndpoint ns/old, of another namespace; it keeps the name",
    )


def routed(*bids, rules=NATIVE):
    outcome = contest(bids, holder=None, rules=rules)
    return {
        (want.rrset.set_identifier, *dict(want.rrset.properties).items()): want.rrset.values
        for want in outcome.wants
    }, outcome


EU = bid(OLD, "A", "192.0.2.1", ident="eu", weight="1")
US = bid(OLD, "A", "192.0.2.2", ident="us", weight="2")


def test_sets_are_handed_over_as_they_are_where_the_provider_chooses():
    sets, outcome = routed(EU, US)
    assert sets == {
        ("eu", ("weight", "1")): ("192.0.2.1",),
        ("us", ("weight", "2")): ("192.0.2.2",),
    }
    assert outcome.route == Route("Weighted", native=True)


def test_else_they_become_one():
    sets, outcome = routed(EU, US, rules=RULES)
    assert sets == {("",): ("192.0.2.1", "192.0.2.2")}
    assert outcome.route == Route("Weighted", instead="all targets in every answer")


def test_those_who_share_sets_pool_them_too():
    other = bid(NEW, "A", "192.0.2.3", ident="eu", weight="1")
    sets, _ = routed(EU, US, other)
    assert sets["eu", ("weight", "1")] == ("192.0.2.1", "192.0.2.3")


def test_a_tier_that_is_the_answer_for_one_stands_by_for_the_other_that_has_an_earlier():
    mine = [
        bid(OLD, "A", "192.0.2.1", ident="tier-0", tier="0"),
        bid(OLD, "A", "192.0.2.2", ident="tier-1", tier="1"),
    ]
    sets, _ = routed(*mine, bid(NEW, "A", "192.0.2.3", ident="tier-1", tier="0"))
    assert sets == {
        ("tier-0", ("tier", "0")): ("192.0.2.1",),
        ("tier-1", ("tier", "1")): ("192.0.2.2", "192.0.2.3"),
    }


@pytest.mark.parametrize(
    ("reason", "strange"),
    [
        ("A plain set and others.", [US]),
        ("Also of the other family.", [bid(OLD, "AAAA", ident="us", weight="2")]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_object_whose_sets_do_not_fit_together_has_the_plain_ones(reason, strange):
    sets, outcome = routed(bid(OLD), *strange)
    assert sets == {("",): ("192.0.2.1",)}, reason
    assert {problem.reason for problem in outcome.problems.values()} == {Reason.CONFLICT}
    assert "not chosen in the same way" in next(iter(outcome.problems.values())).message


def test_a_text_beside_routed_addresses_is_another_matter():
    text = bid(OLD, "TXT", '"x"')
    sets, outcome = routed(EU, text)
    assert set(sets) == {("",), ("eu", ("weight", "1"))}
    assert not outcome.problems


@pytest.mark.parametrize(
    ("reason", "rules", "more", "says"),
    [
        ("A weight says when.", RULES, {"weight": "1"}, None),
        ("Nothing does.", RULES, {}, "eu: routing says nothing of when it is the answer"),
        ("What others know does not.", NATIVE, {"aws/weight": "1"}, "does not know aws/weight"),
        (
            "It does for whom knows it.",
            Rules(TYPES, skills=Skills(spell=list)),
            {"aws/x": "1"},
            None,
        ),
        (
            "Who knows it but cannot do it says why.",
            Rules(TYPES, skills=Skills(spell=lambda sets: ["no such weight" for _ in sets])),
            {"aws/weight": "x"},
            "no such weight",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_set_identifier_alone_is_no_routing(reason, rules, more, says):
    problem = rules.problem(bid(OLD, ident="eu", **more))
    assert (problem is None) == (says is None), reason
    if problem is not None:
        assert problem.reason is Reason.REFUSED
        assert says in problem.message


APEX = "example.org."
AT_APEX = Rules(TYPES, apex=APEX)
FOLLOWING = Rules(TYPES, skills=Skills(aliases=True), apex=APEX)


@pytest.mark.parametrize(
    ("reason", "rules", "said", "good"),
    [
        ("No CNAME.", AT_APEX, {}, False),
        ("Nor one that nobody follows.", AT_APEX, {"alias": "true"}, False),
        ("One that is followed.", FOLLOWING, {"alias": "true"}, True),
        ("Not otherwise.", FOLLOWING, {"alias": "false"}, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_cnames_where_a_zone_begins(reason, rules, said, good):
    assert (rules.problem(bid(OLD, "CNAME", "b.", name=APEX, **said)) is None) is good, reason


def test_what_is_followed_stands_beside_all_but_addresses():
    alias, text = bid(OLD, "CNAME", "b.", alias="true"), bid(OLD, "TXT", '"x"')
    outcome = contest([alias, text], holder=None, rules=NATIVE)
    assert {want.rrset.type for want in outcome.wants} == {"CNAME", "TXT"}
    assert {w.rrset.type for w in contest([alias, bid(OLD)], holder=None, rules=NATIVE).wants} == {
        "A"
    }
    assert {w.rrset.type for w in contest([alias, text], holder=None, rules=RULES).wants} == {"TXT"}


def test_an_object_with_addresses_and_an_alias_keeps_the_addresses():
    alias = bid(OLD, "CNAME", "b.")
    outcome = contest([alias, bid(OLD)], holder=None, rules=RULES)
    assert [want.rrset.type for want in outcome.wants] == ["A"]
    assert outcome.problems[Ref(OLD, alias.key)].reason is Reason.CONFLICT


@pytest.mark.parametrize(
    ("reason", "bids", "holder", "keep"),
    [
        ("Its holder wants it still, but cannot say how.", [bad(OLD)], OLD.resource, True),
        ("Part of it.", [bad(OLD, "AAAA"), bid(OLD)], OLD.resource, True),
        ("Others cannot keep it alive so.", [bad(FAR)], OLD.resource, False),
        ("All is well.", [bid(OLD)], OLD.resource, False),
        ("Nobody holds it.", [bad(OLD)], None, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_keeping_what_is_there(reason, bids, holder, keep):
    assert contest(bids, holder=holder, rules=RULES).keep is keep, reason


@pytest.mark.parametrize(
    ("reason", "rrtype", "value", "local", "want"),
    [
        ("Public.", "A", "192.0.2.1", False, None),
        ("Private is fine.", "A", "10.0.0.1", False, None),
        ("Loopback is not.", "A", "127.0.0.1", False, Reason.FORBIDDEN),
        ("Unless allowed.", "A", "127.0.0.1", True, None),
        ("Metadata is not.", "AAAA", "fd00:ec2::254", False, Reason.FORBIDDEN),
        ("Nor a name for it.", "CNAME", "localhost.", False, Reason.FORBIDDEN),
        ("A text is a text.", "TXT", '"127.0.0.1"', False, None),
        ("A type that cannot be written.", "MX", "10 m.example.", True, Reason.REFUSED),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_rules(reason, rrtype, value, local, want):
    problem = Rules(RULES.types, local).problem(bid(OLD, rrtype, value))
    assert (problem.reason if problem else None) is want, reason


@pytest.mark.parametrize(
    ("reason", "addresses", "want"),
    [
        ("All.", Addresses.ANY, {"A": ("10.0.0.1", "192.0.2.1"), "AAAA": ("fd00::1",)}),
        ("Those for the world.", Addresses.PUBLIC, {"A": ("192.0.2.1",)}),
        ("Those for inside.", Addresses.PRIVATE, {"A": ("10.0.0.1",), "AAAA": ("fd00::1",)}),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_addresses_that_belong_to_a_provider(reason, addresses, want):
    bids = [bid(OLD, "A", "10.0.0.1", "192.0.2.1"), bid(OLD, "AAAA", "fd00::1")]
    sets, _, lost = decided(bids, rules=Rules(RULES.types, addresses=addresses))
    assert sets == want, reason
    assert not lost
