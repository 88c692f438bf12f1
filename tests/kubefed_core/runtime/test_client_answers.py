"""Answers of API servers that hold what nobody should have put into them."""

import json
import sys

import pytest

from kubefed_core.runtime import answers
from kubefed_core.runtime.answers import DEEPEST

GOOD = '{"metadata": {"name": "good"}, "spec": {"a": [1]}}'


def nested(levels):
    return '{"a":' * levels + "1" + "}" * levels


def deep(levels):
    return f'{{"metadata": {{"name": "deep"}}, "spec": {nested(levels)}, "kind": "K"}}'


def read(text):
    return answers.parse(text.encode(), "/path")


@pytest.mark.parametrize("levels", [DEEPEST + 1, 900, 990, 1_500, 9_999])
def test_one_object_that_is_nested_too_deep_does_not_keep_us_from_the_others(levels):
    before = sys.getrecursionlimit()
    found = read(f'{{"metadata": {{}}, "items": [{GOOD}, {deep(levels)}, {GOOD}]}}')
    bad = {"metadata": {"name": "deep"}, "spec": "nested more than 200 deep", "kind": "K"}
    assert found["items"] == [json.loads(GOOD), bad, json.loads(GOOD)]
    assert sys.getrecursionlimit() == before


def test_so_it_is_in_an_event_and_alone():
    assert read(deep(1_500))["spec"] == "nested more than 200 deep"
    event = read(f'{{"type": "ADDED", "object": {deep(1_500)}}}')
    assert (event["type"], event["object"]["spec"]) == ("ADDED", "nested more than 200 deep")


def test_what_the_managers_of_such_fields_own_is_left_out():
    text = f'{{"metadata": {{"name": "x", "managedFields": [{nested(1_500)}]}}, "spec": {{}}}}'
    assert read(text) == {"metadata": {"name": "x"}, "spec": {}}


def test_a_field_called_items_makes_no_list_of_an_object():
    text = f'{{"metadata": {{"name": "x"}}, "items": [{nested(1_500)}]}}'
    assert read(text)["items"] == "nested more than 200 deep"


def test_what_is_nested_less_and_what_is_merely_large_is_left_as_it_is():
    assert read(deep(DEEPEST)) == json.loads(deep(DEEPEST))
    wide = f'{{"items": [{", ".join([GOOD] * 500)}]}}'
    assert read(wide) == json.loads(wide)


@pytest.mark.parametrize("text", ["", "{", "[]", nested(100_000)])
def test_what_is_no_answer_is_an_os_error(text):
    with pytest.raises(OSError, match="/path: the answer is no"):
        read(text)
