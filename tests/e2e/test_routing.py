"""`spec.routing` on real control planes: by the embedded server, which chooses, and by a BIND."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from ground import Clusters
from hub import SYSTEM, until
from job import Job
from job import job as job_on

pytestmark = pytest.mark.timeout(120)

numbers = itertools.count(1)
PLAIN, CHOSEN = "example.com", "routed.test"
TIERS: dict[str, Any] = {
    "policy": "Failover",
    "tiers": [{"clusters": ["eu"]}, {"clusterSelector": {"matchLabels": {"role": "standby"}}}],
}
ASKED = 20


@pytest.fixture(scope="module")
def ground_of_job(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    with job_on(clusters, tmp_path_factory.mktemp("routing")) as made:
        made.provider("bind", PLAIN)
        made.domain("acme", PLAIN)
        made.domain("near", CHOSEN, "embedded")
        yield made
        for domain in ("acme", "near"):
            made.delete("domain", domain, system=True)
        made.delete("dnsprovider", "bind", system=True)


@pytest.fixture
def job(ground_of_job: Job) -> Iterator[Job]:
    """A Service in each member."""
    job = ground_of_job
    job.namespace = f"routed-{next(numbers)}"
    for member in (job.host, *job.members):
        member.kubectl("create", "namespace", job.namespace)
    yield job
    job.delete("servicednsrecord", "web")
    for member in (job.host, *job.members):
        member.kubectl("delete", "namespace", job.namespace, "--wait=false")


def chosen(job: Job) -> set[tuple[str, ...]]:
    """The answers of the embedded server, asked again and again."""
    name = f"web.{job.namespace}.near.svc.{CHOSEN}"
    return {tuple(job.embedded.values(name)) for _ in range(ASKED)}


def sets(job: Job) -> dict[str, Any]:
    """The sets of the global name in the DNSEndpoint, each with its routing."""
    found = job.host.kubectl.json("-n", job.namespace, "get", "dnsendpoint", "service-web")
    shortest = min((each["dnsName"] for each in found["spec"]["endpoints"]), key=len)
    return {
        each.get("setIdentifier", ""): each.get("routing")
        for each in found["spec"]["endpoints"]
        if each["dnsName"] == shortest
    }


def test_weights_are_drawn_by_the_embedded_server_and_a_change_of_policy_leaves_no_gap(
    job: Job,
) -> None:
    at = job.serve()
    job.record(domain="near", routing={"policy": "Weighted", "weights": {"eu": 1, "us": 0}})
    until(lambda: chosen(job), lambda found: found == {(at["eu"],)})
    assert sets(job) == {"eu": {"weight": 1}, "us": {"weight": 0}}
    until(lambda: job.condition("Routed")[:2], lambda found: found == ("True", "Routed"))
    until(lambda: job.condition("Verified")[0], lambda found: found == "True")
    job.record(domain="near", routing={"policy": "Weighted", "weights": {"eu": 50, "us": 50}})
    until(lambda: chosen(job), lambda found: found == {(at["eu"],), (at["us"],)})
    job.record(domain="near", routing={"policy": "Simple"})
    seen: list[set[tuple[str, ...]]] = []
    both = tuple(sorted(at.values()))
    until(lambda: seen.append(chosen(job)) or seen[-1], lambda found: found == {both})
    assert () not in set().union(*seen), "there was always an answer"
    until(lambda: job.condition("Routed"), lambda found: found == ("", "", ""))


def test_bind_has_the_tier_whose_turn_it_is_and_weights_as_one_set(job: Job) -> None:
    label = (SYSTEM, "label", "kubefedcluster", "us")
    at = job.serve()
    name = job.name()
    job.record(routing=TIERS)
    until(lambda: job.dns.values(name), lambda found: found == [at["eu"]])
    assert [each.get("tiers") for each in job.status()["dns"]] == [[0], None]
    job.host.kubectl("-n", *label, "role=standby")
    until(lambda: sets(job), lambda found: found == {"tier-0": {"tier": 0}, "tier-1": {"tier": 1}})
    eu = job.members[0].kubectl
    eu("-n", job.namespace, "scale", "deployment", "web", "--replicas=0")
    until(lambda: job.dns.values(name), lambda found: found == [at["us"]])
    until(lambda: job.condition("Routed")[2], lambda found: "by the hub at" in found)
    eu("-n", job.namespace, "scale", "deployment", "web", "--replicas=1")
    until(lambda: job.dns.values(name), lambda found: found == [at["eu"]])
    job.host.kubectl("-n", *label, "role-")
    job.record(routing={"policy": "Weighted", "weights": {"eu": 3}})
    until(lambda: job.dns.values(name), lambda found: found == sorted(at.values()))
    until(lambda: job.condition("Routed")[:2], lambda found: found == ("False", "Degraded"))
    assert "DNSProvider bind does not serve Weighted" in job.condition("Routed")[2]
    status = job.host.kubectl.json("-n", SYSTEM, "get", "dnsprovider", "bind")["status"]
    assert status["capabilities"] == ["atomic", "conditional"]
    assert job.condition("Guarded", "dnsprovider", "bind", system=True)[0] == "True"
