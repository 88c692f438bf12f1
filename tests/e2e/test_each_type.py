"""The built-in types on a real API server: they apply, and are what `kubefedctl enable` makes."""

import pytest
import yaml
from apiserver import Kubectl
from hub import program

from kubefed_core.kubefedctl import builtin

SETS = {"types": builtin.BUILT_IN, "types/rights": builtin.RIGHTS}


@pytest.fixture(scope="module")
def kubectl(bare_host: Kubectl) -> Kubectl:
    bare_host("apply", "-k", "crds")
    bare_host("wait", "--for=condition=Established", "--timeout=30s", "-f", "crds")
    bare_host("apply", "-f", "deploy/namespace.yaml")
    return bare_host


@pytest.mark.parametrize("directory", SETS)
def test_they_apply_and_are_established(kubectl: Kubectl, directory: str) -> None:
    assert "Warning" not in kubectl("apply", "-k", f"deploy/{directory}")
    for each in SETS[directory]:
        crd = f"crd/federated{each.resource.plural}.types.kubefed.io"
        kubectl("wait", "--for=condition=Established", "--timeout=30s", crd)


@pytest.mark.parametrize(
    ("directory", "name"),
    [(key, str(each.resource)) for key, kinds in SETS.items() for each in kinds],
)
def test_enable_would_make_the_same(kubectl: Kubectl, directory: str, name: str) -> None:
    shown = program(
        "kubefedctl", "enable", name, "-o", "yaml", f"--kubeconfig={kubectl.kubeconfig}"
    )
    made = [each for each in yaml.safe_load_all(shown) if each is not None]
    path = builtin.DIRECTORY.parent / directory / f"{name.partition('.')[0]}.yaml"
    assert made == list(yaml.safe_load_all(path.read_text()))
