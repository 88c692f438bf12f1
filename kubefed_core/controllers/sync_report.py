"""Writes down what came of an object: its versions and its status, where they are new."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kubefed_core import errors
from kubefed_core.api import federated as api
from kubefed_core.api import propagated
from kubefed_core.api.config import Config
from kubefed_core.api.propagated import Versions
from kubefed_core.controllers.sync_echoes import Echoes
from kubefed_core.controllers.sync_job import Hashes, Job, Teller
from kubefed_core.controllers.sync_view import View
from kubefed_core.decide import outcomes as decide
from kubefed_core.decide import readiness, versions
from kubefed_core.decide.outcomes import Outcome, Reason, Said, State
from kubefed_core.objects import Obj, generation, key_of
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host

log = logging.getLogger(__name__)

COLLECT = "RawResourceStatusCollection"
TRIES = 3

_WARNED = {
    State.NOT_READY: "ClusterNotReady",
    State.CACHE_FAILED: "CachedRetrievalFailed",
    State.BUILD_FAILED: "ComputeResourceFailed",
    State.OVERRIDES_FAILED: "ApplyOverridesFailed",
    State.RETENTION_FAILED: "FieldRetentionFailed",
    State.CREATION_TIMED_OUT: "OperationTimeoutError",
    State.UPDATE_TIMED_OUT: "OperationTimeoutError",
    State.DELETION_TIMED_OUT: "OperationTimeoutError",
    State.UNLABEL_TIMED_OUT: "OperationTimeoutError",
}


def hashes(federated: Obj) -> Hashes:
    return Hashes(versions.template_hash(federated), versions.overrides_hash(federated))


class Report:
    def __init__(
        self,
        host: Host,
        *,
        view: View,
        teller: Teller,
        echoes: Echoes,
        config: Callable[[], Config],
    ) -> None:
        self._host = host
        self._echoes = echoes
        self._view = view
        self._tell = teller
        self._config = config

    async def versions(
        self, job: Job, outcomes: Iterable[Outcome], *, selected: frozenset[str]
    ) -> bool:
        """Say which version each cluster has, and where something was left; whether that is said.

        A failure is only logged, versions are a help.
        """
        old, known = self._view.recorded(job.type, job.federated)
        new = {each.cluster: each.version for each in outcomes if each.version}
        merged = versions.merged(job.recorded, new, selected=selected, same=True)
        left = self._view.left(job.type, job.federated, selected=selected)
        found = Versions(job.hashes.template, job.hashes.overrides, dict(merged), left)
        if old is None and not merged and not left:
            return True
        if old is not None and found == known and self._kept(job, old, left) == old:
            return True
        try:
            await self._write(job, old, found)
        except errors.Forbidden as error:
            log.info("versions of %s: %s", job.key, error)
        except (errors.ApiError, OSError) as error:
            log.warning("versions of %s: %s", job.key, error)
        else:
            return True
        return False

    def _kept(self, job: Job, old: Obj, left: frozenset[str]) -> dict[str, Any]:
        return propagated.kept(old, job.federated, job.type.federated, left=left)

    async def status(
        self,
        job: Job,
        outcomes: Iterable[Outcome] = (),
        *,
        reason: Reason = Reason.OK,
        message: str = "",
        placement: tuple[str, str] = ("", ""),
        selected: frozenset[str] = frozenset(),
    ) -> None:
        """Write the status if it is not so already, and warn of what is new in it."""
        found = tuple(outcomes)
        old = api.status(job.federated)
        self._warn(job, old, found)
        said = Said(
            generation=generation(job.federated),
            outcomes=found,
            reason=reason,
            message=message,
            remote=self._remote(job, found),
            ready=self._ready(job, selected),
            placement=placement,
            updated=any(each.wrote for each in found),
        )
        new = decide.status(old, said, now=self._host.now())
        if new is not old:
            await self._set(job.federated, job, api.dump_status(new))

    async def _write(self, job: Job, old: Obj | None, found: Versions) -> None:
        resource = propagated.kind_for(job.type.federated)
        name = versions.name_for(job.type.target.kind, job.key.name)
        for attempt in range(1, TRIES + 1):
            try:
                fresh = old or propagated.new(job.federated, job.type.federated, name)
                made = self._kept(job, fresh, found.left)
                if old is None or made != old:
                    old = await self._host.apply(resource, made)
                await self._host.set_status(resource, old, propagated.dump_status(found))
            except (errors.Conflict, errors.NotFound) as error:
                if attempt == TRIES:
                    raise
                missing = isinstance(error, errors.NotFound)
                key = key_of(propagated.new(job.federated, job.type.federated, name))
                old = None if missing else await self._host.client.get(resource, key)
            else:
                return

    async def _set(self, federated: Obj, job: Job, status: Mapping[str, Any]) -> None:
        """Through conflicts about anything but the spec that the status speaks of."""
        resource, spoken_of = job.type.federated, generation(federated)
        for _ in range(TRIES):
            try:
                with self._echoes.writing(HOST, resource, job.key.key):
                    made = await self._host.set_status(resource, federated, status)
                    self._echoes.wrote(HOST, resource, made)
            except errors.NotFound:
                return
            except errors.Conflict:
                federated = await self._host.client.get(resource, job.key.key)
                # What somebody else has changed meanwhile nobody has looked at yet.
                self._host.fleet.put(HOST, resource, federated)
                if generation(federated) != spoken_of:
                    return
            else:
                return
        raise errors.Retry(f"status of {job.key}: someone else writes too", after=1.0)

    def _remote(
        self, job: Job, outcomes: Iterable[Outcome]
    ) -> dict[str, Mapping[str, Any] | None] | None:
        if not job.type.collected or not self._config().gates.get(COLLECT):
            return None
        seen = {
            each.cluster: self._view.member(job.type, each.cluster, job.target) for each in outcomes
        }
        return {name: obj.get("status") for name, obj in seen.items() if obj is not None}

    def _ready(self, job: Job, selected: frozenset[str]) -> dict[str, bool] | None:
        if not readiness.has_notion(job.type.target):
            return None
        clusters = self._view.clusters()
        return {
            name: self._view.ready(clusters[name])
            and readiness.is_ready(job.type.target, self._view.member(job.type, name, job.target))
            for name in selected
        }

    def _warn(self, job: Job, old: api.Status, outcomes: Iterable[Outcome]) -> None:
        """Of what the status does not say yet."""
        before = {each.name: each.status for each in old.clusters}
        for each in outcomes:
            reason = _WARNED.get(each.state)
            if reason is not None and before.get(each.cluster) != each.state:
                self._tell.warn(job, reason, f'Cluster "{each.cluster}": {each.message}')
