"""Keeps what shall run for ever running: a fault is logged, and it begins again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from kubefed_core.runtime import backoff

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]
LASTING = 600.0
"""Seconds of work after which a fault is not one in a row."""


async def keep(
    name: str,
    work: Work,
    *,
    failed: Callable[[str], None],
    retry: backoff.Backoff = backoff.STEADY,
) -> None:
    """Do a work until cancelled, anew whenever it ends; `failed` is told its name then.

    The work must stand being begun again after it has failed.
    """
    loop, failures = asyncio.get_running_loop(), 0
    while True:
        begun = loop.time()
        try:
            await work()
            fault: BaseException | None = None
        except Exception as error:
            fault = error
        except asyncio.CancelledError as error:
            # Cancelled from within is a fault like any other.
            if cancelled():
                raise
            fault = error
        failures = failures + 1 if loop.time() - begun < LASTING else 1
        delay = retry(failures)
        failed(name)
        what = "has failed" if fault is not None else "has ended"
        log.error("%s %s; again in %.3gs", name, what, delay, exc_info=fault)
        await asyncio.sleep(delay)


async def until(
    stop: asyncio.Event, works: Mapping[str, Work], *, failed: Callable[[str], None]
) -> None:
    """Keep all works, by name, until it is time to stop; what fails disturbs no other."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(keep(name, work, failed=failed), name=name)
            for name, work in works.items()
        ]
        await stop.wait()
        for task in tasks:
            task.cancel()


def cancelled() -> bool:
    """Whether it is the running task itself that shall end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
