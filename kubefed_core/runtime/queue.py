"""A queue of keys where a key waits once and is held by one worker at a time."""

import asyncio
import itertools
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


URGENT, BULK = 0, 1


class KeyQueue(Generic[K]):
    """Adding never blocks, so a watch is never slowed by the work it causes."""

    def __init__(self) -> None:
        self._ready: asyncio.PriorityQueue[tuple[int, int, K]] = asyncio.PriorityQueue()
        self._numbers = itertools.count()
        self._waiting: dict[K, int] = {}
        self._held: set[K] = set()
        self._timers: dict[K, tuple[float, asyncio.Handle]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, key: K, *, bulk: bool = False) -> None:
        """Add now; a key that waits already, or for a timer, is not added twice.

        What comes in bulk, because something that concerns everything has
        changed, waits behind all that does not.
        """
        if timer := self._timers.pop(key, None):
            timer[1].cancel()
        rank = BULK if bulk else URGENT
        if self._waiting.get(key, BULK + 1) <= rank:
            return
        self._waiting[key] = rank
        if key not in self._held:
            self._put(key)

    def _put(self, key: K) -> None:
        self._ready.put_nowait((self._waiting[key], next(self._numbers), key))

    def add_after(self, key: K, delay: float) -> None:
        """Add later, unless it is due sooner already."""
        loop = asyncio.get_running_loop()
        due = loop.time() + delay
        # When a timer is due is kept here: not every loop's handle can tell.
        if (timer := self._timers.get(key)) is not None:
            if timer[0] <= due:
                return
            timer[1].cancel()
        self._timers[key] = (due, loop.call_at(due, self.add, key))

    async def get(self) -> K:
        while True:
            rank, _, key = await self._ready.get()
            # A key that became urgent while it waited stands here twice.
            if self._waiting.get(key) == rank and key not in self._held:
                del self._waiting[key]
                self._held.add(key)
                return key

    def done(self, key: K) -> None:
        """Give a key back; it comes again at once if it was added meanwhile."""
        self._held.discard(key)
        if key in self._waiting:
            self._put(key)

    def close(self) -> None:
        """Stop every timer, so that nothing comes by itself; what waited for one waits here."""
        for key in list(self._timers):
            self.add(key)
