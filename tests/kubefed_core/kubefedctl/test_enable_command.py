"""Kinds are enabled and disabled, against a scripted API server."""

import pytest
import yaml
from fake_api import CORE

NS = "kube-federation-system"
CONFIGS = f"/apis/core.kubefed.io/v1beta1/namespaces/{NS}/federatedtypeconfigs"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CONFIG = f"{CONFIGS}/deployments.apps"
CRD = f"{CRDS}/federateddeployments.types.kubefed.io"
CREATED = [
    "customresourcedefinition.apiextensions.k8s.io/federateddeployments.types.kubefed.io created",
    f"federatedtypeconfig.core.kubefed.io/deployments.apps created in namespace {NS}",
]


def kind(name, plural, *short, **more):
    return {
        "name": plural,
        "singularName": name.lower(),
        "kind": name,
        "namespaced": True,
        "shortNames": list(short),
        "verbs": ["list"],
    } | more


@pytest.fixture(autouse=True)
def serves(host):
    """What the host serves."""

    def group(name, version, *kinds):
        prefix = f"/apis/{name}/{version}" if name else f"/api/{version}"
        host.put(prefix, resources=list(kinds))

    group(
        "",
        "v1",
        kind("ConfigMap", "configmaps", "cm"),
        kind("Event", "events", "ev"),
        kind("Namespace", "namespaces", "ns", namespaced=False),
        kind("Pod", "pods/status"),
    )
    group(
        "apps",
        "v1",
        kind("Deployment", "deployments", "deploy"),
        kind("Scale", "deployments/scale"),
        kind("DaemonSet", "daemonsets", "ds"),
    )
    group("events.k8s.io", "v1", kind("Event", "events", "ev"))
    group("acme.io", "v1", kind("Thing", "things"), kind("Gadget", "gadgets"))
    group("other.io", "v1", kind("Thing", "things"))
    names = ("apps", "events.k8s.io", "acme.io", "other.io", "gone.io")
    host.put(
        "/apis",
        groups=[{"name": name, "preferredVersion": {"version": "v1"}} for name in names],
    )


def enabled(host):
    return host.objects[CONFIG]["spec"], host.objects[CRD]["spec"]


