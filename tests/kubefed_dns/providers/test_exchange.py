from dataclasses import replace

import pytest

from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import exchange
from kubefed_dns.providers.exchange import Exchange
from kubefed_dns.records import Create, Delete, Group, RRset, Update, rrset

ZONE = "example.org."
TYPES = frozenset({"A", "CNAME", "NS", "TXT"})
ONE, TWO = (rrset("www.example.org.", "A", 300, [value]) for value in ("192.0.2.1", "192.0.2.2"))
ALIAS = rrset("www.example.org.", "CNAME", 300, ["target.example."])


@pytest.mark.parametrize(
    ("reason", "changes", "remove", "add"),
    [
        ("A creation puts.", [Create(ONE)], [], [ONE]),
        ("An update does both.", [Update(ONE, TWO)], [ONE], [TWO]),
        ("A deletion takes away.", [Delete(ONE)], [ONE], []),
        ("What stays is compared.", [Update(ONE, ONE)], [ONE], [ONE]),
        ("Steps come together.", [Delete(ONE), Create(TWO)], [ONE], [TWO]),
        ("What comes and goes is nothing.", [Create(ONE), Delete(ONE)], [], []),
        ("An update can change the type.", [Update(ONE, ALIAS)], [ONE], [ALIAS]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_group_is_what_it_takes_away_and_what_it_puts(reason, changes, remove, add):
    group = Group(ONE.name, tuple(changes))
    found = exchange.exchange(group, ZONE, TYPES)
    assert found == Exchange(group, tuple(remove), tuple(add)), reason
    assert found.names == {each.name for each in (*remove, *add)}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ([Create(ONE), Create(TWO)], "contradicts itself"),
        ([Create(rrset("www.example.com.", "A", 1, ["192.0.2.1"]))], "not in zone"),
        ([Create(rrset("www.example.org.", "MX", 1, ["1 mail.example."]))], "this type"),
        ([Create(rrset(ZONE, "NS", 1, ["ns.example."]))], "this type"),
        ([Create(RRset(ONE.name, "A", 1, ()))], "no values"),
        ([Create(RRset(ONE.name, "A", -1, ONE.values))], "the TTL -1"),
        ([Create(rrset(ZONE, "CNAME", 1, ["target.example."]))], "apex"),
        ([Create(ALIAS), Create(ONE)], "beside an alias"),
        ([Create(rrset(ONE.name, "CNAME", 1, ["a.example.", "b.example."]))], "one target"),
    ],
)
def test_what_no_zone_can_take_is_refused(changes, why):
    with pytest.raises(InvalidName, match=why):
        exchange.exchange(Group(ONE.name, tuple(changes)), ZONE, TYPES)


FOLLOWED = rrset(ONE.name, "CNAME", 300, ["lb.example."], properties={"alias": "true"})
APEX = rrset(ZONE, "CNAME", 300, ["lb.example."], properties={"alias": "true"})
TEXT = rrset(ONE.name, "TXT", 300, ['"x"'])


@pytest.mark.parametrize(
    ("reason", "sets", "why"),
    [
        ("At the apex.", [APEX], None),
        ("Beside a text.", [FOLLOWED, TEXT], None),
        ("Not beside an address.", [FOLLOWED, ONE], "beside an alias"),
        ("Nor beside another CNAME.", [FOLLOWED, replace(ALIAS, set_identifier="x")], "beside"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_aliases_that_the_backend_follows(reason, sets, why):
    group = Group(ONE.name, tuple(map(Create, sets)))
    if why is None:
        assert exchange.exchange(group, ZONE, TYPES).add == tuple(sets), reason
    else:
        with pytest.raises(InvalidName, match=why):
            exchange.exchange(group, ZONE, TYPES)


def test_the_refused_are_told_from_the_rest():
    good, bad = Group("good", (Create(ONE),)), Group("bad", (Create(ONE), Create(ALIAS)))
    ready, refusals = exchange.prepare([bad, good], ZONE, TYPES)
    assert [item.group for item in ready] == [good]
    assert [(each.group, each.lost) for each in refusals] == [(bad, False)]


def test_requests_end_where_a_name_comes_again():
    items = [
        Exchange(Group("", ()), (), (rrset(f"{name}.example.org.", "A", 1, ["192.0.2.1"]),))
        for name in ("a", "b", "c", "b", "d")
    ]
    assert exchange.apart(items) == 3
    assert exchange.apart(items[:2]) == 2
