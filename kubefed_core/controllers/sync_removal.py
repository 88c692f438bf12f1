"""What happens when a federated object goes: deletion, orphaning, and labels left behind."""

import asyncio
from collections.abc import Callable

from kubefed_core import errors
from kubefed_core.api import federated as api
from kubefed_core.api.types import TypeConfig
from kubefed_core.controllers.sync_echoes import Echoes
from kubefed_core.controllers.sync_job import FedKey, Job, Teller
from kubefed_core.controllers.sync_report import Report, hashes
from kubefed_core.controllers.sync_view import View
from kubefed_core.controllers.sync_work import RECHECK, Work
from kubefed_core.decide import propagation
from kubefed_core.decide.outcomes import Outcome, State
from kubefed_core.decide.propagation import Delete, Operation, Seen, Unlabel, Wait
from kubefed_core.errors import Retry, Terminal
from kubefed_core.objects import Key, Obj, deleting, dig
from kubefed_core.resources import Resource
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host

BeforeRemoval = Callable[[str, Resource, Key], float | None]
"""Told that an object is about to be removed from a cluster; in how many seconds it may be.

None: at once. It is asked again until then.
"""


class Removal:
    def __init__(
        self,
        host: Host,
        *,
        view: View,
        work: Work,
        report: Report,
        teller: Teller,
        echoes: Echoes,
        before: BeforeRemoval,
    ) -> None:
        self._host = host
        self._echoes = echoes
        self._view = view
        self._work = work
        self._report = report
        self._tell = teller
        self._before = before

    def spare(
        self, job: Job, operations: list[Operation]
    ) -> tuple[list[Operation], list[Outcome], float | None]:
        """Which may begin now, which must wait, and for how many seconds."""
        now, later, waits = [], [], []
        for each in operations:
            wait = None
            if isinstance(each, Delete):
                wait = self._before(each.cluster, job.type.target, job.target)
            if wait:
                later.append(Outcome(each.cluster, State.WAITING))
                waits.append(wait)
            else:
                now.append(each)
        return now, later, min(waits, default=None)

    async def remove(self, kind: TypeConfig, key: FedKey, federated: Obj) -> float | None:
        """Clean the clusters, or leave them as they are, and let the object go."""
        job = Job(key, kind, federated, hashes=hashes(federated), removing=True)
        if api.FINALIZER not in dig(federated, "metadata", "finalizers", default=()):
            return await self._release(job) if api.is_orphaning(federated) else None
        if api.is_orphaning(federated):
            await self._finish(job)
            return await self._release(job)
        try:
            job = Job(
                key,
                kind,
                federated,
                hashes=job.hashes,
                options=api.delete_options(federated),
                removing=True,
            )
        except Terminal as error:
            self._tell.warn(job, "InvalidDeleteOptions", str(error))
            raise
        return await self._delete(job)

    async def stray(self, kind: TypeConfig, key: FedKey) -> float | None:
        """Take our label from what no federated object speaks of any more."""
        meta = {"name": key.name} | ({"namespace": key.namespace} if key.namespace else {})
        job = Job(key, kind, {"metadata": meta}, removing=True)
        if not any(each.obj is not None for each in self._seen(job)):
            return None
        if not await self._host.confirm_absent(kind.federated, key.key):
            return None
        return await self._release(job)

    async def _release(self, job: Job) -> float | None:
        """Where a cluster is out of sight, it comes back with its listing."""
        unlabel: list[Operation] = [
            Unlabel(each.cluster, each.obj)
            for each in self._seen(job)
            if each.ready and each.obj is not None and not deleting(each.obj)
        ]
        outcomes = await self._work.perform(job, unlabel)
        if any(not each.gone for each in outcomes):
            raise Retry(f"{job.key}: not all labels could be removed", after=5.0)
        return None

    async def _delete(self, job: Job) -> float | None:
        may_have = self._waited_for(job)
        seen = self._seen(job, may_have)
        steps = propagation.removal(seen)
        operations: list[Operation] = [step for step in steps if isinstance(step, Delete | Unlabel)]
        said = [step for step in steps if isinstance(step, Outcome)]
        now, later, wait = self.spare(job, operations)
        outcomes = [*said, *later, *await self._work.perform(job, now)]
        named = {each.cluster for each in outcomes}
        others = [
            each.cluster
            for each in seen
            if each.cluster not in named and not api.waived(job.federated, each.cluster)
        ]
        # What is being made there now is not seen yet, and would stay behind.
        outcomes += self._work.under_way(job.key, others)
        outcomes = [each for each in outcomes if not each.gone]
        if any(isinstance(step, Wait) for step in steps):
            return None
        if not outcomes:
            outcomes = await self._check(job, seen, may_have)
            if not outcomes:
                await self._finish(job)
                return None
        await self._report.status(job, outcomes)
        return min(wait or RECHECK, RECHECK)

    def _waited_for(self, job: Job) -> frozenset[str]:
        found = self._view.may_have(job.type, job.federated)
        return frozenset(name for name in found if not api.waived(job.federated, name))

    def _seen(self, job: Job, may_have: frozenset[str] = frozenset()) -> list[Seen]:
        return self._view.seen(job.type, job.target, may_have)

    async def _check(self, job: Job, seen: list[Seen], may_have: frozenset[str]) -> list[Outcome]:
        """Ask the clusters themselves; an object that is there still, or may be, is an outcome."""
        names = [each.cluster for each in seen if each.ready and not each.trouble]
        answers = await asyncio.gather(*(self._ask(job, name) for name in names))
        found = []
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, Exception):
                if name in may_have:
                    found.append(Outcome(name, State.RETRIEVAL_FAILED, str(answer)))
            elif answer is not None and self._holds(job, answer):
                self._host.fleet.put(name, job.type.target, answer)
                found.append(Outcome(name, State.WAITING))
        return found

    async def _ask(self, job: Job, cluster: str) -> Obj | Exception | None:
        try:
            async with asyncio.timeout(5.0):
                return await self._host.fleet.client(cluster).get(job.type.target, job.target)
        except errors.NotFound:
            return None
        except (errors.ApiError, OSError, KeyError) as error:
            return error

    def _holds(self, job: Job, obj: Obj) -> bool:
        if self._view.is_own(job.type, obj):
            return api.is_managed(obj) and not deleting(obj)
        return api.is_managed(obj)

    async def _finish(self, job: Job) -> None:
        """Remove our finalizer, from the very object that was looked at."""
        kept = [
            each
            for each in dig(job.federated, "metadata", "finalizers", default=())
            if each != api.FINALIZER
        ]
        await set_finalizers(self._host, job, kept, echoes=self._echoes)


async def set_finalizers(
    host: Host, job: Job, finalizers: list[str], *, echoes: Echoes
) -> Obj | None:
    """None where the object is gone; raises Retry where someone else wrote meanwhile."""
    meta = {
        "finalizers": finalizers or None,
        "resourceVersion": dig(job.federated, "metadata", "resourceVersion"),
    }
    resource, key = job.type.federated, job.key.key
    with echoes.writing(HOST, resource, key):
        try:
            made = await host.client.patch(resource, key, {"metadata": meta})
        except errors.NotFound:
            return None
        except errors.Conflict as error:
            raise Retry(str(error), after=0.2) from error
        if not deleting(made) or dig(made, "metadata", "finalizers"):
            echoes.wrote(HOST, resource, made)
            host.fleet.put(HOST, resource, made)
        return made
