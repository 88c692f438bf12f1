"""API servers in memory, at the edge of the network: what a Client speaks to in unit tests.

Each server keeps objects as dicts, gives out resource versions, checks optimistic locks,
splits status from the rest, and feeds watches. It can be down, hang, be slow, refuse a resource,
answer a list falsely, or keep what changes from its watches.
"""

import asyncio
import copy
import itertools
from collections import defaultdict

from kubefed_core import errors
from kubefed_core.objects import key_of

OPENED = {"type": "OPENED", "object": {}}
GONE = {"type": "DELETED"}
"""What a watch says of an object that its selector does not select any more."""


class Server:
    """One cluster's API server. `writes` lists what was written: (verb, resource, key)."""

    def __init__(self, name="uid"):
        self.name = name
        self.objects = defaultdict(dict)
        self.writes = []
        self.reads = []
        self.calls = []
        self.fault = None
        self.faults = {}
        self.false_lists = {}
        self.hanging = False
        self.hung = set()
        self.delays = {}
        self.muted = set()
        self.without_generation = set()
        self._numbers = itertools.count(1)
        self._uids = itertools.count(1)
        self._watches = defaultdict(set)
        self._past = defaultdict(list)

    # What tests do to it.

    def put(self, resource, obj):
        """Create or change an object, as somebody else does it, status and all."""
        obj = copy.deepcopy(obj)
        key = key_of(obj)
        old = self.objects[resource].get(key)
        if (
            old is not None
            and obj.get("spec") != old.get("spec")
            and old["metadata"].get("generation")
        ):
            obj["metadata"]["generation"] = old["metadata"]["generation"] + 1
        return self._store(resource, obj, old)

    def remove(self, resource, key):
        obj = self.objects[resource].pop(key)
        obj["metadata"]["resourceVersion"] = str(next(self._numbers))
        self._tell(resource, "DELETED", obj)

    def delete(self, resource, key):
        """Remove an object, or as long as it has finalizers only say that it is to go."""
        old = self.objects[resource][key]
        if not old["metadata"].get("finalizers"):
            self.remove(resource, key)
        elif "deletionTimestamp" not in old["metadata"]:
            meta = {**old["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
            self._store(resource, {**old, "metadata": meta}, old)

    def get(self, resource, key):
        return self.objects[resource].get(key)

    def down(self, fault=None):
        """Refuse everything, and cut every watch."""
        self.fault = fault or ConnectionRefusedError("connection refused")
        for queues in self._watches.values():
            for queue in queues:
                queue.put_nowait(self.fault)

    def up(self):
        self.fault = None

    def cut(self):
        """End every watch, as a server does now and then."""
        for queues in self._watches.values():
            for queue in queues:
                queue.put_nowait(None)

    def expire(self):
        """Tell every watch that its version is too old, so that it lists anew."""
        gone = {"type": "ERROR", "object": {"code": 410, "message": "too old"}}
        for queues in self._watches.values():
            for queue in queues:
                queue.put_nowait(gone)

    # What its client does.

    async def answer(self, resource, verb):
        self.calls.append((verb, resource))
        await asyncio.sleep(self.delays.get((verb, resource), 0.001))
        if self.hanging or resource in self.hung:
            await asyncio.sleep(1e9)
        fault = self.fault or self.faults.get((verb, resource)) or self.faults.get(resource)
        if fault is not None:
            raise fault

    def write(self, resource, obj, *, subresource=""):
        key = key_of(obj)
        old = self.objects[resource].get(key)
        if old is None:
            raise errors.NotFound(f"{resource} {key}", status=404)
        given = obj["metadata"].get("resourceVersion")
        if given and given != old["metadata"]["resourceVersion"]:
            raise errors.Conflict("the object has been modified", status=409, reason="Conflict")
        obj = copy.deepcopy(dict(obj))
        merged = {**old, "status": obj.get("status")} if subresource else {**obj}
        if not subresource and "status" in old:
            merged["status"] = old["status"]
        merged["metadata"] = {**(old if subresource else obj)["metadata"]}
        for name in ("uid", "creationTimestamp", "generation", "deletionTimestamp"):
            merged["metadata"].pop(name, None)
            if name in old["metadata"]:
                merged["metadata"][name] = old["metadata"][name]
        if {k: v for k, v in merged.items() if k != "metadata"} == {
            k: v for k, v in old.items() if k != "metadata"
        } and merged["metadata"] == old["metadata"]:
            return copy.deepcopy(old)
        return self._changed(resource, merged, old)

    def _changed(self, resource, obj, old):
        """Store another state of an object; what was to be deleted goes with its last finalizer."""
        meta = obj["metadata"]
        if obj.get("spec") != old.get("spec") and "generation" in meta:
            meta["generation"] = old["metadata"]["generation"] + 1
        if meta.get("deletionTimestamp") and not meta.get("finalizers"):
            self.remove(resource, key_of(obj))
            return copy.deepcopy(obj)
        return self._store(resource, obj, old)

    def subscribe(self, resource, *, since=None):
        """A queue of all events to come, after those that happened since a version."""
        queue = asyncio.Queue()
        for event in self._past[resource] if since else ():
            if int(event["object"]["metadata"]["resourceVersion"]) > int(since):
                queue.put_nowait(copy.deepcopy(event))
        self._watches[resource].add(queue)
        return queue

    def unsubscribe(self, resource, queue):
        self._watches[resource].discard(queue)

    def _store(self, resource, obj, old):
        meta = obj["metadata"]
        meta.setdefault("uid", old["metadata"]["uid"] if old else f"{self.name}-{next(self._uids)}")
        meta.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
        if resource not in self.without_generation:
            meta.setdefault("generation", 1)
        meta["resourceVersion"] = str(next(self._numbers))
        self.objects[resource][key_of(obj)] = obj
        self._tell(resource, "MODIFIED" if old else "ADDED", obj)
        return copy.deepcopy(obj)

    def _tell(self, resource, kind, obj):
        event = {"type": kind, "object": copy.deepcopy(obj)}
        self._past[resource].append(event)
        if resource in self.muted:
            return
        for queue in self._watches[resource]:
            queue.put_nowait(copy.deepcopy(event))


class Client:
    """What `Fleet` makes of an access in the place of the real client."""

    def __init__(self, access, server):
        self.access = access
        self.server = server
        self.unauthorized = False

    async def get(self, resource, key):
        self.server.reads.append(("get", resource, key))
        await self.server.answer(resource, "get")
        obj = self.server.objects[resource].get(key)
        if obj is None:
            raise errors.NotFound(f"{resource} {key}", status=404)
        return copy.deepcopy(obj)

    async def list(self, resource, *, namespace="", labels="", fields=""):
        self.server.reads.append(("list", resource, namespace))
        await self.server.answer(resource, "list")
        version = str(next(self.server._numbers))
        if resource in self.server.false_lists:
            return copy.deepcopy(self.server.false_lists[resource]), version
        found = [
            copy.deepcopy(obj)
            for key, obj in sorted(self.server.objects[resource].items())
            if (not namespace or key.namespace == namespace)
            and selected(obj, labels)
            and fields in ("", f"metadata.name={key.name}")
        ]
        return found, version

    async def watch(self, resource, *, since, namespace="", labels="", fields=""):
        await self.server.answer(resource, "watch")
        queue = self.server.subscribe(resource, since=since)
        try:
            yield OPENED
            while True:
                event = await queue.get()
                if event is None:
                    return
                if isinstance(event, Exception):
                    raise event
                meta = event["object"].get("metadata", {})
                if not namespace or meta.get("namespace", namespace) == namespace:
                    yield event if selected(event["object"], labels) else {**event} | GONE
        finally:
            self.server.unsubscribe(resource, queue)

    async def create(self, resource, obj, *, subresource=""):
        await self.server.answer(resource, "create")
        obj = copy.deepcopy(dict(obj))
        if "name" not in obj["metadata"]:
            obj["metadata"]["name"] = f"{obj['metadata']['generateName']}{next(self.server._uids)}"
        key = key_of(obj)
        if key in self.server.objects[resource]:
            raise errors.Conflict("already exists", status=409, reason="AlreadyExists")
        self.server.writes.append(("create", resource, key))
        obj.pop("status", None)
        return self.server._store(resource, obj, None)

    async def replace(self, resource, obj, *, subresource=""):
        await self.server.answer(resource, "replace")
        made = self.server.write(resource, obj, subresource=subresource)
        verb = f"replace {subresource}".strip()
        self.server.writes.append((verb, resource, key_of(obj)))
        return made

    async def patch(self, resource, key, patch, **_):
        await self.server.answer(resource, "patch")
        old = self.server.objects[resource].get(key)
        if old is None:
            raise errors.NotFound(f"{resource} {key}", status=404)
        given = patch.get("metadata", {}).get("resourceVersion")
        if given and given != old["metadata"]["resourceVersion"]:
            raise errors.Conflict("the object has been modified", status=409, reason="Conflict")
        self.server.writes.append(("patch", resource, key))
        return self.server._changed(resource, merged(copy.deepcopy(old), patch), old)

    async def delete(self, resource, key, *, uid="", version="", propagation="", grace=None):
        await self.server.answer(resource, "delete")
        old = self.server.objects[resource].get(key)
        if old is None:
            raise errors.NotFound(f"{resource} {key}", status=404)
        if uid and uid != old["metadata"]["uid"]:
            raise errors.Conflict("another object", status=409)
        if version and version != old["metadata"]["resourceVersion"]:
            raise errors.Conflict("another state", status=409, reason="Conflict")
        self.server.writes.append(("delete", resource, key))
        self.server.delete(resource, key)

    async def fetch(self, path, *, timeout):
        await self.server.answer(path, "fetch")
        return 200, "ok"

    async def close(self):
        pass


def selected(obj, labels):
    if not labels or "metadata" not in obj:
        return True
    wanted = dict(pair.split("=", 1) for pair in labels.split(","))
    return wanted.items() <= (obj["metadata"].get("labels") or {}).items()


def merged(old, patch):
    """RFC 7386."""
    for name, value in patch.items():
        if value is None:
            old.pop(name, None)
        elif isinstance(value, dict):
            old[name] = merged(dict(old.get(name) or {}), value)
        else:
            old[name] = value
    return old


class World:
    """API servers by the address under which they are reached."""

    def __init__(self, *names):
        self.servers = {f"https://{name}": Server(name) for name in names}

    def __getitem__(self, name):
        return self.servers[f"https://{name}"]

    def connect(self, access):
        return Client(access, self.servers[access.server])
