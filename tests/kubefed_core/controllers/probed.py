"""A hub whose members answer probes, and the controllers that look after them."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta

import world
from prometheus_client import CollectorRegistry

from kubefed_core.objects import Key
from kubefed_core.resources import CLUSTERS, SECRETS
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.metrics import Metrics

NS = "kube-federation-system"
START = datetime(2026, 1, 1, tzinfo=UTC)
EU = Key(NS, "eu")
OK = (200, "ok")
REFUSED = ConnectionError("refused")
HANGS = "hangs"


def at(seconds):
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def cluster(name, **spec):
    spec = {"apiEndpoint": f"https://{name}", "secretRef": {"name": name}, **spec}
    return {"metadata": {"namespace": NS, "name": name, "uid": f"uid-{name}"}, "spec": spec}


def secret(name, token="t"):
    data = {"token": base64.b64encode(token.encode()).decode()}
    return {"metadata": {"namespace": NS, "name": name}, "data": data}


def node(name, region, zone):
    labels = {"topology.kubernetes.io/region": region, "topology.kubernetes.io/zone": zone}
    return {"metadata": {"name": name, "labels": labels}}


class Server(world.Server):
    """Also answers probes, each at its time in `probes`; `tokens` of None are all good."""

    def __init__(self):
        super().__init__()
        self.health = OK
        self.probes = []
        self.tokens = None


class Client(world.Client):
    async def fetch(self, path, *, timeout):
        assert path == "/healthz"
        self.server.probes.append(asyncio.get_running_loop().time())
        if self.server.tokens is not None and self.access.token not in self.server.tokens:
            return 401, "Unauthorized"
        if self.server.health == HANGS:
            await asyncio.sleep(timeout)
            raise TimeoutError("no answer in time")
        if isinstance(self.server.health, Exception):
            raise self.server.health
        return self.server.health


class Events:
    """Remembers what is said, as (object's name, reason, message)."""

    def __init__(self):
        self.said = []

    def event(self, obj, *, resource, reason, message, warning=False):
        assert resource == CLUSTERS
        assert warning
        self.said.append((obj["metadata"]["name"], reason, message))


class Hub:
    """The host's API server, the members' by name, and what is seen of both."""

    def __init__(self):
        self.api = Server()
        self.members = {}
        self.events = Events()
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry)

    def connect(self, access):
        server = self.members.get(access.server.removeprefix("https://"), self.api)
        return Client(access, server)

    def host(self, fleet):
        return Host(fleet=fleet, recorder=self.events, namespace=NS, now=self.now)

    def now(self):
        return START + timedelta(seconds=asyncio.get_running_loop().time())

    def join(self, name, **spec):
        self.members[name] = Server()
        self.api.put(SECRETS, secret(name))
        self.api.put(CLUSTERS, cluster(name, **spec))
        return self.members[name]

    def status(self):
        """That of the cluster eu."""
        return self.api.get(CLUSTERS, EU).get("status", {})

    def conditions(self):
        return {c["type"]: (c["status"], c["reason"]) for c in self.status()["conditions"]}

    def metric(self, state):
        labels = {"state": state, "cluster": "eu"}
        return self.registry.get_sample_value("kubefedcluster_total", labels)
