"""Conditions as Kubernetes writes them (metav1.Condition)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from kubefed_core.api.loose import objects, text, whole
from kubefed_core.objects import timestamp

Status = Literal["True", "False", "Unknown"]

_STATUSES: Mapping[str, Status] = {"True": "True", "False": "False", "Unknown": "Unknown"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is so, is not so, or cannot be told.

    `last_transition` is when `status` last changed, as it stands in the object;
    a new condition has none until `set_condition` gives it one.
    """

    type: str
    status: Status
    reason: str = ""
    message: str = ""
    last_transition: str = ""
    observed_generation: int = 0


def parse(items: Any) -> tuple[Condition, ...]:
    """What is readable in a `status.conditions`, in its order; the rest is left out."""
    return tuple(
        Condition(
            type=item["type"],
            status=_STATUSES[item["status"]],
            reason=text(item.get("reason")),
            message=text(item.get("message")),
            last_transition=text(item.get("lastTransitionTime")),
            observed_generation=whole(item.get("observedGeneration")),
        )
        for item in objects(items)
        if text(item.get("type")) and text(item.get("status")) in _STATUSES
    )


def dump(conditions: Iterable[Condition]) -> list[dict[str, Any]]:
    return [_dump(condition) for condition in conditions]


def _dump(condition: Condition) -> dict[str, Any]:
    generation = {"observedGeneration": condition.observed_generation}
    return {
        "type": condition.type,
        "status": condition.status,
        **(generation if condition.observed_generation else {}),
        "lastTransitionTime": condition.last_transition,
        "reason": condition.reason,
        "message": condition.message,
    }


def get(conditions: Iterable[Condition], kind: str) -> Condition | None:
    return next((condition for condition in conditions if condition.type == kind), None)


def is_true(conditions: Iterable[Condition], kind: str) -> bool:
    found = get(conditions, kind)
    return found is not None and found.status == "True"


def set_condition(
    conditions: Iterable[Condition], new: Condition, *, now: datetime
) -> tuple[Condition, ...]:
    """The same conditions with the new one in its type's place, or at the end.

    The time of the last transition moves only with the status, so that saying
    the same again gives an equal tuple.
    """
    kept = tuple(conditions)
    old = get(kept, new.type)
    if old is None:
        return (*kept, replace(new, last_transition=timestamp(now)))
    same = old.status == new.status and old.last_transition
    dated = replace(new, last_transition=old.last_transition if same else timestamp(now))
    return tuple(dated if condition is old else condition for condition in kept)


def without(conditions: Iterable[Condition], kind: str) -> tuple[Condition, ...]:
    return tuple(condition for condition in conditions if condition.type != kind)
