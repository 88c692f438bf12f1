"""Sets of one name that are one set in Cloud DNS: written, and given back."""

import pytest
from cloud import ZONE, address, at, created, group, writes
from routed_sets import OWNED, PLACED, WEIGHTED, routed, together

from kubefed_dns.records import Create, Delete, Update, rrset

KINDS = (
    ("by weight", WEIGHTED),
    ("by region", PLACED),
    ("not at all, with the same values", OWNED),
    (
        "by weight, and alike",
        (routed("a", weight="1"), routed("b", weight="1"), routed("c", weight="1")),
    ),
    ("by a weight of nothing", (routed("a", weight="0"), routed("b", "192.0.2.2", weight="1"))),
    (
        "by weight, for both families",
        (*WEIGHTED, routed("eu", "2001:db8::1", "AAAA", weight="80")),
    ),
    (
        "by region, as names of others",
        (
            routed("eu", "eu.example.", "CNAME", region="europe-west10"),
            routed("us", "us.example.", "CNAME", region="us-east1"),
        ),
    ),
    ("by weight, at a wildcard", (routed("eu", name="*.apps", weight="1"),)),
    ("by an identifier as long as can be", (routed("x" * 128, weight="1"),)),
)


@pytest.mark.parametrize(("reason", "sets"), KINDS, ids=[reason for reason, _ in KINDS])
def test_sets_are_chosen_among(google, hosted, provider_of, reason, sets):
    provider = provider_of()
    assert provider.spelled(sets) == sets
    assert not provider.write(ZONE, [together(*sets)])
    names = {each.name for each in sets}
    assert set(provider.read(ZONE)) == set(provider.read(ZONE, names)) == set(sets), reason
    again = provider_of()
    assert set(again.read(ZONE, names)) == set(sets), "after a restart, name by name"
    assert set(again.read(ZONE)) == set(sets), "and all at once"
    assert not again.write(ZONE, [group(*map(Delete, sets))])
    assert not again.read(ZONE)
    assert len(hosted.sets) == 2, "no notes are left"


def test_on_the_wire_they_are_one_set_with_a_policy(google, hosted, provider):
    assert not provider.write(ZONE, [together(*WEIGHTED)])
    items = hosted.sets[at("www"), "A"]["routingPolicy"]["wrr"]["items"]
    assert {(item["weight"], *item["rrdatas"]) for item in items} == {
        (80, "192.0.2.1"),
        (20, "192.0.2.2"),
    }
    assert len(writes(google)) == 1


def test_ownership_beside_them_is_plain_text(hosted, provider):
    assert not provider.write(ZONE, [together(*WEIGHTED, *OWNED)])
    assert hosted.sets[at("a-www"), "TXT"]["rrdatas"] == ['"heritage=external-dns"']


def test_sets_come_and_go_one_by_one(google, hosted, provider_of):
    provider, (eu, us) = provider_of(), WEIGHTED
    for step, left in (
        (Create(eu), {eu}),
        (Create(us), {eu, us}),
        (Update(us, routed("us", "192.0.2.9", weight="30")), {eu}),
        (Delete(eu), set()),
    ):
        assert not provider.write(ZONE, [group(step)])
        found = set(provider.read(ZONE))
        assert left <= found
        assert provider.read(ZONE, [at("www")]) == tuple(found) or len(found) > 1
    assert provider.read(ZONE) == (routed("us", "192.0.2.9", weight="30"),)


def test_steps_of_one_name_follow_each_other_in_one_call(google, hosted, provider):
    eu, us = WEIGHTED
    assert not provider.write(ZONE, [*created(eu, us), group(Delete(eu))])
    assert provider.read(ZONE) == (us,)
    assert len(writes(google)) == 3


def test_a_new_process_writes_without_having_read(google, hosted, provider_of):
    provider_of().write(ZONE, [together(*WEIGHTED)])
    assert not provider_of().write(ZONE, [group(Delete(WEIGHTED[0]))])
    assert provider_of().read(ZONE) == (WEIGHTED[1],)


