import pytest

from kubefed_core.api.review import Kind, User
from kubefed_core.decide import escalation
from kubefed_core.decide.escalation import Question
from kubefed_core.errors import Terminal
from kubefed_core.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    DEPLOYMENTS,
    RBAC,
    ROLE_BINDINGS,
    ROLES,
    Resource,
)

META = {"namespace": "shop", "name": "x"}
REF = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "view"}


def binding(*patches, ref=REF, **spec):
    overrides = [{"clusterName": "eu", "clusterOverrides": list(patches)}]
    template = {} if ref is None else {"roleRef": ref}
    return {"metadata": META, "spec": {"template": template, "overrides": overrides, **spec}}


def bound(*patches, ref=REF, target=ROLE_BINDINGS):
    found = escalation.questions(binding(*patches, ref=ref), target)
    assert {question.verb for question in found} <= {"bind"}
    return {(question.resource, question.name) for question in found}


def test_rights_are_what_rbac_is_about():
    assert all(map(escalation.concerns, (ROLES, CLUSTER_ROLES, ROLE_BINDINGS)))
    assert not escalation.concerns(DEPLOYMENTS)
    assert escalation.guessed(Kind("types.kubefed.io", "v1beta1", "federatedroles")) == ROLES
    assert escalation.guessed(Kind("types.kubefed.io", "v1beta1", "federatedjobs")) is None


@pytest.mark.parametrize(
    ("target", "namespace"), [(ROLES, "shop"), (CLUSTER_ROLES, "")], ids=["role", "cluster role"]
)
def test_who_writes_a_role_must_be_allowed_to_escalate(target, namespace):
    (found,) = escalation.questions({"metadata": META, "spec": {}}, target)
    assert found == Question("spec.template", "escalate", target.plural, "x", namespace)


@pytest.mark.parametrize(
    ("reason", "patches", "ref", "want"),
    [
        ("The role of the template.", [], REF, {("clusterroles", "view")}),
        ("Without a role nothing is given.", [], None, set()),
        (
            "An override may name another.",
            [{"path": "/roleRef/name", "value": "admin"}],
            REF,
            {("clusterroles", "view"), ("clusterroles", "admin")},
        ),
        (
            "An override may be the whole of it.",
            [{"path": "/roleRef", "value": {"kind": "Role", "name": "own"}}],
            None,
            {("roles", "own")},
        ),
        (
            "Kinds and names of different overrides can meet in a cluster.",
            [{"path": "/roleRef/kind", "value": "Role"}, {"path": "/roleRef/name", "value": "b"}],
            REF,
            {(k, n) for k in ("roles", "clusterroles") for n in ("view", "b")},
        ),
        (
            "What is removed is not given.",
            [{"op": "remove", "path": "/roleRef/name"}, {"path": "/subjects", "value": []}],
            REF,
            {("clusterroles", "view")},
        ),
    ],
)  # fmt: skip
def test_who_writes_a_binding_must_be_allowed_to_bind_each_role(reason, patches, ref, want):
    assert bound(*patches, ref=ref) == want, reason


def test_a_role_is_bound_where_the_binding_is():
    (found,) = escalation.questions(binding(), ROLE_BINDINGS)
    assert found.namespace == "shop"
    (found,) = escalation.questions(binding(), CLUSTER_ROLE_BINDINGS)
    assert found.namespace == ""


@pytest.mark.parametrize(
    ("reason", "federated", "target"),
    [
        ("A role is of one of two kinds.", binding(ref={"kind": "User", "name": "a"}), ROLES),
        ("A name is a text.", binding({"path": "/roleRef/name", "value": 5}), ROLE_BINDINGS),
        ("A whole is an object.", binding({"path": "/roleRef", "value": "admin"}), ROLE_BINDINGS),
        ("What cannot be read gives nothing.", binding({"path": "x"}), ROLE_BINDINGS),
        (
            "The role that a member's binding has is not his to give.",
            binding(retain=["/roleRef/name"]),
            ROLE_BINDINGS,
        ),
        ("Other rights are not known.", binding(), Resource(RBAC, "v2", "grants", "Grant")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_told_is_refused(reason, federated, target):
    target = ROLE_BINDINGS if target == ROLES else target
    with pytest.raises(Terminal):
        escalation.questions(federated, target)


def test_it_is_asked_of_the_requester():
    question = Question("spec.template", "bind", "clusterroles", "admin", "shop")
    user = User("jane", "7", ("a",), {"scopes": ["s"]})
    spec = question.asked(user)["spec"]
    assert spec["resourceAttributes"] == {
        "verb": "bind",
        "group": RBAC,
        "resource": "clusterroles",
        "name": "admin",
        "namespace": "shop",
    }
    assert (spec["user"], spec["uid"], spec["groups"]) == ("jane", "7", ["a"])
    assert question.denied(user) == (
        'spec.template: Forbidden: user "jane" may not bind '
        'clusterroles.rbac.authorization.k8s.io "admin" in namespace "shop"'
    )


FEDERATED = Resource("types.kubefed.io", "v1beta1", "federatedroles", "FederatedRole")
RULE = {
    "apiGroups": ["types.kubefed.io"],
    "apiVersions": ["v1beta1"],
    "resources": ["federatedroles"],
    "operations": ["CREATE", "UPDATE"],
}


def webhook(*rules, path="authorize-federatedrbac", **more):
    config = {"url": f"https://h/{path}"}
    return {"clientConfig": config, "rules": list(rules) or [RULE], "failurePolicy": "Fail", **more}


@pytest.mark.parametrize(
    ("reason", "webhooks", "guarded"),
    [
        ("It asks, and lets nothing by.", [webhook()], True),
        ("By a Service too.", [webhook() | {"clientConfig": {"service": {
            "path": "/authorize-federatedrbac"}}}], True),
        ("Everything is also this.", [webhook({k: ["*"] for k in RULE})], True),
        ("Two rules may share it.", [webhook(
            RULE | {"operations": ["CREATE"]}, RULE | {"operations": ["UPDATE"]})], True),
        ("One that guards is enough.", [webhook(failurePolicy="Ignore"), webhook()], True),
        ("Selectors that select all are none.", [webhook(namespaceSelector={})], True),
        ("Nobody asks.", [], False),
        ("It asks something else.", [webhook(path="validate-federated")], False),
        ("It is about another kind.", [webhook(RULE | {"resources": ["federatedjobs"]})], False),
        ("Only when it is made.", [webhook(RULE | {"operations": ["CREATE"]})], False),
        ("Not when it is away.", [webhook(failurePolicy="Ignore")], False),
        ("Not everywhere.", [webhook(namespaceSelector={"matchLabels": {"a": "b"}})], False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_kind_is_guarded_where_a_webhook_asks_about_all_of_it(reason, webhooks, guarded):
    why = escalation.unguarded([{"webhooks": webhooks}], FEDERATED)
    assert (why == "") is guarded, reason
    assert guarded or "FederatedRole" in why
