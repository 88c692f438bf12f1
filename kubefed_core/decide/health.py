"""The health of a member cluster: what its probes show, and what of that is written.

Readiness changes its mind only after so many contrary answers in a row, counted
from the last answer that agreed. Everything else is written as it is seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from kubefed_core.api.clusters import ClusterCondition, ClusterStatus
from kubefed_core.objects import Obj, labels, moment, timestamp

HEARTBEAT = timedelta(minutes=5)
"""How old the time of the last probe may become while nothing else is to be written."""

_REGION = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")
_ZONE = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")


class Probe(StrEnum):
    """What one probe has shown."""

    OK = "ok"
    UNWELL = "unwell"
    UNREACHABLE = "unreachable"

    @property
    def ready(self) -> bool:
        return self is Probe.OK


@dataclass(frozen=True, slots=True)
class Track:
    """The state in force, None before the first probe, and the contrary answers since."""

    state: Probe | None = None
    contrary: int = 0


@dataclass(frozen=True, slots=True)
class Location:
    region: str = ""
    zones: tuple[str, ...] = ()


def probe_of(status: int | None, body: str) -> Probe:
    """What an answer of /healthz means; a status of None is no answer at all.

    As upstream has it, a refusal such as 500 is no better than no answer.
    """
    if status is None or not 200 <= status < 300:
        return Probe.UNREACHABLE
    return Probe.OK if body.strip().lower() == "ok" else Probe.UNWELL


def resume(status: ClusterStatus) -> Track:
    """Go on from what is written, so that a restart does not forget the state in force."""
    if status.ready:
        return Track(Probe.OK)
    if status.offline:
        return Track(Probe.UNREACHABLE)
    return Track(Probe.UNWELL if status.get("Ready") else None)


def follow(track: Track, probe: Probe, *, failures: int, successes: int) -> Track:
    """Take in one probe. The first ever is believed; so is another way of not being ready."""
    if track.state is None or track.state.ready == probe.ready:
        return Track(probe)
    needed = successes if probe.ready else failures
    if track.contrary + 1 < needed:
        return replace(track, contrary=track.contrary + 1)
    return Track(probe)


def locate(said: Location, nodes: Iterable[Obj] | None, before: ClusterStatus) -> Location:
    """Region and zones in force.

    What the user has said wins over the nodes' labels, those over what is in the
    status, which a user may have written there by hand; None for nodes that
    cannot be listed. Of several regions the one of most nodes counts, of equals
    the first by name.
    """
    nodes = tuple(nodes or ())
    found = [region for node in nodes if (region := _label(node, _REGION))]
    region = min(found, key=lambda each: (-found.count(each), each), default="")
    zones = tuple(sorted({zone for node in nodes if (zone := _label(node, _ZONE))}))
    return Location(
        said.region or region or before.region,
        tuple(sorted(set(said.zones))) or zones or before.zones,
    )


def _label(node: Obj, keys: Iterable[str]) -> str:
    found = labels(node)
    return next((found[key] for key in keys if found.get(key)), "")


def status(
    before: ClusterStatus,
    state: Probe,
    location: Location,
    *,
    now: datetime,
    malformed: str = "",
) -> ClusterStatus:
    """What the status is to be; `before` itself where there is nothing to write.

    `malformed` says why the cluster cannot even be asked, empty where it can.
    The time of the last probe alone is worth a write once in `HEARTBEAT`.
    """
    shown = _malformed(malformed) if malformed else _CONDITIONS[state]
    made = ClusterStatus(
        tuple(_dated(before, condition, now) for condition in shown),
        location.region,
        location.zones,
    )
    if _undated(made) == _undated(before) and not _due(before, now):
        return before
    return made


_CONDITIONS = {
    Probe.OK: (ClusterCondition("Ready", "True", "ClusterReady", "/healthz responded with ok"),),
    Probe.UNWELL: (
        ClusterCondition("Ready", "False", "ClusterNotReady", "/healthz responded without ok"),
        ClusterCondition("Offline", "False", "ClusterReachable", "cluster is reachable"),
    ),
    Probe.UNREACHABLE: (
        ClusterCondition("Offline", "True", "ClusterNotReachable", "cluster is not reachable"),
    ),
}


def _malformed(message: str) -> tuple[ClusterCondition, ...]:
    return (ClusterCondition("Ready", "False", "ConfigMalformed", message),)


def _dated(before: ClusterStatus, condition: ClusterCondition, now: datetime) -> ClusterCondition:
    old, text = before.get(condition.type), timestamp(now)
    kept = old.last_transition if old is not None and old.status == condition.status else ""
    return replace(condition, last_probe=text, last_transition=kept or text)


def _undated(status: ClusterStatus) -> ClusterStatus:
    bare = (replace(each, last_probe="", last_transition="") for each in status.conditions)
    return replace(status, conditions=tuple(bare))


def _due(before: ClusterStatus, now: datetime) -> bool:
    """Whether the last probe that was written is too long ago, or its time is unreadable."""
    try:
        written = [moment(each.last_probe) for each in before.conditions]
    except ValueError:
        return True
    return any(now - when >= HEARTBEAT for when in written)


def cut_off(live: int, lost: Iterable[datetime], *, delay: float) -> bool:
    """Whether the hub itself is cut off, and what it lost sight of is therefore held.

    So it is when within one delay (seconds) it lost more than half of the
    clusters that were ready, and at least two. `live` counts those that are
    ready now; `lost` has, of those that were ready, when each was lost. A
    cluster that is back is not lost, so this lasts until enough are.
    """
    times = sorted(lost)
    window = timedelta(seconds=delay)
    for number, begun in enumerate(times):
        burst = sum(when - begun <= window for when in times[number:])
        were_ready = live + len(times) - number
        if burst >= 2 and 2 * burst > were_ready:
            return True
    return False
