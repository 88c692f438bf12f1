"""The types that come with us, as `deploy/types` has them.

`python -m kubefed_core.kubefedctl.builtin` writes that directory anew.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from kubefed_core.api import types
from kubefed_core.kubefedctl.discovery import Served
from kubefed_core.kubefedctl.enable import Directive, federating
from kubefed_core.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    CRDS,
    DEPLOYMENTS,
    INGRESSES,
    NAMESPACES,
    ROLE_BINDINGS,
    ROLES,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    Resource,
)

SYSTEM = "kube-federation-system"
DIRECTORY = Path(__file__).parents[2] / "deploy" / "types"


def _core(plural: str, kind: str, *short_names: str) -> Served:
    return Served(Resource("", "v1", plural, kind), short_names=short_names)


def _apps(plural: str, kind: str, *short_names: str, scaled: bool = True) -> Served:
    return Served(Resource("apps", "v1", plural, kind), short_names=short_names, scaled=scaled)


BUILT_IN: tuple[Served, ...] = (
    Served(NAMESPACES, short_names=("ns",)),
    _core("configmaps", "ConfigMap", "cm"),
    _core("limitranges", "LimitRange", "limits"),
    _core("persistentvolumeclaims", "PersistentVolumeClaim", "pvc"),
    _core("resourcequotas", "ResourceQuota", "quota"),
    Served(SECRETS),
    Served(SERVICE_ACCOUNTS, short_names=("sa",)),
    Served(SERVICES, short_names=("svc",)),
    _apps("daemonsets", "DaemonSet", "ds", scaled=False),
    Served(DEPLOYMENTS, short_names=("deploy",), scaled=True),
    _apps("replicasets", "ReplicaSet", "rs"),
    _apps("statefulsets", "StatefulSet", "sts"),
    Served(
        Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
        short_names=("hpa",),
    ),
    Served(Resource("batch", "v1", "cronjobs", "CronJob"), short_names=("cj",)),
    Served(Resource("batch", "v1", "jobs", "Job")),
    Served(INGRESSES, short_names=("ing",)),
    Served(
        Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
        short_names=("netpol",),
    ),
    Served(
        Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"),
        short_names=("pdb",),
    ),
    Served(CRDS, short_names=("crd", "crds")),
)
"""What most people propagate, as Kubernetes serves it."""
RIGHTS: tuple[Served, ...] = tuple(
    map(Served, (ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS))
)
"""Whoever may write these has every right in the members, unless admission checks his own."""


def files() -> Iterator[tuple[str, str]]:
    """Every file of the directory: its path there, and what is in it."""
    for directory, kinds, why in (("", BUILT_IN, _COMMON), ("rights/", RIGHTS, _RIGHTS)):
        names = [f"{each.resource.plural}.yaml" for each in kinds]
        yield f"{directory}kustomization.yaml", _kustomization(names, why)
        for name, each in zip(names, kinds, strict=True):
            made = federating(each, Directive(str(each.resource)), replicas=each.scaled)
            objects = (types.dump(made.config, namespace=SYSTEM), made.crd)
            yield f"{directory}{name}", yaml.dump_all(objects, Dumper=_Plain, sort_keys=False)


class _Plain(yaml.SafeDumper):
    """Writes what occurs twice twice, for people."""

    def ignore_aliases(self, data: object) -> bool:
        return True


_COMMON = """\
# Lets these kinds be propagated: kubectl apply -k deploy/types, after deploy itself.
"""
_RIGHTS = """\
# Roles and bindings too: kubectl apply -k deploy/types/rights, only where the admission webhook
# runs. It lets nobody write rights for the members that he could not give on the host.
"""


def _kustomization(names: Iterable[str], why: str) -> str:
    content: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(names),
    }
    return f"{why}{yaml.safe_dump(content, sort_keys=False)}"


def main() -> None:
    for path, text in files():
        target = DIRECTORY / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


if __name__ == "__main__":
    main()
