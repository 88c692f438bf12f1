"""Sharing replicas out: what runs where, the plan, and what it makes of the federated object."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kubefed_core.api import conditions, scheduling
from kubefed_core.api.conditions import Condition
from kubefed_core.api.loose import objects, text, texts
from kubefed_core.api.scheduling import SCHEDULED, Preference, Share, Status
from kubefed_core.decide import replicas
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, dig, moment

PATH = "/spec/replicas"
UNSCHEDULABLE = timedelta(seconds=60)
"""How long a pod has found no node before its cluster counts as full."""


@dataclass(frozen=True, slots=True)
class Pods:
    """`unsettled` where a pod has found no node, but not for long enough yet."""

    total: int = 0
    ready: int = 0
    unschedulable: int = 0
    unsettled: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """What a cluster has: replicas that run, and how many it can hold where that is known."""

    current: int
    capacity: int | None = None


def analyse(pods: Iterable[Obj], *, now: datetime) -> Pods:
    total = ready = full = waiting = 0
    for pod in pods:
        total += 1
        found = {text(each.get("type")): each for each in _conditions(pod)}
        if dig(pod, "status", "phase") == "Running":
            ready += dig(found.get("Ready", {}), "status") == "True"
            continue
        scheduled = found.get("PodScheduled", {})
        if (scheduled.get("status"), scheduled.get("reason")) == ("False", "Unschedulable"):
            waiting += 1
            full += _since(scheduled) + UNSCHEDULABLE < now
    return Pods(total, ready, full, unsettled=waiting != full)


def settled(workload: Obj) -> Running | None:
    """What runs, where that can be told without looking at pods."""
    wanted = dig(workload, "spec", "replicas", default=0)
    ready = dig(workload, "status", "readyReplicas", default=0)
    return Running(ready) if wanted == ready else None


def running(workload: Obj, pods: Pods) -> Running:
    """What runs, by the pods."""
    wanted: int = dig(workload, "spec", "replicas", default=0)
    room = max(0, wanted - pods.unschedulable) if pods.unschedulable else None
    return Running(pods.ready, room)


def pods_of(workload: Obj) -> str:
    """The label selector of a workload's pods, as the API takes it in a query.

    Raises Terminal where it has none, which would select every pod.
    """
    selector = dig(workload, "spec", "selector", default={})
    found = [
        f"{key}={value}" for key, value in sorted(dig(selector, "matchLabels", default={}).items())
    ]
    for each in objects(dig(selector, "matchExpressions")):
        key, values = text(each.get("key")), ",".join(texts(each.get("values")))
        match each.get("operator"):
            case "In":
                found.append(f"{key} in ({values})")
            case "NotIn":
                found.append(f"{key} notin ({values})")
            case "Exists":
                found.append(key)
            case _:
                found.append(f"!{key}")
    if not found:
        raise Terminal("the workload has no selector")
    return ",".join(found)


def shares(
    preference: Preference, clusters: Iterable[str], seen: Mapping[str, Running]
) -> tuple[Share, ...]:
    """The plan, by the names of the clusters.

    What a full cluster should have had beyond its capacity is still asked of it: its pods wait
    there for room.
    """
    names = sorted(clusters)
    wishes = {
        name: replicas.Preference(wish.least, wish.most, wish.weight)
        for name, wish in preference.clusters.items()
    }
    made = replicas.plan(
        wishes,
        preference.total,
        clusters=names,
        current={name: each.current for name, each in seen.items()},
        capacity={n: each.capacity for n, each in seen.items() if each.capacity is not None},
        key=str(preference.key),
        rebalance=preference.rebalance,
    )
    return tuple(
        Share(
            name,
            made.replicas.get(name, 0) + made.overflow.get(name, 0),
            current=seen[name].current if name in seen else 0,
            capacity=seen[name].capacity if name in seen else None,
            reason=_reason(preference, name, made),
        )
        for name in sorted({*made.replicas, *made.overflow, *(seen.keys() & set(names))})
    )


def applied(federated: Obj, plan: Iterable[Share]) -> dict[str, Any] | None:
    """The federated object with the plan in its placement and overrides; None where it has it."""
    wanted = {share.name: share.replicas for share in plan}
    spec = copy.deepcopy(dict(federated.get("spec") or {}))
    placement = spec.setdefault("placement", {})
    named = [text(each.get("name")) for each in objects(placement.get("clusters"))]
    if placement.get("clusters") is None or sorted(named) != sorted(wanted):
        placement["clusters"] = [{"name": name} for name in sorted(wanted)]
    overrides = [
        item
        for each in objects(spec.get("overrides"))
        if (item := _overridden(dict(each), wanted)) is not None
    ]
    there = {text(each.get("clusterName")) for each in overrides}
    for name in sorted(wanted.keys() - there):
        patch = {"path": PATH, "value": wanted[name]}
        overrides.append({"clusterName": name, "clusterOverrides": [patch]})
    if overrides or "overrides" in spec:
        spec["overrides"] = overrides
    return None if spec == federated.get("spec") else {**federated, "spec": spec}


def status(obj: Obj, preference: Preference, plan: tuple[Share, ...], *, now: datetime) -> Status:
    """What was planned, what has no place, and why."""
    room = sum(
        share.replicas if share.capacity is None else min(share.replicas, share.capacity)
        for share in plan
    )
    placed = min(room, preference.total)
    unplaced = preference.total - placed
    why = ", ".join(f"{each.name}: {each.reason}" for each in plan if each.reason)
    if not plan:
        new = Condition(SCHEDULED, "False", "NoClusters", "no cluster is ready for it")
    elif unplaced:
        told = f"{unplaced} of {preference.total} replicas have no place"
        new = Condition(SCHEDULED, "False", "Unplaced", f"{told} ({why})" if why else told)
    else:
        new = Condition(SCHEDULED, "True", "Scheduled")
    found = conditions.set_condition(scheduling.conditions_of(obj), new, now=now)
    return Status(preference.generation, placed, unplaced, plan, found)


def _reason(preference: Preference, name: str, made: replicas.Plan) -> str:
    """Why a cluster gets no more."""
    wish = preference.clusters.get(name, preference.clusters.get(replicas.EVERY))
    if wish is None:
        return "NoPreference"
    if made.overflow.get(name):
        return "Full"
    return "AtMaximum" if wish.most is not None and made.replicas.get(name, 0) >= wish.most else ""


def _overridden(item: dict[str, Any], wanted: Mapping[str, int]) -> dict[str, Any] | None:
    """One cluster's overrides with its replicas; None where nothing is left of them."""
    name = text(item.get("clusterName"))
    if not name:
        return item
    patches = [dict(each) for each in objects(item.get("clusterOverrides"))]
    own = [each for each in patches if each.get("path") == PATH]
    if name not in wanted:
        kept = [each for each in patches if each.get("path") != PATH]
        return {**item, "clusterOverrides": kept} if kept else None
    if own:
        own[0]["value"] = wanted[name]
    else:
        patches.append({"path": PATH, "value": wanted[name]})
    return {**item, "clusterOverrides": patches}


def _conditions(pod: Obj) -> tuple[Mapping[str, Any], ...]:
    return objects(dig(pod, "status", "conditions"))


def _since(condition: Mapping[str, Any]) -> datetime:
    return moment(text(condition.get("lastTransitionTime")) or "0001-01-02T00:00:00Z")
