"""A hub in memory that propagates: types, members and sync, in virtual time."""

import asyncio
import base64
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from world import World

from kubefed_core.api.config import Config
from kubefed_core.api.federated import MANAGED
from kubefed_core.api.types import TypeConfig, dump, federated_of
from kubefed_core.controllers.members import Members
from kubefed_core.controllers.scheduling import Scheduling
from kubefed_core.controllers.statuses import Statuses
from kubefed_core.controllers.sync import Sync, at_once
from kubefed_core.controllers.types import Types, base_interests
from kubefed_core.objects import Key, timestamp
from kubefed_core.resources import (
    CLUSTERS,
    DEPLOYMENTS,
    EVENTS,
    NAMESPACES,
    PROPAGATED_VERSIONS,
    SECRETS,
    TYPE_CONFIGS,
    Resource,
)
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST, Fleet
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.interests import Interests
from kubefed_core.runtime.recorder import Recorder

SYSTEM = "kube-federation-system"
START = datetime(2026, 1, 1, tzinfo=UTC)
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
FEDERATED = federated_of(CONFIG_MAPS)
FEDERATED_DEPLOYMENTS = federated_of(DEPLOYMENTS)
SPACES = federated_of(NAMESPACES)
WEB = Key("shop", "web")
ALL = {"clusterSelector": {}}


def only(*clusters):
    return {"clusters": [{"name": name} for name in clusters]}


