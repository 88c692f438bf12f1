"""What admission asks of a KubeFedConfig, and what it fills in: upstream's rules and words.

The controllers go on with a default where something is not said; these rules want it said.
"""

import copy
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from kubefed_core.api import checks
from kubefed_core.api.checks import Check
from kubefed_core.api.config import GATES, LOCKS, SWITCH, Scope, gate_checks, lease_checks
from kubefed_core.api.fields import Fields
from kubefed_core.objects import Obj, dig

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "controllerDuration": {"availableDelay": "20s", "unavailableDelay": "60s"},
    "leaderElect": {
        "leaseDuration": "15s",
        "renewDeadline": "10s",
        "retryPeriod": "5s",
        "resourceLock": "configmaps",
    },
    "clusterHealthCheck": {
        "period": "10s",
        "failureThreshold": 3,
        "successThreshold": 1,
        "timeout": "3s",
    },
    "syncController": {"maxConcurrentReconciles": 1, "adoptResources": "Enabled"},
    "statusController": {"maxConcurrentReconciles": 1},
}


def faults(obj: Obj, old: Obj | None = None) -> list[str]:
    """All that is wrong with the spec; `old` is the object that it is to replace."""
    spec = Fields(obj).at("spec")
    return checks.faults([*_scope(spec, old), *_sections(spec)])


def defaulted(obj: Obj) -> dict[str, Any]:
    """The spec with all that is not said, but the scope, which nobody can know."""
    spec: dict[str, Any] = copy.deepcopy(dict(dig(obj, "spec", default={})))
    for section, values in DEFAULTS.items():
        said = spec.get(section)
        if said is None or isinstance(said, Mapping):
            given = {name: value for name, value in (said or {}).items() if value is not None}
            spec[section] = {**values, **given}
    gates = spec.get("featureGates")
    if gates is None or _are_gates(gates):
        spec["featureGates"] = _filled(gates or [])
    return spec


def _are_gates(gates: Any) -> bool:
    return isinstance(gates, list) and all(
        isinstance(each, Mapping) and isinstance(each.get("name"), str) for each in gates
    )


def _filled(gates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    there = {each["name"] for each in gates}
    missing = [
        {"name": name, "configuration": "Enabled" if on else "Disabled"}
        for name, on in GATES.items()
        if name not in there
    ]
    return sorted([*gates, *missing], key=lambda each: str(each["name"]))


def _scope(spec: Fields, old: Obj | None) -> Iterator[Check]:
    yield partial(spec.choice, "scope", *Scope)
    if old is not None:
        yield partial(_check_same_scope, spec, dig(old, "spec", "scope", default=""))


def _check_same_scope(spec: Fields, before: str) -> None:
    if spec.text("scope") != before:
        raise spec.wrong("scope", "field is immutable")


def _sections(spec: Fields) -> Iterator[Check]:
    yield from _section(spec, "controllerDuration", times=("availableDelay", "unavailableDelay"))
    yield from _section(
        spec, "leaderElect", times=("leaseDuration", "renewDeadline", "retryPeriod")
    )
    if "leaderElect" in spec:
        elect = spec.at("leaderElect")
        yield from lease_checks(elect)
        yield partial(elect.choice, "resourceLock", *LOCKS)
    yield from gate_checks(spec) if "featureGates" in spec else _missing(spec, "featureGates")
    yield from _section(
        spec,
        "clusterHealthCheck",
        times=("period", "timeout"),
        counts=("failureThreshold", "successThreshold"),
    )
    yield from _sync(spec)
    yield from _section(spec, "statusController", counts=("maxConcurrentReconciles",))


def _section(
    spec: Fields, name: str, *, times: tuple[str, ...] = (), counts: tuple[str, ...] = ()
) -> Iterator[Check]:
    if name not in spec:
        yield from _missing(spec, name)
        return
    fields = spec.at(name)
    for each in times:
        yield partial(_check_time, fields, each)
    for each in counts:
        yield partial(_check_count, fields, each)


def _sync(spec: Fields) -> Iterator[Check]:
    """Where it is not said whether to adopt, nothing else of it is looked at, as upstream."""
    sync = spec.at("syncController")
    if "syncController" in spec and "adoptResources" not in sync:
        yield from _missing(sync, "adoptResources")
        return
    yield from _section(spec, "syncController", counts=("maxConcurrentReconciles",))
    if "syncController" in spec:
        yield partial(sync.choice, "adoptResources", *SWITCH)


def _missing(fields: Fields, name: str) -> Iterator[Check]:
    yield partial(_miss, fields, name)


def _miss(fields: Fields, name: str) -> None:
    raise fields.missing(name)


def _check_time(fields: Fields, name: str) -> None:
    fields.text(name, required=True)
    fields.seconds(name, default=0.0)


def _check_count(fields: Fields, name: str) -> None:
    if name not in fields:
        raise fields.missing(name)
    fields.count(name, default=1)
