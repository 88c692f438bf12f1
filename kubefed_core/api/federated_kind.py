"""The CRD of the kind that federates another, made from what is known of that kind."""

from collections.abc import Collection
from typing import Any

from kubefed_core.api.federated_rules import (
    MANY,
    bounded,
    expression_rules,
    one_of,
    override_rules,
    path_rules,
    retain_rules,
    template_rules,
    toleration,
)
from kubefed_core.api.selectors import OPERATORS
from kubefed_core.resources import CRDS, Resource

Schema = dict[str, Any]

_ANY: Schema = {"x-kubernetes-preserve-unknown-fields": True}
_OPEN: Schema = {"type": "object", **_ANY}
_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}


def crd(
    target: Resource,
    federated: Resource,
    *,
    short_names: Collection[str] = (),
    template: bool = True,
    replicas: bool = False,
    ready: bool = False,
) -> dict[str, Any]:
    """`short_names` are the target's; `template` where the target has fields of its own.

    `replicas` where its spec has a number of replicas, `ready` where it is a
    workload that can be up or not.
    """
    names: dict[str, Any] = {"kind": federated.kind, "plural": federated.plural}
    if short_names:
        names["shortNames"] = [f"f{name}" for name in short_names]
    return {
        "apiVersion": CRDS.api_version,
        "kind": CRDS.kind,
        "metadata": {"name": f"{federated.plural}.{federated.group}"},
        "spec": {
            "group": federated.group,
            "names": names,
            "scope": "Namespaced" if federated.namespaced else "Cluster",
            "versions": [
                {
                    "name": federated.version,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": _columns(ready=ready),
                    "schema": {
                        "openAPIV3Schema": _schema(target, template=template, replicas=replicas)
                    },
                }
            ],
        },
    }


def _columns(*, ready: bool) -> list[dict[str, Any]]:
    found = [
        _column("Clusters", ".status.summary.clusters", "Clusters that have it, of those wanted.")
    ]
    if ready:
        found.append(_column("Ready", ".status.summary.ready", "Clusters where it is up."))
    found += [
        _column(
            "Propagated",
            ".status.conditions[?(@.type=='Propagation')].status",
            "Whether every cluster is as it should be.",
        ),
        _column(
            "Reason",
            ".status.conditions[?(@.type=='Propagation')].reason",
            "Why not, in one word.",
        ),
        _column("Age", ".metadata.creationTimestamp", "Since when it is there.", kind="date"),
    ]
    return found


def _column(name: str, path: str, description: str, *, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "type": kind, "description": description, "jsonPath": path}


def _schema(target: Resource, *, template: bool, replicas: bool) -> Schema:
    spec = {
        "placement": _placement(),
        "overrides": _list(_override(), "Changes for single clusters.", most=MANY),
        "retain": _list(
            bounded(1024, retain_rules()),
            "JSON pointers to fields left to other field managers.",
            most=256,
        ),
    }
    if template:
        spec["template"] = _OPEN | {
            "description": f"The {target.kind}, as every cluster gets it.",
            "properties": {"kind": bounded(63, template_rules(target.kind)) | {"nullable": True}},
        }
    if replicas:
        said = "Whether the clusters' own numbers of replicas are left alone."
        spec["retainReplicas"] = {"type": "boolean", "description": said}
    return _object(
        {
            "apiVersion": _TEXT,
            "kind": _TEXT,
            "metadata": {"type": "object"},
            "spec": _object(spec, "What goes where."),
            "status": _status(),
        },
        f"A {target.kind} in many clusters.",
        required=["spec"],
    )


def _placement() -> Schema:
    return _object(
        {
            "clusters": _list(
                _object({"name": _TEXT}, required=["name"]),
                "The clusters by name; an empty list is none.",
            ),
            "clusterSelector": _selector("The clusters by label; {} is all. Ignored with a list."),
            "tolerations": _list(toleration(), "Taints of clusters that do not matter.", most=64),
        },
        "Where it goes.",
    )


def _selector(description: str) -> Schema:
    expression = _object(
        {
            "key": _TEXT,
            "operator": bounded(32, one_of(*OPERATORS)),
            "values": _list(bounded(63), most=256),
        },
        required=["key", "operator"],
    )
    return _object(
        {
            "matchLabels": {"type": "object", "additionalProperties": _TEXT},
            "matchExpressions": _list(expression | expression_rules(), most=32),
        },
        description,
    )


def _override() -> Schema:
    patch = {
        "op": {"type": "string", "pattern": "^(add|remove|replace)?$"},
        "path": bounded(1024, path_rules()),
        "value": _ANY,
    }
    found = _object(
        {
            "clusterName": bounded(253),
            "clusterSelector": _selector("In the place of a name: all clusters of these labels."),
            "clusterOverrides": _list(_object(patch, required=["path"]), most=256),
        }
    )
    return found | override_rules()


def _status() -> Schema:
    condition = {
        **{name: _TEXT for name in ("type", "status", "reason", "message")},
        "lastUpdateTime": _TIME,
        "lastTransitionTime": _TIME,
    }
    cluster = {"name": _TEXT, "status": _TEXT, "ready": _TEXT, "remoteStatus": _OPEN}
    return _object(
        {
            "conditions": _list(_object(condition, required=["type", "status"])),
            "clusters": _list(_object(cluster, required=["name"])),
            "observedGeneration": {"type": "integer", "format": "int64"},
            "summary": _object({"clusters": _TEXT, "ready": _TEXT}, "The columns of kubectl."),
        },
        "What came of it.",
    )


def _object(properties: Schema, description: str = "", *, required: Collection[str] = ()) -> Schema:
    found: Schema = {"type": "object", "properties": properties}
    if description:
        found["description"] = description
    return found | ({"required": list(required)} if required else {})


def _list(items: Schema, description: str = "", *, most: int = 0) -> Schema:
    said: Schema = {"description": description} if description else {}
    return {"type": "array", "items": items, **said, **({"maxItems": most} if most else {})}
