import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefed_dns.api.endpoints import EndpointKey
from kubefed_dns.decide.bids import Bid, Source
from kubefed_dns.decide.ownership import Naming
from kubefed_dns.decide.reasons import Problem, Reason
from kubefed_dns.decide.rivals import neighbours, rival
from kubefed_dns.records import rrset

OLD = Source("2023", "ns", "old")
NEW = Source("2024", "ns", "new")
FAR = Source("2024", "far", "away")


def bid(source, rrtype="A", value=None, *, name="web.example.org."):
    made = rrset(name, rrtype, 60, [value or {"A": "192.0.2.1"}.get(rrtype, "x")])
    return Bid(source, EndpointKey(name, rrtype), name, made)


def bad(source):
    problem = Problem(Reason.INVALID_NAME, "bad")
    return Bid(source, EndpointKey("bad.example.org.", "A"), "bad.example.org.", problem=problem)


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
