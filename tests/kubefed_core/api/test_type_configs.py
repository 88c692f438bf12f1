import pytest

from kubefed_core.api.types import (
    TypeConfig,
    dump,
    dump_status,
    federated_of,
    parse,
    plural_name,
)
from kubefed_core.errors import Terminal
from kubefed_core.resources import DEPLOYMENTS, NAMESPACES, Resource

FEDERATED = Resource("types.kubefed.io", "v1beta1", "federateddeployments", "FederatedDeployment")


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Deployment", "deployments"),
        ("Ingress", "ingresses"),
        ("NetworkPolicy", "networkpolicies"),
        ("Fox", "foxes"),
        ("Patch", "patches"),
        ("Mesh", "meshes"),
        ("Quiz", "quizes"),
        ("Potato", "potatoes"),
    ],
)
def test_plurals_are_guessed_as_kubefed_did(kind, plural):
    assert plural_name(kind) == plural


def test_a_kind_is_federated_under_its_name_and_scope():
    assert federated_of(DEPLOYMENTS) == FEDERATED
    assert federated_of(NAMESPACES).namespaced, "a FederatedNamespace is in its namespace"
    assert not federated_of(Resource("a.b", "v1", "things", "Thing", namespaced=False)).namespaced


def test_what_is_dumped_is_parsed_again():
    config = TypeConfig(
        "deployments.apps",
        DEPLOYMENTS,
        FEDERATED,
        status=Resource("core.kubefed.io", "v1alpha1", "xs", "X"),
        collected=True,
    )
    assert parse(dump(config, namespace="kube-federation-system")) == config
    plain = TypeConfig("namespaces", NAMESPACES, federated_of(NAMESPACES), propagated=False)
    assert parse(dump(plain, namespace="x")) == plain
    assert (plain.is_namespace, plain.namespaced) == (True, False)
    assert not config.is_namespace


def test_what_is_not_said_is_taken_from_name_and_kind():
    obj = {
        "metadata": {"name": "deployments.apps", "generation": 4},
        "spec": {
            "propagation": "Enabled",
            "targetType": {"version": "v1", "kind": "Deployment", "scope": "Namespaced"},
            "federatedType": {
                "group": "types.kubefed.io",
                "version": "v1beta1",
                "kind": "FederatedDeployment",
                "scope": "Namespaced",
            },
            "statusType": {"kind": "FederatedDeploymentStatus", "scope": "Namespaced"},
        },
    }
    found = parse(obj)
    assert (found.target, found.federated, found.generation) == (DEPLOYMENTS, FEDERATED, 4)
    assert found.status == Resource(
        "types.kubefed.io", "v1beta1", "federateddeploymentstatuses", "FederatedDeploymentStatus"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "pods"}, "name: Invalid value"),
        ({"propagation": "On"}, "spec.propagation: Unsupported value"),
        ({"kind": ""}, "spec.targetType.kind: Required value"),
    ],
)
def test_a_type_config_that_cannot_work_is_refused(change, message):
    obj = dump(TypeConfig("deployments.apps", DEPLOYMENTS, FEDERATED), namespace="x")
    obj["metadata"]["name"] = change.get("name", "deployments.apps")
    obj["spec"]["propagation"] = change.get("propagation", "Enabled")
    obj["spec"]["targetType"]["kind"] = change.get("kind", "Deployment")
    with pytest.raises(Terminal) as caught:
        parse(obj)
    assert str(caught.value).startswith(message)


def test_a_status_says_both_controllers():
    assert dump_status(generation=2, propagating=True, collecting=False) == {
        "observedGeneration": 2,
        "propagationController": "Running",
        "statusController": "NotRunning",
    }
