"""How many replicas each cluster gets: KubeFed's planner, number for number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

EVERY = "*"
"""The preference of each cluster that has none of its own."""
_OFFSET, _PRIME, _MASK = 0x811C9DC5, 0x01000193, 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Preference:
    """`most` None is unbounded."""

    least: int = 0
    most: int | None = None
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Replicas by cluster; `overflow` is what a cluster should have had beyond its capacity."""

    replicas: Mapping[str, int] = field(default_factory=dict)
    overflow: Mapping[str, int] = field(default_factory=dict)


@dataclass
class _Share:
    """One cluster while the plan is made."""

    name: str
    preference: Preference
    current: int
    capacity: int | None
    planned: int = 0
    preallocated: int = 0
    overflow: int = 0
    full: bool = False

    def capped(self, count: int) -> int:
        return count if self.capacity is None else min(count, self.capacity)

    def bounded(self, count: int) -> int:
        most = self.preference.most
        return self.capped(count if most is None else min(count, most))


def fnv1(text: str) -> int:
    """The 32-bit FNV-1 hash (multiply, then xor) of the UTF-8 bytes."""
    value = _OFFSET
    for byte in text.encode():
        value = (value * _PRIME & _MASK) ^ byte
    return value


def plan(
    preferences: Mapping[str, Preference],
    total: int,
    *,
    clusters: Sequence[str],
    current: Mapping[str, int],
    capacity: Mapping[str, int],
    key: str,
    rebalance: bool,
) -> Plan:
    """Share `total` replicas among the clusters.

    `key` is namespace/name of the preference; it breaks ties between equal
    weights. A cluster absent from `capacity` takes any number. Without
    `rebalance` running replicas stay where they are as long as they may.
    """
    shares = _shares(preferences, clusters, current, capacity, key)
    left = _minimum(shares, total)
    if not rebalance:
        left = _keep_running(shares, left)
    left = _distribute(shares, left)
    overflow = {share.name: share.overflow for share in shares if share.overflow}
    if not rebalance:
        overflow = {name: min(count, left) for name, count in overflow.items()}
    planned = dict.fromkeys(clusters, 0) | {share.name: share.planned for share in shares}
    return Plan(planned, {name: count for name, count in overflow.items() if count > 0})


def _shares(
    preferences: Mapping[str, Preference],
    clusters: Sequence[str],
    current: Mapping[str, int],
    capacity: Mapping[str, int],
    key: str,
) -> list[_Share]:
    """The clusters that take part, heaviest first."""
    made = [
        _Share(name, preference, current.get(name, 0), capacity.get(name))
        for name in clusters
        if (preference := preferences.get(name, preferences.get(EVERY))) is not None
    ]
    return sorted(made, key=lambda share: (-share.preference.weight, fnv1(share.name + key)))


def _minimum(shares: Sequence[_Share], left: int) -> int:
    for share in shares:
        share.planned = share.capped(min(share.preference.least, left))
        left -= share.planned
    return left


def _keep_running(shares: Sequence[_Share], left: int) -> int:
    """Reserve places where replicas run already, beyond the minimum."""
    for share in shares:
        if share.current > share.planned:
            target = share.bounded(share.current)
            share.preallocated = max(0, min(target - share.planned, left))
            share.planned += share.preallocated
            left -= share.preallocated
    return left


def _distribute(shares: Sequence[_Share], left: int) -> int:
    """Deal the rest out by weight, in rounds, until nothing moves."""
    moved = True
    while moved and left > 0:
        moved = False
        playing = [share for share in shares if not share.full]
        weights = sum(share.preference.weight for share in playing)
        if weights == 0:
            break
        round_ = left
        for share in playing:
            # Whole numbers, rounded up: the first in order get the remainder.
            due = min(left, -(-round_ * share.preference.weight // weights))
            gained, used = _take(share, due)
            left -= gained
            moved = moved or gained > 0 or used > 0
    return left


def _take(share: _Share, due: int) -> tuple[int, int]:
    """Give a cluster its due; what it gained, and what it had been given in advance."""
    used = min(due, share.preallocated)
    share.preallocated -= used
    start = share.planned
    target = start + due - used
    most = share.preference.most
    if most is not None and target > most:
        target, share.full = most, True
    if share.capacity is not None and target > share.capacity:
        share.overflow = target - share.capacity
        target, share.full = share.capacity, True
    share.planned = target
    return target - start, used
