"""One process at a time does a thing; the others wait and say so."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kubefed_core.local.report import Report, telling


@asynccontextmanager
async def exclusive(path: Path, report: Report, *, pause: float = 0.2) -> AsyncIterator[None]:
    """Hold the lock of this file during the body.

    The system frees it when the process ends, however it ends; the file stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _take(handle):
            report("Another process is at it already; waiting for it to be done.")
            async with telling(report, lambda: "still waiting for the other process"):
                await _taken(handle, pause)
        yield
    finally:
        os.close(handle)


async def _taken(handle: int, pause: float) -> None:
    while True:
        if _take(handle):
            return
        await asyncio.sleep(pause)


def _take(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
