"""What to do in each cluster so that it holds what is wanted."""

from collections.abc import Iterable
from dataclasses import dataclass

from kubefed_core.decide.outcomes import Outcome, State
from kubefed_core.objects import Obj, deleting


@dataclass(frozen=True, slots=True)
class Seen:
    """One cluster and the object in it.

    `obj` is the managed object as last seen; `known` where it may have one, for all
    anybody remembers; `trouble` says why nothing can be seen; `unlisted` while
    that is not known yet; `own` where the object is the host's own namespace,
    because the cluster is the host.
    """

    cluster: str
    ready: bool = True
    selected: bool = False
    obj: Obj | None = None
    known: bool = True
    own: bool = False
    trouble: str = ""
    unlisted: bool = False


@dataclass(frozen=True, slots=True)
class Create:
    cluster: str


@dataclass(frozen=True, slots=True)
class Update:
    cluster: str
    member: Obj


@dataclass(frozen=True, slots=True)
class Delete:
    cluster: str
    member: Obj


@dataclass(frozen=True, slots=True)
class Unlabel:
    """Leave the object, and have nothing to do with it any more."""

    cluster: str
    member: Obj


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be said of the cluster before its objects are listed."""

    cluster: str


Operation = Create | Update | Delete | Unlabel
Step = Operation | Outcome | Wait


def plan(seen: Iterable[Seen]) -> list[Step]:
    """At most one step for each cluster, by name; none where there is nothing to do or say."""
    steps = (_step(each) for each in sorted(seen, key=lambda each: each.cluster))
    return [step for step in steps if step is not None]


def removal(seen: Iterable[Seen]) -> list[Step]:
    """The same for an object that shall be nowhere any more."""
    steps = (_removal(each) for each in sorted(seen, key=lambda each: each.cluster))
    return [step for step in steps if step is not None]


def _step(seen: Seen) -> Step | None:
    if not seen.ready:
        return (
            Outcome(seen.cluster, State.NOT_READY, "Cluster not ready") if seen.selected else None
        )
    if seen.unlisted:
        return Wait(seen.cluster)
    if seen.trouble:
        said = Outcome(seen.cluster, State.CACHE_FAILED, seen.trouble)
        return said if seen.selected or seen.known else None
    if seen.selected:
        return Create(seen.cluster) if seen.obj is None else Update(seen.cluster, seen.obj)
    if seen.obj is None:
        return None
    if deleting(seen.obj):
        return Outcome(seen.cluster, State.WAITING)
    return Unlabel(seen.cluster, seen.obj) if seen.own else Delete(seen.cluster, seen.obj)


def _removal(seen: Seen) -> Step | None:
    """A cluster that cannot be seen counts only where the object may be, which `selected` says."""
    if not seen.ready:
        return (
            Outcome(seen.cluster, State.NOT_READY, "Cluster not ready") if seen.selected else None
        )
    if seen.unlisted:
        return Wait(seen.cluster)
    if seen.trouble:
        return Outcome(seen.cluster, State.CACHE_FAILED, seen.trouble) if seen.selected else None
    if seen.obj is None:
        return None
    if deleting(seen.obj):
        return None if seen.own else Outcome(seen.cluster, State.WAITING)
    return Unlabel(seen.cluster, seen.obj) if seen.own else Delete(seen.cluster, seen.obj)
