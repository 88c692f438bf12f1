"""Federated objects on real control planes: a host that is a member too, and two more."""

from collections.abc import Iterator

import pytest
from ground import Clusters
from hub import until
from plane import (
    KINDS,
    NAMES,
    WIDGETS_CRD,
    Kind,
    Plane,
    dig,
    only,
    plane,
)

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def whole(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    for member in clusters:
        member.kubectl("apply", "-f", "-", stdin=WIDGETS_CRD)
        member.kubectl("wait", "--for=condition=Established", "crd/widgets.example.com")
    with plane(clusters, tmp_path_factory.mktemp("plane")) as made:
        made.enable(*(kind.name for kind in KINDS))
        yield made
    for member in clusters:
        member.kubectl("delete", "crd", "widgets.example.com")


@pytest.fixture
def fed(whole: Plane, numbers: Iterator[int]) -> Iterator[Plane]:
    """A namespace of the test's own in all clusters; what a test has made is gone at its end."""
    whole.namespace = f"prop-{next(numbers)}"
    with whole.space(whole.namespace):
        yield whole


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_life_of_a_type(fed: Plane, kind: Kind) -> None:
    fed.federate(kind)
    fed.well(kind, *NAMES)
    assert {fed.managed(kind, name) for name in NAMES} == {"true"}

    before = fed.everywhere(kind)
    fed.federate(kind, overrides=[{"clusterName": "eu", "clusterOverrides": [kind.change]}])
    wanted = kind.change["value"]
    until(lambda: dig(fed.there(kind, "eu"), *kind.changed), lambda found: found == wanted)
    fed.well(kind, *NAMES)
    for name in ("host", "us"):
        assert dig(fed.there(kind, name), *kind.changed) == dig(before[name], *kind.changed)
    assert dig(fed.there(kind, "eu"), "metadata", "uid") == dig(before["eu"], "metadata", "uid")

    fed.federate(kind, placement=only("eu"))
    fed.well(kind, "eu")

    whole = dig(fed.there(kind, "eu"), *kind.drifted)
    fed.change(kind, "eu", kind.drift)
    until(lambda: dig(fed.there(kind, "eu"), *kind.drifted), lambda found: found == whole)
    fed.remove(kind, "eu")
    until(lambda: fed.there(kind, "eu"))
    fed.well(kind, "eu")

    fed.annotate(kind, "kubefed.io/orphan=true")
    fed.delete(kind)
    fed.gone(kind)
    until(lambda: fed.managed(kind, "eu"), lambda found: found == "")
    assert fed.there(kind, "eu")

    fed.federate(kind)
    fed.well(kind, *NAMES)
    fed.delete(kind)
    fed.gone(kind)
    assert fed.everywhere(kind) == {}
    until(lambda: fed.versions(kind), lambda found: found == {})
