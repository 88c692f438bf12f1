"""The nodes of a local cluster, its scheduler, and the kubelets that run its pods."""

import asyncio
import logging

from kubefed_core.errors import Conflict, KubeFedError, NotFound
from kubefed_core.local.cloud import nodes, pods, scheduling
from kubefed_core.local.cloud.pool import Pool
from kubefed_core.local.cloud.territory import Territory
from kubefed_core.local.cloud.view import View, node_of
from kubefed_core.objects import Key, Obj, deleting, dig, uid
from kubefed_core.resources import LEASES, NODES, PODS, Resource

log = logging.getLogger(__name__)

BINDINGS = Resource("", "v1", "bindings", "Binding")
"""What is created there binds the pod of its name."""
ME = "local-cloud"


class Machines:
    """Every node of the cluster is played, one that a user makes too; one deleted stays away."""

    def __init__(self, view: View, territory: Territory) -> None:
        self._view = view
        self._territory = territory
        self._planned = territory.node_zones()
        self._ledger = scheduling.Ledger()
        self._hosts = Pool(territory.machines())
        self._pod_ips = (Pool(territory.pods()), Pool(territory.pods_v6()))
        self._renew_at: dict[str, float] = {}

    def planned(self) -> list[Key]:
        """The nodes that are to be registered at the start."""
        return [Key("", name) for name in self._planned]

    def ready(self) -> bool:
        """Whether all nodes of the territory have been registered and take pods."""
        found = {node["metadata"]["name"]: node for node in self._view.nodes()}
        return not self._planned and all(
            name in found and nodes.usable(found[name]) for name in self._territory.node_zones()
        )

    def note(self, key: Key) -> bool:
        """Keep account of a pod that is no longer the same; True where that makes room.

        To be called for each change at once, before a pod is placed.
        """
        pod = self._view.get(PODS, key)
        if pod is None or pods.over(pod):
            for pool in self._pod_ips:
                pool.take_back(key)
            return self._ledger.remove(key)
        if node := node_of(pod):
            self._ledger.place(key, node, scheduling.requests(pod))
            for pool in self._pod_ips:
                for entry in dig(pod, "status", "podIPs", default=[]):
                    pool.claim(key, entry["ip"])
        return False

    async def node(self, key: Key) -> float | None:
        """Register, report, renew: the seconds until the node is due again."""
        node = self._view.get(NODES, key)
        if node is None:
            self._renew_at.pop(key.name, None)
            self._hosts.take_back(key.name)
            await self._register(key.name)
            return None
        self._planned.pop(key.name, None)
        patch = nodes.report(
            node,
            address=self._hosts.give(key.name),
            allocatable=self._territory.allocatable,
            now=self._view.now(),
        )
        await self._view.patch_status(NODES, key, patch, kind="strategic")
        return await self._renew(node, key.name)

    async def pod(self, key: Key) -> None:
        """Place it, run it, or let it go."""
        pod = self._view.get(PODS, key)
        if pod is None:
            return
        if deleting(pod):
            await self._release(pod, key)
        elif pods.waits(pod):
            await self._place(pod, key)
        elif self._view.get(NODES, Key("", node_of(pod))) is not None:
            await self._run(pod, key)

    async def _register(self, name: str) -> None:
        if name not in self._planned:
            return
        zone = self._planned[name]
        try:
            made = await self._view.client.create(
                NODES, nodes.node(name, region=self._territory.region, zone=zone)
            )
        except Conflict:
            return  # it is there, and about to be seen
        self._view.seen(NODES, made)

    async def _renew(self, node: Obj, name: str) -> float:
        clock = asyncio.get_running_loop().time
        due = self._renew_at.get(name, clock())
        if due <= clock():
            key = Key(nodes.LEASES_NAMESPACE, name)
            lease = nodes.lease(node, self._view.now())
            await self._view.client.patch(LEASES, key, lease, kind="apply", field_manager=ME)
            due = self._renew_at[name] = clock() + nodes.RENEW
        return due - clock()

    async def _place(self, pod: Obj, key: Key) -> None:
        node, why = scheduling.choose(pod, self._view.nodes(), self._ledger)
        if not node:
            patch = pods.unschedulable(pod, why, now=self._view.now())
            await self._view.patch_status(PODS, key, patch, kind="strategic")
            return
        self._ledger.place(key, node, scheduling.requests(pod))
        try:
            await self._view.client.create(BINDINGS, pods.binding(pod, node))
        except (Conflict, NotFound):
            return  # bound by somebody else, or gone: either is about to be seen
        except (KubeFedError, OSError):
            self._ledger.remove(key)
            raise

    async def _run(self, pod: Obj, key: Key) -> None:
        patch = pods.report(
            pod,
            host=self._hosts.give(node_of(pod)),
            addresses=[pool.give(key) for pool in self._pod_ips],
            now=self._view.now(),
        )
        await self._view.patch_status(PODS, key, patch, kind="strategic")

    async def _release(self, pod: Obj, key: Key) -> None:
        """Nothing runs in it that would need its grace period."""
        if node_of(pod) and dig(pod, "metadata", "deletionGracePeriodSeconds", default=0) > 0:
            await self._view.client.delete(PODS, key, uid=uid(pod), grace=0)
