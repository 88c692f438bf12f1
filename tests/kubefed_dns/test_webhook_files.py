"""What can be said of deploy/webhook without an API server; tests/e2e asks one."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubefed_core.admission import service
from kubefed_core.admission.keeper import SECRET
from kubefed_core.admission.keys import NAME
from kubefed_core.admission.rules import Rule
from kubefed_core.api import config_faults, webhooks
from kubefed_core.api.types import federated_of
from kubefed_core.decide import escalation
from kubefed_core.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    MUTATING_WEBHOOKS,
    ROLE_BINDINGS,
    ROLES,
    VALIDATING_WEBHOOKS,
)
from kubefed_core.runtime.fleet import Fleet
from kubefed_core.runtime.host import Host
from kubefed_dns import handlers

DEPLOY = Path(__file__).parents[2] / "deploy"
NAMESPACE = "kube-federation-system"


@cache
def load(path: str) -> tuple[Any, ...]:
    return tuple(yaml.safe_load_all((DEPLOY / path).read_text()))


def one(path: str, kind: str) -> Any:
    (found,) = (obj for obj in load(path) if obj["kind"] == kind)
    return found


def configured() -> dict[str, Any]:
    """Every webhook of both configurations, by the path it leads to."""
    found = [hook for obj in load("webhook/configurations.yaml") for hook in obj["webhooks"]]
    by_path = {webhooks.path(hook): hook for hook in found}
    assert len(by_path) == len(found)
    return by_path


def rules() -> dict[str, Rule]:
    host = Host(fleet=Fleet(), recorder=None, namespace=NAMESPACE, now=None)  # type: ignore[arg-type]
    return {rule.path: rule for rule in handlers.every(host)}


def test_every_rule_is_asked_for_and_nothing_else() -> None:
    assert configured().keys() == rules().keys()


@pytest.mark.parametrize("path", sorted(rules()))
def test_a_webhook_asks_about_the_kind_of_its_rule(path: str) -> None:
    hook, rule = configured()[path], rules()[path]
    (asked,) = hook["rules"]
    assert set(asked["operations"]) == rule.operations
    if rule.resource is not None:
        assert asked["apiGroups"] == [rule.resource.group]
        assert asked["apiVersions"] == [rule.resource.version]
        assert asked["resources"][0] == rule.resource.plural
        assert hook["name"] == str(rule.resource)
    else:
        assert asked["apiGroups"] == ["types.kubefed.io"]
    assert hook["sideEffects"] == "None"
    assert hook["admissionReviewVersions"] == ["v1"]
    assert hook["clientConfig"]["service"] == {
        "name": NAME,
        "namespace": NAMESPACE,
        "path": f"/{path}",
    }


def test_upstreams_webhooks_are_as_upstream_has_them() -> None:
    found = configured()
    core = {
        "validate-federatedtypeconfigs": ["federatedtypeconfigs", "federatedtypeconfigs/status"],
        "validate-kubefedcluster": ["kubefedclusters", "kubefedclusters/status"],
        "validate-kubefedconfig": ["kubefedconfigs"],
        "default-kubefedconfig": ["kubefedconfigs"],
    }
    for path, resources in core.items():
        assert found[path]["rules"][0]["resources"] == resources
        assert found[path]["failurePolicy"] == "Fail"
    (defaulting,) = one("webhook/configurations.yaml", MUTATING_WEBHOOKS.kind)["webhooks"]
    assert defaulting == found["default-kubefedconfig"]


def test_only_they_and_rights_wait_for_the_webhook() -> None:
    failing = {path for path, hook in configured().items() if hook["failurePolicy"] == "Fail"}
    assert failing == {
        "validate-federatedtypeconfigs",
        "validate-kubefedcluster",
        "validate-kubefedconfig",
        "default-kubefedconfig",
        escalation.PATH,
    }


def test_configurations_are_called_as_the_keeper_looks_for_them() -> None:
    for obj in load("webhook/configurations.yaml"):
        assert obj["metadata"]["name"] in webhooks.NAMES.values()
    rbac = one("webhook/rbac.yaml", "ClusterRole")["rules"][1]
    assert set(rbac["resourceNames"]) == {
        name
        for resource in (VALIDATING_WEBHOOKS, MUTATING_WEBHOOKS)
        for name in webhooks.names(resource, NAMESPACE)
    }
    assert rbac["resources"] == [VALIDATING_WEBHOOKS.plural, MUTATING_WEBHOOKS.plural]
    secrets = [
        r for r in one("webhook/rbac.yaml", "Role")["rules"] if r["resources"] == ["secrets"]
    ]
    assert [rule.get("resourceNames") for rule in secrets] == [None, [SECRET]]
    assert secrets[0]["verbs"] == ["create"]


@pytest.mark.parametrize("target", [ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS])
def test_every_kind_of_rights_is_guarded(target: Any) -> None:
    found = one("webhook/configurations.yaml", VALIDATING_WEBHOOKS.kind)
    assert escalation.unguarded([found], federated_of(target)) == ""


def test_the_controller_may_look_whether_the_webhook_guards() -> None:
    rules = [
        rule
        for obj in load("rbac.yaml")
        for rule in obj.get("rules", ())
        if rule["resources"] == [VALIDATING_WEBHOOKS.plural]
    ]
    assert [rule["verbs"] for rule in rules] == [["get"]]
    assert rules[0]["resourceNames"] == list(webhooks.names(VALIDATING_WEBHOOKS, NAMESPACE))


def test_the_service_leads_to_the_port_of_the_program() -> None:
    pod = one("webhook/webhook.yaml", "Deployment")["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert container["args"] == ["webhook", f"--secure-port={service.Options().port}"]
    (port,) = container["ports"]
    assert port["containerPort"] == service.Options().port
    front = one("webhook/webhook.yaml", "Service")
    assert front["metadata"]["name"] == NAME
    assert front["spec"]["ports"] == [{"name": "https", "port": 443, "targetPort": port["name"]}]
    assert front["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz/"
    account = one("webhook/rbac.yaml", "ServiceAccount")["metadata"]["name"]
    assert pod["spec"]["serviceAccountName"] == account


def test_the_image_is_that_of_this_version() -> None:
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]
    (image,) = load("webhook/kustomization.yaml")[0]["images"]
    assert image["newTag"] == project["version"]


def test_the_config_that_we_deploy_can_be_changed_where_the_webhook_is_asked() -> None:
    assert config_faults.faults(one("kubefedconfig.yaml", "KubeFedConfig")) == []
