"""Joining and leaving on real control planes, with the program as users start it."""

import base64
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ground import Clusters, Member

from kubefed_core.errors import ApiError
from kubefed_core.objects import Key
from kubefed_core.resources import (
    CLUSTERS,
    ENDPOINT_SLICES,
    INGRESSES,
    NODES,
    SECRETS,
    SERVICES,
    Resource,
)
from kubefed_core.runtime import credentials
from kubefed_core.runtime.client import Client

Run = Callable[..., subprocess.CompletedProcess[str]]
ROLE = "kubefed-controller-manager:eu-host"
RULES = Resource(
    "authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview",
    namespaced=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def kinds(clusters: Clusters) -> None:
    """The host knows our kinds."""
    clusters.host.kubectl("apply", "-k", "crds")
    clusters.host.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", "crds")


@pytest.fixture
def home(clusters: Clusters, kinds: None, numbers: Iterator[int]) -> Iterator[str]:
    """A namespace with a KubeFedConfig on the host, so that every test has a plane of its own."""
    name = f"home-{next(numbers)}"
    clusters.host.kubectl("create", "namespace", name)
    configure(clusters.host, name, "Cluster")
    yield name
    for member in clusters:
        member.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")
    for kind in ("clusterrolebinding", "clusterrole"):
        clusters.eu.kubectl("delete", kind, ROLE, "--ignore-not-found")


def configure(host: Member, namespace: str, scope: str) -> None:
    config = {
        "apiVersion": "core.kubefed.io/v1beta1",
        "kind": "KubeFedConfig",
        "metadata": {"name": "kubefed", "namespace": namespace},
        "spec": {"scope": scope},
    }
    host.kubectl("apply", "-f", "-", stdin=config)


@pytest.fixture
def kubefedctl(clusters: Clusters, home: str) -> Run:
    """The program in a process; other files than the clusters' kubeconfigs can be given."""

    def run(*args: str, files: tuple[Path, ...] = ()) -> subprocess.CompletedProcess[str]:
        known = [member.kubeconfig for member in clusters]
        environ = os.environ | {"KUBECONFIG": ":".join(map(str, [*files, *known]))}
        environ["PYTHONWARNINGS"] = "error"
        where = ["--host-cluster-context=host", f"--kubefed-namespace={home}"]
        command = [sys.executable, "-m", "kubefed_dns.hyperfed", "kubefedctl", *args, *where]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    return run


def made(member: Member, home: str) -> str:
    """What of a join is in a member."""
    kinds = "clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts,secrets"
    text = member.kubectl("get", kinds, "-n", home, "-o=name", "--ignore-not-found", fine=False)
    return "\n".join(line for line in text.splitlines() if "eu-host" in line)


async def stored(host: Member, home: str) -> credentials.Access:
    """What the control plane has of the member, read as the control plane reads it."""
    client = host.client()
    try:
        cluster = await client.get(CLUSTERS, Key(home, "eu"))
        name = cluster["spec"]["secretRef"]["name"]
        return credentials.from_cluster(cluster, await client.get(SECRETS, Key(home, name)))
    finally:
        await client.close()


async def attempt(client: Client, resource: Any) -> str:
    try:
        await client.list(resource)
    except ApiError as error:
        return type(error).__name__
    return "fine"


async def test_a_joined_cluster_can_be_read_with_what_is_stored(
    clusters: Clusters, home: str, kubefedctl: Run
) -> None:
    done = kubefedctl("join", "eu", "--wait=0")
    assert (done.returncode, done.stderr) == (0, "")
    client = Client(await stored(clusters.host, home))
    try:
        assert await client.fetch("/healthz", timeout=5) == (200, "ok")
        assert await attempt(client, SERVICES) == "fine"
        assert await attempt(client, SECRETS) == "fine"
    finally:
        await client.close()


async def test_for_dns_a_cluster_gives_only_what_dns_needs(
    clusters: Clusters, home: str, kubefedctl: Run
) -> None:
    assert kubefedctl("join", "eu", "--dns-only", "--wait=0").returncode == 0
    client = Client(await stored(clusters.host, home))
    try:
        assert await client.fetch("/healthz", timeout=5) == (200, "ok")
        for resource in (SERVICES, ENDPOINT_SLICES, INGRESSES, NODES):
            assert await attempt(client, resource) == "fine"
        assert await attempt(client, SECRETS) == "Forbidden"
        review = await client.create(RULES, {"metadata": {}, "spec": {"namespace": home}})
    finally:
        await client.close()
    granted = [
        rule
        for rule in review["status"]["resourceRules"]
        if rule["apiGroups"] not in (["authorization.k8s.io"], ["authentication.k8s.io"])
    ]
    assert {verb for rule in granted for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert sorted(rule["resources"] for rule in granted) == [
        ["endpointslices"], ["ingresses"], ["services", "nodes"]
    ]  # fmt: skip


async def test_a_namespaced_plane_joins_too(clusters: Clusters, home: str, kubefedctl: Run) -> None:
    clusters.host.kubectl("delete", "kubefedconfig", "kubefed", "-n", home)
    configure(clusters.host, home, "Namespaced")
    assert kubefedctl("join", "eu", "--wait=0").returncode == 0
    client = Client(await stored(clusters.host, home))
    try:
        assert await client.fetch("/healthz", timeout=5) == (200, "ok")
        assert await attempt(client, NODES) == "fine"
        assert await attempt(client, SERVICES) == "Forbidden"
        assert await client.list(SERVICES, namespace=home) is not None
    finally:
        await client.close()
    assert kubefedctl("unjoin", "eu").returncode == 0
    assert made(clusters.eu, home) == ""


async def test_what_joined_can_leave_and_its_token_is_worth_nothing_then(
    clusters: Clusters, home: str, kubefedctl: Run
) -> None:
    assert kubefedctl("join", "eu", "--wait=0", "--region=r", "--label=a=b").returncode == 0
    access = await stored(clusters.host, home)
    done = kubefedctl("unjoin", "eu")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "cluster eu has left"
    clusters.eu.kubectl("wait", "--for=delete", f"namespace/{home}", "--timeout=60s")
    assert made(clusters.eu, home) == ""
    left = clusters.host.kubectl("get", "kubefedclusters,secrets", "-n", home, "-o=name")
    assert left.strip() in ("", "No resources found in " + home + " namespace.")
    client = Client(access)
    try:
        assert await attempt(client, SERVICES) in ("Forbidden", "Unauthorized")
    finally:
        await client.close()
    again = kubefedctl("unjoin", "eu")
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout == "cluster eu is not joined: there was nothing to delete\n"


def test_joining_twice_is_an_error_unless_it_is_asked_for(
    clusters: Clusters, home: str, kubefedctl: Run
) -> None:
    assert kubefedctl("join", "eu", "--wait=0").returncode == 0
    again = kubefedctl("join", "eu", "--wait=0")
    assert again.returncode == 255
    assert f"KubeFedCluster {home}/eu (host)" in again.stderr
    taken = kubefedctl("join", "eu", "--wait=0", "--dns-only", "--error-on-existing=false")
    assert taken.returncode == 0
    assert f"ClusterRole {ROLE} updated" in taken.stdout
    secrets = clusters.host.kubectl("get", "secrets", "-n", home, "-o=name")
    assert len(secrets.splitlines()) == 1


def test_a_dry_run_leaves_no_trace(clusters: Clusters, home: str, kubefedctl: Run) -> None:
    done = kubefedctl("join", "eu", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"KubeFedCluster {home}/eu would be created" in done.stdout
    assert made(clusters.eu, home) == ""
    assert "not found" in clusters.eu.kubectl("get", "namespace", home, fine=False)


def test_a_host_can_be_its_own_member_and_keeps_its_namespace(
    clusters: Clusters, home: str, kubefedctl: Run
) -> None:
    assert kubefedctl("join", "self", "--cluster-context=host", "--wait=0").returncode == 0
    left = kubefedctl("unjoin", "self", "--cluster-context=host")
    assert left.returncode == 0
    assert f"Namespace {home} stays: it is the host's own" in left.stdout
    assert "Active" in clusters.host.kubectl("get", "namespace", home)


def test_a_namespace_that_was_there_stays(clusters: Clusters, home: str, kubefedctl: Run) -> None:
    clusters.eu.kubectl("create", "namespace", home)
    assert kubefedctl("join", "eu", "--wait=0").returncode == 0
    left = kubefedctl("unjoin", "eu")
    assert f"Namespace {home} stays: join did not make it" in left.stdout
    assert "Active" in clusters.eu.kubectl("get", "namespace", home)
    assert made(clusters.eu, home) == ""


def test_a_cluster_that_the_host_refuses_is_refused_before_anything_is_made(
    clusters: Clusters, home: str, kubefedctl: Run
) -> None:
    done = kubefedctl("join", "eu", "--region=not/a/region")
    assert done.returncode == 255
    assert "spec.region" in done.stderr
    assert made(clusters.eu, home) == ""


def variant(member: Member, target: Path, *, cluster: Any = None, user: Any = None) -> Path:
    """A kubeconfig with one context `eu`, like the member's but for what is given."""
    config = yaml.safe_load(member.kubeconfig.read_text())
    config["clusters"][0]["cluster"] |= cluster or {}
    if user is not None:
        config["users"][0]["user"] = user
    target.write_text(yaml.safe_dump(config))
    return target


def limited(member: Member) -> str:
    """The token of one who may create everything a join makes, but has no rights to grant."""
    kubectl = member.kubectl
    kubectl("create", "serviceaccount", "limited", "-n", "default", fine=False)
    resources = "namespaces,serviceaccounts,secrets,clusterroles,clusterrolebindings"
    kubectl("create", "clusterrole", "limited", "--verb=get,list,create", f"--resource={resources}",
            fine=False)  # fmt: skip
    kubectl("create", "clusterrolebinding", "limited", "--clusterrole=limited",
            "--serviceaccount=default:limited", fine=False)  # fmt: skip
    return kubectl("create", "token", "limited", "-n", "default").strip()


NOWHERE = {"server": "https://127.0.0.1:9"}
GARBAGE = [
    ("A server that is not there.", NOWHERE, None, ["refuses connections", "check that it runs"]),
    ("A CA of someone else.", {"certificate-authority-data": "host"}, None,
     ["shows a certificate that is not trusted", "certificate-authority-data"]),
    ("Another name than the certificate's.", {"tls-server-name": "elsewhere.example.com"}, None,
     ["shows a certificate for other names"]),
    ("A token that is none.", None, {"token": "nonsense"},
     ["does not accept the credentials", "renew them"]),
    ("Nobody.", None, {}, ["member eu", "may not get namespaces", "system:anonymous"]),
    ("One who may not grant.", None, "limited",
     ["attempting to grant RBAC permissions not currently held", "--cluster-context"]),
    ("A plug-in that fails.", None,
     {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "false"}},
     ["exec plug-in 'false'", "failed: exec: process returned 1"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "cluster", "user", "words"), GARBAGE, ids=[row[0] for row in GARBAGE]
)
def test_a_kubeconfig_that_does_not_serve_ends_in_cause_and_remedy(
    clusters: Clusters,
    home: str,
    kubefedctl: Run,
    tmp_path: Path,
    *,
    reason: str,
    cluster: Any,
    user: Any,
    words: list[str],
) -> None:
    if cluster and cluster.get("certificate-authority-data"):
        ca = base64.b64encode(clusters.host.access.ca).decode()
        cluster = {"certificate-authority-data": ca}
    if user == "limited":
        user = {"token": limited(clusters.eu)}
    file = variant(clusters.eu, tmp_path / "config", cluster=cluster, user=user)
    done = kubefedctl("join", "eu", files=(file,))
    assert done.returncode == 255, reason
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr, reason
    assert made(clusters.eu, home) == ""
    assert "not found" in clusters.eu.kubectl("get", "namespace", home, fine=False)


async def test_a_member_that_is_gone_can_be_taken_out_by_force(
    clusters: Clusters, home: str, kubefedctl: Run
) -> None:
    assert kubefedctl("join", "eu", "--wait=0").returncode == 0
    await clusters.eu.stop_api()
    try:
        refused = kubefedctl("unjoin", "eu")
        assert refused.returncode == 255
        assert "refuses connections" in refused.stderr
        assert "Give --force" in refused.stderr
        forced = kubefedctl("unjoin", "eu", "--force")
        assert forced.returncode == 0
        assert "left in member eu, where they exist" in forced.stderr
    finally:
        await clusters.eu.start_api()
    assert "eu-host" in made(clusters.eu, home)
    assert kubefedctl("unjoin", "eu").returncode == 0
    assert made(clusters.eu, home) == ""


async def test_a_member_that_hangs_is_given_up(
    clusters: Clusters, home: str, kubefedctl: Run
) -> None:
    await clusters.eu.freeze_api()
    try:
        done = kubefedctl("join", "eu")
    finally:
        await clusters.eu.thaw_api()
    assert done.returncode == 255
    assert "does not answer in time" in done.stderr
