import pytest

from kubefed_core.api import clusters
from kubefed_core.api.clusters import Cluster, ClusterCondition, ClusterStatus
from kubefed_core.errors import Terminal
from kubefed_core.objects import Key

READY = ClusterCondition("Ready", "True", "ClusterReady", "ok", "t2", "t1")


def cluster(status=None, **spec):
    found = {
        "metadata": {"namespace": "kf", "name": "eu", "labels": {"tier": "gold"}},
        "spec": {"apiEndpoint": "https://eu.test", "secretRef": {"name": "s"}, **spec},
    }
    return found if status is None else {**found, "status": status}


def test_all_fields_are_read():
    assert clusters.parse(
        cluster(
            caBundle="Q0E=",
            proxyURL="http://proxy.test",
            disabledTLSValidations=["SubjectName"],
            region="eu-west",
            zones=["b", "a", "a"],
            status={"conditions": [], "region": "r"},
        )
    ) == Cluster(
        key=Key("kf", "eu"),
        api_endpoint="https://eu.test",
        secret_name="s",
        ca_bundle="Q0E=",
        proxy_url="http://proxy.test",
        disabled_tls_validations=frozenset({"SubjectName"}),
        region="eu-west",
        zones=("a", "b"),
        labels={"tier": "gold"},
        status=ClusterStatus(region="r"),
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"apiEndpoint": ""}, "spec.apiEndpoint: Required value"),
        ({"secretRef": {}}, "spec.secretRef.name: Required value"),
        ({"disabledTLSValidations": ["All"]}, "spec.disabledTLSValidations: Unsupported"),
        (
            {"disabledTLSValidations": ["SubjectName", "*"]},
            r"when \* is specified, it is expected to be the only option in list",
        ),
        ({"zones": "a"}, "spec.zones: Invalid value"),
    ],
)
def test_a_bad_field_is_named(spec, message):
    with pytest.raises(Terminal, match=message):
        clusters.parse(cluster(**spec))


def test_a_status_survives_being_written_and_read():
    status = ClusterStatus((READY,), "eu-west", ("a", "b"))
    assert clusters.parse_status({"status": clusters.dump_status(status)}) == status


def test_the_conditions_of_a_status_are_always_there():
    assert clusters.dump_status(ClusterStatus()) == {"conditions": []}


def test_a_status_is_read_as_far_as_it_can_be():
    mangled = {"conditions": [1, {"type": "Ready", "status": True}], "zones": "a", "region": 1}
    found = clusters.parse_status({"status": mangled})
    assert found == ClusterStatus((ClusterCondition("Ready", ""),))


def test_ready_and_offline_are_what_the_conditions_say():
    offline = ClusterCondition("Offline", "True")
    assert ClusterStatus((READY,)).ready
    assert not ClusterStatus((READY,)).offline
    assert not ClusterStatus((offline,)).ready
    assert ClusterStatus((offline,)).offline
    assert not ClusterStatus().ready


@pytest.mark.parametrize(
    ("reason", "spec", "status", "want"),
    [
        (
            "What the user says wins.",
            {"region": "s", "zones": ["z"]},
            {"region": "t"},
            ("s", ("z",)),
        ),
        ("Else what the status has.", {}, {"region": "t", "zones": ["y"]}, ("t", ("y",))),
        ("Each for itself.", {"region": "s"}, {"zones": ["y"]}, ("s", ("y",))),
        ("Nothing is known.", {}, None, ("", ())),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_location(reason, spec, status, want):
    assert clusters.location(cluster(status, **spec)) == want, reason
