"""Joining, against scripted API servers."""

import base64
from pathlib import Path

import pytest
import yaml
from fake_api import CLUSTERS, CONFIG, CORE, FILLED, RBAC

ROLE = "kubefed-controller-manager:eu-hub"
ACCOUNT = f"{CORE}/serviceaccounts/eu-hub"
TOKEN = f"{CORE}/secrets/eu-hub-token"
CLUSTER = f"{CLUSTERS}/eu"
DEPLOY = Path(__file__).parents[3] / "deploy" / "member" / "rights.yaml"
(MANIFEST,) = [
    document["rules"]
    for document in yaml.safe_load_all(DEPLOY.read_text())
    if document["kind"] == "ClusterRole"
]


def decoded(text):
    return base64.b64decode(text).decode()


def ready(path, obj):
    if path == CLUSTER:
        obj["status"] = {"conditions": [{"type": "Ready", "status": "True"}]}


def test_a_cluster_joins(kubefedctl, host, member):
    host.after = ready
    result = kubefedctl("join", "eu")
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[-1] == "cluster eu is joined and Ready"
    assert member.objects[CORE]["metadata"]["annotations"] == {"kubefed.io/created-by-join": "true"}
    assert set(member.objects) == {
        CORE, ACCOUNT, TOKEN, f"{RBAC}/clusterroles/{ROLE}", f"{RBAC}/clusterrolebindings/{ROLE}",
    }  # fmt: skip
    (secret,) = host.names("/secrets/eu-")
    assert decoded(host.objects[secret]["data"]["token"]) == FILLED
    spec = host.objects[CLUSTER]["spec"]
    assert spec == {
        "apiEndpoint": member.url,
        "caBundle": base64.b64encode(b"own CA").decode(),
        "secretRef": {"name": secret.rsplit("/", 1)[1]},
    }


def test_every_step_is_said(kubefedctl, host, member):
    host.after = ready
    lines = kubefedctl("join", "eu").out.splitlines()
    said = [line.split(" after ")[0] for line in lines]
    assert said[:5] == [
        "member eu: Namespace kube-federation-system created",
        "member eu: ServiceAccount kube-federation-system/eu-hub created",
        f"member eu: ClusterRole {ROLE} created",
        f"member eu: ClusterRoleBinding {ROLE} created",
        "member eu: Secret kube-federation-system/eu-hub-token created",
    ]
    assert said[5:7] == ["member eu: token filled", "member eu: the token works"]
    assert said[7].startswith("host hub: Secret kube-federation-system/eu-x")
    assert said[8] == "host hub: KubeFedCluster kube-federation-system/eu created"


def test_quiet_says_nothing(kubefedctl, host):
    host.after = ready
    result = kubefedctl("join", "eu", "-q")
    assert (result.status, result.out, result.err) == (0, "", "")


@pytest.mark.parametrize(("reason", "flags", "roles"), [
    ("All that a control plane may ever need.", [], {
        f"clusterroles/{ROLE}": [
            {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
            {"nonResourceURLs": ["*"], "verbs": ["get"]},
        ],
    }),
    ("Least rights for DNS.", ["--dns-only"], {f"clusterroles/{ROLE}": MANIFEST}),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_the_rights_are_as_asked_for(kubefedctl, host, member, reason, flags, roles):
    host.after = ready
    assert kubefedctl("join", "eu", *flags).status == 0
    for path, rules in roles.items():
        assert member.objects[f"{RBAC}/{path}"]["rules"] == rules, reason
    binding = member.objects[f"{RBAC}/clusterrolebindings/{ROLE}"]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "eu-hub", "namespace": "kube-federation-system"}
    ]


def test_a_namespaced_control_plane_gets_its_namespace_and_health(kubefedctl, host, member):
    host.after = ready
    host.put(CONFIG, spec={"scope": "Namespaced"})
    assert kubefedctl("join", "eu").status == 0
    health = "kubefed-controller-manager:kube-federation-system:healthcheck-eu-hub"
    namespaced = f"{RBAC}/namespaces/kube-federation-system"
    assert set(member.names(RBAC)) == {
        f"{namespaced}/roles/{ROLE}", f"{namespaced}/rolebindings/{ROLE}",
        f"{RBAC}/clusterroles/{health}", f"{RBAC}/clusterrolebindings/{health}",
    }  # fmt: skip
    rules = member.objects[f"{namespaced}/roles/{ROLE}"]["rules"]
    assert rules == [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]


def test_a_namespaced_control_plane_for_dns_reads_its_namespace_only(kubefedctl, host, member):
    host.after = ready
    host.put(CONFIG, spec={"scope": "Namespaced"})
    assert kubefedctl("join", "eu", "--dns-only").status == 0
    rules = member.objects[f"{RBAC}/namespaces/kube-federation-system/roles/{ROLE}"]["rules"]
    assert [rule["resources"] for rule in rules] == [
        ["services"], ["endpointslices"], ["ingresses"]
    ]  # fmt: skip
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}


def test_region_zones_and_labels_are_kept_on_the_cluster(kubefedctl, host):
    host.after = ready
    flags = ["--region=eu-west", "--zones", "a,b", "--zones=c,a", "--label", "tier=gold"]
    assert kubefedctl("join", "eu", *flags).status == 0
    cluster = host.objects[CLUSTER]
    assert cluster["metadata"]["labels"] == {"tier": "gold"}
    assert (cluster["spec"]["region"], cluster["spec"]["zones"]) == ("eu-west", ["a", "b", "c"])


