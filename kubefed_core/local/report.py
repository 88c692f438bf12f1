"""Telling somebody who waits what is being done and how far it is."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Report = Callable[[str], None]


def silent(line: str) -> None:
    """A report nobody reads."""


@asynccontextmanager
async def telling(
    report: Report, describe: Callable[[], str], *, every: float = 10.0
) -> AsyncIterator[None]:
    """Report what `describe` says and the time gone by, every so many seconds of the body."""
    task = asyncio.create_task(_tell(report, describe, every))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _tell(report: Report, describe: Callable[[], str], every: float) -> None:
    clock = asyncio.get_running_loop().time
    begin = clock()
    while True:
        await asyncio.sleep(every)
        report(f"  {describe()} ({duration(clock() - begin)})")


def duration(seconds: float) -> str:
    """Such as `45 s` or `2 min 5 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def share(done: int, total: int, what: str) -> str:
    """Such as `30 of 120 modules (25 %)`; of an unknown total, only what is done."""
    return f"{done} of {total} {what} ({100 * done // total} %)" if total else f"{done} {what}"
