"""From a federated object to the object that a cluster shall have."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kubefed_core.api.federated import MANAGED, UNTOUCHED
from kubefed_core.api.fields import Fields
from kubefed_core.decide import overrides, retain
from kubefed_core.decide.overrides import Patch
from kubefed_core.errors import Terminal
from kubefed_core.objects import Key, Obj, key_of, version
from kubefed_core.resources import Resource

_GIVEN = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generateName",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
"""Metadata that an API server gives; a template copied from a live object has them."""


@dataclass(frozen=True, slots=True)
class Warned:
    """Something in a template that is left out; for an event."""

    reason: str
    message: str


class Unbuilt(Terminal):
    """The template is at fault."""


class Unretained(Terminal):
    """What the member has is not what its kind should have."""


class Unpatched(Terminal):
    """An override is at fault."""


def target_key(federated: Obj, target: Resource) -> Key:
    """Where in a cluster the object is; a namespace has its own name."""
    key = key_of(federated)
    return key if target.namespaced else Key("", key.name)


def warnings(federated: Obj) -> list[Warned]:
    """What of the template is not propagated."""
    metadata = ((federated.get("spec") or {}).get("template") or {}).get("metadata") or {}
    return [
        Warned(f"{field.capitalize()}NotSupported", f"spec.template.metadata.{field} is left out")
        for field in ("annotations", "finalizers")
        if isinstance(metadata, dict) and metadata.get(field)
    ]


def build(federated: Obj, target: Resource) -> dict[str, Any]:
    """The object without overrides; raises Unbuilt, naming the field.

    Parts of it are the template's own: whoever changes them copies it first.
    """
    template = Fields(federated, error=Unbuilt).at("spec").at("template")
    metadata = template.at("metadata")
    kind = template.text("kind", default=target.kind)
    if kind != target.kind:
        raise template.wrong("kind", f"must be {target.kind}, or be left out")
    kept = {
        name: value
        for name, value in metadata.obj.items()
        if name not in _GIVEN and name not in ("annotations", "finalizers", "namespace")
    }
    key = target_key(federated, target)
    place = {"namespace": key.namespace} if key.namespace else {}
    metadata.at("labels")
    rest = {name: value for name, value in template.obj.items() if name not in ("status",)}
    return {
        **rest,
        "apiVersion": template.text("apiVersion") or target.api_version,
        "kind": target.kind,
        "metadata": {**kept, **place, "name": key.name},
    }


def desired(
    federated: Obj,
    target: Resource,
    patches: Iterable[Patch],
    *,
    member: Obj | None = None,
) -> dict[str, Any]:
    """What a cluster shall have: template, what its own object keeps, overrides, our label.

    Raises Unbuilt, Unretained or Unpatched, naming the field.
    """
    made = build(federated, target)
    if member is not None:
        try:
            made = retain.retain(made, member, federated=federated)
        except Terminal as error:
            raise Unretained(str(error)) from error
    try:
        made = overrides.apply(made, patches)
    except Terminal as error:
        raise Unpatched(str(error)) from error
    metadata = made.get("metadata")
    if not isinstance(metadata, dict):
        raise Unpatched("spec.overrides: metadata must stay an object")
    _stay(metadata, target_key(federated, target), seen=version(member))
    given = metadata.get("labels") or {}
    if not isinstance(given, dict):
        raise Unpatched("spec.overrides: metadata.labels must stay an object")
    metadata["labels"] = {**given, MANAGED: "true"}
    return made


def _stay(metadata: dict[str, Any], key: Key, *, seen: str | None) -> None:
    """Overrides of metadata as a whole move no object elsewhere, and write over nobody's change.

    Who may write in one namespace may have no right in another one.
    """
    for field, wanted in (("namespace", key.namespace), ("name", key.name)):
        if metadata.get(field) not in (None, "", wanted):
            raise Unpatched(f"spec.overrides: metadata.{field}: {UNTOUCHED}")
    for field in _GIVEN:
        metadata.pop(field, None)
    place = {"namespace": key.namespace} if key.namespace else {}
    metadata |= {**place, "name": key.name} | ({"resourceVersion": seen} if seen else {})
