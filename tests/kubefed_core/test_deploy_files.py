"""What can be said of deploy/ without an API server; tests/e2e/test_deploy.py applies it to one."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubefed_core.kubefedctl import rights

DEPLOY = Path(__file__).parents[2] / "deploy"
NAMESPACE = "kube-federation-system"
FEDERATED = {
    f"federated{plural}"
    for plural in (
        *("configmaps", "secrets", "serviceaccounts", "persistentvolumeclaims", "services"),
        *("deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "cronjobs"),
        *("ingresses", "networkpolicies", "horizontalpodautoscalers", "poddisruptionbudgets"),
    )
}
"""Of the built-in types those whose Kubernetes kinds are an editor's."""
Obj = Mapping[str, Any]


@cache
def load(path: str) -> tuple[Any, ...]:
    return tuple(yaml.safe_load_all((DEPLOY / path).read_text()))


def one(path: str, kind: str, name: str) -> Any:
    (found,) = (obj for obj in load(path) if (obj["kind"], obj["metadata"]["name"]) == (kind, name))
    return found


def granted(role: Obj) -> set[tuple[str, str, str]]:
    """Every right of a role as (group, resource or path, verb)."""
    return {
        (group, what, verb)
        for rule in role["rules"]
        for group in rule.get("apiGroups", ["path"])
        for what in rule.get("resources", rule.get("nonResourceURLs"))
        for verb in rule["verbs"]
    }


def resources(role: Obj) -> set[str]:
    return {what for _, what, _ in granted(role)}


def roles() -> Iterator[Any]:
    for path in ("rbac.yaml", "users.yaml", "member/rights.yaml"):
        yield from (obj for obj in load(path) if obj["kind"] in {"Role", "ClusterRole"})


def container() -> Any:
    pod = one("deployment.yaml", "Deployment", "kubefed-controller-manager")["spec"]["template"]
    (only,) = pod["spec"]["containers"]
    return only


def test_the_kustomization_lists_every_manifest_of_the_host() -> None:
    listed = set(load("kustomization.yaml")[0]["resources"])
    assert listed == {"../crds"} | {path.name for path in DEPLOY.glob("*.yaml")} - {
        "kustomization.yaml"
    }


def test_the_image_is_that_of_this_version() -> None:
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]
    (image,) = load("kustomization.yaml")[0]["images"]
    assert image["newTag"] == project["version"]
    assert f"-t kubefed-dns:{project['version']} " in (DEPLOY / "Dockerfile").read_text()
    assert container()["image"] == image["name"]


def test_everything_is_in_the_kubefed_namespace_or_in_none() -> None:
    for path in ("rbac.yaml", "kubefedconfig.yaml", "deployment.yaml", "services.yaml"):
        for obj in load(path):
            inside = obj["kind"] not in {"ClusterRole", "ClusterRoleBinding"}
            assert obj["metadata"].get("namespace") == (NAMESPACE if inside else None), obj


def test_the_only_wildcard_is_for_federated_kinds_which_nobody_can_list_beforehand() -> None:
    found = [
        (role["metadata"]["name"], group, what)
        for role in roles()
        for group, what, verb in granted(role)
        if "*" in (group, what, verb)
    ]
    assert set(found) == {("kubefed-role", "types.kubefed.io", "*")}


def test_the_controller_makes_and_removes_no_federated_object() -> None:
    role = one("rbac.yaml", "ClusterRole", "kubefed-role")
    verbs = {verb for group, _, verb in granted(role) if group == "types.kubefed.io"}
    assert verbs == {"get", "list", "watch", "update", "patch"}


def test_secrets_are_read_only_and_only_in_the_kubefed_namespace() -> None:
    with_secrets = [role for role in roles() if "secrets" in resources(role)]
    assert [role["kind"] for role in with_secrets] == ["Role"]
    verbs = {verb for _, what, verb in granted(with_secrets[0]) if what == "secrets"}
    assert verbs == {"get", "list", "watch"}


