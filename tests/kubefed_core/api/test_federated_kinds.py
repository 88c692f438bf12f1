from kubefed_core.api.federated_kind import crd
from kubefed_core.api.types import federated_of
from kubefed_core.resources import DEPLOYMENTS, NAMESPACES, Resource


def schema(made):
    (version,) = made["spec"]["versions"]
    return version["schema"]["openAPIV3Schema"]


def test_the_names_are_kubefeds():
    made = crd(DEPLOYMENTS, federated_of(DEPLOYMENTS), short_names=["deploy"])
    assert made["metadata"]["name"] == "federateddeployments.types.kubefed.io"
    assert made["spec"]["names"] == {
        "kind": "FederatedDeployment",
        "plural": "federateddeployments",
        "shortNames": ["fdeploy"],
    }
    assert made["spec"]["scope"] == "Namespaced"
    (version,) = made["spec"]["versions"]
    assert (version["name"], version["served"], version["storage"]) == ("v1beta1", True, True)
    assert version["subresources"] == {"status": {}}


def test_a_federated_namespace_is_namespaced_and_other_cluster_kinds_are_not():
    assert crd(NAMESPACES, federated_of(NAMESPACES))["spec"]["scope"] == "Namespaced"
    things = Resource("a.b", "v1", "things", "Thing", namespaced=False)
    made = crd(things, federated_of(things))
    assert made["spec"]["scope"] == "Cluster"
    assert "shortNames" not in made["spec"]["names"]


def test_spec_is_required_and_template_and_replicas_are_there_where_they_make_sense():
    full = schema(crd(DEPLOYMENTS, federated_of(DEPLOYMENTS), replicas=True))
    assert full["required"] == ["spec"]
    assert full["properties"]["spec"]["properties"]["retainReplicas"]["type"] == "boolean"
    bare = schema(crd(DEPLOYMENTS, federated_of(DEPLOYMENTS), template=False))
    assert set(bare["properties"]["spec"]["properties"]) == {"placement", "overrides", "retain"}


def test_an_override_is_as_kubefed_has_it():
    item = schema(crd(DEPLOYMENTS, federated_of(DEPLOYMENTS)))["properties"]["spec"]["properties"][
        "overrides"
    ]["items"]
    patch = item["properties"]["clusterOverrides"]["items"]
    assert patch["required"] == ["path"]
    assert patch["properties"]["op"]["pattern"] == "^(add|remove|replace)?$"
    assert patch["properties"]["value"] == {"x-kubernetes-preserve-unknown-fields": True}


def test_columns_answer_whether_it_is_everywhere_and_up():
    def columns(**options):
        (version,) = crd(DEPLOYMENTS, federated_of(DEPLOYMENTS), **options)["spec"]["versions"]
        return [column["name"] for column in version["additionalPrinterColumns"]]

    assert columns() == ["Clusters", "Propagated", "Reason", "Age"]
    assert columns(ready=True) == ["Clusters", "Ready", "Propagated", "Reason", "Age"]
