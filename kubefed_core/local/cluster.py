"""A whole Kubernetes cluster on this machine: its control plane, and the cloud around it."""

import asyncio
import itertools
import logging
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from kubefed_core.local import binaries as programs
from kubefed_core.local import files
from kubefed_core.local.cloud.provider import Cloud
from kubefed_core.local.cloud.territory import Territory
from kubefed_core.local.controlplane import ControlPlane
from kubefed_core.local.errors import LocalError
from kubefed_core.local.programs import MANAGER
from kubefed_core.local.report import Report, silent
from kubefed_core.runtime.client import Client
from kubefed_core.runtime.credentials import Access

log = logging.getLogger(__name__)

_numbers = itertools.count()


@asynccontextmanager
async def together(*clusters: "LocalCluster") -> AsyncIterator[None]:
    """Several clusters started side by side, and stopped so."""
    started: list[LocalCluster] = []

    async def start(cluster: LocalCluster) -> None:
        started.append(await cluster.__aenter__())

    try:
        try:
            async with asyncio.TaskGroup() as group:
                for cluster in clusters:
                    group.create_task(start(cluster))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        yield
    finally:
        await asyncio.gather(*(cluster.__aexit__(None, None, None) for cluster in started))


class LocalCluster:
    """etcd, kube-apiserver and kube-controller-manager on loopback, gone when the body ends.

        async with LocalCluster("eu", region="eu-west", zones=["eu-west-1a"]) as cluster:
            cluster.kubeconfig      # the administrator's
            cluster.access          # the same for a Client
            await cluster.stop_api()

    They end with this process too, however it ends. With `cloud` there are nodes, `nodes` in each
    zone, pods that run, and addresses for load balancers; see `kubefed_core.local.cloud`.
    `number` chooses the ranges of those addresses; clusters of one process differ by default.
    Files are in a temporary directory, or in `directory`, which is new or empty, and kept then.
    `binaries` is where the programs are; by default they are found or, once, got, which `report`
    is told of.
    """

    def __init__(
        self,
        name: str,
        *,
        region: str = "",
        zones: Sequence[str] = (),
        nodes: int = 1,
        cloud: bool = True,
        number: int | None = None,
        directory: Path | None = None,
        binaries: Path | None = None,
        report: Report = silent,
    ) -> None:
        self.name = name
        self._territory = Territory(
            cluster=name,
            number=next(_numbers) if number is None else number,
            region=region,
            zones=tuple(zones),
            nodes=nodes,
        )
        self._with_cloud = cloud
        self._directory = directory
        self._binaries = binaries
        self._report = report
        self._plane: ControlPlane | None = None
        self._cloud: Cloud | None = None

    def __repr__(self) -> str:
        return f"LocalCluster({self.name!r})"

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return self._started.server

    @property
    def directory(self) -> Path:
        """Where its files are, the programs' logs among them."""
        return self._started.directory

    @property
    def kubeconfig(self) -> Path:
        return self.directory / files.KUBECONFIG

    @property
    def access(self) -> Access:
        return self._started.access

    @property
    def client(self) -> Client:
        """The administrator's client; it belongs to the event loop that started the cluster."""
        return self._started.client

    @property
    def supervisor(self) -> int:
        """The process id of whoever stops the programs when this process is gone."""
        return self._started.supervisor

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stop()

    async def stop_api(self) -> None:
        """Kill the API server: the cluster is lost to everybody else, its data are kept."""
        await self._started.stop_api()

    async def start_api(self) -> None:
        """Have it back at the same address, and wait until it is ready."""
        await self._started.start_api()
        if self._cloud is not None:
            self._cloud.nudge()

    async def freeze_api(self) -> None:
        """Let the API server hang: it takes connections and never answers."""
        await self._started.freeze_api()

    async def thaw_api(self) -> None:
        await self._started.thaw_api()

    @property
    def _started(self) -> ControlPlane:
        if self._plane is None:
            raise LocalError(f"cluster {self.name} is not started")
        return self._plane

    async def _start(self) -> None:
        where = self._binaries or await programs.ensure(report=self._report)
        temporary = self._directory is None
        directory = self._directory or Path(tempfile.mkdtemp(prefix=f"kubefed-{self.name}-"))
        plane = self._plane = ControlPlane(
            self.name, binaries=where, directory=directory, remove=temporary
        )
        await plane.open()
        if self._with_cloud:
            self._cloud = Cloud(plane.access, self._territory)
            self._cloud.start()
        await plane.until(plane.manager_works, MANAGER)
        if self._cloud is not None:
            await plane.until(self._cloud.settled, MANAGER)
        log.info("cluster %s is ready at %s", self.name, self.server)

    async def _stop(self) -> None:
        cloud, plane = self._cloud, self._plane
        self._cloud = self._plane = None
        if cloud is not None:
            await cloud.stop()
        if plane is not None:
            await plane.close()
