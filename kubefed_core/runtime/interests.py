"""What is to be followed, by who wants it; what several want is followed once."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from kubefed_core.resources import Resource
from kubefed_core.runtime.fleet import Interest


class Interests:
    """A set of interests that can change at run time; the base is always wanted."""

    def __init__(self, base: Iterable[Interest] = ()) -> None:
        self._wanted: dict[str, tuple[Interest, ...]] = {"": tuple(base)}
        self._listeners: list[Callable[[], None]] = []

    def subscribe(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def want(self, who: str, interests: Iterable[Interest] = ()) -> bool:
        """Replace what one wants, with nothing if nothing is given; whether that is a change."""
        before, wanted = self.all(), tuple(interests)
        if wanted:
            self._wanted[who] = wanted
        else:
            self._wanted.pop(who, None)
        if self.all() == before:
            return False
        for listener in self._listeners:
            listener()
        return True

    def all(self) -> tuple[Interest, ...]:
        """One interest for each resource, wide enough for all who want it.

        Who asked for less must therefore look at what it gets.
        """
        merged: dict[Resource, Interest] = {}
        for wanted in self._wanted.values():
            for each in wanted:
                known = merged.get(each.resource)
                merged[each.resource] = each if known is None else _wider(known, each)
        return tuple(merged.values())


def _wider(one: Interest, other: Interest) -> Interest:
    return replace(
        one,
        namespace=one.namespace if one.namespace == other.namespace else "",
        labels=one.labels if one.labels == other.labels else "",
        fields=one.fields if one.fields == other.fields else "",
        index=one.index or other.index,
    )
