"""The ground of the main job: a host with our manifests, two joined members, a BIND, one hub."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from bind import Bind, Key, Zone
from ground import Clusters, Member
from hub import SYSTEM, Hub, Resolver, program, until

from kubefed_dns.demo.stage import as_holder

ADDRESS = "local.kubefed.io/address"
GROUP = "multiclusterdns.kubefed.io/v1alpha1"
FOREIGN = ["static 60 A 192.0.2.200", "mine 60 A 192.0.2.201"]
SETTINGS: dict[str, Any] = {
    "apiVersion": "core.kubefed.io/v1beta1",
    "kind": "KubeFedConfig",
    "metadata": {"name": "kubefed", "namespace": SYSTEM},
    "spec": {
        "scope": "Cluster",
        "controllerDuration": {"availableDelay": "20s", "unavailableDelay": "4s"},
        "clusterHealthCheck": {
            "period": "1s",
            "timeout": "1s",
            "failureThreshold": 2,
            "successThreshold": 1,
        },
    },
}


def web(namespace: str, *, name: str = "web", host: str = "") -> list[dict[str, Any]]:
    """What a member serves: a Deployment, a Service with an address, and with a host an Ingress."""
    meta = {"name": name, "namespace": namespace}
    labels = {"app": name}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "web", "image": "example.com/web"}]},
    }
    objects: list[dict[str, Any]] = [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": meta,
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta,
            "spec": {"type": "LoadBalancer", "selector": labels, "ports": [{"port": 80}]},
        },
    ]
    if host:
        backend = {"service": {"name": name, "port": {"number": 80}}}
        path = {"path": "/", "pathType": "Prefix", "backend": backend}
        rules = [{"host": host, "http": {"paths": [path]}}]
        objects.append(
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "metadata": meta,
                "spec": {"rules": rules},
            }
        )
    return objects


def several(objects: list[dict[str, Any]]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "List", "items": objects}


class Job:
    """What a test drives: kubectl on three clusters, the answers of two servers, one hub."""

    def __init__(self, clusters: Clusters, bind: Bind, hub: Hub, kubeconfig: Path) -> None:
        self.clusters = clusters
        self.kubeconfig = kubeconfig
        self.host = clusters.host
        self.members = (clusters.eu, clusters.us)
        self.bind = bind
        self.hub = hub
        self.dns = Resolver(bind.port)
        self.embedded = Resolver(hub.dns_port)
        self.namespace = ""

    def ctl(self, *args: str, fine: bool = True) -> str:
        """What kubefedctl says, with contexts for all the clusters."""
        flags = (f"--kubeconfig={self.kubeconfig}", "--host-cluster-context=host")
        return program("kubefedctl", *args, *flags, fine=fine)

    def apply(self, *objects: dict[str, Any], on: Member | None = None) -> None:
        (on or self.host).kubectl("apply", "-f", "-", stdin=several(list(objects)))

    def delete(
        self, kind: str, name: str, *, on: Member | None = None, system: bool = False
    ) -> None:
        namespace = SYSTEM if system else self.namespace
        (on or self.host).kubectl("-n", namespace, "delete", kind, name)

    def serve(self, *, name: str = "web", host: str = "") -> dict[str, str]:
        """The same in both members; the Services' addresses by cluster."""
        for member in self.members:
            self.apply(*web(self.namespace, name=name, host=host), on=member)
        return {member.name: self.address(member, name=name) for member in self.members}

    def address(self, member: Member, *, kind: str = "service", name: str = "web") -> str:
        """The address that the member's cloud has given."""
        path = "jsonpath={.status.loadBalancer.ingress[0].ip}"
        return until(
            lambda: member.kubectl("-n", self.namespace, "get", kind, name, "-o", path, fine=False)
        )

    def readdress(self, member: Member, address: str, *, kind: str = "service") -> None:
        pair = f"{ADDRESS}={address}"
        member.kubectl("-n", self.namespace, "annotate", kind, "web", pair, "--overwrite")

    def domain(self, name: str, domain: str, *providers: str, **more: Any) -> None:
        obj: dict[str, Any] = {"domain": domain} | more
        if providers:
            obj["providers"] = list(providers)
        meta = {"name": name, "namespace": SYSTEM}
        self.apply({"apiVersion": GROUP, "kind": "Domain", "metadata": meta} | obj)

    def provider(self, name: str, *zones: str, key: Key | None = None, **spec: Any) -> None:
        """A DNSProvider for the BIND, with its Secret."""
        key = key or self.bind.keys[0]
        meta = {"name": name, "namespace": SYSTEM}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta}
        tsig = {"keyName": key.name, "algorithm": key.algorithm}
        whole = {
            "type": "rfc2136",
            "zones": list(zones),
            "ownerID": "hub",
            "credentialsRef": {"name": name},
            "rfc2136": {"servers": [self.bind.address], "tsig": tsig},
            "safety": {"maxDeletePercent": 100},
        } | spec
        self.apply(
            secret | {"stringData": {"tsigSecret": key.secret}},
            {"apiVersion": GROUP, "kind": "DNSProvider", "metadata": meta, "spec": whole},
        )

    def record(self, name: str = "web", *, domain: str = "acme", **spec: Any) -> None:
        meta = {"name": name, "namespace": self.namespace}
        spec = {"domainRef": domain, "recordTTL": 30} | spec
        self.apply(
            {"apiVersion": GROUP, "kind": "ServiceDNSRecord", "metadata": meta, "spec": spec}
        )

    def ingress_record(self, name: str = "web", **spec: Any) -> None:
        meta = {"name": name, "namespace": self.namespace}
        spec = {"recordTTL": 30} | spec
        self.apply(
            {"apiVersion": GROUP, "kind": "IngressDNSRecord", "metadata": meta, "spec": spec}
        )

    def status(self, kind: str = "servicednsrecord", name: str = "web") -> dict[str, Any]:
        found = self.host.kubectl.json("-n", self.namespace, "get", kind, name)
        status: dict[str, Any] = found.get("status") or {}
        return status

    def condition(
        self, type_: str, kind: str = "servicednsrecord", name: str = "web", *, system: bool = False
    ) -> tuple[str, str, str]:
        """Status, reason and message; empty where it is not there."""
        namespace = SYSTEM if system else self.namespace
        found = self.host.kubectl.json("-n", namespace, "get", kind, name)
        for each in (found.get("status") or {}).get("conditions", []):
            if each["type"] == type_:
                return each["status"], each["reason"], each["message"]
        return "", "", ""

    def reasons(self, name: str = "web") -> dict[str, str]:
        status = self.status(name=name)
        return {each["cluster"]: each["reason"] for each in status.get("dns", [])}

    def events(self, kind: str, name: str, *, system: bool = False) -> dict[str, str]:
        """The messages by reason."""
        namespace = SYSTEM if system else self.namespace
        selector = f"involvedObject.kind={kind},involvedObject.name={name}"
        found = self.host.kubectl.json(
            "-n", namespace, "get", "events", f"--field-selector={selector}"
        )
        return {each["reason"]: each["message"] for each in found["items"]}

    def name(self, *places: str, record: str = "web", domain: str = "example.com") -> str:
        """One of the names of a ServiceDNSRecord under Domain acme."""
        return ".".join((record, self.namespace, "acme", "svc", *places, domain))


