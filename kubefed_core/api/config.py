"""KubeFedConfig: the settings of the control plane, with their defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kubefed_core.api.fields import Fields
from kubefed_core.errors import Terminal
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
    adopt = sync.choice("adoptResources", "Disabled", "Enabled", default="Enabled")
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


def _leader_elect(fields: Fields) -> LeaderElect:
    fields.choice("resourceLock", "configmaps", "endpoints", "leases", default="leases")
    found = LeaderElect(
        lease_duration=fields.seconds("leaseDuration", default=15.0),
        renew_deadline=fields.seconds("renewDeadline", default=10.0),
        retry_period=fields.seconds("retryPeriod", default=5.0),
    )
    if found.lease_duration <= found.renew_deadline:
        raise fields.wrong("leaseDuration", "leaseDuration must be greater than renewDeadline")
    if found.renew_deadline <= _JITTER * found.retry_period:
        why = "renewDeadline must be greater than retryPeriod*JitterFactor(1.2)"
        raise fields.wrong("renewDeadline", why)
    return found


def _health(fields: Fields) -> HealthCheck:
    return HealthCheck(
        period=fields.seconds("period", default=10.0),
        timeout=fields.seconds("timeout", default=3.0),
        failures=fields.count("failureThreshold", default=3),
        successes=fields.count("successThreshold", default=1),
    )


def _gates(spec: Fields) -> Mapping[str, bool]:
    said: dict[str, bool] = {}
    for item in spec.each("featureGates"):
        name = item.choice("name", *sorted(GATES))
        if name in said:
            raise Terminal(f'{spec.where("featureGates")}.name: Duplicate value: "{name}"')
        said[name] = item.choice("configuration", "Disabled", "Enabled") == "Enabled"
    return {**GATES, **said}


def _dns(fields: Fields) -> Dns:
    timeout = fields.seconds("withdrawTimeout", default=0.0)
    return Dns(only_managed=fields.flag("onlyManaged"), withdraw_timeout=timeout or None)
