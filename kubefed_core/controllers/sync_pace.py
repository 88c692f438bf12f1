"""When it is time to try again in a cluster what has failed there, or what someone else undoes."""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field

from kubefed_core.decide.outcomes import Outcome
from kubefed_core.runtime import backoff

OFTEN, WHILE = 5, 60.0
"""Put right more often than this, in so many seconds, an object is contested."""
PEACE = 600.0
"""Seconds without a contest after which the last one counts no more."""


@dataclass
class _Slot:
    """One object in one cluster; times are the loop's. `outcome` is said until `until`."""

    outcome: Outcome | None = None
    wish: Hashable = None
    failures: int = 0
    until: float = 0.0
    repairs: deque[float] = field(default_factory=lambda: deque(maxlen=OFTEN + 1))
    contests: int = 0
    contested_until: float = 0.0

    def undone(self, now: float) -> bool:
        """Whether it is time for a rest; soon after one, each single repair is."""
        if self.contests and now - self.contested_until < PEACE:
            return bool(self.repairs)
        self.contests = 0
        return len(self.repairs) > OFTEN and now - self.repairs[0] <= WHILE


class Pace:
    """Kept by object and cluster. A new wish is tried at once, whatever became of the old one."""

    def __init__(self, *, retry: backoff.Backoff, contest: backoff.Backoff) -> None:
        self._retry = retry
        self._contest = contest
        self._slots: dict[Hashable, dict[str, _Slot]] = {}

    def held(self, key: Hashable, cluster: str, wish: Hashable, *, now: float) -> Outcome | None:
        """What is to be said in the place of trying again; None where it is time to."""
        slot = self._slots.get(key, {}).get(cluster)
        if slot is None or slot.wish != wish or now >= slot.until:
            return None
        return slot.outcome

    def due(self, key: Hashable, *, now: float) -> float | None:
        """In how many seconds something of an object is due; None where nothing is held."""
        waits = [
            slot.until - now
            for slot in self._slots.get(key, {}).values()
            if slot.outcome is not None and slot.until > now
        ]
        return min(waits, default=None)

    def hold(self, key: Hashable, outcome: Outcome, wish: Hashable, *, until: float) -> None:
        """Say this until then, and do nothing: it is under way."""
        slot = self._slot(key, outcome.cluster)
        slot.outcome, slot.wish, slot.until = outcome, wish, until

    def failed(self, key: Hashable, outcome: Outcome, wish: Hashable, *, now: float) -> None:
        slot = self._slot(key, outcome.cluster)
        slot.failures = slot.failures + 1 if slot.wish == wish else 1
        self.hold(key, outcome, wish, until=now + self._retry(slot.failures))

    def went_well(self, key: Hashable, cluster: str) -> None:
        slot = self._slots.get(key, {}).get(cluster)
        if slot is None:
            return
        slot.failures, slot.outcome = 0, None
        if not slot.repairs and not slot.contests:
            self._drop(key, cluster)

    def repaired(self, key: Hashable, cluster: str, *, now: float) -> None:
        """Something that had been so already had to be put right."""
        self._slot(key, cluster).repairs.append(now)

    def contested(self, key: Hashable, outcome: Outcome, wish: Hashable, *, now: float) -> bool:
        """Whether someone else undoes it again and again; then it is held, for longer each time."""
        slot = self._slots.get(key, {}).get(outcome.cluster)
        if slot is None or not slot.undone(now):
            return False
        slot.contests += 1
        slot.repairs.clear()
        slot.contested_until = now + self._contest(slot.contests)
        self.hold(key, outcome, wish, until=slot.contested_until)
        return True

    def clear(self, cluster: str) -> None:
        """The cluster is there again: whatever failed in it may be tried at once."""
        for key in self._slots:
            self.clear_key(key, cluster)

    def clear_key(self, key: Hashable, cluster: str) -> bool:
        """The same for one object; whether anything was held."""
        slot = self._slots.get(key, {}).get(cluster)
        if slot is None or not slot.failures:
            return False
        slot.until = 0.0
        return True

    def forget(self, key: Hashable) -> None:
        self._slots.pop(key, None)

    def _slot(self, key: Hashable, cluster: str) -> _Slot:
        return self._slots.setdefault(key, {}).setdefault(cluster, _Slot())

    def _drop(self, key: Hashable, cluster: str) -> None:
        del self._slots[key][cluster]
        if not self._slots[key]:
            del self._slots[key]
