"""What is shown of clusters, types and federated objects."""

import json

import pytest
import yaml
from fake_api import CLUSTERS, CONFIG
from fake_api import NAMESPACE as NS
from serving import NAMESPACES, kind

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


def federated(name):
    return api(f"Federated{name}", f"federated{name.lower()}s", "types.kubefed.io", "v1beta1")


@pytest.fixture(autouse=True)
def there(host):
    host.put(f"{CONFIGS}/namespaces", spec=NAMESPACES)
    host.put(
        f"{CONFIGS}/configmaps",
        metadata={"creationTimestamp": "2025-12-31T12:00:00Z"},
        spec={
            "targetType": api("ConfigMap", "configmaps"),
            "propagation": "Enabled",
            "federatedType": federated("ConfigMap"),
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
            metadata={"creationTimestamp": "2026-01-01T11:00:00Z", "labels": {"at": name}},
            spec={"apiEndpoint": f"https://{name}"},
            status={"conditions": [condition], "region": f"{name}-1", "zones": ["a", "b"]},
        )
    host.put(
        OBJECTS.format("shop", "web"),
        metadata={"generation": 2, "creationTimestamp": "2026-01-01T11:59:50Z"},
        spec={"placement": {"clusters": [{"name": "eu"}, {"name": "mars"}]}},
        status={
            "observedGeneration": 1,
            "conditions": [{"type": "Propagation", "status": "False", "reason": "CheckClusters"}],
            "clusters": [
                {"name": "eu", "remoteStatus": {"a": 1}, "ready": "True"},
                {"name": "us", "status": "ClusterNotReady"},
            ],
            "summary": {"clusters": "1/2"},
        },
    )
    space(host, [{"name": "eu"}, {"name": "us"}])
    host.put(OBJECTS.format("default", "new"), spec={})


def space(host, clusters):
    """Federate namespace shop."""
    spaces = "/apis/types.kubefed.io/v1beta1/namespaces/shop/federatednamespaces"
    host.put(f"{spaces}/shop", spec={"placement": {"clusters": clusters}})


def record(host, **versions):
    """Say which version each cluster has of ConfigMap shop/web."""
    where = "/apis/core.kubefed.io/v1alpha1/namespaces/shop/propagatedversions/configmap-web"
    entries = [{"clusterName": name, "version": each} for name, each in versions.items()]
    host.put(where, status={"clusterVersions": entries})


def lines(result):
    assert (result.status, result.err) == (0, "")
    return [line.split() for line in result.out.splitlines()]


def test_clusters_by_name_with_what_is_wrong(kubefedctl):
    assert lines(kubefedctl("get", "clusters")) == [
        ["NAME", "READY", "REGION", "ZONES", "AGE", "ENDPOINT", "REASON"],
        ["eu", "True", "eu-1", "a,b", "60m", "https://eu"],
        ["us", "False", "us-1", "a,b", "60m", "https://us", "ClusterNotReachable:", "cluster", "is",
         "not", "reachable"],
    ]  # fmt: skip


def test_a_cluster_that_nobody_has_looked_at_yet(kubefedctl, host):
    host.put(f"{CLUSTERS}/new", spec={"apiEndpoint": "https://new"})
    assert "the control plane has not looked at it" in kubefedctl("get", "clusters", "new").out


def test_more_of_clusters(kubefedctl, host):
    taint = {"key": "a", "value": "b", "effect": "NoSchedule"}
    host.objects[f"{CLUSTERS}/eu"]["spec"] |= {"taints": [taint], "secretRef": {"name": "eu-1"}}
    assert lines(kubefedctl("get", "clusters", "eu", "-o", "wide"))[1] == [
        "eu", "True", "eu-1", "a,b", "60m", "https://eu", "eu-1", "at=eu", "a=b:NoSchedule",
    ]  # fmt: skip


def test_types(kubefedctl):
    assert lines(kubefedctl("get", "types"))[1] == [
        "configmaps",
        "ConfigMap",
        "FederatedConfigMap",
        "Enabled",
        "Running",
        "24h",
    ]
    wide = lines(kubefedctl("get", "types", "configmaps", "-o", "wide"))[1]
    assert wide[2:5] == ["v1", "FederatedConfigMap", "types.kubefed.io/v1beta1"]


@pytest.mark.parametrize("name", ["configmaps", "ConfigMap", "federatedconfigmaps"])
def test_objects_of_a_type(kubefedctl, name):
    assert lines(kubefedctl("get", name, "-A"))[1:] == [
        ["default", "new"],
        ["shop", "web", "1/2", "False", "CheckClusters", "10s"],
    ]
    assert lines(kubefedctl("get", name))[1:] == [["default", "new"]]
    wide = lines(kubefedctl("get", name, "-n", "shop", "-o", "wide"))[1]
    assert wide[-2:] == ["us", "(ClusterNotReady)"]


def test_the_host_knows_short_names(kubefedctl, host):
    host.put("/apis", groups=[])
    host.put("/api/v1", resources=[kind("ConfigMap", "configmaps", "cm"), kind("Pod", "pods")])
    assert kubefedctl("get", "cm").out == kubefedctl("get", "configmaps").out
    assert '"pods" is no enabled type; kubefedctl enable pods' in kubefedctl("get", "pods").err
    assert 'Unable to find api resource named "no"' in kubefedctl("get", "no").err


def test_one_object_in_every_cluster(kubefedctl, host):
    record(host, eu="rv:5", ap="rv:7")
    assert kubefedctl("get", "configmaps", "web", "-n", "shop").out.splitlines() == [
        "FederatedConfigMap shop/web",
        "Propagation: False (CheckClusters)",
        "Placement: not joined: mars",
        "The last change has not been looked at yet.",
        "CLUSTER   WANTED   STATUS            READY   VERSION",
        "ap        no       -                         rv:7",
        "eu        yes      OK                True    rv:5",
        "us        no       ClusterNotReady",
    ]
    wide = kubefedctl("get", "configmaps", "web", "-n", "shop", "-o", "wide").out
    assert '{"a":1}' in wide


def wanted(kubefedctl):
    out = kubefedctl("get", "configmaps", "web", "-n", "shop").out
    cells = [line.split() for line in out.splitlines()]
    return {line[0] for line in cells if line[1:2] == ["yes"]}


def test_what_is_wanted_is_what_the_control_plane_wants(kubefedctl, host):
    web = host.objects[OBJECTS.format("shop", "web")]
    assert wanted(kubefedctl) == {"eu"}
    web["spec"] = {"placement": {"clusterSelector": {}}}
    assert wanted(kubefedctl) == {"eu", "us"}
    space(host, [{"name": "us"}])
    assert wanted(kubefedctl) == {"us"}
    host.put("/api/v1/namespaces/shop", metadata={"labels": {"tier": "low"}})
    rule = {"namespaceSelector": {"matchLabels": {"tier": "low"}},
            "clusterSelector": {"matchLabels": {"at": "eu"}}}  # fmt: skip
    policies = "/apis/core.kubefed.io/v1alpha1/clusterplacementpolicies"
    host.put(f"{policies}/low", spec=rule)
    assert wanted(kubefedctl) == set()
    del host.objects[f"{policies}/low"]
    host.refusals[f"GET {policies}"] = (404, "no such kind")
    assert wanted(kubefedctl) == {"us"}
    for path in host.names("federatednamespaces"):
        del host.objects[path]
    assert wanted(kubefedctl) == set()
    host.put(CONFIG, spec={"scope": "Namespaced"})
    assert wanted(kubefedctl) == {"eu", "us"}


def test_a_placement_that_cannot_be_meant_so_is_said(kubefedctl, host):
    host.objects[OBJECTS.format("shop", "web")]["spec"] = {"placement": {"clusters": 5}}
    result = kubefedctl("get", "configmaps", "web", "-n", "shop")
    assert result.status == 255
    assert "spec.placement.clusters: Invalid value: 5: must be a list" in result.err


def test_why_it_is_not_well_is_said_by_the_latest_warnings(kubefedctl, host):
    events = "/api/v1/namespaces/shop/events"
    for number in range(7):
        host.put(
            f"{events}/{number}",
            reason="CreateInClusterFailed",
            message=f"number {number}",
            lastTimestamp=f"2026-01-01T00:00:0{number}Z",
        )
    host.put(f"{events}/again", reason="CreateInClusterFailed", message="number 6", eventTime="1")
    out = kubefedctl("get", "configmaps", "web", "-n", "shop").out.splitlines()
    told = [f"Warning: CreateInClusterFailed: number {number}" for number in (6, 5, 4, 3, 2)]
    assert out[-5:] == told
    host.refusals[f"GET {events}"] = (403, "not you")
    assert "Warning" not in kubefedctl("get", "configmaps", "web", "-n", "shop").out


def test_an_object_that_is_being_deleted_is_wanted_nowhere(kubefedctl, host):
    web = host.objects[OBJECTS.format("shop", "web")]
    web["metadata"]["deletionTimestamp"] = "2026-01-01T11:59:55Z"
    record(host, ap="rv:1", eu="rv:2")
    out = kubefedctl("get", "configmaps", "web", "-n", "shop").out
    assert wanted(kubefedctl) == set()
    assert "It is being deleted, and waits for: eu, us. A cluster that is lost" in out
    assert "kubefed.io/waive-clusters=CLUSTER_NAME" in out


def well(host):
    """Let ConfigMap shop/web be as it should."""
    web = host.objects[OBJECTS.format("shop", "web")]
    web["status"] = {
        "observedGeneration": 2,
        "conditions": [{"type": "Propagation", "status": "True"}],
        "clusters": [{"name": "eu"}],
    }
    return web


def test_a_script_can_ask_whether_all_is_well(kubefedctl, host):
    one = ("get", "configmaps", "web", "-n", "shop", "--check")
    assert kubefedctl(*one).status == 1
    web = well(host)
    assert kubefedctl(*one).status == 0
    assert kubefedctl(*one, "-o", "json").status == 0
    web["status"]["conditions"].append({"type": "Ready", "status": "False"})
    assert kubefedctl(*one).status == 1
    assert kubefedctl("get", "configmaps", "-A", "--check").status == 1
    assert kubefedctl("get", "clusters", "--check").status == 1
    assert kubefedctl("get", "clusters", "eu", "--check").status == 0
    assert kubefedctl("get", "types", "--check").status == 1
    assert kubefedctl("get", "types", "configmaps", "--check").status == 0


def test_where_all_is_well_no_warning_of_before_is_shown(kubefedctl, host):
    well(host)
    host.put("/api/v1/namespaces/shop/events/x", reason="Old", message="over")
    assert "Old" not in kubefedctl("get", "configmaps", "web", "-n", "shop").out


def test_the_objects_themselves(kubefedctl):
    listed = yaml.safe_load(kubefedctl("get", "clusters", "-o", "yaml").out)
    assert [each["metadata"]["name"] for each in listed["items"]] == ["eu", "us"]
    assert {each["kind"] for each in listed["items"]} == {"KubeFedCluster"}
    one = json.loads(kubefedctl("get", "types", "configmaps", "-o", "json").out)
    assert one["metadata"]["name"] == "configmaps"
    assert json.loads(kubefedctl("get", "configmaps", "new", "-o", "json").out)["spec"] == {}


def test_an_object_that_is_not_there_is_said(kubefedctl):
    result = kubefedctl("get", "configmaps", "other")
    assert result.status == 255
    assert 'FederatedConfigMap "default/other" does not exist' in result.err


def test_a_word_that_may_be_several_types_is_said(kubefedctl, host):
    spec = host.objects[f"{CONFIGS}/configmaps"]["spec"]
    other = api("ConfigMap", "configmaps", "acme.io")
    more = api("FederatedConfigMap", "federatedconfigmaps", "f.acme.io")
    host.put(
        f"{CONFIGS}/configmaps.acme.io", spec=spec | {"targetType": other, "federatedType": more}
    )
    result = kubefedctl("get", "configmap")
    assert result.status == 255
    assert "may be configmaps, configmaps.acme.io; give the name with its group" in result.err


def test_where_there_is_nothing_the_next_step_is_said(kubefedctl, host):
    for path in host.names("kubefed.io"):
        if "kubefedconfigs" not in path:
            del host.objects[path]
    assert "kubefedctl join" in kubefedctl("get").err
    assert "kubefedctl enable" in kubefedctl("get", "types").err
