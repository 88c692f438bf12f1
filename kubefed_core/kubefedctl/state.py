"""One federated object in every cluster: what is wanted, what is there, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubefed_core.api import federated as api
from kubefed_core.api import policy, propagated, taints
from kubefed_core.api.federated import Status
from kubefed_core.api.types import NAMESPACES as SPACES
from kubefed_core.api.types import TypeConfig
from kubefed_core.decide import placement, versions
from kubefed_core.decide.placement import Candidate, Placed
from kubefed_core.errors import ApiError, NotFound
from kubefed_core.kubefedctl import preflight, rights
from kubefed_core.kubefedctl.access import Api
from kubefed_core.objects import Key, Obj, deleting, dig, generation, key_of, labels, uid
from kubefed_core.resources import CLUSTERS, CONFIGS, EVENTS, NAMESPACES, PLACEMENT_POLICIES

WARNINGS = 5
"""How many of an object's warnings are shown."""


@dataclass(frozen=True, slots=True)
class InCluster:
    """`status` is as in the object's status, None where that does not speak of the cluster."""

    cluster: str
    wanted: bool
    status: str | None = None
    ready: str = ""
    version: str = ""
    remote: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class State:
    """`looked_at` where the status is of the present spec; `problem` is that of the placement."""

    obj: Obj
    status: Status
    looked_at: bool
    clusters: tuple[InCluster, ...]
    problem: str = ""


def of(host: Api, obj: Obj, config: TypeConfig, configs: Mapping[str, TypeConfig], *,
       namespace: str) -> State:  # fmt: skip
    """Read from the host alone; raises Terminal where the placement cannot be meant so."""
    key = key_of(obj)
    resource = propagated.kind_for(config.federated)
    recorded = host.get(
        resource, Key(key.namespace, versions.name_for(config.target.kind, key.name))
    )
    known = propagated.parse(recorded or {}).clusters
    status = api.status(obj)
    entries = {each.name: each for each in status.clusters}
    placed, names = Placed(), set(entries)
    if not deleting(obj):
        placed = _placed(host, obj, config, configs, namespace=namespace, present=frozenset(known))
        names |= {*placed.clusters, *known}
    lines = []
    for name in sorted(names):
        entry = entries.get(name)
        lines.append(
            InCluster(
                cluster=name,
                wanted=name in placed.clusters,
                status=entry.status if entry else None,
                ready=entry.ready if entry else "",
                version=known.get(name, ""),
                remote=entry.remote if entry else None,
            )
        )
    return State(obj, status, looked_at(obj, status), tuple(lines), placed.message)


def looked_at(obj: Obj, status: Status) -> bool:
    return status.observed_generation >= generation(obj)


def warnings(host: Api, obj: Obj) -> Sequence[str]:
    """The latest, newest first, each with its reason; none where they cannot be read."""
    namespace = key_of(obj).namespace or "default"
    selector = f"involvedObject.uid={uid(obj)},type=Warning"
    try:
        found = host.list(EVENTS, namespace=namespace, fields=selector)
    except ApiError:
        return ()
    latest = sorted(found, key=_when, reverse=True)
    texts = (f"{dig(each, 'reason', default='')}: {dig(each, 'message', default='')}"
             for each in latest)  # fmt: skip
    return tuple(dict.fromkeys(texts))[:WARNINGS]


def _when(event: Obj) -> str:
    for field in ("lastTimestamp", "eventTime", "firstTimestamp"):
        if said := dig(event, field):
            return str(said)
    return ""


def _placed(
    host: Api,
    obj: Obj,
    config: TypeConfig,
    configs: Mapping[str, TypeConfig],
    *,
    namespace: str,
    present: frozenset[str],
) -> Placed:
    """Where it goes, as the control plane works it out."""
    candidates = {
        str(each["metadata"]["name"]): Candidate(
            labels=labels(each),
            taints=taints.parse_taints(each),
            present=each["metadata"]["name"] in present,
        )
        for each in host.list(CLUSTERS, namespace=namespace)
    }
    policies = _policies(host)

    def place(what: Obj, kind: TypeConfig, within: frozenset[str] | None) -> Placed:
        where = key_of(what).namespace
        around = host.get(NAMESPACES, Key("", where)) if where and policies else None
        given = labels(around or {}) if where else None
        concerned = [each for each in policies if each.concerns(kind.target, given)]
        return placement.place(api.placement(what), candidates, policies=concerned, within=within)

    within = None
    spaces = configs.get(SPACES)
    if config.namespaced:
        where = key_of(obj).namespace
        around = host.get(spaces.federated, Key(where, where)) if spaces else None
        if around is not None and spaces is not None:
            within = place(around, spaces, None).clusters
        elif not is_limited(host, namespace):
            within = frozenset()
    return place(obj, config, within)


def _policies(host: Api) -> Sequence[policy.Policy]:
    try:
        found = [policy.parse(each) for each in host.list(PLACEMENT_POLICIES)]
    except NotFound:
        return ()
    return sorted(found, key=lambda each: each.name)


def is_limited(host: Api, namespace: str) -> bool:
    """Whether the control plane's scope is its own namespace."""
    config = host.get(CONFIGS, Key(namespace, preflight.CONFIG))
    scope: str = dig(config or {}, "spec", "scope", default="")
    return scope == rights.NAMESPACED_SCOPE
