"""The four things that are done to an object in a member cluster."""

from collections.abc import Awaitable, Callable
from typing import Any

from kubefed_core import errors
from kubefed_core.api import federated as api
from kubefed_core.api.config import Config
from kubefed_core.api.federated import MANAGED
from kubefed_core.controllers.sync_echoes import Echoes
from kubefed_core.controllers.sync_job import Job, Teller
from kubefed_core.controllers.sync_view import View
from kubefed_core.decide import drift, template, versions
from kubefed_core.decide.outcomes import Outcome, State
from kubefed_core.decide.propagation import Create, Delete, Operation, Unlabel, Update
from kubefed_core.objects import Obj, dig, labels, uid, version
from kubefed_core.resources import Resource
from kubefed_core.runtime.client import Client
from kubefed_core.runtime.host import Host

TRIES = 3
"""How often in a row an update is begun anew because someone else wrote meanwhile."""

_FAULTS = {
    template.Unbuilt: State.BUILD_FAILED,
    template.Unretained: State.RETENTION_FAILED,
    template.Unpatched: State.OVERRIDES_FAILED,
}


_DOING = {
    "create": "Creating",
    "update": "Updating",
    "delete": "Deleting",
    "remove managed label from": "Removing managed label from",
}


class Failed(Exception):
    """An operation has come to an end that is not the one that was wanted."""

    def __init__(self, state: State, why: str) -> None:
        super().__init__(why)
        self.state = state


