"""A bounded memory of what was asked lately."""

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Two generations: what was not asked for since the young one began falls out with the old.

    That is nearly "least recently used" and costs one look-up for what is asked often.
    """

    def __init__(self, size: int) -> None:
        self._half = max(1, size // 2)
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: K) -> V | None:
        found = self._young.get(key)
        if found is None:
            found = self._old.pop(key, None)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: K, value: V) -> None:
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[key] = value
        self._old.pop(key, None)

    def pop(self, key: K) -> V | None:
        """Forget a value, and give it."""
        young, old = self._young.pop(key, None), self._old.pop(key, None)
        return young if young is not None else old
