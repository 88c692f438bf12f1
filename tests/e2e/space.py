"""Objects in one namespace of one cluster, and what becomes of them."""

import time
from collections.abc import Callable
from typing import Any

from apiserver import Kubectl

PATIENCE = 20.0
PAUSE = 0.1


def until(ask: Callable[[], Any], what: str) -> Any:
    """The first answer that is not empty."""
    end = time.monotonic() + PATIENCE
    while not (answer := ask()):
        assert time.monotonic() < end, f"not within {PATIENCE:g} s: {what}"
        time.sleep(PAUSE)
    return answer


def containers(*, cpu: str = "100m") -> dict[str, Any]:
    requests = {"requests": {"cpu": cpu}}
    return {"containers": [{"name": "web", "image": "pause", "resources": requests}]}


def pod(name: str, *, cpu: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": containers(cpu=cpu),
    }


def deployment(*, replicas: int = 1) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": containers()},
        },
    }


def service(*families: str, name: str = "web", **annotations: str) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "type": "LoadBalancer",
        "selector": {"app": "web"},
        "ports": [{"port": 80}],
    }
    if families:
        spec |= {"ipFamilies": list(families)}
        spec |= {"ipFamilyPolicy": "RequireDualStack" if len(families) > 1 else "SingleStack"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "annotations": annotations},
        "spec": spec,
    }


def ingress(name: str = "web") -> dict[str, Any]:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name},
        "spec": {"defaultBackend": backend},
    }


class Space:
    """One namespace of one cluster."""

    def __init__(self, kubectl: Kubectl, namespace: str) -> None:
        self._kubectl = kubectl
        self.namespace = namespace

    def __call__(self, *args: str, stdin: Any = None) -> str:
        return self._kubectl("-n", self.namespace, *args, stdin=stdin)

    def json(self, *args: str) -> Any:
        return self._kubectl.json("-n", self.namespace, *args)

    def create(self, obj: dict[str, Any]) -> None:
        self("create", "-f", "-", stdin=obj)

    def points(self, kind: str, name: str = "web") -> list[str]:
        """The addresses and host names of a load balancer, once there are any."""

        def found() -> list[str]:
            status = self.json("get", kind, name)["status"]["loadBalancer"]
            return [p.get("ip") or p["hostname"] for p in status.get("ingress", ())]

        answer: list[str] = until(found, f"{kind} {name} has an address")
        return answer

    def pods(self) -> list[Any]:
        items: list[Any] = self.json("get", "pods")["items"]
        return items

    def phase(self, pod: str) -> str:
        phase: str = self.json("get", "pod", pod)["status"]["phase"]
        return phase

    def ready_addresses(self) -> set[str]:
        """Of the Service web's EndpointSlices."""
        slices = self.json("get", "endpointslices", "-l", "kubernetes.io/service-name=web")
        return {
            address
            for each in slices["items"]
            for endpoint in each["endpoints"] or ()
            if endpoint["conditions"]["ready"]
            for address in endpoint["addresses"]
        }
