"""A cloud beside an API server in memory, and the objects that it is to serve."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import world

from kubefed_core import errors
from kubefed_core.local.cloud import ADDRESS
from kubefed_core.local.cloud.machines import BINDINGS
from kubefed_core.local.cloud.provider import Cloud
from kubefed_core.local.cloud.territory import Territory
from kubefed_core.objects import Key, dig
from kubefed_core.resources import PODS, SERVICES
from kubefed_core.runtime.credentials import Access

START = datetime(2026, 1, 1, tzinfo=UTC)
NODE = Key("", "eu-a-1")
WEB, POD = Key("ns", "web"), Key("ns", "pod")
TERRITORY = Territory("eu", 1, region="eu", zones=("eu-a",), allocatable={"cpu": "2", "pods": "9"})
LOOP = "kubefed_core.runtime.loop"
FIRST, SECOND = "198.51.100.1", "198.51.100.2"


class Api(world.Client):
    """Adds what a cloud needs of an API server: bindings, applying, and grace periods."""

    async def create(self, resource, obj, *, subresource=""):
        if resource != BINDINGS:
            return await super().create(resource, obj, subresource=subresource)
        await self.server.answer(resource, "create")
        key = Key(obj["metadata"]["namespace"], obj["metadata"]["name"])
        pod = self.server.get(PODS, key)
        if pod is None:
            raise errors.NotFound("no such pod", status=404)
        self.server.put(PODS, {**pod, "spec": {**pod["spec"], "nodeName": obj["target"]["name"]}})
        return {"kind": "Status"}

    async def patch(self, resource, key, patch, *, kind="merge", **options):
        if kind == "apply" and self.server.get(resource, key) is None:
            await self.server.answer(resource, "patch")
            self.server.writes.append(("apply", resource, key))
            return self.server.put(resource, patch)
        return await super().patch(resource, key, patch, **options)


@contextlib.asynccontextmanager
async def cloudy(server):
    """A cloud that has had a second to settle."""
    loop = asyncio.get_running_loop()
    cloud = Cloud(
        Access("https://eu"),
        TERRITORY,
        connect=lambda access: Api(access, server),
        now=lambda: START + timedelta(seconds=loop.time()),
    )
    cloud.start()
    try:
        await asyncio.sleep(1)
        yield cloud
    finally:
        await cloud.stop()


def pod(name="pod", *, cpu="1", **spec):
    containers = [{"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}]
    return {
        "metadata": {"namespace": "ns", "name": name},
        "spec": {"containers": containers, **spec},
    }


def service(name="web", *, address=None, ingress=()):
    notes = {} if address is None else {ADDRESS: address}
    return {
        "kind": "Service",
        "metadata": {"namespace": "ns", "name": name, "annotations": notes},
        "spec": {"type": "LoadBalancer", "ipFamilies": ["IPv4"]},
        "status": {"loadBalancer": {"ingress": list(ingress)}},
    }


def addresses(server, name="web", resource=SERVICES):
    points = dig(server.get(resource, Key("ns", name)), "status", "loadBalancer", "ingress")
    return [point.get("ip") or point["hostname"] for point in points or ()]


def phase(server, name="pod"):
    return dig(server.get(PODS, Key("ns", name)), "status", "phase")
