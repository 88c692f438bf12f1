"""List, then watch, for ever: one endpoint as a stream of events."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from kubefed_core import errors
from kubefed_core.objects import Key, Obj, dig, key_of, version
from kubefed_core.runtime import backoff
from kubefed_core.runtime.store import Changed, Event, Gone, Listed, Live, Lost

log = logging.getLogger(__name__)

OPENED = "OPENED"
"""The first event of every watch: the server has accepted it."""
OVERLOADED = frozenset({429, 503})
"""A server that says so is spared the listing: the watch is tried where it was."""
FEW = 4
"""From so many objects on, the sudden loss of more than half of them is doubted."""


class Endpoint(Protocol):
    """One resource of one cluster, as the client serves it."""

    async def list(self) -> tuple[Sequence[Obj], str]: ...

    async def get(self, key: Key) -> Obj: ...

    def watch(self, since: str) -> AsyncGenerator[Mapping[str, Any], None]: ...


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds; `doubt` is how long to wait before a listing that lost most objects is believed."""

    retry: backoff.Backoff = backoff.FEED
    pause: float = 0.1
    doubt: float = 10.0


USUAL = Timing()


def nothing_known() -> Collection[Key]:
    return ()


class Reflector:
    """Yields what happens at an endpoint; never ends, never raises for its faults.

    `known` gives the keys that the store holds, `held` the object of one: an
    object that a re-list lacks is reported gone only when a live read says so,
    and when more than half vanish at once a second listing must agree first.
    A false empty answer of an API server would else empty every name.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        known: Callable[[], Collection[Key]] = nothing_known,
        held: Callable[[Key], Obj | None] = lambda _: None,
        timing: Timing = USUAL,
    ) -> None:
        self._endpoint = endpoint
        self._known = known
        self._held = held
        self._timing = timing
        self._failures = 0
        self._hasty = 0
        self._nudge = asyncio.Event()

    def nudge(self) -> None:
        """Do not wait any longer for the next try: there are signs that it would succeed."""
        self._nudge.set()

    async def events(self) -> AsyncGenerator[Event, None]:
        """What happens, for ever; close the generator to stop."""
        since = ""
        while True:
            try:
                async with aclosing(self._watch(since) if since else self._list()) as steps:
                    async for event, at in steps:
                        since = at
                        if event is not None:
                            yield event
            except errors.Expired as error:
                listing, since = not since, ""
                delay = self._hurried()
                if listing and self._hasty > 1:
                    yield Lost(error)
                await self._rest(delay)
            except (errors.ApiError, OSError) as error:
                if isinstance(error, errors.ApiError) and error.status not in OVERLOADED:
                    since = ""
                yield Lost(error)
                await self._rest(self._failed(error))

    def _failed(self, error: Exception) -> float:
        self._failures += 1
        delay = self._timing.retry(self._failures)
        level = logging.WARNING if self._failures == 1 else logging.DEBUG
        log.log(level, "%s: %s; again in %.2gs", self._endpoint, error, delay)
        return delay

    def _hurried(self) -> float:
        """How long to wait after what came to nothing at once; longer each time in a row."""
        self._hasty += 1
        return self._timing.pause if self._hasty == 1 else self._timing.retry(self._hasty - 1)

    async def _rest(self, delay: float) -> None:
        self._nudge.clear()
        try:
            async with asyncio.timeout(delay):
                await self._nudge.wait()
        except TimeoutError:
            pass

    async def _list(self) -> AsyncGenerator[tuple[Event | None, str], None]:
        """One listing, or several where what it lacks is doubted."""
        known = frozenset(self._known())
        objects, since = await self._endpoint.list()
        missing = known - {key_of(obj) for obj in objects}
        if len(known) >= FEW and 2 * len(missing) > len(known):
            log.warning(
                "%s: %d of %d objects are missing from a new listing; asking again in %gs",
                self._endpoint,
                len(missing),
                len(known),
                self._timing.doubt,
            )
            # Without a version: should the second listing fail, there must be another.
            yield self._with(objects, missing), ""
            await asyncio.sleep(self._timing.doubt)
            objects, since = await self._endpoint.list()
            missing = known - {key_of(obj) for obj in objects}
        still = [obj for key in sorted(missing) if (obj := await self._alive(key)) is not None]
        self._failures = 0
        yield Listed((*objects, *still), since), since
        if not since:
            await self._rest(self._hurried())

    def _with(self, objects: Sequence[Obj], missing: Collection[Key]) -> Listed:
        kept = (obj for key in missing if (obj := self._held(key)) is not None)
        return Listed((*objects, *kept))

    async def _alive(self, key: Key) -> Obj | None:
        try:
            return await self._endpoint.get(key)
        except errors.NotFound:
            return None

    async def _watch(self, since: str) -> AsyncGenerator[tuple[Event | None, str], None]:
        """Watch once; every event with the version to go on from."""
        loop = asyncio.get_running_loop()
        started, fruitful = loop.time(), False
        try:
            async with aclosing(self._endpoint.watch(since)) as lines:
                async for raw in lines:
                    kind, obj = raw["type"], raw["object"]
                    if kind == OPENED:
                        self._failures = 0
                        yield Live(), since
                        continue
                    event = _event(kind, obj)
                    fruitful = True
                    since = version(obj) or since
                    yield event, since
        finally:
            fruitful = fruitful or loop.time() - started >= 1
            if fruitful:
                self._hasty = 0
        if not fruitful:
            await self._rest(self._hurried())


def _event(kind: str, obj: Obj) -> Event | None:
    """Translate one line of the watch API; raises what an ERROR line stands for."""
    match kind:
        case "ADDED" | "MODIFIED":
            return Changed(obj)
        case "DELETED":
            return Gone(obj)
        case "ERROR":
            code = dig(obj, "code", default=500)
            raise errors.api_error(str(dig(obj, "message", default="watch failed")), status=code)
        case _:
            return None
