"""Brings federated objects of every kind into their clusters, and says what came of it."""

import asyncio
import logging
from collections.abc import Callable

from kubefed_core.api import federated as api
from kubefed_core.api.config import Config
from kubefed_core.api.types import TypeConfig
from kubefed_core.controllers.sync_acts import Acts
from kubefed_core.controllers.sync_echoes import Echoes
from kubefed_core.controllers.sync_job import SYSTEM_NAMESPACES, Doubts, FedKey, Job, Teller
from kubefed_core.controllers.sync_pace import Pace
from kubefed_core.controllers.sync_removal import BeforeRemoval, Removal, set_finalizers
from kubefed_core.controllers.sync_report import Report, hashes
from kubefed_core.controllers.sync_triggers import Triggers
from kubefed_core.controllers.sync_view import View, Where
from kubefed_core.controllers.sync_work import Meter, Work
from kubefed_core.decide import overrides, propagation, template
from kubefed_core.decide.outcomes import Outcome, Reason, State
from kubefed_core.decide.overrides import Override
from kubefed_core.decide.propagation import Create, Operation, Update, Wait
from kubefed_core.errors import ApiError, Terminal
from kubefed_core.objects import Key, Obj, deleting, dig, generation, labels
from kubefed_core.resources import NAMESPACES, Resource
from kubefed_core.runtime import backoff
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.loop import Controller

log = logging.getLogger(__name__)

WORKERS = 32
"""Objects at the same time; a slow cluster holds one for no longer than `sync_work.PATIENCE`."""
RETRY = backoff.exponential(base=1.0, cap=60.0)
CONTEST = backoff.exponential(base=15.0, cap=900.0)


def at_once(cluster: str, resource: Resource, key: Key) -> float | None:
    """Nobody minds a removal."""
    return None


