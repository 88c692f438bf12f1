"""The last seen objects of one resource in one cluster."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field

from kubefed_core.objects import Key, Obj, key_of, version

REMEMBERED = 1024
"""How many deletions a store keeps in mind, against answers that are older than they are."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Everything there is at a version; what is not in it is gone."""

    objects: tuple[Obj, ...]
    version: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Changed:
    """One object was added or modified."""

    obj: Obj


@dataclass(frozen=True, slots=True)
class Gone:
    """One object was deleted."""

    obj: Obj


@dataclass(frozen=True, slots=True)
class Live:
    """The feed follows the cluster (again)."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The feed cannot follow the cluster; what is stored is what was seen last."""

    error: Exception


Event = Listed | Changed | Gone | Live | Lost
Index = Callable[[Obj], Hashable | None]


class Store:
    """Written by one reflector (and by the answers of our own writes), read by every controller.

    `synced`: has been listed once. `lost_since`: the loop's time since when it
    has not been live, None while it is; `error` then says why. `since` is None
    until the first listing or the first failure.
    """

    def __init__(self, *, index: Index | None = None) -> None:
        self._objects: dict[Key, Obj] = {}
        self._seen: dict[Key, float] = {}
        self._index = index
        self._indexed: dict[Hashable, set[Key]] = {}
        self._gone: dict[Key, int] = {}
        self.synced = False
        self.lost_since: float | None = None
        self.error: Exception | None = None

    @property
    def live(self) -> bool:
        return self.synced and self.lost_since is None

    @property
    def started(self) -> bool:
        """Whether the feed has come to anything yet: a listing or a failure."""
        return self.synced or self.lost_since is not None

    def get(self, key: Key) -> Obj | None:
        return self._objects.get(key)

    def keys(self) -> frozenset[Key]:
        return frozenset(self._objects)

    def seen(self, key: Key) -> float | None:
        """The loop's time of the last event of an object that is there."""
        return self._seen.get(key)

    def indexed(self, value: Hashable) -> list[Obj]:
        """The objects for which the index function gave this value, by key."""
        return [self._objects[key] for key in sorted(self._indexed.get(value, ()))]

    def __iter__(self) -> Iterator[Obj]:
        return iter(list(self._objects.values()))

    def __len__(self) -> int:
        return len(self._objects)

    def apply(self, event: Event, *, now: float) -> frozenset[Key]:
        """Take in one event; return the keys whose object is no longer the same.

        A listing reports the objects that vanished while nobody watched,
        so a caller never has to tell a missed deletion from a seen one.
        """
        match event:
            case Listed(objects, at):
                return self._list(objects, _number(at), now)
            case Changed(obj):
                return self._change(obj, now)
            case Gone(obj):
                return self._remove(obj)
            case Live():
                self.lost_since, self.error = None, None
            case Lost(error):
                if self.lost_since is None:
                    self.lost_since = now
                self.error = error
        return frozenset()

    def put(self, obj: Obj, *, now: float) -> bool:
        """Take in what a read or a write answered; False where something newer was seen already."""
        key = key_of(obj)
        known = self._objects.get(key)
        seen = self._gone.get(key, 0) if known is None else _order(known)
        if _order(obj) <= seen:
            return False
        self._set(key, obj, now)
        return True

    def _list(self, objects: tuple[Obj, ...], at: int, now: float) -> frozenset[Key]:
        fresh = {key_of(obj): obj for obj in objects}
        self.synced, self.lost_since, self.error = True, None, None
        changed = set()
        for key in self._objects.keys() - fresh.keys():
            self._bury(key, max(at, _order(self._objects[key])))
            self._drop(key)
            changed.add(key)
        for key, obj in fresh.items():
            if version(obj) != version(self._objects.get(key)):
                self._set(key, obj, now)
                changed.add(key)
        return frozenset(changed)

    def _change(self, obj: Obj, now: float) -> frozenset[Key]:
        key = key_of(obj)
        known = self._objects.get(key)
        if known is not None and 0 < _order(obj) <= _order(known):
            return frozenset()
        self._set(key, obj, now)
        return frozenset({key})

    def _remove(self, obj: Obj) -> frozenset[Key]:
        key = key_of(obj)
        known = self._objects.get(key)
        if known is not None and 0 < _order(obj) < _order(known):
            return frozenset()
        self._bury(key, _order(obj))
        if known is None:
            return frozenset()
        self._drop(key)
        return frozenset({key})

    def _bury(self, key: Key, order: int) -> None:
        """Keep in mind that nothing up to this version of it is there any more."""
        self._gone.pop(key, None)
        self._gone[key] = order
        if len(self._gone) > REMEMBERED:
            del self._gone[next(iter(self._gone))]

    def _set(self, key: Key, obj: Obj, now: float) -> None:
        self._unindex(key)
        self._gone.pop(key, None)
        self._objects[key] = obj
        self._seen[key] = now
        if self._index is not None and (value := self._index(obj)) is not None:
            self._indexed.setdefault(value, set()).add(key)

    def _drop(self, key: Key) -> None:
        self._unindex(key)
        self._objects.pop(key, None)
        self._seen.pop(key, None)

    def _unindex(self, key: Key) -> None:
        old = self._objects.get(key)
        if self._index is None or old is None:
            return
        value = self._index(old)
        if (keys := self._indexed.get(value)) is not None:
            keys.discard(key)
            if not keys:
                del self._indexed[value]


def _order(obj: Obj) -> int:
    """Resource versions of one resource compare as numbers (KEP-5504); 0 for what is none."""
    return _number(version(obj) or "")


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