class Acts:
    """Each takes what is known and gives the outcome; none is tried twice but for conflicts."""

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

    def settled(self, job: Job, operation: Operation) -> Outcome | None:
        """The outcome of what needs no call: it is so already, or it cannot be."""
        cluster = operation.cluster
        match operation:
            case Update(_, member) if labels(member).get(MANAGED) == "false":
                return Outcome(cluster, State.LABEL_FALSE)
            case Update(_, member):
                existing: Obj | None = member
            case Create():
                existing = None
            case _:
                return None
        try:
            wanted = self._wanted(job, cluster, existing)
        except Failed as error:
            return Outcome(cluster, error.state, str(error))
        recorded = job.recorded.get(cluster, "")
        if existing is None or drift.needs_update(wanted, existing, recorded=recorded):
            return None
        return Outcome(cluster, version=recorded)

    async def act(self, job: Job, operation: Operation) -> Outcome:
        """Raises Failed; TimeoutError where it is cut off."""
        act, verb, reason, state = self._means(operation)
        cluster = operation.cluster
        self._tell.doing(job, cluster, verb=_DOING[verb], reason=reason)
        try:
            client = self._host.fleet.client(cluster)
        except KeyError:
            raise Failed(State.CLIENT_FAILED, "the cluster is not followed") from None
        try:
            with self._echoes.writing(cluster, job.type.target, job.target):
                return await act(job, operation, client)
        except (errors.ApiError, OSError) as error:
            raise Failed(state, str(error) or type(error).__name__) from error

    def _means(
        self, operation: Operation
    ) -> tuple[Callable[[Job, Any, Client], Awaitable[Outcome]], str, str, State]:
        match operation:
            case Create():
                return self._create, "create", "CreateInCluster", State.CREATION_FAILED
            case Update():
                return self._update, "update", "UpdateInCluster", State.UPDATE_FAILED
            case Delete():
                return self._delete, "delete", "DeleteInCluster", State.DELETION_FAILED
            case _:
                reason = "RemoveManagedLabelFromInCluster"
                return self._unlabel, "remove managed label from", reason, State.UNLABEL_FAILED

    def failed(self, job: Job, operation: Operation, why: str) -> None:
        """Say in an event what has failed."""
        _, verb, reason, _ = self._means(operation)
        self._tell.failed(job, operation.cluster, why, verb=verb, reason=reason)

    async def _create(self, job: Job, operation: Create, client: Client) -> Outcome:
        cluster, target = operation.cluster, job.type.target
        wanted = self._wanted(job, cluster, None)
        try:
            made = await client.create(target, wanted)
        except errors.ApiError as error:
            if not _may_exist(error, job):
                raise
            return await self._adopt(job, cluster, client, error)
        return self._wrote(job, cluster, made)

    async def _adopt(
        self, job: Job, cluster: str, client: Client, cause: errors.ApiError
    ) -> Outcome:
        """Take over what is there already, where that is allowed."""
        try:
            live = await client.get(job.type.target, job.target)
        except (errors.ApiError, OSError) as error:
            raise Failed(State.RETRIEVAL_FAILED, str(error)) from error
        if (refused := self._refused(job, cluster, live, str(cause))) is not None:
            return refused
        if not api.is_managed(live):
            why = f"{cause}; trying to update it instead"
            self._tell.failed(job, cluster, why, verb="create", reason="CreateInCluster")
        return await self._update(job, Update(cluster, live), client)

    def _refused(self, job: Job, cluster: str, live: Obj, why: str) -> Outcome | None:
        """What is to be said where an object is not ours to change; None where it is."""
        if labels(live).get(MANAGED) == "false":
            return Outcome(cluster, State.LABEL_FALSE)
        may = api.is_managed(live) or self._config().adopt_resources
        if may or self._view.is_own(job.type, live):
            return None
        return Outcome(cluster, State.ALREADY_EXISTS, why)

    async def _update(self, job: Job, operation: Update, client: Client) -> Outcome:
        """Whoever wrote meanwhile may have taken the object into his own hands."""
        cluster, member = operation.cluster, operation.member
        for attempt in range(1, TRIES + 1):
            if (refused := self._refused(job, cluster, member, "it is not ours")) is not None:
                return refused
            wanted = self._wanted(job, cluster, member)
            try:
                made = await client.replace(job.type.target, wanted)
            except errors.Conflict:
                if attempt == TRIES:
                    raise
                member = await client.get(job.type.target, job.target)
                continue
            return self._wrote(job, cluster, made, before=member)
        raise AssertionError("unreachable")

    async def _delete(self, job: Job, operation: Delete, client: Client) -> Outcome:
        """Of an object that still says that it is ours."""
        options, cluster, member = job.options, operation.cluster, operation.member
        for attempt in range(1, TRIES + 1):
            try:
                await client.delete(
                    job.type.target,
                    job.target,
                    uid=options.uid or uid(member),
                    version=dig(member, "metadata", "resourceVersion", default=""),
                    propagation=options.propagation,
                    grace=options.grace,
                )
            except errors.NotFound:
                break
            except errors.Conflict:
                if attempt == TRIES:
                    raise
                member = await client.get(job.type.target, job.target)
                if not api.is_managed(member):
                    break
            else:
                return Outcome(cluster, State.WAITING)
        return Outcome(cluster, gone=True)

    async def _unlabel(self, job: Job, operation: Unlabel, client: Client) -> Outcome:
        """Only from an object that still says that it is ours."""
        target, cluster, member = job.type.target, operation.cluster, operation.member
        for attempt in range(1, TRIES + 1):
            try:
                made = await client.patch(target, job.target, _unlabelled(member))
            except errors.NotFound:
                return Outcome(cluster, gone=True)
            except errors.Conflict:
                if attempt == TRIES:
                    raise
                member = await client.get(target, job.target)
                if not api.is_managed(member):
                    return Outcome(cluster, gone=True)
            else:
                self._put(cluster, target, made)
                return Outcome(cluster, gone=True)
        raise AssertionError("unreachable")

    def _wanted(self, job: Job, cluster: str, member: Obj | None) -> dict[str, Any]:
        slot = cluster, version(member)
        if slot not in job.built:
            target, patches = job.type.target, job.patches.get(cluster, ())
            try:
                made = template.desired(job.federated, target, patches, member=member)
            except errors.Terminal as error:
                raise Failed(_FAULTS[type(error)], str(error)) from error
            job.built[slot] = made
        return job.built[slot]

    def _put(self, cluster: str, target: Resource, made: Obj) -> None:
        self._echoes.wrote(cluster, target, made)
        self._host.fleet.put(cluster, target, made)

    def _wrote(self, job: Job, cluster: str, made: Obj, *, before: Obj | None = None) -> Outcome:
        """What is put as it was already changes nothing."""
        self._put(cluster, job.type.target, made)
        return Outcome(
            cluster, version=versions.version(made), wrote=version(made) != version(before)
        )


def _unlabelled(member: Obj) -> dict[str, Any]:
    """The patch, for this very state of the object."""
    meta = {"uid": uid(member), "resourceVersion": dig(member, "metadata", "resourceVersion")}
    return {"metadata": {**meta, "labels": {MANAGED: None}}}


def _may_exist(error: errors.ApiError, job: Job) -> bool:
    """A namespace that is there answers ServerTimeout now and then."""
    if isinstance(error, errors.Conflict):
        return error.reason != "Conflict"
    return job.type.is_namespace and error.reason == "ServerTimeout"