class Sync:
    """One controller for all kinds; which they are may change at any time."""

    def __init__(
        self,
        *,
        host: Host,
        config: Callable[[], Config],
        before_removal: BeforeRemoval = at_once,
        workers: int = WORKERS,
        meter: Meter | None = None,
    ) -> None:
        self._host = host
        self._types: dict[Resource, TypeConfig] = {}
        self._spaces: TypeConfig | None = None
        self._controller: Controller[FedKey] = Controller(
            "sync", self.reconcile, workers=workers, retry=RETRY, meter=meter
        )
        queue = self._controller.queue
        self._pace = Pace(retry=RETRY, contest=CONTEST)
        self._doubts = Doubts()
        self._tell = Teller(host.recorder)
        self._view = View(host, config=config, namespaces=self._namespaces)
        self._echoes = Echoes(host.fleet)
        acts = Acts(host, view=self._view, teller=self._tell, echoes=self._echoes, config=config)
        self._meter = meter
        self._work = Work(acts, pace=self._pace, teller=self._tell, ended=queue.add, meter=meter)
        self._report = Report(
            host, view=self._view, teller=self._tell, echoes=self._echoes, config=config
        )
        self._removal = Removal(
            host,
            view=self._view,
            work=self._work,
            report=self._report,
            teller=self._tell,
            echoes=self._echoes,
            before=before_removal,
        )
        self._triggers = Triggers(
            host,
            types=self._types,
            namespaces=self._namespaces,
            queue=queue,
            pace=self._pace,
            doubts=self._doubts,
            echoes=self._echoes,
            config=config,
        )

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            await self._controller.run()
        finally:
            await self._work.close()

    def start(self, kind: TypeConfig) -> None:
        """Look after a type from now on; whoever starts it sees to it that it is followed."""
        self._types[kind.federated] = kind
        self._triggers.all(kind)

    def stop(self, kind: TypeConfig) -> None:
        """Leave everything of a type as it is; what is under way is broken off."""
        self._types.pop(kind.federated, None)
        self._work.stop(kind.federated)

    def place_by(self, namespaces: TypeConfig | None) -> None:
        """Which type says where the namespaces go; until it is known, nothing namespaced moves.

        It counts, and is to be followed on the host, whether it runs or not.
        """
        self._spaces = namespaces
        self._triggers.all()

    def _namespaces(self) -> TypeConfig | None:
        return self._spaces

    async def reconcile(self, key: FedKey) -> float | None:
        """Make the clusters hold what the object wants; None when there is nothing to wait for."""
        kind = self._types.get(key.resource)
        if kind is None or not self._is_ours(kind, key) or not self._view.complete(kind):
            return None
        federated = self._host.get(key.resource, key.key)
        if federated is None:
            self._pace.forget(key)
            self._doubts.settle(key)
            return await self._removal.stray(kind, key)
        begun = asyncio.get_running_loop().time()
        try:
            return await self._serve(kind, key, federated)
        finally:
            if self._meter is not None:
                self._meter.propagated(asyncio.get_running_loop().time() - begun)

    async def _serve(self, kind: TypeConfig, key: FedKey, federated: Obj) -> float | None:
        if deleting(federated):
            return await self._removal.remove(kind, key, federated)
        if kind.is_namespace and not self._may_have_namespace(kind, key, federated):
            return None
        job = await self._owned(Job(key, kind, federated))
        if job is None or self._types.get(key.resource) is not kind:
            return None
        return await self._propagate(job)

    def _is_ours(self, kind: TypeConfig, key: FedKey) -> bool:
        """Others of this kind may be seen, because somebody else wants to see them."""
        if kind.is_namespace:
            return key.name not in SYSTEM_NAMESPACES | {self._host.namespace}
        return not self._view.limited or key.namespace == self._host.namespace

    def _may_have_namespace(self, kind: TypeConfig, key: FedKey, federated: Obj) -> bool:
        if key.namespace != key.name:
            why = f"must be named {key.namespace}, as the namespace that it is in"
            self._tell.warn(Job(key, kind, federated), "InvalidName", why)
            return False
        return self._view.limited or self._host.get(NAMESPACES, Key("", key.name)) is not None

    async def _owned(self, job: Job) -> Job | None:
        """With our finalizer on the object; None where the object is gone."""
        found = list(dig(job.federated, "metadata", "finalizers", default=()))
        federated: Obj | None = job.federated
        if api.FINALIZER not in found:
            federated = await self._finalized(job, [*found, api.FINALIZER])
        if federated is None or deleting(federated):
            return None
        wish = hashes(federated)
        _, known = self._view.recorded(job.type, federated)
        same = (known.template, known.overrides) == wish
        before = self._doubts.believed(job.key, known.clusters) if same else {}
        recorded = {**before, **self._work.late(job.key, wish)}
        return Job(job.key, job.type, federated, hashes=wish, recorded=recorded)

    async def _finalized(self, job: Job, finalizers: list[str]) -> Obj | None:
        try:
            return await set_finalizers(self._host, job, finalizers, echoes=self._echoes)
        except (ApiError, OSError) as error:
            self._tell.warn(job, "EnsureFinalizerError", str(error))
            raise

    async def _propagate(self, job: Job) -> float | None:
        try:
            where = self._view.where(job.type, job.federated)
        except Terminal as error:
            if api.status(job.federated).observed_generation != generation(job.federated):
                self._tell.warn(job, "ComputePlacementFailed", str(error))
            await self._report.status(job, reason=Reason.PLACEMENT_FAILED, message=str(error))
            return None
        self._warn_of_template(job)
        selected = where.placed.clusters
        steps = propagation.plan(self._view.wanted(job.type, job.federated, selected))
        operations = [step for step in steps if isinstance(step, Operation)]
        job, refused = self._patched(job, operations, selected)
        kept = {each.cluster for each in refused}
        now, later, wait = self._removal.spare(
            job, [each for each in operations if each.cluster not in kept]
        )
        outcomes = [step for step in steps if isinstance(step, Outcome)]
        outcomes += [*refused, *later, *await self._work.perform(job, now)]
        if await self._report.versions(job, outcomes, selected=selected):
            self._doubts.settle(job.key)
        if not any(isinstance(step, Wait) for step in steps):
            await self._say(job, outcomes, where)
        return self._again(job, wait)

    def _patched(
        self, job: Job, operations: list[Operation], selected: frozenset[str]
    ) -> tuple[Job, list[Outcome]]:
        """With the overrides of each cluster; where they cannot be read nothing is written."""
        try:
            found: tuple[Override, ...] = overrides.parse(job.federated)
        except Terminal as error:
            writing = [each for each in operations if isinstance(each, Create | Update)]
            state, why = State.OVERRIDES_FAILED, str(error)
            return job, [Outcome(each.cluster, state, why) for each in writing]
        clusters = self._view.clusters()
        patches = {
            name: overrides.for_cluster(found, name, labels(clusters[name])) for name in selected
        }
        full = Job(
            job.key,
            job.type,
            job.federated,
            hashes=job.hashes,
            recorded=job.recorded,
            patches=patches,
        )
        return full, []

    async def _say(self, job: Job, outcomes: list[Outcome], where: Where) -> None:
        await self._report.status(
            job,
            [each for each in outcomes if not each.gone],
            reason=Reason.NAMESPACE if where.unfederated else Reason.OK,
            placement=(where.placed.reason, where.placed.message),
            selected=where.placed.clusters,
        )

    def _warn_of_template(self, job: Job) -> None:
        """Once for each generation."""
        if api.status(job.federated).observed_generation == generation(job.federated):
            return
        for warned in template.warnings(job.federated):
            self._tell.warn(job, warned.reason, warned.message)

    def _again(self, job: Job, wait: float | None) -> float | None:
        due = self._pace.due(job.key, now=asyncio.get_running_loop().time())
        waits = wait, due, self._view.doubt(job.type)
        return min((each for each in waits if each is not None), default=None)
