"""Per-cluster changes to a template: JSON patch as KubeFed's library applied it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubefed_core.api import selectors
from kubefed_core.api.federated import ABSOLUTE, EITHER, FORBIDDEN, UNTOUCHED
from kubefed_core.api.fields import Fields
from kubefed_core.api.selectors import Selector
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, copied

OPERATIONS = ("add", "remove", "replace")
_DIGITS = re.compile("[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Patch:
    """One operation; `path` is split and unescaped."""

    op: str
    path: tuple[str, ...]
    value: Any = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """Patches for one cluster by name, or for all that a selector selects."""

    cluster: str
    selector: Selector | None
    patches: tuple[Patch, ...]


def parse(federated: Obj) -> tuple[Override, ...]:
    """`spec.overrides`, in its order.

    Raises Terminal, naming the field: a cluster or a path twice, a path that may
    not be overridden, neither or both of clusterName and clusterSelector.
    """
    fields = Fields(federated).at("spec")
    found = tuple(_override(item) for item in fields.each("overrides"))
    named = [each.cluster for each in found if each.cluster]
    if twice := _twice(named):
        raise Terminal(f'spec.overrides: Duplicate value: "{twice}": give each cluster once')
    return found


def for_cluster(
    overrides: Iterable[Override], cluster: str, labels: Mapping[str, str]
) -> tuple[Patch, ...]:
    """The patches of a cluster: those by selector first, in order, then those by its name."""
    found = tuple(overrides)
    selected = [each for each in found if each.selector and each.selector.matches(labels)]
    named = [each for each in found if each.cluster == cluster]
    return tuple(patch for each in (*selected, *named) for patch in each.patches)


def apply(obj: Obj, patches: Iterable[Patch]) -> dict[str, Any]:
    """A patched copy; without patches its parts are shared.

    `replace`, the default, also sets a member that is absent: KubeFed's library
    did so and its users rely on it. Raises Terminal, naming the path, where a
    patch cannot be applied.
    """
    found = tuple(patches)
    result: dict[str, Any] = copied(dict(obj)) if found else dict(obj)
    for patch in found:
        *way, last = patch.path
        parent: Any = result
        for step in way:
            parent = _down(parent, step, patch)
        if isinstance(parent, dict):
            _member(parent, last, patch)
        elif isinstance(parent, list):
            _element(parent, last, patch)
        else:
            raise _failed(patch, "its parent is neither an object nor a list")
    return result


def _override(item: Fields) -> Override:
    cluster = item.text("clusterName")
    selector = selectors.parse(item.obj.get("clusterSelector"), item.where("clusterSelector"))
    if bool(cluster) == (selector is not None):
        raise Terminal(f"{item.path}: {EITHER}")
    patches = tuple(_patch(each) for each in item.each("clusterOverrides"))
    if twice := _twice(["/".join(each.path) for each in patches]):
        raise Terminal(f'{item.where("clusterOverrides")}: Duplicate value: "/{twice}"')
    return Override(cluster, selector, patches)


def _patch(item: Fields) -> Patch:
    path = item.text("path", required=True)
    if path in FORBIDDEN:
        raise item.wrong("path", UNTOUCHED)
    before, slash, rest = path.partition("/")
    if not slash or before:
        raise item.wrong("path", ABSOLUTE)
    steps = tuple(step.replace("~1", "/").replace("~0", "~") for step in rest.split("/"))
    return Patch(
        op=item.choice("op", *OPERATIONS, default="replace") if item.text("op") else "replace",
        path=steps,
        value=item.obj.get("value"),
        where=item.path,
    )


def _twice(names: Sequence[str]) -> str:
    return next((name for name in names if names.count(name) > 1), "")


def _down(parent: Any, step: str, patch: Patch) -> Any:
    if isinstance(parent, dict) and step in parent:
        return parent[step]
    if isinstance(parent, list) and _DIGITS.fullmatch(step) and int(step) < len(parent):
        return parent[int(step)]
    raise _failed(patch, f"there is no {step!r} on its way")


def _member(parent: dict[str, Any], name: str, patch: Patch) -> None:
    if patch.op != "remove":
        parent[name] = copied(patch.value)
    elif name in parent:
        del parent[name]
    else:
        raise _failed(patch, f"there is no {name!r} to remove")


def _element(parent: list[Any], place: str, patch: Patch) -> None:
    value = copied(patch.value)
    if patch.op == "add":
        parent.insert(_index(place, len(parent), patch, room=1), value)
    elif patch.op == "remove":
        del parent[_index(place, len(parent), patch, room=0)]
    elif _DIGITS.fullmatch(place) and int(place) < len(parent):
        parent[int(place)] = value
    else:
        raise _failed(patch, f"{place!r} is no place in a list of {len(parent)}")


def _index(place: str, length: int, patch: Patch, *, room: int) -> int:
    """Where in a list; negative counts from the end of the list as it will be."""
    if place == "-" and room:
        return length
    if _DIGITS.fullmatch(place.removeprefix("-")):
        number = int(place)
        index = number + length + room if number < 0 else number
        if 0 <= index < length + room:
            return index
    raise _failed(patch, f"{place!r} is no place in a list of {length}")


def _failed(patch: Patch, why: str) -> Terminal:
    path = "/".join(("", *patch.path))
    return Terminal(f'{patch.where}: cannot {patch.op} "{path}": {why}')
