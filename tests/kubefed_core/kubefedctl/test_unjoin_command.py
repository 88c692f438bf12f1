"""Leaving, against scripted API servers."""

import base64
import json

import pytest
import yaml
from fake_api import CLUSTERS, CONFIG, CORE, FILLED, RBAC

ROLE = "kubefed-controller-manager:eu-hub"
CLUSTER = f"{CLUSTERS}/eu"


@pytest.fixture
def joined(kubefedctl):
    assert kubefedctl("join", "eu", "--wait=0").status == 0


def lose(kubeconfig):
    """Make the member's context useless."""
    content = yaml.safe_load(kubeconfig.read_text())
    content["contexts"] = content["contexts"][:1]
    kubeconfig.write_text(yaml.safe_dump(content))


@pytest.mark.usefixtures("joined")
def test_everything_that_join_made_goes(kubefedctl, host, member):
    result = kubefedctl("unjoin", "eu")
    assert (result.status, result.err) == (0, "")
    assert member.objects == {}
    assert set(host.objects) == {CORE, CONFIG}


@pytest.mark.usefixtures("joined")
def test_every_deletion_is_said(kubefedctl, host):
    (secret,) = host.names("/secrets/eu-")
    assert kubefedctl("unjoin", "eu").out.splitlines() == [
        f"member eu: ClusterRoleBinding {ROLE} deleted",
        f"member eu: ClusterRole {ROLE} deleted",
        "member eu: Secret kube-federation-system/eu-hub-token deleted",
        "member eu: ServiceAccount kube-federation-system/eu-hub deleted",
        "member eu: Namespace kube-federation-system deleted",
        "host hub: KubeFedCluster kube-federation-system/eu deleted",
        f"host hub: Secret kube-federation-system/{secret.rsplit('/', 1)[1]} deleted",
        "cluster eu has left",
    ]


def test_a_namespaced_member_leaves_whole(kubefedctl, host, member):
    host.put(CONFIG, spec={"scope": "Namespaced"})
    assert kubefedctl("join", "eu", "--wait=0").status == 0
    assert kubefedctl("unjoin", "eu").status == 0
    assert member.objects == {}


@pytest.mark.usefixtures("joined")
def test_leaving_twice_is_fine(kubefedctl):
    assert kubefedctl("unjoin", "eu").status == 0
    again = kubefedctl("unjoin", "eu")
    assert (again.status, again.err) == (0, "")
    assert again.out == "cluster eu is not joined: there was nothing to delete\n"


@pytest.mark.usefixtures("joined")
def test_what_an_interrupted_unjoin_left_is_deleted_the_next_time(kubefedctl, host, member):
    host.refusals[f"DELETE {CLUSTER}"] = (500, "etcd is away")
    assert kubefedctl("unjoin", "eu").status == 255
    host.refusals.clear()
    assert kubefedctl("unjoin", "eu").status == 0
    assert member.objects == {}
    assert set(host.objects) == {CORE, CONFIG}


@pytest.mark.usefixtures("joined")
def test_a_dry_run_deletes_nothing(kubefedctl, host, member):
    before = set(host.objects), set(member.objects)
    result = kubefedctl("unjoin", "eu", "--dry-run")
    assert result.status == 0
    assert (set(host.objects), set(member.objects)) == before
    assert "Namespace kube-federation-system would be deleted" in result.out
    assert result.out.splitlines()[-1] == "dry run: nothing was changed"


def not_ours(host, member):
    del member.objects[CORE]["metadata"]["annotations"]


def the_hosts_own(host, member):
    member.objects[CORE]["metadata"]["uid"] = host.objects[CORE]["metadata"]["uid"]


def someone_elses_too(host, member):
    member.put(f"{CORE}/serviceaccounts/default")
    member.put(f"{CORE}/serviceaccounts/eu-otherhub")


def a_host_itself(host, member):
    member.put(CONFIG, spec={"scope": "Cluster"})


KEPT = [
    ("The user made it.", not_ours, "join did not make it"),
    ("The host is its own member.", the_hosts_own, "it is the host's own"),
    ("Another host's account is in it.", someone_elses_too, "of others: eu-otherhub"),
    ("The member is a host of others.", a_host_itself, "a control plane lives in it"),
]  # fmt: skip


@pytest.mark.usefixtures("joined")
@pytest.mark.parametrize(("reason", "change", "word"), KEPT, ids=[row[0] for row in KEPT])
def test_the_members_namespace_stays_where_it_is_not_joins(
    kubefedctl, host, member, reason, change, word
):
    change(host, member)
    result = kubefedctl("unjoin", "eu")
    assert result.status == 0
    assert CORE in member.objects, reason
    assert f"Namespace kube-federation-system stays: {word}" in result.out.replace(
        "it holds service accounts ", ""
    )
    assert f"{CORE}/serviceaccounts/eu-hub" not in member.objects


@pytest.mark.usefixtures("joined")
def test_a_member_that_is_gone_needs_force(kubefedctl, kubeconfig, host):
    lose(kubeconfig)
    result = kubefedctl("unjoin", "eu")
    assert result.status == 255
    assert "no context 'eu'" in result.err
    assert "Give --force to take the cluster out" in result.err
    assert CLUSTER in host.objects


@pytest.mark.usefixtures("joined")
def test_with_force_a_member_that_is_gone_leaves_and_what_stays_there_is_said(
    kubefedctl, kubeconfig, host
):
    lose(kubeconfig)
    result = kubefedctl("unjoin", "eu", "--force")
    assert result.status == 0
    assert set(host.objects) == {CORE, CONFIG}
    assert "left in member eu, where they exist: ClusterRoleBinding" in result.err
    assert "ServiceAccount kube-federation-system/eu-hub" in result.err


