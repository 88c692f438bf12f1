"""What is wrong with an object before it is taken; the rules of each field are tested with it."""

import pytest

from kubefed_core.api.review import Kind, Review
from kubefed_core.api.types import TypeConfig, federated_of
from kubefed_core.decide import admission
from kubefed_core.resources import DEPLOYMENTS, NAMESPACES

SPACES = TypeConfig("namespaces", NAMESPACES, federated_of(NAMESPACES))
WORK = TypeConfig("deployments.apps", DEPLOYMENTS, federated_of(DEPLOYMENTS))
OPTIONS = "kubefed.io/deleteoption"


def review(spec=None, *, old=None, subresource="", status=None, **meta):
    made = {"metadata": {"namespace": "shop", "name": "x", **meta}, "spec": spec or {}}
    if status is not None:
        made["status"] = status
    return Review("", "UPDATE" if old else "CREATE", Kind("", "", ""), made, old, subresource)


@pytest.mark.parametrize(
    ("reason", "spec", "message"),
    [
        (
            "A template is of its kind.",
            {"template": {"kind": "Job"}},
            'spec.template.kind: Invalid value: "Job": must be Deployment, or be left out',
        ),
        (
            "An operator is known.",
            {"placement": {"clusterSelector": {"matchExpressions": [
                {"key": "a", "operator": "Near"}]}}},
            "spec.placement.clusterSelector.matchExpressions[0].operator: Unsupported value: "
            '"Near": supported values: "In", "NotIn", "Exists", "DoesNotExist"',
        ),
        (
            "What an object is called stays.",
            {"overrides": [{"clusterName": "eu", "clusterOverrides": [
                {"path": "/metadata/name", "value": "y"}]}]},
            "spec.overrides[0].clusterOverrides[0].path: Invalid value: "
            '"/metadata/name": this field cannot be overridden',
        ),
        (
            "A pointer begins with a slash.",
            {"retain": ["spec"]},
            'spec.retain[0]: Invalid value: "spec": must begin with /',
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_federated_object_is_read_as_its_controller_reads_it(reason, spec, message):
    assert admission.federated(review(spec), [WORK]) == [message], reason
    assert admission.federated(review(spec, old=review(spec).obj), [WORK]) == [], "as before"
    assert admission.federated(review(spec, subresource="status"), [WORK]) == []


def test_all_that_is_wrong_is_told():
    spec = {"template": {"kind": "Job"}, "retain": ["x"], "placement": {"clusters": [{}]}}
    assert len(admission.federated(review(spec), [WORK])) == 3


def test_the_template_of_a_kind_that_nobody_propagates_is_not_looked_at():
    assert admission.federated(review({"template": {"kind": "Job"}}), []) == []


def test_a_federated_namespace_has_the_name_of_its_own():
    (told,) = admission.federated(review({}), [SPACES])
    assert told == (
        'metadata.name: Invalid value: "x": must be named shop, as the namespace that it is in'
    )
    assert admission.federated(review({}, name="shop"), [SPACES]) == []


def test_delete_options_are_looked_at_when_they_are_others():
    bad = {"annotations": {OPTIONS: "{"}}
    (told,) = admission.federated(review({}, **bad), [WORK])
    assert told.startswith(f"metadata.annotations[{OPTIONS}]: Invalid value: ")
    before = review({}).obj
    assert len(admission.federated(review({}, old=before, **bad), [WORK])) == 1
    assert admission.federated(review({}, old=review({}, **bad).obj, **bad), [WORK]) == []


def test_overrides_that_cannot_be_read_change_nothing():
    assert admission.paths({"spec": {"overrides": [{}]}}) == []


def test_a_kind_whose_fields_are_not_known_has_every_field():
    spec = {"overrides": [{"clusterName": "eu", "clusterOverrides": [{"path": "/a", "value": 1}]}]}
    patches = admission.paths({"spec": spec})
    assert admission.unknown_fields(patches, DEPLOYMENTS, {}) == []
    kind = {"group": "apps", "version": "v1", "kind": "Deployment"}
    schemas = {"d": {"x-kubernetes-group-version-kind": [kind], "properties": {"spec": {}}}}
    assert admission.unknown_fields(patches, DEPLOYMENTS, schemas) == [
        'spec.overrides[0].clusterOverrides[0].path: Invalid value: "/a": a Deployment has no such '
        'field: there is no field "a" in the object'
    ]


@pytest.mark.parametrize(
    ("faults", "spec", "field"),
    [
        (admission.preference, {"targetKind": "FederatedJob", "totalReplicas": 1}, "targetKind"),
        (admission.preference, {"targetKind": "FederatedDeployment", "totalReplicas": -1}, "total"),
        (
            admission.placement_policy,
            {"clusterSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
            "clusterSelector.matchExpressions[0].values: Required value",
        ),
        (admission.cluster, {"apiEndpoint": "c"}, "secretRef.name: Required value"),
        (admission.config, {}, "scope: Required value"),
        (admission.type_config, {"propagation": "Enabled"}, "targetType.version: Required value"),
    ],
)
def test_other_kinds_are_looked_at_when_they_are_others(faults, spec, field):
    assert f"spec.{field}" in " ".join(faults(review(spec)))
    assert faults(review(spec, old=review(spec).obj)) == []


def test_of_a_status_only_the_status_is_looked_at():
    asked = {"spec": {}, "subresource": "status"}
    (told,) = admission.type_config(review(**asked, status={"propagationController": "x"}))
    assert told.startswith("status.propagationController: Unsupported value")
    bad = {"conditions": [{"type": "Ready", "status": "True"}]}
    assert admission.cluster(review(**asked, status=bad)) == [
        "status.conditions[0].lastProbeTime: Required value"
    ]
    assert admission.preference(review(**asked)) == []
