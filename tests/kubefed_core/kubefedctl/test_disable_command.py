"""Kinds are disabled, against a scripted API server."""

import pytest
from fake_api import NAMESPACE as NS
from serving import CONFIG, CRD, establish, serve


@pytest.fixture
def stopping(kubefedctl, host):
    """Deployments are enabled, and a control plane stops what is disabled."""
    serve(host)
    assert kubefedctl("enable", "deploy").status == 0
    host.put(
        CONFIG,
        **{n: v for n, v in host.objects[CONFIG].items() if n == "spec"},
        status={"propagationController": "Running"},
    )

    def after(path, obj):
        establish(path, obj)
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
    result = kubefedctl("disable", "deploy", "--dry-run", "--delete-crd")
    assert (result.status, result.out.splitlines()) == (
        0,
        [
            'customresourcedefinition "federateddeployments.types.kubefed.io" would be deleted',
            f'federatedtypeconfig "{NS}/deployments.apps" would be deleted',
        ],
    )
    assert host.writes == []


@pytest.mark.usefixtures("stopping")
def test_what_can_be_deleted_no_more_is_said(kubefedctl, host):
    objects = "/apis/types.kubefed.io/v1beta1/namespaces/shop/federateddeployments"
    host.put(f"{objects}/web", metadata={"finalizers": ["kubefed.io/sync-controller"]})
    host.put(f"{objects}/new")
    result = kubefedctl("disable", "deploy")
    assert result.status == 0
    assert "Warning: 1 objects of the kind FederatedDeployment are there" in result.err


@pytest.mark.usefixtures("stopping")
def test_a_type_can_be_disabled_that_the_host_serves_no_more(kubefedctl, host):
    host.objects["/apis/apps/v1"]["resources"] = []
    assert kubefedctl("disable", "deploy", "--delete-crd").status == 255
    assert kubefedctl("disable", "deployments", "--delete-crd").status == 0
    assert CONFIG not in host.objects


@pytest.mark.usefixtures("stopping")
def test_a_type_config_that_cannot_be_read_can_be_removed(kubefedctl, host):
    del host.objects[CONFIG]["spec"]["targetType"]["kind"]
    assert kubefedctl("disable", "deployments.apps").status == 0
    assert CONFIG not in host.objects


def test_disabling_what_is_not_enabled_is_fine(kubefedctl, host):
    serve(host)
    result = kubefedctl("disable", "deploy")
    assert result.status == 0
    assert result.out == f'FederatedTypeConfig "{NS}/deployments.apps" does not exist\n'
