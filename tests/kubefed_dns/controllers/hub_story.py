"""A hub in memory: the controllers from members to DNSEndpoints, in virtual time."""

import asyncio
import base64
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry
from world import World

from kubefed_core.api.config import Config
from kubefed_core.controllers.members import Members
from kubefed_core.objects import Key
from kubefed_core.resources import (
    CLUSTERS,
    ENDPOINT_SLICES,
    EVENTS,
    INGRESSES,
    NAMESPACES,
    SECRETS,
    SERVICES,
)
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST, Fleet
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.recorder import Recorder
from kubefed_dns import interests
from kubefed_dns.controllers.departures import Departures
from kubefed_dns.controllers.endpoints import Endpoints
from kubefed_dns.controllers.records import Records
from kubefed_dns.metrics import Journeys, Metrics
from kubefed_dns.resolve import Resolver
from kubefed_dns.resources import DOMAINS, ENDPOINTS, INGRESS_RECORDS, SERVICE_RECORDS

SYSTEM = "kube-federation-system"
START = datetime(2026, 1, 1, tzinfo=UTC)
WEB = Key("shop", "web")
EU, US = "192.0.2.1", "198.51.100.1"
REGIONS = {"eu": ("eu-west", ["eu-west-1a"]), "us": ("us-east", ["us-east-1b"])}


async def settle(seconds=2):
    await asyncio.sleep(seconds)


TCP = {
    "protocol": "TCP",
    "port": 80,
    "interval": "10s",
    "rise": 2,
    "fall": 3,
    "failBackDelay": "60s",
}
FALLEN, RISEN = 31, 21
"""Seconds in which three of these probes have failed, or two have passed."""


def two_clusters(**spec):
    """A Service with an address in eu and in us, and a record for it."""
    story = Story("eu", "us")
    story.serve("eu", EU)
    story.serve("us", US)
    story.record(**{"recordTTL": 30} | spec)
    return story


