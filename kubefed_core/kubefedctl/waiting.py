"""Waiting for something to become so."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

T = TypeVar("T")


def utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """Where waiting takes its time from; in seconds. `date` is for ages."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    date: Callable[[], datetime] = utc

    def wait(self, ask: Callable[[], T | None], *, limit: float, every: float = 0.2) -> T | None:
        """Ask until there is an answer, at least once; None when the time is over."""
        until = self.now() + limit
        while (answer := ask()) is None:
            left = until - self.now()
            if left <= 0:
                return None
            self.sleep(min(every, left))
        return answer


REAL = Clock()
