"""Programs under a supervisor, and a control plane of stand-ins that fail as real ones do."""

import asyncio
import os
import signal
import stat
from pathlib import Path

import pytest

from kubefed_core.local import cluster as clusters
from kubefed_core.local.cluster import LocalCluster
from kubefed_core.local.controlplane import ControlPlane
from kubefed_core.local.errors import LocalError
from kubefed_core.local.processes import Processes

PATIENT = 'trap "" TERM; while :; do sleep 0.05; done'
OBEDIENT = 'trap "echo $0 ends >>ends; exit" TERM; while :; do sleep 0.05; done'


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


async def until(holds):
    async with asyncio.timeout(10):
        while True:
            if holds():
                return
            await asyncio.sleep(0.02)


@pytest.fixture
async def processes(tmp_path):
    made = Processes(tmp_path, remove=False, environ={"PATH": os.environ["PATH"]}, grace=1.0)
    await made.open()
    yield made
    await made.close()


async def start(processes, name, script=OBEDIENT):
    """Start it, and give it the time to set its trap."""
    pid = await processes.start(
        name, ["sh", "-c", f"{script.replace('while', 'echo up; while', 1)}", name]
    )
    await until(lambda: "up" in processes.tail(name))
    return pid


async def test_programs_end_in_the_reverse_order_of_their_start(processes, tmp_path):
    pids = [await start(processes, name) for name in ("etcd", "api", "manager")]
    await processes.close()
    assert (tmp_path / "ends").read_text() == "manager ends\napi ends\netcd ends\n"
    assert not any(alive(pid) for pid in pids)


async def test_one_that_will_not_end_is_killed(processes):
    pid = await start(processes, "stubborn", PATIENT)
    await processes.close()
    assert not alive(pid)


async def test_one_that_is_stopped_ends_too(processes, tmp_path):
    await start(processes, "frozen")
    await processes.signal("frozen", signal.SIGSTOP)
    await processes.close()
    assert (tmp_path / "ends").read_text() == "frozen ends\n"


async def test_a_killed_program_can_be_started_again_under_its_name(processes):
    first = await start(processes, "api")
    await processes.kill("api")
    assert not alive(first)
    second = await start(processes, "api")
    assert alive(second)
    assert processes.exited("api") is None


async def test_a_program_that_ends_by_itself_leaves_its_code_and_its_last_words(processes):
    await processes.start("etcd", ["sh", "-c", "echo no disk >&2; exit 7"])
    await until(lambda: processes.exited("etcd") is not None)
    assert (processes.exited("etcd"), processes.tail("etcd")) == (7, "no disk")
    assert processes.tail("nobody") == ""


@pytest.mark.parametrize(
    ("reason", "name", "argv", "message"),
    [
        ("What is not there cannot be started.", "new", ["/no/such"], "/no/such cannot be started"),
        ("A name is taken once.", "etcd", ["true"], "etcd runs already"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_a_start_that_fails_says_why(processes, reason, name, argv, message):
    await start(processes, "etcd")
    with pytest.raises(LocalError, match=message):
        await processes.start(name, argv)


async def test_what_does_not_run_cannot_be_sent_a_signal_but_may_be_killed(processes):
    with pytest.raises(LocalError, match="api does not run"):
        await processes.signal("api", signal.SIGSTOP)
    await processes.kill("api")


async def test_a_program_has_no_more_of_the_environment_than_it_is_given(processes):
    await processes.start("env", ["env"])
    await until(lambda: processes.exited("env") is not None)
    names = {line.split("=")[0] for line in processes.tail("env").splitlines()}
    assert names <= {"PATH", "PWD", "SHLVL", "_", "LC_CTYPE"}


async def test_all_ends_when_the_supervisor_is_told_to(processes, tmp_path):
    pid = await start(processes, "etcd")
    os.kill(processes.pid, signal.SIGTERM)
    await until(lambda: not alive(pid))
    assert (tmp_path / "ends").read_text() == "etcd ends\n"


async def test_all_ends_when_the_supervisor_is_killed(processes):
    pid = await start(processes, "etcd", PATIENT)
    os.kill(processes.pid, signal.SIGKILL)
    await until(lambda: not alive(pid))
    await until(lambda: not alive(processes.pid))
    with pytest.raises(LocalError, match="supervisor"):
        await processes.kill("etcd")


async def test_before_its_start_and_after_its_end_nothing_can_be_asked_of_it(tmp_path):
    processes = Processes(tmp_path, remove=False, environ={})
    await processes.close()
    with pytest.raises(LocalError, match="not started"):
        await processes.kill("etcd")


async def test_the_directory_goes_where_it_is_to_be_removed(tmp_path):
    directory = tmp_path / "d"
    directory.mkdir()
    processes = Processes(directory, remove=True, environ={"PATH": os.environ["PATH"]})
    await processes.open()
    await start(processes, "etcd")
    await processes.close()
    assert not directory.exists()


UNLUCKY = """
echo "$@" | grep -o "secure-port=[0-9]*" >>ports
echo "listen tcp: bind: address already in use"
exit 1
"""
ETCD = "touch etcd.sock; sleep 1000"


@pytest.fixture
def programs(tmp_path):
    """Writes stand-ins for the three programs."""
    where = tmp_path / "programs"
    where.mkdir()

    def write(**scripts):
        for name, script in scripts.items():
            path = where / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return where

    return write


async def test_a_program_that_fails_is_named_with_the_end_of_its_log(programs):
    where = programs(etcd=ETCD, kube_apiserver="echo bad flag; exit 2")
    with pytest.raises(
        LocalError, match=r"(?s)kube-apiserver of cluster eu ended with 2.*bad flag"
    ):
        async with LocalCluster("eu", binaries=where):
            pass


async def test_a_missing_program_is_named(programs):
    with pytest.raises(LocalError, match="etcd cannot be started"):
        async with LocalCluster("eu", binaries=programs()):
            pass


async def test_a_taken_port_is_exchanged_for_another_a_few_times(programs):
    where = programs(etcd=ETCD, kube_apiserver=UNLUCKY)
    directory = where / "cluster"
    directory.mkdir()
    with pytest.raises(LocalError, match="found its port taken, 5 times"):
        async with LocalCluster("eu", binaries=where, directory=directory):
            pass
    assert len(set((directory / "ports").read_text().splitlines())) == 5


async def test_a_directory_of_the_users_is_kept_and_another_is_not(programs, tmp_path, monkeypatch):
    where = programs(etcd="exit 1")
    kept, temporary = tmp_path / "kept", tmp_path / "temporary"
    kept.mkdir()
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    for directory in (kept, None):
        with pytest.raises(LocalError):
            async with LocalCluster("eu", binaries=where, directory=directory):
                pass
    assert (kept / "ca.crt").exists()
    assert not list(temporary.iterdir())


async def test_of_clusters_that_start_together_none_stays_when_one_fails(programs):
    where = programs(etcd="exit 1")
    some = [LocalCluster(name, binaries=where) for name in ("eu", "us")]
    with pytest.raises(LocalError):
        async with clusters.together(*some):
            pass
    for cluster in some:
        with pytest.raises(LocalError, match="is not started"):
            _ = cluster.supervisor


@pytest.mark.parametrize("name", ["access", "client"])
def test_a_control_plane_that_is_not_open_has_nothing(tmp_path, name):
    plane = ControlPlane("eu", binaries=tmp_path, directory=tmp_path, remove=False)
    with pytest.raises(LocalError, match="eu is not started"):
        getattr(plane, name)
