"""`dns plan` on rfc2136 servers: of what points back, and of a zone that is not transferred."""

import json

import pytest
import yaml
from dns.opcode import UPDATE
from dns.rcode import NXDOMAIN, REFUSED, SERVFAIL
from dns.rdatatype import AXFR
from scripted_dns import ScriptedDns, reply

GROUP = "/apis/multiclusterdns.kubefed.io/v1alpha1"
PROVIDERS = f"{GROUP}/namespaces/kube-federation-system/dnsproviders"
OURS = "heritage=external-dns,external-dns/owner=hub,external-dns/resource=crd/shop/site"
BACK = "2.0.192.in-addr.arpa"
GONE = [f"9.{BACK}. 60 IN PTR old.example.com.", f'ptr-9.{BACK}. 60 IN TXT "{OURS}"']
POINTS = [f"1.{BACK}. 60 IN PTR www.example.com.", f'ptr-1.{BACK}. 60 IN TXT "{OURS}"']


def transfers(zones):
    """A server of zones, given by their records; None for one that it has not loaded."""

    def answer(request):
        (question,) = request.question
        zone = question.name.to_text()
        soa = f"{zone} 60 IN SOA ns.{zone} h.{zone} 7 1 1 1 1"
        held = zones.get(zone)
        if held is None:
            return [reply(request, rcode=SERVFAIL).to_wire()]
        whole = question.rdtype == AXFR
        return [reply(request, soa, *(held if whole else ()), *([soa] * whole)).to_wire()]

    return answer


@pytest.fixture
def pointing(host):
    """A host whose provider points back, in two zones as they are held."""
    zones = {"example.com.": [], f"{BACK}.": []}
    with ScriptedDns(transfers(zones)) as server:
        put(host, server.address, zones=["example.com", BACK], ptr=True)
        yield zones


def put(host, server, *, zones, **settings):
    """A host with a provider that asks a server, and a name that is wanted."""
    host.put("/api/v1/namespaces/kube-system")
    host.put("/api/v1/namespaces/shop")
    host.put(
        f"{PROVIDERS}/bind",
        metadata={"creationTimestamp": "2026-01-01T00:00:00Z"},
        spec={
            "type": "rfc2136",
            "rfc2136": {"servers": [server], **settings},
            "zones": zones,
            "ownerID": "hub",
        },
    )
    wanted = {"dnsName": "www.example.com", "recordType": "A", "targets": ["192.0.2.1"]}
    host.put(
        f"{GROUP}/namespaces/shop/dnsendpoints/site",
        metadata={"creationTimestamp": "2026-01-01T00:00:00Z"},
        spec={"endpoints": [{**wanted, "recordTTL": 60}]},
    )


def changes(done):
    return [
        (each["action"], each["name"], each["type"]) for each in json.loads(done.out)["changes"]
    ]


@pytest.mark.parametrize("only", [[], ["--zone", BACK]], ids=["all zones", "the reverse zone"])
def test_what_points_back_is_planned_with_the_names(kubefedctl, pointing, only):
    pointing[f"{BACK}."] = GONE
    done = kubefedctl("dns", "plan", "-o", "json", *only)
    assert done.status == 2, done.err
    assert [each for each in changes(done) if each[1].endswith(BACK)] == [
        ("Create", f"1.{BACK}", "PTR"),
        ("Create", f"ptr-1.{BACK}", "TXT"),
        ("Delete", f"9.{BACK}", "PTR"),
        ("Delete", f"ptr-9.{BACK}", "TXT"),
    ]


def test_what_points_back_already_is_no_change(kubefedctl, pointing):
    pointing["example.com."] = [
        "www.example.com. 60 IN A 192.0.2.1",
        f'a-www.example.com. 60 IN TXT "{OURS}"',
    ]
    pointing[f"{BACK}."] = POINTS
    done = kubefedctl("dns", "plan", "-o", "json")
    assert (done.status, changes(done)) == (0, []), done.err


def test_a_name_that_is_anothers_is_not_pointed_back_to(kubefedctl, pointing):
    pointing["example.com."] = ["www.example.com. 60 IN A 192.0.2.9"]
    done = kubefedctl("dns", "plan", "-o", "json")
    assert changes(done) == []


def test_where_the_names_cannot_be_read_nothing_is_said_of_what_points_back(kubefedctl, pointing):
    pointing["example.com."] = None
    pointing[f"{BACK}."] = POINTS
    done = kubefedctl("dns", "plan", "-o", "json")
    assert done.status == 255
    assert changes(done) == []
    assert "what points back is not known before example.com. can be read" in done.out


def test_a_zone_that_is_not_transferred_is_planned_by_the_names_that_are_wanted(kubefedctl, host):
    held = [
        "www.example.com. 60 IN CNAME old.example.net.",
        f'cname-www.example.com. 60 IN TXT "{OURS}"',
        "other.example.com. 60 IN A 192.0.2.9",
    ]

    def answer(request):
        (question,) = request.question
        soa = "example.com. 60 IN SOA ns.example.com. h.example.com. 7 1 1 1 1"
        if request.opcode() == UPDATE:
            return [reply(request).to_wire()]
        if question.rdtype == AXFR:
            return [reply(request, rcode=REFUSED).to_wire()]
        name = question.name.to_text()
        found = [each for each in (soa, *held) if each.startswith(f"{name} ")]
        return [reply(request, *found, rcode=0 if found else NXDOMAIN).to_wire()]

    with ScriptedDns(answer) as server:
        put(host, server.address, zones=["example.com"])
        done = kubefedctl("dns", "plan", "-o", "json")
    assert done.status == 2, done.err
    assert changes(done) == [
        ("Delete", "www.example.com", "CNAME"),
        ("Delete", "cname-www.example.com", "TXT"),
        ("Create", "www.example.com", "A"),
        ("Create", "a-www.example.com", "TXT"),
    ]


def test_a_provider_is_planned_with_the_secret_in_its_manifest(kubefedctl, host, tmp_path):
    """As it is written in one file; the host has neither."""
    host.put("/api/v1/namespaces/kube-system")
    names = {"namespace": "kube-federation-system"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "creds", **names}}
    provider = {
        "apiVersion": "multiclusterdns.kubefed.io/v1alpha1",
        "kind": "DNSProvider",
        "metadata": {"name": "bind", **names},
        "spec": {
            "type": "rfc2136",
            "zones": ["example.com"],
            "ownerID": "hub",
            "credentialsRef": {"name": "creds"},
        },
    }
    held = {"example.com.": [f'a-old.example.com. 60 IN TXT "{OURS}"']}
    with ScriptedDns(transfers(held)) as server:
        block = {"servers": [server.address], "tsig": {"keyName": "k."}}
        provider["spec"]["rfc2136"] = block
        file = tmp_path / "bind.yaml"
        for text, said in (("bm8=", ""), ("not base64", "is not base64")):
            file.write_text(yaml.safe_dump_all([{**secret, "stringData": {"tsigSecret": text}},
                                                provider]))  # fmt: skip
            done = kubefedctl("dns", "plan", "-f", str(file), "-o", "json")
            problems = [each["message"] for each in json.loads(done.out)["problems"]]
            assert any(said in each for each in problems), problems
            assert not any("cannot be found" in each for each in problems), problems
