"""What the demo stands on: clusters, the programs that act in them, and a resolver's view."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.exception
import dns.message
import dns.rdatatype
import yaml

from kubefed_core.errors import Terminal
from kubefed_core.local.cluster import LocalCluster
from kubefed_core.objects import Key, Obj
from kubefed_core.resources import SERVICE_ACCOUNTS
from kubefed_core.runtime import probes

SYSTEM = "kube-federation-system"
ACCOUNT = Key(SYSTEM, "kubefed-controller")
SOON = 0.002


class Stage:
    """The host and the members, with everything that is started on them."""

    def __init__(
        self, *, host: LocalCluster, members: Sequence[LocalCluster], binaries: Path, files: Path
    ) -> None:
        self.host = host
        self.members = tuple(members)
        self.files = files
        self.kubeconfig = files / "kubeconfig"
        self.dns_port = free_port()
        self.health_port = free_port()
        self.metrics_port = free_port()
        self._kubectl = binaries / "kubectl"
        self._controller: asyncio.subprocess.Process | None = None

    @property
    def clusters(self) -> tuple[LocalCluster, ...]:
        return (self.host, *self.members)

    @property
    def log(self) -> Path:
        return self.files / "controller-manager.log"

    def write_kubeconfig(self) -> None:
        """One file with a context for each cluster, the host's the current one."""
        merged: dict[str, Any] = {"apiVersion": "v1", "kind": "Config"}
        merged["current-context"] = self.host.name
        for part in ("contexts", "clusters", "users"):
            configs = (yaml.safe_load(each.kubeconfig.read_text()) for each in self.clusters)
            merged[part] = [item for config in configs for item in config[part]]
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(yaml.safe_dump(merged))

    async def kubectl(self, cluster: LocalCluster, *args: str, stdin: str = "") -> str:
        """What kubectl prints; raises Terminal with its complaint where it fails."""
        return await self._run(
            str(self._kubectl), f"--kubeconfig={cluster.kubeconfig}", *args, stdin=stdin
        )

    async def kubefedctl(self, *args: str) -> str:
        return await self._run(
            sys.executable,
            "-m",
            "kubefed_dns.hyperfed",
            "kubefedctl",
            *args,
            f"--kubeconfig={self.kubeconfig}",
            f"--host-cluster-context={self.host.name}",
        )

    async def _run(self, *command: str, stdin: str = "") -> str:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(stdin.encode())
        if process.returncode:
            said = err.decode(errors="replace").strip() or out.decode(errors="replace").strip()
            raise Terminal(f"{Path(command[0]).name} {' '.join(command[1:4])} …: {said}")
        return out.decode(errors="replace")

    async def start_controller(self) -> None:
        """The controller under the ServiceAccount of `deploy/`, and nothing more."""
        kubeconfig = as_holder(
            self.host.kubeconfig, await self._token(), self.files / "controller.kubeconfig"
        )
        with self.log.open("ab") as log:
            self._controller = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "kubefed_dns.hyperfed",
                "controller-manager",
                f"--kubeconfig={kubeconfig}",
                f"--kubefed-namespace={SYSTEM}",
                f"--healthz-addr=127.0.0.1:{self.health_port}",
                f"--metrics-addr=127.0.0.1:{self.metrics_port}",
                f"--dns-address=127.0.0.1:{self.dns_port}",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                # An interrupt from the terminal is for the demo, which then ends it in order.
                start_new_session=True,
            )
        await self._ready()

    async def _token(self) -> str:
        made = await self.host.client.create(
            SERVICE_ACCOUNTS,
            {
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenRequest",
                "metadata": {"namespace": ACCOUNT.namespace, "name": ACCOUNT.name},
                "spec": {"expirationSeconds": 24 * 3600},
            },
            subresource="token",
        )
        token: str = made["status"]["token"]
        return token

    async def _ready(self) -> None:
        url = f"http://127.0.0.1:{self.health_port}/readyz"
        async with asyncio.timeout(60):
            while not await probes.well(url):
                if self._controller is None or self._controller.returncode is not None:
                    raise Terminal(f"the controller has ended; its log is {self.log}")
                await asyncio.sleep(0.05)

    async def close(self) -> None:
        if self._controller is not None and self._controller.returncode is None:
            self._controller.terminate()
            try:
                async with asyncio.timeout(10):
                    await self._controller.wait()
            except TimeoutError:
                self._controller.kill()
                await self._controller.wait()

    async def ask(self, name: str, kind: str = "A") -> dns.message.Message | None:
        """Ask the embedded server, as dig would; None where it does not answer."""
        question = dns.message.make_query(name, kind)
        try:
            return await dns.asyncquery.udp(question, "127.0.0.1", port=self.dns_port, timeout=1)
        except (dns.exception.DNSException, OSError):
            return None

    async def addresses(self, name: str) -> frozenset[str]:
        answer = await self.ask(name)
        return frozenset(
            rdata.to_text()
            for rrset in (answer.answer if answer is not None else ())
            if rrset.rdtype == dns.rdatatype.A
            for rdata in rrset
        )

    async def until(
        self, name: str, fits: Callable[[frozenset[str]], bool], *, within: float = 60
    ) -> float:
        """Wait until the answer for a name fits; in how many seconds it did."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout(within):
                while True:
                    if fits(await self.addresses(name)):
                        return loop.time() - started
                    await asyncio.sleep(SOON)
        except TimeoutError:
            raise Terminal(f"{name}: the answer did not change in {within:g}s") from None

    async def balancer(self, member: LocalCluster, resource: Any, key: Key) -> str:
        """The address that a member's cloud has given; waits until there is one."""
        async with asyncio.timeout(30):
            while True:
                obj = await member.client.get(resource, key)
                if address := _first_address(obj):
                    return address
                await asyncio.sleep(SOON)


def _first_address(obj: Obj) -> str:
    found = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or [{}]
    return found[0].get("ip") or found[0].get("hostname") or ""


def as_holder(admin: Path, token: str, target: Path) -> Path:
    """Write a kubeconfig like the administrator's, but as whoever holds the token."""
    config = yaml.safe_load(admin.read_text())
    for user in config["users"]:
        user["user"] = {"token": token}
    target.touch(mode=0o600)
    target.write_text(yaml.safe_dump(config))
    return target


def free_port() -> int:
    """A port that is free on loopback just now, for UDP too."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
