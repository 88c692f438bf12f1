"""Sets of one name that are one set in Cloud DNS: written, given back, and touched by others."""

import pytest
from cloud import ZONE, address, at, created, group, writes
from strict_google import Fault

from kubefed_dns.records import Create, Delete, Update, rrset

NOTES = f"_kubefed-sets.www.{ZONE}"


def routed(identifier, value="192.0.2.1", kind="A", *, name="www", ttl=300, **said):
    return rrset(at(name), kind, ttl, [value], set_identifier=identifier, properties=said)


def together(*sets):
    return group(*map(Create, sets))


WEIGHTED = routed("eu", weight="80"), routed("us", "192.0.2.2", weight="20")
PLACED = routed("a b", region="europe-west1"), routed("ü", "192.0.2.2", region="us-east1")
OWNED = (
    routed("eu", '"heritage=external-dns"', "TXT", name="a-www"),
    routed("us", '"heritage=external-dns"', "TXT", name="a-www"),
)
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
    for provider in (provider_of(), provider_of()):
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


# Others' hands.


def wrr(zone):
    return zone.sets[at("www"), "A"]["routingPolicy"]["wrr"]["items"]


def test_an_item_that_was_changed_is_known_again(google, hosted, provider_of):
    provider_of().write(ZONE, [together(*WEIGHTED)])
    next(item for item in wrr(hosted) if item["weight"] == 20)["weight"] = 90.5
    provider = provider_of()
    changed = routed("us", "192.0.2.2", weight="90.5")
    assert set(provider.read(ZONE)) == {WEIGHTED[0], changed}
    assert not provider.write(ZONE, [group(Update(changed, WEIGHTED[1]))])
    assert set(provider.read(ZONE)) == set(WEIGHTED)


def test_an_item_of_somebodys_is_a_set_of_its_own_and_stays(google, hosted, provider):
    provider.write(ZONE, [together(*WEIGHTED)])
    wrr(hosted).append({"weight": 7.0, "rrdatas": ["192.0.2.7"]})
    (theirs,) = set(provider.read(ZONE)) - set(WEIGHTED)
    assert theirs.set_identifier.startswith("?")
    assert theirs.values == ("192.0.2.7",)
    assert not provider.write(ZONE, [group(Delete(WEIGHTED[0]))])
    assert set(provider.read(ZONE)) == {WEIGHTED[1], theirs}
    assert not provider.write(ZONE, [group(Delete(WEIGHTED[1]))])
    assert len(wrr(hosted)) == 1


def test_what_somebody_adds_to_an_item_is_seen_and_put_right(google, hosted, provider_of):
    provider = provider_of()
    provider.write(ZONE, [together(*WEIGHTED)])
    targets = {"externalEndpoints": ["192.0.2.1"]}
    next(item for item in wrr(hosted) if item["weight"] == 80)["healthCheckedTargets"] = targets
    (seen,) = set(provider.read(ZONE)) - set(WEIGHTED)
    assert seen.key == WEIGHTED[0].key
    assert not provider.write(ZONE, [group(Delete(WEIGHTED[1]))])
    assert provider.read(ZONE) == (seen,), "of others' sets nothing is lost"
    assert not provider.write(ZONE, [group(Update(seen, WEIGHTED[0]))])
    assert provider.read(ZONE) == provider_of().read(ZONE) == (WEIGHTED[0],)


def test_an_item_that_is_gone_is_gone(google, hosted, provider):
    provider.write(ZONE, [together(*WEIGHTED)])
    wrr(hosted).pop()
    (left,) = provider.read(ZONE)
    assert left in WEIGHTED
    other = next(each for each in WEIGHTED if each != left)
    assert not provider.write(ZONE, created(other))
    assert set(provider.read(ZONE)) == set(WEIGHTED)


def test_notes_that_are_left_behind_are_taken_over(google, hosted, provider_of):
    provider_of().write(ZONE, [together(*WEIGHTED)])
    del hosted.sets[at("www"), "A"]
    provider = provider_of()
    assert not provider.read(ZONE)
    assert not provider.write(ZONE, created(WEIGHTED[0]))
    assert provider.read(ZONE) == (WEIGHTED[0],)


def test_without_notes_a_policy_is_somebodys(google, hosted, provider_of):
    provider_of().write(ZONE, [together(*WEIGHTED)])
    del hosted.sets[NOTES, "TXT"]
    (seen,) = provider_of().read(ZONE)
    assert seen.set_identifier == ""
    (refusal,) = provider_of().write(ZONE, [group(Delete(WEIGHTED[0]))])
    assert refusal.lost


def test_a_policy_of_another_kind_is_shown_as_it_is(google, hosted, provider):
    provider.write(ZONE, [together(*WEIGHTED)])
    targets = {"primaryTargets": {"internalLoadBalancers": [{"ipAddress": "192.0.2.1"}]}}
    hosted.sets[at("www"), "A"]["routingPolicy"] = {"primaryBackup": targets}
    (seen,) = provider.read(ZONE)
    assert seen.set_identifier == ""
    assert "primaryBackup" in seen.values[0]


