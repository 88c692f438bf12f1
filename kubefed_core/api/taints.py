"""Taints of clusters and tolerations of federated objects, as nodes and pods have them."""

from collections.abc import Iterable
from dataclasses import dataclass

from kubefed_core.api.fields import Fields
from kubefed_core.api.loose import objects, text
from kubefed_core.objects import Obj, dig

NO_SCHEDULE, NO_EXECUTE = "NoSchedule", "NoExecute"
KEYLESS = "must be Exists when `key` is empty"
VALUELESS = "must be empty when `operator` is 'Exists'"


@dataclass(frozen=True, slots=True)
class Taint:
    """NoSchedule keeps new objects out of a cluster; NoExecute also removes what is there."""

    key: str
    effect: str
    value: str = ""

    def __str__(self) -> str:
        return (
            f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"
        )


@dataclass(frozen=True, slots=True)
class Toleration:
    """An empty key tolerates every key, an empty effect every effect."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""

    def tolerates(self, taint: Taint) -> bool:
        if self.effect and self.effect != taint.effect:
            return False
        if self.key and self.key != taint.key:
            return False
        return self.operator == "Exists" or self.value == taint.value


def parse_tolerations(fields: Fields) -> tuple[Toleration, ...]:
    """The field `tolerations`; raises Terminal, naming the field, where it cannot be meant so."""
    return tuple(_toleration(item) for item in fields.each("tolerations"))


def parse_taints(cluster: Obj) -> tuple[Taint, ...]:
    """`spec.taints` as far as it can be read."""
    return tuple(
        Taint(text(item.get("key")), text(item.get("effect")), text(item.get("value")))
        for item in objects(dig(cluster, "spec", "taints"))
        if text(item.get("key")) and item.get("effect") in (NO_SCHEDULE, NO_EXECUTE)
    )


def check(spec: Fields) -> None:
    """Raise Terminal, naming the field, where a taint of a cluster cannot be meant so."""
    for item in spec.each("taints"):
        item.text("key", required=True)
        item.text("value")
        item.choice("effect", NO_SCHEDULE, NO_EXECUTE)


def untolerated(
    taints: Iterable[Taint], tolerations: Iterable[Toleration], *, present: bool
) -> Taint | None:
    """The first taint that forbids a cluster to an object, which is or is not there already."""
    given = tuple(tolerations)
    for taint in taints:
        if present and taint.effect == NO_SCHEDULE:
            continue
        if not any(toleration.tolerates(taint) for toleration in given):
            return taint
    return None


def _toleration(item: Fields) -> Toleration:
    found = Toleration(
        key=item.text("key"),
        operator=item.choice("operator", "Exists", "Equal", default="Equal"),
        value=item.text("value"),
        effect=item.choice("effect", NO_SCHEDULE, NO_EXECUTE) if item.text("effect") else "",
    )
    if not found.key and found.operator != "Exists":
        raise item.wrong("operator", KEYLESS)
    if found.operator == "Exists" and found.value:
        raise item.wrong("value", VALUELESS)
    return found
