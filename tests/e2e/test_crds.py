"""The kinds of crds/ on a real API server: what it takes, what it refuses, what it shows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path

import pytest
import yaml
from apiserver import Kubectl
from objects_refused import REFUSED, Obj, cluster, config, ingress, made, provider, service
from objects_taken import TAKEN

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "deploy" / "examples"
SERVICE_CRD = ROOT / "crds" / "servicednsrecords.yaml"
NOW = "2026-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def kubectl(bare_host: Kubectl) -> Kubectl:
    """A host with the kinds and the namespaces of the examples."""
    bare_host("apply", "--server-side", "-f", "crds")
    bare_host("wait", "--for=condition=Established", "--timeout=30s", "-f", "crds")
    for namespace in ("kube-federation-system", "test-namespace"):
        bare_host("create", "namespace", namespace)
    for kind in ("namespaces", "deployments"):
        bare_host("apply", "-f", f"deploy/types/{kind}.yaml")
    bare_host("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
    return bare_host


@pytest.fixture(scope="module")
def said(kubectl: Kubectl) -> Mapping[int, str]:
    """What is said of every object that must be refused, in one request."""
    rows = listed([obj for _, obj, _ in REFUSED])
    # kubectl's own look at the objects would stop all of them for one.
    flags = ("--dry-run=server", "--validate=false")
    text = kubectl("create", *flags, "-f", "-", stdin=rows, fine=False)
    return {int(row): message for row, message in re.findall(r'"row-(\d+)" is invalid: (.*)', text)}


@pytest.fixture(scope="module")
def taken(kubectl: Kubectl) -> frozenset[int]:
    """The numbers of the objects that were taken, of those that must be."""
    rows = listed([obj for _, obj in TAKEN])
    text = kubectl("create", "--dry-run=server", "-f", "-", stdin=rows, fine=False)
    assert "invalid" not in text, text
    return frozenset(int(number) for number in re.findall(r"/row-(\d+) created", text))


def listed(objects: Sequence[Obj]) -> Obj:
    named = [
        {**obj, "metadata": {"name": f"row-{number}", "namespace": "default"}}
        for number, obj in enumerate(objects)
    ]
    return {"apiVersion": "v1", "kind": "List", "items": named}


def called(name: str, obj: Obj) -> Obj:
    return {**obj, "metadata": {"name": name, "namespace": "default"}}


def condition(kind: str, status: str, reason: str) -> Obj:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": "",
        "lastTransitionTime": NOW,
    }


@pytest.mark.parametrize(
    ("number", "reason", "message"),
    [(number, reason, message) for number, (reason, _, message) in enumerate(REFUSED)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refuses(said: Mapping[int, str], number: int, reason: str, message: str) -> None:
    assert message in said.get(number, "taken"), reason


@pytest.mark.parametrize(
    ("number", "reason"),
    [(number, reason) for number, (reason, _) in enumerate(TAKEN)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_takes(taken: frozenset[int], number: int, reason: str) -> None:
    assert number in taken, reason


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_the_examples_apply_as_they_are(kubectl: Kubectl, path: Path) -> None:
    assert "created" in kubectl("apply", "-f", str(path))


def test_a_field_that_is_not_known_is_said_and_not_dropped(kubectl: Kubectl) -> None:
    wrong = called("typo", provider("embedded", zone=["example.com"]))
    text = kubectl("create", "-f", "-", stdin=wrong, fine=False)
    assert 'unknown field "spec.zone"' in text


def test_a_plug_in_keeps_its_settings_whole(kubectl: Kubectl) -> None:
    settings = {"deep": {"list": [1, "two", {"three": 3}]}}
    kubectl("apply", "-f", "-", stdin=called("plug-in", provider("acme", settings=settings)))
    stored = yaml.safe_load(kubectl("get", "dnsp", "plug-in", "-n", "default", "-o", "yaml"))
    assert stored["spec"]["settings"] == settings


@pytest.mark.parametrize(
    ("reason", "before", "after", "message"),
    [
        (
            "An owner id stays.",
            provider("embedded", ownerID="hub"),
            provider("embedded", ownerID="other"),
            "cannot be added, changed or removed",
        ),
        (
            "The default owner id stays too.",
            provider("embedded"),
            provider("embedded", ownerID="other"),
            "cannot be added, changed or removed",
        ),
        (
            "A scope stays.",
            config(scope="Cluster"),
            config(scope="Namespaced"),
            'spec.scope: Invalid value: "Namespaced": field is immutable',
        ),
    ],
)
def test_what_cannot_be_changed(
    kubectl: Kubectl, reason: str, before: Obj, after: Obj, message: str
) -> None:
    name = reason.lower().strip(".").replace(" ", "-")
    kubectl("apply", "-f", "-", stdin=called(name, before))
    text = kubectl("apply", "-f", "-", stdin=called(name, after), fine=False)
    assert message in text, reason


def test_the_other_fields_of_a_provider_may_change(kubectl: Kubectl) -> None:
    before, after = provider("embedded", ownerID="hub"), provider("acme", ownerID="hub")
    kubectl("apply", "-f", "-", stdin=called("moves", before))
    assert "configured" in kubectl("apply", "-f", "-", stdin=called("moves", after))


RECORD_STATUS = {
    "domain": "example.com",
    "dns": [
        {
            "cluster": "eu",
            "loadBalancer": {},
            "reason": "NoLoadBalancer",
            "since": NOW,
            "tiers": [0],
            "locations": ["EU"],
        }
    ],
    "summary": {"clusters": "2/3", "targets": "192.0.2.1,192.0.2.2"},
    "observedGeneration": 1,
    "conditions": [
        condition("Accepted", "True", "Accepted"),
        condition("Published", "False", "Pending"),
        condition("Verified", "Unknown", "NotObservable"),
    ],
}
PROVIDER_STATUS = {
    "summary": {"zones": "example.com", "records": 12, "held": 3},
    "capabilities": ["atomic", "weight"],
    "zones": [{"name": "example.com", "records": 14, "owned": 12, "pending": 0, "lastSync": NOW}],
    "conditions": [condition("Ready", "True", "Ready")],
}
ENDPOINT_STATUS = {
    "summary": {"names": "3/3", "targets": "192.0.2.1"},
    "conditions": [condition("Published", "True", "Published")],
    "endpoints": [
        {
            "dnsName": "a.test",
            "recordType": "A",
            "providers": [{"name": "bind", "zone": "a.test", "marker": "7"}],
        }
    ],
}
CLUSTER_STATUS = {
    "region": "eu-west",
    "zones": ["eu-west-1a"],
    "conditions": [
        {"type": "Ready", "status": "True", "lastProbeTime": NOW, "reason": "ClusterReady"}
    ],
}


@pytest.mark.parametrize(
    ("short", "status", "header", "row"),
    [
        (
            "sdr",
            RECORD_STATUS,
            "NAME DOMAIN CLUSTERS TARGETS PUBLISHED ACCEPTED VERIFIED REASON AGE",
            "shown example.com 2/3 192.0.2.1,192.0.2.2 False True Unknown Pending",
        ),
        (
            "idr",
            {name: value for name, value in RECORD_STATUS.items() if name != "domain"},
            "NAME HOSTS CLUSTERS TARGETS PUBLISHED ACCEPTED VERIFIED REASON AGE",
            'shown ["a.test"] 2/3 192.0.2.1,192.0.2.2 False True Unknown Pending',
        ),
        (
            "dnsep",
            ENDPOINT_STATUS,
            "NAME NAMES TARGETS PUBLISHED ACCEPTED VERIFIED REASON AGE",
            "shown 3/3 192.0.2.1 True Published",
        ),
        (
            "dnsp",
            PROVIDER_STATUS,
            "NAME TYPE ZONES RECORDS HELD READY REASON POLICY OWNER AGE",
            "shown embedded example.com 12 3 True Ready Sync hub",
        ),
        (
            "kubefedcluster",
            CLUSTER_STATUS,
            "NAME AGE READY REGION ZONES ENDPOINT",
            '0s True eu-west ["eu-west-1a"] c',
        ),
        ("domain", {}, "NAME DOMAIN PROVIDERS NAME SERVER AGE", 'shown a.test ["bind"]'),
    ],
)
def test_get_answers_the_first_question(
    kubectl: Kubectl, shown: None, short: str, status: Obj, header: str, row: str
) -> None:
    if status:
        patch = yaml.safe_dump({"status": status})
        kubectl("patch", short, "shown", "--subresource=status", "--type=merge", "-p", patch)
    first, second = kubectl("get", short, "shown", "-o", "wide").splitlines()
    assert " ".join(first.split()) == header
    assert row in re.sub(r"\b\d+s\b", "0s", " ".join(second.split()))


@pytest.fixture(scope="module")
def shown(kubectl: Kubectl) -> Iterator[None]:
    """One object of each kind, all called `shown`."""
    objects = (
        service(),
        ingress("a.test"),
        cluster(),
        provider("embedded", ownerID="hub"),
        made("DNSEndpoint", spec={}),
        made("Domain", domain="a.test", providers=["bind"]),
    )
    for obj in objects:
        kubectl("create", "-f", "-", stdin=called("shown", obj))
    yield
    kubectl("delete", "kubefed", "--all", "-n", "default")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("sdr.spec.routing.policy", "ENUM: Simple Weighted Failover Geo Latency"),
        ("idr.spec.hosts", "A wildcard stands only as the first label"),
        ("dnsp.spec.rfc2136.tsig", "base64 as in named.conf"),
        ("dnsep.spec.endpoints.setIdentifier", "Tells records of one name and type apart"),
        ("domain.providers", "the embedded server where there is none"),
        ("kubefedconfig.spec.dns.onlyManaged", "Default false"),
        ("kubefedcluster.spec.secretRef", "The Secret with the credentials"),
    ],
)
def test_explain_is_the_manual(kubectl: Kubectl, field: str, text: str) -> None:
    assert text in " ".join(kubectl("explain", field).split())


def test_a_status_is_written_only_as_a_status(kubectl: Kubectl, shown: None) -> None:
    kubectl("patch", "sdr", "shown", "--type=merge", "-p", '{"status": {"domain": "forged"}}')
    assert "forged" not in kubectl("get", "sdr", "shown", "-o", "yaml")


def test_what_an_older_schema_let_in_can_still_be_worked_on(kubectl: Kubectl) -> None:
    """An update from KubeFed's own kinds, which checked nothing, locks nobody out."""
    ours = yaml.safe_load(SERVICE_CRD.read_text())
    loose = deepcopy(ours)
    spec = loose["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["dnsPrefix"] = {"type": "string"}
    spec["properties"]["recordTTL"] = {"type": "integer"}
    old = called("old", service(dnsPrefix="a..b", recordTTL=-1))
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=loose)
    kubectl.until("create", "-f", "-", stdin=old, says="created")
    kubectl("apply", "--server-side", "-f", "-", stdin=ours)
    kubectl.until(
        "create", "--dry-run=server", "-f", "-", stdin=called("new", old), says="is invalid"
    )
    status = '{"status": {"domain": "example.com"}}'
    kubectl("patch", "sdr", "old", "--subresource=status", "--type=merge", "-p", status)
    kubectl("label", "sdr", "old", "a=b")
    wrong = '{"spec": {"dnsPrefix": "c..d"}}'
    assert "spec.dnsPrefix" in kubectl(
        "patch", "sdr", "old", "--type=merge", "-p", wrong, fine=False
    )
    kubectl("patch", "sdr", "old", "--type=merge", "-p", '{"spec": {"dnsPrefix": "c"}}')
