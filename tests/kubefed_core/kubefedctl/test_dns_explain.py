"""`dns explain`: a host, a member that answers and one that does not."""

import base64
import json

import pytest

GROUP = "/apis/multiclusterdns.kubefed.io/v1alpha1"
SYSTEM = "kube-federation-system"
CLUSTERS = f"/apis/core.kubefed.io/v1beta1/namespaces/{SYSTEM}/kubefedclusters"
WEB = f"{GROUP}/namespaces/shop/servicednsrecords/web"
NAME = "web.shop.shop.svc.example.com"
TOKEN = base64.b64encode(b"admin-token").decode()


@pytest.fixture
def hub(host, member):
    """A record that wants eu, which has a Service, us, which is not to be reached, and pluto."""
    for name, url in (("eu", member.url), ("us", "http://127.0.0.1:1")):
        host.put(f"/api/v1/namespaces/{SYSTEM}/secrets/{name}", data={"token": TOKEN})
        host.put(f"{CLUSTERS}/{name}", spec={"apiEndpoint": url, "secretRef": {"name": name}})
    host.put(f"{GROUP}/namespaces/{SYSTEM}/domains/shop", domain="example.com")
    out = "ClusterUnreachable"
    host.put(
        WEB,
        spec={"domainRef": "shop", "clusters": ["eu", "us", "pluto"]},
        status={
            "domain": "example.com",
            "dns": [
                {
                    "cluster": "eu",
                    "loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]},
                    "reason": "Published",
                },
                {"cluster": "us", "loadBalancer": {}, "reason": out, "message": "it is away"},
            ],
            "conditions": [{"type": "Published", "status": "True", "reason": "Published"}],
        },
    )
    sets = [{"dnsName": NAME, "recordType": "A", "recordTTL": 30, "targets": ["192.0.2.1"]}]
    placed = {
        "dnsName": NAME,
        "recordType": "A",
        "providers": [{"name": "embedded", "zone": "example.com", "marker": "7"}],
    }
    host.put(
        f"{GROUP}/namespaces/shop/dnsendpoints/service-web",
        spec={"endpoints": sets},
        status={"endpoints": [placed]},
    )
    host.put("/api/v1/namespaces/shop")
    balancer = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    member.put("/api/v1/namespaces/shop/services/web", status=balancer)
    member.put(
        "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/web-1",
        metadata={"labels": {"kubernetes.io/service-name": "web"}},
        endpoints=[{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
    )
    return host


def steps(done, cluster):
    (source,) = json.loads(done.out)["sources"]
    (found,) = [each for each in source["clusters"] if each["cluster"] == cluster]
    return [(step["what"], step["good"]) for step in found["steps"]]


@pytest.fixture
def explain(kubefedctl):
    def run(*args):
        return kubefedctl("dns", "explain", *args, "--server", "no server")

    return run


def test_each_cluster_has_its_chain_of_reasons(explain, hub):
    done = explain(NAME.upper(), "-o", "json")
    assert done.status == 0, done.err
    assert steps(done, "eu") == [
        ("api", True), ("object", True), ("address", True), ("endpoints", True), ("target", True),
    ]  # fmt: skip
    assert steps(done, "us") == [("api", False), ("target", False)]
    assert steps(done, "pluto") == [("joined", False), ("target", None)]


def test_the_chain_goes_on_to_provider_and_name_server(explain, hub):
    done = explain(NAME)
    assert done.status == 0, done.err
    assert "made by ServiceDNSRecord shop/web" in done.out
    assert "+ address: its load balancer has 192.0.2.1" in done.out
    assert "- target: out (ClusterUnreachable: it is away)" in done.out
    assert "+ DNSProvider embedded, zone example.com, serial or change 7" in done.out
    assert "? no server answers A: " in done.out


@pytest.mark.parametrize(
    ("change", "last"),
    [
        (lambda member: member.objects.clear(), ("object", False)),
        (lambda member: _service(member).update(status={}), ("address", False)),
        (lambda member: _slice(member).update(endpoints=[]), ("endpoints", False)),
    ],
)
def test_it_says_which_link_is_broken_now(explain, hub, member, change, last):
    change(member)
    assert steps(explain(NAME, "-o", "json"), "eu")[-2] == last


def _service(member):
    return member.objects["/api/v1/namespaces/shop/services/web"]


def _slice(member):
    return member.objects["/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/web-1"]


@pytest.mark.parametrize("target", ["eu", "192.0.2.1"])
def test_only_one_target_is_explained_where_one_is_named(explain, hub, target):
    done = explain(NAME, target)
    assert done.status == 0, done.err
    assert "cluster eu" in done.out
    assert "cluster us" not in done.out


def test_a_name_that_has_no_target_is_explained_too(explain, hub):
    where = f"{GROUP}/namespaces/shop/dnsendpoints/service-web"
    hub.objects[where]["spec"], hub.objects[where]["status"] = {}, {}
    hub.objects[WEB]["status"]["dns"] = []
    done = explain(NAME)
    assert done.status == 0, done.err
    assert "it does not have the name: no cluster gives it a target" in done.out


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("nobody.example.com",), "no record and no DNSEndpoint makes it"),
        ((NAME, "mars"), "mars is neither a cluster nor an address behind"),
    ],
)
def test_what_nobody_knows(explain, hub, args, why):
    done = explain(*args)
    assert done.status == 255
    assert why in done.err
