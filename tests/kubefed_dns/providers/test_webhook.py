import pytest
from scripted_webhook import Answer

from kubefed_dns.errors import (
    Misconfigured,
    ZoneGone,
)
from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.providers.protocol import factory
from kubefed_dns.providers.webhook import Webhook
from kubefed_dns.records import Create, Delete, Group, Update, rrset

ZONE = "example.org."
A = rrset("www.example.org.", "A", 300, ["192.0.2.1"])
B = rrset("www.example.org.", "A", 300, ["192.0.2.2"])
TXT = rrset("a-www.example.org.", "TXT", 300, ['"heritage=external-dns,external-dns/owner=hub"'])
NEW = Group(A.name, (Create(A), Create(TXT)))
UPDATE = Group(A.name, (Update(A, B),))
GONE = Group(A.name, (Delete(A), Delete(TXT)))
CNAME = rrset(A.name, "CNAME", 300, ["host.example.net."])
CNAME_TXT = rrset("cname-www.example.org.", "TXT", 300, TXT.values)
OTHER_TYPE = Group(A.name, (Delete(A), Create(CNAME), Delete(TXT), Create(CNAME_TXT)))
POSTED = ("POST", "/records")
SECRET = "s3cr3t-t0k3n"


@pytest.fixture
def provider(webhook, at):
    return at(webhook.url)


class TestContract(ProviderContract):
    claims = Webhook.capabilities

    @pytest.fixture
    def zone(self):
        return ZONE


def test_it_is_found_by_its_type():
    assert factory("webhook") is Webhook


# What goes over the wire.


def test_ownership_comes_before_data_and_goes_after_it(webhook, provider):
    assert not provider.write(ZONE, [NEW])
    assert not provider.write(ZONE, [GONE])
    data, owner = [{"dnsName": "www.example.org", "targets": ["192.0.2.1"], "recordType": "A",
                    "recordTTL": 300}], [{"dnsName": "a-www.example.org", "recordType": "TXT",
                    "targets": ['"heritage=external-dns,external-dns/owner=hub"'],
                    "recordTTL": 300}]  # fmt: skip
    assert [said for method, path, said in webhook.asked if (method, path) == POSTED] == [
        {"create": owner + data}, {"delete": data}, {"delete": owner},
    ]  # fmt: skip


