"""What came of it in each cluster, and what the status says of that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from kubefed_core.api.federated import ClusterEntry, Condition, Status
from kubefed_core.objects import timestamp

PROPAGATION, PLACEMENT, READY = "Propagation", "Placement", "Ready"


class State(StrEnum):
    """A cluster's status, word for word KubeFed's."""

    OK = ""
    WAITING = "WaitingForRemoval"
    NOT_READY = "ClusterNotReady"
    CACHE_FAILED = "CachedRetrievalFailed"
    BUILD_FAILED = "ComputeResourceFailed"
    OVERRIDES_FAILED = "ApplyOverridesFailed"
    CREATION_FAILED = "CreationFailed"
    UPDATE_FAILED = "UpdateFailed"
    DELETION_FAILED = "DeletionFailed"
    UNLABEL_FAILED = "LabelRemovalFailed"
    RETRIEVAL_FAILED = "RetrievalFailed"
    ALREADY_EXISTS = "AlreadyExists"
    RETENTION_FAILED = "FieldRetentionFailed"
    VERSION_FAILED = "VersionRetrievalFailed"
    CLIENT_FAILED = "ClientRetrievalFailed"
    LABEL_FALSE = "ManagedLabelFalse"
    CREATION_TIMED_OUT = "CreationTimedOut"
    UPDATE_TIMED_OUT = "UpdateTimedOut"
    DELETION_TIMED_OUT = "DeletionTimedOut"
    UNLABEL_TIMED_OUT = "LabelRemovalTimedOut"


RECOVERABLE = frozenset(
    {
        State.CREATION_FAILED,
        State.UPDATE_FAILED,
        State.DELETION_FAILED,
        State.UNLABEL_FAILED,
        State.RETRIEVAL_FAILED,
        State.CLIENT_FAILED,
        State.CREATION_TIMED_OUT,
        State.UPDATE_TIMED_OUT,
        State.DELETION_TIMED_OUT,
        State.UNLABEL_TIMED_OUT,
    }
)
"""Where trying again may help although nothing has changed."""


_EXPLAINED = RECOVERABLE | {
    State.BUILD_FAILED,
    State.OVERRIDES_FAILED,
    State.RETENTION_FAILED,
    State.ALREADY_EXISTS,
}
LONGEST = 1000
"""Characters of a condition's message."""


