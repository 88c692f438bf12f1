"""The admission webhook, asked by a real API server: what it refuses, fills in, and cannot stop."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apiserver import Kubectl
from ground import Ground, Member, running
from hub import SYSTEM, Hub, program, until
from objects_admission import (
    REFUSED,
    SPACE,
    TAKEN,
    WHOLE_CONFIG,
    federated,
    ftc,
    named,
    overridden,
)
from objects_refused import Obj, cluster, config, made, service
from webhook import VALIDATIONS, Webhook

from kubefed_core.local.cluster import LocalCluster

TYPES = ("namespaces", "configmaps", "deployments.apps", "clusterrolebindings", "roles")
RBAC = "rbac.authorization.k8s.io"
DENIED = "denied the request: "
AWAY = "failed calling webhook"


@pytest.fixture(scope="module")
def host(ground: Ground, binaries: Path) -> Iterator[Member]:
    """A host of the module's own, as deploy/ leaves it, with some types."""
    local = LocalCluster("admission", binaries=binaries, cloud=False)
    with running(ground, local, binaries=binaries) as (member,):
        kubectl = member.kubectl
        kubectl("apply", "-k", "crds")
        kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", "crds")
        kubectl("apply", "-k", "deploy")
        kubectl("delete", "deployment", "-n", SYSTEM, "--all")
        kubectl("create", "namespace", SPACE)
        yield member


@pytest.fixture(scope="module")
def webhook(host: Member, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webhook]:
    """The webhook at work, and types that were enabled while it was."""
    made = Webhook(host.kubectl, host.kubeconfig, tmp_path_factory.mktemp("webhook"))
    made.start()
    try:
        for name in TYPES:
            program("kubefedctl", "enable", name, f"--kubeconfig={host.kubeconfig}")
        for name in ("configmaps", "deployments", "clusterrolebindings", "roles"):
            crd = f"federated{name}.types.kubefed.io"
            host.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", crd)
        yield made
    finally:
        made.stop()


@pytest.fixture
def kubectl(host: Member, webhook: Webhook) -> Kubectl:
    return host.kubectl


@pytest.mark.parametrize(
    ("reason", "obj", "message"),
    REFUSED,
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_refuses(kubectl: Kubectl, reason: str, obj: Obj, message: str) -> None:
    said = kubectl(
        "create", "--dry-run=server", "--validate=false", "-f", "-", stdin=obj, fine=False
    )
    assert message in said, reason


@pytest.mark.parametrize(("reason", "obj"), TAKEN, ids=lambda v: v if isinstance(v, str) else "")
def test_takes(kubectl: Kubectl, reason: str, obj: Obj) -> None:
    assert "created" in kubectl("create", "--dry-run=server", "-f", "-", stdin=obj), reason


def test_a_refusal_is_a_403_that_names_the_webhook(kubectl: Kubectl) -> None:
    said = kubectl(
        "replace", "-v=8", "-f", "-", stdin=named(WHOLE_CONFIG, "kubefed", SYSTEM), fine=False
    )
    assert 'admission webhook "kubefedconfigs.core.kubefed.io" denied the request' in said
    assert "spec.leaderElect: Required value" in said
    assert '"reason":"Forbidden"' in said.replace(" ", "")
    assert '"code":403' in said.replace(" ", "")


def test_a_config_of_which_only_the_scope_is_said_is_filled_in(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=named(config(scope="Namespaced")))
    spec = kubectl.json("get", "kubefedconfig", "x", "-n", SPACE)["spec"]
    assert spec["controllerDuration"] == {"availableDelay": "20s", "unavailableDelay": "60s"}
    assert spec["leaderElect"] == {
        "leaseDuration": "15s",
        "renewDeadline": "10s",
        "retryPeriod": "5s",
        "resourceLock": "configmaps",
    }
    gates = {each["name"]: each["configuration"] for each in spec["featureGates"]}
    assert gates["PushReconciler"] == gates["SchedulerPreferences"] == "Enabled"
    assert gates["RawResourceStatusCollection"] == "Disabled"
    assert list(gates) == sorted(gates)
    said = kubectl(
        "patch", "kubefedconfig", "x", "-n", SPACE, "--type=merge", "-p",
        '{"spec": {"scope": "Cluster"}}', fine=False,
    )  # fmt: skip
    assert 'spec.scope: Invalid value: "Cluster": field is immutable' in said


def test_a_status_is_asked_about_too(kubectl: Kubectl) -> None:
    wrong = {"status": {"observedGeneration": -1, "propagationController": "Walking"}}
    said = kubectl(
        "patch", "ftc", "configmaps", "-n", SYSTEM, "--subresource=status", "--type=merge", "-p",
        json.dumps(wrong), fine=False,
    )  # fmt: skip
    assert "status.propagationController" in said
    assert "must be greater than or equal to 0" in said


def test_what_is_left_out_of_a_template_is_warned_of(kubectl: Kubectl) -> None:
    template = {"metadata": {"annotations": {"a": "b"}}}
    said = kubectl(
        "create",
        "--dry-run=server",
        "-f",
        "-",
        stdin=federated("FederatedConfigMap", template=template),
    )
    assert "Warning: spec.template.metadata.annotations is left out" in said


def binding(role: str, **spec: Any) -> Obj:
    template = {
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "User", "name": "jane", "apiGroup": RBAC}],
    }
    return federated("FederatedClusterRoleBinding", template=template, **spec)


