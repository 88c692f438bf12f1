"""kubefedctl as its users start it, on a control plane that propagates."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hub import REPO, until
from job import several, web
from kinds import CONFIG_MAPS, DEPLOYMENTS, SECRETS, SERVICES, Kind
from plane import ALL, NAMES, Plane, only

pytestmark = pytest.mark.timeout(180)
Done = subprocess.CompletedProcess[str]
LIMITS = Kind(
    "limitranges",
    "LimitRange",
    template={"spec": {"limits": [{"type": "Pod", "max": {"cpu": "1"}}]}},
    change={},
    drift={},
)
DIRECTIVE = """
apiVersion: core.kubefed.io/v1beta1
kind: EnableTypeDirective
metadata: {name: limits}
spec: {federatedVersion: v1beta1}
"""


class Ctl:
    """The program, with what it says on either side and how it ends."""

    def __init__(self, fed: Plane) -> None:
        self._flags = (f"--kubeconfig={fed.kubeconfig}", "--host-cluster-context=host")

    def __call__(self, *args: str, stdin: str = "") -> Done:
        command = [sys.executable, "-W", "error", "-m", "kubefed_dns.hyperfed", "kubefedctl"]
        return subprocess.run(
            [*command, *args, *self._flags],
            cwd=REPO,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"KUBECONFIG": ""},
        )

    def fine(self, *args: str, stdin: str = "") -> Done:
        done = self(*args, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done

    def fails(self, *args: str, stdin: str = "") -> str:
        """What it says of that, in a last line of its own."""
        done = self(*args, stdin=stdin)
        assert done.returncode == 255, done
        assert "Traceback" not in done.stderr
        return done.stderr.splitlines()[-1]


@pytest.fixture
def ctl(federation: Plane) -> Ctl:
    return Ctl(federation)


@pytest.fixture
def bare(federation: Plane, numbers: Iterator[int]) -> Iterator[str]:
    """A namespace on the host alone; all that comes of it goes with it."""
    name = federation.namespace = f"bare-{next(numbers)}"
    with federation.space(name, federated=False):
        yield name


def made_by_hand(namespace: str) -> list[dict[str, Any]]:
    """A namespace's contents: a workload, its settings, its account and its secret."""
    meta = {"namespace": namespace}
    return [
        *web(namespace),
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": meta | {"name": "web", "annotations": {"mine": "x"}},
            "data": {"hash": "1e3", "answer": "yes", "page": "a\nb\n"},
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": meta | {"name": "web"},
            "stringData": {"password": "secret"},
        },
    ]


def test_a_namespace_goes_everywhere_with_what_is_worth_it(
    federation: Plane, ctl: Ctl, bare: str
) -> None:
    host = federation.host
    host.kubectl("apply", "-f", "-", stdin=several(made_by_hand(bare)))
    host.kubectl("-n", bare, "create", "serviceaccount", "robot")
    until(lambda: "web-" in host.kubectl("-n", bare, "get", "pods", "-o", "name"))
    everything = ("federate", "namespaces", bare, "--contents")

    refused = ctl.fails(*everything)
    assert "FederatedTypeConfig not found for serviceaccounts:" in refused
    assert "--enable-type" in refused

    shown = ctl.fine(*everything, "-o", "yaml", "--skip-api-resources=sa")
    kinds = [each["kind"] for each in yaml.safe_load_all(shown.stdout)]
    assert sorted(kinds) == [
        "FederatedConfigMap",
        "FederatedDeployment",
        "FederatedNamespace",
        "FederatedSecret",
        "FederatedService",
    ]
    assert "mine" in shown.stderr
    assert federation.everywhere(CONFIG_MAPS).keys() == {"host"}

    done = ctl.fine(*everything, "-t")
    assert "serviceaccounts created in namespace" in done.stdout
    assert f'Successfully created FederatedService "{bare}/web" from Service' in done.stderr
    assert "ReplicaSet web-" in done.stderr
    for kind in (CONFIG_MAPS, SECRETS, SERVICES, DEPLOYMENTS):
        federation.well(kind, *NAMES)
        copies = federation.everywhere(kind)
        assert {federation.managed(kind, name) for name in NAMES} == {"true"}
        for field in ("data", "type"):
            assert copies["eu"].get(field) == copies["host"].get(field)
    assert ctl.fine("get", "deploy", "web", "-n", bare, "--check").returncode == 0

    again = ctl(*everything)
    assert again.returncode == 255
    assert f'FederatedNamespace "{bare}/{bare}" exists already' in again.stderr
    federation.disable("serviceaccounts")


def test_manifests_become_federated_ones_between_two_programs(fed: Plane, ctl: Ctl) -> None:
    kubectl = fed.host.kubectl
    made = kubectl(
        "-n", fed.namespace, "create", "configmap", "web", "--from-literal=hash=1e3",
        "--from-literal=answer=y", "--dry-run=client", "-o", "yaml",
    )  # fmt: skip
    shown = ctl.fine("federate", "-f", "-", stdin=made).stdout
    kubectl("apply", "-f", "-", stdin=yaml.safe_load(shown))
    fed.well(CONFIG_MAPS, *NAMES)
    assert fed.there(CONFIG_MAPS, "eu")["data"] == {"hash": "1e3", "answer": "y"}  # type: ignore[index]
    assert "cannot be read: it is not YAML" in ctl.fails("federate", "-f", "-", stdin="[1,")
    assert "holds no objects" in ctl.fails("federate", "-f", "-")


