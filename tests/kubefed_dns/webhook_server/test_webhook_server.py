from contextlib import closing

import pytest
from served import MEDIA, Watched, ask

from kubefed_dns.errors import Denied, ProviderError, Throttled, Unreachable
from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.providers.protocol import Context
from kubefed_dns.providers.webhook import Webhook
from kubefed_dns.records import Create, Group, rrset

ZONES = ("example.org.", "example.com.")
A = {"dnsName": "www.example.org", "recordType": "A", "targets": ["192.0.2.1"], "recordTTL": 60}
TXT = {
    "dnsName": "a-www.example.org",
    "recordType": "TXT",
    "targets": ['"heritage=external-dns,external-dns/owner=me"'],
    "labels": {"ownedRecord": "www.example.org"},
}


@pytest.fixture
def provider():
    return Watched(*ZONES)


@pytest.fixture
def server(serve, provider):
    return serve(provider)


class TestContractThroughTheServer(ProviderContract):
    claims = Webhook.capabilities

    @pytest.fixture
    def provider(self, serve):
        served = serve(Watched("example.org."))
        context = Context("w", zones=("example.org.",), settings={"url": served.url})
        with closing(Webhook(context)) as provider:
            yield provider

    @pytest.fixture
    def zone(self):
        return "example.org."


def test_it_negotiates_as_external_dns_wants_it(server):
    status, headers, said = ask(server, "/")
    assert (status, headers["Content-Type"], headers["Vary"]) == (200, MEDIA, "Content-Type")
    assert said == {"include": ["example.org", "example.com"]}


def test_what_is_taken_is_listed(server):
    status, _, text = ask(server, "/records", {"create": [A, TXT]})
    assert (status, text) == (204, "")
    status, _, listed = ask(server, "/records")
    assert status == 200
    kept = {key: value for key, value in TXT.items() if key != "labels"}
    assert listed == [kept | {"recordTTL": 300}, A]


def test_records_are_listed_as_external_dns_writes_them(server, provider):
    made = [
        rrset("*.example.org.", "CNAME", 300, ["Target.Example.net."]),
        rrset("long.example.org.", "TXT", 300, [f'"{"x" * 255}" "{"y" * 10}"']),
        rrset("routed.example.org.", "A", 0, ["192.0.2.2", "192.0.2.1"], set_identifier="eu"),
    ]
    provider.write("example.org.", [Group(each.name, (Create(each),)) for each in made])
    _, _, listed = ask(server, "/records")
    assert listed == [
        {"dnsName": "*.example.org", "recordType": "CNAME", "targets": ["target.example.net"],
         "recordTTL": 300},
        {"dnsName": "long.example.org", "recordType": "TXT", "recordTTL": 300,
         "targets": [f'"{"x" * 255}{"y" * 10}"']},
        {"dnsName": "routed.example.org", "recordType": "A", "setIdentifier": "eu",
         "targets": ["192.0.2.1", "192.0.2.2"]},
    ]  # fmt: skip


def test_a_zone_is_read_again_only_when_it_changed(server, provider):
    ask(server, "/records")
    ask(server, "/records")
    assert provider.calls == ["read example.org.", "read example.com."]
    ask(server, "/records", {"create": [A]})
    ask(server, "/records")
    assert provider.calls[2:] == ["write example.org.", "read example.org."]


def test_a_zone_that_was_not_listed_is_looked_at_by_name_unless_they_are_many(server, provider):
    many = [A | {"dnsName": f"n{number}.example.org"} for number in range(51)]
    assert ask(server, "/records", {"create": [A]})[0] == 204
    assert ask(server, "/records", {"create": many})[0] == 204
    looks = [call for call in provider.calls if not call.startswith("write")]
    assert looks == ["look example.org.", "read example.org."]


def test_endpoints_are_adjusted(server):
    more = {"providerSpecific": [{"name": "x/y", "value": "z"}]}
    status, headers, said = ask(server, "/adjustendpoints", [A | more])
    assert (status, headers["Content-Type"], said) == (200, MEDIA, [A])


def test_a_refusal_is_a_500_that_says_what_and_the_rest_is_done(server, provider):
    bad = A | {"dnsName": "mail.example.org", "recordType": "MX", "targets": ["10 m.example"]}
    lost = {"dnsName": "x.invalid", "recordType": "A", "targets": ["192.0.2.1"]}
    status, _, text = ask(server, "/records", {"create": [bad, A, lost]})
    assert status == 500
    assert text.splitlines() == [
        "x.invalid.: no zone here serves it",
        "mail.example.org.: mail.example.org. MX: this type is not written here",
    ]
    assert [each.name for each in provider.read("example.org.")] == ["www.example.org."]


@pytest.mark.parametrize(("reason", "error", "status", "after"), [
    ("A provider's fault is soft.", ProviderError("it failed"), 502, None),
    ("So is what may be put right.", Denied("it failed"), 502, None),
    ("It may be back.", Unreachable("it failed"), 503, None),
    ("It may have more for us later.", Throttled("it failed", after=2.0), 503, "2"),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_a_zone_that_fails_does_not_stop_others(server, provider, reason, error, status, after):
    provider.errors = {"look example.org.": error, "read example.org.": error}
    other = A | {"dnsName": "www.example.com"}
    found, headers, text = ask(server, "/records", {"create": [A, other]})
    assert (found, headers["Retry-After"], text) == (status, after, "it failed"), reason
    assert [each.name for each in provider.read("example.com.")] == ["www.example.com."]
    assert ask(server, "/records")[0] == status, "Half a list would be taken for the whole."


def test_the_message_of_an_unknown_fault_stays_here(server, provider):
    provider.errors = {"read example.org.": ValueError("s3cr3t")}
    status, _, text = ask(server, "/records")
    assert (status, text) == (500, "a fault; the log of the webhook has more")


@pytest.mark.parametrize(("reason", "path", "said", "headers", "status"), [
    ("What is no JSON is no request.", "/records", b"{", {}, 400),
    ("Nor is a list of changes.", "/records", [], {}, 400),
    ("Endpoints to adjust are a list.", "/adjustendpoints", {}, {}, 400),
    ("Of objects.", "/adjustendpoints", [7], {}, 400),
    ("Other versions are not spoken.", "/records", {},
     {"Content_Type": "application/external.dns.webhook+json;version=2"}, 415),
    ("Nor given.", "/", None, {"Accept": "text/html"}, 406),
    ("There is nothing else.", "/propertyvaluesequal", {}, {}, 404),
    ("Nor by other methods.", "/adjustendpoints", None, {}, 405),
    ("Who accepts all accepts this.", "/", None, {"Accept": "*/*"}, 200),
    ("Who says nothing of what he sends means this.", "/records", {},
     {"Content_Type": "application/octet-stream"}, 204),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_statuses(server, reason, path, said, headers, status):
    assert ask(server, path, said, **headers)[0] == status, reason


def test_health_and_metrics_are_beside_it(server):
    ask(server, "/records", {"create": [A]})
    assert ask(server, "/healthz", host="health", Accept="*/*")[2] == "OK"
    assert ask(server, "/readyz", host="health", Accept="*/*")[0] == 200
    text = ask(server, "/metrics", host="health", Accept="*/*")[2]
    assert 'webhook_requests_total{request="POST /records",status="204"} 1.0' in text
    assert 'webhook_changes_total{result="taken",zone="example.org."} 1.0' in text
