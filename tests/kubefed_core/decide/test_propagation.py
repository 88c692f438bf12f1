import pytest

from kubefed_core.decide.outcomes import Outcome, State
from kubefed_core.decide.propagation import (
    Create,
    Delete,
    Seen,
    Unlabel,
    Update,
    Wait,
    plan,
    removal,
)

OBJ = {"metadata": {"name": "x"}}
GOING = {"metadata": {"name": "x", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
LOST = Outcome("c", State.NOT_READY, "Cluster not ready")


@pytest.mark.parametrize(
    ("reason", "seen", "want"),
    [
        ("Not ready, selected: said.", Seen("c", ready=False, selected=True), LOST),
        ("Not ready, not selected: nothing.", Seen("c", ready=False, obj=OBJ), None),
        (
            "What cannot be seen is said.",
            Seen("c", trouble="403"),
            Outcome("c", State.CACHE_FAILED, "403"),
        ),
        ("Nothing before the first listing.", Seen("c", selected=True, unlisted=True), Wait("c")),
        ("Not selected, not there.", Seen("c"), None),
        ("Not selected, going.", Seen("c", obj=GOING), Outcome("c", State.WAITING)),
        (
            "Not selected, the host's own namespace.",
            Seen("c", obj=OBJ, own=True),
            Unlabel("c", OBJ),
        ),
        ("Not selected, there.", Seen("c", obj=OBJ), Delete("c", OBJ)),
        ("Selected, not there.", Seen("c", selected=True), Create("c")),
        ("Selected, there.", Seen("c", selected=True, obj=OBJ), Update("c", OBJ)),
        ("Selected, going.", Seen("c", selected=True, obj=GOING), Update("c", GOING)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_row_of_the_table(reason, seen, want):
    assert plan([seen]) == ([] if want is None else [want]), reason


@pytest.mark.parametrize(
    ("reason", "seen", "want"),
    [
        ("Not ready, but the object may be there.", Seen("c", ready=False, selected=True), LOST),
        ("Not ready, and never was there.", Seen("c", ready=False), None),
        ("Nothing before the first listing.", Seen("c", unlisted=True), Wait("c")),
        (
            "Out of sight, and may be there.",
            Seen("c", selected=True, trouble="403"),
            Outcome("c", State.CACHE_FAILED, "403"),
        ),
        ("Out of sight, and never was there.", Seen("c", trouble="403"), None),
        ("Not there.", Seen("c"), None),
        ("Going.", Seen("c", obj=GOING), Outcome("c", State.WAITING)),
        ("The host's own namespace, going by itself.", Seen("c", obj=GOING, own=True), None),
        ("The host's own namespace.", Seen("c", obj=OBJ, own=True), Unlabel("c", OBJ)),
        ("There.", Seen("c", obj=OBJ), Delete("c", OBJ)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_removal_from_everywhere(reason, seen, want):
    assert removal([seen]) == ([] if want is None else [want]), reason


def test_steps_come_by_the_names_of_the_clusters():
    seen = [Seen("b", selected=True), Seen("c"), Seen("a", selected=True)]
    assert plan(seen) == [Create("a"), Create("b")]
