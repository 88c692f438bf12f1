"""Names that Route 53 follows itself: one CNAME to us, addresses of two families to others."""

import pytest
from cloud import ZONE, address, at, created, group

from kubefed_dns.records import Create, Delete, Update, rrset

ELB = "web-1.us-east-1.elb.amazonaws.com."
OTHER = "web-2.eu-west-1.elb.amazonaws.com."
NLB = "web.elb.us-east-1.amazonaws.com."
CDN = "d111111abcdef8.cloudfront.net."


def cname(target=ELB, name="www", *, ttl=300, identifier="", **said):
    properties = {key.replace("__", "/").replace("_", "-"): text for key, text in said.items()}
    return rrset(at(name), "CNAME", ttl, [target], set_identifier=identifier, properties=properties)


def alias(target=ELB, name="www", **said):
    return cname(target, name, alias="true", **said)


def held(cloud, zone_id, name="www"):
    """What stands at a name, by type."""
    found = cloud.held(zone_id).values()
    return {raw["Type"]: raw for raw in found if raw["Name"] == at(name) and "AliasTarget" in raw}


def test_a_load_balancer_is_followed_for_both_families(route53, zone_id, provider):
    assert not provider.write(ZONE, created(alias()))
    raws = held(route53, zone_id)
    assert raws.keys() == {"A", "AAAA"}
    for raw in raws.values():
        assert raw["AliasTarget"] == {
            "HostedZoneId": "Z35SXDOTRQ7X7K",
            "DNSName": ELB,
            "EvaluateTargetHealth": True,
        }
        assert "TTL" not in raw
    assert provider.read(ZONE) == provider.read(ZONE, [at("www")]) == (alias(),)


WANTED = (
    ("Any CNAME to a load balancer is followed.", cname(), alias()),
    ("Its TTL is that of its target.", cname(ttl=30), alias()),
    ("A network load balancer.", cname(NLB), alias(NLB)),
    ("A distribution has no health to follow.", cname(CDN), alias(CDN)),
    (
        "Health is not followed where that is said.",
        alias(aws__evaluate_target_health="false"),
        alias(aws__evaluate_target_health="false"),
    ),
    ("What goes without saying is not said.", alias(aws__evaluate_target_health="true"), alias()),
    (
        "Nor is a zone that is known anyway.",
        alias(aws__target_hosted_zone="Z35SXDOTRQ7X7K"),
        alias(),
    ),
    ("One family, where that is said.", cname(alias="AAAA"), cname(alias="AAAA")),
    ("A CNAME, where that is said.", cname(alias="false", ttl=60), cname(alias="false", ttl=60)),
    (
        "A website on S3.",
        cname("s3-website-us-east-1.amazonaws.com."),
        alias("s3-website-us-east-1.amazonaws.com."),
    ),
    ("Any other CNAME is one.", cname("target.example.", ttl=60), cname("target.example.", ttl=60)),
    ("At the apex.", alias(name=""), alias(name="")),
    (
        "One of several, by weight.",
        alias(identifier="eu", weight="3"),
        alias(identifier="eu", weight="3"),
    ),
    (
        "A first tier that follows health needs no check.",
        alias(identifier="eu", tier="0"),
        alias(identifier="eu", tier="0"),
    ),
    (
        "A first tier that does not has the one that never fails.",
        alias(identifier="eu", tier="0", aws__evaluate_target_health="false"),
        alias(identifier="eu", tier="0", aws__evaluate_target_health="false"),
    ),
)


@pytest.mark.parametrize(("reason", "wanted", "read"), WANTED, ids=[each for each, *_ in WANTED])
def test_what_is_wanted_comes_back_as_it_was_said_to(zone_id, provider_of, reason, wanted, read):
    provider = provider_of()
    assert provider.spelled([wanted]) == (read,), reason
    assert provider.spelled([read]) == (read,)
    assert not provider.write(ZONE, created(wanted))
    assert provider.read(ZONE) == provider_of().read(ZONE) == (read,)
    assert not provider.write(ZONE, [group(Delete(read))])
    assert not provider.read(ZONE)


REFUSED = (
    ("What AWS has not.", alias("target.example."), "cannot follow target.example."),
    (
        "A region that is not known.",
        alias("x.moon-east-1.elb.amazonaws.com."),
        "target-hosted-zone",
    ),
    (
        "The health of a distribution.",
        alias(CDN, aws__evaluate_target_health="true"),
        "cannot be true for CloudFront",
    ),
    ("One of many.", alias(identifier="eu"), "give it a weight"),
    (
        "Two targets.",
        rrset(at("www"), "CNAME", 300, [ELB, OTHER], properties={"alias": "true"}),
        "one target, not 2",
    ),
)


@pytest.mark.parametrize(("reason", "bad", "why"), REFUSED, ids=[each for each, *_ in REFUSED])
def test_what_cannot_be_followed_is_told(zone_id, provider, reason, bad, why):
    (text,) = provider.spelled([bad])
    assert why in text, reason
    (refusal,) = provider.write(ZONE, created(bad, address("good")))
    assert refusal.reason == text


def test_what_is_not_known_here_is_followed_into_a_zone_that_is_given(zone_id, provider):
    target = "x.us-east-1.elb.amazonaws.com."
    wrong = alias(target, aws__target_hosted_zone="Z000000000000")
    (refusal,) = provider.write(ZONE, created(wrong))
    assert "does not lie within" in refusal.reason
    assert provider.spelled([wrong]) == (wrong,)


