import hashlib
import json
from pathlib import Path

import pytest

from kubefed_core.decide import versions

VECTORS = json.loads((Path(__file__).parent / "vectors" / "replica_planner.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["templateHash"], ids=lambda each: each["md5"])
def test_template_hashes_are_kubefeds(vector):
    assert versions.template_hash({"spec": {"template": vector["template"]}}) == vector["md5"]


@pytest.mark.parametrize("vector", VECTORS["overridesHash"], ids=lambda each: each["md5"])
def test_override_hashes_are_kubefeds(vector):
    spec = {} if vector["overrides"] is None else {"overrides": vector["overrides"]}
    assert versions.overrides_hash({"spec": spec}) == vector["md5"]


def test_control_characters_are_written_as_go_does():
    template = {"k": "\b\f\n\\b<\x7f\u00e9"}
    text = r'{"k":"\u0008\u000c\n\\b\u003c' + "\x7f\u00e9" + '"}\n'
    want = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    assert versions.template_hash({"spec": {"template": template}}) == want


def test_what_is_missing_has_an_empty_hash():
    assert versions.template_hash({"spec": {}}) == ""
    assert versions.overrides_hash({}) == ""
    assert versions.overrides_hash({"spec": "not readable"}) == ""


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (0, "0"),
        (-0.0, "-0"),
        (5, "5"),
        (0.5, "0.5"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (2**53 + 1, "9007199254740992"),
        (-12.25, "-12.25"),
    ],
)
def test_numbers_of_overrides_are_written_as_go_does(value, want):
    assert versions._encode(versions._floats(value)) == want


def test_the_order_of_keys_in_a_template_does_not_matter():
    one = {"spec": {"template": {"path": 1, "op": 2, "b": [{"z": 1, "a": 2}]}}}
    other = {"spec": {"template": {"b": [{"a": 2, "z": 1}], "op": 2, "path": 1}}}
    assert versions.template_hash(one) == versions.template_hash(other)


def test_a_selector_changes_the_hash_and_stands_between_its_neighbours():
    named = {"clusterName": "c", "clusterOverrides": [{"path": "/a", "value": 1}]}
    selected = {"clusterSelector": {"matchLabels": {"b": "2", "a": "1"}}} | named
    assert versions._encode(versions._item(selected)) == (
        '{"clusterName":"c","clusterSelector":{"matchLabels":{"a":"1","b":"2"}},'
        '"clusterOverrides":[{"path":"/a","value":1}]}'
    )


@pytest.mark.parametrize(
    ("reason", "same", "want"),
    [
        ("With the same wish, what is still selected is kept.", True, [("a", "2"), ("b", "1")]),
        ("With another wish only what was just written counts.", False, [("a", "2")]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_versions_are_merged(reason, same, want):
    old = {"a": "1", "b": "1", "gone": "1"}
    new = {"a": "2", "c": ""}
    assert versions.merged(old, new, selected=["a", "b", "c"], same=same) == want, reason


def test_a_version_is_the_generation_where_there_is_one():
    assert versions.version({"metadata": {"generation": 3, "resourceVersion": "9"}}) == "gen:3"
    assert versions.version({"metadata": {"resourceVersion": "9"}}) == "rv:9"
