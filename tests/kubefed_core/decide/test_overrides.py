import copy

import pytest

from kubefed_core.decide.overrides import apply, for_cluster, parse
from kubefed_core.errors import Terminal

OBJ = {"a": {"b": 1, "x/y": 2, "m~n": 3}, "l": [1, 2, 3], "s": "text"}


def patched(obj, *patches):
    item = {"clusterName": "c", "clusterOverrides": list(patches)}
    return apply(obj, for_cluster(parse({"spec": {"overrides": [item]}}), "c", {}))


@pytest.mark.parametrize(
    ("reason", "patch", "want"),
    [
        ("Replace is the default.", {"path": "/s", "value": "t"}, {"s": "t"}),
        ("Replace sets what is absent.", {"path": "/new", "value": 1}, {"new": 1}),
        ("An empty op is the default.", {"op": "", "path": "/s", "value": 1}, {"s": 1}),
        ("Add overwrites.", {"op": "add", "path": "/s", "value": 1}, {"s": 1}),
        ("A value left out is null.", {"op": "add", "path": "/s"}, {"s": None}),
        ("Escapes.", {"path": "/a/x~1y", "value": 5}, {"a": {"b": 1, "x/y": 5, "m~n": 3}}),
        ("Tildes.", {"path": "/a/m~0n", "value": 5}, {"a": {"b": 1, "x/y": 2, "m~n": 5}}),
        ("Add inserts.", {"op": "add", "path": "/l/1", "value": 9}, {"l": [1, 9, 2, 3]}),
        ("Add at the end.", {"op": "add", "path": "/l/3", "value": 9}, {"l": [1, 2, 3, 9]}),
        ("A dash appends.", {"op": "add", "path": "/l/-", "value": 9}, {"l": [1, 2, 3, 9]}),
        ("Minus one.", {"op": "add", "path": "/l/-1", "value": 9}, {"l": [1, 2, 3, 9]}),
        ("Remove from the end.", {"op": "remove", "path": "/l/-1"}, {"l": [1, 2]}),
        ("Replace an element.", {"path": "/l/0", "value": 9}, {"l": [9, 2, 3]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_patch(reason, patch, want):
    before = copy.deepcopy(OBJ)
    assert patched(OBJ, patch) == OBJ | want, reason
    assert before == OBJ, "the input stays as it was"


@pytest.mark.parametrize(
    ("reason", "patch", "says"),
    [
        ("Remove of nothing.", {"op": "remove", "path": "/no"}, "no 'no' to remove"),
        ("No parent.", {"path": "/no/such", "value": 1}, "no 'no' on its way"),
        ("Beyond the end.", {"op": "add", "path": "/l/4", "value": 1}, "list of 3"),
        ("Remove beyond the end.", {"op": "remove", "path": "/l/3"}, "list of 3"),
        ("Replace at a negative place.", {"path": "/l/-1", "value": 1}, "list of 3"),
        ("Replace at the dash.", {"path": "/l/-", "value": 1}, "list of 3"),
        ("A digit that is no ASCII.", {"path": "/l/²", "value": 1}, "list of 3"),
        ("Such a digit on the way.", {"path": "/l/²/x", "value": 1}, "no '²' on its way"),
        ("Inserting at such a digit.", {"op": "add", "path": "/l/-²", "value": 1}, "list of 3"),
        ("More digits than a number may have.", {"path": f"/l/{'9' * 5000}"}, "list of 3"),
        ("Two signs.", {"op": "add", "path": "/l/--1", "value": 1}, "list of 3"),
        ("A parent that holds nothing.", {"path": "/s/x", "value": 1}, "neither an object"),
        ("No leading slash.", {"path": "spec/x", "value": 1}, "must begin with /"),
        ("An unknown operation.", {"op": "move", "path": "/s"}, "Unsupported value"),
        ("The name.", {"path": "/metadata/name", "value": "x"}, "cannot be overridden"),
        ("No path.", {"value": "x"}, "path: Required value"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_patch_that_cannot_be_names_field_and_cause(reason, patch, says):
    with pytest.raises(Terminal, match=r"spec\.overrides\[0\]\.clusterOverrides\[0\]") as caught:
        patched(OBJ, patch)
    assert says in str(caught.value), reason


@pytest.mark.parametrize(
    ("reason", "items", "says"),
    [
        ("A cluster twice.", [{"clusterName": "c"}, {"clusterName": "c"}], "Duplicate"),
        ("Neither name nor selector.", [{}], "exactly one of"),
        ("Both.", [{"clusterName": "c", "clusterSelector": {}}], "exactly one of"),
        (
            "A path twice.",
            [{"clusterName": "c", "clusterOverrides": [{"path": "/a"}, {"path": "/a"}]}],
            "Duplicate",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_list_that_cannot_be(reason, items, says):
    with pytest.raises(Terminal, match=says):
        parse({"spec": {"overrides": items}})


def test_selectors_apply_first_and_in_order():
    overrides = parse(
        {
            "spec": {
                "overrides": [
                    {"clusterName": "eu", "clusterOverrides": [{"path": "/v", "value": "name"}]},
                    {
                        "clusterSelector": {"matchLabels": {"tier": "1"}},
                        "clusterOverrides": [{"path": "/v", "value": "first"}],
                    },
                    {"clusterSelector": {}, "clusterOverrides": [{"path": "/v", "value": "all"}]},
                ]
            }
        }
    )
    values = [patch.value for patch in for_cluster(overrides, "eu", {"tier": "1"})]
    assert values == ["first", "all", "name"]
    assert apply({}, for_cluster(overrides, "us", {})) == {"v": "all"}
