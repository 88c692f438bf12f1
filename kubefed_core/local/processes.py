"""The parent's side of a supervisor: programs that are gone when this process is."""

import asyncio
import itertools
import json
import logging
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from kubefed_core.local import supervise
from kubefed_core.local.errors import LocalError

log = logging.getLogger(__name__)

PATIENCE = 15.0
"""Seconds for an answer, and for the end of all programs; the supervisor itself needs fewer."""


class Processes:
    """The programs of one cluster, run by a supervisor of their own; see `supervise`.

    With `remove` the supervisor removes the directory at its end. A program has `grace` seconds
    to end before it is killed.
    """

    def __init__(
        self, directory: Path, *, remove: bool, environ: Mapping[str, str], grace: float = 3.0
    ) -> None:
        self._directory = directory
        self._grace = grace
        self._gone = False
        self._remove = remove
        self._environ = environ
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._numbers = itertools.count()
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._exited: dict[str, int] = {}

    async def open(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", supervise.__file__),
            *(str(self._directory), "remove" if self._remove else "keep", str(self._grace)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=dict(self._environ),
            start_new_session=True,  # Ctrl-C is for the parent, which then stops us in order
        )
        self._reader = asyncio.create_task(self._read(self._process))

    async def close(self) -> None:
        """Stop everything in order; after `PATIENCE` everything is killed."""
        try:
            if self._process is not None and self._reader is not None:
                await self._end(self._process, self._reader)
        finally:
            self._process = self._reader = None
            if self._remove:
                shutil.rmtree(self._directory, ignore_errors=True)

    async def _end(self, process: Process, reader: asyncio.Task[None]) -> None:
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), PATIENCE)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            await reader

    @property
    def pid(self) -> int:
        """The supervisor's."""
        assert self._process is not None
        return self._process.pid

    def exited(self, name: str) -> int | None:
        """The exit code of a program that ended by itself; None for any other."""
        return self._exited.get(name)

    async def start(self, name: str, argv: Sequence[str | Path]) -> int:
        """Start a program that logs to NAME.log in the directory; returns its process id."""
        self._exited.pop(name, None)
        command = {"do": "start", "name": name, "argv": [str(arg) for arg in argv]}
        answer = await self._ask({**command, "log": f"{name}.log"})
        pid: int = answer["pid"]
        return pid

    async def kill(self, name: str) -> None:
        """Kill it at once, and wait until it is gone; one that does not run is fine."""
        await self._ask({"do": "kill", "name": name})

    async def signal(self, name: str, number: int) -> None:
        await self._ask({"do": "signal", "name": name, "signal": int(number)})

    def tail(self, name: str, *, lines: int = 15) -> str:
        """The last lines of a program's log."""
        try:
            text = (self._directory / f"{name}.log").read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    async def _ask(self, command: Mapping[str, Any]) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdin is None:
            raise LocalError("the cluster is not started")
        if self._gone:
            raise LocalError("the cluster's supervisor is gone, and with it the cluster")
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            process.stdin.write(json.dumps({"id": number, **command}).encode() + b"\n")
            said: dict[str, Any] = await asyncio.wait_for(answer, PATIENCE)
        except (OSError, TimeoutError) as error:
            raise LocalError("the cluster's supervisor does not answer") from error
        finally:
            del self._answers[number]
        if "error" in said:
            raise LocalError(str(said["error"]))
        return said

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            said = json.loads(line)
            if "exited" in said:
                log.warning("%(exited)s ended by itself with %(code)d", said)
                self._exited[said["exited"]] = said["code"]
            elif (answer := self._answers.get(said["id"])) is not None and not answer.done():
                answer.set_result(said)
        self._gone = True
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the supervisor is gone"))
