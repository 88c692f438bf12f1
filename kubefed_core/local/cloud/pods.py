"""Pods as a kubelet runs them: what it would report, without running anything."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from kubefed_core.objects import Obj, annotations, dig, timestamp

READY = "local.kubefed.io/ready"
"""Annotation of a pod: with "false" its containers run and are not ready."""
OVER = ("Succeeded", "Failed")


def waits(pod: Obj) -> bool:
    """Whether it is to be bound to a node now."""
    spec = pod["spec"]
    return not spec.get("nodeName") and not spec.get("schedulingGates")


def over(pod: Obj) -> bool:
    """Whether it takes nothing of a node any more."""
    return dig(pod, "status", "phase") in OVER


def binding(pod: Obj, node: str) -> dict[str, Any]:
    meta = pod["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]},
        "target": {"apiVersion": "v1", "kind": "Node", "name": node},
    }


def unschedulable(pod: Obj, message: str, *, now: datetime) -> dict[str, Any] | None:
    """A strategic merge patch; None where the status says so already."""
    old = _condition(pod, "PodScheduled")
    if (old.get("status"), old.get("message")) == ("False", message):
        return None
    since = old.get("lastTransitionTime") or timestamp(now)
    new = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": message,
        "lastTransitionTime": since,
    }
    return {"status": {"conditions": [new]}}


def report(
    pod: Obj, *, host: str, addresses: Sequence[str], now: datetime
) -> dict[str, Any] | None:
    """A strategic merge patch of the status of a bound pod; None where there is nothing new.

    A pod that may end is over as soon as it is started: nothing runs in it.
    """
    if over(pod):
        return None
    ends = dig(pod, "spec", "restartPolicy", default="Always") != "Always"
    ready = not ends and annotations(pod).get(READY) != "false"
    wanted = {
        "PodReadyToStartContainers": not ends,
        "Initialized": True,
        "ContainersReady": ready,
        "Ready": ready and all(_is_true(pod, gate) for gate in _gates(pod)),
    }
    phase = "Succeeded" if ends else "Running"
    if dig(pod, "status", "phase") == phase and all(
        _is_true(pod, kind) == value for kind, value in wanted.items()
    ):
        return None
    started = dig(pod, "status", "startTime", default=timestamp(now))
    return {
        "status": {
            "phase": phase,
            "conditions": [_set(pod, kind, value, now) for kind, value in wanted.items()],
            "hostIP": host,
            "hostIPs": [{"ip": host}],
            "podIP": addresses[0],
            "podIPs": [{"ip": address} for address in addresses],
            "startTime": started,
            "containerStatuses": [
                _container(container, ready=ready, ends=ends, started=started)
                for container in pod["spec"]["containers"]
            ],
        }
    }


def _container(container: Obj, *, ready: bool, ends: bool, started: str) -> dict[str, Any]:
    running = {"running": {"startedAt": started}}
    ended = {
        "terminated": {
            "exitCode": 0,
            "reason": "Completed",
            "startedAt": started,
            "finishedAt": started,
        }
    }
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": container["image"],
        "containerID": f"local://{container['name']}",
        "ready": ready,
        "started": not ends,
        "restartCount": 0,
        "state": ended if ends else running,
    }


def _gates(pod: Obj) -> list[str]:
    return [gate["conditionType"] for gate in dig(pod, "spec", "readinessGates", default=[])]


def _condition(pod: Obj, kind: str) -> Obj:
    for condition in dig(pod, "status", "conditions", default=[]):
        if condition["type"] == kind:
            found: Obj = condition
            return found
    return {}


def _is_true(pod: Obj, kind: str) -> bool:
    return _condition(pod, kind).get("status") == "True"


def _set(pod: Obj, kind: str, value: bool, now: datetime) -> dict[str, str]:
    old, status = _condition(pod, kind), str(value)
    since = old.get("lastTransitionTime") if old.get("status") == status else None
    return {"type": kind, "status": status, "lastTransitionTime": since or timestamp(now)}