@pytest.mark.parametrize(
    "name", ["deployments", "deployment", "Deployment", "deploy", "DEPLOYMENTS.apps"]
)
def test_a_kind_is_enabled_by_any_of_its_names(kubefedctl, host, name):
    result = kubefedctl("enable", name)
    assert (result.status, result.out.splitlines()) == (0, CREATED)
    config, crd = enabled(host)
    assert config["targetType"] == {
        "group": "apps",
        "version": "v1",
        "kind": "Deployment",
        "pluralName": "deployments",
        "scope": "Namespaced",
    }
    assert config["propagation"] == "Enabled"
    assert crd["names"]["shortNames"] == ["fdeploy"]
    spec = crd["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert "retainReplicas" in spec["properties"]


def test_enabling_again_updates(kubefedctl):
    assert kubefedctl("enable", "deployments").status == 0
    result = kubefedctl("enable", "deployments")
    assert result.status == 0
    assert result.out == "\n".join(CREATED).replace("created", "updated") + "\n"


def test_a_dry_run_says_the_same_and_writes_nothing(kubefedctl, host):
    result = kubefedctl("enable", "deployments", "--dry-run")
    assert (result.status, result.out.splitlines()) == (0, CREATED)
    assert host.writes == []


def test_yaml_is_printed_in_the_place_of_being_written(kubefedctl, host):
    result = kubefedctl("enable", "cm", "-o", "yaml")
    assert result.out.startswith("---\n")
    config, crd = yaml.safe_load_all(result.out)
    assert config["metadata"] == {"name": "configmaps", "namespace": NS}
    assert crd["metadata"]["name"] == "federatedconfigmaps.types.kubefed.io"
    assert host.writes == []


def test_the_core_group_wins_and_a_federated_namespace_is_namespaced(kubefedctl, host):
    assert kubefedctl("enable", "events").status == 0
    assert f"{CONFIGS}/events" in host.objects
    assert kubefedctl("enable", "ns").status == 0
    assert host.objects[f"{CRDS}/federatednamespaces.types.kubefed.io"]["spec"]["scope"] == (
        "Namespaced"
    )
    assert host.objects[f"{CONFIGS}/namespaces"]["spec"]["targetType"]["scope"] == "Cluster"


def test_another_group_and_version_can_be_given_by_flags_or_in_a_file(kubefedctl, host, tmp_path):
    flags = ("--federated-group", "f.acme.io", "--federated-version", "v1")
    assert kubefedctl("enable", "gadgets", *flags).status == 0
    assert f"{CRDS}/federatedgadgets.f.acme.io" in host.objects
    file = tmp_path / "directive.yaml"
    file.write_text(
        "kind: EnableTypeDirective\nmetadata: {name: cm}\nspec: {federatedGroup: f.acme.io}\n"
    )
    assert kubefedctl("enable", "-f", str(file)).status == 0
    assert f"{CRDS}/federatedconfigmaps.f.acme.io" in host.objects


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("enable",), "NAME is required"),
        (("enable", "unknowns"), "Unable to find api resource named 'unknowns'."),
        (("enable", "things"), "Multiple resources are matched by 'things'"),
        (("enable", "deploy", "--version", "v9"), "Unable to find api resource"),
        (("enable", "deploy", "-o", "json"), "Invalid value for --output: json"),
        (("enable", "-f", "/does/not/exist"), "/does/not/exist: cannot be read"),
        (("disable",), "NAME is required"),
        (("disable", "deploy", "--version", "v1"), "--version flag valid only with --delete-crd"),
        (
            ("disable", "deploy", "--federated-group", "a.b"),
            "--kubefed-group flag valid only with --delete-crd",
        ),
        (("get", "deploy"), "'deploy' is no enabled type; kubefedctl enable deploy enables it"),
        (("get", "clusters", "mars"), "cluster 'mars' does not exist"),
        (("get", "clusters", "-o", "wide"), "Invalid value for --output: wide"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(kubefedctl, host, args, message):
    result = kubefedctl(*args)
    assert result.status == 255
    assert message in result.err
    assert host.writes == []


def test_a_file_that_is_no_directive_is_refused(kubefedctl, tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("kind: Other\n")
    result = kubefedctl("enable", "-f", str(file))
    assert (result.status, "must be an EnableTypeDirective" in result.err) == (255, True)


def test_the_federated_type_cannot_be_changed(kubefedctl):
    assert kubefedctl("enable", "deploy").status == 0
    result = kubefedctl("enable", "deploy", "--federated-group", "a.b")
    assert result.status == 255
    assert "Federation is already enabled for 'deployments.apps'" in result.err


def test_a_crd_that_another_type_uses_is_not_taken(kubefedctl):
    assert kubefedctl("enable", "things.acme.io").status == 0
    result = kubefedctl("enable", "things.other.io")
    assert result.status == 255
    assert "is in use by 'things.acme.io'" in result.err
    assert kubefedctl("enable", "things.other.io", "--federated-group", "f.other.io").status == 0


def test_an_equivalent_api_is_not_enabled_beside_the_other(kubefedctl, host):
    assert kubefedctl("enable", "deploy").status == 0
    host.put(
        "/apis/extensions/v1beta1",
        resources=[kind("Deployment", "deployments", group="extensions")],
    )
    groups = host.objects["/apis"]["groups"]
    groups.append({"name": "extensions", "preferredVersion": {"version": "v1beta1"}})
    result = kubefedctl("enable", "deployments.extensions")
    assert result.status == 255
    assert "serves the same objects as 'deployments.apps'" in result.err


def test_the_shape_of_a_custom_resource_is_its_crds(kubefedctl, host):
    replicas = {"properties": {"replicas": {"type": "integer", "format": "int32"}}}
    schema = {"openAPIV3Schema": {"properties": {"spec": replicas}}}
    host.put(f"{CRDS}/gadgets.acme.io", spec={"versions": [{"schema": schema}]})
    host.put(f"{CRDS}/things.acme.io", spec={"versions": [{"schema": {}}]})

    def fields(name):
        assert kubefedctl("enable", f"{name}.acme.io").status == 0
        crd = host.objects[f"{CRDS}/federated{name}.types.kubefed.io"]["spec"]
        top = crd["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
        return top["spec"]["properties"].keys() & {"template", "retainReplicas"}

    assert fields("gadgets") == {"template", "retainReplicas"}
    assert fields("things") == set()


def test_without_the_kubefed_namespace_nothing_is_enabled(kubefedctl, host):
    del host.objects[CORE]
    result = kubefedctl("enable", "deploy")
    assert (result.status, "does not exist" in result.err) == (255, True)


def test_a_group_that_cannot_be_listed_is_warned_of(kubefedctl, host):
    host.refusals["GET /apis/acme.io/v1"] = (503, "no endpoints")
    result = kubefedctl("enable", "deploy")
    assert result.status == 0
    assert "what acme.io/v1 serves is not known" in result.err


@pytest.fixture
def stopping(kubefedctl, host):
    """A control plane that stops what is disabled."""
    assert kubefedctl("enable", "deploy").status == 0
    host.put(
        CONFIG,
        **{n: v for n, v in host.objects[CONFIG].items() if n == "spec"},
        status={"propagationController": "Running"},
    )

    def after(path, obj):
        if path == CONFIG and obj["spec"]["propagation"] == "Disabled":
            obj["status"] = {"propagationController": "NotRunning"}

    host.after = after
    host.writes.clear()


@pytest.mark.usefixtures("stopping")
def test_disabling_stops_and_removes_the_type_and_leaves_the_crd(kubefedctl, host):
    result = kubefedctl("disable", "deployments")
    name = f'FederatedTypeConfig "{NS}/deployments.apps"'
    assert (result.status, result.out.splitlines()) == (
        0,
        [
            f"Disabled propagation for {name}",
            f"Verifying propagation controller is stopped for {name}",
            f"Propagation controller for {name} is stopped",
            f'federatedtypeconfig "{NS}/deployments.apps" deleted',
        ],
    )
    assert CONFIG not in host.objects
    assert CRD in host.objects


@pytest.mark.usefixtures("stopping")
def test_the_crd_goes_too_where_that_is_asked_for(kubefedctl, host):
    result = kubefedctl("disable", "deployments.apps", "--delete-crd")
    assert result.status == 0
    assert 'customresourcedefinition "federateddeployments.types.kubefed.io" deleted' in result.out
    assert CRD not in host.objects
    again = kubefedctl("disable", "deploy", "--delete-crd")
    assert again.status == 0
    assert again.out.splitlines() == [
        f'FederatedTypeConfig "{NS}/deployments.apps" does not exist',
        'customresourcedefinition "federateddeployments.types.kubefed.io" does not exist',
    ]


@pytest.mark.usefixtures("stopping")
def test_a_crd_in_use_is_not_removed(kubefedctl, host):
    host.put("/apis/types.kubefed.io/v1beta1/namespaces/shop/federateddeployments/web")
    result = kubefedctl("disable", "deploy", "--delete-crd")
    assert result.status == 255
    assert "while resource instances exist" in result.err
    assert host.writes == []


@pytest.mark.usefixtures("stopping")
def test_a_control_plane_that_does_not_stop_is_said(kubefedctl, host, time):
    host.after = lambda path, obj: None
    result = kubefedctl("disable", "deploy")
    assert result.status == 255
    assert "check that the controller-manager runs" in result.err
    assert CONFIG in host.objects
    assert time.passed == pytest.approx(10)


@pytest.mark.usefixtures("stopping")
def test_a_dry_run_disables_nothing(kubefedctl, host):
    assert kubefedctl("disable", "deploy", "--dry-run").status == 0
    assert host.writes == []


def test_disabling_what_is_not_enabled_is_fine(kubefedctl):
    result = kubefedctl("disable", "deploy")
    assert result.status == 0
    assert result.out == f'FederatedTypeConfig "{NS}/deployments.apps" does not exist\n'
