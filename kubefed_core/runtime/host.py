"""The hub's own objects: read from the cache, written through the client, seen at once."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from kubefed_core import errors
from kubefed_core.objects import Key, Obj, key_of, uid
from kubefed_core.resources import Resource
from kubefed_core.runtime.client import Client
from kubefed_core.runtime.fleet import HOST, Fleet
from kubefed_core.runtime.recorder import Recorder

_IDENTITY = frozenset({"namespace", "name", "uid", "resourceVersion"})


class Host:
    """What controllers need of the host cluster; `now` gives the time, aware and in UTC."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        recorder: Recorder,
        namespace: str,
        now: Callable[[], datetime],
    ) -> None:
        self.fleet = fleet
        self.recorder = recorder
        self.namespace = namespace
        self.now = now

    @property
    def client(self) -> Client:
        return self.fleet.client(HOST)

    def get(self, resource: Resource, key: Key) -> Obj | None:
        """As last seen; None where it is not there or nothing was seen yet."""
        store = self.fleet.store(HOST, resource)
        return store.get(key) if store is not None else None

    def list(self, resource: Resource) -> Iterable[Obj]:
        store = self.fleet.store(HOST, resource)
        return iter(store) if store is not None else ()

    def filled(self, *resources: Resource) -> bool:
        """Whether each of them has been listed once."""
        return all(self.fleet.store(HOST, resource) is not None for resource in resources)

    async def confirm_absent(self, resource: Resource, key: Key) -> bool:
        """Ask the API server itself; False where the object is there after all."""
        try:
            obj = await self.client.get(resource, key)
        except errors.NotFound:
            return True
        self.fleet.put(HOST, resource, obj)
        return False

    async def set_status(self, resource: Resource, obj: Obj, status: Mapping[str, Any]) -> Obj:
        """Write /status unless it is so already; raises Conflict where the object has moved on."""
        if (obj.get("status") or {}) == status:
            return obj
        # Of the rest the API server takes nothing, and it need not be read by it.
        meta = {name: each for name, each in obj["metadata"].items() if name in _IDENTITY}
        body = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta}
        written = await self.client.replace(
            resource, {**body, "status": status}, subresource="status"
        )
        self.fleet.put(HOST, resource, written)
        return written

    async def apply(self, resource: Resource, obj: Obj) -> Obj:
        """Replace the object where it carries a resourceVersion, else create it."""
        known = "resourceVersion" in obj["metadata"]
        write = self.client.replace if known else self.client.create
        written = await write(resource, obj)
        self.fleet.put(HOST, resource, written)
        return written

    async def delete(self, resource: Resource, obj: Obj) -> None:
        """Ask for the deletion of this very object; that it is gone already is fine."""
        try:
            await self.client.delete(resource, key_of(obj), uid=uid(obj))
        except (errors.NotFound, errors.Conflict):
            return
