"""Which node a pod goes to, and what is in use on each."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from decimal import Decimal

from kubefed_core.local.cloud import quantities
from kubefed_core.objects import Obj, dig, labels

Amounts = Mapping[str, Decimal]
BLOCKING = ("NoSchedule", "NoExecute")


class Ledger:
    """What pods have on which node; written when a pod is placed, not when that is seen."""

    def __init__(self) -> None:
        self._placed: dict[Hashable, tuple[str, Amounts]] = {}
        self._used: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(
            lambda: defaultdict(Decimal)
        )

    def place(self, pod: Hashable, node: str, amounts: Amounts) -> None:
        self.remove(pod)
        self._placed[pod] = (node, amounts)
        for name, amount in amounts.items():
            self._used[node][name] += amount

    def remove(self, pod: Hashable) -> bool:
        """Whether it was placed at all."""
        node, amounts = self._placed.pop(pod, ("", {}))
        for name, amount in amounts.items():
            self._used[node][name] -= amount
        return bool(node)

    def free(self, node: Obj) -> dict[str, Decimal]:
        """What the node has left; negative where it got smaller."""
        used = self._used[node["metadata"]["name"]]
        allocatable: Mapping[str, str] = dig(node, "status", "allocatable", default={})
        return {name: quantities.parse(text) - used[name] for name, text in allocatable.items()}


def requests(pod: Obj) -> dict[str, Decimal]:
    """What a pod needs of a node, itself counted as one of `pods`.

    The containers together, or the largest init container where that is more.
    """
    spec = pod["spec"]
    total: dict[str, Decimal] = {}
    for container in spec.get("containers", ()):
        for name, amount in _requested(container):
            total[name] = total.get(name, Decimal()) + amount
    for container in spec.get("initContainers") or ():
        for name, amount in _requested(container):
            total[name] = max(total.get(name, Decimal()), amount)
    return total | {"pods": Decimal(1)}


def choose(pod: Obj, nodes: Iterable[Obj], ledger: Ledger) -> tuple[str, str]:
    """The name of the node with most room, or an empty one and the reason."""
    needed = requests(pod)
    best: tuple[tuple[Decimal, ...], str] | None = None
    reasons: defaultdict[str, int] = defaultdict(int)
    for node in sorted(nodes, key=lambda node: str(node["metadata"]["name"])):
        free = ledger.free(node)
        reason = _unwanted(pod, node) or _lacking(needed, free)
        if reason:
            reasons[reason] += 1
            continue
        room = (free.get("pods", Decimal()), free.get("cpu", Decimal()))
        if best is None or room > best[0]:
            best = (room, node["metadata"]["name"])
    if best is not None:
        return best[1], ""
    why = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    return "", f"0/{sum(reasons.values())} nodes are available: {why or 'there is none'}."


def _requested(container: Obj) -> list[tuple[str, Decimal]]:
    asked: Mapping[str, str] = dig(container, "resources", "requests", default={})
    return [(name, quantities.parse(text)) for name, text in asked.items()]


def _lacking(needed: Amounts, free: Amounts) -> str:
    short = sorted(name for name, amount in needed.items() if amount > free.get(name, 0))
    return f"Insufficient {short[0]}" if short else ""


def _unwanted(pod: Obj, node: Obj) -> str:
    """Why this pod may not be on this node, room aside; empty where it may."""
    selector: Mapping[str, str] = dig(pod, "spec", "nodeSelector", default={})
    named = _named(pod)
    if not selector.items() <= labels(node).items() or (
        named is not None and node["metadata"]["name"] not in named
    ):
        return "node(s) didn't match Pod's node affinity/selector"
    tolerations = dig(pod, "spec", "tolerations", default=[])
    for taint in dig(node, "spec", "taints", default=[]):
        if taint["effect"] in BLOCKING and not any(_tolerates(t, taint) for t in tolerations):
            return f"node(s) had untolerated taint {{{taint['key']}}}"
    return ""


def _named(pod: Obj) -> Collection[str] | None:
    """The nodes that a DaemonSet's pod is bound for; None for any."""
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    terms = dig(pod, "spec", "affinity", "nodeAffinity", required, "nodeSelectorTerms", default=[])
    names = [
        name
        for term in terms
        for field in term.get("matchFields", ())
        if field["key"] == "metadata.name"
        for name in field["values"]
    ]
    return names or None


def _tolerates(toleration: Obj, taint: Obj) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return (toleration.get("key"), toleration.get("value", "")) == (
        taint["key"],
        taint.get("value", ""),
    )
