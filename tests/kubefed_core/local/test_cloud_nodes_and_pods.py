"""What the kubelets of a local cluster report, and when they have nothing to say."""

from datetime import UTC, datetime, timedelta

import pytest

from kubefed_core.local.cloud import READY, nodes, pods

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = "2026-01-01T00:00:00Z"
SIZE = {"cpu": "8"}


def reported(node, *, now=NOW):
    patch = nodes.report(node, address="172.16.0.1", allocatable=SIZE, now=now)
    return None if patch is None else patch["status"]


def seen(node, status):
    return {**node, "status": status}


def test_a_node_has_only_the_labels_that_say_something():
    labels = nodes.node("n", region="eu", zone="")["metadata"]["labels"]
    assert labels["topology.kubernetes.io/region"] == "eu"
    assert "topology.kubernetes.io/zone" not in labels


def test_a_new_node_becomes_ready_and_says_its_size():
    status = reported(nodes.node("n", region="", zone=""))
    assert status["allocatable"] == status["capacity"] == SIZE
    assert nodes.ready({"status": status})


def test_a_node_keeps_the_size_that_its_maker_gave_it():
    node = seen(nodes.node("n", region="", zone=""), {"allocatable": {"cpu": "1"}})
    assert reported(node)["allocatable"] == {"cpu": "1"}


@pytest.mark.parametrize(
    ("reason", "seconds", "speaks"),
    [("A young report stands.", 299, False), ("A heartbeat is due after a while.", 300, True)],
)
def test_heartbeats(reason, seconds, speaks):
    node = nodes.node("n", region="", zone="")
    node = seen(node, reported(node))
    later = reported(node, now=NOW + timedelta(seconds=seconds))
    assert (later is not None) is speaks, reason
    if later is not None:
        assert later["conditions"][0]["lastTransitionTime"] == TEXT


def test_a_node_that_was_given_up_is_ready_again():
    node = nodes.node("n", region="", zone="")
    status = reported(node)
    status["conditions"][0] |= {"status": "Unknown", "lastTransitionTime": "2020-01-01T00:00:00Z"}
    again = reported(seen(node, status))
    assert again["conditions"][0]["status"] == "True"
    assert again["conditions"][0]["lastTransitionTime"] == TEXT


@pytest.mark.parametrize(
    ("reason", "taints", "want"),
    [
        ("Without taints it takes pods.", [], True),
        ("Until it is known to be ready it does not.", [{"key": nodes.NOT_READY}], False),
        ("Other taints are somebody's will.", [{"key": "dedicated"}], True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_usable(reason, taints, want):
    node = nodes.node("n", region="", zone="")
    node = {**seen(node, reported(node)), "spec": {"taints": taints}}
    assert nodes.usable(node) is want, reason


def test_a_lease_goes_with_its_node():
    node = {"metadata": {"name": "n", "uid": "u"}}
    lease = nodes.lease(node, NOW)
    assert lease["metadata"]["ownerReferences"][0]["uid"] == "u"
    assert lease["spec"]["renewTime"] == "2026-01-01T00:00:00.000000Z"


def pod(*, status=None, annotations=None, **spec):
    meta = {"namespace": "ns", "name": "p", "uid": "u", "annotations": annotations or {}}
    containers = [{"name": "c", "image": "i"}]
    return {"metadata": meta, "spec": {"containers": containers, **spec}, "status": status or {}}


def run(pod, *, now=NOW):
    patch = pods.report(pod, host="172.16.0.1", addresses=["10.0.0.1", "fd00::1"], now=now)
    return None if patch is None else patch["status"]


def conditions(status):
    return {c["type"]: c["status"] for c in status["conditions"]}


def test_a_bound_pod_runs_and_is_ready():
    status = run(pod(nodeName="n"))
    assert status["phase"] == "Running"
    assert status["podIPs"] == [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]
    assert set(conditions(status).values()) == {"True"}
    assert status["containerStatuses"][0]["ready"]


def test_a_pod_that_runs_has_nothing_new_to_say():
    one = pod(nodeName="n")
    assert run({**one, "status": run(one)}, now=NOW + timedelta(days=1)) is None


def test_a_pod_can_be_told_not_to_be_ready_and_to_be_ready_again():
    one = pod(nodeName="n")
    tired = pod(nodeName="n", annotations={READY: "false"}, status=run(one))
    status = run(tired)
    assert (conditions(status)["Ready"], conditions(status)["Initialized"]) == ("False", "True")
    assert not status["containerStatuses"][0]["ready"]
    assert conditions(run({**one, "status": status}))["Ready"] == "True"


def test_a_readiness_gate_is_waited_for():
    gated = pod(nodeName="n", readinessGates=[{"conditionType": "lb"}])
    status = run(gated)
    assert (conditions(status)["Ready"], conditions(status)["ContainersReady"]) == ("False", "True")
    opened = {**status, "conditions": [*status["conditions"], {"type": "lb", "status": "True"}]}
    assert conditions(run({**gated, "status": opened}))["Ready"] == "True"


def test_a_pod_that_may_end_is_over_at_once():
    job = pod(nodeName="n", restartPolicy="OnFailure")
    status = run(job)
    assert status["phase"] == "Succeeded"
    assert status["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 0
    assert run({**job, "status": status}) is None
    assert pods.over({**job, "status": status})


@pytest.mark.parametrize(
    ("reason", "spec", "want"),
    [
        ("A new pod waits for a node.", {}, True),
        ("A bound one does not.", {"nodeName": "n"}, False),
        ("A gated one is not to be placed yet.", {"schedulingGates": [{"name": "g"}]}, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_waits(reason, spec, want):
    assert pods.waits(pod(**spec)) is want, reason


def test_a_pod_says_once_why_it_is_not_placed():
    status = pods.unschedulable(pod(), "no room", now=NOW)["status"]
    assert pods.unschedulable(pod(status=status), "no room", now=NOW) is None
    other = pods.unschedulable(pod(status=status), "no node", now=NOW + timedelta(hours=1))
    assert other["status"]["conditions"][0]["message"] == "no node"
    assert other["status"]["conditions"][0]["lastTransitionTime"] == TEXT


def test_a_binding_is_of_this_very_pod():
    made = pods.binding(pod(), "n")
    assert made["metadata"] == {"namespace": "ns", "name": "p", "uid": "u"}
    assert made["target"]["name"] == "n"
