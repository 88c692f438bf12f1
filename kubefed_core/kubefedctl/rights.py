"""What the control plane may do in a member: its service account, roles and bindings there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubefed_core.objects import Key, Obj
from kubefed_core.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    RBAC,
    ROLE_BINDINGS,
    ROLES,
    SECRETS,
    SERVICE_ACCOUNTS,
    Resource,
)

CLUSTER_SCOPE = "Cluster"
NAMESPACED_SCOPE = "Namespaced"
TOKEN_TYPE = "kubernetes.io/service-account-token"
TOKEN_OWNER = "kubernetes.io/service-account.name"
TOKEN_OWNER_UID = "kubernetes.io/service-account.uid"
BY_JOIN = "kubefed.io/created-by-join"
"""Annotation of a namespace that join made, so that unjoin may delete it."""

Rule = Mapping[str, Sequence[str]]

_READ = ("get", "list", "watch")
_EVERYTHING: Rule = {"apiGroups": ("*",), "resources": ("*",), "verbs": ("*",)}
_EVERY_PATH: Rule = {"nonResourceURLs": ("*",), "verbs": ("get",)}
_NODES: Rule = {"apiGroups": ("",), "resources": ("nodes",), "verbs": _READ}
_HEALTH: Rule = {
    "nonResourceURLs": ("/healthz", "/readyz", "/livez", "/version"),
    "verbs": ("get",),
}
_BEHIND: tuple[Rule, ...] = (
    {"apiGroups": ("discovery.k8s.io",), "resources": ("endpointslices",), "verbs": _READ},
    {"apiGroups": ("networking.k8s.io",), "resources": ("ingresses",), "verbs": _READ},
)
_SERVICES: Rule = {"apiGroups": ("",), "resources": ("services",), "verbs": _READ}
_SERVICES_AND_NODES: Rule = {**_SERVICES, "resources": ("services", "nodes")}
DNS_ONLY: tuple[Rule, ...] = (_SERVICES_AND_NODES, *_BEHIND, _HEALTH)
"""What DNS needs of a member; deploy/member says the same."""


@dataclass(frozen=True, slots=True)
class Names:
    """How things in a member are called, for one cluster joined to one host."""

    cluster: str
    host: str
    namespace: str

    @property
    def service_account(self) -> str:
        return f"{self.cluster}-{self.host}"

    @property
    def token_secret(self) -> str:
        return f"{self.service_account}-token"

    @property
    def role(self) -> str:
        return f"kubefed-controller-manager:{self.service_account}"

    @property
    def health_role(self) -> str:
        return f"kubefed-controller-manager:{self.namespace}:healthcheck-{self.service_account}"


@dataclass(frozen=True, slots=True)
class Part:
    """One object that should be, and of what kind it is."""

    resource: Resource
    obj: Obj

    @property
    def key(self) -> Key:
        meta = self.obj["metadata"]
        return Key(meta.get("namespace", ""), meta["name"])


def account(names: Names) -> Part:
    return _part(SERVICE_ACCOUNTS, names.service_account, names.namespace)


def token_secret(names: Names) -> Part:
    """The Secret that the cluster fills with the account's token."""
    made = _part(SECRETS, names.token_secret, names.namespace, type=TOKEN_TYPE)
    made.obj["metadata"]["annotations"] = {TOKEN_OWNER: names.service_account}
    return made


def roles(names: Names, *, scope: str, dns_only: bool) -> Sequence[Part]:
    """Roles with their bindings, each role before its binding."""
    if scope == CLUSTER_SCOPE:
        rules = DNS_ONLY if dns_only else (_EVERYTHING, _EVERY_PATH)
        return _wide(names, names.role, rules)
    served = (_SERVICES, *_BEHIND) if dns_only else (_EVERYTHING,)
    narrow = _part(ROLES, names.role, names.namespace, rules=_listed(served))
    return (
        narrow,
        _binding(ROLE_BINDINGS, names, ROLES, names.role),
        *_wide(names, names.health_role, (_NODES, _HEALTH)),
    )


def traces(names: Names) -> Sequence[tuple[Resource, Key]]:
    """What any join may have made in a member, but the namespace; in the order of removal."""
    wide = [
        (resource, Key("", name))
        for name in (names.role, names.health_role)
        for resource in (CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES)
    ]
    narrow = [
        (resource, Key(names.namespace, name))
        for resource, name in (
            (ROLE_BINDINGS, names.role),
            (ROLES, names.role),
            (SECRETS, names.token_secret),
            (SERVICE_ACCOUNTS, names.service_account),
        )
    ]
    return wide + narrow


def _wide(names: Names, name: str, rules: Sequence[Rule]) -> Sequence[Part]:
    role = _part(CLUSTER_ROLES, name, "", rules=_listed(rules))
    return role, _binding(CLUSTER_ROLE_BINDINGS, names, CLUSTER_ROLES, name)


def _binding(resource: Resource, names: Names, role: Resource, name: str) -> Part:
    subject = {
        "kind": "ServiceAccount",
        "name": names.service_account,
        "namespace": names.namespace,
    }
    reference = {"apiGroup": RBAC, "kind": role.kind, "name": name}
    namespace = names.namespace if resource.namespaced else ""
    return _part(resource, name, namespace, subjects=[subject], roleRef=reference)


def _listed(rules: Sequence[Rule]) -> list[dict[str, list[str]]]:
    return [{name: list(values) for name, values in rule.items()} for rule in rules]


def _part(resource: Resource, name: str, namespace: str, **content: Any) -> Part:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    header = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata}
    return Part(resource, {**header, **content})
