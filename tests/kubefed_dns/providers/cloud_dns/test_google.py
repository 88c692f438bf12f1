import pytest
from cloud import ZONE, CloudContract, address, created, group, writes
from strict_google import Fault

from kubefed_dns.errors import Denied, ProviderError, Throttled, Unreachable, ZoneGone
from kubefed_dns.providers.google_sets import TYPES
from kubefed_dns.providers.protocol import Capabilities, Settles
from kubefed_dns.records import REGION, WEIGHT, Create, Delete, RRset, Update, rrset


class TestGoogle(CloudContract):
    claims = Capabilities(types=TYPES, routing=frozenset({WEIGHT, REGION}))
    regions = ("europe-west1", "us-east1")


# Foreign kinds.

WEIGHTED = {
    "name": f"www.{ZONE}",
    "type": "A",
    "ttl": 60,
    "routingPolicy": {
        "kind": "dns#rRSetRoutingPolicy",
        "wrr": {
            "items": [
                {"weight": 1.0, "rrdatas": ["192.0.2.1"]},
                {"weight": 2.5, "rrdatas": ["192.0.2.2"]},
            ]
        },
    },
}
FOREIGN = (
    ("a routing policy", WEIGHTED),
    ("signatures", {**WEIGHTED, "signatureRrdatas": ["x"]}),
    (
        "a spelling of its own",
        {"name": f"www.{ZONE}", "type": "AAAA", "ttl": 5, "rrdatas": ["2001:DB8:0:0:0:0:0:1"]},
    ),
    (
        "text without quotes",
        {"name": f"www.{ZONE}", "type": "TXT", "ttl": 5, "rrdatas": ["heritage=external-dns"]},
    ),
)


@pytest.mark.parametrize(("reason", "raw"), FOREIGN, ids=[reason for reason, _ in FOREIGN])
def test_foreign_sets_are_seen_and_can_be_deleted_and_put_back(hosted, provider, reason, raw):
    hosted.put(raw)
    (seen,) = provider.read(ZONE)
    assert (seen.name, seen.type, seen.ttl) == (raw["name"], raw["type"], raw["ttl"]), reason
    assert not provider.write(ZONE, [group(Delete(seen))])
    assert not provider.read(ZONE)
    assert not provider.write(ZONE, created(seen))
    assert provider.read(ZONE) == (seen,)


def test_a_weight_that_changed_is_another_set(hosted, provider):
    hosted.put(WEIGHTED)
    (seen,) = provider.read(ZONE)
    hosted.put(WEIGHTED | {"routingPolicy": {"geo": {"items": []}}})
    (refusal,) = provider.write(ZONE, [group(Delete(seen))])
    assert refusal.lost
    assert len(hosted.sets) == 3


def test_types_and_names_that_dns_does_not_know_are_shown_or_left_out(hosted, provider):
    hosted.put(
        {"name": ZONE, "type": "ALIAS", "ttl": 5, "rrdatas": ["target.example."]},
        {"name": f"a..b.{ZONE}", "type": "A", "ttl": 5, "rrdatas": ["192.0.2.1"]},
    )
    (seen,) = provider.read(ZONE)
    assert seen == RRset(ZONE, "ALIAS", 5, ("target.example.",))


# Reading.


def test_all_pages_are_read(google, hosted, provider):
    plain = {"type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"]}
    hosted.put(*({**plain, "name": f"n{n}.{ZONE}"} for n in range(2500)))
    provider.zones()
    google.requests.clear()
    assert len(tuple(provider.read(ZONE))) == 2500
    assert len(google.requests) == 3
    assert len(provider.read(ZONE, [f"n1.{ZONE}", f"n2.{ZONE}"])) == 2
    assert len(google.requests) == 5
    assert len(provider.read(ZONE, [f"n{n}.{ZONE}" for n in range(10)])) == 2500
    assert len(google.requests) == 8