class Story:
    """The world and one hub in it; `hub()` runs the controllers, again and again if wanted."""

    def __init__(self, *members, config=Config(), types=(NAMESPACES, CONFIG_MAPS), follows=()):  # noqa: B008
        self.world = World("host", *members)
        for server in self.world.servers.values():
            server.without_generation |= {CONFIG_MAPS, NAMESPACES}
        self.host = self.world["host"]
        self.config = config
        self.before_removal = at_once
        self.follows = follows
        self.meter = None
        self.sync = None
        self.host.put(NAMESPACES, {"metadata": {"name": "shop"}})
        for target in types:
            self.enable(target)
        for name in members:
            self.join(name)
        if NAMESPACES in types:
            self.federate({}, resource=SPACES, key=Key("shop", "shop"))

    def enable(self, target, **options):
        config = TypeConfig(str(target), target, federated_of(target), **options)
        key = Key(SYSTEM, config.name)
        old = self.host.get(TYPE_CONFIGS, key)
        made = dump(config, namespace=SYSTEM)
        if old is not None:
            made = {**old, "spec": made["spec"]}
            made["metadata"]["generation"] += 1
        self.host.put(TYPE_CONFIGS, made)

    def join(self, name, **labels):
        token = base64.b64encode(b"token").decode()
        meta = {"namespace": SYSTEM, "name": name}
        self.host.put(SECRETS, {"metadata": meta, "data": {"token": token}})
        self.cluster(name, labels=labels)

    def cluster(self, name, *, ready=True, labels=None, taints=()):
        spec = {"apiEndpoint": f"https://{name}", "secretRef": {"name": name}}
        meta = {"namespace": SYSTEM, "name": name, "labels": labels or {}}
        loop = asyncio.get_running_loop() if asyncio._get_running_loop() else None
        at = getattr(self, "epoch", START) + timedelta(seconds=loop.time() if loop else 0)
        ready = {
            "type": "Ready",
            "status": "True" if ready else "False",
            "lastTransitionTime": timestamp(at),
        }
        status = {"conditions": [ready]}
        self.host.put(
            CLUSTERS, {"metadata": meta, "spec": spec | {"taints": list(taints)}, "status": status}
        )

    def federate(
        self, template=None, *, placement=None, key=WEB, resource=FEDERATED, meta=None, **spec
    ):
        """Create a federated object, or change what is given of it."""
        old = self.host.get(resource, key)
        given = dict(spec)
        if placement is not None or old is None:
            given["placement"] = ALL if placement is None else placement
        if template is not None:
            given["template"] = template
        if old is None:
            obj = {"metadata": {"namespace": key.namespace, "name": key.name}, "spec": given}
        else:
            obj = {**old, "spec": {**old["spec"], **given}}
        obj["metadata"] = {**obj["metadata"], **(meta or {})}
        if old is not None and old["spec"] != obj["spec"]:
            obj["metadata"]["generation"] += 1
        return self.host.put(resource, obj)

    def annotate(self, *, resource=FEDERATED, key=WEB, **annotations):
        self.federate(resource=resource, key=key, meta={"annotations": annotations})

    def delete(self, resource=FEDERATED, key=WEB):
        self.host.delete(resource, key)

    def lose(self, name):
        self.world[name].down()
        self.cluster(name, ready=False)

    def regain(self, name):
        self.world[name].up()
        self.cluster(name)

    @asynccontextmanager
    async def hub(self):
        """The controllers from now on, until the block ends."""
        loop = asyncio.get_running_loop()
        fleet = Fleet(connect=self.world.connect)
        begun = loop.time()
        self.epoch = getattr(self, "epoch", START - timedelta(seconds=begun))

        def now():
            return self.epoch + timedelta(seconds=loop.time())

        on_host = Interests(base_interests(self.config, SYSTEM))
        in_members = Interests(self.follows)
        await fleet.engage(HOST, Access("https://host"), on_host.all())
        recorder = Recorder(fleet.client(HOST), component="test", namespace=SYSTEM, now=now)
        host = Host(fleet=fleet, recorder=recorder, namespace=SYSTEM, now=now)
        members = Members(host=host, interests=in_members, meter=self.meter)
        self.sync = Sync(
            host=host,
            config=lambda: self.config,
            before_removal=lambda *given: self.before_removal(*given),
            meter=self.meter,
        )
        statuses = Statuses(host=host, config=lambda: self.config)
        types = Types(
            host=host,
            statuses=statuses,
            config=lambda: self.config,
            sync=self.sync,
            on_host=on_host,
            in_members=in_members,
        )
        scheduling = Scheduling(host=host, config=lambda: self.config)
        tasks = [
            asyncio.create_task(each.run())
            for each in (recorder, members, self.sync, types, scheduling, statuses)
        ]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await fleet.close()

    # What is seen from outside.

    def member(self, name, resource=CONFIG_MAPS, key=WEB):
        return self.world[name].get(resource, key)

    def data(self, name, key=WEB):
        obj = self.member(name, key=key)
        return None if obj is None else obj.get("data")

    def managed(self, name, resource=CONFIG_MAPS, key=WEB):
        obj = self.member(name, resource, key)
        return (obj["metadata"].get("labels") or {}).get(MANAGED) if obj is not None else None

    def status(self, resource=FEDERATED, key=WEB):
        return self.host.get(resource, key).get("status") or {}

    def clusters(self, resource=FEDERATED, key=WEB):
        return {
            each["name"]: each.get("status", "")
            for each in self.status(resource, key).get("clusters", [])
        }

    def condition(self, kind="Propagation", resource=FEDERATED, key=WEB):
        for each in self.status(resource, key).get("conditions", []):
            if each["type"] == kind:
                return each["status"], each.get("reason", "")
        return None

    def versions(self, name="configmap-web"):
        obj = self.host.get(PROPAGATED_VERSIONS, Key("shop", name))
        found = (obj or {}).get("status", {}).get("clusterVersions", [])
        return {each["clusterName"]: each["version"] for each in found}

    def events(self):
        return Counter(obj["reason"] for obj in self.host.objects[EVENTS].values())

    def writes(self):
        """All that was written anywhere but events, and begin to count anew."""
        found = {}
        for name, server in self.world.servers.items():
            wrote = [each for each in server.writes if each[1] != EVENTS]
            server.writes.clear()
            if wrote:
                found[name.removeprefix("https://")] = wrote
        return found
