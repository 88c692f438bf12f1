"""`dns plan` and `dns adopt`: a real provider's wire, objects on a fake host."""

import json

import pytest
import yaml
from scripted_webhook import ScriptedWebhook

GROUP = "/apis/multiclusterdns.kubefed.io/v1alpha1"
SYSTEM = "kube-federation-system"
PROVIDERS = f"{GROUP}/namespaces/{SYSTEM}/dnsproviders"
DOMAINS = f"{GROUP}/namespaces/{SYSTEM}/domains"
SHOP = f"{GROUP}/namespaces/shop"
OURS = "heritage=external-dns,external-dns/owner=hub,external-dns/resource=crd/shop/site"
THEIRS = "heritage=external-dns,external-dns/owner=default,external-dns/resource=ingress/web/site"


def endpoint(name, *targets, kind="A", ttl=60):
    return {"dnsName": name, "recordType": kind, "targets": list(targets), "recordTTL": ttl}


def put_endpoint(host, name, *endpoints, created="2026-01-01T00:00:00Z"):
    host.put(
        f"{SHOP}/dnsendpoints/{name}",
        metadata={"creationTimestamp": created},
        spec={"endpoints": list(endpoints)},
    )


@pytest.fixture
def backend():
    with ScriptedWebhook("example.com") as server:
        yield server


@pytest.fixture
def hub(host, backend):
    host.put("/api/v1/namespaces/kube-system")
    host.put("/api/v1/namespaces/shop")
    host.put(
        f"{PROVIDERS}/cloud",
        metadata={"creationTimestamp": "2026-01-01T00:00:00Z"},
        spec={
            "type": "webhook",
            "webhook": {"url": backend.url},
            "zones": ["example.com"],
            "ownerID": "hub",
        },
    )
    return host


def hold(backend, *sets):
    for name, kind, *targets in sets:
        backend.held[name, kind, ""] = {
            "dnsName": name,
            "recordType": kind,
            "recordTTL": 60,
            "targets": targets,
        }


def own(backend, name, *targets, by=OURS):
    hold(backend, (name, "A", *targets), (f"a-{name}", "TXT", f'"{by}"'))


def changes(done):
    return [
        (each["action"], each["name"], each["type"]) for each in json.loads(done.out)["changes"]
    ]


def test_what_is_wanted_and_not_there_would_be_created_with_its_ownership(kubefedctl, hub, backend):
    put_endpoint(hub, "site", endpoint("www.example.com", "192.0.2.1"))
    done = kubefedctl("dns", "plan", "-o", "json")
    assert done.status == 2, done.err
    assert changes(done) == [
        ("Create", "www.example.com", "A"),
        ("Create", "a-www.example.com", "TXT"),
    ]
    first = json.loads(done.out)["changes"][0]
    assert first["new"] == {"ttl": 60, "values": ["192.0.2.1"]}
    assert (first["provider"], first["zone"]) == ("cloud", "example.com")
    assert not backend.held


def test_where_all_is_as_wanted_nothing_would_change(kubefedctl, hub, backend):
    put_endpoint(hub, "site", endpoint("www.example.com", "192.0.2.1"))
    own(backend, "www.example.com", "192.0.2.1")
    done = kubefedctl("dns", "plan")
    assert (done.status, done.out) == (0, "nothing would change\n")


def test_a_diff_shows_the_old_lines_and_the_new(kubefedctl, hub, backend):
    put_endpoint(hub, "site", endpoint("www.example.com", "192.0.2.2"))
    own(backend, "www.example.com", "192.0.2.1")
    done = kubefedctl("dns", "plan")
    assert done.status == 2
    assert "--- zone example.com at DNSProvider cloud" in done.out
    assert "- www.example.com. 60 A 192.0.2.1" in done.out
    assert "+ www.example.com. 60 A 192.0.2.2" in done.out


def test_what_is_ours_and_wanted_no_more_would_be_deleted(kubefedctl, hub, backend):
    own(backend, "www.example.com", "192.0.2.1")
    own(backend, "api.example.com", "192.0.2.9", by=THEIRS)
    done = kubefedctl("dns", "plan", "-o", "json")
    assert done.status == 2
    assert changes(done) == [
        ("Delete", "www.example.com", "A"),
        ("Delete", "a-www.example.com", "TXT"),
    ]


