"""Objects of the host and of manifests become federated ones, against a scripted API server."""

import pytest
import yaml
from fake_api import CONFIG as SCOPE
from fake_api import NAMESPACE as NS
from serving import CONFIGS, CRDS, kind, serve

MAPS = "/api/v1/namespaces/shop/configmaps"
FEDERATED = "/apis/types.kubefed.io/v1beta1/namespaces/shop/{}"
EVERYWHERE = {"clusterSelector": {"matchLabels": {}}}
WEB = ("federate", "configmaps", "web", "-n", "shop")
CREATED = 'Successfully created FederatedConfigMap "shop/web" from ConfigMap\n'
ALL = ("federate", "namespaces", "shop", "--contents")


@pytest.fixture(autouse=True)
def there(host, kubefedctl):
    """Namespace shop, federated, with a ConfigMap; the type of ConfigMaps is enabled."""
    serve(host)
    core = host.objects["/api/v1"]["resources"]
    core += [
        kind("Secret", "secrets"),
        kind("ServiceAccount", "serviceaccounts", "sa"),
        kind("Endpoints", "endpoints", "ep"),
    ]
    assert kubefedctl("enable", "configmaps").status == 0
    host.put("/api/v1/namespaces/shop", metadata={"labels": {"tier": "low"}}, spec={})
    host.put(f"{MAPS}/web", metadata={"labels": {"app": "web"}}, data={"color": "red"})
    host.put(FEDERATED.format("federatednamespaces/shop"))
    host.writes.clear()


def made(host, name="web", plural="federatedconfigmaps"):
    return host.objects[FEDERATED.format(f"{plural}/{name}")]


@pytest.mark.parametrize("name", ["configmaps", "cm", "ConfigMap"])
def test_an_object_becomes_the_template_of_a_federated_one(kubefedctl, host, name):
    result = kubefedctl("federate", name, "web", "-n", "shop")
    assert (result.status, result.out, result.err) == (0, "", CREATED)
    found = made(host)
    assert (found["apiVersion"], found["kind"]) == (
        "types.kubefed.io/v1beta1",
        "FederatedConfigMap",
    )
    assert found["spec"] == {
        "placement": EVERYWHERE,
        "template": {"metadata": {"labels": {"app": "web"}}, "data": {"color": "red"}},
    }


def test_as_yaml_nothing_is_made(kubefedctl, host):
    result = kubefedctl(*WEB, "-o", "yaml")
    assert (result.status, result.err, host.writes) == (0, "", [])
    assert result.out.startswith("---\n")
    assert yaml.safe_load(result.out)["metadata"] == {"name": "web", "namespace": "shop"}


def test_a_dry_run_asks_the_server_and_makes_nothing(kubefedctl, host):
    result = kubefedctl(*WEB, "--dry-run")
    assert (result.status, result.err) == (0, CREATED.replace("\n", " (dry run)\n"))
    assert host.writes == []
    host.refusals[".* dry"] = (422, "not so")
    assert "not so" in kubefedctl(*WEB, "--dry-run").err


def test_the_contexts_namespace_or_default_is_meant_where_none_is_given(
    kubefedctl, host, kubeconfig
):
    assert 'ConfigMap "default/web" does not exist' in kubefedctl("federate", "cm", "web").err
    content = yaml.safe_load(kubeconfig.read_text())
    content["contexts"][0]["context"]["namespace"] = "shop"
    kubeconfig.write_text(yaml.safe_dump(content))
    assert kubefedctl("federate", "cm", "web").status == 0


def test_a_namespace_is_federated_in_itself(kubefedctl, host):
    del host.objects[FEDERATED.format("federatednamespaces/shop")]
    result = kubefedctl("federate", "ns", "shop", "-n", "other")
    assert (result.status, result.out) == (0, "")
    assert result.err == 'Successfully created FederatedNamespace "shop/shop" from Namespace\n'
    assert made(host, "shop", "federatednamespaces")["spec"]["template"] == {
        "metadata": {"labels": {"tier": "low"}},
        "spec": {},
    }


