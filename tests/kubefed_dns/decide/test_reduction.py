import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefed_dns.decide.reduction import Route, Skills, fitted
from kubefed_dns.records import ROUTING, rrset

NAME = "web.example.org."
NONE, ALL = Skills(), Skills(ROUTING, aliases=True)


def one(identifier, *values, rrtype="A", ttl=60, **said):
    return rrset(NAME, rrtype, ttl, values, set_identifier=identifier, properties=said)


def shown(sets, skills=NONE):
    made, route = fitted(sets, skills)
    return {
        (each.type, each.set_identifier, *dict(each.properties).values()): each.values
        for each in made
    }, route


EU, US, AP = "192.0.2.1", "192.0.2.2", "192.0.2.3"
V6 = "2001:db8::1"
EVERY = "all targets in every answer"


@pytest.mark.parametrize(
    ("reason", "sets", "want", "route"),
    [
        ("A plain set is one.", [one("", EU)], {("A", ""): (EU,)}, None),
        (
            "Weights: all targets.",
            [one("eu", EU, weight="1"), one("us", US, weight="9")],
            {("A", ""): (EU, US)},
            Route("Weighted", instead=EVERY),
        ),
        (
            "But for those that get nothing.",
            [one("eu", EU, weight="0"), one("us", US, weight="9"), one("ap", AP, weight="1")],
            {("A", ""): (US, AP)},
            Route("Weighted", instead="all targets with a weight above 0 in every answer"),
        ),
        (
            "In neither family.",
            [one("eu", V6, rrtype="AAAA", weight="0"), one("us", US, weight="9")],
            {("A", ""): (US,)},
            Route("Weighted", instead="all targets with a weight above 0 in every answer"),
        ),
        (
            "Unless that is all.",
            [one("eu", EU, weight="0"), one("us", US, weight="0")],
            {("A", ""): (EU, US)},
            Route("Weighted", instead=EVERY),
        ),
        (
            "Places: all targets.",
            [one("EU", EU, geo="EU"), one("*", US, geo="*")],
            {("A", ""): (EU, US)},
            Route("Geo", instead=EVERY),
        ),
        (
            "Regions: all targets.",
            [one("eu", EU, region="eu"), one("us", US, region="us")],
            {("A", ""): (EU, US)},
            Route("Latency", instead=EVERY),
        ),
        (
            "Tiers: the answer, and nothing is lost.",
            [one("a", EU, tier="3"), one("b", US, tier="2"), one("c", AP, tier="2")],
            {("A", ""): (US, AP)},
            Route("Failover"),
        ),
        (
            "Of both families together.",
            [one("a", EU, tier="0"), one("b", V6, rrtype="AAAA", tier="1")],
            {("A", ""): (EU,)},
            Route("Failover"),
        ),
        (
            "Of CNAMEs there can be one: the heaviest.",
            [
                one("a", "a.", rrtype="CNAME", weight="1"),
                one("b", "b.", rrtype="CNAME", weight="2"),
            ],
            {("CNAME", ""): ("b.",)},
            Route("Weighted", instead="only b. in every answer, since a CNAME has one target"),
        ),
        (
            "Or that for the rest.",
            [one("*", "a.", rrtype="CNAME", geo="*"), one("EU", "b.", rrtype="CNAME", geo="EU")],
            {("CNAME", ""): ("a.",)},
            Route("Geo", instead="only a. in every answer, since a CNAME has one target"),
        ),
        (
            "Of a fail-over it is the answer's.",
            [one("a", "a.", rrtype="CNAME", tier="0"), one("b", "b.", rrtype="CNAME", tier="1")],
            {("CNAME", ""): ("a.",)},
            Route("Failover"),
        ),
        (
            "What others know is left out.",
            [one("", EU, **{"aws/x": "1"})],
            {("A", ""): (EU,)},
            None,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_plain_set(reason, sets, want, route):
    assert shown(sets) == (want, route), reason


@pytest.mark.parametrize(
    ("reason", "sets", "want"),
    [
        (
            "Each set as it is.",
            [one("eu", EU, weight="0"), one("us", US, weight="9")],
            {("A", "eu", "0"): (EU,), ("A", "us", "9"): (US,)},
        ),
        (
            "Tiers count from 0, and the third waits for its turn to come.",
            [one("a", EU, tier="7"), one("b", US, tier="3"), one("c", AP, tier="9")],
            {("A", "b", "0"): (US,), ("A", "a", "1"): (EU,)},
        ),
        (
            "Clusters of one region are one set.",
            [one("eu2", US, region="eu", ttl=30), one("eu1", EU, region="eu")],
            {("A", "eu1", "eu"): (EU, US)},
        ),
        (
            "Those of one tier too.",
            [one("a", EU, tier="0"), one("b", US, tier="0")],
            {("A", "a", "0"): (EU, US)},
        ),
        (
            "Equal weights are not one.",
            [one("a", EU, weight="1"), one("b", US, weight="1")],
            {("A", "a", "1"): (EU,), ("A", "b", "1"): (US,)},
        ),
        (
            "An alias stays one.",
            [one("a", "lb.", rrtype="CNAME", alias="true", weight="1")],
            {("CNAME", "a", "true", "1"): ("lb.",)},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sets_that_the_provider_chooses_among(reason, sets, want):
    made, route = shown(sets, ALL)
    assert made == want, reason
    assert route.native
    assert not route.instead


def test_a_provider_that_chooses_by_something_else_gets_one_set():
    some = Skills(frozenset({"geo"}))
    assert shown([one("eu", EU, weight="1")], some)[1] == Route("Weighted", instead=EVERY)


def spells(sets):
    """Says weights in words of its own, and cannot do one."""
    return ["no weight 7 here" if ("weight", "7") in made.properties else made for made in sets]


def test_what_the_provider_cannot_choose_is_one_set_and_says_why():
    picky = Skills(ROUTING, spell=spells)
    assert shown([one("eu", EU, weight="6"), one("us", US, weight="1")], picky)[1].native
    made, route = shown([one("eu", EU, weight="7"), one("us", US, weight="1")], picky)
    assert made == {("A", ""): (EU, US)}
    assert route == Route("Weighted", instead=EVERY, why="no weight 7 here")


def test_sets_in_the_words_of_the_provider():
    def spell(sets):
        return [one(made.set_identifier, *made.values, weight="3") for made in sets]

    sets = [one("eu", EU, **{"aws/weight": "3"})]
    assert shown(sets, Skills(ROUTING, spell=spell)) == (
        {("A", "eu", "3"): (EU,)},
        Route("Weighted", native=True),
    )
    assert shown([one("eu", EU)], Skills(spell=list))[1] == Route("", native=True)


SAID = st.one_of(
    st.builds(lambda n: {"weight": str(n)}, st.integers(0, 2)),
    st.builds(lambda n: {"tier": str(n)}, st.integers(0, 3)),
    st.builds(lambda code: {"geo": code}, st.sampled_from(["EU", "*"])),
)
SETS = st.lists(
    st.builds(
        lambda n, value, said: one(f"s{n}", value, rrtype="AAAA" if ":" in value else "A", **said),
        st.integers(0, 3),
        st.sampled_from([EU, US, V6]),
        SAID,
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda made: made.key,
)


@given(SETS, st.frozensets(st.sampled_from(sorted(ROUTING))), st.randoms())
def test_there_is_always_an_answer_and_the_order_makes_no_difference(sets, words, chance):
    made, route = fitted(sets, Skills(words))
    assert made
    assert all(each.values for each in made)
    assert len({each.key for each in made}) == len(made)
    assert len({bool(each.set_identifier) for each in made}) == 1
    assert route.native == bool(made[0].set_identifier)
    turned = sorted(sets)
    chance.shuffle(turned)
    assert sorted(fitted(turned, Skills(words))[0]) == sorted(made)
