"""deploy/types is what `kubefedctl enable` would make; tests/e2e compares both on a real host."""

import pytest
import yaml

from kubefed_core.api import types
from kubefed_core.api.types import TypeConfig
from kubefed_core.kubefedctl import builtin

WANTED = {
    *("namespaces", "configmaps", "secrets", "serviceaccounts", "services", "limitranges"),
    *("persistentvolumeclaims", "resourcequotas", "deployments.apps", "replicasets.apps"),
    *("statefulsets.apps", "daemonsets.apps", "jobs.batch", "cronjobs.batch"),
    *("ingresses.networking.k8s.io", "networkpolicies.networking.k8s.io"),
    *("horizontalpodautoscalers.autoscaling", "poddisruptionbudgets.policy"),
    "customresourcedefinitions.apiextensions.k8s.io",
}
RIGHTS = {
    f"{plural}.rbac.authorization.k8s.io"
    for plural in ("roles", "rolebindings", "clusterroles", "clusterrolebindings")
}


def test_the_directory_holds_what_the_generator_makes_and_nothing_else():
    made = dict(builtin.files())
    there = {
        str(path.relative_to(builtin.DIRECTORY)): path.read_text()
        for path in builtin.DIRECTORY.rglob("*")
        if path.is_file()
    }
    assert there == made, "run: python -m kubefed_core.kubefedctl.builtin"


@pytest.mark.parametrize(
    ("reason", "directory", "want"),
    [
        ("What most people use.", "", WANTED),
        ("Rights are not among it, and are asked for.", "rights/", RIGHTS),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_each_set_has_these_types(reason, directory, want):
    listed = yaml.safe_load((builtin.DIRECTORY / directory / "kustomization.yaml").read_text())
    configs: list[TypeConfig] = []
    for name in listed["resources"]:
        text = (builtin.DIRECTORY / directory / name).read_text()
        config, crd = yaml.safe_load_all(text)
        configs.append(types.parse(config))
        assert crd["metadata"]["name"] == str(configs[-1].federated)
    assert {config.name for config in configs} == want, reason
    assert all(config.propagated and not config.collected for config in configs)
