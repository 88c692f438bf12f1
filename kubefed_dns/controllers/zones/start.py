"""What has to be known before anything is decided about a zone."""

import asyncio
import logging

from kubefed_core.errors import ApiError
from kubefed_core.resources import NAMESPACES, SECRETS, Resource
from kubefed_core.runtime import backoff
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host
from kubefed_dns.controllers.keys import RECORDS
from kubefed_dns.resources import DOMAINS, ENDPOINTS, PROVIDERS

log = logging.getLogger(__name__)

NEEDED = (NAMESPACES, SECRETS, DOMAINS, PROVIDERS, ENDPOINTS, *RECORDS)
DOUBTED = (DOMAINS, PROVIDERS)
"""Where a first listing is empty, much would move or go for it: it is asked again."""


class Start:
    """To be made before the fleet begins to list, or at any time after."""

    def __init__(self, host: Host, *, retry: backoff.Backoff = backoff.FEED) -> None:
        self._host = host
        self._retry = retry
        self._sight = asyncio.Event()
        host.fleet.watch_sight(lambda cluster, resource: self._sight.set())

    async def wait(self) -> None:
        """Until all has been listed once, and what seems to be nothing was looked for twice."""
        while not self._host.filled(*NEEDED):
            self._sight.clear()
            await self._sight.wait()
        for resource in DOUBTED:
            if not any(self._host.list(resource)):
                await self._doubt(resource)

    async def _doubt(self, resource: Resource) -> None:
        failures = 0
        while True:
            try:
                found, _ = await self._host.client.list(resource, namespace=self._host.namespace)
                break
            except (ApiError, OSError) as error:
                failures += 1
                delay = self._retry(failures)
                log.warning("%s: %s; again in %.2gs", resource, error, delay)
                await asyncio.sleep(delay)
        for obj in found:
            self._host.fleet.put(HOST, resource, obj)
