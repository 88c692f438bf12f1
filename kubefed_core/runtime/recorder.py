"""Kubernetes Events: what an operator should read beside an object."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kubefed_core import errors
from kubefed_core.objects import Key, Obj, dig, key_of, timestamp, uid
from kubefed_core.resources import EVENTS, Resource
from kubefed_core.runtime.client import Client
from kubefed_core.runtime.limit import Limiter

log = logging.getLogger(__name__)

REMEMBERED = 4096
WAITING = 2000
"""Events that may wait to be written."""
WRITERS = 4
AT_ONCE, RATE = 50, 10.0
"""So many are written at once, then so many a second: what they tell of comes first."""
BURST = 25
REFILL = 1 / 300
"""Events a second that an object may have for ever, after its burst: as client-go's spam filter."""
GATHER = 0.05
"""Seconds for which what is said is gathered before it is written."""
LONGEST = 1024
"""The API server refuses longer messages."""


@dataclass
class _Seen:
    key: Key
    count: int


@dataclass
class _Bucket:
    tokens: float
    at: float


@dataclass(frozen=True)
class _Said:
    obj: Obj
    resource: Resource
    reason: str
    message: str
    warning: bool
    component: str

    @property
    def subject(self) -> tuple[str, ...]:
        return uid(self.obj), self.resource.kind, *key_of(self.obj)

    @property
    def identity(self) -> tuple[str, ...]:
        return *self.subject, self.reason, self.message


@dataclass
class _Waiting:
    """`count` is how often it was said since it was written last."""

    said: _Said
    count: int = 1


class Recorder:
    """Writes events in the background, warnings first; what is said again only counts up."""

    def __init__(
        self,
        client: Client,
        *,
        component: str,
        namespace: str,
        now: Callable[[], datetime],
        instance: str = "",
    ) -> None:
        self._client = client
        self._component = component
        self._instance = instance or component
        self._namespace = namespace
        self._now = now
        self._warnings: dict[tuple[str, ...], _Waiting] = {}
        self._others: dict[tuple[str, ...], _Waiting] = {}
        self._writing: set[tuple[str, ...]] = set()
        self._lost = 0
        self._some = asyncio.Event()
        self._limiter = Limiter(RATE, AT_ONCE)
        self._seen: OrderedDict[tuple[str, ...], _Seen] = OrderedDict()
        self._buckets: OrderedDict[tuple[str, ...], _Bucket] = OrderedDict()

    def event(
        self,
        obj: Obj,
        *,
        resource: Resource,
        reason: str,
        message: str,
        warning: bool = False,
        component: str = "",
    ) -> None:
        """Say something of an object; never blocks, never raises.

        `component` is who says it, where that is not the recorder's own.
        """
        component = component or self._component
        said = _Said(obj, resource, reason, message[:LONGEST], warning, component)
        if not self._allowed(said.subject):
            return
        queue = self._warnings if warning else self._others
        if said.identity in queue:
            queue[said.identity].count += 1
        elif len(queue) < WAITING:
            queue[said.identity] = _Waiting(said)
            self._some.set()
        else:
            self._lose()

    def _lose(self) -> None:
        if not self._lost:
            log.warning("more events than can be written; the newest are lost for now")
        self._lost += 1

    async def run(self) -> None:
        """Write what was said, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(WRITERS):
                group.create_task(self._work(), name=f"recorder-{number}")

    async def _work(self) -> None:
        while True:
            while not self._waits():
                self._some.clear()
                await self._some.wait()
                # Events can wait; the change that one tells of is still being worked on.
                await asyncio.sleep(GATHER)
            await self._limiter.take()
            await self._write_next()

    async def flush(self) -> None:
        """Write what is still waiting; for a clean stop."""
        await asyncio.gather(*(self._drain() for _ in range(WRITERS)))

    async def _drain(self) -> None:
        while self._waits():
            await self._write_next()

    def _waits(self) -> bool:
        """Whether anything does that is not being written already."""
        return self._next() is not None

    def _next(self) -> tuple[str, ...] | None:
        for queue in (self._warnings, self._others):
            for identity in queue:
                if identity not in self._writing:
                    return identity
        return None

    async def _write_next(self) -> None:
        identity = self._next()
        if identity is None:
            return
        queue = self._warnings if identity in self._warnings else self._others
        waiting = queue.pop(identity)
        if self._lost and not self._warnings and not self._others:
            log.warning("%d events were lost", self._lost)
            self._lost = 0
        self._writing.add(identity)
        said = waiting.said
        try:
            await self._write(said, waiting.count)
        except (errors.ApiError, OSError) as error:
            log.warning("event %s of %s: %s", said.reason, key_of(said.obj), error)
        finally:
            self._writing.discard(identity)
            self._some.set()

    def _allowed(self, subject: tuple[str, ...]) -> bool:
        now = asyncio.get_running_loop().time()
        bucket = self._buckets.pop(subject, None) or _Bucket(BURST, now)
        tokens = min(BURST, bucket.tokens + (now - bucket.at) * REFILL)
        self._buckets[subject] = _Bucket(max(0.0, tokens - 1), now)
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return tokens >= 1

    async def _write(self, said: _Said, count: int) -> None:
        known = self._seen.pop(said.identity, None)
        moment = timestamp(self._now())
        if known is not None:
            patch = {"count": known.count + count, "lastTimestamp": moment}
            try:
                await self._client.patch(EVENTS, known.key, patch)
            except errors.NotFound:
                known = None
        if known is None:
            made = await self._client.create(EVENTS, self._new(said, moment, count))
            known = _Seen(key_of(made), 0)
        self._seen[said.identity] = _Seen(known.key, known.count + count)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def _new(self, said: _Said, moment: str, count: int) -> dict[str, Any]:
        key = key_of(said.obj)
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "generateName": f"{key.name[:200]}.",
                "namespace": key.namespace or "default",
            },
            "involvedObject": {
                "apiVersion": said.resource.api_version,
                "kind": said.resource.kind,
                "name": key.name,
                "namespace": key.namespace or None,
                "uid": uid(said.obj) or None,
                "resourceVersion": dig(said.obj, "metadata", "resourceVersion"),
            },
            "reason": said.reason,
            "message": said.message,
            "type": "Warning" if said.warning else "Normal",
            "source": {"component": said.component},
            "reportingComponent": said.component,
            "reportingInstance": self._instance,
            "firstTimestamp": moment,
            "lastTimestamp": moment,
            "count": count,
        }