def test_the_version_and_kind_are_those_of_the_type(kubefedctl, host):
    assert (
        kubefedctl("enable", "gadgets", "--version", "v2", "--federated-group", "f.io").status == 0
    )
    host.put("/apis/acme.io/v2/namespaces/shop/gadgets/one", spec={"a": 1})
    assert kubefedctl("federate", "gadgets", "one", "-n", "shop").status == 0
    assert "/apis/f.io/v1beta1/namespaces/shop/federatedgadgets/one" in host.objects


def test_annotations_that_get_lost_are_warned_of(kubefedctl, host):
    host.objects[f"{MAPS}/web"]["metadata"]["annotations"] = {"mine": "x"}
    err = kubefedctl(*WEB).err
    assert (
        'Warning: Annotations defined for ConfigMap "shop/web" will not appear in the template of '
        "the federated resource: mine" in err
    )


def test_an_object_that_another_makes_is_warned_of(kubefedctl, host):
    owner = {"kind": "Release", "name": "r", "controller": True}
    host.objects[f"{MAPS}/web"]["metadata"]["ownerReferences"] = [owner]
    assert "is made by Release r: federate that in its place" in kubefedctl(*WEB).err


def test_a_type_that_is_not_enabled_is_refused_with_the_remedy(kubefedctl, host):
    host.put("/api/v1/namespaces/shop/secrets/s", data={})
    result = kubefedctl("federate", "secrets", "s", "-n", "shop")
    assert result.status == 255
    assert "FederatedTypeConfig not found for secrets" in result.err
    assert "--enable-type" in result.err
    assert host.writes == []
    result = kubefedctl("federate", "secrets", "s", "-n", "shop", "-o", "yaml")
    assert yaml.safe_load(result.out)["kind"] == "FederatedSecret"


def test_a_type_is_enabled_first_where_that_is_asked_for(kubefedctl, host):
    host.put("/api/v1/namespaces/shop/secrets/s", data={"k": "dg=="})
    one = ("federate", "secrets", "s", "-n", "shop", "-t")
    dry = kubefedctl(*one, "--dry-run")
    assert (dry.status, host.writes) == (0, [])
    result = kubefedctl(*one)
    assert result.status == 0
    assert result.out == dry.out
    assert f"federatedtypeconfig.core.kubefed.io/secrets created in namespace {NS}" in result.out
    assert f"{CONFIGS}/secrets" in host.objects
    assert made(host, "s", "federatedsecrets")["spec"]["template"] == {"data": {"k": "dg=="}}


def test_a_type_that_is_enabled_already_is_left_alone(kubefedctl, host):
    result = kubefedctl(*WEB, "-t")
    assert (result.status, result.out) == (0, "")
    assert len(host.writes) == 1


def test_a_type_that_is_disabled_is_warned_of(kubefedctl, host):
    host.objects[f"{CONFIGS}/configmaps"]["spec"]["propagation"] = "Disabled"
    assert "the type configmaps is disabled" in kubefedctl(*WEB).err


def test_a_kind_that_has_just_been_enabled_is_waited_for(kubefedctl, host, time):
    path = FEDERATED.format("federatedconfigmaps")
    host.refusals[f"POST {path}"] = (404, "no such kind")

    def serve_it():
        if time.passed >= 3:
            host.refusals.clear()

    time.on_wait = serve_it
    assert kubefedctl(*WEB).status == 0
    assert time.passed == pytest.approx(4)


def test_a_kind_that_is_never_served_is_said(kubefedctl, host, time):
    path = FEDERATED.format("federatedconfigmaps")
    host.refusals[f"POST {path}"] = (404, "no such kind")
    result = kubefedctl(*WEB)
    assert (result.status, "no such kind" in result.err) == (255, True)
    assert time.passed == pytest.approx(10)


def test_what_is_federated_already_is_an_error(kubefedctl, host):
    assert kubefedctl(*WEB).status == 0
    host.writes.clear()
    result = kubefedctl(*WEB)
    assert result.status == 255
    assert 'Error: FederatedConfigMap "shop/web" exists already: change it with' in result.err


