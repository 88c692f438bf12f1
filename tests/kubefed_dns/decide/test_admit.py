import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefed_dns.api.endpoints import EndpointKey, Routing
from kubefed_dns.api.providers import Addresses
from kubefed_dns.decide.admit import Ref, Rules, contest, neighbours, rival
from kubefed_dns.decide.bids import Bid, Source
from kubefed_dns.decide.ownership import Naming
from kubefed_dns.decide.reasons import Problem, Reason
from kubefed_dns.records import rrset

RULES = Rules(frozenset({"A", "AAAA", "CNAME", "TXT"}))
OLD = Source("2023", "ns", "old")
NEW = Source("2024", "ns", "new")
FAR = Source("2024", "far", "away")
WEB = "web.example.org."


def bid(source, rrtype="A", *values, name=WEB, ttl=60, ident="", routing=None):
    values = values or {"A": ["192.0.2.1"], "AAAA": ["2001:db8::1"]}.get(rrtype, ["x"])
    made = rrset(name, rrtype, ttl, values, set_identifier=ident)
    return Bid(source, EndpointKey(name, rrtype, ident), name, made, routing)


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
            "With another routing not.",
            [bid(OLD), bid(NEW, routing=Routing(weight=1))],
            None,
            OLD,
            {NEW},
        ),
        (
            "Nor with other identifiers.",
            [bid(OLD, ident="a"), bid(NEW, ident="b")],
            None,
            OLD,
            {NEW},
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


def test_sets_with_identifiers_become_one_plain_set():
    bids = [bid(OLD, "A", "192.0.2.1", ident="eu"), bid(OLD, "A", "192.0.2.2", ident="us")]
    outcome = contest(bids, holder=None, rules=RULES)
    assert [want.rrset for want in outcome.wants] == [
        rrset(WEB, "A", 60, ["192.0.2.1", "192.0.2.2"])
    ]


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


ZONE = {
    "web.example.org.": [bid(OLD)],
    "a-web.example.org.": [bid(NEW, "TXT", name="a-web.example.org.")],
    "a-far.example.org.": [bid(OLD, "CNAME", "x.", name="a-far.example.org.")],
    "far.example.org.": [bid(FAR, name="far.example.org.")],
    "*.example.org.": [bid(OLD, name="*.example.org.")],
    "any.example.org.": [bid(OLD, name="any.example.org.")],
    "a-one.example.org.": [bid(OLD, "TXT", name="a-one.example.org.")],
    "one.example.org.": [bid(OLD, name="one.example.org.")],
    "a-a-web.example.org.": [bid(NEW, "A", name="a-a-web.example.org.")],
    "bad.example.org.": [bad(OLD)],
}
NAMING = Naming("", "", "any")


@pytest.mark.parametrize(
    ("reason", "name", "says"),
    [
        ("The older is not disturbed.", "web.example.org.", None),
        ("The later TXT goes.", "a-web.example.org.", "ownership record belongs of web"),
        ("Or the later data, if that is it.", "far.example.org.", "the name a-far"),
        ("Then the alias stays.", "a-far.example.org.", None),
        ("In one object the data stays.", "one.example.org.", None),
        ("And the TXT goes.", "a-one.example.org.", "belongs of one"),
        ("Two that share one record: one stays.", "*.example.org.", None),
        ("And one goes.", "any.example.org.", "share its ownership record with *"),
        ("Addresses are in nobody's way.", "a-a-web.example.org.", None),
        ("What is no set neither.", "bad.example.org.", None),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_rivals_for_the_place_of_an_ownership_record(reason, name, says):
    problem = rival(name, bids=lambda n: ZONE.get(n, ()), naming=NAMING, holder=lambda _: None)
    assert (problem is None) == (says is None), reason
    if problem is not None:
        assert problem.reason is Reason.CONFLICT
        assert says in problem.message


def test_who_has_the_place_already_stays():
    def holder(name):
        return NEW.resource if name == "a-web.example.org." else None

    assert (
        rival("a-web.example.org.", bids=lambda n: ZONE.get(n, ()), naming=NAMING, holder=holder)
        is None
    )
    assert rival("web.example.org.", bids=lambda n: ZONE.get(n, ()), naming=NAMING, holder=holder)


@given(
    st.dictionaries(
        st.sampled_from(["web", "a-web", "cname-web", "*", "any", "a-*", "a-any", "a-a-web"]).map(
            lambda host: f"{host}.example.org."
        ),
        st.lists(
            st.tuples(st.sampled_from([OLD, NEW, FAR]), st.sampled_from(["A", "CNAME", "TXT"])),
            min_size=1,
            max_size=3,
        ),
    )
)
def test_of_two_rivals_never_both_yield_to_each_other(wanted):
    zone = {
        name: [
            bid(source, rrtype, *(["x."] if rrtype == "CNAME" else ()), name=name)
            for source, rrtype in who
        ]
        for name, who in wanted.items()
    }
    lost = {
        name
        for name in zone
        if rival(name, bids=lambda n: zone.get(n, ()), naming=NAMING, holder=lambda _: None)
    }
    assert not zone or lost < set(zone)


def test_neighbours_are_those_whose_decision_may_change():
    assert neighbours("web.example.org.", {"A"}, Naming()) == {"a-web.example.org."}
    assert neighbours("a-web.example.org.", {"TXT"}, Naming()) == {
        "web.example.org.",
        "txt-a-web.example.org.",
    }
    assert "any.example.org." in neighbours("*.example.org.", {"A"}, NAMING)
    assert neighbours("x" * 63 + ".example.org.", {"A"}, Naming()) == set()
