"""PropagatedVersion: which version of an object each cluster got, and of which wish."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubefed_core.api.loose import filled, objects, text
from kubefed_core.objects import Key, Obj, dig, key_of, uid
from kubefed_core.resources import CLUSTER_PROPAGATED_VERSIONS, PROPAGATED_VERSIONS, Resource


@dataclass(frozen=True, slots=True)
class Versions:
    """`clusters` counts only for the wish that the two hashes stand for."""

    template: str = ""
    overrides: str = ""
    clusters: Mapping[str, str] = field(default_factory=dict)


def kind_for(federated: Resource) -> Resource:
    return PROPAGATED_VERSIONS if federated.namespaced else CLUSTER_PROPAGATED_VERSIONS


def parse(obj: Obj) -> Versions:
    """What is readable of the status."""
    entries = objects(dig(obj, "status", "clusterVersions"))
    return Versions(
        template=text(dig(obj, "status", "templateVersion")),
        overrides=text(dig(obj, "status", "overridesVersion")),
        clusters={text(each.get("clusterName")): text(each.get("version")) for each in entries},
    )


def new(federated: Obj, resource: Resource, name: str) -> dict[str, Any]:
    """An object that goes with the federated object it belongs to; its status is written apart."""
    key = key_of(federated)
    kind = kind_for(resource)
    owner = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": key.name,
        "uid": uid(federated),
    }
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {
            **_named(Key(key.namespace if kind.namespaced else "", name)),
            "ownerReferences": [owner],
        },
    }


def dump_status(versions: Versions) -> dict[str, Any]:
    listed = [
        {"clusterName": name, "version": version}
        for name, version in sorted(versions.clusters.items())
    ]
    hashes = {"templateVersion": versions.template, "overridesVersion": versions.overrides}
    return {**hashes, **filled(clusterVersions=listed)}


def _named(key: Key) -> dict[str, str]:
    return filled(namespace=key.namespace, name=key.name)