@pytest.mark.parametrize("name", ["kubefed-admin", "kubefed-edit", "kubefed-view"])
def test_tenants_get_objects_but_no_status_and_nothing_of_the_operator(name: str) -> None:
    role = one("users.yaml", "ClusterRole", name)
    label = f"rbac.authorization.k8s.io/aggregate-to-{name.removeprefix('kubefed-')}"
    assert role["metadata"]["labels"] == {label: "true"}
    assert not [what for what in resources(role) if what.endswith("/status")]
    assert not {"dnsproviders", "secrets"} & resources(role)
    writable = {what for _, what, verb in granted(role) if verb not in {"get", "list", "watch"}}
    tenants = {"servicednsrecords", "ingressdnsrecords", "dnsendpoints"}
    tenants |= {"replicaschedulingpreferences", *FEDERATED}
    assert writable == (set() if name == "kubefed-view" else tenants)


@pytest.mark.parametrize("name", ["kubefed-admin", "kubefed-edit", "kubefed-view"])
def test_tenants_get_no_federated_kind_that_is_the_operators(name: str) -> None:
    kinds = {what for what in resources(one("users.yaml", "ClusterRole", name))}
    assert not {what for what in kinds if "role" in what or "customresource" in what}
    assert ("federatedsecrets" in kinds) == (name != "kubefed-view"), "as in Kubernetes' own view"


def test_a_member_registered_by_hand_grants_what_join_grants_for_dns() -> None:
    names = rights.Names("eu", "hub", NAMESPACE)
    by_join = rights.roles(names, scope="Cluster", dns_only=True)[0].obj
    by_hand = one("member/rights.yaml", "ClusterRole", "kubefed-dns-member")
    assert granted(by_hand) == granted(by_join)


def test_one_controller_at_a_time_runs_under_the_service_account() -> None:
    spec = one("deployment.yaml", "Deployment", "kubefed-controller-manager")["spec"]
    account = one("rbac.yaml", "ServiceAccount", "kubefed-controller")["metadata"]["name"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}
    assert spec["template"]["spec"]["serviceAccountName"] == account
    assert spec["template"]["spec"]["securityContext"]["runAsUser"] == 1001


def test_the_container_has_no_privilege_and_a_file_system_it_cannot_write() -> None:
    context = container()["securityContext"]
    assert context["readOnlyRootFilesystem"]
    assert not context["privileged"]
    assert not context["allowPrivilegeEscalation"]
    assert context["capabilities"] == {"drop": ["ALL"]}


def test_probes_and_flags_name_the_ports_that_are_open() -> None:
    found = container()
    ports = {port["name"]: port["containerPort"] for port in found["ports"]}
    assert ports == {"healthz": 8080, "metrics": 9090, "dns": 5354, "dns-tcp": 5354}
    for probe, path in (("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        assert found[probe]["httpGet"] == {"path": path, "port": "healthz"}
    for flag, port in (("healthz-addr", 8080), ("metrics-addr", 9090), ("dns-address", 5354)):
        assert f"--{flag}=:{port}" in found["args"]


def test_services_name_ports_of_the_container() -> None:
    known = {port["name"]: port.get("protocol", "TCP") for port in container()["ports"]}
    dns = one("services.yaml", "Service", "kubefed-dns")["spec"]["ports"]
    assert {(port["port"], port["protocol"]) for port in dns} == {(53, "UDP"), (53, "TCP")}
    for service in load("services.yaml"):
        for port in service["spec"]["ports"]:
            assert known[port["targetPort"]] == port.get("protocol", "TCP")


def test_secrets_in_examples_hold_placeholders() -> None:
    for path in (DEPLOY / "examples").glob("*.yaml"):
        lines = path.read_text().splitlines()
        for obj in yaml.safe_load_all("\n".join(lines)):
            if obj["kind"] == "Secret":
                assert any("placeholder" in line for line in lines), path
