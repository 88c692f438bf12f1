"""FederatedTypeConfig: a kind of objects that is propagated, and the kind that federates it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from kubefed_core.api import checks, names
from kubefed_core.api.checks import Check
from kubefed_core.api.fields import Fields
from kubefed_core.objects import Obj, dig, generation
from kubefed_core.resources import TYPE_CONFIGS, Resource

FINALIZER = "core.kubefed.io/federated-type-config"
NAMESPACES = "namespaces"
"""The name of the type config of namespaces, on which those of namespaced kinds depend."""
FEDERATED_GROUP, FEDERATED_VERSION = "types.kubefed.io", "v1beta1"
RUNNING, NOT_RUNNING = "Running", "NotRunning"

_SWITCH = ("Enabled", "Disabled")
_NAMED = "name must be 'TARGET_PLURAL_NAME(.TARGET_GROUP_NAME)'"


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
    target = _resource(spec.at("targetType"), pluralName=plural, group=group)
    if name != str(target):
        raise Fields(obj["metadata"]).wrong("name", _NAMED)
    federated = _resource(spec.at("federatedType"), domain=True)
    status = None
    if "statusType" in spec:
        status = _resource(
            spec.at("statusType"), domain=True, group=federated.group, version=federated.version
        )
    return TypeConfig(
        name=name,
        target=target,
        federated=federated,
        status=status,
        propagated=spec.choice("propagation", *_SWITCH) == "Enabled",
        collected=spec.choice("statusCollection", *_SWITCH, default="Disabled") == "Enabled",
        generation=generation(obj),
    )


def faults(obj: Obj) -> list[str]:
    """All that is wrong with the spec and the name, in upstream's words and by its rules.

    Nothing is filled in first, so this asks for more than `parse`.
    """
    spec = Fields(obj).at("spec")
    return checks.faults([*_spec_checks(spec), partial(_check_name, obj, spec.at("targetType"))])


def status_faults(obj: Obj) -> list[str]:
    status = Fields(obj).at("status")
    words = (RUNNING, NOT_RUNNING)
    given = [partial(status.choice, "propagationController", *words)]
    if "statusController" in status:
        given.append(partial(status.choice, "statusController", *words))
    return checks.faults([partial(_check_generation, status), *given])


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


def _resource(fields: Fields, *, domain: bool = False, **defaults: str) -> Resource:
    kind = fields.text("kind", required=True)
    given = {name: value for name, value in fields.obj.items() if value is not None}
    filled = Fields({"pluralName": plural_name(kind), **defaults, **given}, fields.path)
    for check in _checks(filled, domain=domain):
        check()
    return Resource(
        group=filled.text("group"),
        version=filled.text("version"),
        plural=filled.text("pluralName"),
        kind=kind,
        namespaced=filled.text("scope") == "Namespaced",
    )


def _spec_checks(spec: Fields) -> Iterator[Check]:
    yield from _checks(spec.at("targetType"))
    yield partial(spec.choice, "propagation", *_SWITCH)
    yield from _checks(spec.at("federatedType"), domain=True)
    if "statusType" in spec:
        yield from _checks(spec.at("statusType"), domain=True)
    if "statusCollection" in spec:
        yield partial(spec.choice, "statusCollection", *_SWITCH)


def _checks(fields: Fields, *, domain: bool = False) -> Iterator[Check]:
    """Of one APIResource; `domain` where its group must be one that can be ours."""
    if domain:
        yield partial(_check_domain, fields)
    yield partial(_check_group, fields)
    for name in ("version", "kind", "pluralName"):
        yield partial(_check_label, fields, name)
    yield partial(fields.choice, "scope", "Cluster", "Namespaced")


def _check_domain(fields: Fields) -> None:
    if "." not in fields.text("group", required=True):
        raise fields.wrong("group", "should be a domain with at least one dot")


def _check_group(fields: Fields) -> None:
    group = fields.text("group")
    if group and (fault := names.subdomain_fault(group)):
        raise fields.wrong("group", fault)


def _check_label(fields: Fields, name: str) -> None:
    text = fields.text(name, required=True)
    if fault := names.label_fault(text.lower() if name == "kind" else text):
        raise fields.wrong(name, fault)


def _check_name(obj: Obj, target: Fields) -> None:
    fields = Fields(dig(obj, "metadata", default={}))
    wanted = filter(None, (target.text("pluralName"), target.text("group")))
    if fields.text("name") != ".".join(wanted):
        raise fields.wrong("name", _NAMED)


def _check_generation(status: Fields) -> None:
    if status.whole("observedGeneration", default=0, least=-(2**63)) < 0:
        raise status.wrong("observedGeneration", "must be greater than or equal to 0")


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
