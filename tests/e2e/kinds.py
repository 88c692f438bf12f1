"""The kinds that propagation is tested with."""

import base64
from dataclasses import dataclass, field
from typing import Any

GROUP = "types.kubefed.io"
Obj = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A type as a test uses it.

    `template` is the least object of the kind; `change` one override of it, and `drift` what
    somebody does to it in a member, a merge patch. Both change fields of the template.
    """

    plural: str
    kind: str
    template: Obj = field(hash=False)
    change: Obj = field(hash=False)
    drift: Obj = field(hash=False)
    api_version: str = "v1"
    namespaced: bool = True

    def __str__(self) -> str:
        return self.plural

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]

    @property
    def name(self) -> str:
        """As `kubefedctl enable` and the type config call it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def federated(self) -> str:
        return f"federated{self.plural}.{GROUP}"

    @property
    def changed(self) -> tuple[str, ...]:
        """Where the override is."""
        return tuple(step.replace("~1", "/") for step in self.change["path"].split("/")[1:])

    @property
    def drifted(self) -> tuple[str, ...]:
        return _path(self.drift)


def _path(patch: Any) -> tuple[str, ...]:
    if not isinstance(patch, dict) or len(patch) != 1:
        return ()
    ((name, value),) = patch.items()
    return (name, *_path(value))


def dig(obj: Any, *path: str) -> Any:
    """What is there; lists are indexed by number."""
    for step in path:
        if isinstance(obj, list):
            obj = obj[int(step)] if int(step) < len(obj) else None
        else:
            obj = (obj or {}).get(step)
    return obj


CONFIG_MAPS = Kind(
    "configmaps",
    "ConfigMap",
    template={"data": {"color": "red", "size": "1"}},
    change={"path": "/data/color", "value": "blue"},
    drift={"data": {"size": "2"}},
)
SECRETS = Kind(
    "secrets",
    "Secret",
    template={"data": {"color": base64.b64encode(b"red").decode(), "size": ""}},
    change={"path": "/data/color", "value": base64.b64encode(b"blue").decode()},
    drift={"data": {"size": base64.b64encode(b"2").decode()}},
)
SERVICES = Kind(
    "services",
    "Service",
    template={
        "spec": {
            "type": "LoadBalancer",
            "selector": {"app": "web"},
            "sessionAffinity": "None",
            "ports": [{"name": "http", "port": 80}],
        }
    },
    change={"path": "/spec/selector/app", "value": "blue"},
    drift={"spec": {"sessionAffinity": "ClientIP"}},
)
DEPLOYMENTS = Kind(
    "deployments",
    "Deployment",
    api_version="apps/v1",
    template={
        "spec": {
            "replicas": 1,
            "minReadySeconds": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "example.com/web"}]},
            },
        }
    },
    change={"path": "/spec/replicas", "value": 2},
    drift={"spec": {"minReadySeconds": 7}},
)
WIDGETS = Kind(
    "widgets",
    "Widget",
    api_version="example.com/v1",
    template={"spec": {"color": "red", "size": 1}},
    change={"path": "/spec/color", "value": "blue"},
    drift={"spec": {"size": 2}},
)
WIDGETS_CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "names": {"kind": "Widget", "plural": "widgets", "shortNames": ["wd"]},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "x-kubernetes-preserve-unknown-fields": True,
                            }
                        },
                    }
                },
            }
        ],
    },
}
KINDS = (CONFIG_MAPS, SECRETS, SERVICES, DEPLOYMENTS, WIDGETS)
