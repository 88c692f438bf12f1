from datetime import UTC, datetime

import pytest

from kubefed_core.api.scheduling import Preference, Share, Status, Wish, dump_status, parse
from kubefed_core.decide.scheduling import (
    Pods,
    Running,
    analyse,
    applied,
    pods_of,
    running,
    settled,
    shares,
    status,
)
from kubefed_core.errors import Terminal
from kubefed_core.objects import Key

NOW = datetime(2026, 1, 1, 0, 10, tzinfo=UTC)
KEY = Key("shop", "web")


def pod(phase, *conditions):
    return {"status": {"phase": phase, "conditions": list(conditions)}}


READY = {"type": "Ready", "status": "True"}


def unschedulable(since):
    return {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "lastTransitionTime": since,
    }


def test_the_pods_of_the_specification():
    full, new = unschedulable("2026-01-01T00:00:00Z"), unschedulable("2026-01-01T00:10:00Z")
    pods = [pod("Running", READY)] * 3 + [pod("Pending", full)] * 2 + [pod("Pending", new)]
    assert analyse(pods, now=NOW) == Pods(6, 3, 2, unsettled=True)
    assert analyse([pod("Pending")], now=NOW) == Pods(1)
    unready = pod("Running", {"type": "Ready", "status": "False"})
    assert analyse([unready], now=NOW) == Pods(1), "running is not ready"


def workload(wanted=None, ready=None, **selector):
    return {"spec": {"replicas": wanted, "selector": selector}, "status": {"readyReplicas": ready}}


def test_what_runs_is_told_without_pods_where_it_can_be():
    assert settled(workload(3, 3)) == Running(3)
    assert settled(workload()) == Running(0)
    assert settled(workload(3, 1)) is None
    assert running(workload(3, 1), Pods(3, 1, 2)) == Running(1, 1)
    assert running(workload(3, 1), Pods(3, 1)) == Running(1)


def test_the_selector_of_pods():
    expressions = [
        {"key": "b", "operator": "In", "values": ["1", "2"]},
        {"key": "c", "operator": "NotIn", "values": ["3"]},
        {"key": "d", "operator": "Exists"},
        {"key": "e", "operator": "DoesNotExist"},
    ]
    found = pods_of(workload(matchLabels={"a": "x"}, matchExpressions=expressions))
    assert found == "a=x,b in (1,2),c notin (3),d,!e"
    with pytest.raises(Terminal):
        pods_of(workload())


def preference(total, *, rebalance=False, **clusters):
    wishes = clusters or {"*": Wish(weight=1)}
    return Preference(KEY, "FederatedDeployment", total, rebalance, clusters=wishes)


def test_what_is_beyond_a_clusters_room_is_still_asked_of_it_and_said():
    plan = shares(preference(10), ["a", "b"], {"a": Running(1, 1)})
    assert sum(share.replicas for share in plan if share.name == "b") >= 9
    (full,) = [share for share in plan if share.name == "a"]
    assert (full.capacity, full.current) == (1, 1)


def test_clusters_that_nobody_speaks_of_get_nothing():
    plan = shares(preference(4, a=Wish(weight=1)), ["a", "b"], {})
    assert [(each.name, each.replicas, each.reason) for each in plan] == [
        ("a", 4, ""),
        ("b", 0, "NoPreference"),
    ]


def test_a_plan_that_cannot_be_kept_says_how_many_have_no_place_and_why():
    wish = preference(5, a=Wish(most=2, weight=1))
    plan = shares(wish, ["a"], {})
    found = status({}, wish, plan, now=NOW)
    assert (found.placed, found.unplaced) == (2, 3)
    (condition,) = found.conditions
    assert (condition.status, condition.reason) == ("False", "Unplaced")
    assert condition.message == "3 of 5 replicas have no place (a: AtMaximum)"
    none = status({}, wish, (), now=NOW)
    assert none.conditions[0].reason == "NoClusters"
    full = preference(2, a=Wish(weight=1))
    assert status({}, full, shares(full, ["a"], {}), now=NOW).conditions[0].status == "True"


def federated(overrides=None, clusters=None):
    spec = {"placement": {"clusterSelector": {}}}
    if clusters is not None:
        spec["placement"]["clusters"] = [{"name": name} for name in clusters]
    if overrides is not None:
        spec["overrides"] = overrides
    return {"metadata": {"name": "web"}, "spec": spec}


def override(name, *patches):
    listed = [{"path": path, "value": value} for path, value in patches]
    return {"clusterName": name, "clusterOverrides": listed}


ANSWER = ("/ultimate/answer", 42)


@pytest.mark.parametrize(
    ("reason", "before", "plan", "want"),
    [
        (
            "A cluster without a place loses its replicas only.",
            [override("a", ("/spec/replicas", 0), ANSWER)],
            {},
            [override("a", ANSWER)],
        ),
        (
            "An override that is there is changed.",
            [override("a", ("/spec/replicas", 0), ANSWER)],
            {"a": 5},
            [override("a", ("/spec/replicas", 5), ANSWER)],
        ),
        (
            "One that is not is added.",
            [override("a", ANSWER)],
            {"a": 0},
            [override("a", ANSWER, ("/spec/replicas", 0))],
        ),
        (
            "Nothing is left of an override of replicas alone.",
            [override("a", ("/spec/replicas", 0)), override("b", ("/spec/replicas", 1))],
            {"b": 1, "c": 2},
            [override("b", ("/spec/replicas", 1)), override("c", ("/spec/replicas", 2))],
        ),
        (
            "What is by selector is left alone.",
            [{"clusterSelector": {}, "clusterOverrides": []}],
            {},
            [{"clusterSelector": {}, "clusterOverrides": []}],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_plan_makes_of_overrides(reason, before, plan, want):
    made = applied(federated(before), [Share(*each) for each in plan.items()])
    assert made["spec"]["overrides"] == want, reason
    assert made["spec"]["placement"]["clusters"] == [{"name": name} for name in sorted(plan)]


def test_a_plan_that_is_in_force_changes_nothing_whatever_the_order():
    obj = federated(
        [override("b", ("/spec/replicas", 2)), override("a", ("/spec/replicas", 1))], ["b", "a"]
    )
    assert applied(obj, [Share("a", 1), Share("b", 2)]) is None
    assert applied(federated(clusters=[]), []) is None


def test_a_preference_is_parsed_and_a_status_dumped():
    spec = {
        "targetKind": "FederatedStatefulSet",
        "totalReplicas": 3,
        "clusters": {"a": {"minReplicas": 1, "maxReplicas": 2, "weight": 3}},
    }
    found = parse({"metadata": {"namespace": "shop", "name": "web", "generation": 2}, "spec": spec})
    assert found == Preference(
        KEY, "FederatedStatefulSet", 3, clusters={"a": Wish(1, 2, 3)}, generation=2
    )
    with pytest.raises(Terminal, match="targetKind"):
        parse({"metadata": {"name": "x"}, "spec": {"targetKind": "FederatedPod"}})
    assert dump_status(Status(1, 2, 3, (Share("a", 1, capacity=0, reason="Full"),))) == {
        "observedGeneration": 1,
        "placedReplicas": 2,
        "unplacedReplicas": 3,
        "clusters": [{"name": "a", "replicas": 1, "current": 0, "capacity": 0, "reason": "Full"}],
    }
