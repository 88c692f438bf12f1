"""What Cloud DNS has not, and in what words it gives back what it has."""

import pytest
from cloud import ZONE, address, at, created
from routed_sets import routed, together
from strict_google import Fault

from kubefed_dns.records import rrset

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
