"""A hub that publishes, in virtual time: its API server, a backend, and who asks it."""

import asyncio
import base64
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

from prometheus_client import CollectorRegistry
from world import World
from zones_backend import Backend, Inline

from kubefed_core.api.config import Config
from kubefed_core.objects import Key
from kubefed_core.resources import EVENTS, NAMESPACES, SECRETS
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST, Fleet
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.recorder import Recorder
from kubefed_dns import interests
from kubefed_dns.controllers.zones.zones import Zones
from kubefed_dns.decide.ownership import Registry
from kubefed_dns.metrics import Journeys, Metrics
from kubefed_dns.providers.embedded import Embedded
from kubefed_dns.records import rrset
from kubefed_dns.resources import DOMAINS, ENDPOINTS, PROVIDERS
from kubefed_dns.verify import Unobservable

SYSTEM = "kube-federation-system"
START = datetime(2026, 1, 1, tzinfo=UTC)
ZONE = "example.org."
OWNER = "kubefed-abcdef01"
WEB = Key("shop", "web")


class Story:
    """The world and one hub in it; `hub()` runs the controller, again and again if wanted."""

    def __init__(self):
        self.world = World("host")
        self.host = self.world["host"]
        self.backend = Backend(ZONE)
        self.own = Backend("example.net.", "sub.example.org.", shared=False)
        self.authority = {"192.0.2.53:53": self.backend}
        self.server = None
        self.executor = Inline()
        self.put(NAMESPACES, "", "kube-system", uid="abcdef0123")
        for name in ("shop", "other"):
            self.put(NAMESPACES, "", name, labels={"team": name})

    # What people do.

    def put(self, resource, namespace, name, *, uid=None, labels=None, annotations=None, **rest):
        meta = {"name": name} | ({"namespace": namespace} if namespace else {})
        old = self.host.get(resource, Key(namespace, name))
        kept = {} if old is None else {k: v for k, v in old.items() if k == "status"}
        meta |= {} if old is None else old["metadata"]
        meta |= {"labels": labels} if labels is not None else {}
        meta |= {"annotations": annotations} if annotations is not None else {}
        meta |= {"uid": uid} if uid else {}
        if old is not None and old.get("spec") != rest.get("spec"):
            meta["generation"] += 1
        return self.host.put(resource, {**kept, "metadata": meta, **rest})

    def provider(self, name="bind", *, created="2026-01-01T00:00:00Z", annotations=None, **spec):
        spec = {"type": "rfc2136", "zones": ["example.org"]} | spec
        if spec["type"] == "rfc2136":
            spec.setdefault("rfc2136", {"servers": ["192.0.2.53:53"]})
        return self._dated(PROVIDERS, SYSTEM, name, created, spec=spec, annotations=annotations)

    def domain(self, name, text, **more):
        return self.put(DOMAINS, SYSTEM, name, domain=text, **more)

    def secret(self, name="creds", **data):
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
        return self.put(SECRETS, SYSTEM, name, data=encoded)

    def want(self, *endpoints, name="web", namespace="shop", created="2026-01-01T00:00:00Z"):
        spec = {"endpoints": [_endpoint(each) for each in endpoints]}
        return self._dated(ENDPOINTS, namespace, name, created, spec=spec)

    def _dated(self, resource, namespace, name, created, **rest):
        made = self.put(resource, namespace, name, **rest)
        made["metadata"]["creationTimestamp"] = created
        return self.host.put(resource, made)

    def drop(self, name="web", namespace="shop", resource=ENDPOINTS):
        self.host.remove(resource, Key(namespace, name))

    def deleting(self, name="bind"):
        obj = self.host.get(PROVIDERS, Key(SYSTEM, name))
        meta = {**obj["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
        self.host.put(PROVIDERS, {**obj, "metadata": meta})

    # The hub.

    @asynccontextmanager
    async def hub(self):
        """The controller from now on, until the block ends."""
        loop = asyncio.get_running_loop()
        fleet = Fleet(connect=self.world.connect)
        begun = loop.time()
        self.epoch = getattr(self, "epoch", START - timedelta(seconds=begun))

        def now():
            return self.epoch + timedelta(seconds=loop.time())

        await fleet.engage(HOST, Access("https://host"), interests.of_host(Config(), SYSTEM))
        recorder = Recorder(fleet.client(HOST), component="test", namespace=SYSTEM, now=now)
        host = Host(fleet=fleet, recorder=recorder, namespace=SYSTEM, now=now)
        metrics = Metrics(CollectorRegistry())
        zones = Zones(
            host=host,
            journeys=Journeys(metrics, clock=loop.time),
            metrics=metrics,
            factories={"rfc2136": self.backend.made, "embedded": self._embedded()},
            server=self.server,
            chance=lambda: 0.0,
            executor=self.executor,
            ask=self.ask,
        )
        tasks = [asyncio.create_task(each.run()) for each in (recorder, zones)]
        try:
            yield zones
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for task in tasks:
                if not task.cancelled() and task.exception() is not None:
                    raise task.exception()
            await fleet.close()

    def _embedded(self):
        return partial(Embedded, server=self.server) if self.server else self.own.made

    async def ask(self, server, name, rrtype):
        """A question to an authoritative server."""
        await asyncio.sleep(0.001)
        backend = self.authority.get(server)
        if backend is None:
            raise Unobservable("no answer")
        for zone in backend.memory.zones():
            if name.endswith(zone):
                return frozenset(backend.sets(name, zone).get((name, rrtype), ()))
        raise Unobservable("it answers REFUSED")

    # What is seen from outside.

    def condition(self, kind, name="web", namespace="shop"):
        status = self.host.get(ENDPOINTS, Key(namespace, name)).get("status") or {}
        return _condition(status, kind)

    def ready(self, name="bind"):
        return self.said("Ready", name)

    def said(self, kind, name="bind"):
        """A condition of a DNSProvider."""
        status = self.host.get(PROVIDERS, Key(SYSTEM, name)).get("status") or {}
        return _condition(status, kind)

    def zone(self, name="bind"):
        return self.host.get(PROVIDERS, Key(SYSTEM, name))["status"]["zones"][0]

    def events(self, reason):
        return [
            obj["message"] for obj in self.host.objects[EVENTS].values() if obj["reason"] == reason
        ]

    def status_writes(self):
        return [key for verb, _, key in self.host.writes if verb == "replace status"]


def _condition(status, kind):
    found = [each for each in status.get("conditions", ()) if each["type"] == kind]
    return (found[0]["status"], found[0]["reason"], found[0]["message"]) if found else None


def _endpoint(each):
    if isinstance(each, dict):
        return {"recordTTL": 60, **each}
    name, rrtype, *targets = each
    return {"dnsName": name, "recordType": rrtype, "recordTTL": 60, "targets": targets}


def a(host, *addresses, zone=ZONE):
    """The A set of a host."""
    return rrset(f"{host}.{zone}", "A", 60, addresses)


def owned(of, *, owner=OWNER, by="shop/web"):
    """The ownership record of a set."""
    registry = Registry(owner)
    name = registry.naming.of(of.name, of.type)
    return rrset(name, "TXT", 300, [registry.write(f"crd/{by}")])
