"""Sets of one name among which Route 53 chooses: as they are asked for, written and given back."""

import pytest
from aws_xml import Fault
from cloud import ZONE, address, at, created, group, writes

from kubefed_dns.errors import Unreachable
from kubefed_dns.records import Create, Delete, Update, rrset

CHECK = "abcdef11-2222-3333-4444-555555fedcba"


def routed(identifier, value="192.0.2.1", kind="A", **said):
    properties = {key.replace("__", "/").replace("_", "-"): text for key, text in said.items()}
    return rrset(at("www"), kind, 300, [value], set_identifier=identifier, properties=properties)


def field(cloud, zone_id, identifier, name, kind="A"):
    return cloud.held(zone_id)[at("www"), kind, identifier].get(name)


SETS = (
    ("a weight", {"weight": "80"}, "Weight", 80),
    ("a weight of nothing", {"weight": "0"}, "Weight", 0),
    ("a region", {"region": "eu-west-1"}, "Region", "eu-west-1"),
    ("a continent", {"geo": "EU"}, "GeoLocation", {"ContinentCode": "EU"}),
    ("a country", {"geo": "DE"}, "GeoLocation", {"CountryCode": "DE"}),
    ("the rest", {"geo": "*"}, "GeoLocation", {"CountryCode": "*"}),
    (
        "a state",
        {"geo": "US-CA"},
        "GeoLocation",
        {"CountryCode": "US", "SubdivisionCode": "CA"},
    ),
    (
        "a country that is spelled as a continent",
        {"aws__geolocation_country_code": "NA"},
        "GeoLocation",
        {"CountryCode": "NA"},
    ),
    ("the first tier", {"tier": "0"}, "Failover", "PRIMARY"),
    ("nothing", {}, "MultiValueAnswer", True),
    (
        "nearness to a region",
        {"aws__geoproximity_region": "eu-west-1", "aws__geoproximity_bias": "-10"},
        "GeoProximityLocation",
        {"AWSRegion": "eu-west-1", "Bias": -10},
    ),
    (
        "nearness to a point",
        {"aws__geoproximity_coordinates": "49.22,-74.01"},
        "GeoProximityLocation",
        {"Coordinates": {"Latitude": "49.22", "Longitude": "-74.01"}, "Bias": 0},
    ),
    (
        "nearness to a city",
        {"aws__geoproximity_local_zone_group": "us-east-1-bue-1"},
        "GeoProximityLocation",
        {"LocalZoneGroup": "us-east-1-bue-1", "Bias": 0},
    ),
    (
        "health",
        {"weight": "1", "aws__health_check_id": CHECK},
        "HealthCheckId",
        CHECK,
    ),
)


@pytest.mark.parametrize(
    ("reason", "said", "name", "value"), SETS, ids=[reason for reason, *_ in SETS]
)
def test_a_set_is_chosen_by(route53, zone_id, provider, reason, said, name, value):
    route53.add_check(CHECK)
    rrset = routed("eu", **said)
    assert provider.spelled([rrset]) == (rrset,)
    assert not provider.write(ZONE, created(rrset))
    assert field(route53, zone_id, "eu", name) == value, reason
    assert provider.read(ZONE) == (rrset,)
    assert not provider.write(ZONE, [group(Delete(rrset))])


WORDS = (
    ("A weight.", {"aws__weight": "010"}, {"weight": "10"}),
    ("A region.", {"aws__region": "eu-west-1"}, {"region": "eu-west-1"}),
    ("A first tier.", {"aws__failover": "primary"}, {"tier": "0"}),
    ("A second tier.", {"aws__failover": "SECONDARY"}, {"tier": "1"}),
    ("A continent.", {"aws__geolocation_continent_code": "AF"}, {"geo": "AF"}),
    ("A country.", {"aws__geolocation_country_code": "DE"}, {"geo": "DE"}),
    (
        "A state.",
        {"aws__geolocation_country_code": "US", "aws__geolocation_subdivision_code": "NY"},
        {"geo": "US-NY"},
    ),
    ("Many values.", {"aws__multi_value_answer": ""}, {}),
    (
        "A bias of nothing.",
        {"aws__geoproximity_region": "eu-west-1", "aws__geoproximity_bias": "0"},
        {"aws__geoproximity_region": "eu-west-1"},
    ),
    ("What others know goes.", {"weight": "1", "cloudflare__proxied": "true"}, {"weight": "1"}),
)


@pytest.mark.parametrize(("reason", "said", "ours"), WORDS, ids=[reason for reason, *_ in WORDS])
def test_external_dns_words_come_back_in_ours(zone_id, provider, reason, said, ours):
    (found,) = provider.spelled([routed("eu", **said)])
    assert found == routed("eu", **ours), reason
    assert not provider.write(ZONE, created(routed("eu", **said)))
    assert provider.read(ZONE) == (found,)


