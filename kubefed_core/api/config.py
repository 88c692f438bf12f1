"""KubeFedConfig: the settings of the control plane, with their defaults."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from kubefed_core.api.checks import Check
from kubefed_core.api.fields import Fields
from kubefed_core.objects import Obj

NAME = "kubefed"
GATES: Mapping[str, bool] = {
    "CrossClusterServiceDiscovery": True,
    "FederatedIngress": True,
    "PushReconciler": True,
    "RawResourceStatusCollection": False,
    "SchedulerPreferences": True,
}
"""What can be switched, and whether it is on where nothing is said."""
LOCKS = ("configmaps", "endpoints", "leases")
"""What may be said to be locked; it is a Lease, whichever is said."""
SWITCH = ("Disabled", "Enabled")

_JITTER = 1.2


class Scope(StrEnum):
    CLUSTER = "Cluster"
    NAMESPACED = "Namespaced"


@dataclass(frozen=True, slots=True)
class LeaderElect:
    """All in seconds."""

    lease_duration: float = 15.0
    renew_deadline: float = 10.0
    retry_period: float = 5.0


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Seconds, and how many answers in a row it takes to change one's mind."""

    period: float = 10.0
    timeout: float = 3.0
    failures: int = 3
    successes: int = 1


@dataclass(frozen=True, slots=True)
class Dns:
    """`withdraw_timeout` is in seconds; None: the record's TTL and 30 s, at most 10 minutes."""

    only_managed: bool = False
    withdraw_timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """Delays are in seconds."""

    scope: Scope = Scope.CLUSTER
    available_delay: float = 20.0
    unavailable_delay: float = 60.0
    leader_elect: LeaderElect = LeaderElect()
    health: HealthCheck = HealthCheck()
    gates: Mapping[str, bool] = field(default_factory=lambda: GATES)
    sync_workers: int = 1
    adopt_resources: bool = True
    status_workers: int = 1
    dns: Dns = Dns()

    @property
    def pushes(self) -> bool:
        """Whether anything is propagated at all."""
        return self.gates.get("PushReconciler", True)

    @property
    def schedules(self) -> bool:
        """Whether replicas are shared out, which rests on propagation."""
        return self.pushes and self.gates.get("SchedulerPreferences", True)


def parse(obj: Obj | None) -> Config:
    """The settings; all defaults where there is no object.

    Raises Terminal, naming the field, in upstream's words.
    """
    if obj is None:
        return Config()
    spec = Fields(obj).at("spec")
    delays, sync = spec.at("controllerDuration"), spec.at("syncController")
    adopt = sync.choice("adoptResources", *SWITCH, default="Enabled")
    return Config(
        scope=spec.one_of("scope", Scope),
        available_delay=delays.seconds("availableDelay", default=20.0),
        unavailable_delay=delays.seconds("unavailableDelay", default=60.0),
        leader_elect=_leader_elect(spec.at("leaderElect")),
        health=_health(spec.at("clusterHealthCheck")),
        gates=_gates(spec),
        sync_workers=sync.count("maxConcurrentReconciles", default=1),
        adopt_resources=adopt == "Enabled",
        status_workers=spec.at("statusController").count("maxConcurrentReconciles", default=1),
        dns=_dns(spec.at("dns")),
    )


def lease_checks(elect: Fields) -> Iterator[Check]:
    """How the times of `leaderElect` must stand to each other."""
    yield partial(_check_lease, elect)
    yield partial(_check_renewal, elect)


def gate_checks(spec: Fields) -> Iterator[Check]:
    """Each of `featureGates` on its own; a gate that is said again is looked at no further."""
    seen: set[str] = set()
    for item in spec.items("featureGates"):
        gate = Fields(item, spec.where("featureGates"))
        if gate.obj.get("name") in seen:
            yield partial(_repeat, gate)
            continue
        seen.add(str(gate.obj.get("name")))
        yield partial(gate.choice, "name", *sorted(GATES))
        yield partial(gate.choice, "configuration", *SWITCH)


def _check_lease(elect: Fields) -> None:
    if _times(elect).lease_duration <= _times(elect).renew_deadline:
        raise elect.wrong("leaseDuration", "leaseDuration must be greater than renewDeadline")


def _check_renewal(elect: Fields) -> None:
    if _times(elect).renew_deadline <= _JITTER * _times(elect).retry_period:
        why = "renewDeadline must be greater than retryPeriod*JitterFactor(1.2)"
        raise elect.wrong("renewDeadline", why)


def _times(elect: Fields) -> LeaderElect:
    return LeaderElect(
        lease_duration=elect.seconds("leaseDuration", default=15.0),
        renew_deadline=elect.seconds("renewDeadline", default=10.0),
        retry_period=elect.seconds("retryPeriod", default=5.0),
    )


def _repeat(gate: Fields) -> None:
    raise gate.refused("name", f'Duplicate value: "{gate.obj["name"]}"')


def _leader_elect(elect: Fields) -> LeaderElect:
    elect.choice("resourceLock", *LOCKS, default="leases")
    for check in lease_checks(elect):
        check()
    return _times(elect)


def _health(fields: Fields) -> HealthCheck:
    return HealthCheck(
        period=fields.seconds("period", default=10.0),
        timeout=fields.seconds("timeout", default=3.0),
        failures=fields.count("failureThreshold", default=3),
        successes=fields.count("successThreshold", default=1),
    )


def _gates(spec: Fields) -> Mapping[str, bool]:
    for check in gate_checks(spec):
        check()
    said = {each.text("name"): each.text("configuration") for each in spec.each("featureGates")}
    return {**GATES, **{name: word == "Enabled" for name, word in said.items()}}


def _dns(fields: Fields) -> Dns:
    timeout = fields.seconds("withdrawTimeout", default=0.0)
    return Dns(only_managed=fields.flag("onlyManaged"), withdraw_timeout=timeout or None)
