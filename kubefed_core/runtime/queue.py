"""A queue of keys where a key waits once and is held by one worker at a time."""

import asyncio
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class KeyQueue(Generic[K]):
    """Adding never blocks, so a watch is never slowed by the work it causes."""

    def __init__(self) -> None:
        self._ready: asyncio.Queue[K] = asyncio.Queue()
        self._waiting: set[K] = set()
        self._held: set[K] = set()
        self._timers: dict[K, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, key: K) -> None:
        """Add now; a key that waits already, or for a timer, is not added twice."""
        if timer := self._timers.pop(key, None):
            timer.cancel()
        if key in self._waiting:
            return
        self._waiting.add(key)
        if key not in self._held:
            self._ready.put_nowait(key)

    def add_after(self, key: K, delay: float) -> None:
        """Add later, unless it is due sooner already."""
        loop = asyncio.get_running_loop()
        due = loop.time() + delay
        if (timer := self._timers.get(key)) is not None:
            if timer.when() <= due:
                return
            timer.cancel()
        self._timers[key] = loop.call_at(due, self.add, key)

    async def get(self) -> K:
        key = await self._ready.get()
        self._waiting.discard(key)
        self._held.add(key)
        return key

    def done(self, key: K) -> None:
        """Give a key back; it comes again at once if it was added meanwhile."""
        self._held.discard(key)
        if key in self._waiting:
            self._ready.put_nowait(key)

    def close(self) -> None:
        """Forget every timer, so that nothing comes any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
