"""What of a namespace is worth having in other clusters."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubefed_core.api import loose
from kubefed_core.api.federated import is_managed
from kubefed_core.api.names import subdomain_fault
from kubefed_core.api.types import TypeConfig
from kubefed_core.errors import ApiError, Terminal
from kubefed_core.kubefedctl import conflicts, discovery, templates
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.discovery import Served
from kubefed_core.kubefedctl.steps import Report
from kubefed_core.objects import Obj, deleting, dig, key_of, labels
from kubefed_core.resources import Resource

log = logging.getLogger(__name__)

_GROUPS = ("extensions",)
_KINDS = (
    "csistoragecapacities.storage.k8s.io",
    "endpoints",
    "events",
    "events.events.k8s.io",
    "leases.coordination.k8s.io",
)
"""What each cluster has of its own doing."""
_MADE = {
    "ConfigMap": ("kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"),
    "ServiceAccount": ("default",),
}
_SECRETS = (templates.TOKEN, "bootstrap.kubernetes.io/token", "helm.sh/release.v1")
_SLICED = "endpointslice.kubernetes.io/managed-by"


@dataclass(frozen=True, slots=True)
class Content:
    """A kind, and the objects of it that are worth it."""

    served: Served
    objects: tuple[Obj, ...]


def of(
    host: Api,
    namespace: str,
    *,
    skip: Sequence[str],
    configs: Mapping[str, TypeConfig],
    report: Report,
) -> Sequence[Content]:
    """By kind, in the version of its type if it has one; what is generated is left out.

    So are the kinds of `skip`, each by any of its names or by its group.
    Raises Terminal where a kind cannot be listed.
    """
    federated = {str(each.federated) for each in configs.values()}
    kinds = list(discovery.served(host, report=report))
    for word in skip:
        if not any(_is_meant(each, word) for each in kinds):
            report.warn(f"--skip-api-resources: the host serves nothing that is called {word}")
    found: list[Content] = []
    left_out: list[str] = []
    for each in kinds:
        if not _is_content(each, federated) or any(_is_meant(each, word) for word in skip):
            continue
        config = configs.get(str(each.resource))
        resource = config.target if config else each.resource
        kept = tuple(
            obj
            for obj in _listed(host, resource, namespace)
            if _is_worth_it(obj, resource, left_out, report)
        )
        if kept:
            found.append(Content(each, kept))
    _say(left_out, report)
    return found


def _is_worth_it(obj: Obj, resource: Resource, left_out: list[str], report: Report) -> bool:
    key = key_of(obj)
    why = generated(obj, resource)
    if why:
        log.info("%s %s is left out: %s", resource.kind, key, why)
        left_out.append(f"{resource.kind} {key.name}")
    elif subdomain_fault(key.name):
        report.warn(f"{resource.kind} {key} is left out: its name is no DNS-1123 subdomain")
        return False
    return not why


def generated(obj: Obj, resource: Resource) -> str:
    """Why other clusters need not be given an object; empty where they do."""
    name = key_of(obj).name
    if deleting(obj):
        return "it is being deleted"
    if owner := controller(obj):
        return f"it is made by {owner}"
    if is_managed(obj):
        return "it is propagated already"
    if not resource.group and name in _MADE.get(resource.kind, ()):
        return "every namespace has its own"
    if resource.kind == "Secret" and obj.get("type") in _SECRETS:
        return f"a Secret of the type {obj['type']} is about this cluster"
    if resource.kind == "EndpointSlice" and _SLICED in labels(obj):
        return f"it is made by {labels(obj)[_SLICED]}"
    return ""


def controller(obj: Obj) -> str:
    """The object that makes and keeps this one, if one does."""
    owners: Iterable[Mapping[str, Any]] = loose.objects(dig(obj, "metadata", "ownerReferences"))
    said = (f"{each.get('kind')} {each.get('name')}" for each in owners if each.get("controller"))
    return next(said, "")


def _is_content(served: Served, federated: Collection[str]) -> bool:
    resource = served.resource
    return (
        resource.namespaced
        and served.verbs >= conflicts.VERBS
        and resource.group not in _GROUPS
        and str(resource) not in _KINDS
        and str(resource) not in federated
        and not conflicts.is_ours(resource)
    )


def _is_meant(served: Served, word: str) -> bool:
    return served.is_called(word) or (served.resource.group.lower() == word.lower() != "")


def _listed(host: Api, resource: Resource, namespace: str) -> Sequence[Obj]:
    try:
        return host.list(resource, namespace=namespace)
    except ApiError as error:
        raise Terminal(f"{error}; or leave it out: -s {resource}") from error


def _say(left_out: Sequence[str], report: Report) -> None:
    if not left_out:
        return
    named = ", ".join(sorted(left_out)[:5])
    more = f" and {len(left_out) - 5} more" if len(left_out) > 5 else ""
    report.warn(f"left out, as generated or propagated already: {named}{more} (all, and why: -v=2)")
