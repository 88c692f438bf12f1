"""Real control planes for every test that asks for them; one set serves the whole session.

The clusters run in a thread of their own, so that tests with an event loop, of whatever scope, and
tests without one can use them. A test that loses a cluster brings it back.
"""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from apiserver import Kubectl
from ground import Clusters, Ground, running
from kinds import KINDS, WIDGETS_CRD
from plane import Plane, plane

from kubefed_core.local.binaries import ensure
from kubefed_core.local.cluster import LocalCluster

pytest.register_assert_rewrite("dynamic", "published", "kubefed_dns.providers.contract")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Get the programs now, with their progress shown: it may take longer than a test may."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    wanted = any("binaries" in getattr(item, "fixturenames", ()) for item in session.items)
    if wanted and terminal is not None and not session.config.option.collectonly:
        asyncio.run(ensure(report=terminal.write_line))


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    made = Ground()
    yield made
    made.close()


@pytest.fixture(scope="session")
def binaries(ground: Ground) -> Path:
    """The directory of etcd, kube-apiserver, kube-controller-manager and kubectl."""
    return ground.call(ensure())


@pytest.fixture(scope="session")
def clusters(ground: Ground, binaries: Path) -> Iterator[Clusters]:
    """A host and two members, eu and us, each with its cloud."""
    host = LocalCluster("host", binaries=binaries, number=0)
    eu = LocalCluster("eu", region="eu-west", zones=["eu-west-1a"], binaries=binaries, number=1)
    us = LocalCluster(
        "us", region="us-east", zones=["us-east-1a", "us-east-1b"], binaries=binaries, number=2
    )
    with running(ground, host, eu, us, binaries=binaries) as members:
        yield Clusters(*members)


@pytest.fixture(scope="module")
def bare_host(ground: Ground, binaries: Path) -> Iterator[Kubectl]:
    """kubectl for a cluster of the module's own that nothing has been done to, without a cloud."""
    cluster = LocalCluster("bare", binaries=binaries, cloud=False)
    with running(ground, cluster, binaries=binaries) as (member,):
        yield member.kubectl


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    """Each is given out once in a session."""
    return itertools.count(1)


@pytest.fixture
def namespace(clusters: Clusters, numbers: Iterator[int]) -> Iterator[str]:
    """A namespace of the test's own in all clusters; it is removed after the test."""
    name = f"test-{next(numbers)}"
    for member in clusters:
        member.kubectl("create", "namespace", name)
    yield name
    for member in clusters:
        member.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def federation(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """A control plane that propagates a few kinds, a custom one among them."""
    for member in clusters:
        member.kubectl("apply", "-f", "-", stdin=WIDGETS_CRD)
        member.kubectl("wait", "--for=condition=Established", "crd/widgets.example.com")
    with plane(clusters, tmp_path_factory.mktemp("plane")) as made:
        made.enable(*(kind.name for kind in KINDS))
        yield made
    for member in clusters:
        member.kubectl("delete", "crd", "widgets.example.com")


@pytest.fixture
def fed(federation: Plane, numbers: Iterator[int]) -> Iterator[Plane]:
    """In a namespace of the test's own in all clusters, which goes with all that is in it."""
    federation.namespace = f"fed-{next(numbers)}"
    with federation.space(federation.namespace):
        yield federation
