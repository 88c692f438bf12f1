"""Which kinds cannot be federated, or not a second time."""

from collections.abc import Mapping

from kubefed_core.api.types import TypeConfig
from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl.discovery import Served
from kubefed_core.objects import Obj, dig
from kubefed_core.resources import Resource

OURS = "kubefed.io"
VERBS = frozenset({"create", "delete", "get", "list", "patch", "update", "watch"})
"""What propagation does to objects in members."""

_APPS = frozenset({"apps/v1", "apps/v1beta1", "apps/v1beta2", "extensions/v1beta1"})
_EQUIVALENT: Mapping[str, frozenset[str]] = {
    "deployments": _APPS,
    "daemonsets": _APPS,
    "replicasets": _APPS,
    "statefulsets": _APPS - {"extensions/v1beta1"},
    "networkpolicies": frozenset({"networking.k8s.io/v1", "extensions/v1beta1"}),
    "podsecuritypolicies": frozenset({"policy/v1beta1", "extensions/v1beta1"}),
    "ingresses": frozenset(
        {"networking.k8s.io/v1", "networking.k8s.io/v1beta1", "extensions/v1beta1"}
    ),
}
"""API versions that serve the very same objects, by plural."""


def is_ours(resource: Resource) -> bool:
    """Whether a kind belongs to the control plane, federated kinds included."""
    return resource.group == OURS or resource.group.endswith(f".{OURS}")


def refuse_unfit(found: Served) -> None:
    """Raises Terminal for a kind that no member could be given."""
    resource = found.resource
    if is_ours(resource):
        raise Terminal(
            f"{resource} belongs to the control plane and cannot be federated; "
            "give the kind that the members shall have"
        )
    missing = sorted(VERBS - found.verbs)
    if missing:
        raise Terminal(
            f"{resource} cannot be propagated: the host serves it without {', '.join(missing)}"
        )


def refuse(wanted: TypeConfig, configs: Mapping[str, TypeConfig], crd: Obj | None) -> None:
    """Raises Terminal where another type, or another CRD, stands in the way."""
    before = configs.get(wanted.name)
    if before is not None and before.federated != wanted.federated:
        raise Terminal(
            f'Federation is already enabled for "{wanted.name}" with federated type '
            f'"{_full(before.federated)}". Changing the federated type to '
            f'"{_full(wanted.federated)}" is not supported.'
        )
    for name, other in configs.items():
        if name != wanted.name:
            _refuse_beside(wanted, name, other)
    kind = dig(crd or {}, "spec", "names", "kind", default=wanted.federated.kind)
    if kind != wanted.federated.kind:
        raise Terminal(
            f"the CRD {wanted.federated} is there already, for objects of the kind {kind}; "
            "give another --federated-group"
        )


def _refuse_beside(wanted: TypeConfig, name: str, other: TypeConfig) -> None:
    both = {wanted.target.api_version, other.target.api_version}
    same = _EQUIVALENT.get(wanted.target.plural, frozenset())
    if other.target.plural == wanted.target.plural and len(both) == 2 and both <= same:
        raise Terminal(
            f'"{wanted.name}" serves the same objects as "{name}", which is enabled already; '
            f"kubefedctl disable {name} first"
        )
    if str(other.federated) == str(wanted.federated):
        raise Terminal(
            f'the CRD {wanted.federated} is in use by "{name}"; give another --federated-group'
        )


def _full(resource: Resource) -> str:
    return f"{resource.plural}.{resource.group}/{resource.version}"