def test_a_name_of_another_owner_is_a_problem_and_no_change(kubefedctl, hub, backend):
    put_endpoint(hub, "site", endpoint("www.example.com", "192.0.2.1"))
    own(backend, "www.example.com", "192.0.2.9", by=THEIRS)
    done = kubefedctl("dns", "plan", "-o", "json")
    assert done.status == 0
    (problem,) = json.loads(done.out)["problems"]
    assert problem["reason"] == "Conflict"
    assert "'default'" in problem["message"]


def test_a_manifest_is_planned_as_if_it_were_applied(kubefedctl, hub, backend, tmp_path):
    put_endpoint(hub, "site", endpoint("www.example.com", "192.0.2.1"))
    own(backend, "www.example.com", "192.0.2.1")
    file = tmp_path / "more.yaml"
    more = {
        "apiVersion": "multiclusterdns.kubefed.io/v1alpha1",
        "kind": "DNSEndpoint",
        "metadata": {"name": "more", "namespace": "shop"},
        "spec": {"endpoints": [endpoint("api.example.com", "192.0.2.7")]},
    }
    file.write_text(yaml.safe_dump(more))
    done = kubefedctl("dns", "plan", "-f", str(file), "-o", "json")
    assert done.status == 2, done.err
    assert {name for _, name, _ in changes(done)} == {"api.example.com", "a-api.example.com"}
    assert not any("dnsendpoints/more" in path for path in hub.objects)


def test_a_manifest_never_takes_a_name_from_an_older_object(kubefedctl, hub, backend, tmp_path):
    put_endpoint(hub, "site", endpoint("www.example.com", "192.0.2.1", ttl=30))
    file = tmp_path / "more.yaml"
    more = {
        "apiVersion": "multiclusterdns.kubefed.io/v1alpha1",
        "kind": "DNSEndpoint",
        "metadata": {"name": "aaa", "namespace": "shop"},
        "spec": {"endpoints": [endpoint("www.example.com", "192.0.2.7")]},
    }
    file.write_text(yaml.safe_dump(more))
    done = kubefedctl("dns", "plan", "-f", str(file), "-o", "json")
    found = json.loads(done.out)
    assert found["changes"][0]["new"]["values"] == ["192.0.2.1"]
    assert "DNSEndpoint shop/aaa" in found["problems"][0]["message"]


def test_a_record_in_a_manifest_is_planned_by_what_its_status_has(
    kubefedctl, hub, backend, tmp_path
):
    hub.put(f"{DOMAINS}/shop", domain="example.com")
    entry = {
        "cluster": "eu",
        "region": "west",
        "zones": ["w1"],
        "loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]},
        "reason": "Published",
    }
    hub.put(
        "/apis/core.kubefed.io/v1beta1/namespaces/kube-federation-system/kubefedclusters/eu",
        spec={"apiEndpoint": "https://127.0.0.1:1", "secretRef": {"name": "eu"}},
    )
    record = {"domainRef": "shop", "recordTTL": 30}
    hub.put(f"{SHOP}/servicednsrecords/web", spec=record, status={"dns": [entry]})
    file = tmp_path / "web.yaml"
    manifest = {
        "apiVersion": "multiclusterdns.kubefed.io/v1alpha1",
        "kind": "ServiceDNSRecord",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {**record, "recordTTL": 90},
    }
    file.write_text(yaml.safe_dump(manifest))
    done = kubefedctl("dns", "plan", "-f", str(file), "-o", "json")
    assert done.status == 2, done.err
    made = {(each["name"], each["new"]["ttl"]) for each in json.loads(done.out)["changes"]
            if each["type"] == "A"}  # fmt: skip
    assert ("web.shop.shop.svc.example.com", 90) in made


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("kind: [", "not YAML"),
        ("kind: Pod\napiVersion: v1\nmetadata: {name: x}", "a plan can be of DNSEndpoint"),
        (
            "kind: Domain\napiVersion: multiclusterdns.kubefed.io/v1alpha1",
            "metadata.name: a manifest of kind Domain has none",
        ),
    ],
)
def test_a_manifest_that_cannot_be_used_says_why(kubefedctl, hub, tmp_path, content, why):
    file = tmp_path / "bad.yaml"
    file.write_text(content)
    done = kubefedctl("dns", "plan", "-f", str(file))
    assert done.status == 255
    assert why in done.err


