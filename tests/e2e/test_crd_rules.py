"""The rules in the CRDs of the core and of federated kinds, on an API server without a webhook."""

from typing import Any

import pytest
from apiserver import Kubectl
from hub import SYSTEM
from objects_refused import Obj

from kubefed_core.api import federated_kind
from kubefed_core.api.types import federated_of
from kubefed_core.resources import DEPLOYMENTS

LABEL = "a DNS-1035 label must consist of lower case alphanumeric characters or '-'"
NATURAL = "must be between 0 and"
VALUES = "must be specified when `operator` is 'In' or 'NotIn'"
NO_VALUES = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
TARGET = {
    "group": "apps",
    "version": "v1",
    "kind": "Deployment",
    "pluralName": "deployments",
    "scope": "Namespaced",
}
FEDERATED = TARGET | {
    "group": "types.kubefed.io",
    "version": "v1beta1",
    "kind": "FederatedDeployment",
    "pluralName": "federateddeployments",
}


@pytest.fixture(scope="module")
def kubectl(bare_host: Kubectl) -> Kubectl:
    """A host with our kinds, and one that `kubefedctl enable` makes."""
    bare_host("apply", "--server-side", "-f", "crds")
    made = federated_kind.crd(DEPLOYMENTS, federated_of(DEPLOYMENTS), replicas=True, ready=True)
    bare_host("create", "-f", "-", stdin=made)
    bare_host("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
    bare_host("create", "namespace", SYSTEM)
    return bare_host


def obj(version: str, kind: str, name: str, **spec: Any) -> Obj:
    meta = {"name": name} | ({} if kind == "ClusterPlacementPolicy" else {"namespace": SYSTEM})
    return {"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec}


def ftc(name: str = "deployments.apps", **spec: Any) -> Obj:
    whole = {"targetType": TARGET, "federatedType": FEDERATED, "propagation": "Enabled"} | spec
    return obj("core.kubefed.io/v1beta1", "FederatedTypeConfig", name, **whole)


def rsp(**spec: Any) -> Obj:
    whole = {"targetKind": "FederatedDeployment", "totalReplicas": 3} | spec
    return obj("scheduling.kubefed.io/v1alpha1", "ReplicaSchedulingPreference", "x", **whole)


def policy(**expression: Any) -> Obj:
    selector = {"matchExpressions": [{"key": "a"} | expression]}
    version = "core.kubefed.io/v1alpha1"
    return obj(version, "ClusterPlacementPolicy", "x", clusterSelector=selector)


def deployment(**spec: Any) -> Obj:
    return obj("types.kubefed.io/v1beta1", "FederatedDeployment", "x", **spec)


def selected(**expression: Any) -> Obj:
    selector = {"matchExpressions": [{"key": "a"} | expression]}
    return deployment(placement={"clusterSelector": selector})


def patched(path: str, **more: Any) -> Obj:
    patches = [{"path": path, "value": 1} | more]
    return deployment(overrides=[{"clusterName": "eu", "clusterOverrides": patches}])


def tolerating(**toleration: str) -> Obj:
    return deployment(placement={"tolerations": [toleration]})


REFUSED: list[tuple[str, Obj, str]] = [
    (
        "A type config has its target's name.",
        ftc("deployments"),
        "name must be 'TARGET_PLURAL_NAME",
    ),
    ("A version is a label.", ftc(targetType=TARGET | {"version": "Alpha"}), LABEL),
    ("A version is given.", ftc(targetType=TARGET | {"version": ""}), "version: Required value"),
    ("A kind is a label.", ftc(targetType=TARGET | {"kind": "2Kind"}), LABEL),
    ("A plural is a label.", ftc(targetType=TARGET | {"pluralName": "2x"}), LABEL),
    ("A group is a domain.", ftc(targetType=TARGET | {"group": "a b"}), "RFC 1123 subdomain"),
    ("So is that of the federated kind.", ftc(federatedType=TARGET), "at least one dot"),
    ("A scope is known.", ftc(targetType=TARGET | {"scope": "All"}), "Unsupported value"),
    ("It is on or off.", ftc(propagation="On"), '"Enabled", "Disabled"'),
    ("Replicas are of a workload.", rsp(targetKind="FederatedJob"), '"FederatedStatefulSet"'),
    (
        "Replicas are counted from 0.",
        rsp(totalReplicas=-1),
        "must be between 0 and 2147483647, inclusive",
    ),
    ("So are shares.", rsp(clusters={"eu": {"weight": -1}}), NATURAL),
    ("So are bounds.", rsp(clusters={"eu": {"minReplicas": -1}}), NATURAL),
    ("A policy's operator needs values.", policy(operator="In"), VALUES),
    ("Or has none.", policy(operator="Exists", values=["a"]), NO_VALUES),
    ("An operator is known.", policy(operator="Near"), "Unsupported value"),
    ("A selector's operator is known.", selected(operator="Near"), '"In", "NotIn", "Exists"'),
    ("It needs values.", selected(operator="NotIn"), VALUES),
    ("It has none.", selected(operator="DoesNotExist", values=["a"]), NO_VALUES),
    (
        "A template is of its kind.",
        deployment(template={"kind": "Job"}),
        "must be Deployment, or be left out",
    ),
    ("A path begins with a slash.", patched("spec/replicas"), "must begin with /"),
    *(
        ("What an object is called stays.", patched(path), "this field cannot be overridden")
        for path in ("/metadata/name", "/metadata/namespace", "/metadata/generateName", "/kind")
    ),
    ("A change is one of three.", patched("/spec", op="move"), "should match"),
    (
        "Overrides are for somebody.",
        deployment(overrides=[{"clusterOverrides": []}]),
        "exactly one of clusterName and clusterSelector",
    ),
    (
        "By name or by label.",
        deployment(overrides=[{"clusterName": "eu", "clusterSelector": {}}]),
        "exactly one of clusterName and clusterSelector",
    ),
    ("A pointer begins with a slash.", deployment(retain=["spec"]), "must begin with /"),
    ("Everything cannot be retained.", deployment(retain=["/"]), "must begin with /"),
    ("A toleration has a key.", tolerating(value="a"), "must be Exists when `key` is empty"),
    (
        "Or takes any value.",
        tolerating(key="a", operator="Exists", value="b"),
        "must be empty when `operator` is 'Exists'",
    ),
    ("An effect is known.", tolerating(key="a", effect="Never"), '"NoSchedule", "NoExecute"'),
]


@pytest.mark.parametrize(
    ("reason", "wrong", "message"),
    REFUSED,
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_refuses(kubectl: Kubectl, reason: str, wrong: Obj, message: str) -> None:
    flags = ("--dry-run=server", "--validate=false")
    said = kubectl("create", *flags, "-f", "-", stdin=wrong, fine=False)
    assert "is invalid" in said, reason
    assert message in said, reason


TAKEN: list[tuple[str, Obj]] = [
    ("A type config.", ftc()),
    (
        "One of the core group.",
        ftc("pods", targetType=TARGET | {"group": "", "pluralName": "pods"}),
    ),
    ("Shares.", rsp(clusters={"*": {"weight": 1}, "eu": {"minReplicas": 0, "maxReplicas": 0}})),
    ("A policy.", policy(operator="Exists")),
    ("An empty wish.", deployment()),
    ("A template that says what it is.", deployment(template={"kind": "Deployment", "spec": {}})),
    ("All clusters.", deployment(placement={"clusterSelector": {}})),
    ("A label.", selected(operator="In", values=["b"])),
    ("No label.", selected(operator="DoesNotExist")),
    ("The default of a change.", patched("/spec/replicas", op="")),
    ("Another API version.", patched("/apiVersion")),
    ("Whatever is tolerated.", tolerating(operator="Exists")),
    ("A taint.", tolerating(key="a", value="b", effect="NoExecute")),
    (
        "As many overrides as there may be clusters.",
        deployment(
            overrides=[
                {
                    "clusterName": f"c{number}",
                    "clusterOverrides": [{"path": "/spec/replicas", "value": number}],
                }
                for number in range(1000)
            ]
        ),
    ),
]


@pytest.mark.parametrize(("reason", "good"), TAKEN, ids=lambda v: v if isinstance(v, str) else "")
def test_takes(kubectl: Kubectl, reason: str, good: Obj) -> None:
    assert "created" in kubectl("create", "--dry-run=server", "-f", "-", stdin=good), reason


def test_a_template_is_stored_as_it_is(kubectl: Kubectl) -> None:
    template = {"kind": "Deployment", "spec": {"replicas": 1, "deep": {"list": [1, {"a": None}]}}}
    kubectl("create", "-f", "-", stdin=deployment(template=template))
    stored = kubectl.json("get", "federateddeployment", "x", "-n", SYSTEM)
    assert stored["spec"]["template"] == template
