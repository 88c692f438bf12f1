"""Operations in clusters: side by side, each with its own time, none waited for too long."""

import asyncio
import logging
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import partial
from typing import NamedTuple, Protocol

from kubefed_core.controllers.sync_acts import Acts, Failed
from kubefed_core.controllers.sync_job import FedKey, Hashes, Job, Teller
from kubefed_core.controllers.sync_pace import Pace
from kubefed_core.decide.outcomes import RECOVERABLE, Outcome, State
from kubefed_core.decide.propagation import Create, Delete, Operation, Unlabel, Update
from kubefed_core.errors import Retry
from kubefed_core.resources import Resource
from kubefed_core.runtime import loop

log = logging.getLogger(__name__)

TIMEOUT = 30.0
"""Seconds after which an operation is cancelled."""
PATIENCE = 2.0
"""Seconds that an object waits for its slowest cluster before it goes on without it."""
AT_ONCE = 64
"""Operations in one cluster at the same time."""
RECHECK = 10.0
"""Seconds after which a deletion that shows no effect is asked for again."""

_TIMED_OUT = {
    Create: State.CREATION_TIMED_OUT,
    Update: State.UPDATE_TIMED_OUT,
    Delete: State.DELETION_TIMED_OUT,
    Unlabel: State.UNLABEL_TIMED_OUT,
}

_ACTIONS: Mapping[type, str] = {Create: "create", Update: "update", Delete: "delete"}
"""Under which names they are measured."""

Task = asyncio.Task[Outcome]


class _Running(NamedTuple):
    operation: Operation
    task: Task


class Meter(loop.Meter, Protocol):
    """What is measured of propagation, in seconds."""

    def propagated(self, seconds: float) -> None: ...

    def dispatched(self, action: str, seconds: float) -> None: ...


