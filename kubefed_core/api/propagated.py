"""PropagatedVersion: which version of an object each cluster got, and of which wish."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubefed_core.api.loose import filled, objects, text
from kubefed_core.objects import Key, Obj, annotations, dig, key_of, uid
from kubefed_core.resources import CLUSTER_PROPAGATED_VERSIONS, PROPAGATED_VERSIONS, Resource

LEFT = "core.kubefed.io/left-in"
"""Names, separated by commas, of clusters that had the object and could not be cleaned yet."""


@dataclass(frozen=True, slots=True)
class Versions:
    """`clusters` counts only for the wish that the two hashes stand for.

    `left` are clusters that are not wanted any more and may still have the object.
    """

    template: str = ""
    overrides: str = ""
    clusters: Mapping[str, str] = field(default_factory=dict)
    left: frozenset[str] = frozenset()


def kind_for(federated: Resource) -> Resource:
    return PROPAGATED_VERSIONS if federated.namespaced else CLUSTER_PROPAGATED_VERSIONS


def parse(obj: Obj) -> Versions:
    """What is readable of the status."""
    entries = objects(dig(obj, "status", "clusterVersions"))
    return Versions(
        template=text(dig(obj, "status", "templateVersion")),
        overrides=text(dig(obj, "status", "overridesVersion")),
        clusters={text(each.get("clusterName")): text(each.get("version")) for each in entries},
        left=frozenset(name for name in annotations(obj).get(LEFT, "").split(",") if name),
    )


def new(federated: Obj, resource: Resource, name: str) -> dict[str, Any]:
    """An object that goes with the federated object it belongs to; its status is written apart."""
    key, kind = key_of(federated), kind_for(resource)
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {
            **_named(Key(key.namespace if kind.namespaced else "", name)),
            "ownerReferences": [_owner(federated, resource)],
        },
    }


def beside(federated: Obj, resource: Resource, kind: Resource) -> dict[str, Any]:
    """An object of another kind and the same name, that goes with the federated object."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {
            **_named(key_of(federated)),
            "ownerReferences": [_owner(federated, resource)],
        },
    }


def kept(old: Obj, federated: Obj, resource: Resource, *, left: frozenset[str]) -> dict[str, Any]:
    """`old` with what goes before its status: whose it is, and where something was left."""
    given = {name: value for name, value in annotations(old).items() if name != LEFT}
    meta = dict(old["metadata"])
    meta.pop("annotations", None)
    noted = given | ({LEFT: ",".join(sorted(left))} if left else {})
    owned = uid(federated) in [each.get("uid") for each in objects(meta.get("ownerReferences"))]
    owners = {} if owned else {"ownerReferences": [_owner(federated, resource)]}
    return {**old, "metadata": {**meta, **filled(annotations=noted), **owners}}


def dump_status(versions: Versions) -> dict[str, Any]:
    listed = [
        {"clusterName": name, "version": version}
        for name, version in sorted(versions.clusters.items())
    ]
    hashes = {"templateVersion": versions.template, "overridesVersion": versions.overrides}
    return {**hashes, **filled(clusterVersions=listed)}


def _owner(federated: Obj, resource: Resource) -> dict[str, str]:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": key_of(federated).name,
        "uid": uid(federated),
    }


def _named(key: Key) -> dict[str, str]:
    return filled(namespace=key.namespace, name=key.name)
