"""From an object as it is to the federated object that makes others like it."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from kubefed_core.api import types
from kubefed_core.api.federated import MANAGED
from kubefed_core.api.fields import Fields
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, annotations, dig, key_of, labels
from kubefed_core.resources import NAMESPACES, RBAC, Resource

Template = dict[str, Any]

TOKEN = "kubernetes.io/service-account-token"
_BOOKKEEPING = (
    "autoscaling.alpha.kubernetes.io/",
    "control-plane.alpha.kubernetes.io/",
    "deployment.kubernetes.io/",
    "deprecated.daemonset.template.generation",
    "kubectl.kubernetes.io/last-applied-configuration",
    "pv.kubernetes.io/",
    "volume.beta.kubernetes.io/",
    "volume.kubernetes.io/",
)
"""Annotations that a cluster makes for itself; nobody misses them."""
_GENERATED = (
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
)
"""Labels by which a Job knows its pods, made anew in every cluster."""


def federated(obj: Obj, target: Resource, kind: Resource) -> dict[str, Any]:
    """An object of a federated kind, placed in all clusters.

    A namespace's lies in the namespace itself. Raises Terminal for an object
    that belongs to its cluster.
    """
    key = key_of(obj)
    within = key.name if target.kind == NAMESPACES.kind and not target.group else key.namespace
    metadata = {"name": key.name} | ({"namespace": within} if within else {})
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": metadata,
        "spec": {
            "placement": {"clusterSelector": {"matchLabels": {}}},
            "template": template(obj, target),
        },
    }


def guessed(obj: Obj, where: str) -> Resource:
    """The kind of an object of a manifest, nobody being there to be asked.

    Its plural is guessed as KubeFed does, and it is namespaced where the object
    says a namespace. Raises Terminal, beginning with `where`, for what is no object.
    """
    try:
        fields = Fields(obj)
        group, _, version = fields.text("apiVersion", required=True).rpartition("/")
        kind = fields.text("kind", required=True)
        metadata = fields.at("metadata")
        metadata.text("name", required=True)
        metadata.pairs("labels")
        metadata.pairs("annotations")
        namespaced = bool(metadata.text("namespace"))
    except Terminal as error:
        raise Terminal(f"{where}: {error}") from error
    return Resource(group, version, types.plural_name(kind), kind, namespaced=namespaced)


def template(obj: Obj, target: Resource) -> Template:
    """What of an object is wish, and not the doing of the cluster that it is in."""
    left_out = ("apiVersion", "kind", "metadata", "status")
    made = copy.deepcopy({name: part for name, part in obj.items() if name not in left_out})
    kept = {name: value for name, value in labels(obj).items() if name != MANAGED}
    if kept:
        made = {"metadata": {"labels": kept}, **made}
    strip = _STRIP.get((target.group, target.kind))
    if strip is not None:
        strip(made)
    _forget_creation(made)
    return made


def lost(obj: Obj) -> list[str]:
    """The annotations that somebody gave the object; a template has none."""
    return sorted(name for name in annotations(obj) if not name.startswith(_BOOKKEEPING))


def _forget_creation(value: Any) -> None:
    """Pod templates and claims of live objects say that they were never created."""
    if isinstance(value, dict):
        metadata = value.get("metadata")
        if isinstance(metadata, dict) and metadata.get("creationTimestamp", "") is None:
            del metadata["creationTimestamp"]
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, dict | list):
            _forget_creation(part)


def _spec(made: Template) -> dict[str, Any]:
    spec = made.get("spec")
    return spec if isinstance(spec, dict) else {}


def _without(part: dict[str, Any], *names: str) -> None:
    for name in names:
        part.pop(name, None)


def _namespace(made: Template) -> None:
    _without(_spec(made), "finalizers")


def _service_account(made: Template) -> None:
    _without(made, "secrets")


def _service(made: Template) -> None:
    """A headless service is headless everywhere; other addresses each cluster gives itself."""
    spec = _spec(made)
    if spec.get("clusterIP") != "None":
        _without(spec, "clusterIP", "clusterIPs")
    _without(spec, "healthCheckNodePort")
    for port in _each(spec.get("ports")):
        _without(port, "nodePort")


def _pod(made: Template) -> None:
    """Where it runs, and what admission computed; a cluster mounts its own token."""
    spec = _spec(made)
    _without(spec, "nodeName", "priority", "preemptionPolicy", "ephemeralContainers")
    volumes = [str(each.get("name")) for each in _each(spec.get("volumes"))]
    injected = {name for name in volumes if name.startswith("kube-api-access-")}
    _drop(spec, "volumes", injected)
    for container in [*_each(spec.get("containers")), *_each(spec.get("initContainers"))]:
        _drop(container, "volumeMounts", injected)


def _job(made: Template) -> None:
    spec = _spec(made)
    if spec.get("manualSelector") is not True:
        _without(spec, "selector")
    for part in (made, spec.get("template")):
        found = dig(part, "metadata", "labels") if isinstance(part, dict) else None
        if isinstance(part, dict) and isinstance(found, dict):
            _without(found, *_GENERATED)
            if not found:
                del part["metadata"]["labels"]
    if made.get("metadata") == {}:
        del made["metadata"]


def _claim(made: Template) -> None:
    _without(_spec(made), "volumeName")


def _volume(made: Template) -> None:
    _without(_spec(made), "claimRef")


def _stateful(made: Template) -> None:
    for claim in _each(_spec(made).get("volumeClaimTemplates")):
        _without(claim, "status")


def _secret(made: Template) -> None:
    if made.get("type") == TOKEN:
        raise Terminal(
            "it is a token of a service account of this cluster, worth nothing in others; "
            "federate the service account"
        )


def _cluster_role(made: Template) -> None:
    """The rules of an aggregated role are the cluster's own sum."""
    if made.get("aggregationRule"):
        _without(made, "rules")


def _each(items: Any) -> list[dict[str, Any]]:
    return [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []


def _drop(part: dict[str, Any], field: str, names: set[str]) -> None:
    kept = [each for each in _each(part.get(field)) if each.get("name") not in names]
    if kept:
        part[field] = kept
    elif names:
        part.pop(field, None)


_STRIP: Mapping[tuple[str, str], Callable[[Template], None]] = {
    ("", "Namespace"): _namespace,
    ("", "PersistentVolume"): _volume,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Pod"): _pod,
    ("", "Secret"): _secret,
    ("", "Service"): _service,
    ("", "ServiceAccount"): _service_account,
    ("apps", "StatefulSet"): _stateful,
    ("batch", "Job"): _job,
    (RBAC, "ClusterRole"): _cluster_role,
}
