"""A control plane of one namespace, which leaves all others alone."""

from collections.abc import Iterator

import pytest
from ground import Clusters
from hub import SYSTEM, until
from kinds import CONFIG_MAPS, DEPLOYMENTS, Kind, dig
from plane import NAMES, Plane, only, plane

pytestmark = pytest.mark.timeout(180)
OTHER = "elsewhere"


@pytest.fixture(scope="module")
def limited(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    directory = tmp_path_factory.mktemp("limited")
    with plane(clusters, directory, scope="Namespaced") as made:
        made.enable(CONFIG_MAPS.name, DEPLOYMENTS.name)
        for member in clusters:
            member.kubectl("create", "namespace", OTHER)
        yield made
        for member in clusters:
            member.kubectl("delete", "namespace", OTHER, "--wait=false")


@pytest.fixture
def fed(limited: Plane) -> Iterator[Plane]:
    limited.namespace = SYSTEM
    yield limited
    for kind in (CONFIG_MAPS, DEPLOYMENTS):
        limited.host.kubectl("-n", SYSTEM, "delete", kind.federated, "--all")


@pytest.mark.parametrize("kind", [CONFIG_MAPS, DEPLOYMENTS], ids=str)
def test_objects_of_its_own_namespace_are_propagated(fed: Plane, kind: Kind) -> None:
    fed.federate(kind)
    fed.well(kind, *NAMES)
    fed.federate(kind, placement=only("eu", "us"))
    fed.well(kind, "eu", "us")
    fed.change(kind, "eu", kind.drift)
    whole = dig(fed.there(kind, "us"), *kind.drifted)
    until(lambda: dig(fed.there(kind, "eu"), *kind.drifted), lambda found: found == whole)
    fed.delete(kind)
    fed.gone(kind)
    assert fed.everywhere(kind) == {}


def test_a_namespace_that_is_federated_only_narrows(fed: Plane) -> None:
    fed.federate(CONFIG_MAPS)
    fed.well(CONFIG_MAPS, *NAMES)
    fed.federate_namespace(SYSTEM, placement=only("us"))
    fed.well(CONFIG_MAPS, "us")
    fed.host.kubectl("-n", SYSTEM, "delete", "federatednamespace", SYSTEM)
    fed.well(CONFIG_MAPS, *NAMES)
    assert fed.running("namespaces") == "NotRunning"


def test_other_namespaces_and_kinds_without_one_are_left_alone(fed: Plane) -> None:
    fed.namespace = OTHER
    fed.federate(CONFIG_MAPS)
    fed.ctl("enable", "clusterroles")
    until(lambda: fed.running("clusterroles.rbac.authorization.k8s.io") == "NotRunning")
    fed.namespace = SYSTEM
    fed.federate(CONFIG_MAPS)
    fed.well(CONFIG_MAPS, *NAMES)
    fed.namespace = OTHER
    found = fed.federated(CONFIG_MAPS)
    assert dig(found, "status") is None
    assert dig(found, "metadata", "finalizers") is None
    assert fed.everywhere(CONFIG_MAPS) == {}
