"""Local clusters: real control planes that can be lost, and leave nothing behind."""

import asyncio
import base64
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from apiserver import Kubectl
from ground import Clusters
from space import PATIENCE, Space, deployment, service, until

from kubefed_core.errors import Forbidden
from kubefed_core.local.cloud import ADDRESS
from kubefed_core.local.cluster import LocalCluster
from kubefed_core.resources import NAMESPACES, PODS, SECRETS
from kubefed_core.runtime.client import Client
from kubefed_core.runtime.credentials import Access, from_kubeconfig

REPO = Path(__file__).parents[2]
PARENT = """
import asyncio, sys
from pathlib import Path
from kubefed_core.local.cluster import LocalCluster

async def main():
    async with LocalCluster("orphan", binaries=Path(sys.argv[1])) as cluster:
        print(cluster.supervisor, cluster.directory, flush=True)
        await asyncio.sleep(3600)

asyncio.run(main())
"""


@pytest.fixture
def eu(clusters: Clusters, namespace: str) -> Space:
    return Space(clusters.eu.kubectl, namespace)


def test_each_cluster_is_ready_and_another(clusters: Clusters) -> None:
    for member in clusters:
        assert member.kubectl("get", "--raw", "/readyz") == "ok"
    assert len({member.server for member in clusters}) == 3
    assert len({member.access.ca for member in clusters}) == 3


def test_the_kubeconfig_gives_what_the_cluster_says_of_itself(clusters: Clusters) -> None:
    read = from_kubeconfig(clusters.eu.kubeconfig)
    assert (read.server, read.ca) == (clusters.eu.access.server, clusters.eu.access.ca)


def test_nobody_else_can_read_the_keys(clusters: Clusters) -> None:
    for path in (clusters.eu.directory, clusters.eu.kubeconfig):
        assert path.stat().st_mode & 0o077 == 0


async def test_a_service_account_has_a_token_and_no_rights(eu: Space, clusters: Clusters) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": {
            "name": "who-token",
            "annotations": {"kubernetes.io/service-account.name": "who"},
        },
    }
    eu("create", "serviceaccount", "who")
    eu.create(secret)
    data = until(lambda: eu.json("get", "secret", "who-token").get("data"), "the token is there")
    ca = base64.b64decode(data["ca.crt"])
    assert ca == clusters.eu.access.ca
    token = base64.b64decode(data["token"]).decode()
    client = Client(Access(server=clusters.eu.server, ca=ca, token=token))
    try:
        for resource in (SECRETS, NAMESPACES):
            with pytest.raises(Forbidden, match=f"system:serviceaccount:{eu.namespace}:who"):
                await client.list(resource)
    finally:
        await client.close()


async def test_a_lost_cluster_comes_back_as_it_was(clusters: Clusters, namespace: str) -> None:
    us = Space(clusters.us.kubectl, namespace)
    us.create(deployment())
    us.create(service())
    before = us.points("service")
    client = clusters.us.client()
    try:
        await clusters.us.stop_api()
        with pytest.raises(OSError, match=clusters.us.server):
            await client.list(PODS)
        await clusters.us.start_api()
        assert us.points("service") == before
        us("annotate", "service", "web", f"{ADDRESS}=192.0.2.99")
        until(lambda: us.points("service") == ["192.0.2.99"], "the cloud is back too")
        us("scale", "deployment/web", "--replicas=2")
        until(lambda: len(us.ready_addresses()) == 2, "and so is the controller manager")
    finally:
        await client.close()


async def test_a_frozen_cluster_hangs_until_it_is_thawed(clusters: Clusters) -> None:
    client = Client(clusters.us.access, timeout=0.5)
    try:
        await clusters.us.freeze_api()
        with pytest.raises(TimeoutError):
            await client.list(PODS)
        await clusters.us.thaw_api()
        assert (await client.fetch("/readyz", timeout=PATIENCE))[0] == 200
    finally:
        await client.close()


def living(directory: str) -> list[int]:
    """The processes that work in this directory, as the programs of a cluster do."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "cwd").startswith(directory):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@asynccontextmanager
async def parent(
    binaries: Path, temporary: Path
) -> AsyncIterator[tuple[asyncio.subprocess.Process, int, str]]:
    """A process that has a cluster; its supervisor and its directory."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(binaries)),
        stdout=asyncio.subprocess.PIPE,
        cwd=REPO,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    try:
        assert process.stdout is not None
        supervisor, directory = (await process.stdout.readline()).decode().split()
        assert len(living(directory)) == 3
        yield process, int(supervisor), directory
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_nothing_is_left_of_a_cluster_whose_parent_is_killed(
    binaries: Path, tmp_path: Path
) -> None:
    async with parent(binaries, tmp_path) as (process, _, directory):
        process.send_signal(signal.SIGKILL)
        until(lambda: not living(directory), "the programs are gone")
        until(lambda: not Path(directory).exists(), "the files are gone")


async def test_nothing_runs_on_when_the_supervisor_is_killed(
    binaries: Path, tmp_path: Path
) -> None:
    async with parent(binaries, tmp_path) as (_, supervisor, directory):
        os.kill(supervisor, signal.SIGKILL)
        until(lambda: not living(directory), "the programs are gone")


async def test_a_cluster_ends_whole_even_when_frozen(binaries: Path) -> None:
    async with LocalCluster("short", binaries=binaries, cloud=False) as cluster:
        directory = cluster.directory
        await cluster.freeze_api()
    assert not living(str(directory))
    assert not directory.exists()


async def test_clusters_can_be_had_from_the_command_line(binaries: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kubefed_core.local", "up", "mine"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=REPO,
        env={**os.environ, "KUBEBUILDER_ASSETS": str(binaries)},
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    kubeconfig = Path(line.split("=", 1)[1].split()[0])
    assert "mine-a-1" in Kubectl(binaries / "kubectl", kubeconfig)("get", "nodes")
    process.send_signal(signal.SIGINT)
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert said.decode().splitlines()[-1] == "Stopping."
    assert not living(str(kubeconfig.parent))
