import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefed_core.api.federated import Placement, placement
from kubefed_core.api.policy import Policy
from kubefed_core.api.selectors import Requirement, Selector
from kubefed_core.api.taints import Taint, Toleration
from kubefed_core.decide.placement import Candidate, choose, place
from kubefed_core.errors import Terminal

VECTORS = json.loads((Path(__file__).parent / "vectors" / "replica_planner.json").read_text())
LABELS = {"cluster1": {}, "cluster2": {"foo": "bar"}}
GOLD = Selector((Requirement("tier", "In", frozenset({"gold"})),))
EU, US = Candidate({"tier": "gold"}), Candidate({"tier": "tin"})
BOTH = {"eu": EU, "us": US}
ALL = Placement(selector=Selector())


@pytest.mark.parametrize("vector", VECTORS["placement"], ids=str)
def test_the_vectors_of_the_specification(vector):
    spec = {}
    if vector["clusters"] is not None:
        spec["clusters"] = [{"name": name} for name in vector["clusters"]]
    if vector["matchLabels"] is not None:
        spec["clusterSelector"] = {"matchLabels": vector["matchLabels"]}
    found = placement({"spec": {"placement": spec}})
    assert choose(found, LABELS) == set(vector["expected"])


def test_an_operator_that_is_none_is_refused():
    bad = {"matchExpressions": [{"key": "a", "operator": "Like", "values": ["b"]}]}
    with pytest.raises(Terminal, match="matchExpressions"):
        placement({"spec": {"placement": {"clusterSelector": bad}}})


def test_beside_a_list_the_selector_is_not_even_read():
    spec = {"clusters": [], "clusterSelector": {"matchExpressions": [{"operator": "Like"}]}}
    assert placement({"spec": {"placement": spec}}) == Placement(frozenset())


@pytest.mark.parametrize(
    ("reason", "given", "candidates", "options", "want", "why", "message"),
    [
        ("All is as wished.", ALL, BOTH, {}, {"eu", "us"}, "", ""),
        (
            "A name that is no cluster is reported.",
            Placement(frozenset({"eu", "mars"})),
            BOTH,
            {},
            {"eu"},
            "UnknownCluster",
            "not joined: mars",
        ),
        (
            "The namespace must go there too.",
            ALL,
            BOTH,
            {"within": frozenset({"us"})},
            {"us"},
            "",
            "",
        ),
        (
            "A policy that does not admit a cluster bars it.",
            ALL,
            BOTH,
            {"policies": [Policy("gold-only", clusters=GOLD)]},
            {"eu"},
            "RestrictedByPolicy",
            "not allowed: us (by gold-only)",
        ),
        (
            "Every policy must admit it.",
            ALL,
            BOTH,
            {"policies": [Policy("any", clusters=Selector()), Policy("none")]},
            set(),
            "RestrictedByPolicy",
            "not allowed: eu (by none), us (by none)",
        ),
        (
            "A taint bars what is not there.",
            ALL,
            {"eu": EU, "us": Candidate(taints=(Taint("full", "NoSchedule"),))},
            {},
            {"eu"},
            "Tainted",
            "taints are not tolerated: us (full:NoSchedule)",
        ),
        (
            "What is there stays where nothing new goes.",
            ALL,
            {"us": Candidate(taints=(Taint("full", "NoSchedule"),), present=True)},
            {},
            {"us"},
            "",
            "",
        ),
        (
            "A tolerated taint bars nothing.",
            Placement(selector=Selector(), tolerations=(Toleration("", "Exists"),)),
            {"us": Candidate(taints=(Taint("full", "NoExecute"),))},
            {},
            {"us"},
            "",
            "",
        ),
        (
            "All that is wrong is said, under the gravest reason.",
            Placement(frozenset({"mars", "us", "eu"})),
            {"eu": EU, "us": Candidate(taints=(Taint("full", "NoSchedule"),))},
            {"policies": [Policy("gold-only", clusters=GOLD)]},
            {"eu"},
            "UnknownCluster",
            "not joined: mars; not allowed: us (by gold-only)",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_place(reason, given, candidates, options, want, why, message):
    found = place(given, candidates, **options)
    assert (found.clusters, found.reason, found.message) == (want, why, message), reason


@given(
    st.sets(st.sampled_from("abcd")),
    st.sets(st.sampled_from("abcd")),
    st.sets(st.sampled_from("abcd")),
)
def test_what_is_placed_is_joined_and_within_the_namespace(wanted, joined, within):
    found = place(
        Placement(frozenset(wanted)),
        {name: Candidate() for name in joined},
        within=frozenset(within),
    )
    assert found.clusters == wanted & joined & within
    assert bool(found.reason) == bool(wanted - joined)
