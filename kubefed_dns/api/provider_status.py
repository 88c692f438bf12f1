"""The status of a DNSProvider: what it serves and what went wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubefed_core.api import conditions
from kubefed_core.api.conditions import Condition
from kubefed_core.api.loose import filled, objects, text, texts, whole
from kubefed_core.objects import dig


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What the brake holds in a zone; `names` may be only the first of `count`."""

    names: tuple[str, ...] = ()
    count: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class ZoneStatus:
    """`records` counts all, `owned` ours, `pending` names; `last_sync` as it stands.

    `last_error` is what goes wrong at present.
    """

    name: str
    id: str = ""
    records: int = 0
    owned: int = 0
    pending: int = 0
    marker: str = ""
    last_sync: str = ""
    last_error: str = ""
    held: HeldBack = field(default_factory=HeldBack)


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """The fields of `summary` are what the printer columns show; `held` counts names.

    `capabilities` are words: what it promises (`atomic`, `conditional`,
    `aliases`) and the properties by which it routes (`weight`, `geo` …).
    """

    conditions: tuple[Condition, ...] = ()
    observed_generation: int = 0
    zones: tuple[ZoneStatus, ...] = ()
    capabilities: tuple[str, ...] = ()
    summary_zones: str = ""
    summary_records: int = 0
    summary_held: int = 0


def parse(obj: Any) -> ProviderStatus:
    """What is readable of a `status`."""
    if not isinstance(obj, Mapping):
        return ProviderStatus()
    return ProviderStatus(
        conditions=conditions.parse(obj.get("conditions")),
        observed_generation=whole(obj.get("observedGeneration")),
        zones=tuple(_zone(each) for each in objects(obj.get("zones"))),
        capabilities=texts(obj.get("capabilities")),
        summary_zones=text(dig(obj, "summary", "zones")),
        summary_records=whole(dig(obj, "summary", "records")),
        summary_held=whole(dig(obj, "summary", "held")),
    )


def _zone(item: Mapping[str, Any]) -> ZoneStatus:
    return ZoneStatus(
        name=text(item.get("name")),
        id=text(item.get("id")),
        records=whole(item.get("records")),
        owned=whole(item.get("owned")),
        pending=whole(item.get("pending")),
        marker=text(item.get("marker")),
        last_sync=text(item.get("lastSync")),
        last_error=text(item.get("lastError")),
        held=HeldBack(
            names=texts(dig(item, "held", "names")),
            count=whole(dig(item, "held", "count")),
            digest=text(dig(item, "held", "digest")),
        ),
    )


def dump(status: ProviderStatus) -> dict[str, Any]:
    """Empty lists, maps and words are left out; the numbers are always there."""
    return filled(
        conditions=conditions.dump(status.conditions),
        observedGeneration=status.observed_generation,
        zones=[_dumped(zone) for zone in status.zones],
        capabilities=list(status.capabilities),
        summary={
            "records": status.summary_records,
            **filled(zones=status.summary_zones, held=status.summary_held),
        },
    )


def _dumped(zone: ZoneStatus) -> dict[str, Any]:
    held = {"count": zone.held.count} if zone.held.count else {}
    return {
        "name": zone.name,
        "records": zone.records,
        "owned": zone.owned,
        "pending": zone.pending,
        **filled(
            id=zone.id,
            marker=zone.marker,
            lastSync=zone.last_sync,
            lastError=zone.last_error,
            held=held | filled(names=list(zone.held.names), digest=zone.held.digest),
        ),
    }
