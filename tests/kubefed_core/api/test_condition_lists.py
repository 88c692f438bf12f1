from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kubefed_core.api import conditions
from kubefed_core.api.conditions import Condition, set_condition

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
READY = Condition("Ready", "True", "Fine", "all is well", observed_generation=3)


def test_a_new_condition_is_added_at_the_end_and_dated():
    found = set_condition((Condition("Other", "True"),), READY, now=NOW)
    assert found[1] == replace(READY, last_transition="2030-01-01T00:00:00Z")


def test_saying_the_same_again_gives_an_equal_tuple():
    once = set_condition((), READY, now=NOW)
    assert set_condition(once, READY, now=LATER) == once


def test_another_message_does_not_move_the_time():
    once = set_condition((), READY, now=NOW)
    again = set_condition(once, replace(READY, message="very well"), now=LATER)
    assert again[0].message == "very well"
    assert again[0].last_transition == once[0].last_transition


def test_another_status_moves_the_time():
    once = set_condition((), READY, now=NOW)
    again = set_condition(once, replace(READY, status="False"), now=LATER)
    assert again[0].last_transition == "2030-01-01T00:01:00Z"


def test_a_condition_without_a_time_is_given_one():
    assert set_condition((READY,), READY, now=NOW)[0].last_transition == "2030-01-01T00:00:00Z"


def test_conditions_survive_being_written_and_read():
    found = set_condition(set_condition((), READY, now=NOW), Condition("Up", "Unknown"), now=NOW)
    assert conditions.parse(conditions.dump(found)) == found


def test_no_generation_is_left_out():
    (dumped,) = conditions.dump([Condition("Up", "True", "Fine", "ok", "t")])
    assert dumped == {
        "type": "Up",
        "status": "True",
        "lastTransitionTime": "t",
        "reason": "Fine",
        "message": "ok",
    }


def test_what_is_no_condition_is_left_out():
    items = [
        1,
        {},
        {"type": "A"},
        {"type": "B", "status": "Maybe"},
        {"type": "C", "status": "True"},
    ]
    assert [each.type for each in conditions.parse(items)] == ["C"]
    assert conditions.parse(None) == ()
    assert conditions.parse({"type": "A"}) == ()


def test_conditions_are_found_by_type():
    found = set_condition((), READY, now=NOW)
    assert conditions.get(found, "Ready") == found[0]
    assert conditions.get(found, "Up") is None
    assert conditions.is_true(found, "Ready")
    assert not conditions.is_true(found, "Up")
    assert conditions.without(found, "Ready") == ()
