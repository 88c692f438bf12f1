"""What a deletion shall leave in the clusters, against a scripted API server."""

import pytest
from serving import kind, serve

WEB = "/apis/types.kubefed.io/v1beta1/namespaces/shop/federatedconfigmaps/web"
WHICH = ("fcm", "web", "-n", "shop")


@pytest.fixture(autouse=True)
def there(host):
    serve(host)
    host.objects["/apis"]["groups"].append(
        {"name": "types.kubefed.io", "preferredVersion": {"version": "v1beta1"}}
    )
    federated = kind("FederatedConfigMap", "federatedconfigmaps", "fcm")
    host.put("/apis/types.kubefed.io/v1beta1", resources=[federated])
    host.put(WEB, metadata={"annotations": {"other": "x"}}, spec={})
    host.writes.clear()


def said(host):
    return host.objects[WEB]["metadata"]["annotations"]


def test_orphaning_is_enabled_and_disabled_without_a_word(kubefedctl, host):
    assert kubefedctl("orphaning-deletion", "status", *WHICH).out == "Disabled\n"
    for _ in range(2):
        result = kubefedctl("orphaning-deletion", "enable", *WHICH)
        assert (result.status, result.out, result.err) == (0, "", "")
    assert said(host) == {"other": "x", "kubefed.io/orphan": "true"}
    assert kubefedctl("orphaning-deletion", "status", *WHICH).out == "Enabled\n"
    for _ in range(2):
        result = kubefedctl("orphaning-deletion", "disable", *WHICH)
        assert (result.status, result.out, result.err) == (0, "", "")
    assert said(host) == {"other": "x"}
    assert len(host.writes) == 2


def test_another_value_means_nothing_and_stays(kubefedctl, host):
    said(host)["kubefed.io/orphan"] = "false"
    assert kubefedctl("orphaning-deletion", "status", *WHICH).out == "Disabled\n"
    assert kubefedctl("orphaning-deletion", "disable", *WHICH).status == 0
    assert said(host)["kubefed.io/orphan"] == "false"


def test_a_dry_run_changes_nothing(kubefedctl, host):
    assert kubefedctl("orphaning-deletion", "enable", *WHICH, "--dry-run").status == 0
    assert host.writes == []


def test_a_kind_that_is_not_federated_is_warned_of(kubefedctl, host):
    host.put("/apis/apps/v1/namespaces/shop/deployments/web")
    result = kubefedctl("orphaning-deletion", "status", "deploy", "web", "-n", "shop")
    assert (result.status, result.out) == (
        0,
        "Warning: deploy/v1 might not be a federated resource\nDisabled\n",
    )


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("enable",), "resource type is required: orphaning-deletion enable TYPE NAME"),
        (("status", "fcm"), "resource name is required: orphaning-deletion status TYPE NAME"),
        (("disable", "unknowns", "x"), 'Unable to find api resource named "unknowns"'),
        (("enable", "fcm", "no"), 'FederatedConfigMap "default/no" does not exist; give its names'),
    ],
)
def test_what_cannot_be_done_is_said(kubefedctl, host, args, says):
    result = kubefedctl("orphaning-deletion", *args)
    assert (result.status, host.writes) == (255, [])
    assert says in result.err


def test_an_unknown_word_is_a_usage_error(kubefedctl):
    assert kubefedctl("orphaning-deletion", "maybe", *WHICH).status == 2
