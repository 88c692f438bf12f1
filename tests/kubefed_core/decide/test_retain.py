import pytest

from kubefed_core.decide.retain import retain
from kubefed_core.errors import Terminal

PLAIN = {"spec": {}}
KEEP = {"spec": {"retainReplicas": True}}


def kept(kind, desired, member, federated=PLAIN):
    made = retain(
        {"kind": kind, "metadata": {"name": "x"}, **desired},
        {"metadata": {}, **member},
        federated=federated,
    )
    return {name: value for name, value in made.items() if name not in ("kind", "metadata")}


def test_version_finalizers_and_annotations_are_the_members():
    member = {"metadata": {"resourceVersion": "9", "finalizers": ["f"], "annotations": {"a": "b"}}}
    desired = {"metadata": {"name": "x", "annotations": {"c": "d"}, "labels": {"l": "m"}}}
    made = retain(desired, member, federated=PLAIN)
    assert made["metadata"] == {**member["metadata"], "name": "x", "labels": {"l": "m"}}
    bare = retain(desired, {"metadata": {}}, federated=PLAIN)
    assert bare["metadata"] == {"name": "x", "labels": {"l": "m"}}
    assert desired["metadata"]["annotations"] == {"c": "d"}, "nothing is changed in place"


@pytest.mark.parametrize(
    ("reason", "kind", "desired", "member", "want"),
    [
        (
            "A health check port above 0 is kept.",
            "Service",
            {},
            {"spec": {"healthCheckNodePort": 1000}},
            {"spec": {"healthCheckNodePort": 1000}},
        ),
        (
            "None is kept where it is 0.",
            "Service",
            {"spec": {}},
            {"spec": {"healthCheckNodePort": 0}},
            {"spec": {}},
        ),
        ("Addresses absent stay absent.", "Service", {"spec": {}}, {"spec": {}}, {"spec": {}}),
        (
            "An address is kept.",
            "Service",
            {},
            {"spec": {"clusterIP": "1.2.3.4"}},
            {"spec": {"clusterIP": "1.2.3.4"}},
        ),
        (
            "Addresses alone are kept.",
            "Service",
            {},
            {"spec": {"clusterIPs": ["1.2.3.4"]}},
            {"spec": {"clusterIPs": ["1.2.3.4"]}},
        ),
        (
            "An ExternalName may have none.",
            "Service",
            {"spec": {"type": "ExternalName"}},
            {"spec": {"clusterIP": "1.2.3.4", "clusterIPs": ["1.2.3.4"]}},
            {"spec": {"type": "ExternalName"}},
        ),
        (
            "A protocol that is not said is TCP; a node port that is said wins.",
            "Service",
            {
                "spec": {
                    "ports": [
                        {"port": 80},
                        {"port": 53, "protocol": "UDP"},
                        {"port": 81, "nodePort": 7},
                    ]
                }
            },
            {
                "spec": {
                    "ports": [
                        {"port": 80, "protocol": "TCP", "nodePort": 30080},
                        {"port": 53, "protocol": "TCP", "nodePort": 30053},
                        {"port": 81, "protocol": "TCP", "nodePort": 30081},
                    ]
                }
            },
            {
                "spec": {
                    "ports": [
                        {"port": 80, "nodePort": 30080},
                        {"port": 53, "protocol": "UDP"},
                        {"port": 81, "nodePort": 7},
                    ]
                }
            },
        ),
        (
            "Secrets and pull secrets are kept where none are wanted.",
            "ServiceAccount",
            {"imagePullSecrets": [{"name": "mine"}]},
            {"secrets": [{"name": "t"}], "imagePullSecrets": [{"name": "theirs"}]},
            {"secrets": [{"name": "t"}], "imagePullSecrets": [{"name": "mine"}]},
        ),
        (
            "A claim keeps the volume it is bound to.",
            "PersistentVolumeClaim",
            {"spec": {"storageClassName": "fast"}},
            {
                "spec": {
                    "volumeName": "pv-1",
                    "storageClassName": "slow",
                    "volumeMode": "Filesystem",
                }
            },
            {
                "spec": {
                    "volumeName": "pv-1",
                    "storageClassName": "fast",
                    "volumeMode": "Filesystem",
                }
            },
        ),
        (
            "A Job keeps the selector and labels it was given.",
            "Job",
            {"spec": {"template": {"metadata": {"labels": {"app": "x"}}}}},
            {
                "spec": {
                    "selector": {"matchLabels": {"controller-uid": "u"}},
                    "template": {"metadata": {"labels": {"app": "old", "controller-uid": "u"}}},
                }
            },
            {
                "spec": {
                    "selector": {"matchLabels": {"controller-uid": "u"}},
                    "template": {"metadata": {"labels": {"app": "x", "controller-uid": "u"}}},
                }
            },
        ),
        (
            "A Job with a selector of its own is left alone.",
            "Job",
            {"spec": {"manualSelector": True}},
            {"spec": {"selector": {"matchLabels": {"a": "b"}}}},
            {"spec": {"manualSelector": True}},
        ),
        (
            "A Job without a template is left to the API server.",
            "Job",
            {"spec": {}},
            {"spec": {}},
            {"spec": {}},
        ),
        (
            "Webhooks keep the authority that was injected.",
            "ValidatingWebhookConfiguration",
            {
                "webhooks": [
                    {"name": "a"},
                    {"name": "b", "clientConfig": {"caBundle": "mine"}},
                    {"name": "c"},
                ]
            },
            {
                "webhooks": [
                    {"name": "a", "clientConfig": {"caBundle": "ca"}},
                    {"name": "b", "clientConfig": {"caBundle": "ca"}},
                ]
            },
            {
                "webhooks": [
                    {"name": "a", "clientConfig": {"caBundle": "ca"}},
                    {"name": "b", "clientConfig": {"caBundle": "mine"}},
                    {"name": "c"},
                ]
            },
        ),
        (
            "So does the conversion of a custom resource.",
            "CustomResourceDefinition",
            {"spec": {"conversion": {"webhook": {"clientConfig": {"url": "https://x"}}}}},
            {"spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": "ca"}}}}},
            {
                "spec": {
                    "conversion": {
                        "webhook": {"clientConfig": {"url": "https://x", "caBundle": "ca"}}
                    }
                }
            },
        ),
        (
            "Without a conversion nothing is made up.",
            "CustomResourceDefinition",
            {"spec": {}},
            {"spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": "ca"}}}}},
            {"spec": {}},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_kind_keeps(reason, kind, desired, member, want):
    assert kept(kind, desired, member) == want, reason