def to(role: str) -> list[Obj]:
    patch = {"path": "/roleRef/name", "value": role}
    return [{"clusterName": "eu", "clusterOverrides": [patch]}]


@pytest.fixture(scope="module")
def jane(host: Member, webhook: Webhook) -> Kubectl:
    """Somebody who may write federated rights, and bind the role view."""
    kubectl = host.kubectl
    role = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "jane"},
        "rules": [
            {
                "apiGroups": ["types.kubefed.io"],
                "resources": ["federatedclusterrolebindings", "federatedroles"],
                "verbs": ["create", "update", "patch", "get"],
            },
            {
                "apiGroups": [RBAC],
                "resources": ["clusterroles"],
                "resourceNames": ["view"],
                "verbs": ["bind"],
            },
        ],
    }
    kubectl("create", "-f", "-", stdin=role)
    kubectl("create", "clusterrolebinding", "jane", "--clusterrole=jane", "--user=jane")
    return kubectl


def test_nobody_gives_rights_that_are_not_his(jane: Kubectl) -> None:
    def told(obj: Obj, user: str = "jane") -> str:
        return jane("create", "--dry-run=server", f"--as={user}", "-f", "-", stdin=obj, fine=False)

    jane.until(
        "create", "--dry-run=server", "--as=jane", "-f", "-", stdin=binding("view"), says="created"
    )
    assert (
        'spec.template.roleRef: Forbidden: user "jane" may not bind '
        'clusterroles.rbac.authorization.k8s.io "cluster-admin"' in told(binding("cluster-admin"))
    )
    assert '"cluster-admin"' in told(binding("view", overrides=to("cluster-admin")))
    assert "spec.retain: Forbidden" in told(binding("view", retain=["/roleRef"]))
    role = federated("FederatedRole", template={"rules": []})
    assert f'may not escalate roles.{RBAC} "x" in namespace "shop"' in told(role)
    jane("create", "--dry-run=server", "-f", "-", stdin=binding("cluster-admin"))


def test_who_may_not_give_rights_may_not_move_them_either(jane: Kubectl) -> None:
    jane("create", "-f", "-", stdin=binding("cluster-admin", placement={"clusters": []}))
    here = ("federatedclusterrolebinding", "x", "--as=jane", "--type=merge", "-p")
    said = jane(
        "patch", *here, '{"spec": {"placement": {"clusters": [{"name": "eu"}]}}}', fine=False
    )
    assert "may not bind" in said
    jane("patch", *here, '{"metadata": {"labels": {"a": "b"}}}')


