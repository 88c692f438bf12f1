import pytest

from kubefed_core.decide.readiness import has_notion, is_ready
from kubefed_core.resources import (
    DEPLOYMENTS,
    INGRESSES,
    NODES,
    SERVICES,
    Resource,
)

SETS = Resource("apps", "v1", "statefulsets", "StatefulSet")
SETS_OF_PODS = Resource("apps", "v1", "replicasets", "ReplicaSet")
DAEMONS = Resource("apps", "v1", "daemonsets", "DaemonSet")
JOBS = Resource("batch", "v1", "jobs", "Job")
ROLLING = {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 2}}}


def job(kind=None, **status):
    found = [{"type": kind, "status": "True"}] if kind else []
    return {"conditions": found, **status}


@pytest.mark.parametrize(
    ("reason", "target", "spec", "status", "want"),
    [
        (
            "All replicas are there.",
            DEPLOYMENTS,
            {"replicas": 2},
            {"updatedReplicas": 2, "availableReplicas": 2},
            True,
        ),
        (
            "One is of the old template.",
            DEPLOYMENTS,
            {"replicas": 2},
            {"updatedReplicas": 1, "availableReplicas": 2},
            False,
        ),
        (
            "The new one is not up yet, and the old one stays meanwhile.",
            DEPLOYMENTS,
            {"replicas": 1},
            {"replicas": 2, "updatedReplicas": 1, "availableReplicas": 1},
            False,
        ),
        (
            "More than are wanted any more, all of the newest template.",
            DEPLOYMENTS,
            {"replicas": 1},
            {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2},
            True,
        ),
        (
            "None is of the new template yet, which is not even said.",
            DEPLOYMENTS,
            {"replicas": 1},
            {"replicas": 1, "availableReplicas": 1},
            False,
        ),
        ("One is not there.", DEPLOYMENTS, {}, {}, False),
        ("A set knows no templates.", SETS_OF_PODS, {}, {"availableReplicas": 1}, True),
        ("None are wanted.", DEPLOYMENTS, {"replicas": 0}, {}, True),
        (
            "Not looked at since the change.",
            DEPLOYMENTS,
            {"replicas": 0},
            {"observedGeneration": 1},
            False,
        ),
        (
            "A partition holds some back.",
            SETS,
            ROLLING,
            {"readyReplicas": 3, "updatedReplicas": 1},
            True,
        ),
        ("The others are not up to date.", SETS, ROLLING, {"readyReplicas": 3}, False),
        (
            "OnDelete updates by hand.",
            SETS,
            {"updateStrategy": {"type": "OnDelete"}},
            {"readyReplicas": 1},
            True,
        ),
        (
            "A pod on every node.",
            DAEMONS,
            {},
            {"desiredNumberScheduled": 2, "numberAvailable": 2, "updatedNumberScheduled": 2},
            True,
        ),
        (
            "None is of the new template yet.",
            DAEMONS,
            {},
            {"desiredNumberScheduled": 2, "numberAvailable": 2},
            False,
        ),
        (
            "They are replaced by hand.",
            DAEMONS,
            {"updateStrategy": {"type": "OnDelete"}},
            {"desiredNumberScheduled": 2, "numberAvailable": 2},
            True,
        ),
        ("Not on all.", DAEMONS, {}, {"desiredNumberScheduled": 2, "numberAvailable": 1}, False),
        ("Complete.", JOBS, {}, job("Complete"), True),
        ("Failed.", JOBS, {}, job("Failed", active=1, ready=1), False),
        ("Running.", JOBS, {}, job(active=1, ready=1), True),
        ("Not started.", JOBS, {}, job(), False),
        ("A cluster address needs nothing.", SERVICES, {"type": "ClusterIP"}, {}, True),
        ("A load balancer needs an address.", SERVICES, {"type": "LoadBalancer"}, {}, False),
        (
            "It has one.",
            SERVICES,
            {"type": "LoadBalancer"},
            {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
            True,
        ),
        ("An Ingress needs one too.", INGRESSES, {}, {"loadBalancer": {}}, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_is_ready(reason, target, spec, status, want):
    status = {"observedGeneration": 2} | status
    obj = {"metadata": {"generation": 2}, "spec": spec, "status": status}
    assert is_ready(target, obj) is want, reason


def test_what_is_not_there_is_not_ready():
    assert not is_ready(DEPLOYMENTS, None)
    assert has_notion(DEPLOYMENTS)
    assert not has_notion(NODES)
