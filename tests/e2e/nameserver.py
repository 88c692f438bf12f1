"""A real DNS server as a plain process on a free loopback port, with a directory of its own.

    with Bind(tmp_path, zones=[Zone("example.org.", allow_update=("k.",))]) as server:
        server.address                              # "127.0.0.1:40001"
        server.values("www.example.org.", "A")      # what it answers now
        server.log()

Bind, Knot and PowerDns are made of this; several run side by side. What they
log stays in their directories.
"""

import base64
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import dns.exception
import dns.message
import dns.query
import dns.rdatatype
import dns.tsig
import dns.update

from kubefed_dns.providers.protocol import Context

READY = 20.0
STOP = 5.0
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


@dataclass(frozen=True, slots=True)
class Key:
    """A TSIG key; `secret` is base64, as in named.conf."""

    name: str = "k."
    algorithm: str = "hmac-sha256"
    secret: str = base64.b64encode(b"not a secret outside of tests!!!").decode()


@dataclass(frozen=True, slots=True)
class Zone:
    """A dynamic zone, with an SOA, an NS and the lines of `records` in it.

    `allow_update` and `allow_transfer` name keys. `below` is the name that the
    updates are limited to, with what is below it, A and TXT; PowerDNS has no such limit.
    """

    name: str
    allow_update: Sequence[str] = ("k.",)
    allow_transfer: Sequence[str] = ("k.",)
    below: str = ""
    records: Sequence[str] = ()
    serial: int = 1

    def text(self) -> str:
        soa = f"@ 60 SOA ns hostmaster {self.serial} 3600 600 86400 60"
        head = (f"$ORIGIN {self.name}", soa, "@ 60 NS ns", "ns 60 A 192.0.2.53")
        return "\n".join([*head, *self.records, ""])


class NameServer:
    """One process. `start` returns when it answers for its zones; `stop` when it is gone.

    A server that is started again keeps its port and its data.
    """

    program: str
    package: str

    def __init__(
        self,
        directory: Path,
        zones: Iterable[Zone],
        *,
        keys: Iterable[Key] = (Key(),),
        v6: bool = False,
    ) -> None:
        self.directory = directory
        self.zones = tuple(zones)
        self.keys = tuple(keys)
        self.host = "::1" if v6 else "127.0.0.1"
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # What each kind says of itself.

    def command(self) -> list[str]:
        """How it is started, in the foreground."""
        raise NotImplementedError

    def write(self) -> None:
        """Put into the directory what it reads at its start; zones that are there stay."""
        raise NotImplementedError

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def start(self) -> None:
        """Raises RuntimeError, with what the server said, where it does not come up."""
        self.directory.mkdir(parents=True, exist_ok=True)
        command = self.command()
        self.port = self.port or free_port(self.host)
        self.write()
        with (self.directory / "out.log").open("ab") as out:
            self._process = subprocess.Popen(
                command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=self.directory
            )
        deadline = time.monotonic() + READY
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{command[0]} does not come up: {self.address}\n{self.log()}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def pause(self) -> None:
        """Keep the sockets open and answer nothing, as a hung server does."""
        self._signal(signal.SIGSTOP)
        if self._process is not None:
            os.waitpid(self._process.pid, os.WUNTRACED)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        self._signal(signal.SIGKILL)
        self.stop()

    def context(
        self,
        *zones: str,
        key: Key | None = None,
        take: Callable[[], None] = lambda: None,
        secret: Mapping[str, str] | None = None,
        **settings: object,
    ) -> Context:
        """What a provider of type rfc2136 is made from, with some settings instead of ours."""
        key = key or self.keys[0]
        tsig = {"keyName": key.name, "algorithm": key.algorithm}
        return Context(
            "server",
            zones=zones or tuple(zone.name for zone in self.zones),
            settings={"servers": [self.address], "tsig": tsig} | settings,
            secret={"tsigSecret": key.secret, **(secret or {})},
            take=take,
        )

    def log(self) -> str:
        files = sorted(self.directory.glob("*.log"))
        return "".join(file.read_text(errors="replace") for file in files)

    def ask(self, name: str, rrtype: str) -> dns.message.Message:
        """By UDP, and by TCP where that is too small."""
        query = dns.message.make_query(name, rrtype)
        return dns.query.udp_with_fallback(query, self.host, port=self.port, timeout=2)[0]

    def values(self, name: str, rrtype: str) -> list[str]:
        """What it answers for a name and type, sorted; empty where it has none."""
        return sorted(
            rdata.to_text()
            for rrset in self.ask(name, rrtype).answer
            if rrset.rdtype == dns.rdatatype.from_text(rrtype)
            for rdata in rrset
        )

    def serial(self, zone: str) -> int:
        return int(self.ask(zone, "SOA").answer[0][0].serial)

    def update(self, update: dns.update.UpdateMessage, key: Key | None = None) -> int:
        """Send a hand-made update as another writer would; returns the answer's rcode."""
        signer = key or self.keys[0]
        update.use_tsig(dns.tsig.Key(signer.name, signer.secret, signer.algorithm))
        return int(dns.query.tcp(update, self.host, port=self.port, timeout=5).rcode())

    def found(self, program: str) -> str:
        """Where a program is; what it belongs to is named where it is not."""
        place = shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", ""), *SBIN)))
        if place is None:
            raise RuntimeError(f"no `{program}` on this machine: apt-get install {self.package}")
        return place

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _has(self, zone: Zone) -> bool:
        question = dns.message.make_query(zone.name, "SOA")
        return bool(dns.query.tcp(question, self.host, port=self.port, timeout=1).answer)

    def _ready(self) -> bool:
        try:
            return all(self._has(zone) for zone in self.zones)
        except (dns.exception.DNSException, OSError):
            return False


def free_port(host: str) -> int:
    """A port free for TCP and UDP both."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as tcp:
            tcp.bind((host, 0))
            port = int(tcp.getsockname()[1])
            with socket.socket(family, socket.SOCK_DGRAM) as udp:
                try:
                    udp.bind((host, port))
                except OSError:
                    continue
            return port
