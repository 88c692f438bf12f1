"""What surrounds a local cluster: machines that run pods, and load balancers.

Nothing here looks again and again: every step follows a change at once. Only a node's Lease is
renewed by the clock. What the cluster's objects say already is respected, so that a cloud can be
started anew beside a cluster that has been used.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from kubefed_core.errors import NotFound, Retry
from kubefed_core.local.cloud.frontends import Frontends
from kubefed_core.local.cloud.machines import Machines
from kubefed_core.local.cloud.territory import Territory
from kubefed_core.local.cloud.view import INTERESTS, View
from kubefed_core.objects import Key, key_of
from kubefed_core.resources import NODES, PODS, Resource
from kubefed_core.runtime import backoff
from kubefed_core.runtime.client import Client
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST, Connect, Fleet
from kubefed_core.runtime.loop import Controller
from kubefed_core.runtime.reflector import Timing

RETRY = backoff.exponential(base=0.1, cap=3.0)
SOON = 0.5
"""Seconds until what cannot be done now is tried again."""
BELIEVE = Timing(doubt=0.0)
"""An API server of ours does not lie about what it holds."""


class Item(NamedTuple):
    resource: Resource
    key: Key


def utc() -> datetime:
    return datetime.now(UTC)


class Cloud:
    """Plays everything around one cluster from `start` to `stop`.

    Pods are bound, run and ready at once, unless annotated `local.kubefed.io/ready: "false"`;
    what fits on no node stays Pending, Unschedulable. A Service of type LoadBalancer and an
    Ingress get the address that their annotation `local.kubefed.io/address` asks for.
    """

    def __init__(
        self,
        access: Access,
        territory: Territory,
        *,
        connect: Connect = Client,
        now: Callable[[], datetime] = utc,
    ) -> None:
        self._access = access
        self._fleet = Fleet(connect=connect, timing=BELIEVE)
        self._view = View(self._fleet, now=now)
        self._machines = Machines(self._view, territory)
        self._frontends = Frontends(self._view, territory)
        self._controller: Controller[Item] = Controller(
            f"cloud-{territory.cluster}", self._work, workers=8, retry=RETRY
        )
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def settled(self) -> bool:
        """Whether the nodes are there and take pods."""
        return self._machines.ready()

    def nudge(self) -> None:
        """The cluster can be reached again: do not wait for the next try."""
        self._fleet.nudge(HOST)

    async def _run(self) -> None:
        self._fleet.subscribe(self._changed)
        try:
            await self._fleet.engage(HOST, self._access, INTERESTS)
            for key in self._machines.planned():
                self._controller.queue.add(Item(NODES, key))
            await self._controller.run()
        finally:
            await self._fleet.close()

    def _changed(self, _: str, resource: Resource, key: Key) -> None:
        self._controller.queue.add(Item(resource, key))
        if resource == NODES:
            self._wake(key.name)
            self._wake("")
        elif resource != PODS:
            self._frontends.note(resource, key)
        elif self._machines.note(key):
            self._wake("")

    def _wake(self, node: str) -> None:
        """Look again at the pods of a node; of an empty name, at those that wait for one."""
        for pod in self._view.pods_on(node):
            self._controller.queue.add(Item(PODS, key_of(pod)))

    async def _work(self, item: Item) -> float | None:
        try:
            if item.resource == NODES:
                return await self._machines.node(item.key)
            if item.resource == PODS:
                await self._machines.pod(item.key)
            else:
                await self._frontends.balance(item.resource, item.key)
        except (NotFound, OSError) as error:
            # Not worth a warning: it is gone, its namespace is yet to come, or the cluster is
            # lost, as is part of the play.
            raise Retry(str(error), after=SOON) from error
        return None
