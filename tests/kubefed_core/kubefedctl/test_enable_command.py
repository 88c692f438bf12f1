"""Kinds are enabled, against a scripted API server."""

import pytest
import yaml
from fake_api import CONFIG as SCOPE
from fake_api import CORE
from fake_api import NAMESPACE as NS
from serving import CONFIG, CONFIGS, CRD, CRDS, CREATED, establish, kind, serve


@pytest.fixture(autouse=True)
def serves(host):
    serve(host)


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


def test_a_version_that_is_not_the_preferred_one_can_be_asked_for(kubefedctl, host):
    assert kubefedctl("enable", "gadgets", "--version", "v2").status == 0
    assert host.objects[f"{CONFIGS}/gadgets.acme.io"]["spec"]["targetType"]["version"] == "v2"
    result = kubefedctl("enable", "gadgets", "--version", "v2", "-o", "yaml")
    assert next(yaml.safe_load_all(result.out))["spec"]["targetType"]["version"] == "v2"


def test_a_kind_is_found_that_only_another_version_has(kubefedctl, host):
    assert kubefedctl("enable", "relics").status == 0
    version = host.objects[f"{CONFIGS}/relics.acme.io"]["spec"]["targetType"]["version"]
    assert version == "v1beta1"


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
        (("enable", "unknowns"), 'Unable to find api resource named "unknowns".'),
        (("enable", "things"), 'Multiple resources are matched by "things"'),
        (("enable", "bindings"), "bindings cannot be propagated: the host serves it without del"),
        (("enable", "kubefedclusters"), "kubefedclusters.core.kubefed.io belongs to the control"),
        (("enable", "deploy", "--version", "v9"), "in version v9"),
        (("enable", "deploy", "-o", "json"), "Invalid value for --output: json"),
        (("enable", "-f", "/does/not/exist"), "/does/not/exist: cannot be read"),
        (("disable",), "NAME is required"),
        (("disable", "deploy", "--version", "v1"), "--version flag valid only with --delete-crd"),
        (
            ("disable", "deploy", "--federated-group", "a.b"),
            "--kubefed-group flag valid only with --delete-crd",
        ),
        (("get", "deploy"), '"deploy" is no enabled type; kubefedctl enable deploy enables it'),
        (("get", "clusters", "mars"), 'cluster "mars" does not exist'),
        (("get", "clusters", "-o", "table"), "Invalid value for --output: table"),
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
    assert 'Federation is already enabled for "deployments.apps"' in result.err


def test_a_crd_that_another_type_uses_is_not_taken(kubefedctl):
    assert kubefedctl("enable", "things.acme.io").status == 0
    result = kubefedctl("enable", "things.other.io")
    assert result.status == 255
    assert 'is in use by "things.acme.io"' in result.err
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
    assert 'serves the same objects as "deployments.apps"' in result.err


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
    anything = {"openAPIV3Schema": {"x-kubernetes-preserve-unknown-fields": True}}
    other = {"name": "v9", "schema": {}}
    host.put(
        f"{CRDS}/relics.acme.io",
        spec={"versions": [other, {"name": "v1beta1", "schema": anything}]},
    )
    assert fields("relics") == {"template"}


def test_a_crd_of_other_objects_is_not_taken(kubefedctl, host):
    host.put(f"{CRDS}/federatedgadgets.acme.io", spec={"names": {"kind": "Other"}})
    result = kubefedctl("enable", "gadgets", "--federated-group", "acme.io")
    assert result.status == 255
    assert "is there already, for objects of the kind Other" in result.err


def test_a_type_that_nobody_can_read_is_no_hindrance_and_is_put_right(kubefedctl, host):
    host.put(CONFIG, spec={"propagation": "Enabled", "statusCollection": "Enabled"})
    assert kubefedctl("enable", "deploy").status == 0
    assert host.objects[CONFIG]["spec"]["federatedType"]["kind"] == "FederatedDeployment"
    assert host.objects[CONFIG]["spec"]["statusCollection"] == "Enabled"


@pytest.mark.parametrize("path", [CONFIG, CRD])
def test_what_is_being_deleted_is_waited_out(kubefedctl, host, time, path):
    assert kubefedctl("enable", "deploy").status == 0
    host.objects[path]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    def gone():
        if time.passed > 1:
            host.objects.pop(path, None)

    time.on_wait = gone
    result = kubefedctl("enable", "deploy")
    assert result.status == 0
    assert "created" in result.out
    assert path in host.objects


def test_what_is_being_deleted_for_ever_is_said(kubefedctl, host, time):
    assert kubefedctl("enable", "deploy").status == 0
    host.objects[CRD]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    result = kubefedctl("enable", "deploy")
    assert result.status == 255
    assert "is being deleted and still there after 10 s" in result.err
    assert time.passed == pytest.approx(10)


def test_the_new_kind_is_served_when_enable_returns(kubefedctl, host, time):
    host.after = lambda path, obj: None
    time.on_wait = lambda: time.passed > 2 and establish(CRD, host.objects[CRD])
    result = kubefedctl("enable", "deploy")
    assert (result.status, result.err) == (0, "")
    assert time.passed == pytest.approx(2.4, abs=0.3)


def test_names_that_are_taken_are_said(kubefedctl, host):
    refused = {"type": "NamesAccepted", "status": "False", "message": "fdeploy is in use"}

    def refuse(path, obj):
        if path == CRD:
            obj["status"] = {"conditions": [refused]}

    host.after = refuse
    result = kubefedctl("enable", "deploy")
    assert result.status == 0
    assert "is not served after 10 s: fdeploy is in use" in result.err


def test_what_keeps_a_type_from_being_propagated_is_warned_of(kubefedctl, host):
    del host.objects[f"{CONFIGS}/namespaces"]
    assert "kubefedctl enable namespaces" in kubefedctl("enable", "deploy").err
    host.put(SCOPE, spec={"scope": "Namespaced"})
    host.objects["/api/v1"]["resources"].append(kind("Node", "nodes", namespaced=False))
    assert "scope is Namespaced" in kubefedctl("enable", "nodes").err
    assert kubefedctl("enable", "namespaces").err == ""


def test_without_a_control_plane_that_is_said(kubefedctl, host):
    host.refusals[f"GET {CONFIGS}"] = (404, "the server could not find the requested resource")
    result = kubefedctl("enable", "deploy")
    assert result.status == 255
    assert "Is a KubeFed control plane running there?" in result.err


def test_without_the_kubefed_namespace_nothing_is_enabled(kubefedctl, host):
    del host.objects[CORE]
    result = kubefedctl("enable", "deploy")
    assert (result.status, "does not exist" in result.err) == (255, True)


def test_a_group_that_cannot_be_listed_is_warned_of(kubefedctl, host):
    host.refusals["GET /apis/acme.io/v1"] = (503, "no endpoints")
    result = kubefedctl("enable", "deploy")
    assert result.status == 0
    assert "what acme.io/v1 serves is not known" in result.err


def test_a_kind_that_gives_rights_waits_for_the_webhook_and_that_is_said(kubefedctl, host):
    host.put("/openapi/v2", definitions={})
    result = kubefedctl("enable", "roles")
    assert result.status == 0
    assert "roles.rbac.authorization.k8s.io is not propagated: no admission webhook" in result.err
    path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    rule = {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"], "operations": ["*"]}
    config = {"service": {"path": "/authorize-federatedrbac"}}
    webhook = {"clientConfig": config, "rules": [rule], "failurePolicy": "Fail"}
    host.put(f"{path}/validations.core.kubefed.io", webhooks=[webhook])
    assert "not propagated" not in kubefedctl("enable", "roles").err
