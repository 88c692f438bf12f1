"""Sets of one name that are one set in Cloud DNS, touched by somebody else."""

from cloud import ZONE, at, created, group
from routed_sets import NOTES, OWNED, WEIGHTED, routed, together

from kubefed_dns.records import Delete, Update, rrset


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
    wrr(hosted).append({"weight": 12345678.0, "rrdatas": ["192.0.2.7"]})
    (theirs,) = set(provider.read(ZONE)) - set(WEIGHTED)
    assert theirs.set_identifier.startswith("?")
    assert theirs.values == ("192.0.2.7",)
    assert theirs.properties == (("weight", "12345678"),)
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


def test_a_value_that_somebody_takes_from_a_text_is_missed(google, hosted, provider):
    sets = (*OWNED, routed("asia", '"other"', "TXT", name="a-www"))
    provider.write(ZONE, [together(*sets)])
    hosted.sets[at("a-www"), "TXT"]["rrdatas"].remove('"other"')
    assert set(provider.read(ZONE)) == set(OWNED)
    assert not provider.write(ZONE, created(sets[2]))
    assert set(provider.read(ZONE)) == set(sets)


def test_a_value_that_somebody_adds_to_a_text_is_a_set_of_its_own(google, hosted, provider):
    provider.write(ZONE, [together(*OWNED)])
    hosted.sets[at("a-www"), "TXT"]["rrdatas"].append('"theirs"')
    theirs = rrset(at("a-www"), "TXT", 300, ['"theirs"'])
    assert set(provider.read(ZONE)) == {*OWNED, theirs}
    assert not provider.write(ZONE, [group(*map(Delete, OWNED))])
    assert provider.read(ZONE) == (theirs,)