@pytest.mark.usefixtures("joined")
def test_a_member_that_refuses_needs_force(kubefedctl, host, member):
    member.refusals[f"DELETE {RBAC}/clusterroles/.*"] = (403, "not you")
    result = kubefedctl("unjoin", "eu")
    assert result.status == 255
    assert "may not delete clusterroles" in result.err
    assert "Give --force" in result.err
    assert CLUSTER in host.objects


@pytest.mark.usefixtures("joined")
def test_with_force_the_rest_of_a_member_that_refuses_is_cleaned_up(kubefedctl, host, member):
    member.refusals[f"DELETE {RBAC}/clusterroles/.*"] = (403, "not you")
    result = kubefedctl("unjoin", "eu", "--force")
    assert result.status == 0
    assert set(member.objects) == {f"{RBAC}/clusterroles/{ROLE}"}
    assert CLUSTER not in host.objects


@pytest.mark.usefixtures("joined")
def test_a_secret_that_another_cluster_uses_stays(kubefedctl, host):
    (secret,) = host.names("/secrets/eu-")
    name = secret.rsplit("/", 1)[1]
    host.put(f"{CLUSTERS}/us", spec={"secretRef": {"name": name}})
    assert kubefedctl("unjoin", "eu").status == 0
    assert secret in host.objects


def token_of(account):
    """What a Secret holds of a token of that account."""
    claims = {"sub": f"system:serviceaccount:kube-federation-system:{account}"}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    return {"token": base64.b64encode(b"e30." + payload + b".x").decode()}


@pytest.mark.usefixtures("joined")
def test_the_secret_of_a_cluster_that_was_deleted_by_hand_goes_too(kubefedctl, host):
    del host.objects[CLUSTER]
    assert kubefedctl("unjoin", "eu").status == 0
    assert set(host.objects) == {CORE, CONFIG}


LEFT = [
    ("Its token is the account's.", {"data": token_of("eu-hub")}, True),
    ("Its name was made of the cluster's.",
     {"metadata": {"generateName": "eu-"}, "data": {"token": "eA=="}}, True),
    ("Another account's.", {"data": token_of("eu-west-hub")}, False),
    ("Another cluster's.", {"metadata": {"generateName": "eu-w-"}, "data": {"token": ""}}, False),
    ("The account's own, the host being a member.",
     {"type": "kubernetes.io/service-account-token", "data": token_of("eu-hub")}, False),
    ("It holds more.", {"data": token_of("eu-hub") | {"more": ""}}, False),
    ("It holds nothing.", {"metadata": {"generateName": "eu-"}}, False),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "secret", "goes"), LEFT, ids=[row[0] for row in LEFT])
def test_secrets_of_earlier_joins_go_and_others_stay(kubefedctl, host, reason, secret, goes):
    host.fills_tokens = False
    path = f"{CORE}/secrets/x"
    host.put(path, **secret)
    assert kubefedctl("unjoin", "eu").status == 0
    assert (path not in host.objects) is goes, reason


@pytest.mark.usefixtures("joined")
def test_secrets_that_may_not_be_listed_are_said(kubefedctl, host):
    host.refusals[f"GET {CORE}/secrets"] = (403, "not you")
    result = kubefedctl("unjoin", "eu")
    assert result.status == 0
    assert "whether other Secrets hold a token of the cluster is not known" in result.err
    assert set(host.objects) == {CORE, CONFIG}


@pytest.mark.usefixtures("joined")
def test_what_was_propagated_stays_and_is_said(kubefedctl, host):
    group = "/apis/core.kubefed.io/v1alpha1"
    for number, cluster in enumerate(["eu", "us", "eu"]):
        status = {"clusterVersions": [{"clusterName": cluster, "version": "rv:1"}]}
        host.put(f"{group}/namespaces/shop/propagatedversions/v{number}", status=status)
        host.put(f"{group}/clusterpropagatedversions/v{number}", status=status)
    result = kubefedctl("unjoin", "eu")
    assert result.status == 0
    assert (
        "Warning: 4 propagated objects stay in cluster eu, with the label kubefed.io/managed=true"
        in result.err
    )
    host.refusals[f"GET {group}/.*"] = (404, "no such kind")
    assert kubefedctl("unjoin", "eu").err == ""


@pytest.mark.usefixtures("joined")
def test_an_account_of_another_host_name_is_warned_of(kubefedctl, host):
    (secret,) = host.names("/secrets/eu-")
    host.objects[secret]["data"] = token_of("eu-main")
    result = kubefedctl("unjoin", "eu")
    assert result.status == 0
    assert "service account kube-federation-system/eu-main, not of eu-hub" in result.err
    assert FILLED not in result.err


@pytest.mark.parametrize(("reason", "args", "word"), [
    ("Nothing to take out.", [], "NAME is required"),
    ("No name.", ["E_U"], "the cluster's name 'E_U'"),
    ("No such host.", ["eu", "--host-cluster-context=x"], "no context 'x'"),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_what_is_asked_for_is_checked_first(kubefedctl, host, member, reason, args, word):
    result = kubefedctl("unjoin", *args)
    assert result.status == 255, reason
    assert word in result.err, reason
    assert (host.writes, member.writes) == ([], [])


def test_a_host_that_refuses_to_show_the_cluster_is_an_error_even_with_force(kubefedctl, host):
    host.refusals[f"GET {CLUSTER}"] = (403, "not you")
    result = kubefedctl("unjoin", "eu", "--force")
    assert result.status == 255
    assert "may not get kubefedclusters" in result.err


@pytest.mark.usefixtures("joined")
def test_a_namespace_on_its_way_out_is_not_deleted_twice(kubefedctl, member):
    member.objects[CORE]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    result = kubefedctl("unjoin", "eu")
    assert result.status == 0
    assert "Namespace" not in result.out