REFUSED = (
    ("A region that AWS has not.", {"region": "europe-west1"}, "KubeFedCluster.spec.region"),
    ("A weight beyond all.", {"weight": "256"}, "0 to 255"),
    ("A weight that is none.", {"weight": "-1"}, "0 to 255"),
    ("A part of a country.", {"geo": "CA-QC"}, "name the country"),
    ("A place that is none.", {"geo": "Europe"}, "no continent, country"),
    ("A tier after the second.", {"aws__failover": "TERTIARY"}, "tier TERTIARY"),
    ("A bias that is none.", {"aws__geoproximity_region": "x", "aws__geoproximity_bias": "a"}, "9"),
    ("Two policies.", {"weight": "1", "region": "eu-west-1"}, "Region and Weight"),
    ("A word that nobody knows.", {"aws__wieght": "1"}, "'aws/wieght' is not known"),
)


@pytest.mark.parametrize(("reason", "said", "why"), REFUSED, ids=[reason for reason, *_ in REFUSED])
def test_what_route_53_has_not_is_told_and_not_sent(route53, zone_id, provider, reason, said, why):
    bad = routed("eu", **said)
    (text,) = provider.spelled([bad])
    assert why in text, reason
    assert text.startswith("www.example.org. A: ")
    (refusal,) = provider.write(ZONE, created(bad, address("good")))
    assert (refusal.reason, refusal.lost) == (text, False)
    assert provider.read(ZONE) == (address("good"),)


def test_a_policy_needs_a_set_identifier(provider, zone_id):
    (text,) = provider.spelled([address("www", properties={"weight": "1"})])
    assert "needs a set identifier" in text


def test_a_cname_is_not_one_of_many(provider, zone_id):
    (text,) = provider.spelled([routed("eu", "target.example.", "CNAME")])
    assert "give it a weight" in text


# Several sets.


def test_tiers_are_the_first_and_the_second_whatever_their_numbers(route53, zone_id, provider):
    wanted = [routed(f"t{n}", f"192.0.2.{n}", tier=str(n)) for n in (30, 7, 12)]
    third, first, second = provider.spelled(wanted)
    assert first == routed("t7", "192.0.2.7", tier="0")
    assert second == routed("t12", "192.0.2.12", tier="1")
    assert "two, 0 (PRIMARY) and 1 (SECONDARY)" in third
    assert not provider.write(ZONE, [group(Create(first), Create(second))])
    assert set(provider.read(ZONE)) == {first, second}


def test_a_second_tier_takes_the_place_of_the_first_in_one_step(route53, zone_id, provider):
    first, second = routed("eu", tier="0"), routed("us", "192.0.2.2", tier="1")
    assert not provider.write(ZONE, [group(Create(first), Create(second))])
    assert provider.spelled([second]) == (routed("us", "192.0.2.2", tier="0"),)
    up = routed("us", "192.0.2.2", tier="0")
    assert not provider.write(ZONE, [group(Delete(first), Update(second, up))])
    assert provider.read(ZONE) == (up,)
    assert not provider.write(ZONE, [group(Update(up, second), Create(first))])
    assert set(provider.read(ZONE)) == {first, second}


def test_families_have_tiers_of_their_own(provider, zone_id):
    sets = [
        routed("a", tier="0"),
        routed("b", "192.0.2.2", tier="1"),
        routed("b", "2001:db8::2", "AAAA", tier="0"),
    ]
    assert provider.spelled(sets) == tuple(sets)
    assert not provider.write(ZONE, [group(*map(Create, sets))])


@pytest.mark.parametrize("said", [{"region": "eu-west-1"}, {"geo": "EU"}, {"tier": "0"}])
def test_a_place_is_given_once(provider, zone_id, said):
    sets = [routed("a", **said), routed("b", "192.0.2.2", **said)]
    first, second = provider.spelled(sets)
    assert first == sets[0]
    assert "set 'a' has" in second
    (refusal,) = provider.write(ZONE, [group(*map(Create, sets))])
    assert "cannot be created" in refusal.reason


def test_policies_are_not_mixed(zone_id, provider):
    assert not provider.write(ZONE, created(routed("a", weight="1")))
    (refusal,) = provider.write(ZONE, created(routed("b", "192.0.2.2", region="eu-west-1")))
    assert refusal.lost, "the zone has what the plan did not know of"


def test_a_plain_set_becomes_routed_ones_in_one_step(route53, zone_id, provider):
    plain = address("www")
    assert not provider.write(ZONE, created(plain))
    sets = [routed("a", weight="1"), routed("b", "192.0.2.2", weight="2")]
    route53.requests.clear()
    assert not provider.write(ZONE, [group(Delete(plain), *map(Create, sets))])
    assert set(provider.read(ZONE)) == set(sets)
    assert len(writes(route53)) == 1


