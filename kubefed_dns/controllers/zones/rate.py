"""A token bucket: how fast a provider may be asked."""

import threading
import time
from collections.abc import Callable

from kubefed_dns.api.providers import RateLimit

USUAL = {
    "route53": RateLimit(5.0, 10),
    "google": RateLimit(5.0, 20),
    "webhook": RateLimit(5.0, 10),
    "octodns": RateLimit(4.0, 10),
}
"""Where the object says nothing; other types are asked as fast as it goes."""


class Bucket:
    """Filled with `requests_per_second` up to `burst`; waiting is blocking, for worker threads.

    Whoever waits has its turn for certain: later callers wait behind it.
    """

    def __init__(
        self,
        limit: RateLimit,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tokens = float(limit.burst)
        self._at = clock()

    def take(self) -> None:
        """Take one token, and wait for it where there is none left."""
        with self._lock:
            now = self._clock()
            rate = self._limit.requests_per_second
            filled = self._tokens + (now - self._at) * rate
            self._tokens = min(float(self._limit.burst), filled) - 1
            self._at = now
            wait = max(0.0, -self._tokens / rate)
        if wait:
            self._sleep(wait)


def unlimited() -> None:
    """For backends that are asked as fast as it goes."""


def limiter(kind: str, limit: RateLimit | None) -> Callable[[], None]:
    """What a provider of this type calls before each request."""
    chosen = limit or USUAL.get(kind)
    return Bucket(chosen).take if chosen is not None else unlimited
