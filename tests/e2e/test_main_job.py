"""The main job on real control planes and a real BIND, driven by kubectl."""

import itertools
import time
from collections.abc import Iterator
from typing import Any

import dns.query
import dns.tsigkeyring
import dns.zone
import pytest
from bind import Key
from ground import Clusters
from hub import SYSTEM, until
from job import GROUP, Job
from job import job as job_on

pytestmark = pytest.mark.timeout(180)

numbers = itertools.count(1)
WRONG = Key("k.", "hmac-sha256", "d3JvbmcgYnV0IHZhbGlkIGJhc2U2NCBzZWNyZXQ=")


@pytest.fixture(scope="module")
def ground_of_job(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    with job_on(clusters, tmp_path_factory.mktemp("job")) as made:
        yield made


@pytest.fixture
def job(ground_of_job: Job) -> Iterator[Job]:
    """A namespace of the test's own in all clusters; what a test has made is gone at its end."""
    job = ground_of_job
    job.namespace = f"shop-{next(numbers)}"
    for member in (job.host, *job.members):
        member.kubectl("create", "namespace", job.namespace)
    yield job
    ours = "servicednsrecords,ingressdnsrecords,dnsendpoints"
    job.host.kubectl("-n", job.namespace, "delete", ours, "--all", "--wait=true")
    until(lambda: leftovers(job), lambda found: not found)
    job.host.kubectl("-n", SYSTEM, "delete", "domains,dnsproviders", "--all")
    for member in (job.host, *job.members):
        member.kubectl("delete", "namespace", job.namespace, "--wait=false")


def leftovers(job: Job) -> list[str]:
    """Names of the test that BIND still has."""
    return [name for name in zone_names(job, "example.com.") if job.namespace in name]


def zone_names(job: Job, zone: str) -> set[str]:
    """Everything in a zone, by transfer."""
    key = job.bind.keys[0]
    keyring = dns.tsigkeyring.from_text({key.name: (key.algorithm, key.secret)})
    query = dns.query.xfr("127.0.0.1", zone, port=job.bind.port, keyring=keyring, relativize=False)
    made = dns.zone.from_xfr(query, relativize=False)
    return {name.to_text() for name in made.nodes}


def published(job: Job, kind: str = "servicednsrecord") -> None:
    until(lambda: job.condition("Published", kind), lambda found: found[0] == "True")


def test_names_and_addresses_in_bind(job: Job) -> None:
    host = f"{job.namespace}.example.com"
    job.domain("acme", "example.com")
    job.provider("bind", "example.com")
    addresses = job.serve(host=host)
    ingresses = sorted(job.address(member, kind="ingress") for member in job.members)
    job.record(dnsPrefix=f"www-{job.namespace}")
    job.ingress_record(hosts=[host])
    until(lambda: job.dns.values(job.name()), lambda v: v == sorted(addresses.values()))
    until(lambda: job.dns.values(host), lambda v: v == ingresses)
    assert job.dns.values(job.name("eu-west")) == [addresses["eu"]]
    assert job.dns.values(job.name("eu-west-1a", "eu-west")) == [addresses["eu"]]
    for zone in ("us-east-1a", "us-east-1b"):
        assert job.dns.values(job.name(zone, "us-east")) == [addresses["us"]]
    alias = f"www-{job.namespace}.example.com"
    assert job.dns.values(alias, "CNAME") == [f"{job.name()}."]
    (ownership,) = job.dns.values(f"a-{job.name()}", "TXT")
    assert "heritage=external-dns" in ownership
    assert "external-dns/owner=hub" in ownership
    assert job.dns.values("static.example.com") == ["192.0.2.200"]

    published(job)
    published(job, "ingressdnsrecord")
    until(lambda: job.condition("Verified"), lambda found: found[0] == "True")
    shown = job.host.kubectl("-n", job.namespace, "get", "servicednsrecord")
    header, row = shown.splitlines()
    assert header.split() == ["NAME", "DOMAIN", "CLUSTERS", "TARGETS", "PUBLISHED", "AGE"]
    assert row.split()[:3] == ["web", "example.com", "2/2"]
    assert row.split()[4] == "True"
    until(
        lambda: job.condition("Ready", "dnsprovider", "bind", system=True)[0],
        lambda status: status == "True",
    )
    assert "TargetAdded" in job.events("ServiceDNSRecord", "web")


def test_the_embedded_server_answers_without_any_provider(job: Job) -> None:
    job.domain("acme", "embedded.test")
    addresses = job.serve()
    job.record()
    name = job.name(domain="embedded.test")
    until(lambda: job.embedded.values(name), lambda v: v == sorted(addresses.values()))
    assert job.embedded.values("embedded.test", "NS")
    assert job.embedded.values("embedded.test", "SOA")
    assert job.embedded.rcode(f"no.{name}") == "NXDOMAIN"
    assert job.embedded.rcode("example.net") == "REFUSED"
    assert job.embedded.values(name, "AAAA") == []
    published(job)


def test_an_address_changes_and_the_answer_changes(job: Job) -> None:
    job.domain("acme", "example.com")
    job.provider("bind", "example.com")
    addresses = job.serve()
    job.record()
    until(lambda: job.dns.values(job.name()), lambda v: len(v) == 2)
    job.readdress(job.clusters.eu, "203.0.113.77")
    until(lambda: job.dns.values(job.name("eu-west")), lambda v: v == ["203.0.113.77"])
    assert job.dns.values(job.name()) == sorted(["203.0.113.77", addresses["us"]])
    job.readdress(job.clusters.eu, "2001:db8::77")
    until(lambda: job.dns.values(job.name("eu-west"), "AAAA"), lambda v: v == ["2001:db8::77"])
    assert job.dns.values(job.name()) == [addresses["us"]]
    job.readdress(job.clusters.eu, "203.0.113.78")
    until(lambda: job.dns.values(job.name("eu-west")), lambda v: v == ["203.0.113.78"])
    assert job.dns.values(job.name("eu-west"), "AAAA") == []


def test_what_is_deleted_goes(job: Job) -> None:
    job.domain("acme", "example.com")
    job.provider("bind", "example.com")
    host = f"{job.namespace}.example.com"
    addresses = job.serve(host=host)
    job.record()
    job.ingress_record()
    until(lambda: job.dns.values(job.name()), lambda v: len(v) == 2)
    until(lambda: job.dns.values(host), lambda v: len(v) == 2)
    job.delete("service", "web", on=job.clusters.eu)
    until(lambda: job.dns.values(job.name()), lambda v: v == [addresses["us"]])
    until(lambda: job.dns.values(job.name("eu-west"), "CNAME"), bool)
    assert job.reasons() == {"eu": "NotFound", "us": "Published"}
    job.delete("ingress", "web", on=job.clusters.us)
    until(lambda: job.dns.values(host), lambda v: len(v) == 1)
    job.members[1].kubectl("-n", job.namespace, "scale", "deployment", "web", "--replicas=0")
    until(lambda: job.reasons()["us"], lambda reason: reason == "NoReadyEndpoints")
    until(lambda: job.dns.rcode(job.name()), lambda code: code == "NXDOMAIN")
    job.members[1].kubectl("-n", job.namespace, "scale", "deployment", "web", "--replicas=1")
    until(lambda: job.dns.values(job.name()), lambda v: v == [addresses["us"]])
    job.delete("servicednsrecord", "web")
    job.delete("ingressdnsrecord", "web")
    until(lambda: leftovers(job), lambda found: not found)
    assert {"static.example.com.", "mine.example.com."} <= zone_names(job, "example.com.")


def test_domains_and_providers_come_change_and_go(job: Job) -> None:
    addresses = sorted(job.serve().values())
    job.record()
    until(lambda: job.condition("Accepted")[1], lambda reason: reason == "DomainNotFound")
    job.domain("acme", "example.com", "bind")
    until(lambda: job.condition("Accepted")[1], lambda reason: reason == "NoProvider")
    job.provider("bind", "example.com", "example.org")
    until(lambda: job.dns.values(job.name()), lambda v: v == addresses)
    published(job)
    job.domain("acme", "example.org", "bind")
    other = job.name(domain="example.org")
    until(lambda: job.dns.values(other), lambda v: v == addresses)
    until(lambda: leftovers(job), lambda found: not found)
    job.delete("domain", "acme", system=True)
    until(lambda: job.dns.rcode(other), lambda code: code == "NXDOMAIN")
    job.domain("acme", "example.com", "bind")
    until(lambda: job.dns.values(job.name()), lambda v: v == addresses)
    job.delete("dnsprovider", "bind", system=True)
    until(lambda: job.condition("Accepted")[1], lambda reason: reason == "NoProvider")
    assert job.dns.values(job.name()) == addresses  # onDelete: Orphan
    job.provider("bind", "example.com")
    published(job)


def test_a_lost_member_is_held_withdrawn_and_back(job: Job) -> None:
    job.domain("acme", "example.com")
    job.provider("bind", "example.com")
    addresses = job.serve()
    both = sorted(addresses.values())
    job.record()
    until(lambda: job.dns.values(job.name()), lambda v: v == both)
    us = job.clusters.us
    us.lose()
    try:
        until(lambda: job.reasons()["us"], lambda reason: reason == "Held")
        assert job.dns.values(job.name()) == both
        until(lambda: job.dns.values(job.name()), lambda v: v == [addresses["eu"]])
        assert job.reasons()["us"] == "ClusterUnreachable"
        assert job.dns.values(job.name("us-east"), "CNAME") == [f"{job.name()}."]
        until(
            lambda: job.host.kubectl("-n", SYSTEM, "get", "kubefedcluster", "us"),
            lambda shown: "True" not in shown,
        )
    finally:
        us.regain()
    until(lambda: job.dns.values(job.name()), lambda v: v == both)
    assert job.reasons() == {"eu": "Published", "us": "Published"}


def test_the_last_cluster_is_never_lost_by_not_seeing_it(job: Job) -> None:
    job.domain("acme", "example.com")
    job.provider("bind", "example.com")
    addresses = job.serve()
    job.record(clusters=["eu"])
    until(lambda: job.dns.values(job.name()), lambda v: v == [addresses["eu"]])
    job.clusters.eu.hang()
    try:
        until(lambda: job.reasons()["eu"], lambda reason: reason == "Held")
        time.sleep(6)  # longer than the unavailable delay: nothing must happen, so nothing to await
        assert job.dns.values(job.name()) == [addresses["eu"]]
        assert job.condition("Held")[0] == "True"
    finally:
        job.clusters.eu.wake()
    until(lambda: job.reasons()["eu"], lambda reason: reason == "Published")


def test_a_killed_controller_leaves_nothing_over_and_nothing_out(job: Job) -> None:
    job.domain("acme", "example.com")
    job.provider("bind", "example.com")
    addresses = job.serve()
    for number in range(20):
        job.apply(
            {
                "apiVersion": GROUP,
                "kind": "DNSEndpoint",
                "metadata": {"name": f"e{number}", "namespace": job.namespace},
                "spec": {
                    "endpoints": [
                        {
                            "dnsName": f"e{number}.{job.namespace}.example.com",
                            "recordType": "A",
                            "recordTTL": 30,
                            "targets": ["192.0.2.9"],
                        }
                    ]
                },
            }
        )
    job.record()
    until(lambda: bool(leftovers(job)))
    job.hub.kill()
    job.delete("dnsendpoint", "e0")
    job.delete("dnsendpoint", "e1")
    job.readdress(job.clusters.eu, "203.0.113.78")
    job.record(name="other")
    job.hub.start()
    wanted = sorted(["203.0.113.78", addresses["us"]])
    until(lambda: job.dns.values(job.name()), lambda v: v == wanted)
    for number in range(20):
        name = f"e{number}.{job.namespace}.example.com"
        until(lambda name=name: job.dns.values(name), lambda v, n=number: bool(v) == (n > 1))
    job.hub.kill()
    job.delete("servicednsrecord", "web")
    job.hub.start()
    until(lambda: job.dns.rcode(job.name()), lambda code: code == "NXDOMAIN")
    assert not [name for name in leftovers(job) if "web." in name]


@pytest.mark.parametrize(
    ("reason", "spec", "condition", "says"),
    [
        ("The secret is missing.", {"credentialsRef": {"name": "nope"}}, "Ready", "nope"),
        ("The zone is not served.", {"zones": ["example.net"]}, "Ready", "example.net"),
        (
            "Nobody is there.",
            {
                "rfc2136": {
                    "servers": ["127.0.0.1:1"],
                    "timeout": "1s",
                    "tsig": {"keyName": "k.", "algorithm": "hmac-sha256"},
                }
            },
            "Ready",
            "127.0.0.1:1",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_provider_that_cannot_work_says_why(
    job: Job, reason: str, spec: dict[str, object], condition: str, says: str
) -> None:
    job.provider("bad", "example.org", **spec)
    found = until(
        lambda: job.condition(condition, "dnsprovider", "bad", system=True),
        lambda found: found[0] == "False",
    )
    assert says in found[2], reason
    until(lambda: job.events("DNSProvider", "bad", system=True))


def test_a_refused_signature_is_said_and_the_rest_goes_on(job: Job) -> None:
    job.domain("acme", "example.com")
    job.provider("bind", "example.com")
    job.provider("bad", "example.org", key=WRONG)
    addresses = sorted(job.serve().values())
    job.record()
    until(lambda: job.dns.values(job.name()), lambda v: v == addresses)
    found = until(
        lambda: job.condition("Ready", "dnsprovider", "bad", system=True),
        lambda found: found[0] == "False",
    )
    assert "k." in found[2]
    assert WRONG.secret not in job.hub.log.read_text()
    job.provider("bad", "example.org")
    until(
        lambda: job.condition("Ready", "dnsprovider", "bad", system=True),
        lambda found: found[0] == "True",
    )


def test_a_foreign_name_is_never_touched(job: Job) -> None:
    job.provider("bind", "example.com")
    endpoint = {"dnsName": "static.example.com", "recordType": "A", "targets": ["203.0.113.1"]}
    job.apply(
        {
            "apiVersion": GROUP,
            "kind": "DNSEndpoint",
            "metadata": {"name": "thief", "namespace": job.namespace},
            "spec": {"endpoints": [endpoint]},
        }
    )
    found = until(
        lambda: job.condition("Accepted", "dnsendpoint", "thief"),
        lambda found: found[0] == "False",
    )
    assert found[1] == "Conflict"
    assert job.dns.values("static.example.com") == ["192.0.2.200"]
    job.delete("dnsendpoint", "thief")
    assert job.dns.values("static.example.com") == ["192.0.2.200"]


def test_many_deletions_at_once_wait_for_an_approval(job: Job) -> None:
    job.provider("careful", "example.org", safety={"maxDeletePercent": 30, "minNames": 10})
    names = [f"n{number}.{job.namespace}.example.org" for number in range(20)]
    endpoints = [
        {"dnsName": name, "recordType": "A", "recordTTL": 30, "targets": ["192.0.2.9"]}
        for name in names
    ]
    meta = {"name": "many", "namespace": job.namespace}
    many = {"apiVersion": GROUP, "kind": "DNSEndpoint", "metadata": meta}
    job.apply(many | {"spec": {"endpoints": endpoints}})
    until(lambda: [name for name in names if not job.dns.values(name)], lambda left: not left)
    job.apply(many | {"spec": {"endpoints": endpoints[:1]}})

    def held() -> dict[str, Any]:
        found = job.host.kubectl.json("-n", SYSTEM, "get", "dnsprovider", "careful")
        zones = found.get("status", {}).get("zones") or [{}]
        return dict(zones[0].get("held") or {})

    assert until(held, lambda found: found.get("count") == 19)["digest"]
    assert all(job.dns.values(name) for name in names)
    assert "Brake" in job.events("DNSProvider", "careful", system=True)
    said = job.ctl("dns", "approve", "careful", "example.org")
    assert "19 names" in said
    until(lambda: [name for name in names[1:] if job.dns.values(name)], lambda left: not left)
    assert job.dns.values(names[0])


def test_bad_records_are_refused_at_once_or_say_why(job: Job) -> None:
    said = job.host.kubectl(
        "apply",
        "-f",
        "-",
        stdin={
            "apiVersion": GROUP,
            "kind": "IngressDNSRecord",
            "metadata": {"name": "bad", "namespace": job.namespace},
            "spec": {"hosts": ["not a host"]},
        },
        fine=False,
    )
    assert "spec.hosts" in said
    job.domain("acme", "example.com")
    job.provider("bind", "example.com")
    job.serve()
    job.record(externalName="x" * 63, dnsPrefix="www")
    job.record(name="web")
    until(lambda: job.condition("Accepted")[0])


def test_idle_means_idle(job: Job) -> None:
    job.domain("acme", "example.com")
    job.provider("bind", "example.com")
    job.serve()
    job.record()
    published(job)
    until(lambda: job.condition("Verified")[0], lambda status: status == "True")
    kinds = "servicednsrecords,dnsendpoints,dnsproviders,domains"

    def versions() -> list[str]:
        found = job.host.kubectl.json("get", kinds, "-A")
        return [each["metadata"]["resourceVersion"] for each in found["items"]]

    before = until(versions, lambda v: v == (time.sleep(2), versions())[1])
    serial = job.bind.serial("example.com.")
    time.sleep(8)  # ten times the health period: nothing must happen, so nothing to await
    assert versions() == before
    assert job.bind.serial("example.com.") == serial


def test_metrics_tell_how_long_a_change_took(job: Job) -> None:
    job.domain("acme", "example.com")
    job.provider("bind", "example.com")
    job.serve()
    job.record()
    published(job)
    job.readdress(job.clusters.eu, "203.0.113.79")
    until(lambda: job.dns.values(job.name("eu-west")), lambda v: v == ["203.0.113.79"])
    for stage in ("status", "endpoint", "published", "verified"):
        wanted = f'kubefed_dns_change_total_seconds_count{{stage="{stage}"}}'
        until(job.hub.metrics, lambda text, wanted=wanted: wanted in text)
    assert 'kubefedcluster_total{cluster="eu",state="ready"} 1.0' in job.hub.metrics()
    assert job.hub.probe("healthz") == job.hub.probe("readyz") == 200
