"""Getting a file over https: blocking, in threads that never keep the process from ending."""

import asyncio
import hashlib
import re
import shutil
import ssl
import tarfile
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import TypeVar
from urllib.error import HTTPError

from kubefed_core.local.errors import LocalError
from kubefed_core.local.report import share

T = TypeVar("T")

SILENCE = 30.0
"""Seconds without a byte, after which a download is given up."""
MEGABYTE = 1_000_000
PIECE = 2**18


@dataclass
class Meter:
    """Bytes of several downloads; `stop` ends them."""

    done: int = 0
    total: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def __str__(self) -> str:
        return "downloaded " + share(self.done // MEGABYTE, self.total // MEGABYTE, "MB")


async def in_thread(work: Callable[[], T]) -> T:
    """As asyncio.to_thread, but a caller who gives up, or the process's end, waits for nothing."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if not future.done():
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, daemon=True).start()
    return await future


def text(url: str, *, context: ssl.SSLContext) -> str:
    with _opened(url, context) as answer:
        content = answer.read(MEGABYTE)
    return content.decode(errors="replace")


def file(url: str, into: Path, *, expected: str, meter: Meter, context: ssl.SSLContext) -> None:
    """Raises LocalError where the content has not the expected SHA-256."""
    digest = hashlib.sha256()
    with _opened(url, context) as answer, into.open("wb") as output:
        meter.total += int(answer.headers.get("Content-Length") or 0)
        while not meter.stop.is_set() and (piece := answer.read(PIECE)):
            digest.update(piece)
            output.write(piece)
            meter.done += len(piece)
    if digest.hexdigest() != expected:
        raise LocalError(f"{url} is damaged: its SHA-256 is {digest.hexdigest()}, not {expected}")


def checksum(sums: str, name: str) -> str:
    """The SHA-256 of a file, from lines of a sum and a name, or from a lone sum.

    Raises LocalError where there is none.
    """
    for line in sums.splitlines():
        match line.split():
            case [digest] | [digest, _] if not re.fullmatch("[0-9a-f]{64}", digest):
                continue
            case [digest]:
                return digest
            case [digest, file] if file.removeprefix("*") == name:
                return digest
    raise LocalError(f"there is no checksum of {name}")


def unpack(archive: Path, member: str, into: Path) -> None:
    """Take one file out of a tar archive."""
    with tarfile.open(archive) as tar:
        content = tar.extractfile(member)
        if content is None:
            raise LocalError(f"{archive.name} has no file {member}")
        with content, into.open("wb") as output:
            shutil.copyfileobj(content, output)


def _opened(url: str, context: ssl.SSLContext) -> HTTPResponse:
    try:
        answer: HTTPResponse = urllib.request.urlopen(url, timeout=SILENCE, context=context)
    except HTTPError as error:
        error.close()
        raise
    return answer
