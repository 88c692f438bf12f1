"""The status of both record kinds, in the shape that KubeFed gave it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from kubefed_core.api import conditions
from kubefed_core.api.conditions import Condition
from kubefed_core.api.loose import filled, objects, text, texts, whole
from kubefed_core.objects import dig, moment, timestamp


class Reason(StrEnum):
    """What has become of a cluster's targets."""

    PUBLISHED = "Published"
    NO_LOAD_BALANCER = "NoLoadBalancer"
    NO_READY_ENDPOINTS = "NoReadyEndpoints"
    NOT_FOUND = "NotFound"
    UNREACHABLE = "ClusterUnreachable"
    UNHEALTHY = "Unhealthy"
    DRAINED = "Drained"
    HELD = "Held"


@dataclass(frozen=True, order=True, slots=True)
class Address:
    """One of `loadBalancer.ingress`; sorted as upstream sorts, an empty ip first."""

    ip: str = ""
    hostname: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One cluster of `status.dns`.

    `ingress` is what is to be published, empty where the cluster is out.
    `since` is when the reason began to hold; of a cluster out of sight that is
    Held it is when it was lost, from which the unavailable delay counts.
    `hosts` are those of the member's Ingress, kept only where the record names none.
    `tiers` and `locations` are where the record's routing has the cluster: the
    numbers of its tiers, from 0, and the codes of whom it is for. `unhealthy`
    are the targets that fail their probes, or do not pass them for long enough.
    """

    cluster: str
    region: str = ""
    zones: tuple[str, ...] = ()
    ingress: tuple[Address, ...] = ()
    reason: str = ""
    message: str = ""
    since: datetime | None = None
    hosts: tuple[str, ...] = ()
    tiers: tuple[int, ...] = ()
    locations: tuple[str, ...] = ()
    unhealthy: tuple[str, ...] = ()

    def unwell(self, target: str) -> bool:
        """Whether its probes failed when this was written."""
        if self.reason == Reason.UNHEALTHY and not self.unhealthy:
            return True
        return target in self.unhealthy


@dataclass(frozen=True, slots=True)
class Summary:
    """What the printer columns show."""

    clusters: str = ""
    targets: str = ""


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """`domain` is that of the Domain when last looked at; entries are sorted by cluster."""

    domain: str = ""
    entries: tuple[Entry, ...] = ()
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()
    summary: Summary = Summary()

    def entry(self, cluster: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.cluster == cluster), None)


def parse(obj: Any) -> RecordStatus:
    """What is readable of a `status`; a mangled part is as if it had not been written."""
    if not isinstance(obj, Mapping):
        return RecordStatus()
    return RecordStatus(
        domain=text(obj.get("domain")),
        entries=tuple(sorted(_entries(obj.get("dns")), key=lambda entry: entry.cluster)),
        observed_generation=whole(obj.get("observedGeneration")),
        conditions=conditions.parse(obj.get("conditions")),
        summary=Summary(
            clusters=text(dig(obj, "summary", "clusters")),
            targets=text(dig(obj, "summary", "targets")),
        ),
    )


def dump(status: RecordStatus) -> dict[str, Any]:
    """Empty lists, maps and words are left out; `loadBalancer` of an entry is always there."""
    return filled(
        domain=status.domain,
        dns=[_dumped(entry) for entry in status.entries],
        observedGeneration=status.observed_generation,
        conditions=conditions.dump(status.conditions),
        summary=filled(clusters=status.summary.clusters, targets=status.summary.targets),
    )


def _dumped(entry: Entry) -> dict[str, Any]:
    ingress = [filled(ip=each.ip, hostname=each.hostname) for each in entry.ingress]
    return filled(
        cluster=entry.cluster,
        zones=list(entry.zones),
        region=entry.region,
        hosts=list(entry.hosts),
        tiers=list(entry.tiers),
        locations=list(entry.locations),
        unhealthy=list(entry.unhealthy),
        reason=str(entry.reason),
        message=entry.message,
        since=timestamp(entry.since) if entry.since else "",
    ) | {"loadBalancer": filled(ingress=ingress)}


def _entries(items: Any) -> Iterable[Entry]:
    for item in objects(items):
        if text(item.get("cluster")):
            yield Entry(
                cluster=item["cluster"],
                region=text(item.get("region")),
                zones=texts(item.get("zones")),
                ingress=addresses(dig(item, "loadBalancer", "ingress")),
                reason=text(item.get("reason")),
                message=text(item.get("message")),
                since=_moment(item.get("since")),
                hosts=texts(item.get("hosts")),
                tiers=_numbers(item.get("tiers")),
                locations=texts(item.get("locations")),
                unhealthy=texts(item.get("unhealthy")),
            )


def addresses(items: Any) -> tuple[Address, ...]:
    """The `ip` and `hostname` of a load balancer's ingress, sorted, and nothing else of it.

    Newer fields (`ipMode`, `ports`) are left out: what they add would look like
    a change whenever a schema prunes them.
    """
    found = {Address(text(item.get("ip")), text(item.get("hostname"))) for item in objects(items)}
    return tuple(sorted(found - {Address()}))


def _numbers(value: Any) -> tuple[int, ...]:
    return tuple(each for each in value if isinstance(each, int)) if isinstance(value, list) else ()


def _moment(value: Any) -> datetime | None:
    try:
        return moment(text(value))
    except ValueError:
        return None
