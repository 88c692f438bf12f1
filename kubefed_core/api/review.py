"""AdmissionReview: what an API server asks before it takes an object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kubefed_core.api.loose import text, texts
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, deleting, dig


class Undecodable(Terminal):
    """What was sent is no review, or is about what is no object."""


class Kind(NamedTuple):
    """The resource as the request names it; `version` does not matter to any rule."""

    group: str
    version: str
    plural: str


@dataclass(frozen=True, slots=True)
class User:
    """Who asks; `extra` is as an authenticator gave it."""

    name: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Review:
    """`old` is None where nothing is replaced; `subresource` empty for the object itself."""

    uid: str
    operation: str
    kind: Kind
    obj: Obj
    old: Obj | None = None
    subresource: str = ""
    user: User = User()

    def same(self, *path: str) -> bool:
        """Whether a part is what it was before; a new object has no part that was."""
        return self.old is not None and dig(self.obj, *path) == dig(self.old, *path)

    @property
    def settled(self) -> bool:
        """Whether there is nothing to be said of the spec: it is as before, or on its way out."""
        return self.same("spec") or (self.old is not None and deleting(self.old))


def parse(data: Any) -> Review:
    """Raises Undecodable."""
    request = data.get("request") if isinstance(data, Mapping) else None
    if not isinstance(request, Mapping):
        raise Undecodable("request: Required value")
    operation = text(request.get("operation"))
    obj, old = request.get("object"), request.get("oldObject")
    return Review(
        uid=text(request.get("uid")),
        operation=operation,
        kind=Kind(*(text(dig(request, "resource", n)) for n in ("group", "version", "resource"))),
        obj={} if obj is None and operation not in ("CREATE", "UPDATE") else _object(obj, "object"),
        old=None if old is None else _object(old, "oldObject"),
        subresource=text(request.get("subResource")),
        user=_user(request.get("userInfo")),
    )


def _object(value: Any, name: str) -> Obj:
    """With parts that are objects too, where they are there at all."""
    if not isinstance(value, Mapping):
        raise Undecodable(f"{name}: must be an object")
    for part in ("metadata", "spec", "status"):
        if not isinstance(value.get(part, {}), Mapping | None):
            raise Undecodable(f"{part}: must be an object")
    return value


def _user(info: Any) -> User:
    found = info if isinstance(info, Mapping) else {}
    extra = found.get("extra")
    return User(
        name=text(found.get("username")),
        uid=text(found.get("uid")),
        groups=texts(found.get("groups")),
        extra=extra if isinstance(extra, Mapping) else {},
    )
