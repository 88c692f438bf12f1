"""A host that serves some kinds, for the commands that enable, disable and federate them."""

from fake_api import NAMESPACE as NS

CONFIGS = f"/apis/core.kubefed.io/v1beta1/namespaces/{NS}/federatedtypeconfigs"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CONFIG = f"{CONFIGS}/deployments.apps"
CRD = f"{CRDS}/federateddeployments.types.kubefed.io"
CREATED = [
    "customresourcedefinition.apiextensions.k8s.io/federateddeployments.types.kubefed.io created",
    f"federatedtypeconfig.core.kubefed.io/deployments.apps created in namespace {NS}",
]

VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]
NAMESPACES = {
    "targetType": {
        "version": "v1", "kind": "Namespace", "pluralName": "namespaces", "scope": "Cluster",
    },
    "propagation": "Enabled",
    "federatedType": {
        "group": "types.kubefed.io", "version": "v1beta1", "kind": "FederatedNamespace",
        "pluralName": "federatednamespaces", "scope": "Namespaced",
    },
}  # fmt: skip


def kind(name, plural, *short, **more):
    return {
        "name": plural,
        "singularName": name.lower(),
        "kind": name,
        "namespaced": True,
        "shortNames": list(short),
        "verbs": VERBS,
    } | more


def establish(path, obj):
    """What an API server does with a CRD."""
    if path.startswith(CRDS):
        obj["status"] = {"conditions": [{"type": "Established", "status": "True"}]}


def serve(host):
    """Namespaces are federated; see there which kinds there are."""
    host.after = establish
    host.put(f"{CONFIGS}/namespaces", spec=NAMESPACES)

    def group(name, version, *kinds):
        prefix = f"/apis/{name}/{version}" if name else f"/api/{version}"
        host.put(prefix, resources=list(kinds))

    group(
        "",
        "v1",
        kind("ConfigMap", "configmaps", "cm"),
        kind("Event", "events", "ev"),
        kind("Namespace", "namespaces", "ns", namespaced=False),
        kind("Pod", "pods/status"),
        kind("Binding", "bindings", verbs=["create"]),
    )
    group(
        "apps",
        "v1",
        kind("Deployment", "deployments", "deploy"),
        kind("Scale", "deployments/scale"),
        kind("DaemonSet", "daemonsets", "ds"),
    )
    group("events.k8s.io", "v1", kind("Event", "events", "ev"))
    group("acme.io", "v1", kind("Thing", "things"), kind("Gadget", "gadgets"))
    group("other.io", "v1", kind("Thing", "things"))
    group("acme.io", "v2", kind("Gadget", "gadgets"))
    group("acme.io", "v1beta1", kind("Relic", "relics"), kind("Gadget", "gadgets"))
    group("core.kubefed.io", "v1", kind("KubeFedCluster", "kubefedclusters"))
    group("rbac.authorization.k8s.io", "v1", kind("Role", "roles"))
    names = ("apps", "events.k8s.io", "acme.io", "other.io", "gone.io", "core.kubefed.io")
    names = (*names, "rbac.authorization.k8s.io")
    served = [{"name": n, "preferredVersion": {"version": "v1"}} for n in names]
    served[2]["versions"] = [{"version": version} for version in ("v2", "v1", "v1beta1")]
    host.put("/apis", groups=served)
