"""How many requests a second an API server is asked, where somebody wants a limit."""

import asyncio
import math


class Limiter:
    """Up to `burst` at once, then `rate` a second; who comes later waits behind."""

    def __init__(self, rate: float, burst: int) -> None:
        self._step = 1 / rate
        self._ahead = max(burst, 1) * self._step
        self._next = -math.inf

    async def take(self) -> None:
        now = asyncio.get_running_loop().time()
        self._next = max(self._next, now - self._ahead) + self._step
        if self._next > now:
            await asyncio.sleep(self._next - now)
