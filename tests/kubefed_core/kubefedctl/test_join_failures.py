"""What goes wrong in a join ends in one line that names cause and remedy, and leaves nothing."""

import socket

import pytest
import yaml
from fake_api import ADMIN, CLUSTERS, CONFIG, CORE, FILLED, RBAC

ROLE = "kubefed-controller-manager:eu-hub"


def refuse(api, pattern, status, message):
    api.refusals[pattern] = (status, message)


def unused_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


BAD_NAMES = [
    ("Nothing to join.", [], ["NAME is required"]),
    ("Upper case is no DNS name.", ["EU"], ["the cluster's name 'EU'", "lower case"]),
    ("An underscore is none.", ["e_u"], ["the cluster's name 'e_u'"]),
    ("Too long.", ["e" * 254], ["at most 253"]),
    ("A colon in the host's name.", ["eu", "--host-cluster-name=a:b"],
     ["--host-cluster-name 'a:b' contains ':' or '/'"]),
    ("An at sign in it.", ["eu", "--host-cluster-name=a@b"],
     ["'eu-a@b-token'", "with --host-cluster-name"]),
    ("A Secret cannot be called so.", ["eu", "--secret-name=a_b"], ["--secret-name 'a_b'"]),
    ("A label without value.", ["eu", "--label=gold"], ["--label 'gold' is not KEY=VALUE"]),
    ("No context of that name.", ["us"], ["no context 'us'", "--cluster-context", "eu, hub"]),
    ("No host context of that name.", ["eu", "--host-cluster-context=h"],
     ["no context 'h'", "--host-cluster-context", "eu, hub"]),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "args", "words"), BAD_NAMES, ids=[row[0] for row in BAD_NAMES])
def test_names_are_checked_before_anything_is_asked(kubefedctl, host, member, reason, args, words):
    result = kubefedctl("join", *args)
    assert result.status == 255, reason
    assert result.err.startswith("Error: ")
    assert result.err.count("\n") == 1
    for word in words:
        assert word in result.err, reason
    assert (host.writes, member.writes) == ([], [])


def no_config(host, member):
    del host.objects[CONFIG]


def odd_scope(host, member):
    host.put(CONFIG, spec={"scope": "Galaxy"})


def terminating(host, member):
    member.put(CORE, metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})


def not_admin(host, member):
    member.forbidden |= {"clusterroles", "namespaces"}


def not_host_admin(host, member):
    host.forbidden |= {"kubefedclusters"}


def escalating(host, member):
    refuse(member, f"POST {RBAC}/clusterroles dry", 403, "attempting to grant extra privileges")


def refused_token(host, member):
    member.tokens.clear()


def refused_host_token(host, member):
    host.tokens.clear()


def invalid_cluster(host, member):
    refuse(host, f"POST {CLUSTERS} dry", 422, 'spec.apiEndpoint: Unsupported value: "tcp"')


def forbidden_namespace(host, member):
    refuse(member, f"GET {CORE}", 403, 'User "x" cannot get resource "namespaces"')


PREFLIGHT = [
    ("No control plane in that namespace.", no_config,
     ['A KubeFedConfig named "kubefed" was not found in namespace "kube-federation-system"',
      "Is a KubeFed control plane running"]),
    ("A scope that does not exist.", odd_scope, ["spec.scope is 'Galaxy'", "Cluster or Namesp"]),
    ("A namespace on its way out.", terminating, ["is being deleted", "wait until it is gone"]),
    ("A user without rights in the member.", not_admin,
     ["member eu: user 'admin' may not create", "clusterroles", "namespaces", "--cluster-context"]),
    ("A user without rights on the host.", not_host_admin,
     ["host hub: user 'admin' may not create", "kubefedclusters", "--host-cluster-context"]),
    ("Nobody may grant what he has not.", escalating,
     ["attempting to grant extra privileges", "administrator"]),
    ("A token that has run out.", refused_token,
     ["member eu", "does not accept the credentials of user 'admin'", "renew them"]),
    ("The same on the host.", refused_host_token, ["host hub", "does not accept", "renew them"]),
    ("An endpoint that the host refuses.", invalid_cluster, ["host hub", "Unsupported value"]),
    ("A right to look that is missing.", forbidden_namespace,
     ["member eu", "may not get namespaces", 'User "x" cannot']),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "spoil", "words"), PREFLIGHT, ids=[row[0] for row in PREFLIGHT])
def test_what_can_be_checked_is_checked_before_the_first_write(
    kubefedctl, host, member, reason, spoil, words
):
    spoil(host, member)
    result = kubefedctl("join", "eu")
    assert result.status == 255, reason
    assert result.err.startswith("Error: ")
    assert result.err.count("\n") == 1
    for word in words:
        assert word in result.err, reason
    assert (host.writes, member.writes) == ([], [])


def never_filled(host, member):
    member.fills_tokens = False


def token_without_rights(host, member):
    refuse(member, "GET /healthz", 403, 'User "system:serviceaccount" cannot get path')


def binding_refused(host, member):
    refuse(member, f"POST {RBAC}/clusterrolebindings", 403, "not you")


def host_full(host, member):
    refuse(host, f"POST {CORE}/secrets", 403, "exceeded quota")


def cluster_refused(host, member):
    refuse(host, f"POST {CLUSTERS}", 500, "etcd is away")


def raced(host, member):
    refuse(member, f"POST {CORE}/serviceaccounts", 409, 'serviceaccounts "eu-hub" already exists')


