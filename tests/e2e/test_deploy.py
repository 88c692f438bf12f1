"""The manifests of deploy/ on a real API server: they apply, and grant what they should."""

from collections.abc import Iterable

import pytest
import yaml
from apiserver import Kubectl

HOME = "kube-federation-system"
TEAM = "team-a"
CONTROLLER = f"system:serviceaccount:{HOME}:kubefed-controller"
MEMBER = f"system:serviceaccount:{HOME}:kubefed-dns"
GROUPS = {
    "core.kubefed.io": {
        "clusterplacementpolicies",
        "clusterpropagatedversions",
        "federatedservicestatuses",
        "federatedtypeconfigs",
        "kubefedclusters",
        "kubefedconfigs",
        "propagatedversions",
    },
    "types.kubefed.io": {"federateddeployments", "federatedroles", "federatedwhatevers"},
    "scheduling.kubefed.io": {"replicaschedulingpreferences"},
    "multiclusterdns.kubefed.io": {
        "dnsendpoints",
        "dnsproviders",
        "domains",
        "ingressdnsrecords",
        "servicednsrecords",
    },
    "coordination.k8s.io": {"leases"},
    "discovery.k8s.io": {"endpointslices"},
    "networking.k8s.io": {"ingresses"},
    "rbac.authorization.k8s.io": {"clusterroles", "rolebindings"},
}
READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch", "delete")
CHANGE = ("update", "patch")
Right = tuple[str, str, str]


@pytest.fixture(scope="module")
def kubectl(bare_host: Kubectl) -> Kubectl:
    """A host as the two commands of deploy/kustomization.yaml leave it."""
    bare_host("apply", "-k", "crds")
    bare_host("wait", "--for=condition=Established", "--timeout=30s", "-f", "crds")
    said = bare_host("apply", "-k", "deploy")
    assert "Warning" not in said
    bare_host("create", "namespace", TEAM)
    for role in ("admin", "edit", "view"):
        flags = (f"--clusterrole={role}", f"--user={role}")
        for namespace in (TEAM, HOME):
            bare_host("create", "rolebinding", f"{role}-{namespace}", "-n", namespace, *flags)
    return bare_host


def rights(verbs: Iterable[str], names: Iterable[str], namespace: str) -> set[Right]:
    return {(verb, name, namespace) for verb in verbs for name in names}


def allowed(kubectl: Kubectl, user: str, asked: Iterable[Right]) -> set[Right]:
    """Which of these rights a user has, in one request; an empty namespace is all of them."""
    rows = sorted(asked)
    items = [
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": user, "groups": ["system:authenticated"], **attributes(*row)},
        }
        for row in rows
    ]
    stdin = {"apiVersion": "v1", "kind": "List", "items": items}
    answer = '-o=jsonpath={.status.allowed}{"\\n"}'
    answers = kubectl("create", "-f", "-", answer, stdin=stdin).splitlines()
    return {row for row, said in zip(rows, answers, strict=True) if said == "true"}


def attributes(verb: str, name: str, namespace: str) -> dict[str, object]:
    if name.startswith("/"):
        return {"nonResourceAttributes": {"verb": verb, "path": name}}
    resource, _, subresource = name.partition("/")
    group = next((group for group, known in GROUPS.items() if resource in known), "")
    return {
        "resourceAttributes": {
            "verb": verb,
            "group": group,
            "resource": resource,
            "subresource": subresource,
            "namespace": namespace,
        }
    }


RECORDS = ("servicednsrecords", "ingressdnsrecords")
FEDERATED = ("federateddeployments", "federatedroles", "federatedwhatevers")
VERSIONS = ("propagatedversions", "clusterpropagatedversions")
SCHEDULED = "replicaschedulingpreferences"
STATUSES = tuple(
    f"{name}/status" for name in (*RECORDS, "dnsendpoints", *FEDERATED, *VERSIONS, SCHEDULED)
)
ALL = sorted({name for group in GROUPS.values() for name in group})

GRANTED = (
    rights(READ, (*RECORDS, "dnsendpoints", "namespaces"), "")
    | rights(WRITE, ["dnsendpoints"], "")
    | rights((*READ, *CHANGE), FEDERATED, "")
    | rights((*READ, "create", "update"), (*VERSIONS, "federatedservicestatuses"), "")
    | rights(READ, (SCHEDULED, "clusterplacementpolicies"), "")
    | rights(CHANGE, STATUSES, "")
    # The wildcard of a group does not tell a status from the rest of it.
    | rights(READ, [name for name in STATUSES if name.startswith("federated")], "")
    | rights(("create", "patch"), ["events"], "")
)
AT_HOME = (
    rights(READ, ("kubefedclusters", "kubefedconfigs", "federatedtypeconfigs"), HOME)
    | rights(READ, ("domains", "dnsproviders", "secrets"), HOME)
    | rights(("patch",), ["federatedtypeconfigs"], HOME)
    | rights(CHANGE, ("kubefedclusters/status", "federatedtypeconfigs/status"), HOME)
    | rights(CHANGE, ("dnsproviders", "dnsproviders/status"), HOME)
    | rights(("get", "create", "update", "patch"), ["leases"], HOME)
)
"""What the controller may do in all namespaces, and in its own beside that."""

