"""Two fake API servers, a kubeconfig for them, and the command line as a function."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from fake_api import ADMIN, CONFIG, CORE, FakeApi

from kubefed_core.kubefedctl import cli
from kubefed_core.kubefedctl.settings import Settings
from kubefed_core.kubefedctl.waiting import Clock


@dataclass(frozen=True)
class Result:
    """How a command line ended."""

    status: int
    out: str
    err: str


Run = Callable[..., Result]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def host() -> Iterator[FakeApi]:
    with FakeApi() as api:
        api.put(CORE)
        api.put(CONFIG, spec={"scope": "Cluster"})
        yield api


@pytest.fixture
def member() -> Iterator[FakeApi]:
    with FakeApi() as api:
        yield api


@pytest.fixture
def kubeconfig(host: FakeApi, member: FakeApi, tmp_path: Path) -> Path:
    """Contexts `hub`, the current one, and `eu`."""
    servers = {"hub": host.url, "eu": member.url}
    content = {
        "current-context": "hub",
        "clusters": [{"name": n, "cluster": {"server": url}} for n, url in servers.items()],
        "users": [{"name": "admin", "user": {"token": ADMIN}}],
        "contexts": [{"name": n, "context": {"cluster": n, "user": "admin"}} for n in servers],
    }
    file = tmp_path / "config"
    file.write_text(yaml.safe_dump(content))
    return file


class Time:
    """Time that passes only while somebody waits, who can be disturbed by `on_wait`."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.on_wait: Callable[[], None] = lambda: None
        self.clock = Clock(now=lambda: self.passed, sleep=self._sleep, date=lambda: NOON)

    def _sleep(self, seconds: float) -> None:
        self.on_wait()
        self.passed += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def kubefedctl(kubeconfig: Path, time: Time, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*args: str) -> Result:
        settings = Settings(kubeconfig=str(kubeconfig), clock=time.clock)
        status = cli.main(args, settings=settings)
        said = capsys.readouterr()
        return Result(status, said.out, said.err)

    return run
