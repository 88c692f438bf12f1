"""Whether a member's object still is what it was made to be."""

from collections.abc import Mapping
from typing import Any

from kubefed_core.decide import versions
from kubefed_core.objects import Obj, dig

_WHOLE = ("data", "binaryData")
"""Fields that no API server fills in: what is in them beyond the wish is not wanted."""
_OTHERS = ("apiVersion", "kind", "metadata", "status")


def needs_update(desired: Obj, member: Obj, *, recorded: str) -> bool:
    """`recorded` is the version that was propagated of this very wish, empty where none was.

    At the recorded generation the spec is as it was written, whatever it looks like: API servers
    write values in their own way. What has no generation, or another, is compared field by field.
    """
    if not recorded:
        return True
    now = versions.version(member)
    if now == recorded:
        return now.startswith("gen:") and not _same_metadata(desired, member)
    return not (_same_metadata(desired, member) and _same_rest(desired, member))


def _same_metadata(desired: Obj, member: Obj) -> bool:
    return all(
        within(
            dig(desired, "metadata", name, default={}), dig(member, "metadata", name, default={})
        )
        for name in ("labels", "annotations")
    )


def _same_rest(desired: Obj, member: Obj) -> bool:
    for name, value in desired.items():
        if name in _OTHERS:
            continue
        if name in _WHOLE and (value or {}) != (member.get(name) or {}):
            return False
        if not within(value, member.get(name)):
            return False
    return True


def within(wanted: Any, found: Any) -> bool:
    """Whether everything that is wanted is there; what is there besides is somebody else's."""
    if isinstance(wanted, Mapping):
        if not isinstance(found, Mapping):
            return not wanted and found is None
        return all(within(value, found.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list):
        if not isinstance(found, list):
            return not wanted and found is None
        return len(wanted) == len(found) and all(map(within, wanted, found))
    return bool(wanted == found)
