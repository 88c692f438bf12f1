"""Which clusters an object goes to, and why not to others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kubefed_core.api import taints
from kubefed_core.api.federated import Placement
from kubefed_core.api.policy import Policy
from kubefed_core.api.taints import Taint


@dataclass(frozen=True, slots=True)
class Candidate:
    """A joined cluster; `present` where the object is there already."""

    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    present: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """`reason` and `message` are for the condition `Placement`, empty where all is as wished."""

    clusters: frozenset[str] = frozenset()
    reason: str = ""
    message: str = ""


def choose(placement: Placement, clusters: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
    """Choose among the joined clusters, given by name with their labels.

    An explicit list wins over a selector even when it is empty.
    """
    if placement.clusters is not None:
        return placement.clusters & clusters.keys()
    if placement.selector is None:
        return frozenset()
    matches = placement.selector.matches
    return frozenset(name for name, labels in clusters.items() if matches(labels))


def place(
    placement: Placement,
    candidates: Mapping[str, Candidate],
    *,
    policies: Iterable[Policy] = (),
    within: frozenset[str] | None = None,
) -> Placed:
    """What is chosen, less what policies and taints forbid.

    `policies` are those that are about the object; each must admit a cluster.
    `within` is where the object's namespace goes, None where that is no limit.
    """
    rules = tuple(policies)
    chosen = choose(placement, {name: each.labels for name, each in candidates.items()})
    if within is not None:
        chosen &= within
    restricted, tainted = {}, {}
    for name in sorted(chosen):
        each = candidates[name]
        if policy := next((rule for rule in rules if not rule.admits(each.labels)), None):
            restricted[name] = policy.name
        elif taint := taints.untolerated(each.taints, placement.tolerations, present=each.present):
            tainted[name] = str(taint)
    unknown = sorted((placement.clusters or frozenset()) - candidates.keys())
    reason, message = _explained(unknown, restricted, tainted)
    return Placed(chosen - restricted.keys() - tainted.keys(), reason, message)


def _explained(
    unknown: list[str], restricted: Mapping[str, str], tainted: Mapping[str, str]
) -> tuple[str, str]:
    """The reason of the gravest kind, and all that is to be said."""
    said = []
    if unknown:
        said.append(("UnknownCluster", f"not joined: {', '.join(unknown)}"))
    if restricted:
        named = ", ".join(f"{name} (by {policy})" for name, policy in restricted.items())
        said.append(("RestrictedByPolicy", f"not allowed: {named}"))
    if tainted:
        named = ", ".join(f"{name} ({taint})" for name, taint in tainted.items())
        said.append(("Tainted", f"taints are not tolerated: {named}"))
    return (said[0][0] if said else ""), "; ".join(text for _, text in said)