def test_one_object_is_federated_and_left_behind_on_demand(fed: Plane, ctl: Ctl) -> None:
    where = ("-n", fed.namespace)
    fed.host.kubectl(*where, "create", "configmap", "web", "--from-literal=color=red")
    dry = ctl.fine("federate", "cm", "web", *where, "--dry-run")
    assert "(dry run)" in dry.stderr
    assert fed.federated(CONFIG_MAPS) is None
    ctl.fine("federate", "cm", "web", *where)
    fed.well(CONFIG_MAPS, *NAMES)
    assert "exists already" in ctl.fails("federate", "cm", "web", *where)

    one = ("fcm", "web", *where)
    assert ctl.fine("orphaning-deletion", "status", *one).stdout == "Disabled\n"
    assert ctl.fine("orphaning-deletion", "enable", *one).stdout == ""
    assert ctl.fine("orphaning-deletion", "status", *one).stdout == "Enabled\n"
    fed.delete(CONFIG_MAPS)
    fed.gone(CONFIG_MAPS)
    until(lambda: {fed.managed(CONFIG_MAPS, name) for name in NAMES} == {""})
    assert set(fed.everywhere(CONFIG_MAPS)) == set(NAMES)
    assert "does not exist" in ctl.fails("orphaning-deletion", "enable", *one)


def test_a_kind_is_enabled_and_disabled_and_enabled_again(fed: Plane, ctl: Ctl) -> None:
    ctl.fine("enable", "-f", "-", stdin=DIRECTIVE)
    fed.federate(LIMITS)
    until(lambda: set(fed.everywhere(LIMITS)) == set(NAMES))
    assert "Changing the federated type" in ctl.fails("enable", "limits", "--federated-group=a.b")
    assert "Invalid value for --output" in ctl.fails("enable", "limits", "-o", "json")
    assert "while resource instances exist" in ctl.fails("disable", "limits", "--delete-crd")

    left = ctl.fine("disable", "limits")
    assert "federatedtypeconfig" in left.stdout.splitlines()[-1]
    assert "1 objects of the kind FederatedLimitRange are there" in left.stderr
    assert set(fed.everywhere(LIMITS)) == set(NAMES)
    assert "does not exist" in ctl.fine("disable", "limits").stdout

    assert "updated" in ctl.fine("enable", "LimitRange").stdout
    fed.delete(LIMITS)
    fed.gone(LIMITS)
    for _ in range(2):
        ctl.fine("disable", "limitranges", "--delete-crd")
        assert "created" in ctl.fine("enable", "limitranges").stdout
    until(lambda: fed.running("limitranges"), lambda said: said == "Running")
    ctl.fine("disable", "limitranges", "--delete-crd")
    assert "not found" in fed.host.kubectl("get", "crd", LIMITS.federated, fine=False)


def test_what_is_federated_is_shown(fed: Plane, ctl: Ctl) -> None:
    where = ("-n", fed.namespace)
    fed.federate(DEPLOYMENTS, placement=only("eu", "us", "mars"))
    fed.well(DEPLOYMENTS, "eu", "us")
    until(lambda: ctl("get", "deploy", "web", *where, "--check").returncode, lambda rc: rc == 0)
    shown = ctl.fine("get", "deploy", "web", *where).stdout.splitlines()
    assert "Placement: False (UnknownCluster not joined: mars)" in shown
    versions = fed.versions(DEPLOYMENTS)
    assert [line.split() for line in shown[-2:]] == [
        [name, "yes", "OK", "True", versions[name]] for name in ("eu", "us")
    ]
    listed = ctl.fine("get", "deployments", *where).stdout
    assert "2/2" in listed
    one = json.loads(ctl.fine("get", "fdeploy", "web", *where, "-o", "json").stdout)
    assert one["status"]["summary"]["clusters"] == "2/2"
    clusters = yaml.safe_load(ctl.fine("get", "clusters", "-o", "yaml", "--check").stdout)
    assert [each["metadata"]["name"] for each in clusters["items"]] == sorted(NAMES)
    assert "Running" in ctl.fine("get", "types", "deployments.apps", "-o", "wide", "--check").stdout
    assert 'FederatedDeployment "' in ctl.fails("get", "deploy", "other", *where)

    broken = {"spec": {"selector": {}}}
    fed.federate(DEPLOYMENTS, "broken", template=broken, placement=ALL)
    until(lambda: set(fed.outcomes(DEPLOYMENTS, "broken").values()) == {"CreationFailed"})
    done = ctl("get", "deploy", "broken", *where, "--check")
    assert done.returncode == 1
    assert "Warning: CreateInClusterFailed: " in done.stdout


def test_a_lost_cluster_is_taken_out_by_force_and_waited_for_no_more(fed: Plane, ctl: Ctl) -> None:
    fed.federate(CONFIG_MAPS)
    fed.well(CONFIG_MAPS, *NAMES)
    us = fed.clusters.us
    us.lose()
    try:
        fed.delete(CONFIG_MAPS)
        until(lambda: fed.outcomes(CONFIG_MAPS), lambda seen: seen == {"us": "ClusterNotReady"})
        shown = ctl.fine("get", "cm", "web", "-n", fed.namespace).stdout
        assert "It is being deleted, and waits for: us." in shown
        assert "Give --force" in ctl.fails("unjoin", "us")
        left = ctl.fine("unjoin", "us", "--force").stderr
        assert "propagated objects stay in cluster us" in left
        fed.gone(CONFIG_MAPS)
        assert "us" not in ctl.fine("get", "clusters", "--check").stdout
    finally:
        us.regain()
        ctl.fine("join", "us", "--error-on-existing=false")
    until(lambda: fed.managed(CONFIG_MAPS, "us"), lambda said: said == "")
    us.kubectl("-n", fed.namespace, "delete", "configmap", "web")