def test_a_provider_that_cannot_be_read_is_an_error_and_the_others_are_shown(
    kubefedctl, hub, backend
):
    hub.put(
        f"{PROVIDERS}/lost",
        spec={
            "type": "webhook",
            "webhook": {"url": "http://127.0.0.1:1"},
            "zones": ["example.org"],
            "ownerID": "hub",
        },
    )
    put_endpoint(hub, "site", endpoint("www.example.com", "192.0.2.1"))
    done = kubefedctl("dns", "plan", "-o", "json")
    assert done.status == 255
    assert ("Create", "www.example.com", "A") in changes(done)
    assert "lost" in done.err


def test_a_provider_without_its_secret_names_the_secret(kubefedctl, hub):
    path = f"{PROVIDERS}/cloud"
    hub.objects[path]["spec"]["credentialsRef"] = {"name": "token"}
    done = kubefedctl("dns", "plan")
    assert done.status == 255
    assert "there is no Secret token" in done.out


def test_the_embedded_server_holds_what_the_status_says(kubefedctl, hub):
    hub.put(f"{DOMAINS}/lab", domain="lab.example.net")
    there = {
        "dnsName": "old.lab.example.net",
        "recordType": "A",
        "providers": [{"name": "embedded", "zone": "lab.example.net", "marker": "7"}],
    }
    hub.put(
        f"{SHOP}/dnsendpoints/site",
        metadata={"creationTimestamp": "2026-01-01T00:00:00Z"},
        spec={
            "endpoints": [
                endpoint("old.lab.example.net", "192.0.2.1"),
                endpoint("new.lab.example.net", "192.0.2.2"),
            ]
        },
        status={"endpoints": [there]},
    )
    done = kubefedctl("dns", "plan", "-o", "json")
    assert done.status == 2, done.err
    assert changes(done) == [("Create", "new.lab.example.net", "A")]


def test_names_are_taken_over_without_touching_their_data(kubefedctl, hub, backend):
    put_endpoint(hub, "site", endpoint("www.example.com", "192.0.2.1"))
    own(backend, "www.example.com", "192.0.2.9", by=THEIRS)
    own(backend, "api.example.com", "192.0.2.9", by=THEIRS)
    tried = kubefedctl("dns", "adopt", "--from-owner", "default", "--dry-run")
    assert "dry run: would move: www.example.com" in tried.out
    assert backend.held["a-www.example.com", "TXT", ""]["targets"] == [f'"{THEIRS}"']
    done = kubefedctl("dns", "adopt", "--from-owner", "default")
    assert done.status == 0, done.err
    assert "moved: www.example.com in zone example.com at DNSProvider cloud" in done.out
    assert "api.example.com in zone example.com at DNSProvider cloud: left" in done.out
    assert backend.held["a-www.example.com", "TXT", ""]["targets"] == [f'"{OURS}"']
    assert backend.held["www.example.com", "A", ""]["targets"] == ["192.0.2.9"]
    assert backend.held["a-api.example.com", "TXT", ""]["targets"] == [f'"{THEIRS}"']
    assert changes(kubefedctl("dns", "plan", "-o", "json")) == [("Update", "www.example.com", "A")]


def test_names_are_given_back_as_they_are(kubefedctl, hub, backend):
    put_endpoint(hub, "site", endpoint("www.example.com", "192.0.2.1"))
    own(backend, "www.example.com", "192.0.2.1")
    done = kubefedctl("dns", "adopt", "--from-owner", "hub", "--to-owner", "default")
    assert done.status == 0, done.err
    (text,) = backend.held["a-www.example.com", "TXT", ""]["targets"]
    assert "owner=default" in text
    assert "resource=crd/shop/site" in text
    assert kubefedctl("dns", "plan").status == 0


def test_only_chosen_names_are_taken_over(kubefedctl, hub, backend):
    for name in ("www.example.com", "api.example.com"):
        own(backend, name, "192.0.2.1", by=THEIRS)
    sets = (endpoint("www.example.com", "192.0.2.1"), endpoint("api.example.com", "192.0.2.1"))
    put_endpoint(hub, "site", *sets)
    done = kubefedctl("dns", "adopt", "--from-owner", "default", "--name", "API.example.com.")
    assert done.status == 0, done.err
    assert "www" not in done.out


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("--from-owner", "hub"), "not from 'hub' to 'hub'"),
        (("--from-owner", "a", "--to-owner", "b"), "not from 'a' to 'b'"),
    ],
)
def test_names_are_moved_only_to_the_provider_s_owner_or_from_it(kubefedctl, hub, args, why):
    done = kubefedctl("dns", "adopt", *args)
    assert done.status == 255
    assert why in done.err
