"""What a backend would not take: planned anew where it was a lost race, else set aside a while."""

from collections.abc import Callable

from kubefed_core.runtime.backoff import Backoff
from kubefed_dns.controllers.zones.ledger import Ledger, Quarantine
from kubefed_dns.controllers.zones.means import SLACK
from kubefed_dns.decide.reasons import Problem, Reason
from kubefed_dns.providers.protocol import Refusal

RACES = 5
"""Races lost in a row until a name has to wait."""
PATIENCE = 30.0
"""Seconds at least until a refused change is tried again."""


class Refusals:
    """Of one zone; `event` is told a reason and a message. Times are the loop's."""

    def __init__(
        self, ledger: Ledger, *, retry: Backoff, event: Callable[[str, str], None]
    ) -> None:
        self._ledger = ledger
        self._retry = retry
        self._event = event
        self._failures: dict[str, int] = {}

    def waits(self, name: str, now: float) -> bool:
        """Whether this very change was refused, and it is too early to try again."""
        found = self._ledger.quarantine.get(name)
        wants = self._ledger.wants.get(name, ())
        return found is not None and found.wants == wants and now + SLACK < found.due

    def taken(self, name: str) -> None:
        self._ledger.quarantine.pop(name, None)
        self._failures.pop(name, None)

    def add(self, refusal: Refusal, now: float) -> None:
        name, ledger = refusal.group.name, self._ledger
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        if refusal.lost:
            ledger.doubt(refusal.group)
            if failures <= RACES:
                ledger.mark(name)
                return
            why = f"{name}: somebody else changes it as fast as we do ({refusal.reason})"
            problem = Problem(Reason.PENDING, why)
        else:
            why = f"{ledger.site.provider} refuses {name} in zone {ledger.zone}: {refusal.reason}"
            problem = Problem(Reason.REFUSED, why)
            self._event("Refused", problem.message)
        due = now + max(PATIENCE, self._retry(failures))
        ledger.quarantine[name] = Quarantine(problem, ledger.wants.get(name, ()), due)
