import pytest
from aws_xml import Fault
from cloud import ZONE, CloudContract, address, created, group, writes

from kubefed_dns.errors import Denied
from kubefed_dns.providers.protocol import Capabilities, Settles
from kubefed_dns.providers.route53_sets import TYPES
from kubefed_dns.records import ROUTING, Create, Delete, RRset, Update, rrset


class TestRoute53(CloudContract):
    claims = Capabilities(types=TYPES, routing=ROUTING, aliases=True)


# Foreign kinds.

CHECK = "abcdef11-2222-3333-4444-555555fedcba"
ALIAS = {
    "Name": "alias.example.org.",
    "Type": "A",
    "AliasTarget": {
        "HostedZoneId": "Z35SXDOTRQ7X7K",
        "DNSName": "dualstack.web-1.us-east-1.elb.amazonaws.com.",
        "EvaluateTargetHealth": True,
    },
}
WEIGHTED = {
    "Name": "weighted.example.org.",
    "Type": "A",
    "SetIdentifier": "eu 1",
    "Weight": 10,
    "TTL": 60,
    "ResourceRecords": ["192.0.2.7"],
    "HealthCheckId": CHECK,
}
TEXT = WEIGHTED | {"Type": "TXT", "ResourceRecords": ['"heritage=external-dns"']}
GEO = {
    "Name": r"\052.geo.example.org.",
    "Type": "CNAME",
    "SetIdentifier": "de",
    "GeoLocation": {"CountryCode": "DE"},
    "TTL": 60,
    "ResourceRecords": ["Target.Example"],
}
FOREIGN = (
    ("an alias", ALIAS),
    ("an alias at the apex", ALIAS | {"Name": ZONE}),
    ("weights and a health check", WEIGHTED),
    ("a weighted text", TEXT),
    ("a country, at a wildcard, to a name in capitals and without a dot", GEO),
    ("a type we do not write", {"Name": ZONE, "Type": "SPF", "TTL": 5, "ResourceRecords": ['"v"']}),
    (
        "an address in a spelling of its own",
        {"Name": ZONE, "Type": "AAAA", "TTL": 5, "ResourceRecords": ["2001:DB8:0:0:0:0:0:1"]},
    ),
)


@pytest.mark.parametrize(("reason", "raw"), FOREIGN, ids=[reason for reason, _ in FOREIGN])
def test_foreign_sets_are_seen_and_can_be_deleted_and_put_back(
    route53, zone_id, provider, reason, raw
):
    route53.add_check(CHECK)
    route53.put(zone_id, raw)
    before = route53.held(zone_id)
    (seen,) = provider.read(ZONE)
    assert seen.set_identifier == raw.get("SetIdentifier", ""), reason
    if seen.type not in TYPES:
        return
    assert not provider.write(ZONE, [group(Delete(seen))])
    assert not tuple(provider.read(ZONE))
    assert not provider.write(ZONE, created(seen))
    assert provider.read(ZONE) == (seen,)
    assert route53.held(zone_id).keys() == before.keys()
    assert provider.spelled([seen]) == (seen,), "it says what is there in its own words"


STRANGE = (
    ("a region that is newer than we", {"Region": "moon-east-1"}),
    (
        "a part of a country",
        {"GeoLocation": {"CountryCode": "UA", "SubdivisionCode": "43"}},
    ),
    ("a continent that is none", {"GeoLocation": {"ContinentCode": "XX"}}),
    ("networks", {"CidrRoutingConfig": {"CollectionId": "c", "LocationName": "*"}}),
)


@pytest.mark.parametrize(("reason", "said"), STRANGE, ids=[reason for reason, _ in STRANGE])
def test_a_set_that_we_could_not_write_is_seen_and_kept_apart(
    route53, zone_id, provider, reason, said
):
    raw = {key: value for key, value in WEIGHTED.items() if key not in ("Weight", "HealthCheckId")}
    route53.put(zone_id, raw | said)
    (seen,) = provider.read(ZONE)
    assert seen.set_identifier == "eu 1", reason
    assert seen != address("weighted", "192.0.2.7", set_identifier="eu 1")
    assert provider.read(ZONE, [seen.name]) == (seen,)


def test_the_text_of_a_routed_set_is_among_its_values(route53, zone_id, provider):
    route53.put(zone_id, TEXT)
    (seen,) = provider.read(ZONE)
    assert '"heritage=external-dns"' in seen.values


