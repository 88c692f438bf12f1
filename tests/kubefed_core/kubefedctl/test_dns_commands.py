"""What `kubefed_dns` adds to kubefedctl, through the same command line."""

import json

import pytest

GROUP = "/apis/multiclusterdns.kubefed.io/v1alpha1"
SYSTEM = "kube-federation-system"
BIND = f"{GROUP}/namespaces/{SYSTEM}/dnsproviders/bind"
EU = f"/apis/core.kubefed.io/v1beta1/namespaces/{SYSTEM}/kubefedclusters/eu"
APPROVE = "multiclusterdns.kubefed.io/approve"
DRAINED = "multiclusterdns.kubefed.io/drained"
HELD = {"count": 3, "names": ["a.example.com", "b.example.com"], "digest": "0123456789ab"}


@pytest.fixture
def bind(host):
    zones = [{"name": "example.com", "held": HELD}, {"name": "example.org"}]
    host.put(BIND, metadata={"annotations": {APPROVE: "example.org=x, example.com=old"}},
             status={"zones": zones})  # fmt: skip
    return host


def annotation(host, path, name):
    return host.objects[path]["metadata"].get("annotations", {}).get(name)


def test_approve_lets_go_what_is_held_now_and_keeps_other_approvals(kubefedctl, bind):
    done = kubefedctl("dns", "approve", "bind", "Example.com.")
    assert done.status == 0, done.err
    assert "a.example.com" in done.out
    assert "and 1 more" in done.out
    assert annotation(bind, BIND, APPROVE) == "example.org=x,example.com=0123456789ab"


def test_approve_of_what_is_not_held_says_where_something_is(kubefedctl, bind):
    done = kubefedctl("dns", "approve", "bind", "example.org")
    assert done.status == 255
    assert "it holds names in: example.com" in done.err


def test_approve_of_an_unknown_provider(kubefedctl, host):
    done = kubefedctl("dns", "approve", "nope", "example.org")
    assert done.status == 255
    assert "there is no DNSProvider kube-federation-system/nope" in done.err


def test_a_dry_run_approves_nothing(kubefedctl, bind):
    assert kubefedctl("dns", "approve", "bind", "example.com", "--dry-run").status == 0
    assert annotation(bind, BIND, APPROVE) == "example.org=x, example.com=old"


@pytest.fixture
def eu(host):
    def entry(cluster, ip):
        return {"cluster": cluster, "loadBalancer": {"ingress": [{"ip": ip}]}}

    host.put(EU)
    where = f"{GROUP}/namespaces/shop/servicednsrecords"
    host.put(f"{where}/web", status={"dns": [entry("eu", "192.0.2.1")]})
    host.put(f"{where}/db", status={"dns": [entry("eu", "192.0.2.1"), entry("us", "192.0.2.2")]})
    return host


def test_drain_marks_the_cluster_and_lists_what_must_stay(kubefedctl, eu):
    done = kubefedctl("dns", "drain", "eu")
    assert done.status == 0, done.err
    assert annotation(eu, EU, DRAINED) == "true"
    assert "ServiceDNSRecord shop/web" in done.out
    assert "shop/db" not in done.out
    assert kubefedctl("dns", "undrain", "eu").status == 0
    assert annotation(eu, EU, DRAINED) is None


def test_drain_of_an_unknown_cluster(kubefedctl, eu):
    done = kubefedctl("dns", "drain", "pluto")
    assert done.status == 255
    assert "there is no KubeFedCluster kube-federation-system/pluto" in done.err


def test_a_dry_run_drains_nothing(kubefedctl, eu):
    assert "would be drained" in kubefedctl("dns", "drain", "eu", "--dry-run").out
    assert annotation(eu, EU, DRAINED) is None


def test_records_are_listed_with_where_they_stand(kubefedctl, host):
    host.put(
        f"{GROUP}/namespaces/shop/dnsendpoints/service-web",
        spec={
            "endpoints": [
                {"dnsName": "web.example.com", "recordType": "A", "recordTTL": 30,
                 "targets": ["192.0.2.1", "192.0.2.2"]},
                {"dnsName": "new.example.com", "recordType": "A", "targets": ["192.0.2.1"]},
            ]
        },
        status={
            "endpoints": [
                {"dnsName": "web.example.com", "recordType": "A",
                 "providers": [{"name": "bind", "zone": "example.com", "marker": "7"}]}
            ]
        },
    )  # fmt: skip
    done = kubefedctl("dns", "records", "-o", "json")
    assert done.status == 0, done.err
    rows = json.loads(done.out)
    assert [row["name"] for row in rows] == ["new.example.com", "web.example.com"]
    assert rows[1] == {
        "name": "web.example.com",
        "type": "A",
        "ttl": "30",
        "targets": "192.0.2.1,192.0.2.2",
        "provider": "bind",
        "zone": "example.com",
        "marker": "7",
        "object": "shop/service-web",
        "error": "",
    }
    table = kubefedctl("dns", "records", "-n", "shop").out
    assert table.splitlines()[0].split()[:3] == ["NAME", "TYPE", "TTL"]
    assert "192.0.2.1,192.0.2.2" in table
