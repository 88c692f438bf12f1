"""Whether a kind has a field, by the OpenAPI document of the API version that serves it."""

from collections.abc import Mapping, Sequence
from typing import Any

from kubefed_core.objects import dig

Schemas = Mapping[str, Any]
"""`components.schemas` of an OpenAPI v3 document."""

_GVK = "x-kubernetes-group-version-kind"
_OPEN = "x-kubernetes-preserve-unknown-fields"


def of_kind(schemas: Schemas, group: str, version: str, kind: str) -> Any:
    """The schema of a kind; None where it is not served."""
    wanted = {"group": group, "version": version, "kind": kind}
    return next((each for each in schemas.values() if wanted in each.get(_GVK, ())), None)


def unknown(schemas: Schemas, schema: Any, path: Sequence[str]) -> str:
    """Why a path leads nowhere, naming its first step that does not fit; empty where it may."""
    for number, step in enumerate(path):
        node = _resolved(schemas, schema)
        known = dig(node, "properties", default={})
        more = node.get("additionalProperties")
        if step in known:
            schema = known[step]
        elif isinstance(more, Mapping):
            schema = more
        elif node.get(_OPEN) or more or (not known and node.get("type", "object") == "object"):
            return ""
        elif node.get("type") == "array" and _is_place(step):
            schema = node.get("items", {})
        else:
            return f'there is no field "{step}" in {_named(path[:number])}'
    return ""


def _resolved(schemas: Schemas, schema: Any) -> Mapping[str, Any]:
    """Through references, also those that Kubernetes wraps to give them a default."""
    for _ in range(8):
        wrapped: Sequence[Any] = schema.get("allOf") or ()
        if len(wrapped) == 1:
            schema = wrapped[0]
        elif "$ref" in schema:
            schema = schemas.get(schema["$ref"].rpartition("/")[2], {})
        else:
            break
    found: Mapping[str, Any] = schema
    return found


def _is_place(step: str) -> bool:
    return step == "-" or step.removeprefix("-").isdigit()


def _named(path: Sequence[str]) -> str:
    return ".".join(path) or "the object"