@pytest.mark.parametrize(
    ("federated", "member", "want"),
    [(PLAIN, {"replicas": 2}, 1), (KEEP, {"replicas": 2}, 2), (KEEP, {}, 1)],
)
def test_replicas_are_kept_only_where_it_is_asked_for(federated, member, want):
    made = kept("Deployment", {"spec": {"replicas": 1}}, {"spec": member}, federated)
    assert made == {"spec": {"replicas": want}}


@pytest.mark.parametrize("spec", [{"healthCheckNodePort": "invalid string"}, {"clusterIP": -1000}])
def test_a_field_of_the_wrong_type_is_named(spec):
    with pytest.raises(Terminal, match=r"spec\."):
        kept("Service", {}, {"spec": spec})


def owned(manager, *steps):
    fields = {}
    for step in reversed(steps):
        fields = {f"f:{step}": fields}
    return {"managedFields": [{"manager": manager, "fieldsV1": fields}]}


@pytest.mark.parametrize(
    ("reason", "manager", "path", "want"),
    [
        ("Another manager owns the field that is named.", "hpa", "/spec/replicas", 5),
        ("Our own field is ours.", "kubefed", "/spec/replicas", 1),
        ("A field that is not there is not kept.", "hpa", "/spec/paused", 1),
    ],
)
def test_fields_of_other_managers_are_kept_where_they_are_named(reason, manager, path, want):
    member = {"metadata": owned(manager, "spec", "replicas"), "spec": {"replicas": 5}}
    federated = {"spec": {"retain": [path]}}
    made = kept("Deployment", {"spec": {"replicas": 1}}, member, federated)
    assert made == {"spec": {"replicas": want}}, reason


