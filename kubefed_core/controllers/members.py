"""Follows in the fleet what the KubeFedClusters name, with the credentials they have now."""

import asyncio
import logging
from collections.abc import Collection
from typing import Protocol

from kubefed_core import errors
from kubefed_core.objects import Key, dig
from kubefed_core.resources import CLUSTERS, SECRETS, Resource
from kubefed_core.runtime import credentials, loop
from kubefed_core.runtime.fleet import HOST, Interest
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.interests import Interests
from kubefed_core.runtime.loop import Controller

log = logging.getLogger(__name__)


class Meter(loop.Meter, Protocol):
    """What is measured of members."""

    def cluster_connected(self, seconds: float) -> None: ...


class Members:
    """Keys are names of clusters.

    A cluster is followed from the moment it is joined, ready or not; a feed
    retries by itself. New credentials start it anew. Where they cannot be used
    the cluster stays followed with the last good ones: a Secret that was
    deleted by mistake takes no service out of DNS. What is wrong is reported
    by the clusters controller. What is followed may change at any time.
    """

    def __init__(
        self,
        *,
        host: Host,
        interests: Interests | Collection[Interest],
        meter: Meter | None = None,
    ) -> None:
        self._host = host
        self._meter = meter
        self._interests = interests if isinstance(interests, Interests) else Interests(interests)
        self._controller = Controller("members", self.reconcile, meter=meter)
        host.fleet.subscribe(self._changed)
        self._interests.subscribe(self._other_interests)

    async def run(self) -> None:
        await self._controller.run()

    def _other_interests(self) -> None:
        for obj in self._host.list(CLUSTERS):
            self._controller.queue.add(obj["metadata"]["name"])

    def _changed(self, cluster: str, resource: Resource, key: Key) -> None:
        if cluster != HOST or key.namespace != self._host.namespace:
            return
        if resource == CLUSTERS:
            self._controller.queue.add(key.name)
        elif resource == SECRETS:
            for obj in self._host.list(CLUSTERS):
                if dig(obj, "spec", "secretRef", "name") == key.name:
                    self._controller.queue.add(obj["metadata"]["name"])

    async def reconcile(self, name: str) -> float | None:
        """Follow a cluster, or stop it where it is joined no more."""
        if not self._host.filled(CLUSTERS, SECRETS):
            raise errors.Retry("clusters and Secrets are not listed yet", after=1.0)
        cluster = self._host.get(CLUSTERS, Key(self._host.namespace, name))
        if cluster is None:
            log.info("cluster %s is joined no more", name)
            await self._host.fleet.disengage(name)
            return None
        secret = dig(cluster, "spec", "secretRef", "name", default="")
        begun = asyncio.get_running_loop().time()
        access = credentials.from_cluster(
            cluster, self._host.get(SECRETS, Key(self._host.namespace, secret))
        )
        await self._host.fleet.engage(name, access, self._interests.all())
        if self._meter is not None:
            self._meter.cluster_connected(asyncio.get_running_loop().time() - begun)
        return None
