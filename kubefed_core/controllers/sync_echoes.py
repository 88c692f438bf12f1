"""Changes that are only what was written here: no reason to look again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kubefed_core.objects import Key, Obj, key_of, version
from kubefed_core.resources import Resource
from kubefed_core.runtime.fleet import Fleet

Changed = Callable[[str, Resource, Key], None]
_Slot = tuple[str, Resource, Key]


class Echoes:
    """The echo of a write may come before its answer, so what changes meanwhile is held back.

    `changed` is told in the end of what was no echo.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._heard: dict[_Slot, set[str | None]] = {}
        self._own: dict[_Slot, set[str | None]] = {}
        self.changed: Changed = lambda *_: None

    @contextmanager
    def writing(self, cluster: str, resource: Resource, key: Key) -> Iterator[None]:
        """While an object is being written; one write of it at a time."""
        slot = cluster, resource, key
        self._heard[slot], self._own[slot] = set(), set()
        try:
            yield
        finally:
            if self._heard.pop(slot) - self._own.pop(slot):
                self.changed(*slot)

    def wrote(self, cluster: str, resource: Resource, made: Obj) -> None:
        """What a write has answered, while `writing` lasts."""
        self._own[cluster, resource, key_of(made)].add(version(made))

    def holds(self, cluster: str, resource: Resource, key: Key) -> bool:
        """Whether a change is held back."""
        heard = self._heard.get((cluster, resource, key))
        if heard is None:
            return False
        store = self._fleet.store(cluster, resource)
        heard.add(version(store.get(key)) if store is not None else None)
        return True
