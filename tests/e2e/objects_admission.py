"""Objects that the admission webhook is asked about, and what it says: for its tests."""

import json
from typing import Any

from objects_refused import Obj, cluster, config, endpoint, made, provider, rfc2136, service

SPACE = "shop"


def federated(kind: str, name: str = "x", *, annotations: Any = None, **spec: Any) -> Obj:
    meta: Obj = {"name": name}
    if not kind.startswith("FederatedCluster"):
        meta["namespace"] = SPACE
    if annotations:
        meta["annotations"] = annotations
    spec.setdefault("placement", {"clusterSelector": {}})
    return {"apiVersion": "types.kubefed.io/v1beta1", "kind": kind, "metadata": meta, "spec": spec}


def named(obj: Obj, name: str = "x", namespace: str = SPACE) -> Obj:
    return {**obj, "metadata": {"name": name, "namespace": namespace}}


def overridden(kind: str, *patches: Obj) -> Obj:
    overrides = [{"clusterName": "eu", "clusterOverrides": list(patches)}]
    return federated(kind, template={}, overrides=overrides)


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


def ftc(name: str = "deployments.apps", **spec: Any) -> Obj:
    whole = {"targetType": TARGET, "federatedType": FEDERATED, "propagation": "Enabled"} | spec
    return named(made("FederatedTypeConfig", spec=whole) | {"apiVersion": CORE}, name)


CORE = "core.kubefed.io/v1beta1"
WITHOUT_LEADER = {
    "scope": "Cluster",
    "controllerDuration": {"availableDelay": "20s", "unavailableDelay": "60s"},
    "featureGates": [],
    "clusterHealthCheck": {
        "period": "10s",
        "failureThreshold": 3,
        "successThreshold": 1,
        "timeout": "3s",
    },
    "syncController": {"maxConcurrentReconciles": 1, "adoptResources": "Enabled"},
    "statusController": {"maxConcurrentReconciles": 1},
}
WHOLE_CONFIG = made("KubeFedConfig", spec=WITHOUT_LEADER) | {"apiVersion": CORE}
OPTIONS = "kubefed.io/deleteoption"

