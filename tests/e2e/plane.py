"""A control plane that propagates: its host is a member too, and there are two more."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from ground import Clusters, Member
from hub import SYSTEM, Hub, program, until
from job import SETTINGS
from kinds import GROUP, Kind, Obj, dig

from kubefed_dns.demo.stage import as_holder

MANAGED = "kubefed.io/managed"
FEDERATED = f"{GROUP}/v1beta1"
ALL: Mapping[str, Any] = {"clusterSelector": {}}
NAMES = ("eu", "host", "us")


def only(*names: str) -> dict[str, Any]:
    """A placement."""
    return {"clusters": [{"name": name} for name in names]}


class Plane:
    """What a test drives: kubectl on three clusters, kubefedctl, one hub."""

    def __init__(self, clusters: Clusters, hub: Hub, kubeconfig: Path) -> None:
        self.clusters = clusters
        self.host = clusters.host
        self.members: Mapping[str, Member] = {each.name: each for each in clusters}
        self.hub = hub
        self.kubeconfig = kubeconfig
        self.namespace = ""

    def ctl(self, *args: str, fine: bool = True) -> str:
        """What kubefedctl says, with contexts for all the clusters."""
        flags = (f"--kubeconfig={self.kubeconfig}", "--host-cluster-context=host")
        return program("kubefedctl", *args, *flags, fine=fine)

    def enable(self, *names: str) -> None:
        """Let these types be propagated, and wait until they are."""
        for name in names:
            self.ctl("enable", name)
        for name in names:
            until(lambda name=name: self.running(name), lambda said: said == "Running")

    def disable(self, *names: str) -> None:
        for name in names:
            self.ctl("disable", name, "--delete-crd", fine=False)

    def configure(self, kind: Kind, spec: Obj) -> None:
        """Change fields of a type config."""
        flags = ("--type=merge", f"--patch={json.dumps({'spec': spec})}")
        self._kubectl(SYSTEM, "patch", "federatedtypeconfig", kind.name, *flags, fine=True)

    def running(self, name: str) -> str:
        path = "jsonpath={.status.propagationController}"
        return self._kubectl(SYSTEM, "get", "federatedtypeconfig", name, "-o", path)

    @contextmanager
    def space(self, namespace: str, *, federated: bool = True) -> Iterator[None]:
        """A namespace for as long as the body takes; all in it goes with it."""
        self.host.kubectl("create", "namespace", namespace)
        if federated:
            self.federate_namespace(namespace)
        yield
        kinds = [
            each.split("/")[-1]
            for each in self._kubectl("", "get", "crd", "-o", "name").split()
            if each.endswith(f".{GROUP}")
        ]
        others = [each for each in kinds if not each.startswith("federatednamespaces")]
        for some in (others, [f"federatednamespaces.{GROUP}"]):
            if some:
                self._kubectl(namespace, "delete", ",".join(some), "--all", fine=True)
        self.host.kubectl("delete", "namespace", namespace)
        for member in self.members.values():
            until(
                lambda m=member: m.kubectl("get", "ns", namespace, fine=False),
                lambda said: "not found" in said,
            )

    # Federated objects.

    def federate(self, kind: Kind, name: str = "web", **spec: Any) -> None:
        """Write a federated object whole; everywhere unless a placement is given."""
        self.host.kubectl("apply", "-f", "-", stdin=self.written(kind, name, **spec))

    def written(self, kind: Kind, name: str = "web", **spec: Any) -> Obj:
        given = {"template": kind.template, "placement": ALL} | spec
        meta = {"name": name} | ({"namespace": self.namespace} if kind.namespaced else {})
        header = {"apiVersion": FEDERATED, "kind": f"Federated{kind.kind}", "metadata": meta}
        return header | {"spec": given}

    def federate_namespace(self, name: str, **spec: Any) -> None:
        meta = {"name": name, "namespace": name}
        header = {"apiVersion": FEDERATED, "kind": "FederatedNamespace", "metadata": meta}
        given = {"placement": ALL} | spec
        self.host.kubectl("apply", "-f", "-", stdin=header | {"spec": given})

    def patch(self, kind: Kind, patch: Obj, name: str = "web") -> None:
        """Change a federated object."""
        self._on(self.host, kind.federated, name, patch)

    def annotate(self, kind: Kind, pair: str, name: str = "web") -> None:
        self._kubectl(self.namespace, "annotate", kind.federated, name, pair, "--overwrite")

    def delete(self, kind: Kind, name: str = "web", *, wait: bool = False) -> None:
        flags = () if wait else ("--wait=false",)
        self._kubectl(self.namespace, "delete", kind.federated, name, *flags, fine=True)

    def federated(self, kind: Kind, name: str = "web") -> Obj | None:
        return self._get(self.host, kind.federated, name)

    def status(self, kind: Kind, name: str = "web") -> Obj:
        status: Obj = (self.federated(kind, name) or {}).get("status") or {}
        return status

    def outcomes(self, kind: Kind, name: str = "web") -> dict[str, str]:
        """What the status says by cluster; empty is well."""
        entries = self.status(kind, name).get("clusters", [])
        return {each["name"]: each.get("status", "") for each in entries}

    def condition(
        self, kind: Kind, type_: str = "Propagation", name: str = "web"
    ) -> tuple[str, str]:
        for each in self.status(kind, name).get("conditions", []):
            if each["type"] == type_:
                return each["status"], each.get("reason", "")
        return "", ""

    def versions(self, kind: Kind, name: str = "web") -> dict[str, str]:
        """What the PropagatedVersion has recorded, by cluster."""
        resource = "propagatedversion" if kind.namespaced else "clusterpropagatedversion"
        found = self._get(self.host, resource, f"{kind.kind.lower()}-{name}")
        entries = ((found or {}).get("status") or {}).get("clusterVersions", [])
        return {each["clusterName"]: each["version"] for each in entries}

    def addresses(self, name: str = "web") -> dict[str, list[Any]]:
        """What the FederatedServiceStatus has of load balancers, by cluster."""
        found = self._get(self.host, "federatedservicestatuses", name) or {}
        return {
            each["clusterName"]: dig(each, "status", "loadBalancer", "ingress") or []
            for each in found.get("clusterStatus", [])
        }

    # What is in the members.

    def there(self, kind: Kind, cluster: str, name: str = "web") -> Obj | None:
        return self._get(self.members[cluster], kind.name, name)

    def everywhere(self, kind: Kind, name: str = "web") -> dict[str, Obj]:
        """The objects, by the clusters that have one."""
        found = {cluster: self.there(kind, cluster, name) for cluster in NAMES}
        return {cluster: obj for cluster, obj in found.items() if obj is not None}

    def managed(self, kind: Kind, cluster: str, name: str = "web") -> str:
        found = self.there(kind, cluster, name)
        return str(dig(found, "metadata", "labels", MANAGED) or "")

    def change(self, kind: Kind, cluster: str, patch: Obj, name: str = "web") -> None:
        """Do something to an object in a member, as somebody else does."""
        self._on(self.members[cluster], kind.name, name, patch)

    def remove(self, kind: Kind, cluster: str, name: str = "web") -> None:
        """Delete an object in a member, as somebody else does."""
        self.members[cluster].kubectl("-n", self.namespace, "delete", kind.name, name)

    def well(self, kind: Kind, *clusters: str, name: str = "web") -> None:
        """Wait until it is in these clusters, and nowhere else, and said so."""
        until(
            lambda: (self.outcomes(kind, name), self.condition(kind, name=name)),
            lambda seen: seen == (dict.fromkeys(clusters, ""), ("True", "")),
        )
        assert set(self.everywhere(kind, name)) == set(clusters)
        assert set(self.versions(kind, name)) == set(clusters)

    def gone(self, kind: Kind, name: str = "web") -> None:
        """Wait until there is no such federated object."""
        until(lambda: self.federated(kind, name), lambda found: found is None)

    def _on(self, member: Member, resource: str, name: str, patch: Obj) -> None:
        flags = ("--type=merge", f"--patch={json.dumps(patch)}")
        member.kubectl("-n", self.namespace, "patch", resource, name, *flags)

    def _get(self, member: Member, resource: str, name: str) -> Obj | None:
        flags = ("--ignore-not-found", "-o", "json")
        text = member.kubectl("-n", self.namespace, "get", resource, name, *flags)
        return json.loads(text) if text.strip() else None

    def _kubectl(self, namespace: str, *args: str, fine: bool = False) -> str:
        return self.host.kubectl("-n", namespace, *args, fine=fine)


@contextmanager
def plane(
    clusters: Clusters, directory: Path, *flags: str, scope: str = "Cluster"
) -> Iterator[Plane]:
    """Everything set up once, with no type enabled but that of namespaces."""
    host = clusters.host
    settings = SETTINGS | {"spec": SETTINGS["spec"] | {"scope": scope}}
    host.kubectl("apply", "-k", "crds")
    host.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
    host.kubectl("apply", "-k", "deploy")
    host.kubectl("-n", SYSTEM, "delete", "deployment,kubefedconfig", "--all")
    host.kubectl("apply", "-f", "-", stdin=settings)
    token = host.kubectl("-n", SYSTEM, "create", "token", "kubefed-controller", "--duration=24h")
    kubeconfig = as_holder(host.kubeconfig, token.strip(), directory / "controller.kubeconfig")
    hub = Hub(kubeconfig, directory, "-v=4", *flags)
    made = Plane(clusters, hub, together(clusters, directory / "kubeconfig"))
    hub.start()
    try:
        for name in made.members:
            made.ctl("join", name)
        if scope == "Cluster":
            made.enable("namespaces")
        else:
            made.ctl("enable", "namespaces")
        yield made
    finally:
        end(made)


def end(made: Plane) -> None:
    """Leave the clusters to the next who uses them as they were."""
    for kind in ("federatednamespaces", "federatedtypeconfigs"):
        made.host.kubectl("delete", kind, "--all", "-A", "--timeout=30s", fine=False)
    for name in made.members:
        made.ctl("unjoin", name, fine=False)
    made.hub.stop()
    made.host.kubectl("-n", SYSTEM, "delete", "kubefedconfig", "--all")
    crds = made.host.kubectl("get", "crd", "-o", "name").split()
    made.host.kubectl("delete", *(each for each in crds if each.endswith(f".{GROUP}")))


def together(clusters: Clusters, target: Path) -> Path:
    """One kubeconfig with a context for each cluster."""
    configs = [yaml.safe_load(member.kubeconfig.read_text()) for member in clusters]
    merged = {
        part: [x for c in configs for x in c[part]] for part in ("contexts", "clusters", "users")
    }
    target.touch(mode=0o600)
    target.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", **merged}))
    return target