def test_a_name_of_the_zone_itself_is_followed(zone_id, provider):
    target = address("target")
    inside = cname(target.name, alias="A", aws__target_hosted_zone=zone_id)
    assert not provider.write(ZONE, created(target))
    assert not provider.write(ZONE, created(inside))
    assert set(provider.read(ZONE)) == {target, inside}


# What stands beside, before and after.


def test_an_alias_stands_beside_what_is_no_address(zone_id, provider):
    sets = {
        alias(name=""),
        rrset(ZONE, "TXT", 300, ['"v=spf1 -all"']),
        rrset(ZONE, "MX", 300, ["10 mail.example."]),
    }
    assert not provider.write(ZONE, [group(*map(Create, sets))])
    assert set(provider.read(ZONE)) == sets


@pytest.mark.parametrize(
    "beside", [address("www"), cname("target.example.")], ids=["an address", "a plain one"]
)
def test_beside_an_alias_no_address_can_be_created(zone_id, provider, beside):
    assert not provider.write(ZONE, created(alias()))
    (refusal,) = provider.write(ZONE, created(beside))
    assert refusal.lost
    (refusal,) = provider.write(ZONE, [group(Create(alias(OTHER)), Create(beside))])
    assert not refusal.lost


def test_addresses_become_an_alias_and_back_in_one_step(zone_id, provider):
    v4, v6 = address("www"), rrset(at("www"), "AAAA", 300, ["2001:db8::1"])
    assert not provider.write(ZONE, [group(Create(v4), Create(v6))])
    assert not provider.write(ZONE, [group(Delete(v4), Delete(v6), Create(alias()))])
    assert provider.read(ZONE) == (alias(),)
    assert not provider.write(ZONE, [group(Delete(alias()), Create(v4), Create(v6))])
    assert set(provider.read(ZONE)) == {v4, v6}


def test_a_cname_becomes_an_alias_in_one_step(zone_id, provider):
    plain = cname(alias="false")
    assert not provider.write(ZONE, created(plain))
    assert not provider.write(ZONE, [group(Update(plain, alias()))])
    assert provider.read(ZONE) == (alias(),)


def test_an_alias_changes_its_target(zone_id, provider):
    assert not provider.write(ZONE, created(alias()))
    assert not provider.write(ZONE, [group(Update(alias(), alias(OTHER)))])
    assert provider.read(ZONE) == (alias(OTHER),)
    (refusal,) = provider.write(ZONE, [group(Update(alias(), alias(NLB)))])
    assert refusal.lost


def test_aliases_and_addresses_share_a_routed_name(route53, zone_id, provider):
    sets = [
        alias(identifier="eu", region="us-east-1"),
        address("www", set_identifier="own", properties={"region": "eu-west-1"}),
    ]
    assert provider.spelled(sets) == tuple(sets)
    assert not provider.write(ZONE, [group(*map(Create, sets))])
    assert set(provider.read(ZONE)) == set(sets)


def test_tiers_are_counted_over_aliases_and_addresses(provider, zone_id):
    sets = [
        alias(identifier="eu", tier="4"),
        address("www", set_identifier="own", properties={"tier": "9"}),
    ]
    first, second = provider.spelled(sets)
    assert dict(first.properties)["tier"] == "0"
    assert dict(second.properties)["tier"] == "1"
    assert not provider.write(ZONE, [group(Create(first), Create(second))])


# Halves, and others' hands.


def test_a_half_that_is_gone_is_seen_and_put_right(route53, zone_id, provider):
    assert not provider.write(ZONE, created(alias()))
    whole = held(route53, zone_id)
    route53.take(zone_id, whole["AAAA"])
    assert provider.read(ZONE) == (cname(alias="A"),)
    assert not provider.write(ZONE, [group(Update(cname(alias="A"), alias()))])
    assert held(route53, zone_id) == whole


def test_a_half_that_was_turned_elsewhere_is_seen_and_put_right(route53, zone_id, provider_of):
    provider = provider_of()
    assert not provider.write(ZONE, created(alias()))
    whole = held(route53, zone_id)
    target = {"HostedZoneId": "Z32O12XQLNTSW2", "DNSName": OTHER, "EvaluateTargetHealth": False}
    route53.put(zone_id, whole["AAAA"] | {"AliasTarget": target})
    (seen,) = provider.read(ZONE)
    assert seen != alias()
    assert seen.key == alias().key
    assert provider_of().spelled([seen]) == (seen,)
    assert not provider_of().write(ZONE, [group(Update(seen, alias()))])
    assert held(route53, zone_id) == whole


def test_an_alias_that_others_spelled_otherwise_is_the_same(route53, zone_id, provider):
    for family in ("A", "AAAA"):
        route53.put(
            zone_id,
            {
                "Name": at("www"),
                "Type": family,
                "AliasTarget": {
                    "HostedZoneId": "Z35SXDOTRQ7X7K",
                    "DNSName": ELB.upper().removesuffix("."),
                    "EvaluateTargetHealth": True,
                },
            },
        )
    assert provider.read(ZONE) == (alias(),)
    assert not provider.write(ZONE, [group(Delete(alias()))])


def test_an_alias_of_another_type_is_shown_as_it_is(route53, zone_id, provider):
    target = {"HostedZoneId": zone_id, "DNSName": at("mail"), "EvaluateTargetHealth": False}
    route53.put(zone_id, {"Name": at("www"), "Type": "MX", "AliasTarget": target})
    (seen,) = provider.read(ZONE)
    assert seen.type == "MX"
    assert not provider.write(ZONE, [group(Delete(seen))])