class Reason(StrEnum):
    """Why the condition Propagation is False, empty where it is True."""

    OK = ""
    CLUSTERS_FAILED = "ClusterRetrievalFailed"
    PLACEMENT_FAILED = "ComputePlacementFailed"
    CHECK = "CheckClusters"
    NAMESPACE = "NamespaceNotFederated"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one cluster: how it is, why (for people), and the version that was written there.

    `gone` where nothing is left to be said of the cluster; `wrote` where its object was changed.
    """

    cluster: str
    state: State = State.OK
    message: str = ""
    version: str = ""
    wrote: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """All that goes into a status.

    `remote` are the members' own statuses where they are collected, None where
    they are not; in it a cluster without an entry has not been collected yet,
    and one with None is of a kind that has no status. `ready` says by cluster
    whether the workload is up there, None where the kind has no such notion.
    """

    generation: int
    outcomes: tuple[Outcome, ...] = ()
    reason: Reason = Reason.OK
    message: str = ""
    remote: Mapping[str, Mapping[str, Any] | None] | None = None
    ready: Mapping[str, bool] | None = None
    placement: tuple[str, str] = ("", "")
    updated: bool = False


def status(old: Status, said: Said, *, now: datetime) -> Status:
    """The status to have; `old` itself where there is nothing new to be said."""
    entries = _entries(said)
    conditions = _conditions(old, said, entries, moved=_moved(old, entries) or said.updated)
    new = Status(
        observed_generation=said.generation,
        conditions=tuple(_dated(old.get(each.type), each, now=now) for each in conditions),
        clusters=entries,
        summary=_summary(entries, ready=said.ready is not None),
    )
    return old if not said.updated and _same(old, new) else new


def _entries(said: Said) -> tuple[ClusterEntry, ...]:
    remote, ready = said.remote or {}, said.ready or {}
    return tuple(
        ClusterEntry(
            name=each.cluster,
            status=each.state,
            ready=str(ready[each.cluster]) if each.cluster in ready else "",
            remote=remote.get(each.cluster),
        )
        for each in sorted(said.outcomes, key=lambda each: each.cluster)
        if not each.gone
    )


def _reason(said: Said, entries: tuple[ClusterEntry, ...]) -> Reason:
    """A failure goes before a missing namespace, and that before the clusters."""
    if said.reason is not Reason.OK:
        return said.reason
    missing = said.remote is not None and any(each.name not in said.remote for each in entries)
    return Reason.CHECK if missing or any(each.status for each in entries) else Reason.OK


def _conditions(
    old: Status, said: Said, entries: tuple[ClusterEntry, ...], *, moved: bool
) -> list[Condition]:
    """`last_update` empty stands for now."""
    found = []
    reason = _reason(said, entries)
    before = old.get(PROPAGATION)
    kept = before.last_update if before is not None and not moved else ""
    message = said.message or _trouble(said)
    found.append(Condition(PROPAGATION, _truth(not reason), reason, message, kept))
    why, message = said.placement
    if why or old.get(PLACEMENT) is not None:
        found.append(_settled(old, Condition(PLACEMENT, _truth(not why), why, message)))
    if said.ready is not None:
        down = sorted(name for name, up in said.ready.items() if not up)
        why = "" if not down else "NotReady"
        message = f"not ready in {', '.join(down)}" if down else ""
        found.append(_settled(old, Condition(READY, _truth(not down), why, message)))
    return found


def _trouble(said: Said) -> str:
    """What has failed in which clusters, the same failure once for all of them."""
    clusters: dict[str, list[str]] = {}
    for each in sorted(said.outcomes, key=lambda each: each.cluster):
        if each.state in _EXPLAINED and each.message and not each.gone:
            clusters.setdefault(f"{each.state}: {each.message}", []).append(each.cluster)
    text = "; ".join(f"{', '.join(names)}: {why}" for why, names in clusters.items())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _settled(old: Status, new: Condition) -> Condition:
    before = old.get(new.type)
    return new if before is None else replace(new, last_update=before.last_update)


def _dated(old: Condition | None, new: Condition, *, now: datetime) -> Condition:
    """Transitions are of status or reason."""
    if old is not None and (old.status, old.reason) == (new.status, new.reason):
        return replace(
            new,
            last_update=new.last_update or timestamp(now),
            last_transition=old.last_transition or timestamp(now),
        )
    return replace(new, last_update=timestamp(now), last_transition=timestamp(now))


def _summary(entries: tuple[ClusterEntry, ...], *, ready: bool) -> dict[str, str]:
    """For the columns of kubectl, which cannot count."""
    well = sum(not each.status for each in entries)
    found = {"clusters": f"{well}/{len(entries)}"}
    if ready:
        found["ready"] = f"{sum(each.ready == 'True' for each in entries)}/{len(entries)}"
    return found


def _moved(old: Status, entries: tuple[ClusterEntry, ...]) -> bool:
    return _bare(old.clusters) != _bare(entries)


def _bare(entries: Iterable[ClusterEntry]) -> dict[str, tuple[str, Any]]:
    return {each.name: (each.status, _floats(each.remote)) for each in entries}


def _same(old: Status, new: Status) -> bool:
    """Whether nothing is new but dates.

    A CRD that KubeFed generated has no room for our own fields and drops them: what is not
    in the old status at all is no reason to write again.
    """
    if old.observed_generation != new.observed_generation or _moved(old, new.clusters):
        return False
    if _stated(old) != _stated(new):
        return False
    if old.summary is None:
        return bool(old.conditions)
    return (old.summary, _details(old)) == (new.summary, _details(new))


def _stated(found: Status) -> list[tuple[str, str, str]]:
    return [(each.type, each.status, each.reason) for each in found.conditions]


def _details(found: Status) -> tuple[list[str], list[str]]:
    return [each.message for each in found.conditions], [each.ready for each in found.clusters]


def _truth(value: bool) -> str:
    return "True" if value else "False"


def _floats(value: Any) -> Any:
    """Through JSON as Go reads it: every number is a float."""
    if isinstance(value, Mapping):
        return {name: _floats(each) for name, each in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [_floats(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value
