import pytest

from kubefed_core.api import config
from kubefed_core.api.config import Config, Dns, HealthCheck, LeaderElect
from kubefed_core.errors import Terminal


def parse(**spec):
    return config.parse({"spec": {"scope": "Cluster", **spec}})


def test_without_an_object_everything_has_its_default():
    assert config.parse(None) == Config() == parse()
    assert Config().gates["RawResourceStatusCollection"] is False
    assert Config().unavailable_delay == 60.0


def test_all_fields_are_read():
    found = config.parse(
        {
            "spec": {
                "scope": "Namespaced",
                "controllerDuration": {"availableDelay": "1m", "unavailableDelay": "1m30s"},
                "leaderElect": {
                    "leaseDuration": "1500ms",
                    "renewDeadline": "1s",
                    "retryPeriod": "500ms",
                    "resourceLock": "configmaps",
                },
                "featureGates": [{"name": "PushReconciler", "configuration": "Disabled"}],
                "clusterHealthCheck": {
                    "period": "5s",
                    "timeout": "1s",
                    "failureThreshold": 2,
                    "successThreshold": 4,
                },
                "syncController": {"maxConcurrentReconciles": 8, "adoptResources": "Disabled"},
                "statusController": {"maxConcurrentReconciles": 3},
                "dns": {"onlyManaged": True, "withdrawTimeout": "2m"},
            }
        }
    )
    assert found == Config(
        scope=config.Scope.NAMESPACED,
        available_delay=60.0,
        unavailable_delay=90.0,
        leader_elect=LeaderElect(1.5, 1.0, 0.5),
        health=HealthCheck(5.0, 1.0, 2, 4),
        gates={**config.GATES, "PushReconciler": False},
        sync_workers=8,
        adopt_resources=False,
        status_workers=3,
        dns=Dns(only_managed=True, withdraw_timeout=120.0),
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"scope": None}, "spec.scope: Required value"),
        ({"scope": "World"}, 'spec.scope: Unsupported value: "World"'),
        (
            {"controllerDuration": {"unavailableDelay": "0s"}},
            'spec.controllerDuration.unavailableDelay: Invalid value: "0s": should be greater',
        ),
        ({"controllerDuration": {"availableDelay": 20}}, "availableDelay: Invalid value: 20"),
        (
            {"leaderElect": {"leaseDuration": "1ns", "renewDeadline": "2ns"}},
            "leaseDuration must be greater than renewDeadline",
        ),
        (
            {"leaderElect": {"renewDeadline": "12s", "retryPeriod": "10s"}},
            r"renewDeadline must be greater than retryPeriod\*JitterFactor\(1.2\)",
        ),
        (
            {"leaderElect": {"resourceLock": "neither"}},
            "spec.leaderElect.resourceLock: Unsupported",
        ),
        (
            {"clusterHealthCheck": {"failureThreshold": 0}},
            "spec.clusterHealthCheck.failureThreshold: Invalid value: 0: should be greater than 0",
        ),
        (
            {"featureGates": [{"name": "BadFeatureName", "configuration": "Enabled"}]},
            r'spec.featureGates.name: Unsupported value: "BadFeatureName"',
        ),
        (
            {"featureGates": [{"name": "PushReconciler", "configuration": "Maybe"}]},
            r'spec.featureGates.configuration: Unsupported value: "Maybe"',
        ),
        (
            {"featureGates": [{"name": "PushReconciler", "configuration": "Enabled"}] * 2},
            'spec.featureGates.name: Duplicate value: "PushReconciler"',
        ),
        ({"syncController": {"adoptResources": "Yes"}}, "spec.syncController.adoptResources: Uns"),
        ({"dns": {"withdrawTimeout": "-1s"}}, "spec.dns.withdrawTimeout: Invalid value"),
        ({"dns": {"onlyManaged": "yes"}}, "spec.dns.onlyManaged: Invalid value"),
    ],
)
def test_a_bad_field_is_named(spec, message):
    with pytest.raises(Terminal, match=message):
        parse(**spec)