def test_a_weight_that_changed_is_another_set(route53, zone_id, provider):
    route53.put(zone_id, WEIGHTED)
    (seen,) = provider.read(ZONE)
    route53.put(zone_id, WEIGHTED | {"Weight": 20})
    (refusal,) = provider.write(ZONE, [group(Delete(seen))])
    assert refusal.lost
    assert len(route53.held(zone_id)) == 3


def test_beside_an_alias_nothing_is_created(route53, zone_id, provider):
    route53.put(zone_id, ALIAS)
    (refusal,) = provider.write(ZONE, created(address("alias")))
    assert refusal.lost


def test_sets_with_identifiers_are_answered_together(route53, zone_id, provider):
    sets = {address("www", f"192.0.2.{n}", set_identifier=f"c{n}") for n in (1, 2)}
    assert not provider.write(ZONE, created(*sets))
    assert set(provider.read(ZONE)) == sets
    assert all(raw.get("MultiValueAnswer", True) for raw in route53.held(zone_id).values())
    (refusal,) = provider.write(ZONE, created(address("www")))
    assert refusal.lost


@pytest.mark.parametrize("value", ["route53?{", "route53?[]", 'route53?{"TTL":3}'])
def test_an_addition_that_cannot_be_read_is_refused(zone_id, provider, value):
    bad = RRset(f"www.{ZONE}", "A", 0, (value,))
    (refusal,) = provider.write(ZONE, [*created(bad), *created(address("good"))])
    assert "no addition" in refusal.reason
    assert provider.read(ZONE) == (address("good"),)


# Reading.


def test_all_pages_are_read(route53, zone_id, provider):
    names = [address(f"n{number}") for number in range(700)]
    assert not provider.write(ZONE, created(*names))
    route53.requests.clear()
    assert set(provider.read(ZONE)) == set(names)
    assert len(route53.requests) == 3


def test_sets_of_one_name_are_read_across_pages(route53, zone_id, provider):
    many = [WEIGHTED | {"SetIdentifier": f"{n:03}"} for n in range(650)]
    route53.put(zone_id, *many, ALIAS)
    names = {f"weighted.{ZONE}", f"alias.{ZONE}"}
    found = [each.key for each in provider.read(ZONE, names)]
    assert len(found) == len(set(found)) == 651


def test_reading_a_name_costs_a_request(route53, zone_id, provider):
    route53.put(zone_id, *({**ALIAS, "Name": f"n{n:04}.{ZONE}"} for n in range(2000)))
    provider.zones()
    route53.requests.clear()
    (found,) = provider.read(ZONE, [f"n0100.{ZONE}"])
    assert found.name == f"n0100.{ZONE}"
    assert len(route53.requests) == 1
    assert len(provider.read(ZONE, [f"n0{n}.{ZONE}" for n in range(100, 105)])) == 5
    assert len(route53.requests) == 2
    assert not provider.read(ZONE, [f"n.{ZONE}"])


def test_a_name_that_dns_cannot_carry_is_left_out(route53, zone_id, provider):
    route53.put(zone_id, ALIAS | {"Name": f"a..b.{ZONE}"}, WEIGHTED)
    (seen,) = provider.read(ZONE)
    assert seen.set_identifier == "eu 1"
    assert provider.read(ZONE, [f"a.{ZONE}"]) == ()


# Batches.


def test_a_thousand_names_are_two_requests(route53, zone_id, provider):
    sets = [address(f"n{number}") for number in range(1000)]
    texts = [rrset(f"a-{each.name}", "TXT", 300, ['"x"']) for each in sets]
    pairs = zip(sets, texts, strict=True)
    assert not provider.write(ZONE, [group(Create(data), Create(text)) for data, text in pairs])
    assert len(writes(route53)) == 2
    assert len(route53.held(zone_id)) == 2002


def test_a_change_in_a_zone_of_ten_thousand_names_is_two_requests(route53, zone_id, provider):
    route53.put(zone_id, *({**ALIAS, "Name": f"n{n:05}.{ZONE}"} for n in range(10_000)))
    provider.zones()
    old, new = address("www"), address("www", "192.0.2.2")
    assert not provider.write(ZONE, created(old))
    route53.requests.clear()
    assert provider.read(ZONE, [old.name]) == (old,)
    assert not provider.write(ZONE, [group(Update(old, new))])
    assert provider.marker(ZONE) is None
    assert len(route53.requests) == 2


