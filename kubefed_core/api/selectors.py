"""Label selectors as Kubernetes writes them (metav1.LabelSelector)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubefed_core.api.fields import Fields
from kubefed_core.errors import Terminal

OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
NEEDED = "must be specified when `operator` is 'In' or 'NotIn'"
NOT_NEEDED = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One of `matchExpressions`; `operator` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """As in Kubernetes, NotIn is also met by a label that is not there."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case _:
                return self.key not in labels


@dataclass(frozen=True, slots=True)
class Selector:
    """All of its requirements must be met; without any it selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(requirement.matches(labels) for requirement in self.requirements)


def parse(obj: Any, path: str, *, error: type[Terminal] = Terminal) -> Selector | None:
    """None where there is no selector; what that selects is for the caller to say.

    Raises the error, naming the field, where it is no selector.
    """
    if obj is None:
        return None
    fields = Fields(obj, path, error=error)
    exact = tuple(
        Requirement(key, "In", frozenset({value})) for key, value in fields.pairs("matchLabels")
    )
    return Selector(exact + tuple(_requirement(item) for item in fields.each("matchExpressions")))


def _requirement(item: Fields) -> Requirement:
    key = item.text("key", required=True)
    operator = item.choice("operator", *OPERATORS)
    values = frozenset(item.texts("values"))
    if operator in {"In", "NotIn"} and not values:
        raise item.missing("values", NEEDED)
    if operator in {"Exists", "DoesNotExist"} and values:
        raise item.wrong("values", NOT_NEEDED)
    return Requirement(key, operator, values)
