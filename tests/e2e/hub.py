"""The controller as a process on a host cluster, under the rights of `deploy/` and nothing more."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from kubefed_dns.demo.stage import free_port

T = TypeVar("T")

REPO = Path(__file__).parents[2]
SYSTEM = "kube-federation-system"
PATIENCE = 30.0


def until(
    look: Callable[[], T], fits: Callable[[T], bool] = bool, *, within: float = PATIENCE
) -> T:
    """Look again and again until it fits; what was seen last is in the error."""
    end = time.monotonic() + within
    while not fits(seen := look()):
        assert time.monotonic() < end, f"after {within:g}s it is still {seen!r}"
        time.sleep(0.05)
    return seen


def program(*args: str, fine: bool = True) -> str:
    """Run one of our programs; gives all that it said."""
    done = subprocess.run(
        [sys.executable, "-m", "kubefed_dns.hyperfed", *args],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert not fine or done.returncode == 0, f"{args}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


class Process:
    """One of our programs; can be killed at any time and started again.

    The log of all its lives is in one file.
    """

    def __init__(self, log: Path, *args: str) -> None:
        self.log = log
        self.args = args
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "error", "-m", "kubefed_dns.hyperfed", *self.args],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=REPO,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )

    def until(self, ready: Callable[[], bool]) -> None:
        """Wait for this; the log's end is in the error."""
        end = time.monotonic() + PATIENCE
        while not ready():
            alive = self._process is not None and self._process.poll() is None
            assert alive and time.monotonic() < end, f"not ready:\n{self.tail()}"  # noqa: PT018
            time.sleep(0.05)

    def kill(self) -> None:
        """As a crash does it."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """As an orderly stop does it; the exit status."""
        return self._end(signal.SIGTERM)

    def tail(self, lines: int = 60) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(how)
        try:
            return process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"it did not stop:\n{self.tail()}") from None


class Hub(Process):
    """One controller-manager; `flags` are added to those that every start needs."""

    def __init__(self, kubeconfig: Path, directory: Path, *flags: str) -> None:
        self.kubeconfig = kubeconfig
        self.dns_port = free_port()
        self.health_port = free_port()
        self.metrics_port = free_port()
        super().__init__(
            directory / "controller-manager.log",
            "controller-manager",
            f"--kubeconfig={self.kubeconfig}",
            f"--kubefed-namespace={SYSTEM}",
            f"--healthz-addr=127.0.0.1:{self.health_port}",
            f"--metrics-addr=127.0.0.1:{self.metrics_port}",
            f"--dns-address=127.0.0.1:{self.dns_port}",
            *flags,
        )

    def start(self, *, ready: bool = True) -> None:
        super().start()
        if ready:
            self.ready()

    def ready(self) -> None:
        """Wait until /readyz says so."""
        self.until(lambda: self.probe("readyz") == 200)

    def probe(self, path: str) -> int:
        """The status of an HTTP path of its probes; 0 where nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/{path}") as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics") as answer:
            return str(answer.read().decode())


class Resolver:
    """Asks one authoritative server."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, name: str, kind: str = "A") -> dns.message.Message | None:
        """The answer; None where there is none."""
        try:
            query = dns.message.make_query(name, kind)
            return dns.query.udp(query, "127.0.0.1", port=self._port, timeout=2)
        except (dns.exception.DNSException, OSError):
            return None

    def values(self, name: str, kind: str = "A") -> list[str]:
        """All values of a type in the answer, of whatever name in the chain; sorted."""
        answer = self.ask(name, kind)
        return sorted(
            rdata.to_text()
            for rrset in (answer.answer if answer is not None else ())
            if rrset.rdtype == dns.rdatatype.from_text(kind)
            for rdata in rrset
        )

    def rcode(self, name: str, kind: str = "A") -> str:
        answer = self.ask(name, kind)
        return "" if answer is None else dns.rcode.to_text(answer.rcode())
