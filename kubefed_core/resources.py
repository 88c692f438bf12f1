"""The kinds of objects that are read and written, as the API server addresses them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of one API version; `group` is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path of a collection, or with a name of one object.

        An empty namespace of a namespaced resource addresses all namespaces.
        """
        parts = ["/apis", self.group] if self.group else ["/api"]
        parts.append(self.version)
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts += [part for part in (self.plural, name, subresource) if part]
        return "/".join(parts)


NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
NODES = Resource("", "v1", "nodes", "Node", namespaced=False)
PODS = Resource("", "v1", "pods", "Pod")
SECRETS = Resource("", "v1", "secrets", "Secret")
SERVICES = Resource("", "v1", "services", "Service")
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount")
EVENTS = Resource("", "v1", "events", "Event")
ENDPOINT_SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
INGRESSES = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
RBAC = "rbac.authorization.k8s.io"
ROLES = Resource(RBAC, "v1", "roles", "Role")
ROLE_BINDINGS = Resource(RBAC, "v1", "rolebindings", "RoleBinding")
CLUSTER_ROLES = Resource(RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDINGS = Resource(
    RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False
)
CRDS = Resource(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    namespaced=False,
)
VALIDATING_WEBHOOKS = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    namespaced=False,
)
MUTATING_WEBHOOKS = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration",
    namespaced=False,
)
CLUSTERS = Resource("core.kubefed.io", "v1beta1", "kubefedclusters", "KubeFedCluster")
CONFIGS = Resource("core.kubefed.io", "v1beta1", "kubefedconfigs", "KubeFedConfig")
CORE = "core.kubefed.io"
TYPE_CONFIGS = Resource(CORE, "v1beta1", "federatedtypeconfigs", "FederatedTypeConfig")
PROPAGATED_VERSIONS = Resource(CORE, "v1alpha1", "propagatedversions", "PropagatedVersion")
CLUSTER_PROPAGATED_VERSIONS = Resource(
    CORE, "v1alpha1", "clusterpropagatedversions", "ClusterPropagatedVersion", namespaced=False
)
SERVICE_STATUSES = Resource(CORE, "v1alpha1", "federatedservicestatuses", "FederatedServiceStatus")
PLACEMENT_POLICIES = Resource(
    CORE, "v1alpha1", "clusterplacementpolicies", "ClusterPlacementPolicy", namespaced=False
)
REPLICA_PREFERENCES = Resource(
    "scheduling.kubefed.io",
    "v1alpha1",
    "replicaschedulingpreferences",
    "ReplicaSchedulingPreference",
)
