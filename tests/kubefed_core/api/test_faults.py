"""All that is wrong with an object, in upstream's words; the vectors are upstream's."""

import copy

import pytest

from kubefed_core.api import checks, clusters, config, config_faults, types
from kubefed_core.errors import Terminal

NAMED = "name must be 'TARGET_PLURAL_NAME(.TARGET_GROUP_NAME)'"
DOT = "should be a domain with at least one dot"
LABEL = "a DNS-1035 label must consist of lower case alphanumeric characters or '-'"
SUBDOMAIN = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters"
POSITIVE = "should be greater than 0"


def changed(obj, path, value):
    """A copy with one field set, or removed where the value is None."""
    made = copy.deepcopy(obj)
    *way, last = path.split(".")
    parent = made
    for step in way:
        parent = parent[step]
    if value is None:
        parent.pop(last, None)
    else:
        parent[last] = value
    return made


TYPE = {
    "metadata": {"name": "deployments.apps"},
    "spec": {
        "targetType": {
            "group": "apps",
            "version": "v1",
            "kind": "Deployment",
            "pluralName": "deployments",
            "scope": "Namespaced",
        },
        "propagation": "Enabled",
        "federatedType": {
            "group": "types.kubefed.io",
            "version": "v1beta1",
            "kind": "FederatedDeployment",
            "pluralName": "federateddeployments",
            "scope": "Namespaced",
        },
        "statusType": {
            "group": "types.kubefed.io",
            "version": "v1beta1",
            "kind": "FederatedDeploymentStatus",
            "pluralName": "federateddeploymentstatuses",
            "scope": "Namespaced",
        },
        "statusCollection": "Enabled",
    },
    "status": {
        "observedGeneration": 1,
        "propagationController": "Running",
        "statusController": "NotRunning",
    },
}
TARGET, FEDERATED = "spec.targetType", "spec.federatedType"


def test_a_type_config_as_enable_makes_it_has_no_fault():
    assert types.faults(TYPE) == []
    core = changed(changed(TYPE, f"{TARGET}.group", None), "metadata.name", "deployments")
    assert types.faults(core) == []
    assert types.status_faults(TYPE) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("metadata.name", "deployment", f'name: Invalid value: "deployment": {NAMED}'),
        (f"{TARGET}.group", "no such group", f'{TARGET}.group: Invalid value: "no such group": '),
        (f"{TARGET}.version", None, f"{TARGET}.version: Required value"),
        (f"{TARGET}.version", "Alpha", f'{TARGET}.version: Invalid value: "Alpha": {LABEL}'),
        (f"{TARGET}.kind", None, f"{TARGET}.kind: Required value"),
        (f"{TARGET}.kind", "2Kind", f'{TARGET}.kind: Invalid value: "2Kind": {LABEL}'),
        (f"{TARGET}.pluralName", None, f"{TARGET}.pluralName: Required value"),
        (f"{TARGET}.pluralName", "2InvalidKind", f"{TARGET}.pluralName: Invalid value"),
        (f"{TARGET}.scope", None, f"{TARGET}.scope: Required value"),
        (
            f"{TARGET}.scope",
            "Galaxy",
            f'{TARGET}.scope: Unsupported value: "Galaxy": supported values: "Cluster", '
            '"Namespaced"',
        ),
        (f"{FEDERATED}.group", None, f"{FEDERATED}.group: Required value"),
        (f"{FEDERATED}.group", "kubefed", f'{FEDERATED}.group: Invalid value: "kubefed": {DOT}'),
        ("spec.statusType.group", "kubefed", 'spec.statusType.group: Invalid value: "kubefed": '),
        ("spec.propagation", None, "spec.propagation: Required value"),
        ("spec.propagation", "On", 'spec.propagation: Unsupported value: "On"'),
        ("spec.statusCollection", "On", 'spec.statusCollection: Unsupported value: "On"'),
    ],
)
def test_a_fault_of_a_type_config_is_told_in_upstreams_words(path, value, message):
    told = types.faults(changed(TYPE, path, value))
    assert any(each.startswith(message) for each in told), told


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "status.observedGeneration",
            -1,
            "status.observedGeneration: Invalid value: -1: must be greater than or equal to 0",
        ),
        ("status.propagationController", None, "status.propagationController: Required value"),
        ("status.propagationController", "x", "status.propagationController: Unsupported value: "),
        ("status.statusController", "x", 'status.statusController: Unsupported value: "x"'),
    ],
)
def test_a_fault_of_a_type_configs_status(path, value, message):
    (told,) = types.status_faults(changed(TYPE, path, value))
    assert told.startswith(message)