def test_a_zone_that_grows_is_read_name_by_name_still(route53, zone_id, provider):
    assert not provider.read(ZONE)
    sets = [address(f"n{n}") for n in range(1500)]
    assert not provider.write(ZONE, created(*sets))
    route53.requests.clear()
    assert set(provider.read(ZONE, [each.name for each in sets[:3]])) == set(sets[:3])
    assert len(route53.requests) <= 3


def test_aliases_are_counted_for_both_families(route53, zone_id, provider):
    aliases = [
        rrset(
            f"n{n}.{ZONE}",
            "CNAME",
            300,
            ["w.us-east-1.elb.amazonaws.com"],
            properties={"alias": "true"},
        )
        for n in range(600)
    ]
    assert not provider.write(ZONE, created(*aliases))
    assert len(writes(route53)) == 2
    assert set(provider.read(ZONE)) == set(aliases)


def test_values_are_counted_by_characters(route53, zone_id, provider):
    sets = [rrset(f"n{n}.{ZONE}", "TXT", 300, [f'"{"x" * 250}"']) for n in range(200)]
    assert not provider.write(ZONE, created(*sets))
    assert len(writes(route53)) == 2


def test_a_group_too_large_for_any_batch_is_refused(zone_id, provider):
    values = [f"2001:db8::{n:x}" for n in range(1001)]
    large = rrset(f"large.{ZONE}", "AAAA", 300, values)
    (refusal,) = provider.write(ZONE, created(large, address("small")))
    assert "limit of 1000" in refusal.reason
    assert provider.read(ZONE) == (address("small"),)


@pytest.mark.parametrize(
    ("raw", "most"), [(False, 2), (True, 40)], ids=["by name", "in the form that the SDK loses"]
)
def test_what_is_at_fault_is_taken_out(route53, zone_id, provider, raw, most):
    route53.raw_errors = raw
    there = [address("n7", "192.0.2.9"), address("n77", "192.0.2.9")]
    assert not provider.write(ZONE, created(*there))
    route53.requests.clear()
    sets = [address(f"n{number}") for number in range(500)]
    refusals = provider.write(ZONE, created(*sets))
    assert {refusal.group for refusal in refusals} == {*created(sets[7], sets[77])}
    assert all(refusal.lost and "already exists" in refusal.reason for refusal in refusals)
    assert len(writes(route53)) <= most


def test_where_amazon_names_nothing_the_batch_is_cut(route53, zone_id, provider):
    route53.faults.append(Fault("InvalidChangeBatch", "[Something is wrong]", on="POST"))
    assert not provider.write(ZONE, created(*(address(f"n{n}") for n in range(4))))
    assert len(provider.read(ZONE)) == 4


def test_rights_that_are_limited_to_names_hold_up_only_others(route53, zone_id, provider):
    route53.denied.add(f"n5.{ZONE}")
    (refusal,) = provider.write(ZONE, created(*(address(f"n{n}") for n in range(20))))
    assert refusal.group.changes == (Create(address("n5")),)
    assert not refusal.lost
    assert "allow route53:ChangeResourceRecordSets" in refusal.reason


def test_rights_to_nothing_are_a_denial(route53, zone_id, provider):
    sets = [address(f"n{n}") for n in range(300)]
    route53.denied |= {each.name for each in sets}
    with pytest.raises(Denied, match="not authorized"):
        provider.write(ZONE, created(*sets))
    assert len(writes(route53)) < 30


def test_groups_that_share_a_name_are_not_in_one_batch(route53, zone_id, provider):
    sets = [address("www", f"192.0.2.{n}") for n in (1, 2, 3)]
    steps = [Create(sets[0]), Update(sets[0], sets[1]), Update(sets[1], sets[2])]
    assert not provider.write(ZONE, [group(step) for step in steps])
    assert provider.read(ZONE) == (sets[2],)
    assert len(writes(route53)) == 3


def test_a_change_is_named_and_settles(zone_id, provider):
    assert isinstance(provider, Settles)
    assert provider.change(ZONE) is None
    provider.write(ZONE, created(address("www")))
    change = provider.change(ZONE)
    assert change.startswith("C")
    assert provider.settled(ZONE, change)


def test_every_request_takes_a_token(route53, zone_id, provider_of):
    taken = []
    provider = provider_of(take=lambda: taken.append(1))
    provider.zones()
    route53.faults.append(Fault("InvalidChangeBatch", "[Something is wrong]", on="POST"))
    provider.write(ZONE, created(address("a"), address("b")))
    provider.read(ZONE)
    provider.marker(ZONE)
    assert len(taken) == len(route53.requests)
