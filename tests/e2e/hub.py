"""The controller as a process on a host cluster, under the rights of `deploy/` and nothing more."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import aiohttp
import yaml

REPO = Path(__file__).parents[2]
NAMESPACE = "kube-federation-system"


def free_port() -> int:
    """A port that is free for UDP and TCP on loopback just now."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def service_account_kubeconfig(admin: Path, token: str, target: Path) -> Path:
    """A kubeconfig like the admin's, but as whoever holds the token."""
    config: dict[str, Any] = yaml.safe_load(admin.read_text())
    for user in config["users"]:
        user["user"] = {"token": token}
    target.write_text(yaml.safe_dump(config))
    target.chmod(0o600)
    return target


class Hub:
    """One controller-manager; can be killed at any time and started again.

    `flags` are added to those that every start needs. The log of all its lives
    is in one file.
    """

    def __init__(self, kubeconfig: Path, directory: Path, *flags: str) -> None:
        self.kubeconfig = kubeconfig
        self.log = directory / "controller-manager.log"
        self.flags = flags
        self.dns_port = free_port()
        self.health_port = free_port()
        self.metrics_port = free_port()
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *, ready: bool = True) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "kubefed_dns.hyperfed",
                "controller-manager",
                f"--kubeconfig={self.kubeconfig}",
                f"--kubefed-namespace={NAMESPACE}",
                f"--healthz-addr=127.0.0.1:{self.health_port}",
                f"--metrics-addr=127.0.0.1:{self.metrics_port}",
                f"--dns-address=127.0.0.1:{self.dns_port}",
                *self.flags,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=REPO,
                env=os.environ | {"PYTHONWARNINGS": "default", "PYTHONUNBUFFERED": "1"},
            )
        if ready:
            await self.ready()

    async def ready(self, *, within: float = 30) -> None:
        """Wait until /readyz says so; the log's end is in the error."""
        try:
            async with asyncio.timeout(within):
                while await self.fetch("readyz") != 200:
                    if self._process is None or self._process.returncode is not None:
                        break
                    await asyncio.sleep(0.05)
                else:
                    return
        except TimeoutError:
            pass
        raise AssertionError(f"the controller is not ready:\n{self.tail()}")

    async def fetch(self, path: str, *, port: int | None = None) -> int:
        """The status of an HTTP path of its probes; 0 where nobody listens."""
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port or self.health_port}/{path}") as response,
            ):
                return response.status
        except aiohttp.ClientError:
            return 0

    async def metrics(self) -> str:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.metrics_port}/metrics") as response,
        ):
            return await response.text()

    async def kill(self) -> None:
        """As a crash does it."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int | None:
        """As an orderly stop does it; the exit status."""
        return await self._end(signal.SIGTERM)

    def tail(self, lines: int = 60) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    async def _end(self, how: signal.Signals) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        if process.returncode is None:
            process.send_signal(how)
        try:
            async with asyncio.timeout(20):
                return await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError(f"it did not stop:\n{self.tail()}") from None
