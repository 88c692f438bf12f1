"""What getting the programs stands on: versions, reports, the lock, commands, trust, ports."""

import asyncio
import random
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import certifi
import pytest

from kubefed_core.local import commands, ports, release, trust
from kubefed_core.local.errors import LocalError
from kubefed_core.local.lock import exclusive
from kubefed_core.local.report import duration, share, telling

KUBECTL = next(p for p in release.PROGRAMS if p.name == "kubectl")
ETCD = next(p for p in release.PROGRAMS if p.name == "etcd")


@pytest.mark.parametrize(
    ("reason", "program", "answer", "want"),
    [
        ("A bare version.", KUBECTL, "Kubernetes v1.36.3", True),
        ("Among others.", KUBECTL, "Client Version: v1.36.3\nKustomize Version: v5.8.1", True),
        ("etcd has its own, without a v.", ETCD, "etcd Version: 3.6.8\nGit SHA: 1", True),
        ("A longer number is another.", KUBECTL, "v1.36.30", False),
        ("So is one with a number before.", KUBECTL, "v11.36.3", False),
        ("A vendor's variant is not it.", KUBECTL, "v1.36.3-gke.1", False),
        ("Nor is a build of somebody's.", KUBECTL, "v1.36.3+k3s1", False),
        ("Silence is no version.", KUBECTL, "", False),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_fits(reason, program, answer, want):
    assert release.fits(program, answer) is want, reason


def test_the_cache_is_where_caches_are():
    assert release.cache({"XDG_CACHE_HOME": "/c"}) == Path("/c/kubefed-dns/v1.36.3")
    assert release.cache({}) == Path.home() / ".cache" / "kubefed-dns" / "v1.36.3"


def test_durations_and_shares_are_read_easily():
    assert [duration(4.6), duration(125)] == ["5 s", "2 min 5 s"]
    assert [share(30, 120, "MB"), share(7, 0, "MB")] == ["30 of 120 MB (25 %)", "7 MB"]


@pytest.mark.looptime
async def test_who_waits_is_told_again_and_again_and_no_longer_than_needed():
    told = []
    async with telling(told.append, lambda: "half done", every=10):
        await asyncio.sleep(25)
    await asyncio.sleep(60)
    assert told == ["  half done (10 s)", "  half done (20 s)"]


@pytest.mark.looptime
async def test_the_second_waits_for_the_first_and_says_so(tmp_path):
    order, told = [], []

    async def work(name):
        async with exclusive(tmp_path / "d" / "lock", told.append):
            order.append(name)
            await asyncio.sleep(12)
            order.append(name)

    await asyncio.gather(work("a"), work("b"))
    assert order == ["a", "a", "b", "b"]
    assert [line.split(";")[0] for line in told] == [
        "Another process is at it already",
        "  still waiting for the other process (10 s)",
    ]


async def test_a_command_gives_its_lines_as_they_come(tmp_path):
    lines = []
    await commands.run(
        *("sh", "-c", "echo one; echo two >&2; pwd"), environ={}, cwd=tmp_path, each=lines.append
    )
    assert lines == ["one", "two", str(tmp_path)]


@pytest.mark.parametrize(
    ("reason", "argv", "message"),
    [
        (
            "What it said last is shown.",
            ("sh", "-c", "echo broken; exit 3"),
            "failed with 3:\nbroken",
        ),
        (
            "What is not there is named.",
            ("/no/such/program",),
            "/no/such/program cannot be started",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_a_command_that_fails(tmp_path, reason, argv, message):
    with pytest.raises(LocalError, match=message):
        await commands.run(*argv, environ={}, cwd=tmp_path)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


async def test_a_command_that_is_given_up_is_gone_with_its_children(tmp_path):
    started = asyncio.Event()
    lines = []

    def note(line):
        lines.append(int(line))
        started.set()

    script = "sleep 1000 & echo $!; wait"
    task = asyncio.create_task(
        commands.run("sh", "-c", script, environ={}, cwd=tmp_path, each=note)
    )
    await started.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert not alive(lines[0])


def test_a_store_that_is_named_is_used():
    assert trust.environment({"SSL_CERT_FILE": "/x"}) == {"SSL_CERT_FILE": "/x"}
    assert trust.environment({"SSL_CERT_DIR": "/x"}) == {"SSL_CERT_DIR": "/x"}


@pytest.mark.parametrize(
    ("reason", "present", "want"),
    [
        ("Where the system has a store it is used.", True, {}),
        ("Where it has none there is another.", False, {"SSL_CERT_FILE": certifi.where()}),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_trust(tmp_path, reason, present, want):
    store = tmp_path / "store"
    if present:
        store.write_text("x")
    paths = ssl.DefaultVerifyPaths(str(store), str(tmp_path / "none"), "", "", "", "")
    assert trust.environment({}, paths=paths) == want, reason


def test_a_directory_of_authorities_counts_when_something_is_in_it(tmp_path):
    paths = ssl.DefaultVerifyPaths(None, str(tmp_path), "", "", "", "")
    assert trust.environment({}, paths=paths)
    (tmp_path / "one.pem").write_text("x")
    assert not trust.environment({}, paths=paths)


def test_a_context_trusts_what_the_environment_names():
    assert trust.context({"SSL_CERT_FILE": certifi.where()}).get_ca_certs()


def test_a_free_port_can_be_bound_and_lies_below_those_of_outgoing_connections():
    port = ports.free(random.Random(1))
    with socket.socket() as server:
        server.bind(("127.0.0.1", port))
    assert port < 32_768


def test_a_port_in_use_is_not_given():
    with socket.socket() as server:
        server.bind(("127.0.0.1", ports.free(random.Random(1))))
        server.listen()
        assert ports.free(random.Random(1)) != server.getsockname()[1]


def test_the_way_to_the_programs_needs_nothing_but_python():
    script = "import sys, kubefed_core.local.__main__ as m; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"aiohttp", "certifi", "click", "cryptography", "kubernetes", "yaml"}


def test_the_command_prints_where_the_programs_are_and_tells_the_rest_aside(tmp_path):
    for program in release.PROGRAMS:
        path = tmp_path / program.name
        path.write_text(f"#!/bin/sh\necho {program.version}\n")
        path.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "kubefed_core.local", "binaries"],
        env={"KUBEBUILDER_ASSETS": str(tmp_path), "PATH": "/usr/bin:/bin"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{tmp_path}\n"
    assert "KUBEBUILDER_ASSETS" in done.stderr