@contextmanager
def job(clusters: Clusters, directory: Path) -> Iterator[Job]:
    """Everything set up once; a test gets its own namespace and cleans up after itself."""
    host = clusters.host
    zones = [Zone("example.com.", records=FOREIGN), Zone("example.org.", records=FOREIGN)]
    host.kubectl("apply", "-k", "crds")
    host.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
    host.kubectl("apply", "-k", "deploy")
    host.kubectl("-n", SYSTEM, "delete", "deployment", "--all")
    host.kubectl("apply", "-f", "-", stdin=SETTINGS)
    token = host.kubectl("-n", SYSTEM, "create", "token", "kubefed-controller", "--duration=24h")
    kubeconfig = as_holder(host.kubeconfig, token.strip(), directory / "controller.kubeconfig")
    everything = _together(clusters, directory / "kubeconfig")
    hub = Hub(kubeconfig, directory, "-v=4")
    with Bind(directory / "bind", zones) as bind:
        made = Job(clusters, bind, hub, everything)
        hub.start()
        try:
            for member in made.members:
                made.ctl("join", member.name, "--dns-only")
            yield made
        finally:
            for member in made.members:
                made.ctl("unjoin", member.name, fine=False)
            status = hub.stop()
            (directory / "done.json").write_text(json.dumps({"status": status}))


def _together(clusters: Clusters, target: Path) -> Path:
    """One kubeconfig with a context for each cluster."""
    configs = [yaml.safe_load(member.kubeconfig.read_text()) for member in clusters]
    merged = {
        part: [x for c in configs for x in c[part]] for part in ("contexts", "clusters", "users")
    }
    target.touch(mode=0o600)
    target.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", **merged}))
    return target
