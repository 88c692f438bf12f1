"""The three programs of one cluster: started, waited for, lost, brought back and stopped."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from kubefed_core.errors import KubeFedError
from kubefed_core.local import files, ports
from kubefed_core.local.errors import LocalError
from kubefed_core.local.processes import Processes
from kubefed_core.local.programs import API, ETCD, MANAGER, SOCKET, Commands
from kubefed_core.objects import Key
from kubefed_core.resources import SERVICE_ACCOUNTS
from kubefed_core.runtime.client import Client
from kubefed_core.runtime.credentials import Access

PATIENCE = 90.0
"""Seconds for one step of a start; on an idle machine a whole start takes four."""
PAUSE = 0.05
PORTS = 5
"""How many ports are tried where other processes take them first."""
TAKEN = "address already in use"
ENVIRON = {"PATH": "/usr/bin:/bin", "GOGC": "200"}
"""All that the programs get: variables of the user, such as ETCD_NAME, must not change them."""


class ControlPlane:
    """etcd, kube-apiserver and kube-controller-manager in one directory, on loopback."""

    def __init__(self, name: str, *, binaries: Path, directory: Path, remove: bool) -> None:
        self.name = name
        self.directory = directory
        self.server = ""
        self._commands = Commands(binaries)
        self._processes = Processes(directory, remove=remove, environ=ENVIRON)
        self._chance = random.Random()
        self._port = 0
        self._access: Access | None = None
        self._client: Client | None = None

    @property
    def supervisor(self) -> int:
        """The process id of whoever ends the programs when this process is gone."""
        return self._processes.pid

    @property
    def access(self) -> Access:
        if self._access is None:
            raise LocalError(f"cluster {self.name} is not started")
        return self._access

    @property
    def client(self) -> Client:
        if self._client is None:
            raise LocalError(f"cluster {self.name} is not started")
        return self._client

    async def open(self) -> None:
        """Start everything; it is of use when `manager_works` says so."""
        admin = files.write_secrets(self.directory, now=datetime.now(UTC))
        await self._processes.open()
        await self._processes.start(ETCD, self._commands.etcd())
        await self.until(self._etcd_listens, ETCD)
        await self._open_api(admin)
        await self._processes.start(MANAGER, self._commands.controller_manager())

    async def close(self) -> None:
        """Stop everything, the API server before etcd, and be done in seconds."""
        if self._client is not None:
            await self._client.close()
        await self._processes.close()

    async def stop_api(self) -> None:
        await self._processes.kill(API)

    async def start_api(self) -> None:
        """Bring the API server back where it was, and with it the controller manager.

        The latter's own watches would wait for up to half a minute before they try again.
        """
        for _ in range(PORTS):
            if await self._api_comes_up():
                break
        else:
            raise self._failure(API, f"found its port taken, {PORTS} times")
        await self._processes.kill(MANAGER)
        await self._processes.start(MANAGER, self._commands.controller_manager())

    async def freeze_api(self) -> None:
        await self._processes.signal(API, signal.SIGSTOP)

    async def thaw_api(self) -> None:
        await self._processes.signal(API, signal.SIGCONT)

    async def until(self, done: Callable[[], Awaitable[bool]], program: str) -> None:
        """Wait for this, which that program brings about.

        Raises LocalError with the end of the program's log where the program
        ends, or where it takes too long.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                while not await done():
                    self._check(program)
                    await asyncio.sleep(PAUSE)
        except TimeoutError as error:
            raise self._failure(program, f"is not ready after {PATIENCE:g} s") from error

    async def api_answers(self) -> bool:
        """Whether the API server says that it is ready."""
        try:
            status, _ = await self.client.fetch("/readyz", timeout=2.0)
        except OSError:
            return False
        return status == 200

    async def manager_works(self) -> bool:
        """Whether the controller manager has done its first deed, one that every pod needs."""
        try:
            await self.client.get(SERVICE_ACCOUNTS, Key("default", "default"))
        except (KubeFedError, OSError):
            return False
        return True

    async def _etcd_listens(self) -> bool:
        return (self.directory / SOCKET).exists()

    async def _open_api(self, admin: files.Admin) -> None:
        for _ in range(PORTS):
            self._port = ports.free(self._chance)
            self.server = f"https://127.0.0.1:{self._port}"
            self._access = admin.access(self.server)
            self._client = Client(self._access)
            files.write_kubeconfig(self.directory, self.name, server=self.server, admin=admin)
            if await self._api_comes_up():
                return
            await self._client.close()
        raise self._failure(API, f"found its port taken, {PORTS} times")

    async def _api_comes_up(self) -> bool:
        """Start the API server and wait for it; False where another process has its port."""
        await self._processes.start(API, self._commands.api_server(self._port))
        try:
            await self.until(self.api_answers, API)
        except LocalError:
            if self._processes.exited(API) is None or TAKEN not in self._processes.tail(API):
                raise
            return False
        return True

    def _check(self, program: str) -> None:
        code = self._processes.exited(program)
        if code is not None:
            raise self._failure(program, f"ended with {code}")

    def _failure(self, program: str, what: str) -> LocalError:
        end = self._processes.tail(program)
        return LocalError(f"{program} of cluster {self.name} {what}; its log ends:\n{end}")
