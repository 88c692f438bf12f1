import pytest

from kubefed_core.api import selectors
from kubefed_core.errors import Terminal

LABELS = {"region": "eu", "tier": "gold"}


def expression(operator, *values, key="region"):
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("reason", "selector", "want"),
    [
        ("An empty selector selects everything.", {}, True),
        ("Labels match by value.", {"matchLabels": {"region": "eu"}}, True),
        ("Another value does not match.", {"matchLabels": {"region": "us"}}, False),
        ("All labels must match.", {"matchLabels": {"region": "eu", "tier": "x"}}, False),
        ("In one of the values.", expression("In", "us", "eu"), True),
        ("In none of the values.", expression("In", "us"), False),
        ("In needs the label.", expression("In", "us", key="zone"), False),
        ("NotIn excludes a value.", expression("NotIn", "eu"), False),
        ("NotIn lets others through.", expression("NotIn", "us"), True),
        ("NotIn is met without the label.", expression("NotIn", "us", key="zone"), True),
        ("The label exists.", expression("Exists"), True),
        ("The label does not exist.", expression("Exists", key="zone"), False),
        ("The label should not exist.", expression("DoesNotExist"), False),
        ("The label does not exist as it should.", expression("DoesNotExist", key="zone"), True),
        (
            "Labels and expressions must both match.",
            {"matchLabels": {"tier": "gold"}, **expression("In", "us")},
            False,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_selectors_match_as_in_kubernetes(reason, selector, want):
    assert selectors.parse(selector, "spec.s").matches(LABELS) is want, reason


def test_no_selector_is_not_an_empty_one():
    assert selectors.parse(None, "spec.s") is None


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ([], "spec.s: Invalid value"),
        ({"matchLabels": {"a": 1}}, "spec.s.matchLabels.a: Invalid value: 1"),
        ({"matchExpressions": [{"operator": "In"}]}, r"spec.s.matchExpressions\[0\].key: Required"),
        (expression("Like", "x"), r'matchExpressions\[0\].operator: Unsupported value: "Like"'),
        (expression("In"), r"matchExpressions\[0\].values: Required value"),
        (expression("Exists", "x"), r"matchExpressions\[0\].values: Invalid value"),
    ],
)
def test_a_bad_selector_is_refused_by_field(selector, message):
    with pytest.raises(Terminal, match=message):
        selectors.parse(selector, "spec.s")