def test_names_can_be_chosen(kubefedctl, host, member):
    host.after = lambda path, obj: ready(path.replace("west", "eu"), obj)
    result = kubefedctl(
        "join", "west", "--cluster-context=eu", "--host-cluster-name=main", "--secret-name=tok"
    )
    assert result.status == 0
    assert member.names("/serviceaccounts/") == [f"{CORE}/serviceaccounts/west-main"]
    assert host.objects[f"{CLUSTERS}/west"]["spec"]["secretRef"] == {"name": "tok"}
    assert f"{CORE}/secrets/tok" in host.objects


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(kubefedctl, host, member):
    result = kubefedctl("join", "eu", "--dry-run")
    assert (result.status, result.err) == (0, "")
    assert (host.writes, member.writes) == ([], [])
    assert result.out.splitlines() == [
        "member eu: Namespace kube-federation-system would be created",
        "member eu: ServiceAccount kube-federation-system/eu-hub would be created",
        f"member eu: ClusterRole {ROLE} would be created",
        f"member eu: ClusterRoleBinding {ROLE} would be created",
        "member eu: Secret kube-federation-system/eu-hub-token would be created",
        "host hub: Secret kube-federation-system/eu-* would be created",
        "host hub: KubeFedCluster kube-federation-system/eu would be created",
        "dry run: nothing was changed",
    ]


@pytest.mark.parametrize(("reason", "side", "path"), [
    ("An account of that name may be someone's.", "member", ACCOUNT),
    ("So may a role.", "member", f"{RBAC}/clusterroles/{ROLE}"),
    ("And a binding.", "member", f"{RBAC}/clusterrolebindings/{ROLE}"),
    ("And a token.", "member", TOKEN),
    ("The cluster's name is taken.", "host", CLUSTER),
    ("The Secret's name is taken.", "host", f"{CORE}/secrets/tok"),
], ids=lambda value: value)  # fmt: skip
def test_what_exists_already_is_an_error_before_anything_is_written(
    kubefedctl, host, member, reason, side, path
):
    (host if side == "host" else member).put(path)
    result = kubefedctl("join", "eu", "--secret-name=tok")
    assert result.status == 255, reason
    assert path.rsplit("/", 1)[1] in result.err
    assert "--error-on-existing=false" in result.err
    assert (host.writes, member.writes) == ([], [])


def test_a_namespace_that_exists_is_used_and_not_claimed(kubefedctl, host, member):
    host.after = ready
    member.put(CORE)
    assert kubefedctl("join", "eu").status == 0
    assert "annotations" not in member.objects[CORE]["metadata"]


def test_joining_again_puts_everything_right(kubefedctl, host, member):
    host.after = ready
    assert kubefedctl("join", "eu", "--region=r").status == 0
    (first,) = host.names("/secrets/eu-")
    member.put(f"{RBAC}/clusterroles/{ROLE}", rules=[])
    reference = {"kind": "ClusterRole", "name": "other", "apiGroup": RBAC}
    member.put(f"{RBAC}/clusterrolebindings/{ROLE}", roleRef=reference)
    host.objects[CLUSTER]["spec"] |= {"proxyURL": "http://old", "apiEndpoint": "https://old"}

    result = kubefedctl("join", "eu", "--error-on-existing=false")

    assert (result.status, result.err) == (0, "")
    assert len(member.objects[f"{RBAC}/clusterroles/{ROLE}"]["rules"]) == 2
    assert member.objects[f"{RBAC}/clusterrolebindings/{ROLE}"]["roleRef"]["name"] == ROLE
    spec = host.objects[CLUSTER]["spec"]
    assert (spec["apiEndpoint"], spec["region"]) == (member.url, "r")
    assert "proxyURL" not in spec
    (second,) = host.names("/secrets/eu-")
    assert second != first, "a new Secret each time, and none left over"


def test_a_named_secret_is_updated_only_where_its_token_differs(kubefedctl, host):
    host.after = ready
    again = ["join", "eu", "--secret-name=tok", "--error-on-existing=false"]
    assert kubefedctl(*again).status == 0
    assert "Secret kube-federation-system/tok is there already" in kubefedctl(*again).out
    host.objects[f"{CORE}/secrets/tok"]["data"] = {"token": "b2xk"}
    assert "Secret kube-federation-system/tok updated" in kubefedctl(*again).out


def test_a_token_of_an_earlier_account_is_made_anew(kubefedctl, host, member):
    host.after = ready
    member.put(CORE)
    stale = {"kubernetes.io/service-account.uid": "gone"}
    kind = "kubernetes.io/service-account-token"
    member.put(TOKEN, type=kind, metadata={"annotations": stale})
    result = kubefedctl("join", "eu", "--error-on-existing=false")
    assert result.status == 0
    assert "annotations" in member.objects[TOKEN]["metadata"]
    assert stale != member.objects[TOKEN]["metadata"]["annotations"]


def test_a_cluster_that_is_not_ready_is_joined_all_the_same(kubefedctl, host):
    def offline(path, obj):
        if path == CLUSTER:
            condition = {"type": "Offline", "status": "True", "reason": "ClusterNotReachable",
                         "message": "cluster is not reachable"}  # fmt: skip
            obj["status"] = {"conditions": [condition]}

    host.after = offline
    result = kubefedctl("join", "eu", "--wait=20s")
    assert result.status == 0
    assert result.out.splitlines()[-1] == "cluster eu is joined"
    assert result.err == (
        "Warning: it is not Ready after 20s: ClusterNotReachable: cluster is not reachable\n"
    )


def test_a_control_plane_that_does_not_look_is_mentioned(kubefedctl):
    result = kubefedctl("join", "eu", "--wait=20s")
    assert result.status == 0
    assert "see that the controller-manager runs" in result.err


def test_nobody_has_to_wait(kubefedctl):
    result = kubefedctl("join", "eu", "--wait=0")
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[-1] == "cluster eu is joined"
