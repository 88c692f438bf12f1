"""The rules in the CRDs of federated kinds: for where no webhook is asked, in the same words.

A list or a text that a rule reads is bounded, for the API server reckons beforehand what the rules
could cost. What the language cannot say, or not at that price, is left to webhook and status.
"""

from typing import Any

from kubefed_core.api.federated import ABSOLUTE, EITHER, FORBIDDEN, UNTOUCHED
from kubefed_core.api.selectors import NEEDED, NOT_NEEDED
from kubefed_core.api.taints import KEYLESS, NO_EXECUTE, NO_SCHEDULE, VALUELESS

Schema = dict[str, Any]

MANY = 1000
"""Clusters that can have overrides of their own."""


def bounded(most: int, rules: Schema | None = None) -> Schema:
    return {"type": "string", "maxLength": most, **(rules or {})}


def _rules(*rules: tuple[str, str, str]) -> Schema:
    """Each with its message, and the field it is about where it is not the whole."""
    made = []
    for rule, message, field in rules:
        made.append({"rule": rule, "message": message} | ({"fieldPath": field} if field else {}))
    return {"x-kubernetes-validations": made}


def one_of(*words: str, empty: bool = False) -> Schema:
    known = ", ".join(f'"{word}"' for word in words)
    (rule,) = _rules(
        (
            f"self in {[*([''] if empty else []), *words]}",
            f"Unsupported value: supported values: {known}",
            "",
        )
    )["x-kubernetes-validations"]
    told = f"""'Unsupported value: "' + self + '": supported values: {known}'"""
    return {"x-kubernetes-validations": [{**rule, "messageExpression": told}]}


def expression_rules() -> Schema:
    """Of one of `matchExpressions`."""
    return _rules(
        (
            "!(self.operator in ['In', 'NotIn']) || (has(self.values) && size(self.values) > 0)",
            NEEDED,
            ".values",
        ),
        (
            "!(self.operator in ['Exists', 'DoesNotExist']) || !has(self.values) "
            "|| size(self.values) == 0",
            NOT_NEEDED,
            ".values",
        ),
    )


def toleration() -> Schema:
    exists = "has(self.operator) && self.operator == 'Exists'"
    return {
        "type": "object",
        "properties": {
            "key": bounded(253),
            "operator": bounded(32, one_of("Exists", "Equal")),
            "value": bounded(253),
            "effect": bounded(32, one_of(NO_SCHEDULE, NO_EXECUTE, empty=True)),
        },
        **_rules(
            (f"(has(self.key) && self.key != '') || ({exists})", KEYLESS, ".operator"),
            (f"!({exists}) || !has(self.value) || self.value == ''", VALUELESS, ".value"),
        ),
    }


def override_rules() -> Schema:
    return _rules(
        (
            "(has(self.clusterName) && self.clusterName != '') != has(self.clusterSelector)",
            EITHER,
            "",
        )
    )


def path_rules() -> Schema:
    return _rules(
        ("self.startsWith('/')", ABSOLUTE, ""), (f"!(self in {[*FORBIDDEN]})", UNTOUCHED, "")
    )


def retain_rules() -> Schema:
    return _rules(("self.startsWith('/') && self != '/'", ABSOLUTE, ""))


def template_rules(kind: str) -> Schema:
    return _rules((f"self == '{kind}'", f"must be {kind}, or be left out", ""))
