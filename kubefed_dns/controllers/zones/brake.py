"""The brake of one zone at work: what it holds, what was approved, what has vanished lately."""

from collections.abc import Callable, Collection, Iterable

from kubefed_dns.api.providers import DNSProvider
from kubefed_dns.controllers.zones.ledger import Ledger
from kubefed_dns.controllers.zones.means import SLACK
from kubefed_dns.decide import brake
from kubefed_dns.decide.reasons import Problem, Reason

APPROVE = "multiclusterdns.kubefed.io/approve"


class Brakes:
    """`approval` gives the annotation that the DNSProvider has now.

    `carried` are names that the status says are held, from before this process:
    what has vanished lately is not known any more, so that they stay held for
    one window, with all that would vanish together with them.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        spec: DNSProvider,
        approval: Callable[[], str],
        carried: Collection[str] = (),
    ) -> None:
        self._ledger = ledger
        self._spec = spec
        self._approval = approval
        self._released: set[str] = set()
        self._carried = frozenset(carried)
        self._carried_until: float | None = None

    def hold(
        self, vanishing: Collection[str], *, planned: Collection[str], now: float
    ) -> frozenset[str]:
        """The names that may not vanish now, with those that were held before."""
        ledger = self._ledger
        self._released -= set(planned) - set(vanishing)
        before = ledger.braked
        candidates = (set(vanishing) | (before - set(planned))) - self._released
        held = brake.held(
            candidates,
            window=ledger.window,
            owned=len(ledger.ours),
            safety=self._spec.safety,
            now=now,
        )
        held = held or self._still(frozenset(candidates), now)
        if held and brake.approved(self._approval(), ledger.zone, held):
            self._released |= held
            held = frozenset()
        for name in before - held - set(planned):
            ledger.recheck(name)
        ledger.braked = held
        for name in held:
            ledger.troubles[name] = self.problem()
        return held

    def _still(self, candidates: frozenset[str], now: float) -> frozenset[str]:
        """What stays held though this process has not seen why."""
        if self._carried_until is None:
            self._carried_until = now + self._spec.safety.window
        if now >= self._carried_until or not candidates & self._carried:
            return frozenset()
        return candidates

    def problem(self) -> Problem:
        """What is held, and how to let it go."""
        site, held = self._ledger.site, self._ledger.braked
        zone = site.zone.rstrip(".") or "."
        return Problem(
            Reason.BRAKE,
            f"the brake holds {len(held)} names that would vanish from zone {zone}; to let them "
            f"go: kubefedctl dns approve {site.provider} {zone} (annotation "
            f"{APPROVE}={zone}={brake.digest(held)})",
        )

    def release_approved(self) -> None:
        """Let go what was approved since."""
        held = self._ledger.braked
        if held and brake.approved(self._approval(), self._ledger.zone, held):
            self._released |= held
            for name in held:
                self._ledger.recheck(name)

    def count(self, names: Iterable[str], *, before: Collection[str], now: float) -> None:
        """Note what vanished and what came by a write; `before` were ours."""
        ledger = self._ledger
        gone = {name for name in names if name in before and name not in ledger.ours}
        came = {name for name in names if name not in before and name in ledger.ours}
        agreed = gone & self._released
        window = ledger.window.after(vanished=gone - agreed, agreed=agreed, came=came, now=now)
        ledger.window = window.within(self._spec.safety.window, now=now)
        self._released -= gone

    def due(self) -> float:
        """When what is held may be less than it is now; infinity for never."""
        times = self._ledger.window.vanished.values()
        if not self._ledger.braked or not times:
            return float("inf")
        return min(times) + self._spec.safety.window + SLACK
