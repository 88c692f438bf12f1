"""ClusterPlacementPolicy: which namespaces and kinds may reach which clusters."""

from collections.abc import Mapping
from dataclasses import dataclass

from kubefed_core.api import selectors
from kubefed_core.api.fields import Fields
from kubefed_core.api.selectors import Selector
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, dig
from kubefed_core.resources import Resource


@dataclass(frozen=True, slots=True)
class Policy:
    """Without a namespace selector it is about every object, without kinds about every kind.

    `clusters` None lets nothing through.
    """

    name: str
    namespaces: Selector | None = None
    kinds: frozenset[str] = frozenset()
    clusters: Selector | None = None

    def concerns(self, target: Resource, namespace: Mapping[str, str] | None) -> bool:
        """Whether it is about a kind, in a namespace of these labels; None: in no namespace."""
        if self.kinds and not self.kinds & {target.kind, str(target), target.plural}:
            return False
        if self.namespaces is None:
            return True
        return namespace is not None and self.namespaces.matches(namespace)

    def admits(self, cluster: Mapping[str, str]) -> bool:
        return self.clusters is not None and self.clusters.matches(cluster)


def parse(obj: Obj) -> Policy:
    """A policy that cannot be read lets nothing through that it may be about."""
    try:
        return read(obj)
    except Terminal:
        return Policy(obj["metadata"]["name"])


def read(obj: Obj) -> Policy:
    """Raises Terminal, naming the field, where it cannot be meant so."""
    spec = Fields(obj).at("spec")
    return Policy(
        name=dig(obj, "metadata", "name", default=""),
        namespaces=_selector(spec, "namespaceSelector"),
        kinds=frozenset(spec.texts("kinds")),
        clusters=_selector(spec, "clusterSelector"),
    )


def _selector(spec: Fields, name: str) -> Selector | None:
    return selectors.parse(spec.obj.get(name), spec.where(name))