def test_a_text_at_the_place_of_notes_is_a_text(google, hosted, provider):
    theirs = rrset(NOTES, "TXT", 60, ['"not a note of ours"'])
    assert not provider.write(ZONE, created(theirs))
    assert provider.read(ZONE) == (theirs,)
    (refusal,) = provider.write(ZONE, [together(*WEIGHTED)])
    assert refusal.lost


def test_a_value_that_somebody_adds_to_a_text_is_a_set_of_its_own(google, hosted, provider):
    provider.write(ZONE, [together(*OWNED)])
    hosted.sets[at("a-www"), "TXT"]["rrdatas"].append('"theirs"')
    theirs = rrset(at("a-www"), "TXT", 300, ['"theirs"'])
    assert set(provider.read(ZONE)) == {*OWNED, theirs}
    assert not provider.write(ZONE, [group(*map(Delete, OWNED))])
    assert provider.read(ZONE) == (theirs,)


# What Cloud DNS has not.


REFUSED = (
    ("An AWS region.", {"region": "eu-west-1"}, "KubeFedCluster.spec.region"),
    ("A place.", {"geo": "EU"}, "does not choose by geo"),
    ("A tier.", {"tier": "0"}, "does not choose by tier"),
    ("A weight that is none.", {"weight": "-1"}, "'-1' is no number"),
    ("A weight and a region.", {"weight": "1", "region": "us-east1"}, "not by both"),
)


@pytest.mark.parametrize(("reason", "said", "why"), REFUSED, ids=[reason for reason, *_ in REFUSED])
def test_what_cloud_dns_has_not_is_told_and_not_sent(google, hosted, provider, reason, said, why):
    bad = routed("eu", **said)
    (text,) = provider.spelled([bad])
    assert why in text, reason
    (refusal,) = provider.write(ZONE, created(bad, address("good")))
    assert (refusal.reason, refusal.lost) == (text, False)
    assert provider.read(ZONE) == (address("good"),)


def test_a_region_is_given_once(hosted, provider):
    sets = [routed(each, region="us-east1") for each in ("a", "b")]
    first, text = provider.spelled(sets)
    assert first == sets[0]
    assert "set 'a' is of region us-east1" in text


def test_a_region_that_is_none_is_refused_by_google(google, hosted, provider):
    (refusal,) = provider.write(ZONE, created(routed("a", region="us-moon1")))
    assert "us-moon1" in refusal.reason
    assert not refusal.lost


def test_sets_have_one_ttl_the_least(hosted, provider):
    sets = [routed("a", ttl=60, weight="1"), routed("b", "192.0.2.2", weight="1")]
    (refusal,) = provider.write(ZONE, [together(*sets)])
    assert "one TTL" in refusal.reason
    wanted = provider.spelled(sets)
    assert {each.ttl for each in wanted} == {60}
    assert not provider.write(ZONE, [together(*wanted)])


def test_what_others_know_goes(hosted, provider):
    said = {"aws/health-check-id": "x", "weight": "10.0"}
    (found,) = provider.spelled(
        [rrset(at("www"), "A", 300, ["192.0.2.1"], set_identifier="a", properties=said)]
    )
    assert found.properties == (("weight", "10"),)
    (found,) = provider.spelled([address("www", properties={"alias": "true"})])
    assert found == address("www")


def test_a_type_that_cannot_be_routed_is_told(hosted, provider):
    (text,) = provider.spelled([routed("a", '0 issue "ca.example"', "CAA", weight="1")])
    assert "of this type" in text


def test_a_policy_needs_a_set_identifier(hosted, provider):
    (text,) = provider.spelled([address("www", properties={"weight": "1"})])
    assert "needs a set identifier" in text


def test_a_name_without_room_for_notes_is_told(google, hosted, provider):
    name = ".".join(["x" * 60] * 3 + ["y" * 50])
    long = routed("a", name=name, weight="1")
    (refusal,) = provider.write(ZONE, created(long))
    assert "too long" in refusal.reason
    assert not provider.read(ZONE, [long.name])


def test_one_bad_set_among_many_stands_alone(google, hosted, provider):
    there = routed("a", name="n7", weight="9")
    assert not provider.write(ZONE, created(there))
    sets = [routed("a", name=f"n{n}", weight="1") for n in range(20)]
    google.requests.clear()
    (refusal,) = provider.write(ZONE, created(*sets))
    assert refusal.group == created(sets[7])[0]
    assert refusal.lost
    google.faults.append(Fault(400, "invalid", "Something is wrong", on="POST"))
    assert not provider.write(
        ZONE, created(*(routed("b", name=f"m{n}", weight="1") for n in (1, 2)))
    )