def test_hundreds_of_names_with_sets_are_read_once_and_written_at_once(google, hosted, provider):
    provider.read(ZONE)
    sets = [
        (routed("a", name=f"n{n}", weight="1"), routed("b", "192.0.2.2", name=f"n{n}", weight="1"))
        for n in range(300)
    ]
    google.requests.clear()
    assert not provider.write(ZONE, [together(*pair) for pair in sets])
    assert len(google.requests) == 1
    assert set(provider.read(ZONE)) == {each for pair in sets for each in pair}


def test_a_plain_set_becomes_routed_ones_and_back_in_one_step(google, hosted, provider):
    plain = address("www")
    assert not provider.write(ZONE, created(plain))
    assert not provider.write(ZONE, [group(Delete(plain), *map(Create, WEIGHTED))])
    assert set(provider.read(ZONE)) == set(WEIGHTED)
    assert not provider.write(ZONE, [group(*map(Delete, WEIGHTED), Create(plain))])
    assert provider.read(ZONE) == (plain,)
    assert len(hosted.sets) == 3
    assert len(writes(google)) == 3


def test_weights_become_regions_in_one_step(hosted, provider):
    assert not provider.write(ZONE, [together(*WEIGHTED)])
    assert not provider.write(ZONE, [group(*map(Delete, WEIGHTED), *map(Create, PLACED))])
    assert set(provider.read(ZONE)) == set(PLACED)


def test_what_stands_beside_is_left_as_it_is(hosted, provider):
    beside = [rrset(at("www"), "MX", 60, ["1 mail.example."]), address("a.www")]
    assert not provider.write(ZONE, [*created(*beside), together(*WEIGHTED)])
    assert not provider.write(ZONE, [group(Delete(WEIGHTED[0]))])
    assert set(provider.read(ZONE)) == {*beside, WEIGHTED[1]}


# Who was first.


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("It is there.", [Create(WEIGHTED[0])]),
        ("It is other.", [Delete(routed("eu", weight="81"))]),
        ("It is not there.", [Delete(routed("asia", weight="1"))]),
        ("A plain set cannot stand beside.", [Create(address("www"))]),
        ("Nor one by region.", [Create(PLACED[0])]),
        ("What is to be compared is other.", [Update(*[routed("eu", weight="81")] * 2)]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_as_expected_is_lost(google, hosted, provider_of, reason, changes):
    provider_of().write(ZONE, [together(*WEIGHTED)])
    provider = provider_of()
    for _ in ("unread", "read"):
        (refusal,) = provider.write(ZONE, [group(*changes)])
        assert refusal.lost, reason
        assert set(provider.read(ZONE)) == set(WEIGHTED)


def test_of_two_writers_one_wins(google, hosted, provider_of):
    one, two, (eu, us) = provider_of(), provider_of(), WEIGHTED
    for provider in (one, two):
        provider.read(ZONE)
    assert not one.write(ZONE, created(eu))
    (refusal,) = two.write(ZONE, created(us))
    assert refusal.lost
    assert not two.write(ZONE, created(us)), "it has looked again"
    assert set(one.read(ZONE)) == {eu, us}
    assert not one.write(ZONE, [group(Delete(eu))])
    (refusal,) = two.write(ZONE, [group(Update(us, routed("us", weight="1")))])
    assert refusal.lost


def test_beside_a_plain_set_none_with_an_identifier_is_created(hosted, provider):
    assert not provider.write(ZONE, created(address("www")))
    (refusal,) = provider.write(ZONE, created(WEIGHTED[0]))
    assert refusal.lost
    assert provider.read(ZONE) == (address("www"),)


def test_what_no_zone_can_hold_is_refused_for_good(google, hosted, provider):
    for mixed in ((WEIGHTED[0], address("www")), (WEIGHTED[0], PLACED[1])):
        (refusal,) = provider.write(ZONE, [together(*mixed)])
        assert not refusal.lost
    assert not provider.read(ZONE)