def test_a_change_in_a_zone_of_ten_thousand_names_is_three_requests(google, hosted, provider):
    plain = {"type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"]}
    hosted.put(*({**plain, "name": f"n{n}.{ZONE}"} for n in range(10_000)))
    provider.read(ZONE)
    old, new = address("n7"), address("n7", "192.0.2.2")
    google.requests.clear()
    (found,) = provider.read(ZONE, [old.name])
    assert not provider.write(ZONE, [group(Update(found, new))])
    assert provider.marker(ZONE) == "1"
    assert len(google.requests) == 3


# Changes.


def test_two_thousand_sets_are_two_changes(google, hosted, provider):
    sets = [address(f"n{number}") for number in range(1000)]
    texts = [rrset(f"a-{each.name}", "TXT", 300, ['"x"']) for each in sets]
    pairs = zip(sets, texts, strict=True)
    assert not provider.write(ZONE, [group(Create(data), Create(text)) for data, text in pairs])
    assert len(writes(google)) == 2


def test_data_is_counted_in_octets(google, hosted, provider):
    sets = [rrset(f"n{n}.{ZONE}", "TXT", 300, [f'"{"x" * 250}"']) for n in range(500)]
    assert not provider.write(ZONE, created(*sets))
    assert len(writes(google)) == 2


def test_groups_that_share_a_name_are_not_in_one_change(google, hosted, provider):
    sets = [address("www", f"192.0.2.{n}") for n in (1, 2, 3)]
    steps = [Create(sets[0]), Update(sets[0], sets[1]), Update(sets[1], sets[2])]
    assert not provider.write(ZONE, [group(step) for step in steps])
    assert provider.read(ZONE) == (sets[2],)
    assert len(writes(google)) == 3


@pytest.mark.parametrize("by_name", [False, True])
def test_what_google_names_is_taken_out_at_once(google, hosted, provider, by_name):
    google.by_name = by_name
    there = [address("n7", "192.0.2.9"), address("n77", "192.0.2.9")]
    assert not provider.write(ZONE, created(*there))
    google.requests.clear()
    sets = [address(f"n{number}") for number in range(500)]
    refusals = provider.write(ZONE, created(*sets))
    assert {refusal.group for refusal in refusals} == {*created(sets[7], sets[77])}
    assert all(refusal.lost and "already exists" in refusal.reason for refusal in refusals)
    assert len(writes(google)) == 2


def test_of_several_at_fault_each_is_told_its_own(hosted, provider):
    there, bad = address("there"), RRset(f"bad.{ZONE}", "A", 300, ("what?",))
    assert not provider.write(ZONE, created(there))
    refusals = provider.write(
        ZONE, [*created(there), group(Delete(address("gone"))), *created(bad)]
    )
    assert {each.group.changes[0]: each.lost for each in refusals} == {
        Create(there): True,
        Delete(address("gone")): True,
        Create(bad): False,
    }


def test_where_google_names_nothing_the_change_is_cut(google, hosted, provider):
    google.faults.append(Fault(400, "invalid", "Something is wrong", on="POST"))
    assert not provider.write(ZONE, created(*(address(f"n{n}") for n in range(4))))
    assert len(provider.read(ZONE)) == 4


def test_a_value_that_google_does_not_take_stands_alone(hosted, provider):
    bad = rrset(f"bad.{ZONE}", "A", 300, [f"192.0.2.{n}" for n in range(101)])
    (refusal,) = provider.write(ZONE, created(bad, address("good")))
    assert "Invalid value" in refusal.reason
    assert not refusal.lost
    assert provider.read(ZONE) == (address("good"),)


def test_a_zone_that_is_full_takes_deletions_still(google, hosted, provider):
    old = address("old")
    provider.write(ZONE, created(old))
    full = Fault(403, "quotaExceeded", "Quota exceeded for 'rrsetsPerManagedZone'", on="POST")
    google.faults += [full, full]
    new = created(address("new"))
    (refusal,) = provider.write(ZONE, [*new, group(Delete(old))])
    assert refusal.group == new[0]
    assert not refusal.lost
    google.faults += [full]
    with pytest.raises(ProviderError, match="ask for more quota"):
        provider.write(ZONE, new)


# Markers and changes.


