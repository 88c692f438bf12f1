"""Running a command to its end, line by line, and never leaving it behind."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from kubefed_core.local.errors import LocalError
from kubefed_core.local.supervise import die_with_parent

LONGEST_LINE = 2**20
TAIL = 15


def ignore(line: str) -> None:
    """For commands whose output nobody needs."""


async def run(
    *argv: str,
    environ: Mapping[str, str],
    cwd: Path,
    each: Callable[[str], None] = ignore,
) -> None:
    """Run the command and give each line it prints, on either stream, to `each`.

    Raises LocalError with its last lines when it fails or cannot be started.
    It and its children are killed when the caller is cancelled.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env=dict(environ),
            cwd=cwd,
            limit=LONGEST_LINE,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    except OSError as error:
        raise LocalError(f"{argv[0]} cannot be started: {error}") from error
    tail: deque[str] = deque(maxlen=TAIL)
    try:
        await _read(process, tail, each)
        code = await process.wait()
    finally:
        await _end(process)
    if code != 0:
        raise LocalError(f"{' '.join(argv[:3])} failed with {code}:\n" + "\n".join(tail))


async def output(*argv: str, environ: Mapping[str, str], cwd: Path) -> str:
    """What the command prints; raises LocalError as `run` does."""
    lines: list[str] = []
    await run(*argv, environ=environ, cwd=cwd, each=lines.append)
    return "\n".join(lines)


async def _read(process: Process, tail: deque[str], each: Callable[[str], None]) -> None:
    assert process.stdout is not None
    async for raw in process.stdout:
        line = raw.decode(errors="replace").rstrip()
        tail.append(line)
        each(line)


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
