"""What was propagated last, as KubeFed keeps it: hashes of the wish, versions of what came."""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from kubefed_core.objects import Obj, dig, generation

_ESCAPED = {
    # A backslash of the text itself comes first, so that what follows it is left alone.
    r"\\": r"\\",
    r"\b": r"\u0008",
    r"\f": r"\u000c",
    **{each: f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"},
}
_UNSAFE = re.compile("|".join(map(re.escape, _ESCAPED)))


def version(obj: Obj) -> str:
    """`gen:` and the generation where the type has one, else `rv:` and the resource version."""
    number = generation(obj)
    return (
        f"gen:{number}" if number else f"rv:{dig(obj, 'metadata', 'resourceVersion', default='')}"
    )


def template_hash(federated: Obj) -> str:
    """MD5 of the template as Go would encode it; empty where there is none."""
    template = dig(federated, "spec", "template")
    if template is None:
        return ""
    text = json.dumps(template, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return _md5(_escaped(text))


def overrides_hash(federated: Obj) -> str:
    """MD5 of the overrides as Go would encode them; empty where there is no spec.

    A `clusterSelector`, which KubeFed has not, enters between its neighbours;
    without one the hash is KubeFed's.
    """
    spec = federated.get("spec")
    if not isinstance(spec, Mapping):
        return ""
    items = spec.get("overrides")
    return _md5(_encode({"overrides": None if items is None else [_item(item) for item in items]}))


def name_for(kind: str, name: str) -> str:
    """The name of the PropagatedVersion of a target."""
    return f"{kind.lower()}-{name}"


def merged(
    old: Mapping[str, str], new: Mapping[str, str], *, selected: Iterable[str], same: bool
) -> list[tuple[str, str]]:
    """Versions by cluster, sorted: the new ones, and where the wish is the same the old ones
    of clusters that are still selected.
    """
    kept = {name: old[name] for name in selected if same and name in old}
    return sorted((name, each) for name, each in {**kept, **new}.items() if each)


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    """One item with its fields in the order of Go's struct, empty ones left out."""
    found: dict[str, Any] = {"clusterName": item.get("clusterName", "")}
    if item.get("clusterSelector") is not None:
        found["clusterSelector"] = _sorted(item["clusterSelector"])
        if not found["clusterName"]:
            del found["clusterName"]
    if patches := [_patch(each) for each in item.get("clusterOverrides") or ()]:
        found["clusterOverrides"] = patches
    return found


def _patch(item: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"op": item["op"]} if item.get("op") else {}
    found["path"] = item.get("path", "")
    if item.get("value") is not None:
        found["value"] = _floats(item["value"])
    return found


def _floats(value: Any) -> Any:
    """Every number through a float, as Go's `interface{}` decodes it; maps sorted by key."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return _Number(float(value))
    if isinstance(value, Mapping):
        return {key: _floats(value[key]) for key in sorted(value, key=_bytes)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_floats(each) for each in value]
    return value


class _Number(float):
    """A float that is written as Go's encoding/json writes it."""

    def __repr__(self) -> str:
        return _go_float(float(self))


def _go_float(value: float) -> str:
    """Shortest digits; exponents only below 1e-6 and from 1e21 on, without a padded zero."""
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    text = repr(value)
    if 1e-6 <= abs(value) < 1e21:
        if "e" in text or "E" in text:
            text = format(Decimal(text), "f")
        return text.removesuffix(".0")
    mantissa, _, exponent = (text if "e" in text else f"{value:e}").partition("e")
    sign = "-" if exponent.startswith("-") else "+"
    digits = exponent.lstrip("+-").lstrip("0").rjust(1, "0")
    # Go writes e-7 as e-07 by strconv and then drops the zero; e+21 it leaves alone.
    return f"{mantissa.removesuffix('.0')}e{sign}{digits}"


def _bytes(key: str) -> bytes:
    return key.encode()


def _md5(text: str) -> str:
    return hashlib.md5(f"{text}\n".encode(), usedforsecurity=False).hexdigest()


def _sorted(value: Any) -> Any:
    """The same value with the keys of its maps in the order of their bytes, as Go writes maps."""
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value, key=_bytes)}
    if isinstance(value, list | tuple):
        return [_sorted(each) for each in value]
    return value


def _encode(value: Any) -> str:
    """Go's encoding/json without spaces and with HTML escaped; keys in the order that they have."""
    if isinstance(value, Mapping):
        return (
            "{" + ",".join(f"{_encode(key)}:{_encode(each)}" for key, each in value.items()) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_encode, value)) + "]"
    if isinstance(value, _Number):
        return repr(value)
    return _escaped(json.dumps(value, ensure_ascii=False))


def _escaped(text: str) -> str:
    """JSON as Go writes it, which is careful about HTML and has fewer short forms."""
    return _UNSAFE.sub(lambda found: _ESCAPED[found[0]], text)
