"""FederatedTypeConfig: a kind of objects that is propagated, and the kind that federates it."""

from dataclasses import dataclass
from typing import Any

from kubefed_core.api.fields import Fields
from kubefed_core.objects import Obj, generation
from kubefed_core.resources import TYPE_CONFIGS, Resource

FINALIZER = "core.kubefed.io/federated-type-config"
NAMESPACES = "namespaces"
"""The name of the type config of namespaces, on which those of namespaced kinds depend."""
FEDERATED_GROUP, FEDERATED_VERSION = "types.kubefed.io", "v1beta1"
RUNNING, NOT_RUNNING = "Running", "NotRunning"


@dataclass(frozen=True, slots=True)
class TypeConfig:
    """`propagated` and `collected` are what the user has switched on."""

    name: str
    target: Resource
    federated: Resource
    status: Resource | None = None
    propagated: bool = True
    collected: bool = False
    generation: int = 0

    @property
    def is_namespace(self) -> bool:
        return self.name == NAMESPACES

    @property
    def namespaced(self) -> bool:
        """Of the target; namespaces themselves are not."""
        return self.target.namespaced


def plural_name(kind: str) -> str:
    """The plural of a kind, as KubeFed guesses it."""
    word = kind.lower()
    if word.endswith(("s", "x", "ch", "sh", "z", "o")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def federated_of(
    target: Resource, *, group: str = FEDERATED_GROUP, version: str = FEDERATED_VERSION
) -> Resource:
    """The kind that federates a kind, unless the type config says another."""
    return Resource(
        group=group,
        version=version,
        plural=f"federated{target.plural}",
        kind=f"Federated{target.kind}",
        namespaced=target.namespaced or _is_namespaces(target),
    )


def parse(obj: Obj) -> TypeConfig:
    """With the defaults filled in; raises Terminal, naming the field, in upstream's words."""
    name = obj["metadata"]["name"]
    spec = Fields(obj).at("spec")
    plural, _, group = name.partition(".")
    target = _resource(spec.at("targetType"), plural=plural, group=group)
    if name != str(target):
        raise Fields(obj["metadata"]).wrong(
            "name", "name must be 'TARGET_PLURAL_NAME(.TARGET_GROUP_NAME)'"
        )
    federated = _resource(spec.at("federatedType"))
    status = None
    if "statusType" in spec:
        status = _resource(spec.at("statusType"), group=federated.group, version=federated.version)
    return TypeConfig(
        name=name,
        target=target,
        federated=federated,
        status=status,
        propagated=spec.choice("propagation", "Enabled", "Disabled") == "Enabled",
        collected=_enabled(spec, "statusCollection"),
        generation=generation(obj),
    )


def dump(config: TypeConfig, *, namespace: str) -> dict[str, Any]:
    """The object that `kubefedctl enable` writes."""
    spec = {
        "targetType": _dumped(config.target),
        "propagation": "Enabled" if config.propagated else "Disabled",
        "federatedType": _dumped(config.federated),
    }
    if config.status is not None:
        spec["statusType"] = _dumped(config.status)
    if config.collected:
        spec["statusCollection"] = "Enabled"
    return {
        "apiVersion": TYPE_CONFIGS.api_version,
        "kind": TYPE_CONFIGS.kind,
        "metadata": {"name": config.name, "namespace": namespace},
        "spec": spec,
    }


def dump_status(*, generation: int, propagating: bool, collecting: bool) -> dict[str, Any]:
    return {
        "observedGeneration": generation,
        "propagationController": RUNNING if propagating else NOT_RUNNING,
        "statusController": RUNNING if collecting else NOT_RUNNING,
    }


def _enabled(spec: Fields, name: str) -> bool:
    return spec.choice(name, "Enabled", "Disabled", default="Disabled") == "Enabled"


def _resource(fields: Fields, *, plural: str = "", group: str = "", version: str = "") -> Resource:
    kind = fields.text("kind", required=True)
    return Resource(
        group=fields.text("group", default=group),
        version=fields.text("version", default=version, required=not version),
        plural=fields.text("pluralName", default=plural or plural_name(kind)),
        kind=kind,
        namespaced=fields.choice("scope", "Cluster", "Namespaced") == "Namespaced",
    )


def _dumped(resource: Resource) -> dict[str, str]:
    return {
        **({"group": resource.group} if resource.group else {}),
        "version": resource.version,
        "kind": resource.kind,
        "pluralName": resource.plural,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
    }


def _is_namespaces(target: Resource) -> bool:
    return not target.group and target.plural == NAMESPACES