def test_in_a_namespace_that_is_not_federated_the_next_step_is_said(kubefedctl, host):
    del host.objects[FEDERATED.format("federatednamespaces/shop")]
    err = kubefedctl(*WEB).err
    assert "Warning: namespace shop is not federated" in err
    assert err.endswith("kubefedctl federate namespaces shop\n")
    del host.objects[made_path("web")], host.objects[f"{CONFIGS}/namespaces"]
    assert kubefedctl(*WEB).err.endswith("namespaces shop --enable-type\n")
    del host.objects[made_path("web")]
    host.put(SCOPE, spec={"scope": "Namespaced"})
    assert "the control plane's scope is its namespace" in kubefedctl(*WEB).err


def made_path(name):
    return FEDERATED.format(f"federatedconfigmaps/{name}")


REFUSED = [
    ("No type.", ("federate",), "TYPE-NAME is required"),
    ("No name.", ("federate", "cm"), "RESOURCE-NAME is required"),
    ("Another output.", (*WEB, "-o", "json"), "Invalid value for --output: json"),
    ("Enabling, and only printing.", (*WEB, "-t", "-o", "yaml"),
     "Flag '--enable-type' cannot be used with '--output [yaml]'"),
    ("The contents of no namespace.", (*WEB, "-c"),
     "Flag '--contents' can only be used with type 'namespaces'."),
    ("No such kind.", ("federate", "unknowns", "x"), 'Unable to find api resource named "unk'),
    ("No such object.", ("federate", "cm", "no", "-n", "shop"),
     'ConfigMap "shop/no" does not exist; give its namespace with -n'),
    ("No such namespace.", ("federate", "ns", "no"), 'Namespace "no" does not exist'),
    ("A kind of ours.", ("federate", "kubefedclusters", "eu", "-t"), "belongs to the control"),
    ("A file and a name.", ("federate", "cm", "-f", "x"), "does not take any args. Got args: cm"),
    ("The control plane's own secrets.", ("federate", "ns", NS, "-c"),
     "its contents are not for them"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "args", "says"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_federated_is_said_and_changes_nothing(kubefedctl, host, reason, args, says):
    result = kubefedctl(*args)
    assert result.status == 255, reason
    assert says in result.err, reason
    assert host.writes == []


def test_a_token_is_not_for_others(kubefedctl, host):
    assert kubefedctl("enable", "secrets").status == 0
    host.put("/api/v1/namespaces/shop/secrets/t", type="kubernetes.io/service-account-token")
    result = kubefedctl("federate", "secrets", "t", "-n", "shop")
    assert result.status == 255
    assert 'Secret "shop/t": it is a token of a service account' in result.err


@pytest.fixture
def full(host):
    """Namespace shop is not federated, and much is in it."""
    del host.objects[FEDERATED.format("federatednamespaces/shop")]
    secrets, maps = "/api/v1/namespaces/shop/secrets", MAPS
    host.put(f"{maps}/kube-root-ca.crt", data={})
    owner = {"kind": "Release", "name": "r", "controller": True}
    host.put(f"{maps}/made", metadata={"ownerReferences": [owner]})
    host.put(f"{maps}/owned", metadata={"ownerReferences": [{"kind": "R", "name": "r"}]})
    host.put(f"{maps}/copy", metadata={"labels": {"kubefed.io/managed": "true"}})
    host.put(f"{maps}/going", metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})
    host.put(f"{maps}/Not_A:Name", data={})
    host.put("/api/v1/namespaces/other/configmaps/x", data={})
    host.put("/api/v1/namespaces/shop/serviceaccounts/default")
    host.put(f"{secrets}/t", type="kubernetes.io/service-account-token")
    host.put(f"{secrets}/sh.helm.release.v1.a.v1", type="helm.sh/release.v1")
    host.put("/api/v1/namespaces/shop/endpoints/web", subsets=[])
    host.put("/api/v1/namespaces/shop/events/x")
    host.put("/apis/events.k8s.io/v1/namespaces/shop/events/x")
    host.put("/apis/core.kubefed.io/v1/namespaces/shop/kubefedclusters/x")


@pytest.mark.usefixtures("full")
def test_a_namespace_is_federated_with_what_is_worth_it(kubefedctl, host):
    result = kubefedctl(*ALL)
    assert (result.status, result.out) == (0, "")
    assert host.names("/apis/types.kubefed.io/") == [
        FEDERATED.format("federatedconfigmaps/owned"),
        FEDERATED.format("federatedconfigmaps/web"),
        FEDERATED.format("federatednamespaces/shop"),
    ]
    assert "ConfigMap shop/Not_A:Name is left out: its name is no DNS-1123" in result.err
    assert (
        "left out, as generated or propagated already: ConfigMap copy, ConfigMap going, ConfigMap "
        "kube-root-ca.crt, ConfigMap made, Secret sh.helm.release.v1.a.v1 and 2 more"
    ) in result.err
    assert "not federated" not in result.err


@pytest.mark.usefixtures("full")
def test_why_something_is_left_out_is_said_to_who_wants_to_know(kubefedctl, caplog):
    assert kubefedctl(*ALL, "-v=2").status == 0
    assert "ConfigMap shop/made is left out: it is made by Release r" in caplog.messages
    assert "ServiceAccount shop/default is left out: every namespace has its own" in (
        caplog.messages
    )


@pytest.fixture
def more(host):
    """Objects of two types that are not enabled."""
    host.put("/apis/apps/v1/namespaces/shop/deployments/web", spec={})
    host.put("/apis/acme.io/v1/namespaces/shop/things/one", spec={})


@pytest.mark.usefixtures("more")
def test_contents_of_types_that_are_not_enabled_are_refused_before_anything_is_made(
    kubefedctl, host
):
    result = kubefedctl(*ALL)
    assert result.status == 255
    assert "not found for deployments.apps,things.acme.io" in result.err
    assert "-s deployments.apps,things.acme.io" in result.err
    assert host.writes == []


@pytest.mark.usefixtures("more")
def test_types_of_the_contents_are_enabled_where_that_is_asked_for(kubefedctl, host):
    del host.objects[FEDERATED.format("federatednamespaces/shop")]
    result = kubefedctl(*ALL, "-t")
    assert result.status == 0
    assert len(result.out.splitlines()) == 4
    assert f"{CRDS}/federatedthings.types.kubefed.io" in host.objects
    assert len(host.names("/apis/types.kubefed.io/")) == 4


@pytest.mark.usefixtures("more")
@pytest.mark.parametrize(
    "skip",
    [
        ("-s", "deployments.apps,Thing,ep"),
        ("-s", "apps", "-s", "acme.io"),
        ("--skip-api-resources=deploy,things",),
        ("--skip-api-resources", "DEPLOYMENT, things.acme.io"),
    ],
)
def test_kinds_and_groups_can_be_left_out(kubefedctl, host, skip):
    del host.objects[FEDERATED.format("federatednamespaces/shop")]
    result = kubefedctl(*ALL, *skip)
    assert (result.status, "serves nothing" in result.err) == (0, False)
    assert len(host.names("/apis/types.kubefed.io/")) == 2


def test_contents_are_read_in_the_version_of_their_type(kubefedctl, host):
    assert kubefedctl("enable", "gadgets", "--version", "v2").status == 0
    host.put("/apis/acme.io/v1/namespaces/shop/gadgets/one", spec={"old": 1})
    host.put("/apis/acme.io/v2/namespaces/shop/gadgets/one", spec={"new": 1})
    kubefedctl(*ALL)
    assert made(host, "one", "federatedgadgets")["spec"]["template"] == {"spec": {"new": 1}}


def test_a_kind_to_leave_out_that_is_not_there_is_warned_of(kubefedctl):
    assert "serves nothing that is called deploymets" in kubefedctl(*ALL, "-s", "deploymets").err


def test_what_fails_stops_nothing_else_and_is_said(kubefedctl, host):
    host.put(f"{MAPS}/api", data={})
    host.refusals[f"POST {FEDERATED.format('federatedconfigmaps')}"] = (403, "not you")
    result = kubefedctl(*ALL)
    assert result.status == 255
    assert result.err.count("not you") == 2
    assert 'FederatedNamespace "shop/shop" exists already' in result.err
    last = result.err.splitlines()[-1]
    assert last == ("Error: 3 of 3 objects could not be federated, as said above")
    host.refusals.clear()
    again = kubefedctl(*ALL)
    assert again.status == 255
    assert "1 of 3 objects could not be federated" in again.err
    assert made(host)["spec"]["template"]["data"] == {"color": "red"}


def test_a_kind_that_cannot_be_listed_is_said_before_anything_is_made(kubefedctl, host):
    host.refusals["GET /api/v1/namespaces/shop/secrets"] = (403, "not you")
    result = kubefedctl(*ALL)
    assert result.status == 255
    assert "not you; or leave it out: -s secrets" in result.err
    assert host.writes == []


def test_contents_can_be_printed(kubefedctl, host):
    host.put("/apis/apps/v1/namespaces/shop/deployments/web", spec={})
    result = kubefedctl(*ALL, "-o", "yaml")
    assert [each["kind"] for each in yaml.safe_load_all(result.out)] == [
        "FederatedNamespace",
        "FederatedConfigMap",
        "FederatedDeployment",
    ]
    assert host.writes == []


def test_without_a_control_plane_objects_can_be_printed_all_the_same(kubefedctl, host):
    host.refusals[f"GET {CONFIGS}"] = (404, "no such kind")
    assert kubefedctl(*WEB, "-o", "yaml").status == 0
    result = kubefedctl(*WEB)
    assert result.status == 255
    assert "Is a KubeFed control plane running there?" in result.err


MANIFESTS = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, annotations: {mine: x}}
spec: {replicas: 2}
status: {}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shut, namespace: shop}
spec: {}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: []
"""


def test_manifests_are_federated_without_any_server(kubefedctl, host, tmp_path, kubeconfig):
    kubeconfig.unlink()
    file = tmp_path / "all.yaml"
    file.write_text(MANIFESTS)
    result = kubefedctl("federate", "-f", str(file), "-t")
    assert result.status == 0
    assert result.out.count("---\n") == 4
    space, web, shut, reader = yaml.safe_load_all(result.out)
    assert (space["kind"], space["metadata"]) == (
        "FederatedNamespace",
        {"name": "shop", "namespace": "shop"},
    )
    assert web["spec"] == {"placement": EVERYWHERE, "template": {"spec": {"replicas": 2}}}
    assert shut["kind"] == "FederatedNetworkPolicy"
    assert reader["metadata"] == {"name": "reader"}
    assert "other flags are ignored" in result.err
    assert "Annotations defined for Deployment" in result.err


FILES = [
    ("No such file.", None, "x.yaml: cannot be read"),
    ("Nothing in it.", "# nothing", "x.yaml: holds no objects"),
    ("No kind.", "apiVersion: v1\nmetadata: {name: a}", "x.yaml: object 1: kind: Required value"),
    ("The second has no name.",
     "{apiVersion: v1, kind: A, metadata: {name: a}}\n---\n{apiVersion: v1, kind: B}",
     "object 2: metadata.name: Required value"),
    ("One that is federated.",
     "{apiVersion: types.kubefed.io/v1beta1, kind: FederatedSecret, metadata: {name: a}}",
     "FederatedSecret belongs to the control plane"),
    ("A token.", "{apiVersion: v1, kind: Secret, metadata: {name: a}, "
     "type: kubernetes.io/service-account-token}", 'Secret "a": it is a token'),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "content", "says"), FILES, ids=[row[0] for row in FILES])
def test_a_file_that_cannot_be_federated_whole_gives_nothing(
    kubefedctl, tmp_path, reason, content, says
):
    file = tmp_path / "x.yaml"
    if content is not None:
        file.write_text(content)
    result = kubefedctl("federate", "-f", str(file))
    assert (result.status, result.out) == (255, ""), reason
    assert says in result.err, reason
