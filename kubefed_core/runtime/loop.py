"""The one reconcile loop, shared by every controller."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol

from kubefed_core import errors
from kubefed_core.runtime import backoff, lasting
from kubefed_core.runtime.queue import K, KeyQueue

log = logging.getLogger(__name__)

Reconcile = Callable[[K], Awaitable[float | None]]


class Meter(Protocol):
    """What a loop reports of itself."""

    def reconciled(self, controller: str, *, result: str, seconds: float) -> None: ...


class Controller(Generic[K]):
    """Workers that take keys off a queue and call one function with each.

    The function reads the present state, acts, and returns in how many seconds
    to look again (None: when something changes). It must stand being called at
    any time, any number of times, for an object that may no longer exist.
    """

    def __init__(
        self,
        name: str,
        reconcile: Reconcile[K],
        *,
        workers: int = 4,
        retry: backoff.Backoff = backoff.STEADY,
        meter: Meter | None = None,
    ) -> None:
        self.name = name
        self.queue: KeyQueue[K] = KeyQueue()
        self._reconcile = reconcile
        self._workers = workers
        self._retry = retry
        self._meter = meter
        self._failures: Counter[K] = Counter()

    async def run(self) -> None:
        """Work until cancelled; may be called again after that."""
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(self._workers):
                    group.create_task(self._work(), name=f"{self.name}-{number}")
        finally:
            self.queue.close()

    async def _work(self) -> None:
        while True:
            await self.step()

    async def step(self) -> None:
        """Take one key, reconcile it, decide when it comes back."""
        key = await self.queue.get()
        started = asyncio.get_running_loop().time()
        result, again = "success", None
        try:
            again = await self._reconcile(key)
        except errors.Retry as error:
            log.debug("%s %s: %s; again in %gs", self.name, key, error, error.after)
            result, again = "retry", error.after
        except errors.Terminal as error:
            log.warning("%s %s: %s; waiting for a change", self.name, key, error)
            result = "terminal"
        except (Exception, asyncio.CancelledError) as error:
            # Cancelled from within, by something that was waited for, is a fault too.
            if lasting.cancelled():
                self.queue.add(key)
                raise
            result, again = "error", self._failed(key, error)
        else:
            self._failures.pop(key, None)
        finally:
            self.queue.done(key)
            if self._meter is not None:
                seconds = asyncio.get_running_loop().time() - started
                self._meter.reconciled(self.name, result=result, seconds=seconds)
        if again is not None:
            self.queue.add_after(key, again)

    def _failed(self, key: K, error: BaseException) -> float:
        self._failures[key] += 1
        again = self._retry(self._failures[key])
        if isinstance(error, errors.KubeFedError | OSError):
            log.warning("%s %s: %s; again in %.3gs", self.name, key, error, again)
        else:
            log.error("%s %s failed; again in %.3gs", self.name, key, again, exc_info=error)
        return again
