"""What of an object is kept in a template, and what is its cluster's own."""

import copy

import pytest

from kubefed_core.api.types import federated_of
from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import templates
from kubefed_core.resources import Resource

GIVEN = {
    "name": "web",
    "namespace": "shop",
    "uid": "u",
    "resourceVersion": "5",
    "generation": 3,
    "creationTimestamp": "2026-01-01T00:00:00Z",
    "managedFields": [{}],
    "ownerReferences": [{}],
    "finalizers": ["x/y"],
    "selfLink": "/x",
    "annotations": {"a": "b"},
}


def kind(name, group="", *, namespaced=True, version="v1"):
    return Resource(group, version, f"{name.lower()}s", name, namespaced=namespaced)


def live(**content):
    return {"apiVersion": "v1", "kind": "X", "metadata": GIVEN} | content


ROWS = [
    ("Nothing but labels is kept of what surrounds the content.", kind("ConfigMap"),
     live(data={"k": "v"}, status={"a": 1}, metadata=GIVEN | {"labels": {"app": "web"}}),
     {"metadata": {"labels": {"app": "web"}}, "data": {"k": "v"}}),
    ("Without labels there is no metadata.", kind("ConfigMap"), live(data={}), {"data": {}}),
    ("Our own label is ours to set.", kind("ConfigMap"),
     live(metadata=GIVEN | {"labels": {"kubefed.io/managed": "true"}}), {}),
    ("A namespace's finalizers are its cluster's.", kind("Namespace", namespaced=False),
     live(spec={"finalizers": ["kubernetes"]}), {"spec": {}}),
    ("An account's tokens are its cluster's.", kind("ServiceAccount"),
     live(secrets=[{"name": "x"}], imagePullSecrets=[{"name": "pull"}]),
     {"imagePullSecrets": [{"name": "pull"}]}),
    ("A service's addresses and node ports are its cluster's.", kind("Service"),
     live(spec={"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "healthCheckNodePort": 3,
                "type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 30000}]}),
     {"spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}),
    ("A headless service is headless everywhere.", kind("Service"),
     live(spec={"clusterIP": "None", "clusterIPs": ["None"], "ports": []}),
     {"spec": {"clusterIP": "None", "clusterIPs": ["None"], "ports": []}}),
    ("A service of another group is none.", kind("Service", "serving.knative.dev"),
     live(spec={"clusterIP": "x"}), {"spec": {"clusterIP": "x"}}),
    ("Where a pod runs and with which token is its cluster's.", kind("Pod"),
     live(spec={
         "nodeName": "n1", "priority": 0, "preemptionPolicy": "PreemptLowerPriority",
         "volumes": [{"name": "kube-api-access-x1"}, {"name": "data"}],
         "containers": [{"name": "c", "volumeMounts": [{"name": "kube-api-access-x1"}]},
                        {"name": "d", "volumeMounts": [{"name": "data"}]}]}),
     {"spec": {"volumes": [{"name": "data"}],
               "containers": [{"name": "c"},
                              {"name": "d", "volumeMounts": [{"name": "data"}]}]}}),
    ("A pod's volumes stay where none is injected.", kind("Pod"),
     live(spec={"volumes": [], "containers": []}), {"spec": {"volumes": [], "containers": []}}),
    ("A job's selector is made by its cluster.", kind("Job", "batch"),
     live(metadata=GIVEN | {"labels": {"job-name": "j"}},
          spec={"selector": {"matchLabels": {"controller-uid": "u"}},
                "template": {"metadata": {"labels": {"controller-uid": "u", "job-name": "j",
                                                     "app": "a"}}}}),
     {"spec": {"template": {"metadata": {"labels": {"app": "a"}}}}}),
    ("A job's selector that its user made is kept.", kind("Job", "batch"),
     live(spec={"manualSelector": True, "selector": {"matchLabels": {"a": "b"}}, "template": {}}),
     {"spec": {"manualSelector": True, "selector": {"matchLabels": {"a": "b"}}, "template": {}}}),
    ("A claim's volume is its cluster's.", kind("PersistentVolumeClaim"),
     live(spec={"volumeName": "pv1", "storageClassName": "fast"}),
     {"spec": {"storageClassName": "fast"}}),
    ("A volume's claim is its cluster's.", kind("PersistentVolume", namespaced=False),
     live(spec={"claimRef": {"uid": "u"}, "hostPath": {}}), {"spec": {"hostPath": {}}}),
    ("Claims in a template have no status.", kind("StatefulSet", "apps"),
     live(spec={"volumeClaimTemplates": [{"metadata": {"name": "d", "creationTimestamp": None},
                                          "status": {"phase": "Pending"}}]}),
     {"spec": {"volumeClaimTemplates": [{"metadata": {"name": "d"}}]}}),
    ("Pod templates were never created.", kind("Deployment", "apps"),
     live(spec={"template": {"metadata": {"creationTimestamp": None, "labels": {"a": "b"}}}}),
     {"spec": {"template": {"metadata": {"labels": {"a": "b"}}}}}),
    ("An aggregated role's rules are a sum.",
     kind("ClusterRole", "rbac.authorization.k8s.io", namespaced=False),
     live(aggregationRule={"clusterRoleSelectors": []}, rules=[{}]),
     {"aggregationRule": {"clusterRoleSelectors": []}}),
    ("Nonsense is left for the server to refuse.", kind("Service"),
     live(spec={"ports": 5}), {"spec": {"ports": 5}}),
    ("More nonsense.", kind("Job", "batch"), live(spec="x"), {"spec": "x"}),
    ("And more.", kind("Pod"), live(spec={"containers": "x", "volumes": {}}),
     {"spec": {"containers": "x", "volumes": {}}}),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "target", "obj", "wanted"), ROWS, ids=[r[0] for r in ROWS])
def test_a_template_holds_what_is_wished(reason, target, obj, wanted):
    before = copy.deepcopy(obj)
    assert templates.template(obj, target) == wanted, reason
    assert obj == before


def test_a_token_belongs_to_its_cluster():
    obj = live(type="kubernetes.io/service-account-token", data={})
    with pytest.raises(Terminal, match="federate the service account"):
        templates.template(obj, kind("Secret"))


def test_a_federated_object_goes_to_all_clusters():
    target = kind("ConfigMap")
    assert templates.federated(live(data={"k": "v"}), target, federated_of(target)) == {
        "apiVersion": "types.kubefed.io/v1beta1",
        "kind": "FederatedConfigMap",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "placement": {"clusterSelector": {"matchLabels": {}}},
            "template": {"data": {"k": "v"}},
        },
    }


PLACES = [
    ("A namespace holds its own.", kind("Namespace", namespaced=False), {"name": "shop"},
     {"name": "shop", "namespace": "shop"}),
    ("What has no namespace is in none.", kind("ClusterRole", "r", namespaced=False),
     {"name": "x"}, {"name": "x"}),
    ("Another's Namespace is a thing like others.", kind("Namespace", "acme.io", namespaced=False),
     {"name": "x"}, {"name": "x"}),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "target", "metadata", "wanted"), PLACES)
def test_where_a_federated_object_is(reason, target, metadata, wanted):
    made = templates.federated({"metadata": metadata}, target, federated_of(target))
    assert made["metadata"] == wanted, reason


def test_annotations_that_somebody_gave_are_missed():
    given = {"mine": "x", "deployment.kubernetes.io/revision": "1", "a.io/b": "c"}
    assert templates.lost({"metadata": {"annotations": given}}) == ["a.io/b", "mine"]


GUESSES = [
    ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}},
     Resource("", "v1", "configmaps", "ConfigMap")),
    ({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "a"}},
     Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", namespaced=False)),
]  # fmt: skip


@pytest.mark.parametrize(("obj", "wanted"), GUESSES)
def test_the_kind_of_a_manifest_is_guessed(obj, wanted):
    assert templates.guessed(obj, "x") == wanted


NONSENSE = [
    ({"kind": "A", "metadata": {"name": "a"}}, "f: apiVersion: Required value"),
    ({"apiVersion": "v1", "metadata": {"name": "a"}}, "f: kind: Required value"),
    ({"apiVersion": "v1", "kind": 5, "metadata": {"name": "a"}}, "f: kind: Invalid value: 5"),
    ({"apiVersion": "v1", "kind": "A", "metadata": {"generateName": "a-"}},
     "f: metadata.name: Required value"),
    ({"apiVersion": "v1", "kind": "A", "metadata": "x"}, "f: metadata: Invalid value"),
    ({"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "labels": {"b": True}}},
     "f: metadata.labels.b: Invalid value: true: must be a string"),
]  # fmt: skip


@pytest.mark.parametrize(("obj", "says"), NONSENSE)
def test_a_manifest_that_is_no_object_is_refused_with_its_field(obj, says):
    with pytest.raises(Terminal, match=says):
        templates.guessed(obj, "f")