def test_a_weight_changes_alone(zone_id, provider):
    old, new, other = (routed(i, weight=w) for i, w in (("a", "1"), ("a", "9"), ("b", "1")))
    assert not provider.write(ZONE, created(old, other))
    assert not provider.write(ZONE, [group(Update(old, new))])
    assert set(provider.read(ZONE)) == {new, other}


# The check that is always healthy.


def test_the_first_tier_stands_on_a_check_that_never_fails(route53, zone_id, provider_of):
    first, second = routed("eu", tier="0"), routed("us", "192.0.2.2", tier="1")
    provider = provider_of()
    assert not provider.write(ZONE, [group(Create(first), Create(second))])
    ((check, made),) = route53.backend.health_checks.items()
    assert made.disabled
    assert made.caller_reference.startswith("kubefed-dns-always-healthy")
    assert field(route53, zone_id, "eu", "HealthCheckId") == check
    assert field(route53, zone_id, "us", "HealthCheckId") is None
    again = provider_of()
    assert set(again.read(ZONE)) == {first, second}, "nobody but us has to know of it"
    more = rrset(at("more"), "A", 300, ["192.0.2.1"], set_identifier="x", properties={"tier": "0"})
    assert not again.write(ZONE, [*created(more), group(Delete(first))])
    assert len(route53.backend.health_checks) == 1


def test_a_check_of_somebody_is_kept(route53, zone_id, provider):
    route53.add_check(CHECK)
    first = routed("eu", tier="0", aws__health_check_id=CHECK)
    assert not provider.write(ZONE, created(first))
    assert provider.read(ZONE) == (first,)
    assert list(route53.backend.health_checks) == [CHECK]


def test_a_check_costs_one_request_ever(route53, zone_id, provider):
    route53.add_check(CHECK)
    provider.write(ZONE, created(routed("eu", tier="0", aws__health_check_id=CHECK)))
    route53.requests.clear()
    for _ in range(3):
        provider.read(ZONE)
    assert sum("healthcheck" in line for line in route53.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault("AccessDenied", "not authorized", 403, on="GET /2013-04-01/healthcheck"),
        Fault("NoSuchHealthCheck", "gone", 404, on="GET /2013-04-01/healthcheck"),
    ],
)
def test_a_check_that_may_not_be_seen_is_somebodys(route53, zone_id, provider_of, fault):
    first = routed("eu", tier="0")
    provider_of().write(ZONE, created(first))
    (check,) = route53.backend.health_checks
    route53.faults.append(fault)
    provider = provider_of()
    (seen,) = provider.read(ZONE)
    assert seen == routed("eu", tier="0", aws__health_check_id=check)
    assert not provider.write(ZONE, [group(Delete(seen))])


def test_without_the_right_to_a_check_only_the_first_tier_is_refused(route53, zone_id, provider):
    route53.faults.append(
        Fault("AccessDenied", "not authorized", 403, on="POST /2013-04-01/health")
    )
    (refusal,) = provider.write(ZONE, [*created(routed("eu", tier="0"), address("good"))])
    assert "allow route53:CreateHealthCheck" in refusal.reason
    assert "aws/health-check-id" in refusal.reason
    assert provider.read(ZONE) == (address("good"),)
    assert not provider.write(ZONE, created(routed("eu", tier="0")))


def test_a_check_that_somebody_deletes_is_made_again(route53, zone_id, provider):
    assert not provider.write(ZONE, created(routed("eu", tier="0")))
    route53.drop_checks()
    other = rrset(at("more"), "A", 300, ["192.0.2.1"], set_identifier="x", properties={"tier": "0"})
    (refusal,) = provider.write(ZONE, created(other))
    assert "No health check exists" in refusal.reason
    assert not provider.write(ZONE, created(other))
    (made,) = route53.backend.health_checks.values()
    assert made.caller_reference.endswith("-1")


def test_where_no_check_can_be_made_any_more_it_is_said(route53, zone_id, provider):
    route53.spent |= {f"kubefed-dns-always-healthy-{number}" for number in range(10)}
    (refusal,) = provider.write(ZONE, created(routed("eu", tier="0")))
    assert "deleted" in refusal.reason


def test_a_fault_while_a_check_is_looked_at_is_a_fault_of_reading(route53, zone_id, provider_of):
    provider_of().write(ZONE, created(routed("eu", tier="0")))
    route53.faults.append(Fault("ServiceUnavailable", status=503, on="GET /2013-04-01/healthcheck"))
    with pytest.raises(Unreachable):
        provider_of().read(ZONE)
