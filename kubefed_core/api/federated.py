"""A federated object: what goes where, and what came of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubefed_core.api import selectors, taints
from kubefed_core.api.fields import Fields
from kubefed_core.api.loose import filled, objects, text, whole
from kubefed_core.api.selectors import Selector
from kubefed_core.api.taints import Toleration
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, annotations, dig, labels

FINALIZER = "kubefed.io/sync-controller"
MANAGED = "kubefed.io/managed"
SELECTOR = f"{MANAGED}=true"
ORPHAN = "kubefed.io/orphan"
DELETE_OPTIONS = "kubefed.io/deleteoption"
FORBIDDEN = ("/metadata/namespace", "/metadata/name", "/metadata/generateName", "/kind")
"""Paths that cannot be overridden."""
UNTOUCHED, ABSOLUTE = "this field cannot be overridden", "must begin with /"
EITHER = "give exactly one of clusterName and clusterSelector"
WAIVE = "kubefed.io/waive-clusters"
"""Names, separated by commas, of clusters that a deletion shall not wait for; * for all."""


@dataclass(frozen=True, slots=True)
class Placement:
    """`clusters`, even when empty, wins over the selector; neither selects nothing."""

    clusters: frozenset[str] | None = None
    selector: Selector | None = None
    tolerations: tuple[Toleration, ...] = ()


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How to delete in the members; `grace` is in seconds."""

    propagation: str = ""
    grace: int | None = None
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """As KubeFed writes them: with the time of the last update too; the message is ours."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_update: str = ""
    last_transition: str = ""


@dataclass(frozen=True, slots=True)
class ClusterEntry:
    """`status` is empty where all is well; `ready` where the kind has no such notion.

    `remote` is the member object's own status, None where it is not collected.
    """

    name: str
    status: str = ""
    ready: str = ""
    remote: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Status:
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()
    clusters: tuple[ClusterEntry, ...] = ()
    summary: Mapping[str, str] | None = None

    def get(self, kind: str) -> Condition | None:
        return next((each for each in self.conditions if each.type == kind), None)


def placement(obj: Obj) -> Placement:
    """Raises Terminal, naming the field, where it cannot be meant so."""
    fields = Fields(obj).at("spec").at("placement")
    tolerations = taints.parse_tolerations(fields)
    if fields.obj.get("clusters") is not None:
        names = (item.text("name", required=True) for item in fields.each("clusters"))
        return Placement(clusters=frozenset(names), tolerations=tolerations)
    found = fields.obj.get("clusterSelector")
    selector = selectors.parse(found, fields.where("clusterSelector"))
    return Placement(selector=selector, tolerations=tolerations)


def retained_paths(obj: Obj) -> tuple[tuple[str, ...], ...]:
    """`spec.retain`: JSON pointers to fields that are left to whoever else owns them, split."""
    spec = Fields(obj).at("spec")
    found = []
    for number, path in enumerate(spec.texts("retain")):
        before, slash, rest = path.partition("/")
        if before or not slash or not rest:
            where = f"{spec.where('retain')}[{number}]"
            raise Terminal(f"{where}: Invalid value: {json.dumps(path)}: {ABSOLUTE}")
        found.append(tuple(s.replace("~1", "/").replace("~0", "~") for s in rest.split("/")))
    return tuple(found)


def retains_replicas(obj: Obj) -> bool:
    return dig(obj, "spec", "retainReplicas") is True


def is_managed(obj: Obj) -> bool:
    """Whether a member's object is ours to change."""
    return labels(obj).get(MANAGED) == "true"


def is_orphaning(obj: Obj) -> bool:
    return annotations(obj).get(ORPHAN) == "true"


def waived(obj: Obj, cluster: str) -> bool:
    names = {name.strip() for name in annotations(obj).get(WAIVE, "").split(",")}
    return cluster in names or "*" in names


def delete_options(obj: Obj) -> DeleteOptions:
    """Raises Terminal, naming the annotation, where it does not hold metav1.DeleteOptions."""
    written = annotations(obj).get(DELETE_OPTIONS, "")
    if not written:
        return DeleteOptions()
    where = f"metadata.annotations[{DELETE_OPTIONS}]"
    try:
        value = json.loads(written)
    except ValueError as error:
        raise Terminal(f"{where}: Invalid value: {json.dumps(written)}: {error}") from error
    fields = Fields(value, where)
    given = "gracePeriodSeconds" in fields
    return DeleteOptions(
        propagation=fields.text("propagationPolicy"),
        grace=fields.whole("gracePeriodSeconds", default=0) if given else None,
        uid=fields.at("preconditions").text("uid"),
    )


def status(obj: Obj) -> Status:
    """What is readable of the status."""
    found = dig(obj, "status", default={})
    return Status(
        observed_generation=whole(dig(found, "observedGeneration")),
        conditions=tuple(_condition(each) for each in objects(dig(found, "conditions"))),
        clusters=tuple(_entry(each) for each in objects(dig(found, "clusters"))),
        summary=dig(found, "summary"),
    )


def dump_status(found: Status) -> dict[str, Any]:
    return filled(
        observedGeneration=found.observed_generation,
        conditions=[_dump_condition(each) for each in found.conditions],
        clusters=[_dump_entry(each) for each in found.clusters],
        summary=found.summary,
    )


def _condition(item: Mapping[str, Any]) -> Condition:
    return Condition(
        type=text(item.get("type")),
        status=text(item.get("status")),
        reason=text(item.get("reason")),
        message=text(item.get("message")),
        last_update=text(item.get("lastUpdateTime")),
        last_transition=text(item.get("lastTransitionTime")),
    )


def _dump_condition(condition: Condition) -> dict[str, Any]:
    return filled(
        type=condition.type,
        status=condition.status,
        reason=condition.reason,
        message=condition.message,
        lastUpdateTime=condition.last_update,
        lastTransitionTime=condition.last_transition,
    )


def _entry(item: Mapping[str, Any]) -> ClusterEntry:
    remote = item.get("remoteStatus")
    return ClusterEntry(
        name=text(item.get("name")),
        status=text(item.get("status")),
        ready=text(item.get("ready")),
        remote=remote if isinstance(remote, Mapping) else None,
    )


def _dump_entry(entry: ClusterEntry) -> dict[str, Any]:
    found = filled(name=entry.name, status=entry.status, ready=entry.ready)
    return found if entry.remote is None else {**found, "remoteStatus": entry.remote}
