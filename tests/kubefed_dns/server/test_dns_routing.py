"""Which of several sets is the answer, as a decision on values."""

import random
from collections import Counter

import pytest

from kubefed_dns.errors import InvalidName
from kubefed_dns.records import rrset
from kubefed_dns.server import routing
from kubefed_dns.server.data import encode
from kubefed_dns.server.node import Node
from kubefed_dns.server.routing import Dice, Rule

A, CNAME, TXT, AAAA = 1, 5, 16, 28
VALUES = {A: "192.0.2.{}", AAAA: "2001:db8::{}", CNAME: "t{}.example.net", TXT: '"{}"'}
NAMES = {A: "A", AAAA: "AAAA", CNAME: "CNAME", TXT: "TXT"}


def made(identifier, number, *types, ttl=60, **properties):
    """A set of each type with one value, which ends in a number."""
    said = {key: str(value) for key, value in properties.items()}
    return [
        rrset(
            "www.example.com",
            NAMES[each],
            ttl,
            [VALUES[each].format(number)],
            set_identifier=identifier,
            properties=said,
        )
        for each in types or (A,)
    ]


def options(*sets):
    found = [each for some in sets for each in some]
    return routing.options((each, encode(each)) for each in found)


def identifiers(chosen):
    return "".join(option.rule.identifier for option in chosen)


def chosen(given, rdtype, *places, chance=0.0):
    dice = Dice(lambda: chance)

    def pick(some):
        return dice.roll(routing.foremost(routing.nearest(some, places)))

    return identifiers(routing.fitting(given.get(rdtype, ()), rdtype, pick))


EVERY = (A, AAAA)
WEIGHTED = options(made("e", 1, *EVERY, weight=80), made("u", 2, *EVERY, weight=20))
TIERS = options(made("e", 1, A, tier=3), made("u", 2, *EVERY, tier=5), made("x", 3, A, tier=3))
GEO = options(
    made("c", 1, geo="US-CA"),
    made("d", 2, geo="DE"),
    made("e", 3, geo="EU"),
    made("z", 4, *EVERY, geo="*"),
)
NO_REST = options(made("e", 1, geo="EU"))
MIXED = options(
    made("e", 1, geo="EU", weight=1),
    made("f", 2, geo="EU", weight=1),
    made("g", 3, geo="EU", weight=1, tier=1),
    made("z", 4, weight=1),
)
V6_ONLY = options(made("e", 1, AAAA, weight=80), made("u", 2, *EVERY, weight=20))
V4_ONLY = options(made("e", 1, A, weight=80), made("u", 2, *EVERY, weight=20))
PLAIN = options(made("a", 1), made("b", 2))


