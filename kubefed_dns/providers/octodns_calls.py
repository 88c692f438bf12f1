"""Calls of foreign code that may never come back."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar, cast

GRACE = 5.0
"""Seconds for which a call under way is waited for at the end of the process."""

R = TypeVar("R")


class Late(Exception):
    """A call did not come back in time, or one before it still has not."""


class Calls:
    """Those of one DNSProvider: one at a time for each place, each in a thread of its own.

    A thread that hangs keeps nothing but its place: neither whoever called, for
    longer than `timeout` seconds, nor the end of the process.
    """

    def __init__(self, *, timeout: float, grace: float = GRACE) -> None:
        self._timeout = timeout
        self._grace = grace
        self._last = float("inf")
        self._under_way = set[str]()
        self._changed = threading.Condition()

    def make(self, place: str, do: Callable[[], R]) -> R:
        """What comes of a call; raises Late.

        A call that was too late goes on all the same, and what it does may yet be done.
        """
        with self._changed:
            if place in self._under_way:
                raise Late("the call before has not come back yet, and nothing is asked meanwhile")
            self._under_way.add(place)
        call = Future[R]()
        thread = threading.Thread(target=self._run, args=(place, call, do), daemon=True)
        thread.start()
        self._wait(call)
        return call.result()

    def close(self) -> None:
        """Nobody waits for long from now on."""
        with self._changed:
            self._last = time.monotonic() + self._grace
            self._changed.notify_all()

    def _run(self, place: str, call: Future[R], do: Callable[[], R]) -> None:
        found: R | None = None
        fault: BaseException | None = None
        try:
            found = do()
        except BaseException as error:
            fault = error
        with self._changed:
            # Whoever learns of the end may ask for the next call at once.
            self._under_way.remove(place)
            if fault is not None:
                call.set_exception(fault)
            else:
                call.set_result(cast("R", found))
            self._changed.notify_all()

    def _wait(self, call: Future[Any]) -> None:
        deadline = time.monotonic() + self._timeout
        with self._changed:
            while not call.done():
                left = min(deadline, self._last) - time.monotonic()
                if left <= 0:
                    raise Late(f"no end within {self._timeout:g} s; what it did may be done")
                self._changed.wait(left)
