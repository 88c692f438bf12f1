"""ReplicaSchedulingPreference: how many replicas of a workload the clusters get."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubefed_core.api import conditions
from kubefed_core.api.conditions import Condition
from kubefed_core.api.fields import Fields
from kubefed_core.api.loose import filled
from kubefed_core.objects import Key, Obj, generation, key_of

TARGETS = ("FederatedDeployment", "FederatedReplicaSet", "FederatedStatefulSet")
SCHEDULED = "Scheduled"


@dataclass(frozen=True, slots=True)
class Wish:
    """What one cluster gets; `most` None is unbounded."""

    least: int = 0
    most: int | None = None
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Preference:
    """`clusters` is by name, `*` for each that is not named; never empty."""

    key: Key
    target: str
    total: int
    rebalance: bool = False
    intersect: bool = False
    clusters: Mapping[str, Wish] = field(default_factory=lambda: {"*": Wish(weight=1)})
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """What one cluster was given; `capacity` None where it is not known."""

    name: str
    replicas: int
    current: int = 0
    capacity: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    observed_generation: int = 0
    placed: int = 0
    unplaced: int = 0
    clusters: tuple[Share, ...] = ()
    conditions: tuple[Condition, ...] = ()


def parse(obj: Obj) -> Preference:
    """Raises Terminal, naming the field, where it cannot be meant so."""
    spec = Fields(obj).at("spec")
    clusters = spec.at("clusters")
    found = {name: _wish(clusters.at(name)) for name in clusters.obj}
    return Preference(
        key=key_of(obj),
        target=spec.choice("targetKind", *TARGETS),
        total=spec.whole("totalReplicas", default=0, most=2**31 - 1),
        rebalance=spec.flag("rebalance"),
        intersect=spec.flag("intersectWithClusterSelector"),
        clusters=found or {"*": Wish(weight=1)},
        generation=generation(obj),
    )


def conditions_of(obj: Obj) -> tuple[Condition, ...]:
    return conditions.parse((obj.get("status") or {}).get("conditions"))


def dump_status(status: Status) -> dict[str, Any]:
    return {
        "observedGeneration": status.observed_generation,
        "placedReplicas": status.placed,
        "unplacedReplicas": status.unplaced,
        **filled(
            clusters=[_dump_share(each) for each in status.clusters],
            conditions=conditions.dump(status.conditions),
        ),
    }


def _wish(fields: Fields) -> Wish:
    bounded = "maxReplicas" in fields
    return Wish(
        least=fields.whole("minReplicas", default=0),
        most=fields.whole("maxReplicas", default=0) if bounded else None,
        weight=fields.whole("weight", default=0),
    )


def _dump_share(share: Share) -> dict[str, Any]:
    capacity = {} if share.capacity is None else {"capacity": share.capacity}
    return {
        "name": share.name,
        "replicas": share.replicas,
        "current": share.current,
        **capacity,
        **filled(reason=share.reason),
    }
