"""Nodes as kubelets register them and keep them alive."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kubefed_core.local.release import VERSION
from kubefed_core.objects import Obj, dig, moment, timestamp, uid

LEASES_NAMESPACE = "kube-node-lease"
LEASE_SECONDS = 40
RENEW = 10.0
"""Seconds between renewals of a node's Lease."""
HEARTBEAT = 300.0
"""Seconds between reports of a node that has nothing new to say."""
NOT_READY = "node.kubernetes.io/not-ready"
CONDITIONS = (
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "there is enough memory"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "there is enough room on disk"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "there are enough process ids"),
)


def node(name: str, *, region: str, zone: str) -> dict[str, Any]:
    """A node that registers; region and zone may be empty."""
    labels = {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": zone,
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {k: v for k, v in labels.items() if v}},
    }


def report(
    node: Obj, *, address: str, allocatable: Mapping[str, str], now: datetime
) -> dict[str, Any] | None:
    """A strategic merge patch of its status; None where the last report is young enough.

    What the node says already of its size is kept.
    """
    if ready(node) and not _stale(node, now):
        return None
    size = dig(node, "status", "allocatable", default=allocatable)
    return {
        "status": {
            "capacity": dig(node, "status", "capacity", default=size),
            "allocatable": size,
            "addresses": [
                {"type": "InternalIP", "address": address},
                {"type": "Hostname", "address": node["metadata"]["name"]},
            ],
            "conditions": [_condition(node, now, *row) for row in CONDITIONS],
            "nodeInfo": {"kubeletVersion": VERSION, "operatingSystem": "linux"},
        }
    }


def ready(node: Obj) -> bool:
    return _conditions(node).get("Ready", {}).get("status") == "True"


def usable(node: Obj) -> bool:
    """Ready, and known to be by whoever keeps pods away from nodes that are not."""
    taints = dig(node, "spec", "taints", default=[])
    return ready(node) and NOT_READY not in {taint["key"] for taint in taints}


def lease(node: Obj, now: datetime) -> dict[str, Any]:
    """To be applied, which makes it or renews it."""
    name = node["metadata"]["name"]
    owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid(node)}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": name,
            "namespace": LEASES_NAMESPACE,
            "ownerReferences": [owner],
        },
        "spec": {
            "holderIdentity": name,
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        },
    }


def _conditions(node: Obj) -> dict[str, Obj]:
    return {c["type"]: c for c in dig(node, "status", "conditions", default=[])}


def _stale(node: Obj, now: datetime) -> bool:
    last = dig(_conditions(node).get("Ready", {}), "lastHeartbeatTime", default="")
    return not last or (now - moment(last)).total_seconds() >= HEARTBEAT


def _condition(node: Obj, now: datetime, *row: str) -> dict[str, str]:
    kind, status, reason, message = row
    old = _conditions(node).get(kind, {})
    since = old.get("lastTransitionTime") if old.get("status") == status else None
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastHeartbeatTime": timestamp(now),
        "lastTransitionTime": since or timestamp(now),
    }