class Work:
    """`ended` is called for an object whose slow operation has come to an end after all."""

    def __init__(
        self,
        acts: Acts,
        *,
        pace: Pace,
        teller: Teller,
        ended: Callable[[FedKey], None],
        meter: Meter | None = None,
    ) -> None:
        self._acts = acts
        self._pace = pace
        self._tell = teller
        self._ended = ended
        self._meter = meter
        self._running: dict[tuple[FedKey, str], _Running] = {}
        self._late: dict[FedKey, dict[str, tuple[Hashes, str]]] = {}
        self._room: dict[str, asyncio.Semaphore] = {}

    def late(self, key: FedKey, hashes: Hashes) -> dict[str, str]:
        """The versions that slow operations have brought meanwhile, of this very wish."""
        found = self._late.pop(key, {})
        return {name: version for name, (wish, version) in found.items() if wish == hashes}

    async def perform(self, job: Job, operations: Iterable[Operation]) -> list[Outcome]:
        """The outcomes, in no order; what is not done in time is said to have timed out.

        It goes on all the same, and is not begun again before it has ended.
        """
        outcomes, begun = [], []
        for operation in operations:
            outcome = self._without(job, operation)
            if outcome is not None:
                outcomes.append(outcome)
            else:
                begun.append((operation, self._begin(job, operation)))
        if begun:
            await asyncio.wait([task for _, task in begun], timeout=PATIENCE)
        for operation, task in begun:
            if task.cancelled():
                raise Retry(f"{job.key}: {type(operation).__name__} was cancelled", after=0.2)
            if task.done():
                outcomes.append(task.result())
            else:
                outcomes.append(_timed_out(operation))
                task.add_done_callback(partial(self._came_late, job))
        return outcomes

    def under_way(self, key: FedKey, clusters: Iterable[str]) -> list[Outcome]:
        """What is to be said of an object's operations that have not ended yet."""
        slots = ((key, name) for name in clusters)
        return [
            _timed_out(self._running[slot].operation) for slot in slots if slot in self._running
        ]

    def stop(self, federated: Resource) -> None:
        """Break off whatever is done for objects of a kind."""
        for (key, _), running in self._running.items():
            if key.resource == federated:
                running.task.cancel()

    async def close(self) -> None:
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _without(self, job: Job, operation: Operation) -> Outcome | None:
        """What is to be said without doing anything; None where something is to be done."""
        if (job.key, operation.cluster) in self._running:
            return _timed_out(operation)
        settled = self._settled(job, operation)
        if settled is not None:
            if settled.state is State.OK:
                self._pace.went_well(job.key, operation.cluster)
            return settled
        now, wish = _now(), _wish(job, operation)
        held = self._pace.held(job.key, operation.cluster, wish, now=now)
        if held is not None:
            return held
        if not (isinstance(operation, Create | Update) and job.recorded.get(operation.cluster)):
            return None
        why = "someone else changes it again and again"
        contested = Outcome(operation.cluster, State.UPDATE_FAILED, why)
        if not self._pace.contested(job.key, contested, wish, now=now):
            return None
        text = f'{job.type.target.kind} "{job.target}" in cluster "{operation.cluster}": {why}'
        self._tell.warn(job, "Contested", text)
        return contested

    def _settled(self, job: Job, operation: Operation) -> Outcome | None:
        """A fault in what one cluster holds keeps the others from nothing."""
        try:
            return self._acts.settled(job, operation)
        except Exception as error:
            log.exception("%s in %s", job.key, operation.cluster)
            why = f"{type(error).__name__}: {error}"
            return Outcome(operation.cluster, State.BUILD_FAILED, why)

    def _begin(self, job: Job, operation: Operation) -> Task:
        slot = job.key, operation.cluster
        name = f"{type(operation).__name__} {job.key} in {operation.cluster}"
        task = asyncio.create_task(self._run(job, operation), name=name)
        self._running[slot] = _Running(operation, task)
        task.add_done_callback(lambda _: self._running.pop(slot, None))
        return task

    async def _run(self, job: Job, operation: Operation) -> Outcome:
        """Never raises but when cancelled from outside."""
        cluster = operation.cluster
        room = self._room.setdefault(cluster, asyncio.Semaphore(AT_ONCE))
        try:
            async with asyncio.timeout(TIMEOUT), room:
                begun = _now()
                outcome = await self._acts.act(job, operation)
                self._measure(operation, outcome, _now() - begun)
        except Failed as error:
            outcome = Outcome(cluster, error.state, str(error))
        except TimeoutError:
            outcome = _timed_out(operation)
        except Exception as error:
            log.exception("%s in %s", job.key, cluster)
            outcome = Outcome(cluster, State.UPDATE_FAILED, f"{type(error).__name__}: {error}")
        self._account(job, operation, outcome)
        return outcome

    def _measure(self, operation: Operation, outcome: Outcome, seconds: float) -> None:
        action = _ACTIONS.get(type(operation))
        well = outcome.wrote or outcome.gone or outcome.state is State.WAITING
        if self._meter is not None and action and well:
            self._meter.dispatched(action, seconds)

    def _account(self, job: Job, operation: Operation, outcome: Outcome) -> None:
        now, wish = _now(), _wish(job, operation)
        if outcome.message:
            self._acts.failed(job, operation, outcome.message)
        if outcome.state in RECOVERABLE:
            self._pace.failed(job.key, outcome, wish, now=now)
        elif outcome.state is State.WAITING:
            self._pace.hold(job.key, outcome, wish, until=now + RECHECK)
        else:
            self._pace.went_well(job.key, outcome.cluster)
        if outcome.wrote and job.recorded.get(outcome.cluster):
            self._pace.repaired(job.key, outcome.cluster, now=now)

    def _came_late(self, job: Job, task: Task) -> None:
        if task.cancelled():
            return
        outcome = task.result()
        if outcome.version:
            versions = self._late.setdefault(job.key, {})
            versions[outcome.cluster] = job.hashes, outcome.version
        self._ended(job.key)


def _timed_out(operation: Operation) -> Outcome:
    return Outcome(operation.cluster, _TIMED_OUT[type(operation)], "no answer in time")


def _wish(job: Job, operation: Operation) -> Hashable:
    return job.wish, type(operation)


def _now() -> float:
    return asyncio.get_running_loop().time()
