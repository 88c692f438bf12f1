"""What is shown of clusters, types and federated objects."""

import json

import pytest
import yaml
from fake_api import CLUSTERS

NS = "kube-federation-system"
CONFIGS = f"/apis/core.kubefed.io/v1beta1/namespaces/{NS}/federatedtypeconfigs"
OBJECTS = "/apis/types.kubefed.io/v1beta1/namespaces/{}/federatedconfigmaps/{}"


def api(kind, plural, group="", version="v1"):
    return {
        "group": group,
        "version": version,
        "kind": kind,
        "pluralName": plural,
        "scope": "Namespaced",
    }


@pytest.fixture(autouse=True)
def there(host):
    host.put(
        f"{CONFIGS}/configmaps",
        spec={
            "targetType": api("ConfigMap", "configmaps"),
            "propagation": "Enabled",
            "federatedType": api(
                "FederatedConfigMap", "federatedconfigmaps", "types.kubefed.io", "v1beta1"
            ),
        },
        status={"propagationController": "Running"},
    )
    ready = {"type": "Ready", "status": "True"}
    lost = {
        "type": "Offline",
        "status": "True",
        "reason": "ClusterNotReachable",
        "message": "cluster is not reachable",
    }
    for name, condition in (("us", lost), ("eu", ready)):
        host.put(
            f"{CLUSTERS}/{name}",
            spec={"apiEndpoint": f"https://{name}"},
            status={"conditions": [condition], "region": f"{name}-1", "zones": ["a", "b"]},
        )
    host.put(
        OBJECTS.format("shop", "web"),
        metadata={"generation": 2},
        spec={},
        status={
            "observedGeneration": 1,
            "conditions": [{"type": "Propagation", "status": "False", "reason": "CheckClusters"}],
            "clusters": [{"name": "eu"}, {"name": "us", "status": "ClusterNotReady"}],
            "summary": {"clusters": "1/2"},
        },
    )
    host.put(OBJECTS.format("default", "new"), spec={})


def lines(result):
    assert (result.status, result.err) == (0, "")
    return [line.split() for line in result.out.splitlines()]


def test_clusters_by_name_with_what_is_wrong(kubefedctl):
    assert lines(kubefedctl("get", "clusters")) == [
        ["NAME", "READY", "REGION", "ZONES", "ENDPOINT", "REASON"],
        ["eu", "True", "eu-1", "a,b", "https://eu"],
        ["us", "False", "us-1", "a,b", "https://us", "ClusterNotReachable:", "cluster", "is", "not",
         "reachable"],
    ]  # fmt: skip


def test_types(kubefedctl):
    assert lines(kubefedctl("get", "types"))[1] == [
        "configmaps",
        "ConfigMap",
        "FederatedConfigMap",
        "Enabled",
        "Running",
    ]


@pytest.mark.parametrize("name", ["configmaps", "ConfigMap", "federatedconfigmaps"])
def test_objects_of_a_type(kubefedctl, name):
    assert lines(kubefedctl("get", name, "-A"))[1:] == [
        ["default", "new"],
        ["shop", "web", "1/2", "False", "CheckClusters"],
    ]
    assert lines(kubefedctl("get", name))[1:] == [["default", "new"]]


def test_one_object_in_every_cluster(kubefedctl):
    assert kubefedctl("get", "configmaps", "web", "-n", "shop").out.splitlines() == [
        "Propagation: False (CheckClusters)",
        "The last change has not been looked at yet.",
        "CLUSTER   STATUS            READY",
        "eu        OK",
        "us        ClusterNotReady",
    ]


def test_the_objects_themselves(kubefedctl):
    listed = yaml.safe_load(kubefedctl("get", "clusters", "-o", "yaml").out)
    assert [each["metadata"]["name"] for each in listed["items"]] == ["eu", "us"]
    one = json.loads(kubefedctl("get", "types", "configmaps", "-o", "json").out)
    assert one["metadata"]["name"] == "configmaps"
    assert json.loads(kubefedctl("get", "configmaps", "new", "-o", "json").out)["spec"] == {}


def test_an_object_that_is_not_there_is_said(kubefedctl):
    result = kubefedctl("get", "configmaps", "other")
    assert result.status == 255
    assert 'FederatedConfigMap "default/other" does not exist' in result.err


def test_where_there_is_nothing_the_next_step_is_said(kubefedctl, host):
    for path in host.names("kubefed.io"):
        if "kubefedconfigs" not in path:
            del host.objects[path]
    assert "kubefedctl join" in kubefedctl("get").err
    assert "kubefedctl enable" in kubefedctl("get", "types").err
