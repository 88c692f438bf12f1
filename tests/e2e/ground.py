"""Local clusters that live in a thread of their own, for tests with any event loop or with none."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from apiserver import Kubectl

from kubefed_core.local.cluster import LocalCluster, together
from kubefed_core.runtime.client import Client
from kubefed_core.runtime.credentials import Access

T = TypeVar("T")


class Ground:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ground", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it there and wait, without an event loop here."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it there and wait, in an event loop here."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


class Member:
    """One cluster of the ground; also the host is one."""

    def __init__(self, ground: Ground, cluster: LocalCluster, kubectl: Path) -> None:
        self._ground = ground
        self._cluster = cluster
        self.name = cluster.name
        self.server = cluster.server
        self.access: Access = cluster.access
        self.kubeconfig = cluster.kubeconfig
        self.directory = cluster.directory
        self.kubectl = Kubectl(kubectl, cluster.kubeconfig)

    def client(self) -> Client:
        """A client of the administrator's for the caller's event loop, who closes it."""
        return Client(self.access)

    def lose(self) -> None:
        """Like `stop_api`, without an event loop here; so are the next three."""
        self._ground.call(self._cluster.stop_api())

    def regain(self) -> None:
        self._ground.call(self._cluster.start_api())

    def hang(self) -> None:
        self._ground.call(self._cluster.freeze_api())

    def wake(self) -> None:
        self._ground.call(self._cluster.thaw_api())

    async def stop_api(self) -> None:
        """Lose the cluster; what it holds is kept."""
        await self._ground.do(self._cluster.stop_api())

    async def start_api(self) -> None:
        """Bring it back at the same address, and wait until it is ready."""
        await self._ground.do(self._cluster.start_api())

    async def freeze_api(self) -> None:
        """Let it hang: it takes connections and never answers."""
        await self._ground.do(self._cluster.freeze_api())

    async def thaw_api(self) -> None:
        await self._ground.do(self._cluster.thaw_api())


@dataclass(frozen=True)
class Clusters:
    host: Member
    eu: Member
    us: Member

    def __iter__(self) -> Iterator[Member]:
        return iter((self.host, self.eu, self.us))


@contextmanager
def running(ground: Ground, *clusters: LocalCluster, binaries: Path) -> Iterator[list[Member]]:
    """These clusters, started side by side, for as long as the body takes."""
    stack = AsyncExitStack()
    ground.call(stack.enter_async_context(together(*clusters)))
    try:
        yield [Member(ground, cluster, binaries / "kubectl") for cluster in clusters]
    finally:
        ground.call(stack.aclose())
