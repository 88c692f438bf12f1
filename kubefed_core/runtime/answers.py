"""Reading what an API server answers, whatever its users have put into their objects.

An API server takes JSON that is nested 10,000 deep. One such object in a list must not keep
everybody from the others, and nothing that walks through objects here is made for that depth.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

DEEPEST = 200
"""Levels that a field of an object may be nested; what users mean has far fewer."""
_READABLE = 15_000
"""Levels that are read at all; 10,000 need 2 MB of stack."""


def parse(text: bytes, path: str) -> dict[str, Any]:
    """An object, a list or an event; raises ConnectionError where it is nothing of that.

    A text stands in the place of fields that are nested too deep: whoever wants an object there
    names it when he refuses it.
    """
    try:
        value = _loads(text)
    except (ValueError, RecursionError) as error:
        raise ConnectionError(f"{path}: the answer is not JSON") from error
    if not isinstance(value, dict):
        raise ConnectionError(f"{path}: the answer is no object")
    if text.count(b"{") + text.count(b"[") > DEEPEST and _is_deep(value, DEEPEST):
        for obj in _objects(value):
            _flatten(obj)
    return value


def _loads(text: bytes) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        usual = sys.getrecursionlimit()
        sys.setrecursionlimit(_READABLE)
        try:
            return json.loads(text)
        finally:
            sys.setrecursionlimit(usual)


def _is_deep(value: Any, most: int) -> bool:
    """Level by level, for depth is just what cannot be recursed into."""
    level = [value]
    for _ in range(most):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _objects(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Those of a list, that of an event, or the answer itself; only an object has a name."""
    metadata = value.get("metadata")
    if isinstance(metadata, dict) and "name" in metadata:
        found: list[Any] = [value]
    else:
        items = value.get("items")
        found = items if isinstance(items, list) else [value.get("object")]
    yield from (each for each in found if isinstance(each, dict))


def _flatten(obj: dict[str, Any]) -> None:
    metadata = obj.get("metadata")
    if isinstance(metadata, dict) and _is_deep(metadata.get("managedFields") or [], DEEPEST):
        del metadata["managedFields"]
    for name, value in obj.items():
        if isinstance(value, dict | list) and _is_deep(value, DEEPEST):
            obj[name] = f"nested more than {DEEPEST} deep"
