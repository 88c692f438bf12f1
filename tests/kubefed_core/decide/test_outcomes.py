from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kubefed_core.api.federated import ClusterEntry, Condition, Status
from kubefed_core.decide.outcomes import Outcome, Reason, Said, State, status

T0, T1 = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"
NOW = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
OK, LOST = Outcome("c1"), Outcome("c1", State.NOT_READY)
X = {"number": 1, "text": "value", "inner": {"one": [1, True]}}


def existing(remote=None):
    entry = ClusterEntry("c1", remote=remote)
    return Status(0, (Condition("Propagation", "True", "", "", T0, T0),), (entry,))


@pytest.mark.parametrize(
    ("outcomes", "raw", "remote", "reason", "generation", "updated", "on", "off"),
    [
        ((LOST,), {"c1": {}}, None, "", 0, False, True, True),
        ((), {}, None, "", 0, False, True, True),
        ((OK,), {}, None, "", 0, False, True, False),
        ((OK,), {"c1": {}}, None, "", 0, False, True, True),
        ((OK,), {"c1": {}}, None, "", 0, True, True, True),
        ((OK,), {"c1": X}, X, "", 0, False, False, None),
        ((OK, Outcome("c2")), {}, None, "", 0, False, True, True),
        ((), {}, None, Reason.NAMESPACE, 0, False, True, True),
        ((), {}, None, "", 1, False, True, True),
    ],
)
def test_the_vectors_of_the_specification(
    outcomes, raw, remote, reason, generation, updated, on, off
):
    said = Said(generation, outcomes, Reason(reason), remote=raw, updated=updated)
    old = existing(remote)
    assert (status(old, said, now=NOW) is not old) is on
    if off is not None:
        said = replace(said, remote=raw or None)
        assert (status(old, said, now=NOW) is not old) is off


def test_an_integer_and_its_float_are_the_same_status():
    old = existing({"number": 1.0, "list": [2.0]})
    said = Said(0, (OK,), remote={"c1": {"number": 1, "list": [2]}})
    assert status(old, said, now=NOW) is old


def test_a_kind_without_status_is_fine():
    old = existing()
    assert status(old, Said(0, (OK,), remote={"c1": None}), now=NOW) is old


def test_a_first_status_says_everything():
    outcomes = (Outcome("us", State.CREATION_FAILED, "no"), Outcome("eu"), Outcome("x", gone=True))
    said = Said(3, outcomes, ready={"eu": True, "us": False}, placement=("Tainted", "us"))
    found = status(Status(), said, now=NOW)
    assert found == Status(
        observed_generation=3,
        conditions=(
            Condition("Propagation", "False", "CheckClusters", "us: CreationFailed: no", T1, T1),
            Condition("Placement", "False", "Tainted", "us", T1, T1),
            Condition("Ready", "False", "NotReady", "not ready in us", T1, T1),
        ),
        clusters=(
            ClusterEntry("eu", ready="True"),
            ClusterEntry("us", "CreationFailed", ready="False"),
        ),
        summary={"clusters": "1/2", "ready": "1/2"},
    )
    assert status(found, said, now=NOW.replace(minute=9)) is found


def test_an_update_in_place_moves_the_time_of_the_last_update_only():
    old = existing()
    found = status(old, Said(0, (OK,), updated=True), now=NOW)
    (condition,) = found.conditions
    assert (condition.last_update, condition.last_transition) == (T1, T0)


def test_another_reason_is_a_transition():
    old = status(Status(), Said(1, (LOST,)), now=NOW.replace(minute=0))
    found = status(old, Said(1, (LOST,), Reason.NAMESPACE), now=NOW)
    (condition,) = found.conditions
    assert (condition.status, condition.last_transition) == ("False", T1)


def test_a_missing_namespace_hides_the_clusters():
    found = status(Status(), Said(1, (LOST,), Reason.NAMESPACE), now=NOW)
    assert found.conditions[0].reason == "NamespaceNotFederated"


def test_a_placement_that_is_well_again_is_said_once():
    old = status(Status(), Said(1, (OK,), placement=("Tainted", "us")), now=NOW.replace(minute=0))
    found = status(old, Said(1, (OK,)), now=NOW)
    assert found.get("Placement") == Condition("Placement", "True", "", "", T1, T1)
    assert status(found, Said(1, (OK,)), now=NOW.replace(minute=5)) is found


def test_another_message_alone_is_written_where_there_is_room_for_it():
    old = status(Status(), Said(1, (OK,), placement=("Tainted", "us")), now=NOW)
    said = Said(1, (OK,), placement=("Tainted", "us, eu"))
    assert status(old, said, now=NOW) is not old
    pruned = Status(1, tuple(replace(each, message="") for each in old.conditions), old.clusters)
    assert status(pruned, said, now=NOW) is pruned


def test_a_status_that_was_emptied_is_written_again():
    assert status(Status(), Said(0), now=NOW).conditions[0].status == "True"


def test_what_has_failed_is_said_with_its_field_once_for_all_clusters():
    why = 'spec.overrides[0].clusterOverrides[0]: cannot replace "/spec/no/such"'
    said = Said(
        1,
        (
            Outcome("us", State.OVERRIDES_FAILED, why),
            Outcome("eu", State.OVERRIDES_FAILED, why),
            Outcome("up"),
            Outcome("lost", State.NOT_READY, "Cluster not ready"),
            Outcome("old", State.CREATION_FAILED, "quota"),
        ),
    )
    found = status(Status(), said, now=NOW).get("Propagation")
    assert found.reason == "CheckClusters"
    assert found.message == f"eu, us: ApplyOverridesFailed: {why}; old: CreationFailed: quota"


def test_a_message_has_an_end():
    said = Said(1, (Outcome("eu", State.CREATION_FAILED, "x" * 5000),))
    assert len(status(Status(), said, now=NOW).get("Propagation").message) == 1000