REFUSED: list[tuple[str, Obj, str]] = [
    (
        "A type config is named as its target.",
        ftc("deployment"),
        'name: Invalid value: "deployment": name must be \'TARGET_PLURAL_NAME'
        "(.TARGET_GROUP_NAME)'",
    ),
    (
        "A version is a label.",
        ftc(targetType=TARGET | {"version": "Alpha"}),
        'spec.targetType.version: Invalid value: "Alpha": a DNS-1035 label must consist of',
    ),
    (
        "A plural is a label.",
        ftc("2invalid.apps", targetType=TARGET | {"pluralName": "2invalid"}),
        "spec.targetType.pluralName: Invalid value",
    ),
    (
        "An invalid port is said as Go says it.",
        named(cluster(apiEndpoint="example.com:port80")),
        "spec.apiEndpoint",
    ),
    ("A proxy has a scheme.", named(cluster(proxyURL="example.com")), "[http, https, socks5]"),
    ("A lock is known.", named(config(leaderElect={"resourceLock": "No"})), "resourceLock"),
    (
        "A template is of the kind that is federated.",
        federated("FederatedConfigMap", template={"kind": "Secret"}),
        'spec.template.kind: Invalid value: "Secret": must be ConfigMap, or be left out',
    ),
    (
        "An operator is known.",
        federated(
            "FederatedConfigMap",
            placement={"clusterSelector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}},
        ),
        "spec.placement.clusterSelector.matchExpressions[0].operator",
    ),
    (
        "An operator that compares needs values.",
        federated(
            "FederatedConfigMap",
            placement={"clusterSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
        ),
        "must be specified when `operator` is 'In' or 'NotIn'",
    ),
    (
        "An override changes a field that there is.",
        overridden("FederatedDeployment", {"path": "/spec/replicaz", "value": 1}),
        'spec.overrides[0].clusterOverrides[0].path: Invalid value: "/spec/replicaz": a '
        'Deployment has no such field: there is no field "replicaz" in spec',
    ),
    (
        "Also deep inside.",
        overridden(
            "FederatedDeployment",
            {"path": "/spec/template/spec/containers/0/imagee", "value": "a"},
        ),
        'no field "imagee" in spec.template.spec.containers.0',
    ),
    (
        "A path begins with a slash.",
        overridden("FederatedConfigMap", {"path": "data/a", "value": "b"}),
        "must begin with /",
    ),
    (
        "A name cannot be overridden.",
        overridden("FederatedConfigMap", {"path": "/metadata/name", "value": "b"}),
        "this field cannot be overridden",
    ),
    (
        "A cluster is overridden once.",
        federated(
            "FederatedConfigMap",
            overrides=[{"clusterName": "eu", "clusterOverrides": []}] * 2,
        ),
        'spec.overrides: Duplicate value: "eu"',
    ),
    (
        "An annotation is JSON where it is to be.",
        federated("FederatedConfigMap", annotations={OPTIONS: "{orphan}"}),
        f"metadata.annotations[{OPTIONS}]: Invalid value",
    ),
    (
        "A federated namespace is named as the one that it is in.",
        federated("FederatedNamespace", "other"),
        'metadata.name: Invalid value: "other": must be named shop',
    ),
    (
        "Replicas are of a workload.",
        named(
            made(
                "ReplicaSchedulingPreference",
                spec={"targetKind": "FederatedJob", "totalReplicas": 3},
            )
            | {"apiVersion": "scheduling.kubefed.io/v1alpha1"}
        ),
        "spec.targetKind",
    ),
    (
        "A policy's operator has its values.",
        {
            "apiVersion": "core.kubefed.io/v1alpha1",
            "kind": "ClusterPlacementPolicy",
            "metadata": {"name": "x"},
            "spec": {"clusterSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
        },
        "spec.clusterSelector.matchExpressions[0]",
    ),
    (
        "A domain has a top level that is no number.",
        named(made("Domain", domain="example.1")),
        "domain: 'example.1' is no DNS name",
    ),
    ("An owner is not external-dns's.", named(rfc2136("a", ownerID="default")), "external-dns"),
    (
        "An rfc2136 server needs zones.",
        named(rfc2136("192.0.2.1:53")),
        "spec.zones: name the zones",
    ),
    (
        "A webhook's URL holds no password.",
        named(provider("webhook", webhook={"url": "http://user:secret@127.0.0.1:8888"})),
        "spec.webhook",
    ),
    (
        "A heritage TXT is for ownership.",
        named(endpoint(recordType="TXT", targets=["heritage=external-dns,x"])),
        'spec.endpoints[0]: Invalid value: "www.example.com TXT"',
    ),
    (
        "A target is one of its type.",
        named(endpoint(targets=["not-an-address"])),
        'spec.endpoints[0]: Invalid value: "www.example.com A"',
    ),
    (
        "A health check has a path.",
        named(service(health={"path": "healthz"})),
        "spec.health.path",
    ),
]

TAKEN: list[tuple[str, Obj]] = [
    ("A type config as enable makes it.", ftc()),
    ("A config of which only the scope is said.", named(config())),
    ("A cluster.", named(cluster())),
    (
        "A federated object with all that it can have.",
        federated(
            "FederatedDeployment",
            template={"spec": {"replicas": 1}},
            overrides=[
                {
                    "clusterName": "eu",
                    "clusterOverrides": [
                        {"path": "/spec/replicas", "value": 2},
                        {"op": "add", "path": "/metadata/labels/a~1b", "value": "c"},
                        {"path": "/spec/template/spec/containers/0/image", "value": "d"},
                    ],
                },
                {"clusterSelector": {"matchLabels": {"a": "b"}}, "clusterOverrides": []},
            ],
            retain=["/spec/replicas"],
            annotations={OPTIONS: json.dumps({"propagationPolicy": "Orphan"})},
        ),
    ),
    ("An rfc2136 provider.", named(rfc2136("192.0.2.1:53", zones=["example.com"]))),
    ("The embedded one.", named(provider("embedded"))),
    ("A Domain.", named(made("Domain", domain="example.com"))),
    ("A record.", named(service())),
    ("A TXT.", named(endpoint(recordType="TXT", targets=["v=spf1 -all"]))),
]
