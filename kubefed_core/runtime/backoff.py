"""How long to wait after the n-th failure in a row."""

import random
from collections.abc import Callable

Backoff = Callable[[int], float]
Chance = Callable[[], float]
"""A number in [0, 1), as `random.random` gives."""


def exponential(
    *, base: float = 1.0, cap: float = 300.0, jitter: float = 0.1, chance: Chance = random.random
) -> Backoff:
    """Double from `base` to `cap` seconds, and up to the share `jitter` more."""

    def delay(failures: int) -> float:
        return min(cap, base * 2.0 ** min(failures - 1, 30)) * (1 + jitter * chance())

    return delay


STEADY: Backoff = exponential()
FEED: Backoff = exponential(base=0.2, cap=5.0, jitter=0.5)
"""For watches: a cluster that is back is seen within seconds."""
