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

log = logging.getLogger(__name__)

REMEMBERED = 4096
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


class Recorder:
    """Writes events in the background; what is said again only counts up."""

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
        self._said: asyncio.Queue[_Said] = asyncio.Queue(maxsize=1000)
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
        try:
            self._said.put_nowait(said)
        except asyncio.QueueFull:
            log.warning("too many events; lost: %s %s", reason, message)

    async def run(self) -> None:
        """Write what was said, until cancelled."""
        while True:
            said = await self._said.get()
            if self._said.empty():
                # Events can wait; the change that one tells of is still being worked on.
                await asyncio.sleep(GATHER)
            try:
                await self._write(said)
            except (errors.ApiError, OSError) as error:
                log.warning("event %s of %s: %s", said.reason, key_of(said.obj), error)

    async def flush(self) -> None:
        """Write what is still waiting; for a clean stop."""
        while not self._said.empty():
            await self._write(self._said.get_nowait())

    def _allowed(self, subject: tuple[str, ...]) -> bool:
        now = asyncio.get_running_loop().time()
        bucket = self._buckets.pop(subject, None) or _Bucket(BURST, now)
        tokens = min(BURST, bucket.tokens + (now - bucket.at) * REFILL)
        self._buckets[subject] = _Bucket(max(0.0, tokens - 1), now)
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return tokens >= 1

    async def _write(self, said: _Said) -> None:
        known = self._seen.pop(said.identity, None)
        moment = timestamp(self._now())
        if known is not None:
            patch = {"count": known.count + 1, "lastTimestamp": moment}
            try:
                await self._client.patch(EVENTS, known.key, patch)
            except errors.NotFound:
                known = None
        if known is None:
            made = await self._client.create(EVENTS, self._new(said, moment))
            known = _Seen(key_of(made), 0)
        self._seen[said.identity] = _Seen(known.key, known.count + 1)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def _new(self, said: _Said, moment: str) -> dict[str, Any]:
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
            "count": 1,
        }
