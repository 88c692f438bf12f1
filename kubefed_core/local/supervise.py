"""A process that runs the programs of one local cluster and outlives neither them nor its parent.

It is started as a script with the standard library alone, so that it is up at once. It reads
one JSON command per line from its standard input and answers each with one JSON line:

    {"id": I, "do": "start", "name": N, "argv": [...], "log": FILE}    start a program
    {"id": I, "do": "kill", "name": N}                                 kill it, wait for its end
    {"id": I, "do": "signal", "name": N, "signal": NUMBER}             send it a signal

In between it says {"exited": N, "code": CODE} when a program ends by itself. When its input ends,
because the parent closed it or is gone, it stops the programs in the reverse order of their start.
Should it be killed itself, the kernel kills the programs.

Its arguments are the directory of the cluster, `remove` or `keep` for what becomes of that at the
end, and the seconds that a program has to end by itself before it is killed.
"""

import asyncio
import ctypes
import json
import os
import shutil
import signal
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from typing import Any

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Supervisor:
    """The programs of one cluster, by name, in the order of their start."""

    def __init__(self, directory: str, *, grace: float) -> None:
        self._directory = directory
        self._grace = grace
        self._running: dict[str, Process] = {}
        self._watches: set[asyncio.Task[None]] = set()

    async def obey(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one command; the answer is `{}` or names what went wrong."""
        match command:
            case {"do": "start", "name": str(name), "argv": list(argv), "log": str(log)}:
                return await self._start(name, argv, log)
            case {"do": "kill", "name": str(name)}:
                await self._end(name, grace=0)
                return {}
            case {"do": "signal", "name": str(name), "signal": int(number)}:
                return self._signal(name, number)
        return {"error": f"not understood: {command}"}

    async def stop(self) -> None:
        """End every program, the last one started first."""
        for name in reversed(list(self._running)):
            await self._end(name, grace=self._grace)

    async def _start(self, name: str, argv: list[str], log: str) -> dict[str, Any]:
        if name in self._running:
            return {"error": f"{name} runs already"}
        try:
            process = await self._spawn(argv, os.path.join(self._directory, log))
        except OSError as error:
            return {"error": f"{argv[0]} cannot be started: {error}"}
        self._running[name] = process
        watch = asyncio.create_task(self._watch(name, process))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        return {"pid": process.pid}

    async def _spawn(self, argv: list[str], log: str) -> Process:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return await asyncio.create_subprocess_exec(
                *argv,
                cwd=self._directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,
            )
        finally:
            os.close(output)

    async def _watch(self, name: str, process: Process) -> None:
        code = await process.wait()
        if self._running.get(name) is process:
            del self._running[name]
            _say({"exited": name, "code": code})

    def _signal(self, name: str, number: int) -> dict[str, Any]:
        process = self._running.get(name)
        if process is None:
            return {"error": f"{name} does not run"}
        with suppress(ProcessLookupError):
            process.send_signal(number)
        return {}

    async def _end(self, name: str, *, grace: float) -> None:
        process = self._running.pop(name, None)
        if process is None:
            return
        with suppress(ProcessLookupError):
            if grace > 0:
                process.send_signal(signal.SIGCONT)  # a stopped one cannot hear the next
                process.terminate()
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), grace)
            if process.returncode is None:
                process.kill()
        await process.wait()


def _say(answer: dict[str, Any]) -> None:
    with suppress(OSError):  # nobody listens any more
        os.write(sys.stdout.fileno(), json.dumps(answer).encode() + b"\n")


async def _main(directory: str, *, remove: bool, grace: float) -> None:
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(commands)
    await loop.connect_read_pipe(lambda: protocol, sys.stdin)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, commands.feed_eof)
    supervisor = Supervisor(directory, grace=grace)
    while (line := await commands.readline()).endswith(b"\n"):
        command = json.loads(line)
        _say({"id": command["id"], **await supervisor.obey(command)})
    await supervisor.stop()
    if remove:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], remove=sys.argv[2] == "remove", grace=float(sys.argv[3])))