CORE = ("configmaps", "events", "namespaces", "pods", "secrets", "serviceaccounts", "services")
AT_HOME_ONLY = ("dnsproviders", "kubefedclusters", "domains", "federatedtypeconfigs")
NAMES = (*ALL, *CORE, *STATUSES, *(f"{name}/status" for name in AT_HOME_ONLY))
EVERYTHING = (*READ, *WRITE, "deletecollection", "impersonate", "escalate", "bind")


def test_the_manifests_apply_again_without_a_change(kubectl: Kubectl) -> None:
    lines = kubectl("apply", "-k", "deploy").splitlines()
    assert [line for line in lines if not line.endswith(" unchanged")] == []


def test_the_manifests_are_valid_for_server_side_apply(kubectl: Kubectl) -> None:
    flags = ("--server-side", "--force-conflicts", "--dry-run=server")
    for directory in ("deploy", "deploy/member", "deploy/webhook"):
        assert "serverside-applied" in kubectl("apply", *flags, "-k", directory)


def test_the_configuration_is_there(kubectl: Kubectl) -> None:
    found = yaml.safe_load(kubectl("get", "kubefedconfig", "kubefed", "-n", HOME, "-o", "yaml"))
    assert found["spec"]["scope"] == "Cluster"
    assert found["spec"]["controllerDuration"]["unavailableDelay"] == "60s"


def test_the_controller_has_exactly_these_rights_everywhere(kubectl: Kubectl) -> None:
    asked = rights(EVERYTHING, NAMES, "")
    assert allowed(kubectl, CONTROLLER, asked) == GRANTED


def test_the_controller_has_exactly_these_rights_more_at_home(kubectl: Kubectl) -> None:
    asked = rights(EVERYTHING, NAMES, HOME)
    everywhere = {(verb, name, HOME) for verb, name, _ in GRANTED}
    assert allowed(kubectl, CONTROLLER, asked) == everywhere | AT_HOME


def test_the_controller_cannot_read_secrets_of_tenants(kubectl: Kubectl) -> None:
    assert allowed(kubectl, CONTROLLER, rights(READ, ["secrets"], TEAM)) == set()


@pytest.mark.parametrize("role", ["admin", "edit", "view"])
def test_tenants_are_given_their_objects_by_aggregation(kubectl: Kubectl, role: str) -> None:
    objects = (*RECORDS, "dnsendpoints", "federateddeployments", SCHEDULED)
    kubectl.until(
        *("auth", "can-i", "list", "servicednsrecords", "-n", TEAM, f"--as={role}"), says="yes"
    )
    want = rights(READ, objects, TEAM)
    if role != "view":
        want |= rights(WRITE, objects, TEAM)
    operators = ("federatedroles", "federatedwhatevers")
    assert allowed(kubectl, role, rights((*READ, *WRITE), (*objects, *operators), TEAM)) == want


@pytest.mark.parametrize("role", ["admin", "edit", "view"])
def test_nobody_but_the_controller_writes_a_status_or_sees_a_provider(
    kubectl: Kubectl, role: str
) -> None:
    statuses = [name for name in NAMES if name.endswith("/status")]
    for namespace in (TEAM, HOME):
        asked = rights((*READ, *WRITE), (*statuses, "dnsproviders"), namespace)
        asked |= rights(WRITE, ("domains", "kubefedclusters", "kubefedconfigs"), namespace)
        assert allowed(kubectl, role, asked) == set()


def test_a_tenant_has_nothing_elsewhere(kubectl: Kubectl) -> None:
    assert allowed(kubectl, "edit", rights(READ, RECORDS, "default")) == set()


def test_a_member_registered_by_hand_can_be_read_and_no_more(kubectl: Kubectl) -> None:
    kubectl("apply", "-k", "deploy/member")
    served = ("services", "nodes", "endpointslices", "ingresses")
    health = {("get", path, "") for path in ("/healthz", "/readyz", "/livez", "/version")}
    asked = rights(EVERYTHING, (*NAMES, "nodes"), "") | health | {("get", "/metrics", "")}
    assert allowed(kubectl, MEMBER, asked) == rights(READ, served, "") | health


def test_a_member_registered_by_hand_has_a_token(kubectl: Kubectl) -> None:
    kubectl("apply", "-k", "deploy/member")
    kubectl.until("describe", "secret", "kubefed-dns-token", "-n", HOME, says="token:")
