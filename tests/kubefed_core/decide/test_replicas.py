import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefed_core.decide.replicas import Preference, fnv1, plan

VECTORS = json.loads((Path(__file__).parent / "vectors" / "replica_planner.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["planner"], ids=lambda vector: str(vector["id"]))
def test_the_vectors_of_the_specification(vector):
    preferences = {
        name: Preference(each["minReplicas"], each["maxReplicas"], each["weight"])
        for name, each in vector["preferences"].items()
    }
    made = plan(
        preferences,
        vector["totalReplicas"],
        clusters=vector["availableClusters"],
        current=vector["currentReplicas"],
        capacity=vector["estimatedCapacity"],
        key=vector["key"],
        rebalance=vector["rebalance"],
    )
    assert made.replicas == vector["expectedPlan"]
    assert made.overflow == vector["expectedOverflow"]


@pytest.mark.parametrize(("text", "want"), VECTORS["fnv1_32"].items())
def test_the_hash(text, want):
    assert f"{fnv1(text):08x}" == want


NAMES = ["a", "b", "c", "d"]
COUNTS = st.integers(0, 30)


@st.composite
def cases(draw):
    def some(values):
        return draw(st.dictionaries(st.sampled_from(NAMES), values, max_size=4))

    preference = st.builds(
        lambda least, room, weight: Preference(
            least, None if room is None else least + room, weight
        ),
        COUNTS,
        st.none() | COUNTS,
        st.integers(0, 5),
    )
    return {
        "preferences": some(preference) | {"*": draw(preference)},
        "total": draw(st.integers(0, 100)),
        "current": some(COUNTS),
        "capacity": some(COUNTS),
        "key": draw(st.sampled_from(["", "ns/x"])),
        "rebalance": draw(st.booleans()),
    }


def run(case, clusters=NAMES):
    options = {name: case[name] for name in ("current", "capacity", "key", "rebalance")}
    return plan(case["preferences"], case["total"], clusters=clusters, **options)


@given(cases())
def test_never_more_than_asked_for_and_never_more_than_fits(case):
    made = run(case)
    assert sum(made.replicas.values()) <= case["total"]
    for name, count in made.replicas.items():
        preference = case["preferences"].get(name, case["preferences"]["*"])
        assert count >= 0
        assert count <= case["capacity"].get(name, count)
        if preference.most is not None:
            assert count <= preference.most


@given(cases(), st.permutations(NAMES))
def test_the_order_of_the_clusters_does_not_matter(case, order):
    assert run(case, order) == run(case)


@given(cases())
def test_every_replica_is_placed_where_one_cluster_takes_any_number(case):
    case["preferences"]["a"] = Preference(0, None, 1)
    case["capacity"].pop("a", None)
    assert sum(run(case).replicas.values()) == case["total"]


@given(cases())
def test_minima_are_met_when_the_total_allows_it(case):
    least = {name: case["preferences"].get(name, case["preferences"]["*"]).least for name in NAMES}
    case["total"] += sum(least.values())
    made = run(case)
    for name, count in least.items():
        assert made.replicas[name] >= min(count, case["capacity"].get(name, count))


def test_a_cluster_without_a_preference_gets_nothing():
    made = plan({"a": Preference(weight=1)}, 3, clusters=["a", "b"], current={"b": 3}, capacity={},
                key="", rebalance=False)  # fmt: skip
    assert made.replicas == {"a": 3, "b": 0}
