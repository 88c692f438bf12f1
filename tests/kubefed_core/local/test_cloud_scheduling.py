"""Amounts of resources, and which node a pod goes to."""

from decimal import Decimal

import pytest

from kubefed_core.local.cloud import quantities
from kubefed_core.local.cloud.scheduling import Ledger, choose, requests

NO_SCHEDULE = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("2", 2),
        (2, 2),
        ("0.5", "0.5"),
        ("250m", "0.25"),
        ("100u", "0.0001"),
        ("5n", "0.000000005"),
        ("1k", 1000),
        ("1.5M", 1_500_000),
        ("1Ki", 1024),
        ("32Gi", 32 * 2**30),
        ("1E", 10**18),
        ("1Ei", 2**60),
        ("2e3", 2000),
        ("2E3", 2000),
    ],
)
def test_quantities(text, want):
    assert quantities.parse(text) == Decimal(want)


@pytest.mark.parametrize("text", ["", "m", "1X", "1mm", "1iK", "one"])
def test_what_is_no_quantity_is_refused(text):
    with pytest.raises(ValueError, match="not a quantity"):
        quantities.parse(text)


def pod(cpu="1", *, init=(), **spec):
    def container(amount):
        return {"name": "c", "resources": {"requests": {"cpu": amount}}}

    return {
        "spec": {
            "containers": [container(cpu)],
            "initContainers": [container(amount) for amount in init],
            **spec,
        }
    }


def node(name="n", *, cpu="4", pods="110", taints=(), **labels):
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": list(taints)},
        "status": {"allocatable": {"cpu": cpu, "pods": pods}},
    }


@pytest.mark.parametrize(
    ("reason", "of", "want"),
    [
        ("A pod is one of the node's pods.", {"spec": {"containers": [{}]}}, {"pods": 1}),
        (
            "Containers run together.",
            pod("1", containers=pod("2")["spec"]["containers"] * 2),
            {"cpu": 4, "pods": 1},
        ),
        ("Init containers run alone.", pod("1", init=["3", "2"]), {"cpu": 3, "pods": 1}),
        ("They may need less.", pod("5", init=["3"]), {"cpu": 5, "pods": 1}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_requests(reason, of, want):
    assert requests(of) == want, reason


def bound_to(*names):
    field = {"key": "metadata.name", "operator": "In", "values": list(names)}
    required = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}


MISMATCH = "node(s) didn't match Pod's node affinity/selector"


@pytest.mark.parametrize(
    ("reason", "of", "nodes", "want"),
    [
        ("There must be a node.", pod(), [], "there is none"),
        ("It must have room.", pod("5"), [node()], "1 Insufficient cpu"),
        (
            "It must know the resource.",
            {"spec": {"containers": [{"resources": {"requests": {"gpu": "1"}}}]}},
            [node()],
            "1 Insufficient gpu",
        ),
        ("Pods are counted.", pod(), [node(pods="0")], "1 Insufficient pods"),
        ("A selector must match.", pod(nodeSelector={"disk": "ssd"}), [node()], f"1 {MISMATCH}"),
        ("A daemon's pod is for its node.", pod(affinity=bound_to("m")), [node()], f"1 {MISMATCH}"),
        (
            "A taint keeps pods away.",
            pod(),
            [node(taints=[NO_SCHEDULE])],
            "1 node(s) had untolerated taint {dedicated}",
        ),
        (
            "All reasons are told.",
            pod("5"),
            [node("a"), node("b", taints=[NO_SCHEDULE])],
            "1 Insufficient cpu, 1 node(s) had untolerated taint {dedicated}",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_what_fits_nowhere(reason, of, nodes, want):
    assert choose(of, nodes, Ledger()) == ("", f"0/{len(nodes)} nodes are available: {want}."), (
        reason
    )


@pytest.mark.parametrize(
    ("reason", "of", "nodes", "want"),
    [
        ("Names decide between equals.", pod(), [node("b"), node("a")], "a"),
        ("More room is better.", pod(), [node("a"), node("b", cpu="8")], "b"),
        (
            "A selector leads.",
            pod(nodeSelector={"disk": "ssd"}),
            [node("a", cpu="8"), node("b", disk="ssd")],
            "b",
        ),
        (
            "A daemon's pod finds its node.",
            pod(affinity=bound_to("b")),
            [node("a"), node("b")],
            "b",
        ),
        (
            "A toleration of key and value helps.",
            pod(tolerations=[NO_SCHEDULE]),
            [node("a", taints=[NO_SCHEDULE])],
            "a",
        ),
        (
            "So does one of any key.",
            pod(tolerations=[{"operator": "Exists"}]),
            [node("a", taints=[NO_SCHEDULE])],
            "a",
        ),
        (
            "Soft taints are not hard.",
            pod(),
            [node("a", taints=[{"key": "k", "effect": "PreferNoSchedule"}])],
            "a",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_what_fits(reason, of, nodes, want):
    assert choose(of, nodes, Ledger()) == (want, ""), reason


@pytest.mark.parametrize(
    ("reason", "toleration"),
    [
        ("Another value.", {"key": "dedicated", "value": "web"}),
        ("Another key.", {"key": "other", "operator": "Exists"}),
        ("Another effect.", {"operator": "Exists", "effect": "NoExecute"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_toleration_of_something_else_does_not_help(reason, toleration):
    found, _ = choose(pod(tolerations=[toleration]), [node(taints=[NO_SCHEDULE])], Ledger())
    assert not found, reason


def test_what_is_placed_takes_room_until_it_is_removed():
    ledger = Ledger()
    ledger.place("one", "n", requests(pod("3")))
    assert choose(pod("2"), [node()], ledger)[0] == ""
    assert ledger.remove("one")
    assert not ledger.remove("one")
    assert choose(pod("2"), [node()], ledger)[0] == "n"


def test_a_pod_is_counted_once_however_often_it_is_seen():
    ledger = Ledger()
    for _ in range(3):
        ledger.place("one", "n", requests(pod("3")))
    assert ledger.free(node()) == {"cpu": 1, "pods": 109}
