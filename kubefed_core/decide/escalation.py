"""Federated RBAC: what its author must be allowed, so that nobody gives away what is not his.

Kubernetes asks this of whoever writes a role or a binding. In the members it is the control plane
that writes them, which may do everything; so it is asked on the host, of whoever wrote the
federated object.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubefed_core.api import webhooks
from kubefed_core.api.federated import retained_paths
from kubefed_core.api.fields import Fields
from kubefed_core.api.loose import objects, texts
from kubefed_core.api.review import Kind, User
from kubefed_core.decide import overrides
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, key_of
from kubefed_core.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    RBAC,
    ROLE_BINDINGS,
    ROLES,
    Resource,
)

PATH = "authorize-federatedrbac"
"""Where the question is asked; a webhook that leads there guards."""

_ROLES = (ROLES, CLUSTER_ROLES)
_BINDINGS = (ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS)
_REFERRED = {"Role": ROLES.plural, "ClusterRole": CLUSTER_ROLES.plural}


@dataclass(frozen=True, slots=True)
class Question:
    """A right in terms of a SubjectAccessReview; `where` is the field that asks for it."""

    where: str
    verb: str
    resource: str
    name: str
    namespace: str = ""

    def asked(self, user: User) -> dict[str, Any]:
        attributes = {
            "verb": self.verb,
            "group": RBAC,
            "resource": self.resource,
            "name": self.name,
            "namespace": self.namespace,
        }
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "metadata": {},
            "spec": {
                "user": user.name,
                "uid": user.uid,
                "groups": list(user.groups),
                "extra": dict(user.extra),
                "resourceAttributes": attributes,
            },
        }

    def denied(self, user: User) -> str:
        inside = f' in namespace "{self.namespace}"' if self.namespace else ""
        what = f'{self.resource}.{RBAC} "{self.name}"{inside}'
        return f'{self.where}: Forbidden: user "{user.name}" may not {self.verb} {what}'


def concerns(target: Resource) -> bool:
    """Whether objects of a kind give rights."""
    return target.group == RBAC


def guessed(kind: Kind) -> Resource | None:
    """The kind of ours that is federated under a name, where no type config says which."""
    found = (each for each in (*_ROLES, *_BINDINGS) if kind.plural == f"federated{each.plural}")
    return next(found, None)


def questions(federated: Obj, target: Resource) -> tuple[Question, ...]:
    """All that its author must be allowed, for the template and whatever overrides make of it.

    Raises Terminal, naming the field, where that cannot be told.
    """
    key = key_of(federated)
    namespace = key.namespace if target.namespaced else ""
    if target.plural in {each.plural for each in _ROLES}:
        return (Question("spec.template", "escalate", target.plural, key.name, namespace),)
    if target.plural not in {each.plural for each in _BINDINGS}:
        raise Terminal(f"spec.template: Forbidden: it is not known what rights a {target.kind} is")
    _check_retained(federated)
    return tuple(
        Question("spec.template.roleRef", "bind", _REFERRED[kind], name, namespace)
        for kind, name in sorted(_references(federated))
    )


def _references(federated: Obj) -> set[tuple[str, str]]:
    """Each role that a binding may come to refer to in some cluster, by kind and name.

    Which overrides meet in a cluster depends on its labels, so every kind is paired with every
    name that is said anywhere.
    """
    kinds: set[str] = set()
    names: set[str] = set()
    template = Fields(federated).at("spec").at("template")
    _take(template.at("roleRef").obj, kinds, names, where="spec.template.roleRef")
    for override in overrides.parse(federated):
        for patch in override.patches:
            match patch.path:
                case ("roleRef",) if patch.op != "remove":
                    value = patch.value if isinstance(patch.value, Mapping) else {"name": None}
                    _take(value, kinds, names, where=patch.where)
                case ("roleRef", field) if patch.op != "remove":
                    _take({field: patch.value}, kinds, names, where=patch.where)
    return {(kind, name) for kind in kinds for name in names}


def _take(ref: Mapping[str, Any], kinds: set[str], names: set[str], *, where: str) -> None:
    fields = Fields(ref, where)
    if "kind" in ref:
        kinds.add(fields.choice("kind", *_REFERRED))
    if "name" in ref:
        names.add(fields.text("name", required=True))


def _check_retained(federated: Obj) -> None:
    """A binding that keeps the member's role gives it to subjects that nobody asked about."""
    if any(path[0] == "roleRef" for path in retained_paths(federated)):
        raise Terminal("spec.retain: Forbidden: the roleRef of a binding cannot be kept")


def unguarded(configurations: Iterable[Obj], federated: Resource) -> str:
    """Why nobody asks about a federated kind; empty where a webhook does, and lets nothing by.

    `configurations` are ValidatingWebhookConfigurations.
    """
    found = [
        each
        for configuration in configurations
        for each in objects(configuration.get("webhooks"))
        if webhooks.path(each) == PATH and _matches(each, federated)
    ]
    if not found:
        return (
            f"no admission webhook asks whether the author of a {federated.kind} may give such "
            "rights himself; switch it on (deploy/webhook)"
        )
    if any(each.get("failurePolicy") != "Ignore" and not _selective(each) for each in found):
        return ""
    return (
        f"the admission webhook may let a {federated.kind} by, whose author it must ask about: "
        "give it failurePolicy Fail and no selector"
    )


def _matches(webhook: Mapping[str, Any], federated: Resource) -> bool:
    asked = {
        operation
        for rule in objects(webhook.get("rules"))
        if _is_about(rule, federated)
        for operation in texts(rule.get("operations"))
    }
    return "*" in asked or {"CREATE", "UPDATE"} <= asked


def _is_about(rule: Mapping[str, Any], federated: Resource) -> bool:
    said = {
        "apiGroups": federated.group,
        "apiVersions": federated.version,
        "resources": federated.plural,
    }
    return all({"*", word} & {*texts(rule.get(name))} for name, word in said.items())


def _selective(webhook: Mapping[str, Any]) -> bool:
    return bool(webhook.get("namespaceSelector") or webhook.get("objectSelector"))
