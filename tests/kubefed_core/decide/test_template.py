import pytest

from kubefed_core.decide import overrides
from kubefed_core.decide.template import (
    Unbuilt,
    Unpatched,
    Unretained,
    build,
    desired,
    target_key,
    warnings,
)
from kubefed_core.objects import Key
from kubefed_core.resources import DEPLOYMENTS, NAMESPACES, SERVICES


def federated(template, **spec):
    given = {} if template is None else {"template": template}
    return {"metadata": {"namespace": "shop", "name": "web"}, "spec": {**given, **spec}}


@pytest.mark.parametrize(
    ("reason", "template", "resource", "want"),
    [
        (
            "Without a template there is an object all the same.",
            None,
            SERVICES,
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"namespace": "shop", "name": "web"},
            },
        ),
        (
            "A version that the template says is kept; its name and namespace are not.",
            {"apiVersion": "apps/v1beta2", "metadata": {"name": "x", "namespace": "y"}, "spec": {}},
            DEPLOYMENTS,
            {
                "apiVersion": "apps/v1beta2",
                "kind": "Deployment",
                "metadata": {"namespace": "shop", "name": "web"},
                "spec": {},
            },
        ),
        (
            "Labels are kept; annotations, finalizers, status and what a server gives are not.",
            {
                "metadata": {
                    "labels": {"a": "b"},
                    "annotations": {"c": "d"},
                    "finalizers": ["e"],
                    "resourceVersion": "7",
                    "uid": "u",
                },
                "data": {"k": "v"},
                "status": {"x": 1},
            },
            NAMESPACES,
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": "web", "labels": {"a": "b"}},
                "data": {"k": "v"},
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_build(reason, template, resource, want):
    assert build(federated(template), resource) == want, reason


def test_a_namespace_has_its_own_name_and_no_namespace():
    assert target_key(federated({}), NAMESPACES) == Key("", "web")
    assert target_key(federated({}), SERVICES) == Key("shop", "web")


def test_what_is_left_out_of_a_template_is_said():
    template = {"metadata": {"annotations": {"a": "b"}, "finalizers": ["c"]}}
    said = [each.reason for each in warnings(federated(template))]
    assert said == ["AnnotationsNotSupported", "FinalizersNotSupported"]
    assert warnings(federated({"metadata": {"annotations": {}}})) == []
    assert warnings({"metadata": {}}) == []
    assert warnings(federated({"metadata": "x"})) == []


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("text", "spec.template: Invalid value"),
        ({"kind": "Secret"}, "spec.template.kind: Invalid value"),
        ({"metadata": []}, "spec.template.metadata: Invalid value"),
        ({"metadata": {"labels": 3}}, "spec.template.metadata.labels: Invalid value"),
    ],
)
def test_a_template_that_cannot_be_is_refused_by_field(template, message):
    with pytest.raises(Unbuilt) as caught:
        build(federated(template), SERVICES)
    assert str(caught.value).startswith(message)


def patched(*patches, member=None, template=None):
    item = {"clusterName": "eu", "clusterOverrides": list(patches)}
    obj = federated(template or {}, overrides=[item])
    found = overrides.for_cluster(overrides.parse(obj), "eu", {})
    return desired(obj, SERVICES, found, member=member)


def test_overrides_come_after_retention_and_before_the_label():
    member = {"metadata": {"resourceVersion": "3", "annotations": {"kept": "yes"}}}
    made = patched(
        {"path": "/metadata/annotations", "value": {"ours": "yes"}},
        {"path": "/metadata/labels", "value": {"kubefed.io/managed": "false", "a": "b"}},
        member=member,
    )
    assert made["metadata"] == {
        "namespace": "shop",
        "name": "web",
        "resourceVersion": "3",
        "annotations": {"ours": "yes"},
        "labels": {"kubefed.io/managed": "true", "a": "b"},
    }


@pytest.mark.parametrize(
    "patch",
    [
        {"path": "/spec/ports/0", "value": 1},
        {"path": "/metadata", "value": 1},
        {"path": "/metadata/labels", "value": 1},
    ],
)
def test_an_override_that_breaks_the_object_is_refused(patch):
    with pytest.raises(Unpatched):
        patched(patch)


@pytest.mark.parametrize(
    ("reason", "metadata", "field"),
    [
        ("Another name.", {"name": "evil"}, "name"),
        (
            "A namespace in which its author may have no right.",
            {"namespace": "kube-system"},
            "namespace",
        ),
        ("Both, and labels.", {"name": "a", "namespace": "b", "labels": {"a": "b"}}, "name"),
        ("No text.", {"name": 5}, "name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_override_moves_an_object_elsewhere(reason, metadata, field):
    with pytest.raises(Unpatched, match=f"metadata.{field}"):
        patched({"path": "/metadata", "value": metadata})


def test_metadata_replaced_as_a_whole_is_still_that_of_the_same_object():
    member = {"metadata": {"resourceVersion": "3", "uid": "u"}}
    made = patched(
        {"path": "/metadata", "value": {"labels": {"a": "b"}, "generateName": "x", "uid": "v"}},
        {"path": "/metadata/resourceVersion", "value": "1"},
        member=member,
    )
    assert made["metadata"] == {
        "namespace": "shop",
        "name": "web",
        "resourceVersion": "3",
        "labels": {"kubefed.io/managed": "true", "a": "b"},
    }


def test_a_member_object_that_is_not_of_its_kind_is_said():
    with pytest.raises(Unretained, match=r"spec\.clusterIP"):
        patched(member={"metadata": {}, "spec": {"clusterIP": -1000}})
