"""A hub with its controllers, in virtual time."""

import asyncio
import contextlib

import pytest
from probed import NS, Hub

from kubefed_core.api.config import HealthCheck
from kubefed_core.controllers.clusters import Clusters
from kubefed_core.controllers.members import Members
from kubefed_core.resources import CLUSTERS, SECRETS
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST, Fleet, Interest


class Controllers:
    """Those of a hub; each start is one of a new process that knows nothing."""

    def __init__(self, hub):
        self._hub = hub
        self._fleet = None
        self._tasks = []

    async def start(self, *interests, **check):
        """Follow these of every member; the health check's settings can be given."""
        self._fleet = Fleet(connect=self._hub.connect)
        host = self._hub.host(self._fleet)
        parts = [
            Clusters(host=host, health=HealthCheck(**check), meter=self._hub.metrics),
            Members(host=host, interests=interests),
        ]
        self._tasks = [asyncio.create_task(part.run()) for part in parts]
        await self._fleet.engage(
            HOST, Access("https://hub"), [Interest(CLUSTERS, NS), Interest(SECRETS, NS)]
        )

    async def stop(self):
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        if self._fleet is not None:
            await self._fleet.close()


@pytest.fixture
def hub():
    return Hub()


@pytest.fixture
async def controllers(hub):
    made = Controllers(hub)
    yield made
    await made.stop()
