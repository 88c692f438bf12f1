"""Whether a workload is up in a cluster, read from its status."""

from collections.abc import Callable, Mapping
from typing import Any

from kubefed_core.api.loose import objects
from kubefed_core.objects import Obj, dig, generation
from kubefed_core.resources import Resource

Check = Callable[[Obj], bool]


def has_notion(target: Resource) -> bool:
    return (target.group, target.kind) in _CHECKS


def is_ready(target: Resource, obj: Obj | None) -> bool:
    """Absent is not ready; asked only of kinds that have the notion."""
    return obj is not None and _CHECKS[target.group, target.kind](obj)


def _observed(obj: Obj) -> bool:
    seen: int = dig(obj, "status", "observedGeneration", default=0)
    return seen >= generation(obj)


def _number(obj: Obj, *path: str, default: int = 0) -> int:
    value = dig(obj, *path)
    return value if isinstance(value, int) else default


def _deployment(obj: Obj) -> bool:
    """All replicas are of the newest template and available."""
    there, updated = _number(obj, "status", "replicas"), _number(obj, "status", "updatedReplicas")
    # Of what there is, some may be old: then what is available may be the old ones.
    return _replicas(obj) and updated >= max(_wanted(obj), there)


def _replicas(obj: Obj) -> bool:
    return _observed(obj) and _number(obj, "status", "availableReplicas") >= _wanted(obj)


def _wanted(obj: Obj) -> int:
    return _number(obj, "spec", "replicas", default=1)


def _stateful(obj: Obj) -> bool:
    wanted, ready = _wanted(obj), _number(obj, "status", "readyReplicas")
    if dig(obj, "spec", "updateStrategy", "type") == "OnDelete":
        return _observed(obj) and ready >= wanted
    held = _number(obj, "spec", "updateStrategy", "rollingUpdate", "partition")
    updated = _number(obj, "status", "updatedReplicas")
    return _observed(obj) and ready >= wanted and updated >= wanted - held


def _daemons(obj: Obj) -> bool:
    wanted = _number(obj, "status", "desiredNumberScheduled")
    available = _number(obj, "status", "numberAvailable")
    updated = _number(obj, "status", "updatedNumberScheduled")
    if dig(obj, "spec", "updateStrategy", "type") == "OnDelete":
        updated = wanted
    return _observed(obj) and available >= wanted and updated >= wanted


def _job(obj: Obj) -> bool:
    """Up while its pods are ready and once it is complete, not when it failed or is suspended."""
    said: Mapping[str, Any] = {
        each.get("type", ""): each.get("status")
        for each in objects(dig(obj, "status", "conditions"))
    }
    if said.get("Complete") == "True" or said.get("SuccessCriteriaMet") == "True":
        return True
    if said.get("Failed") == "True" or said.get("Suspended") == "True":
        return False
    active = _number(obj, "status", "active")
    return active > 0 and _number(obj, "status", "ready") >= active


def _service(obj: Obj) -> bool:
    """Only a load balancer has something to wait for."""
    if dig(obj, "spec", "type") != "LoadBalancer":
        return True
    return _balanced(obj)


def _balanced(obj: Obj) -> bool:
    return any(
        each.get("ip") or each.get("hostname")
        for each in objects(dig(obj, "status", "loadBalancer", "ingress"))
    )


_CHECKS: Mapping[tuple[str, str], Check] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replicas,
    ("apps", "StatefulSet"): _stateful,
    ("apps", "DaemonSet"): _daemons,
    ("batch", "Job"): _job,
    ("", "Service"): _service,
    ("networking.k8s.io", "Ingress"): _balanced,
}