def test_all_faults_are_told_at_once_and_once():
    wrong = changed(changed(TYPE, f"{TARGET}.version", None), "spec.propagation", "On")
    told = checks.joined(types.faults(wrong))
    assert told.startswith("[spec.targetType.version: Required value, spec.propagation: Unsup")
    assert checks.joined(["one"]) == "one"


CLUSTER = {
    "metadata": {"name": "eu", "namespace": "kf"},
    "spec": {"apiEndpoint": "https://eu.test", "secretRef": {"name": "validation-test-cluster1"}},
}


@pytest.mark.parametrize("skipped", [[], ["*"], ["SubjectName"], ["ValidityPeriod"]])
def test_a_cluster_may_do_without_checks(skipped):
    assert clusters.faults(changed(CLUSTER, "spec.disabledTLSValidations", skipped)) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("spec.apiEndpoint", "", "spec.apiEndpoint: Required value"),
        (
            "spec.apiEndpoint",
            "tcp://example.com",
            'spec.apiEndpoint: Unsupported value: "tcp": supported values: "https", "http"',
        ),
        (
            "spec.apiEndpoint",
            "example.com:port80",
            'spec.apiEndpoint: Invalid value: "example.com:port80": parse '
            '"https://example.com:port80": invalid port ":port80" after host',
        ),
        (
            "spec.apiEndpoint",
            "example.com:65536",
            "spec.apiEndpoint: Invalid value: 65536: must be between 1 and 65535, inclusive",
        ),
        ("spec.apiEndpoint", "example.com:0", "spec.apiEndpoint: Invalid value: 0: must be "),
        ("spec.secretRef.name", "", "spec.secretRef.name: Required value"),
        (
            "spec.secretRef.name",
            "invalid_secretname",
            f'spec.secretRef.name: Invalid value: "invalid_secretname": {SUBDOMAIN}',
        ),
        (
            "spec.disabledTLSValidations",
            ["*", "ValidityPeriod"],
            'spec.disabledTLSValidations: Invalid value: ["*", "ValidityPeriod"]: when * is '
            "specified, it is expected to be the only option in list",
        ),
        ("spec.proxyURL", "socks6://example.com", "spec.proxyURL: Invalid value: "),
        ("spec.taints", [{"key": "a", "effect": "Never"}], "spec.taints[0].effect: Unsupported "),
    ],
)
def test_a_fault_of_a_cluster_is_told_by_admission_and_by_the_controller(path, value, message):
    wrong = changed(CLUSTER, path, value)
    (told,) = clusters.faults(wrong)
    assert told.startswith(message)
    with pytest.raises(Terminal) as caught:
        clusters.parse(wrong)
    assert str(caught.value) == told


def test_the_conditions_of_a_cluster_are_looked_at():
    bad = {"type": "Well", "status": "Maybe"}
    told = clusters.status_faults({"status": {"conditions": [bad]}})
    assert [each.partition(":")[0] for each in told] == [
        f"status.conditions[0].{name}" for name in ("type", "status", "lastProbeTime")
    ]
    good = {"type": "Ready", "status": "True", "lastProbeTime": "2026-01-01T00:00:00Z"}
    assert clusters.status_faults({"status": {"conditions": [good]}}) == []


CONFIG = {"spec": config_faults.defaulted({"spec": {"scope": "Cluster"}})}


def test_the_defaults_are_what_the_controllers_do_without_them():
    assert config_faults.faults(CONFIG) == []
    bare = config.parse({"spec": {"scope": "Cluster"}})
    assert config.parse(CONFIG) == bare
    names = [gate["name"] for gate in CONFIG["spec"]["featureGates"]]
    assert names == sorted(config.GATES)


