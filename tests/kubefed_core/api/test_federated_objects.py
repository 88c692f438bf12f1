import pytest

from kubefed_core.api.federated import (
    DELETE_OPTIONS,
    MANAGED,
    ORPHAN,
    WAIVE,
    ClusterEntry,
    Condition,
    DeleteOptions,
    Status,
    delete_options,
    dump_status,
    is_managed,
    is_orphaning,
    status,
    waived,
)
from kubefed_core.api.policy import Policy, parse
from kubefed_core.api.propagated import Versions, kind_for, new
from kubefed_core.api.propagated import dump_status as dump_versions
from kubefed_core.api.propagated import parse as parse_versions
from kubefed_core.api.selectors import Selector
from kubefed_core.errors import Terminal
from kubefed_core.resources import (
    CLUSTER_PROPAGATED_VERSIONS,
    DEPLOYMENTS,
    NAMESPACES,
    PROPAGATED_VERSIONS,
    Resource,
)

FEDERATED = Resource("types.kubefed.io", "v1beta1", "federatedconfigmaps", "FederatedConfigMap")


def annotated(**annotations):
    return {"metadata": {"annotations": annotations}}


@pytest.mark.parametrize(
    ("written", "want"),
    [
        ("", DeleteOptions()),
        ('{"propagationPolicy":"Orphan"}', DeleteOptions("Orphan")),
        ('{"gracePeriodSeconds":5}', DeleteOptions(grace=5)),
        ('{"gracePeriodSeconds":0,"propagationPolicy":"Orphan"}', DeleteOptions("Orphan", 0)),
        ('{"preconditions":{"uid":"u"}}', DeleteOptions(uid="u")),
    ],
)
def test_delete_options(written, want):
    assert delete_options(annotated(**{DELETE_OPTIONS: written})) == want


@pytest.mark.parametrize("written", ["{", "[]", '{"gracePeriodSeconds":"x"}'])
def test_delete_options_that_are_none_are_refused_by_name(written):
    with pytest.raises(Terminal, match=r"kubefed\.io/deleteoption"):
        delete_options(annotated(**{DELETE_OPTIONS: written}))


def test_labels_and_annotations_count_only_with_their_one_value():
    assert is_managed({"metadata": {"labels": {MANAGED: "true"}}})
    assert not is_managed({"metadata": {"labels": {MANAGED: "false"}}})
    assert is_orphaning(annotated(**{ORPHAN: "true"}))
    assert not is_orphaning(annotated(**{ORPHAN: "yes"}))


def test_clusters_are_waived_by_name_or_all():
    assert waived(annotated(**{WAIVE: "eu, us"}), "us")
    assert not waived(annotated(**{WAIVE: "eu"}), "us")
    assert waived(annotated(**{WAIVE: "*"}), "us")
    assert not waived({"metadata": {}}, "us")


def test_a_status_is_read_as_it_was_written():
    found = Status(
        3,
        (Condition("Propagation", "False", "CheckClusters", "m", "t1", "t0"),),
        (ClusterEntry("eu", remote={}), ClusterEntry("us", "ClusterNotReady", "False")),
        {"clusters": "1/2"},
    )
    assert status({"status": dump_status(found)}) == found
    assert found.get("Propagation") == found.conditions[0]
    assert found.get("Other") is None
    assert dump_status(Status()) == {}
    assert status({}) == Status()


def test_versions_are_read_as_they_were_written():
    found = Versions("t", "o", {"us": "rv:1", "eu": "gen:2"})
    assert parse_versions({"status": dump_versions(found)}) == found
    assert dump_versions(Versions()) == {"templateVersion": "", "overridesVersion": ""}


def test_a_version_belongs_to_its_federated_object():
    owner = {"metadata": {"namespace": "shop", "name": "web", "uid": "u1"}}
    made = new(owner, FEDERATED, "configmap-web")
    assert made["kind"] == "PropagatedVersion"
    assert made["metadata"] == {
        "namespace": "shop",
        "name": "configmap-web",
        "ownerReferences": [
            {
                "apiVersion": "types.kubefed.io/v1beta1",
                "kind": "FederatedConfigMap",
                "name": "web",
                "uid": "u1",
            }
        ],
    }
    assert kind_for(FEDERATED) == PROPAGATED_VERSIONS
    assert kind_for(NAMESPACES) == CLUSTER_PROPAGATED_VERSIONS


def policy(**spec):
    return parse({"metadata": {"name": "p"}, "spec": spec})


@pytest.mark.parametrize(
    ("reason", "given", "target", "namespace", "want"),
    [
        ("Without selector and kinds it is about everything.", {}, DEPLOYMENTS, {}, True),
        ("A kind may be named.", {"kinds": ["Deployment"]}, DEPLOYMENTS, {}, True),
        ("Or by its plural and group.", {"kinds": ["deployments.apps"]}, DEPLOYMENTS, {}, True),
        ("Another kind is none of it.", {"kinds": ["Secret"]}, DEPLOYMENTS, {}, False),
        (
            "A namespace is selected by its labels.",
            {"namespaceSelector": {"matchLabels": {"team": "a"}}},
            DEPLOYMENTS,
            {"team": "b"},
            False,
        ),
        (
            "What is in no namespace is not selected by one.",
            {"namespaceSelector": {}},
            NAMESPACES,
            None,
            False,
        ),
    ],
)
def test_what_a_policy_is_about(reason, given, target, namespace, want):
    assert policy(**given).concerns(target, namespace) is want, reason


def test_what_a_policy_admits():
    gold = policy(clusterSelector={"matchLabels": {"tier": "gold"}})
    assert gold.admits({"tier": "gold"})
    assert not gold.admits({})
    assert policy(clusterSelector={}).clusters == Selector()
    assert not policy().admits({})


def test_a_policy_that_cannot_be_read_admits_nothing():
    broken = policy(clusterSelector={"matchExpressions": [{"key": "a", "operator": "Like"}]})
    assert broken == Policy("p")
    assert broken.concerns(DEPLOYMENTS, None)
    assert not broken.admits({})