class Story:
    """The world and one hub in it; `hub()` runs the controllers, again and again if wanted."""

    def __init__(self, *members, config=Config()):  # noqa: B008
        self.world = World("host", *members)
        self.host = self.world["host"]
        self.config = config
        self.lookups = {}
        self.answers = {}
        self.probes = []
        self.current = True
        self.more = ()
        self.host.put(NAMESPACES, {"metadata": {"name": "shop"}})
        self.put(
            DOMAINS, {"metadata": {"namespace": SYSTEM, "name": "acme"}, "domain": "example.com"}
        )
        for name in members:
            self.join(name)

    def put(self, resource, obj):
        return self.host.put(resource, obj)

    def join(self, name):
        region, zones = REGIONS.get(name, (f"r-{name}", [f"z-{name}"]))
        token = base64.b64encode(b"token").decode()
        meta = {"namespace": SYSTEM, "name": name}
        self.put(SECRETS, {"metadata": meta, "data": {"token": token}})
        self.put(
            CLUSTERS,
            {
                "metadata": meta,
                "spec": {"apiEndpoint": f"https://{name}", "secretRef": {"name": name}},
                "status": {
                    "conditions": [
                        {
                            "type": "Ready",
                            "status": "True",
                            "lastProbeTime": "2026-01-01T00:00:00Z",
                            "lastTransitionTime": "2026-01-01T00:00:00Z",
                        }
                    ],
                    "region": region,
                    "zones": zones,
                },
            },
        )

    def annotate(self, cluster, **annotations):
        obj = self.host.get(CLUSTERS, Key(SYSTEM, cluster))
        self.put(CLUSTERS, {**obj, "metadata": {**obj["metadata"], "annotations": annotations}})

    def label(self, cluster, **labels):
        obj = self.host.get(CLUSTERS, Key(SYSTEM, cluster))
        self.put(CLUSTERS, {**obj, "metadata": {**obj["metadata"], "labels": labels}})

    def serve(self, member, *addresses, ready=True, name="web"):
        """A Service with these addresses and one endpoint."""
        ingress = [{"ip" if each[0].isdigit() else "hostname": each} for each in addresses]
        meta = {"namespace": "shop", "name": name}
        self.world[member].put(
            SERVICES,
            {"metadata": meta, "spec": {}, "status": {"loadBalancer": {"ingress": ingress}}},
        )
        self.world[member].put(
            ENDPOINT_SLICES,
            {
                "metadata": {
                    "namespace": "shop",
                    "name": f"{name}-x1",
                    "labels": {"kubernetes.io/service-name": name},
                },
                "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": ready}}],
            },
        )

    def ingress(self, member, address, *hosts):
        kind = "ip" if address[0].isdigit() else "hostname"
        self.world[member].put(
            INGRESSES,
            {
                "metadata": {"namespace": "shop", "name": "web"},
                "spec": {"rules": [{"host": host} for host in hosts]},
                "status": {"loadBalancer": {"ingress": [{kind: address}]}},
            },
        )

    def health(self, cluster, kind, *, at="2026-01-01T00:00:05Z"):
        """Let the health check have found a cluster Ready or Offline."""
        obj = self.host.get(CLUSTERS, Key(SYSTEM, cluster))
        found = {
            "type": kind,
            "status": "True",
            "lastProbeTime": at,
            "lastTransitionTime": at,
        }
        self.put(CLUSTERS, {**obj, "status": {**obj["status"], "conditions": [found]}})

    def record(self, **spec):
        meta = {"namespace": "shop", "name": "web"}
        old = self.host.get(SERVICE_RECORDS, WEB)
        spec = {"domainRef": "acme"} | spec
        if old is not None:
            return self.put(SERVICE_RECORDS, {**old, "spec": spec})
        return self.put(SERVICE_RECORDS, {"metadata": meta, "spec": spec})

    def ingress_record(self, **spec):
        meta = {"namespace": "shop", "name": "web"}
        return self.put(INGRESS_RECORDS, {"metadata": meta, "spec": spec})

    @asynccontextmanager
    async def hub(self):
        """The controllers from now on, until the block ends."""
        loop = asyncio.get_running_loop()
        fleet = Fleet(connect=self.world.connect)
        begun = loop.time()
        self.epoch = getattr(self, "epoch", START - timedelta(seconds=begun))

        def now():
            return self.epoch + timedelta(seconds=loop.time())

        wanted = (*interests.of_host(self.config, SYSTEM), *self.more)
        await fleet.engage(HOST, Access("https://host"), wanted)
        recorder = Recorder(fleet.client(HOST), component="test", namespace=SYSTEM, now=now)
        host = Host(fleet=fleet, recorder=recorder, namespace=SYSTEM, now=now)
        metrics = Metrics(CollectorRegistry())
        journeys = Journeys(metrics, clock=loop.time)
        members = Members(host=host, interests=interests.of_member(self.config, SYSTEM))
        resolver = Resolver(self._lookup)
        self.departures = Departures(
            host, config=lambda: self.config, current=lambda endpoint, names: self.current
        )
        records = Records(
            host=host,
            config=lambda: self.config,
            metrics=metrics,
            journeys=journeys,
            edge=self._probe,
            resolver=resolver,
            departures=self.departures,
        )
        endpoints = Endpoints(host=host, resolver=resolver, journeys=journeys)
        tasks = [
            asyncio.create_task(each.run()) for each in (recorder, members, records, endpoints)
        ]
        self.on = host
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await fleet.close()

    async def _lookup(self, name):
        found = self.lookups.get(name, OSError("no such name"))
        if isinstance(found, asyncio.Event):
            await found.wait()
            found = self.lookups[name]
        if isinstance(found, Exception):
            raise found
        return frozenset(found)

    async def _probe(self, address, health):
        """As scripted in `answers` by address: why it fails, what it raises, or hangs for."""
        self.probes.append((asyncio.get_running_loop().time(), address, health))
        answer = self.answers.get(address, "")
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            return ""
        await asyncio.sleep(0.001)
        if isinstance(answer, Exception):
            raise answer
        return answer

    # What is seen from outside.

    def status(self, resource=SERVICE_RECORDS):
        return self.host.get(resource, WEB).get("status") or {}

    def entry(self, cluster, resource=SERVICE_RECORDS):
        return next(e for e in self.status(resource)["dns"] if e["cluster"] == cluster)

    def probed(self, address):
        """When an address was probed."""
        return [at for at, found, _ in self.probes if found == address]

    def reasons(self, resource=SERVICE_RECORDS):
        return {each["cluster"]: each["reason"] for each in self.status(resource).get("dns", [])}

    def condition(self, kind, resource=SERVICE_RECORDS):
        found = [each for each in self.status(resource)["conditions"] if each["type"] == kind]
        return (found[0]["status"], found[0]["reason"], found[0]["message"]) if found else None

    def names(self, endpoint="service-web"):
        """What the DNSEndpoint says, by name and type."""
        obj = self.host.get(ENDPOINTS, Key("shop", endpoint))
        if obj is None:
            return None
        return {
            (each["dnsName"], each["recordType"]): each["targets"]
            for each in obj["spec"].get("endpoints", [])
        }

    def sets(self, endpoint="service-web", name="web.shop.acme.svc.example.com"):
        """The sets of a name by type and identifier: when each is the answer, and its targets."""
        obj = self.host.get(ENDPOINTS, Key("shop", endpoint))
        return {
            (each["recordType"], each.get("setIdentifier", "")): (
                each.get("routing"),
                each["targets"],
            )
            for each in obj["spec"].get("endpoints", [])
            if each["dnsName"] == name
        }

    def targets(self):
        """The addresses of the global name."""
        found = self.names() or {}
        return found.get(("web.shop.acme.svc.example.com", "A"), [])

    def events(self):
        return Counter(obj["reason"] for obj in self.host.objects[EVENTS].values())