def test_what_is_said_is_left_alone():
    said = {
        "scope": "Namespaced",
        "controllerDuration": {"availableDelay": "1s", "unavailableDelay": None},
        "featureGates": [{"name": "PushReconciler", "configuration": "Disabled"}],
    }
    made = config_faults.defaulted({"spec": said})
    assert made["controllerDuration"] == {"availableDelay": "1s", "unavailableDelay": "60s"}
    assert {"name": "PushReconciler", "configuration": "Disabled"} in made["featureGates"]
    assert config_faults.defaulted({"spec": made}) == made, "a second time changes nothing"
    strange = {"controllerDuration": "soon", "featureGates": ["x"]}
    assert config_faults.defaulted({"spec": strange}) | strange == config_faults.defaulted(
        {"spec": strange}
    ), "what cannot be meant is left for validation to refuse"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("spec.scope", None, "spec.scope: Required value"),
        ("spec.scope", "Galaxy", 'spec.scope: Unsupported value: "Galaxy"'),
        *(
            (f"spec.{path}", None, f"spec.{path}: Required value")
            for path in (
                "controllerDuration",
                "controllerDuration.availableDelay",
                "controllerDuration.unavailableDelay",
                "leaderElect",
                "leaderElect.leaseDuration",
                "leaderElect.renewDeadline",
                "leaderElect.retryPeriod",
                "leaderElect.resourceLock",
                "featureGates",
                "clusterHealthCheck",
                "clusterHealthCheck.period",
                "clusterHealthCheck.failureThreshold",
                "clusterHealthCheck.successThreshold",
                "clusterHealthCheck.timeout",
                "syncController",
                "syncController.adoptResources",
                "syncController.maxConcurrentReconciles",
                "statusController",
                "statusController.maxConcurrentReconciles",
            )
        ),
        *(
            (f"spec.{path}", value, f"spec.{path}: Invalid value: ")
            for path, value in (
                ("controllerDuration.availableDelay", "0s"),
                ("controllerDuration.unavailableDelay", "0s"),
                ("leaderElect.leaseDuration", "0s"),
                ("leaderElect.renewDeadline", "0s"),
                ("leaderElect.retryPeriod", "0s"),
                ("clusterHealthCheck.period", "0s"),
                ("clusterHealthCheck.timeout", "-1s"),
                ("clusterHealthCheck.failureThreshold", 0),
                ("clusterHealthCheck.successThreshold", -1),
                ("syncController.maxConcurrentReconciles", 0),
                ("statusController.maxConcurrentReconciles", 0),
            )
        ),
        (
            "spec.leaderElect",
            {"leaseDuration": "1ns", "renewDeadline": "2ns", "retryPeriod": "1ns",
             "resourceLock": "configmaps"},
            'spec.leaderElect.leaseDuration: Invalid value: "1ns": leaseDuration must be greater '
            "than renewDeadline",
        ),
        (
            "spec.leaderElect",
            {"leaseDuration": "15s", "renewDeadline": "12s", "retryPeriod": "10s",
             "resourceLock": "configmaps"},
            'spec.leaderElect.renewDeadline: Invalid value: "12s": renewDeadline must be greater '
            "than retryPeriod*JitterFactor(1.2)",
        ),
        (
            "spec.leaderElect.resourceLock",
            "NeitherConfigmapsOrEndpoints",
            'spec.leaderElect.resourceLock: Unsupported value: "NeitherConfigmapsOrEndpoints": '
            'supported values: "configmaps", "endpoints"',
        ),
        (
            "spec.featureGates",
            [{"name": "BadFeatureName", "configuration": "Enabled"}],
            'spec.featureGates.name: Unsupported value: "BadFeatureName"',
        ),
        (
            "spec.featureGates",
            [{"name": "PushReconciler", "configuration": "Perhaps"}],
            'spec.featureGates.configuration: Unsupported value: "Perhaps"',
        ),
        (
            "spec.featureGates",
            [{"name": "PushReconciler", "configuration": "Enabled"}] * 2,
            'spec.featureGates.name: Duplicate value: "PushReconciler"',
        ),
        ("spec.syncController.adoptResources", "Yes", "spec.syncController.adoptResources: Unsup"),
    ],
)  # fmt: skip
def test_a_fault_of_a_config_is_told_in_upstreams_words(path, value, message):
    told = config_faults.faults(changed(CONFIG, path, value))
    assert any(each.startswith(message) for each in told), told


def test_where_nothing_is_said_of_adoption_nothing_else_is_looked_at():
    wrong = changed(CONFIG, "spec.syncController", {"maxConcurrentReconciles": 0})
    assert config_faults.faults(wrong) == ["spec.syncController.adoptResources: Required value"]


def test_the_scope_stays():
    other = changed(CONFIG, "spec.scope", "Namespaced")
    assert config_faults.faults(other, CONFIG) == [
        'spec.scope: Invalid value: "Namespaced": field is immutable'
    ]
    assert config_faults.faults(CONFIG, CONFIG) == []


@pytest.mark.parametrize(
    ("field", "text"),
    [("proxyURL", "socks6://user:hunter2@h"), ("apiEndpoint", "https://user:hunter2@h:port")],
)
def test_a_password_in_an_address_is_not_shown(field, text):
    (told,) = clusters.faults(changed(CLUSTER, f"spec.{field}", text))
    assert "hunter2" not in told
    assert "user:…@h" in told
