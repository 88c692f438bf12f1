"""A cluster as its cloud sees it: read from caches, written through the client, seen at once."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from kubefed_core.objects import Key, Obj, dig
from kubefed_core.resources import INGRESSES, NODES, PODS, SERVICES, Resource
from kubefed_core.runtime.client import Client
from kubefed_core.runtime.fleet import HOST, Fleet, Interest


def node_of(pod: Obj) -> str:
    """The node that a pod is bound to; empty where it waits for one."""
    name: str = dig(pod, "spec", "nodeName", default="")
    return name


INTERESTS = (
    Interest(NODES),
    Interest(PODS, index=node_of),
    Interest(SERVICES),
    Interest(INGRESSES),
)


class View:
    """`now` gives the time, aware and in UTC."""

    def __init__(self, fleet: Fleet, *, now: Callable[[], datetime]) -> None:
        self._fleet = fleet
        self.now = now

    @property
    def client(self) -> Client:
        return self._fleet.client(HOST)

    def get(self, resource: Resource, key: Key) -> Obj | None:
        store = self._fleet.store(HOST, resource)
        return store.get(key) if store is not None else None

    def nodes(self) -> Iterable[Obj]:
        return self._fleet.store(HOST, NODES) or ()

    def pods_on(self, node: str) -> Iterable[Obj]:
        """Those bound to a node; of an empty name, those that wait for one."""
        store = self._fleet.store(HOST, PODS)
        return store.indexed(node) if store is not None else ()

    async def patch_status(
        self, resource: Resource, key: Key, patch: Mapping[str, Any] | None, *, kind: str = "merge"
    ) -> None:
        """Write it, unless there is nothing to write."""
        if patch is None:
            return
        written = await self.client.patch(resource, key, patch, subresource="status", kind=kind)
        self.seen(resource, written)

    def seen(self, resource: Resource, obj: Obj) -> None:
        """Take in what a write answered."""
        self._fleet.put(HOST, resource, obj)