@pytest.mark.parametrize(("reason", "group", "first"), [
    ("A new name, with its ownership.", NEW, "POST /adjustendpoints"),
    ("Other targets.", UPDATE, "POST /adjustendpoints"),
    ("Another type, with other ownership.", OTHER_TYPE, "POST /adjustendpoints"),
    ("One that goes.", GONE, "GET /records"),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_one_change_takes_three_calls(webhook, provider, reason, group, first):
    if group is not NEW:
        assert not provider.write(ZONE, [NEW])
    tuple(provider.zones())
    webhook.asked.clear()
    assert not provider.write(ZONE, [group])
    assert len(webhook.calls) == 3, reason
    assert webhook.calls[0] == first


def test_every_request_takes_a_token_and_says_what_it_speaks(webhook, at):
    taken = []
    provider = at(webhook.url, secret={"token": f"{SECRET}\n"}, take=lambda: taken.append(1))
    provider.write(ZONE, [NEW])
    assert len(taken) == len(webhook.asked)
    for headers in webhook.headers:
        assert headers["Accept"] == "application/external.dns.webhook+json;version=1"
        assert headers["Authorization"] == f"Bearer {SECRET}"


def test_what_only_the_webhook_knows_of_a_set_stays(webhook, provider):
    old = {"dnsName": "www.example.org", "targets": ["192.0.2.1"], "recordType": "A",
           "recordTTL": 300, "labels": {"a": "b"}, "zoneID": 7}  # fmt: skip
    webhook.put(old)
    assert not provider.write(ZONE, [UPDATE])
    _, _, said = webhook.asked[-1]
    assert said["updateOld"] == [old]
    assert said["updateNew"] == [old | {"targets": ["192.0.2.2"]}]


# What it lists.


@pytest.mark.parametrize(("reason", "listed", "want"), [
    ("Targets may be listed one by one.",
     [{"targets": ["192.0.2.1"]}, {"targets": ["192.0.2.2"]}], ["192.0.2.1", "192.0.2.2"]),
    ("Names may end in a dot, and be in any case.",
     [{"dnsName": "WWW.Example.ORG.", "targets": ["192.0.2.1"]}], ["192.0.2.1"]),
    ("What DNS cannot carry is in the way all the same.",
     [{"targets": ["lb.example.net"]}], ["lb.example.net"]),
    ("A name of another zone is not this one's.",
     [{"dnsName": "www.sub.example.org", "targets": ["192.0.2.1"]}], None),
    ("What is no name is nowhere.", [{"dnsName": "a..b", "targets": ["192.0.2.1"]}], None),
    ("Nor is what is no endpoint.", ["example.org"], None),
    ("The apex's name servers are the zone's.",
     [{"dnsName": "example.org", "recordType": "NS", "targets": ["ns.example.org"]}], None),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_what_is_listed_is_read(webhook, at, reason, listed, want):
    usual = {"dnsName": "www.example.org", "recordType": "A", "recordTTL": 300}
    given = [usual | each if isinstance(each, dict) else each for each in listed]
    webhook.held = dict(enumerate(given))
    provider = at(webhook.url, zones=(ZONE, "sub.example.org."))
    found = {each.key: each for each in provider.read(ZONE)}
    assert [*found] == ([A.key] if want else []), reason
    if want:
        assert list(found[A.key].values) == want, reason


def test_an_unknown_type_at_a_name_is_seen(webhook, provider):
    webhook.put({"dnsName": "www.example.org", "targets": ["x y"], "recordType": "ALIAS"})
    (found,) = provider.read(ZONE)
    assert (found.name, found.type, found.values) == ("www.example.org.", "ALIAS", ("x y",))


@pytest.mark.parametrize(("reason", "filter_", "zones", "want"), [
    ("Without zones of ours they are the filter's.",
     {"include": ["example.org", ".Example.com"]}, (), ["example.org.", "example.com."]),
    ("Older webhooks call it filters.", {"filters": ["example.org"]}, (), ["example.org."]),
    ("Zones of ours win.", {"include": ["example.org"]}, ("a.example.org.",), ["a.example.org."]),
    ("A filter inside of a zone is enough.",
     {"include": ["a.example.org"]}, (ZONE,), [ZONE]),
    ("A zone that the filter leaves out is not served.",
     {"include": ["example.com"]}, (ZONE, "example.com."), ["example.com."]),
    ("No filter means all.", {}, (ZONE,), [ZONE]),
    ("Neither does one that is no object.", None, (ZONE,), [ZONE]),
    ("What is no name is no zone.", {"include": ["a..b"]}, (ZONE,), [ZONE]),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_zones(webhook, at, reason, filter_, zones, want):
    webhook.filter = filter_
    assert list(at(webhook.url, zones=zones).zones()) == want, reason


def test_a_zone_outside_the_filter_is_gone_and_says_so(webhook, at):
    webhook.filter = {"include": ["example.com"]}
    with pytest.raises(
        ZoneGone, match=r"its domain filter \(example.com.\) leaves out example.org"
    ):
        at(webhook.url).read(ZONE)


def test_no_zone_at_all_is_a_mistake(webhook, at):
    webhook.filter = {"regexInclude": ".*"}
    with pytest.raises(Misconfigured, match="name the zones"):
        at(webhook.url, zones=()).zones()


# What webhooks do to what they are given.


def test_what_a_webhook_rounds_is_read_as_it_was_wanted(webhook, provider):
    webhook.adjust = lambda each: each | {"recordTTL": 600}
    assert not provider.write(ZONE, [NEW])
    assert {each["recordTTL"] for each in webhook.held.values()} == {300, 600}
    assert set(provider.read(ZONE)) == {A, TXT}
    assert set(provider.read(ZONE, [A.name])) == {A}


def test_after_a_restart_what_was_rounded_is_not_written_again(webhook, provider, at):
    webhook.adjust = lambda each: each | {"recordTTL": 600}
    provider.write(ZONE, [NEW])
    other = at(webhook.url)
    (held,) = other.read(ZONE, [A.name])
    assert held.ttl == 600
    webhook.asked.clear()
    (refusal,) = other.write(ZONE, [Group(A.name, (Update(held, A),))])
    assert refusal.lost
    assert "POST /records" not in webhook.calls
    assert list(other.read(ZONE, [A.name])) == [A]


def test_a_ttl_that_is_not_given_back_is_the_one_that_was_told(webhook, provider):
    webhook.show = lambda each: {k: v for k, v in each.items() if k != "recordTTL"}
    later = rrset(A.name, "A", 60, A.values)
    assert not provider.write(ZONE, [Group(A.name, (Create(A),))])
    assert list(provider.read(ZONE)) == [A]
    assert not provider.write(ZONE, [Group(A.name, (Update(A, later),))])
    assert list(provider.read(ZONE)) == [later]
    assert [each["recordTTL"] for each in webhook.held.values()] == [60]


def test_what_a_webhook_will_not_have_is_refused_alone(webhook, provider):
    webhook.adjust = lambda each: None if each["dnsName"].startswith("bad.") else each
    bad = rrset("bad.example.org.", "A", 300, ["192.0.2.1"])
    (refusal,) = provider.write(ZONE, [Group(bad.name, (Create(bad),)), NEW])
    assert "leaves out bad.example.org. A" in refusal.reason
    assert set(provider.read(ZONE)) == {A, TXT}


# Refusals.


def refuse(word, status=500):
    def script(method, path, said):
        if (method, path) == POSTED and word in str(said):
            raise Answer(status, b"no, not that")

    return script


@pytest.mark.parametrize("status", [400, 413, 422, 500])
def test_of_many_the_bad_one_is_found(webhook, provider, status):
    made = [rrset(f"n{number}.example.org.", "A", 300, ["192.0.2.1"]) for number in range(100)]
    webhook.script = refuse("n37.example.org", status)
    (refusal,) = provider.write(ZONE, [Group(each.name, (Create(each),)) for each in made])
    assert refusal.group.name == "n37.example.org."
    assert not refusal.lost
    assert refusal.reason == f"status {status}, no, not that"
    assert set(provider.read(ZONE)) == {*made} - {made[37]}
    assert len(webhook.calls) < 20


def test_a_batch_that_was_half_done_is_finished(webhook, provider):
    """It fails at what is there already, after it made what comes before."""
    made = [rrset(f"n{number}.example.org.", "A", 300, ["192.0.2.1"]) for number in range(30)]
    seen = []

    def script(method, path, said):
        if (method, path) == POSTED:
            seen.append(len(said["create"]))
            if any("n17.example.org" in str(each) for each in said["create"]):
                webhook.put(*said["create"][: len(said["create"]) // 2])
                webhook.held.pop(("n17.example.org", "A", ""), None)
                raise Answer(500)

    webhook.script = script
    (refusal,) = provider.write(ZONE, [Group(each.name, (Create(each),)) for each in made])
    assert refusal.group.name == "n17.example.org."
    assert set(provider.read(ZONE)) == {*made} - {made[17]}


def test_a_500_for_what_was_done_is_no_refusal(webhook, provider):
    def script(method, path, said):
        if (method, path) == POSTED and webhook.held.get("done") is None:
            webhook.put(*said.get("create", ()))
            raise Answer(500)

    webhook.script = script
    assert not provider.write(ZONE, [Group(A.name, (Create(A),))])


BESIDE = rrset("other.example.org.", "A", 300, ["192.0.2.1"])


def half_done(webhook, word, also=()):
    """Does what it is asked one by one, until it comes to what it will not have."""

    def script(method, path, said):
        if (method, path) != POSTED or not any(each in str(said) for each in (word, *also)):
            return
        for new in [*said.get("updateNew", ()), *said.get("create", ())]:
            if word in str(new):
                break
            webhook.put(new)
        raise Answer(500, b"no, not that")

    return script


def test_half_of_a_refused_group_is_taken_back(webhook, provider):
    webhook.script = half_done(webhook, "'www.example.org'")
    (refusal,) = provider.write(ZONE, [NEW, Group(BESIDE.name, (Create(BESIDE),))])
    assert not refusal.lost
    assert set(provider.read(ZONE)) == {BESIDE}


def test_ownership_that_changed_before_a_refusal_is_changed_back(webhook, provider):
    other = rrset(TXT.name, "TXT", 300, ['"heritage=external-dns,external-dns/owner=other"'])
    provider.write(ZONE, [NEW])
    webhook.script = half_done(webhook, "192.0.2.2")
    changed = Group(A.name, (Update(A, B), Update(TXT, other)))
    (refusal,) = provider.write(ZONE, [changed, Group(BESIDE.name, (Create(BESIDE),))])
    assert not refusal.lost
    assert set(provider.read(ZONE)) == {A, TXT, BESIDE}


def test_what_cannot_be_adjusted_is_refused_alone(webhook, provider):
    def script(method, path, said):
        if path == "/adjustendpoints" and "bad.example.org" in str(said):
            raise Answer(400, b"not that")

    webhook.script = script
    bad = rrset("bad.example.org.", "A", 300, ["192.0.2.1"])
    (refusal,) = provider.write(ZONE, [Group(bad.name, (Create(bad),)), NEW])
    assert refusal.reason == "status 400, not that"
    assert set(provider.read(ZONE)) == {A, TXT}


def test_a_half_that_stays_is_lost_so_that_it_is_looked_at(webhook, provider):
    webhook.script = half_done(webhook, "'www.example.org'", also=["'delete'"])
    (refusal,) = provider.write(ZONE, [NEW, Group(BESIDE.name, (Create(BESIDE),))])
    assert refusal.lost
    assert set(provider.read(ZONE)) == {TXT, BESIDE}


def test_a_withdrawal_is_never_taken_back(webhook, provider):
    provider.write(ZONE, [NEW])

    def script(method, path, said):
        if (method, path) == POSTED and "a-www" in str(said):
            raise Answer(500)

    webhook.script = script
    (refusal,) = provider.write(ZONE, [GONE])
    assert refusal.lost
    assert set(provider.read(ZONE)) == {TXT}


@pytest.mark.parametrize(("reason", "change"), [
    ("What is there already is not made.", Create(B)),
    ("What is not so any more is not changed.", Update(B, A)),
    ("Nor deleted.", Delete(B)),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_what_others_changed_meanwhile_is_lost(webhook, provider, reason, change):
    provider.write(ZONE, [NEW])
    webhook.asked.clear()
    (refusal,) = provider.write(ZONE, [Group(A.name, (change,))])
    assert refusal.lost, reason
    assert "POST /records" not in webhook.calls
