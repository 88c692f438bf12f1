"""The types that are enabled on a host."""

from collections.abc import Mapping

from kubefed_core.api import types
from kubefed_core.api.types import TypeConfig
from kubefed_core.errors import NotFound, Terminal
from kubefed_core.kubefedctl import discovery
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.steps import Report
from kubefed_core.resources import TYPE_CONFIGS


def read(host: Api, namespace: str) -> Mapping[str, TypeConfig]:
    """By name; what the control plane could not read either is left out.

    Raises Terminal where the host has no control plane's kinds.
    """
    try:
        listed = host.list(TYPE_CONFIGS, namespace=namespace)
    except NotFound as error:
        raise Terminal(
            f"{host.label} does not know the kind {TYPE_CONFIGS.kind}. Is a KubeFed control plane "
            "running there? Apply its manifests first, or give --host-cluster-context"
        ) from error
    found = {}
    for obj in listed:
        try:
            found[str(obj["metadata"]["name"])] = types.parse(obj)
        except Terminal:
            continue
    return found


def called(host: Api, configs: Mapping[str, TypeConfig], word: str) -> TypeConfig:
    """The type of that name, given with or without its group, or by a kind or short name.

    Raises Terminal where there is none or more than one.
    """
    matching = [each for each in configs.values() if word.lower() in _names(each)]
    if not matching:
        # Only the host knows short names.
        name = str(discovery.find(host, word, report=Report()).resource)
        matching = [each for each in configs.values() if name in _names(each)]
    if not matching:
        raise Terminal(f'"{word}" is no enabled type; kubefedctl enable {word} enables it')
    if len(matching) > 1:
        listed = ", ".join(each.name for each in matching)
        raise Terminal(f'"{word}" may be {listed}; give the name with its group')
    return matching[0]


def _names(config: TypeConfig) -> set[str]:
    both = (config.target, config.federated)
    words = {name for each in both for name in (each.plural, each.kind.lower(), str(each))}
    return words | {config.name}