def test_the_controller_asks_for_the_webhook_before_it_gives_rights_away(
    host: Member, webhook: Webhook, tmp_path: Path
) -> None:
    kubectl = host.kubectl
    hub = Hub(host.kubeconfig, tmp_path)
    path = "jsonpath={.status.propagationController}"
    here = ("get", "ftc", f"roles.{RBAC}", "-n", SYSTEM, "-o", path)
    try:
        hub.start()
        until(lambda: kubectl(*here), lambda said: said == "Running")
        hub.stop()
        kubectl("delete", "validatingwebhookconfiguration", VALIDATIONS)
        hub.start()
        until(lambda: kubectl(*here), lambda said: said == "NotRunning")
        said = until(lambda: kubectl("events", "-n", SYSTEM, "--for", f"ftc/roles.{RBAC}"))
        assert "no admission webhook asks" in said
        assert kubectl("get", "ftc", "configmaps", "-n", SYSTEM, "-o", path) == "Running"
    finally:
        hub.stop()
        webhook.lead()
        webhook.until(webhook.is_trusted)


def test_while_the_webhook_is_away_its_failure_policy_decides(
    kubectl: Kubectl, webhook: Webhook
) -> None:
    webhook.kill()
    try:
        dry = ("create", "--dry-run=server", "-f", "-")
        assert AWAY in kubectl(*dry, stdin=ftc(), fine=False)
        assert AWAY in kubectl(*dry, stdin=named(cluster()), fine=False)
        assert AWAY in kubectl(*dry, stdin=named(config()), fine=False)
        assert AWAY in kubectl(*dry, stdin=binding("view"), fine=False)
        assert "created" in kubectl(*dry, stdin=federated("FederatedConfigMap"))
        assert "created" in kubectl(*dry, stdin=named(service()))
        bad = overridden("FederatedConfigMap", {"path": "/metadata/name", "value": "b"})
        assert "this field cannot be overridden" in kubectl(*dry, stdin=bad, fine=False)
        meta = '{"metadata": {"finalizers": ["example.com/f"]}}'
        kubectl("patch", "federatedclusterrolebinding", "x", "--type=merge", "-p", meta)
        meta = '{"metadata": {"finalizers": null}}'
        kubectl("patch", "federatedclusterrolebinding", "x", "--type=merge", "-p", meta)
    finally:
        webhook.start()
    kubectl.until("create", "--dry-run=server", "-f", "-", stdin=ftc(), says="created")


def test_what_refuses_the_webhook_rights_is_not_needed(kubectl: Kubectl, webhook: Webhook) -> None:
    account = f"--as=system:serviceaccount:{SYSTEM}:kubefed-admission-webhook"
    for what in (
        ("list", "secrets", "-n", SYSTEM),
        ("get", "secrets", "-n", SPACE),
        ("list", "customresourcedefinitions"),
        ("patch", "federatedconfigmaps", "-n", SPACE),
        ("create", "events", "-n", SPACE),
        ("update", "validatingwebhookconfigurations/other"),
    ):
        assert "yes" not in kubectl("auth", "can-i", *what, account, fine=False), what
    log = webhook.log.read_text()
    assert "403" not in log
    assert "Traceback" not in log


def test_the_controller_manager_serves_admission_where_it_is_told_to(
    host: Member, webhook: Webhook, tmp_path: Path
) -> None:
    webhook.stop()
    hub = Hub(host.kubeconfig, tmp_path, f"--admission-addr=127.0.0.1:{webhook.port}")
    try:
        hub.start()
        hub.until(webhook.answers)
        wrong = named(made("Domain", domain="example.1"))
        dry = ("create", "--dry-run=server", "-f", "-")
        host.kubectl.until(*dry, stdin=wrong, says=DENIED)
        assert "created" in host.kubectl(*dry, stdin=ftc())
        assert hub.stop() == 0, "kopf takes no signal for itself"
        assert "Traceback" not in hub.log.read_text()
    finally:
        hub.stop()
        webhook.start()