LATER = [
    ("The cluster makes no tokens.", never_filled,
     ["was not filled with a token within 30s", "--service-account-private-key-file"]),
    ("The token can do nothing.", token_without_rights, ["cannot get path"]),
    ("A binding is refused.", binding_refused, ["may not create clusterrolebindings", "not you"]),
    ("The host's quota is used up.", host_full, ["exceeded quota"]),
    ("The host fails at the last step.", cluster_refused, ["cannot create", "etcd is away"]),
    ("Somebody was quicker.", raced, ["already exists"]),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "spoil", "words"), LATER, ids=[row[0] for row in LATER])
def test_a_failure_after_the_first_write_takes_back_what_was_made(
    kubefedctl, host, member, reason, spoil, words
):
    before = set(host.objects)
    spoil(host, member)
    result = kubefedctl("join", "eu")
    assert result.status == 255, reason
    *_, last = result.err.splitlines()
    assert last.startswith("Error: ")
    for word in words:
        assert word in last, reason
    assert (set(host.objects), set(member.objects)) == (before, set())
    assert "Namespace kube-federation-system removed again" in result.out


def test_what_cannot_be_taken_back_is_said(kubefedctl, host, member):
    never_filled(host, member)
    refuse(member, f"DELETE {RBAC}/clusterroles/.*", 500, "not now")
    result = kubefedctl("join", "eu")
    assert result.status == 255
    assert f"ClusterRole {ROLE} was made and could not be removed again" in result.err
    assert member.names("clusterrole") == [f"{RBAC}/clusterroles/{ROLE}"]


def test_what_was_changed_and_not_made_stays_and_is_said(kubefedctl, host, member):
    never_filled(host, member)
    member.put(CORE)
    member.put(f"{RBAC}/clusterroles/{ROLE}", rules=[])
    result = kubefedctl("join", "eu", "--error-on-existing=false")
    assert result.status == 255
    assert f"changed, and left so: ClusterRole {ROLE}" in result.err
    assert set(member.objects) == {CORE, f"{RBAC}/clusterroles/{ROLE}"}


def test_a_secret_of_another_kind_is_not_taken_for_the_token(kubefedctl, member):
    member.put(CORE)
    member.put(f"{CORE}/secrets/eu-hub-token", type="Opaque", data={"token": "aWhy"})
    result = kubefedctl("join", "eu", "--error-on-existing=false")
    assert result.status == 255
    assert "is no kubernetes.io/service-account-token; delete it" in result.err
    assert member.objects[f"{CORE}/secrets/eu-hub-token"]["data"] == {"token": "aWhy"}


def test_a_member_that_is_down_is_named(kubefedctl, kubeconfig, host):
    content = yaml.safe_load(kubeconfig.read_text())
    content["clusters"][1]["cluster"]["server"] = url = f"http://127.0.0.1:{unused_port()}"
    kubeconfig.write_text(yaml.safe_dump(content))
    result = kubefedctl("join", "eu")
    assert result.status == 255
    assert f"Error: member eu ({url}) refuses connections" in result.err
    assert host.writes == []


def test_what_is_no_kubernetes_api_is_named(kubefedctl, member):
    member.answer = lambda *_: (200, "<html>welcome</html>")
    result = kubefedctl("join", "eu")
    assert result.status == 255
    assert "is no Kubernetes API server" in result.err


def test_a_member_that_is_unwell_is_joined_with_a_warning(kubefedctl, member):
    refuse(member, "GET /healthz", 500, "etcd failed")
    result = kubefedctl("join", "eu", "--wait=0")
    assert result.status == 0
    assert "etcd failed; the cluster will not be Ready until it is well" in result.err


def test_an_address_that_only_this_machine_has_is_warned_of(kubefedctl, host):
    host.put(
        "/apis/apps/v1/namespaces/kube-federation-system/deployments/kubefed-controller-manager"
    )
    result = kubefedctl("join", "eu", "--wait=0")
    assert result.status == 0
    assert "is an address of this machine only" in result.err
    assert "Set spec.apiEndpoint" in result.err


def test_an_interrupt_takes_back_what_was_made(kubefedctl, host, member, time):
    def interrupt() -> None:
        raise KeyboardInterrupt

    before = set(host.objects)
    never_filled(host, member)
    time.on_wait = interrupt
    result = kubefedctl("join", "eu")
    assert result.status == 130
    assert result.err == "Interrupted.\n"
    assert (set(host.objects), set(member.objects)) == (before, set())


def test_loud_requests_show_no_secret(kubefedctl, caplog):
    result = kubefedctl("join", "eu", "--wait=0", "-v=4")
    assert result.status == 0
    assert "POST " in caplog.text
    for token in (ADMIN, FILLED):
        assert token not in caplog.text + result.out + result.err


def test_an_old_secret_that_cannot_be_removed_spoils_nothing(kubefedctl, host):
    assert kubefedctl("join", "eu", "--wait=0").status == 0
    refuse(host, f"DELETE {CORE}/secrets/.*", 403, "not you")
    result = kubefedctl("join", "eu", "--wait=0", "--error-on-existing=false")
    assert result.status == 0
    assert "of before is not needed any more" in result.err
    assert len(host.names("/secrets/eu-")) == 2
    name = host.objects[f"{CLUSTERS}/eu"]["spec"]["secretRef"]["name"]
    assert f"{CORE}/secrets/{name}" in host.objects