def test_own_changes_are_told_from_those_of_others(hosted, provider):
    before = provider.marker(ZONE)
    assert provider.expected(ZONE, before) == before == "0"
    provider.write(ZONE, created(address("a")))
    provider.write(ZONE, created(address("b")))
    assert provider.expected(ZONE, before) == provider.marker(ZONE) == "2"
    hosted.changes.append(hosted.change([], []))
    provider.write(ZONE, created(address("c")))
    assert provider.expected(ZONE, before) == "2"
    assert provider.marker(ZONE) == "4"
    assert provider.expected(ZONE, "") is None


def test_a_change_is_named_and_settles(google, hosted, provider):
    assert isinstance(provider, Settles)
    assert provider.change(ZONE) is None
    provider.write(ZONE, created(address("www")))
    assert provider.change(ZONE) == "1"
    assert provider.settled(ZONE, "1")
    asked = len(google.requests)
    assert hosted.changes[0]["status"] == "pending"
    assert provider.settled(ZONE, "0")
    assert len(google.requests) == asked + 1


def test_every_request_takes_a_token(google, hosted, provider_of):
    taken = []
    provider = provider_of(take=lambda: taken.append(1))
    provider.zones()
    provider.write(ZONE, created(address("a"), address("a", "192.0.2.2")))
    provider.read(ZONE)
    provider.marker(ZONE)
    provider.settled(ZONE, "1")
    assert len(taken) == len(google.requests)


# Faults.


@pytest.mark.parametrize(
    ("reason", "fault", "kind", "remedy"),
    [
        ("Too many requests.", Fault(429, "rateLimitExceeded"), Throttled, "scripted"),
        (
            "Too many, as it was once said.",
            Fault(403, "userRateLimitExceeded"),
            Throttled,
            "scripted",
        ),
        ("By the minute.", Fault(403, "quotaExceeded", "12 per minute"), Throttled, "12"),
        ("No rights.", Fault(403, "forbidden", "Forbidden"), Denied, "roles/dns.admin"),
        ("The API is off.", Fault(403, "accessNotConfigured"), Denied, "enable the Cloud DNS API"),
        ("Nobody pays.", Fault(403, "inactiveBillingState"), Denied, "enable billing"),
        ("No credentials.", Fault(401, "authError"), Denied, "credentials"),
        ("The zone is deleted.", Fault(404, "notFound", "No such zone"), ZoneGone, "No such zone"),
        ("Google is ill.", Fault(500, "backendError"), Unreachable, "500"),
        ("Google is away.", Fault(503, "backendError"), Unreachable, "503"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_a_fault_names_cause_and_remedy(google, hosted, provider, reason, fault, kind, remedy):
    provider.zones()
    google.requests.clear()
    google.faults.append(fault)
    with pytest.raises(kind, match=remedy) as raised:
        provider.read(ZONE)
    assert type(raised.value) is kind, reason
    assert len(google.requests) == 1, "nothing is tried twice"
    google.faults.append(fault._replace(on="POST"))
    with pytest.raises(kind):
        provider.write(ZONE, created(address("www")))
    assert not provider.write(ZONE, created(address("www")))


def test_anything_else_is_an_error_of_the_provider(google, hosted, provider):
    google.faults.append(Fault(400, "strange", "What is this?"))
    with pytest.raises(ProviderError, match="What is this"):
        provider.zones()


def test_an_answer_that_is_none_is_an_error_of_the_provider(google, hosted, provider):
    provider.zones()
    google.garbage = True
    for ask in (provider.read, lambda zone: provider.write(zone, created(address("www")))):
        with pytest.raises(ProviderError, match="proxies"):
            ask(ZONE)


def test_it_is_said_when_to_come_back(google, hosted, provider):
    google.faults.append(Fault(429, "rateLimitExceeded", headers={"Retry-After": "7"}))
    with pytest.raises(Throttled) as raised:
        provider.read(ZONE)
    assert raised.value.after == 7


def test_a_server_that_is_not_there_is_unreachable(provider_of):
    provider = provider_of(settings={"apiEndpoint": "http://127.0.0.1:9"})
    with pytest.raises(Unreachable, match="apiEndpoint"):
        provider.zones()