@pytest.mark.parametrize(
    ("reason", "given", "rdtype", "places", "chance", "want"),
    [
        ("The first share is the first's.", WEIGHTED, A, [], 0.0, "e"),
        ("To its end.", WEIGHTED, A, [], 0.799, "e"),
        ("What is left is the other's.", WEIGHTED, A, [], 0.801, "u"),
        ("To the end of all.", WEIGHTED, A, [], 0.9999, "u"),
        ("The lowest tier answers, with all that it has.", TIERS, A, [], 0.0, "ex"),
        ("Its lack of IPv6 sends nobody to those who stand by.", TIERS, AAAA, [], 0.0, ""),
        ("The subdivision comes first.", GEO, A, ["US-CA", "US", "NA"], 0.0, "c"),
        ("Then the country.", GEO, A, ["DE-BE", "DE", "EU"], 0.0, "d"),
        ("Then the continent.", GEO, A, ["FR", "EU"], 0.0, "e"),
        ("Everybody else gets the rest.", GEO, A, ["US-NY", "US", "NA"], 0.0, "z"),
        ("So does who is nowhere.", GEO, A, [], 0.0, "z"),
        ("Who is sent near has no IPv6 far away.", GEO, AAAA, ["FR", "EU"], 0.0, ""),
        ("Without a rest there is nothing for the rest.", NO_REST, A, ["US", "NA"], 0.0, ""),
        ("A place, then its tier, then its weights.", MIXED, A, ["EU"], 0.4, "e"),
        ("And the other half.", MIXED, A, ["EU"], 0.6, "f"),
        ("Without weights all that fit are the answer.", PLAIN, A, [], 0.0, "ab"),
        ("Who has IPv4 only gets a set that has it.", V6_ONLY, A, [], 0.0, "u"),
        ("And one that has both gets what was drawn.", V6_ONLY, AAAA, [], 0.0, "e"),
        ("Drawn without IPv6, there is none.", V4_ONLY, AAAA, [], 0.0, ""),
        ("Drawn with it, there is.", V4_ONLY, AAAA, [], 0.9, "u"),
        ("A type that no set has.", V4_ONLY, TXT, [], 0.0, ""),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_choice(reason, given, rdtype, places, chance, want):
    assert chosen(given, rdtype, *places, chance=chance) == want, reason


@pytest.mark.parametrize(
    ("reason", "weights", "want"),
    [
        ("Shares are as the weights.", {"a": 80, "b": 20}, {"a": 0.8, "b": 0.2}),
        ("0 gets nothing.", {"a": 1, "b": 0, "c": 1}, {"a": 0.5, "c": 0.5}),
        ("Unless all are 0.", {"a": 0, "b": 0}, {"a": 0.5, "b": 0.5}),
        ("The greatest weight.", {"a": 255, "b": 0}, {"a": 1.0}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_draws(reason, weights, want):
    given = options(*(made(each, 1, weight=weight) for each, weight in weights.items()))[A]
    dice, count = Dice(random.Random(1).random), 4000
    found = Counter(identifiers(dice.roll(given)) for _ in range(count))
    assert found.keys() == want.keys(), reason
    assert all(abs(found[each] / count - share) < 0.03 for each, share in want.items()), reason


def test_a_set_without_weight_beside_weights_counts_as_one():
    given = options(made("a", 1, weight=1), made("b", 2))[A]
    assert [identifiers((routing.drawn(given, chance),)) for chance in (0.49, 0.51)] == ["a", "b"]


def roll(dice, given, rdtype, *, asker="192.0.2.1", name=b"www"):
    return identifiers(dice.roll_for(given[rdtype], rdtype=rdtype, asker=asker, name=name))


def test_both_kinds_of_address_are_those_of_one_draw():
    dice, pairs = Dice(random.Random(2).random), Counter()
    for _ in range(2000):
        first, second = random.Random(_).choice([(A, AAAA), (AAAA, A)])
        drawn = roll(dice, WEIGHTED, first)
        assert roll(dice, WEIGHTED, second) == drawn
        pairs[drawn] += 1
    assert abs(pairs["e"] / 2000 - 0.8) < 0.03


def test_a_draw_is_for_one_asker_one_name_and_one_more_question():
    chances = iter([0.0, 0.9, 0.9, 0.9, 0.0])
    dice = Dice(lambda: next(chances))
    assert roll(dice, WEIGHTED, A) == "e"
    assert roll(dice, WEIGHTED, AAAA, asker="192.0.2.2") == "u"
    assert roll(dice, WEIGHTED, AAAA, name=b"other") == "u"
    assert roll(dice, WEIGHTED, A) == "u", "the same type again is drawn again"
    assert roll(dice, WEIGHTED, AAAA) == "u"
    assert roll(dice, WEIGHTED, AAAA) == "e", "and a draw is used once"


def test_a_draw_from_sets_that_are_no_more_is_forgotten():
    chances = iter([0.9, 0.0])
    dice = Dice(lambda: next(chances))
    again = options(made("e", 1, *EVERY, weight=80), made("u", 2, *EVERY, weight=20))
    assert roll(dice, WEIGHTED, A) == "u"
    assert roll(dice, again, AAAA) == "e"


def test_sets_of_one_identifier_but_other_rules_are_not_taken_for_one():
    given = options(made("e", 1, A, weight=1), made("e", 1, AAAA, weight=2))
    assert {option.rule for option in given[A]} == {Rule("e", weight=1), Rule("e", weight=2)}
    assert given[A] == given[AAAA]


@pytest.mark.parametrize(
    ("reason", "sets", "want"),
    [
        (
            "All with a weight are one set, with the least TTL.",
            [made("a", 1, weight=1), made("b", 2, ttl=30, weight=9), made("c", 3, weight=0)],
            {A: (30, [1, 2])},
        ),
        (
            "Where all get nothing, all are there.",
            [made("a", 1, weight=0), made("b", 2, weight=0)], {A: (60, [1, 2])},
        ),
        (
            "Who stands by is not there.",
            [made("a", 1, tier=0), made("b", 2, *EVERY, tier=1)], {A: (60, [1])},
        ),
        (
            "All places are there, each with its first tier; the same value once.",
            [
                made("a", 1, geo="EU"), made("b", 2, geo="EU", tier=1),
                made("c", 3, geo="*"), made("d", 1, geo="GB"),
            ],
            {A: (60, [1, 3])},
        ),
        (
            "Both families, each of all.",
            [made("a", 1, *EVERY, weight=1), made("b", 2, AAAA, weight=1)],
            {A: (60, [1]), AAAA: (60, [1, 2])},
        ),
        (
            "IPv4 of who stands by, where the first has IPv6 only.",
            [made("a", 1, AAAA, tier=0), made("b", 2, *EVERY, tier=1)],
            {A: (60, [2]), AAAA: (60, [1])},
        ),
        (
            "An alias has one target: that of the rest.",
            [made("a", 1, CNAME, geo="EU"), made("z", 2, CNAME, geo="*")], {CNAME: (60, [2])},
        ),
        (
            "Of the rest, that of the most weight.",
            [made("a", 1, CNAME, weight=1), made("b", 2, CNAME, weight=7)], {CNAME: (60, [2])},
        ),
        ("Other types alike.", [made("a", 1, TXT), made("b", 2, TXT)], {TXT: (60, [1, 2])}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_who_does_not_choose_gets_one_set(reason, sets, want):
    found = [each for some in sets for each in some]
    records = Node.of({each.key: each for each in found}).records
    expected = {
        rdtype: (
            ttl,
            {
                encode(rrset("x", NAMES[rdtype], 60, [VALUES[rdtype].format(number)])).rdatas[0]
                for number in numbers
            },
        )
        for rdtype, (ttl, numbers) in want.items()
    }
    assert {key: (each.ttl, set(each.rdatas)) for key, each in records.items()} == expected, reason
    assert all(len(set(each.rdatas)) == len(each.rdatas) for each in records.values())


@pytest.mark.parametrize(
    ("reason", "properties", "want"),
    [
        ("Nothing is said.", {}, Rule("e")),
        ("All is said.", {"weight": "7", "tier": "2", "geo": "us-ca"}, Rule("e", "US-CA", 2, 7)),
        ("0 is a weight.", {"weight": "0"}, Rule("e", weight=0)),
        ("What is others' is left to them.", {"aws/evaluate-target-health": "true"}, Rule("e")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rule(reason, properties, want):
    (one,) = made("e", 1, **properties)
    assert routing.rule(one) == want, reason


@pytest.mark.parametrize(
    "properties",
    [{"weight": "256"}, {"weight": "-1"}, {"weight": ""}, {"weight": "٣"}, {"tier": "1.5"},
     {"tier": str(2**31)}, {"geo": ""}, {"geo": "EUR"}, {"geo": "US-"}, {"geo": "US-CALI"}],
)  # fmt: skip
def test_what_is_no_rule(properties):
    (one,) = made("e", 1, **properties)
    with pytest.raises(InvalidName):
        routing.rule(one)