def test_a_named_field_whose_parent_is_no_object_is_left():
    member = {"metadata": owned("x", "spec", "a", "b"), "spec": {"a": {"b": 1}}}
    made = kept("X", {}, member, {"spec": {"retain": ["/spec/a/b"]}})
    assert made == {"spec": {"a": {"b": 1}}}


def test_a_pointer_that_is_none_is_refused():
    with pytest.raises(Terminal, match=r"spec\.retain\[0\]"):
        kept("X", {}, {}, {"spec": {"retain": ["spec.replicas"]}})


def _pods(labels):
    return {"spec": {"template": {"metadata": {"labels": labels}}}}


@pytest.mark.parametrize(
    ("reason", "kind", "desired", "member", "want"),
    [
        (
            "Ports that are no list.",
            "Service",
            {"spec": {"ports": 5}},
            {"spec": {"ports": [{"port": 80, "nodePort": 3}]}},
            {"spec": {"ports": 5}},
        ),
        (
            "A port that is no number.",
            "Service",
            {"spec": {"ports": [{"port": {}, "name": []}]}},
            {"spec": {"ports": [{"port": 80, "nodePort": 3}]}},
            {"spec": {"ports": [{"port": {}, "name": []}]}},
        ),
        ("Labels that are a list.", "Job", _pods([1]), _pods({"a": "b"}), _pods([1])),
        ("Labels that are a number.", "Job", _pods(5), _pods({"a": "b"}), _pods(5)),
        (
            "A webhook whose name is a list.",
            "MutatingWebhookConfiguration",
            {"webhooks": [{"name": [1]}, 5]},
            {"webhooks": [{"name": "a", "clientConfig": {"caBundle": "x"}}]},
            {"webhooks": [{"name": [1]}, 5]},
        ),
        (
            "An authority that is said to be none.",
            "ValidatingWebhookConfiguration",
            {"webhooks": [{"name": "a", "clientConfig": {"caBundle": None}}]},
            {"webhooks": [{"name": "a", "clientConfig": {"caBundle": "x"}}]},
            {"webhooks": [{"name": "a", "clientConfig": {"caBundle": "x"}}]},
        ),
        (
            "A conversion webhook's authority that is empty.",
            "CustomResourceDefinition",
            {"spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": ""}}}}},
            {"spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": "x"}}}}},
            {"spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": "x"}}}}},
        ),
        (
            "A claim keeps what was bound, and what it says itself.",
            "PersistentVolumeClaim",
            {"spec": {"storageClassName": ""}},
            {"spec": {"storageClassName": "fast", "volumeName": "v", "volumeMode": "Block"}},
            {"spec": {"storageClassName": "", "volumeName": "v", "volumeMode": "Block"}},
        ),
        (
            "A Job of a user's own selector keeps nothing.",
            "Job",
            {"spec": {"manualSelector": True, "template": {}}},
            {"spec": {"selector": {"matchLabels": {"a": "b"}}, **_pods({"a": "b"})["spec"]}},
            {"spec": {"manualSelector": True, "template": {}}},
        ),
        (
            "A kind of no special rule keeps nothing of its spec.",
            "Ingress",
            {"spec": {}},
            {"spec": {"replicas": 3, "clusterIP": "1.2.3.4"}},
            {"spec": {}},
        ),
    ],
)
def test_what_cannot_be_is_left_to_the_api_server(reason, kind, desired, member, want):
    assert kept(kind, desired, member) == want, reason
