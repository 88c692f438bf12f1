"""Reading Kubernetes objects as plain dicts; nothing here changes one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

Obj = Mapping[str, Any]


class Key(NamedTuple):
    """The name of an object within one resource; cluster-scoped ones have no namespace."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


def key_of(obj: Obj) -> Key:
    meta = obj["metadata"]
    return Key(meta.get("namespace", ""), meta["name"])


def dig(obj: Obj, *path: str, default: Any = None) -> Any:
    """Follow keys down through nested dicts; the default where one is missing or null."""
    value: Any = obj
    for step in path:
        # Nearly all are dicts, which is told much sooner than whether something is a Mapping.
        if type(value) is not dict and not isinstance(value, Mapping):
            return default
        value = value.get(step)
        if value is None:
            return default
    return value


def copied(value: Any) -> Any:
    """The same JSON, of which no part is shared; what is neither object nor list stays itself."""
    if isinstance(value, dict):
        return {name: copied(each) for name, each in value.items()}
    if isinstance(value, list):
        return [copied(each) for each in value]
    return value


def version(obj: Obj | None) -> str | None:
    return None if obj is None else dig(obj, "metadata", "resourceVersion")


def uid(obj: Obj) -> str:
    value: str = dig(obj, "metadata", "uid", default="")
    return value


def labels(obj: Obj) -> Mapping[str, str]:
    value: Mapping[str, str] = dig(obj, "metadata", "labels", default={})
    return value


def annotations(obj: Obj) -> Mapping[str, str]:
    value: Mapping[str, str] = dig(obj, "metadata", "annotations", default={})
    return value


def generation(obj: Obj) -> int:
    value: int = dig(obj, "metadata", "generation", default=0)
    return value


def deleting(obj: Obj) -> bool:
    return dig(obj, "metadata", "deletionTimestamp") is not None


def timestamp(moment: datetime) -> str:
    """RFC 3339 with seconds, in UTC, as metav1.Time is written."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """The inverse of `timestamp`; fractions and offsets are accepted.

    Raises ValueError where the text is no RFC 3339 time.
    """
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
