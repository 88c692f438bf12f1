"""`dns drain --wait`, with a controller that is slow, stuck or absent."""

import pytest

GROUP = "/apis/multiclusterdns.kubefed.io/v1alpha1"
SYSTEM = "kube-federation-system"
EU = f"/apis/core.kubefed.io/v1beta1/namespaces/{SYSTEM}/kubefedclusters/eu"
WEB = f"{GROUP}/namespaces/shop/servicednsrecords/web"
DB = f"{GROUP}/namespaces/shop/servicednsrecords/db"


def entry(cluster, ip="", reason="Published", message=""):
    ingress = [{"ip": ip}] if ip else []
    said = {"reason": reason, "message": message}
    return {"cluster": cluster, "loadBalancer": {"ingress": ingress}, **said}


def conditions(**said):
    return [{"type": kind, "status": status, "reason": "Because", "message": "so it is"}
            for kind, status in said.items()]  # fmt: skip


def tell(host, path, *entries, **said):
    host.objects[path]["status"] = {"dns": list(entries), "conditions": conditions(**said)}


@pytest.fixture
def eu(host):
    host.put(EU)
    for path in (WEB, DB):
        host.put(path, spec={"domainRef": "shop"})
        name = path.rsplit("/", 1)[1]
        sets = [{"dnsName": f"{name}.example.com", "recordType": "A", "recordTTL": 60,
                 "targets": ["192.0.2.1"]}]  # fmt: skip
        host.put(f"{GROUP}/namespaces/shop/dnsendpoints/service-{name}", spec={"endpoints": sets})
    tell(host, WEB, entry("eu", "192.0.2.1"), entry("us", "192.0.2.2"), Published="True")
    tell(host, DB, entry("us", "192.0.2.2"), Published="True")
    return host


def steps(time, *done):
    """Each wait lets the next thing happen."""
    left = list(done)

    def step():
        if left:
            left.pop(0)()

    time.on_wait = step


def test_it_waits_for_dns_and_then_for_the_caches(kubefedctl, eu, time):
    out = entry("eu", reason="Drained"), entry("us", "192.0.2.2")
    steps(
        time,
        lambda: tell(eu, WEB, *out, Published="False"),
        lambda: tell(eu, WEB, *out, Published="True", Verified="False"),
        lambda: tell(eu, WEB, *out, Published="True", Verified="True"),
    )
    done = kubefedctl("dns", "drain", "eu", "--wait")
    assert done.status == 0, done.err
    assert "DNS is without eu; caches may hold it for 60s more" in done.out
    assert "no cache can hold an address of eu any more" in done.out
    assert 60 <= time.passed < 70


def test_a_provider_s_least_ttl_counts(kubefedctl, eu, time):
    eu.put(f"{GROUP}/namespaces/{SYSTEM}/dnsproviders/cloud", spec={"minTTL": 300})
    tell(eu, DB, entry("us", "192.0.2.2"))
    out = entry("eu", reason="Drained"), entry("us", "192.0.2.2")
    steps(time, lambda: tell(eu, WEB, *out, Published="True"))
    assert kubefedctl("dns", "drain", "eu", "--wait").status == 0
    assert time.passed >= 300


def test_a_name_without_another_target_is_listed_and_is_a_failure(kubefedctl, eu, time):
    tell(eu, WEB, entry("eu", "192.0.2.1"))
    kept = entry("eu", "192.0.2.1", reason="Held", message="the cluster is drained, but")
    steps(time, lambda: tell(eu, WEB, kept, Published="True"))
    done = kubefedctl("dns", "drain", "eu", "--wait")
    assert done.status == 255
    assert "keeps its address, for it has no other: ServiceDNSRecord shop/web" in done.out
    assert "these have no other target and keep eu: ServiceDNSRecord shop/web" in done.err
    assert time.passed < 60


def test_without_a_controller_it_gives_up_in_time(kubefedctl, eu, time):
    done = kubefedctl("dns", "drain", "eu", "--wait", "--timeout", "20s")
    assert done.status == 255
    assert "after 20s eu is still in DNS: ServiceDNSRecord shop/web" in done.err
    assert time.passed == pytest.approx(20)


def test_a_cluster_behind_no_name_is_drained_at_once(kubefedctl, eu, time):
    tell(eu, WEB, entry("us", "192.0.2.2"), Published="True")
    done = kubefedctl("dns", "drain", "eu", "--wait")
    assert done.status == 0, done.err
    assert time.passed == 0


def test_a_dry_run_does_not_wait(kubefedctl, eu, time):
    assert kubefedctl("dns", "drain", "eu", "--wait", "--dry-run").status == 0
    assert time.passed == 0
