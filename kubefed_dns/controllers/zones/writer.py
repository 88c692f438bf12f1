"""Writes one zone: plans the names that changed, swaps, learns what became of it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from kubefed_core.objects import timestamp
from kubefed_dns.api.providers import DNSProvider, Drift
from kubefed_dns.controllers.zones.brake import Brakes
from kubefed_dns.controllers.zones.ledger import Ledger, Quarantine
from kubefed_dns.controllers.zones.means import SLACK, Means, Office
from kubefed_dns.controllers.zones.reader import Reader, State
from kubefed_dns.controllers.zones.refusals import Refusals
from kubefed_dns.controllers.zones.settling import Settling
from kubefed_dns.decide.plan import Planned
from kubefed_dns.decide.reasons import Problem, Reason
from kubefed_dns.errors import ProviderError, ZoneGone
from kubefed_dns.providers.protocol import Provider, Refusal
from kubefed_dns.records import Delete, Group

log = logging.getLogger(__name__)

BATCH = 500
"""Names in one write, so that what is urgent does not wait for what is much."""
BREATH = 100
"""Names planned in one go, so that others have the loop."""
FOREVER = float("inf")


class Writer:
    """The only one that writes its zone; `work` is never called twice at once.

    `closing` says that the DNSProvider is being deleted with all that is ours,
    which needs neither explanation nor brake; `brakes` None is a zone without.
    `peers` tells how many zones the provider has.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        means: Means,
        office: Office,
        provider: Provider,
        spec: DNSProvider,
        brakes: Brakes | None,
        peers: Callable[[], int],
    ) -> None:
        self.ledger = ledger
        self.state = State()
        self.closing = False
        self._means = means
        self._office = office
        self._provider = provider
        self._spec = spec
        self._brakes = brakes
        self._reader = Reader(
            ledger, self.state, means=means, provider=provider, spec=spec, peers=peers
        )
        self._settling = Settling(ledger, means=means, provider=provider)
        self._refusals = Refusals(ledger, retry=means.retry, event=self._event)
        self._filled = provider.capabilities.shared
        self._flying: Sequence[Group] = ()

    async def work(self) -> float | None:
        """Bring the zone up to date; in how many seconds to come back, None for never."""
        now = self._now()
        if now + SLACK < self.state.rest:
            return self.state.rest - now
        read = self.ledger.known, str(self.state.unlisted)
        try:
            await self._reader.look()
            await self._write()
            await self._settle()
        except ProviderError as error:
            return self._failed(error)
        self._recovered()
        if read != (self.ledger.known, str(self.state.unlisted)):
            self._office.said(self.ledger.site.provider)
        return self._next()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _write(self) -> None:
        """Plan and write all that is due; what is not done is dirty again, whatever happens."""
        ledger, now = self.ledger, self._now()
        if self._brakes is not None:
            self._brakes.release_approved()
        due = (name for name, each in ledger.quarantine.items() if each.due <= now + SLACK)
        names = tuple({**ledger.dirty, **dict.fromkeys(due)})
        ledger.dirty.clear()
        try:
            await self._attempt(names)
        except BaseException:
            for name in names:
                if name not in ledger.settled:
                    ledger.recheck(name)
            for group in self._flying:
                ledger.doubt(group)
            raise
        finally:
            self._flying = ()
        self.state.worked = True
        if names:
            self._office.told(ledger.site, names)
            self._office.said(ledger.site.provider)

    async def _settle(self) -> None:
        """See what has come to all servers since."""
        if names := await self._settling.look():
            self._office.told(self.ledger.site, names)

    async def _attempt(self, names: Sequence[str]) -> None:
        groups, vanishing = await self._plan(names)
        if self._brakes is not None and not self.closing:
            for name in self._hold(vanishing, names):
                groups.pop(name, None)
        if self._spec.dry_run:
            self._only_say(groups.values())
            return
        await self._send(sorted(groups.values(), key=lambda group: group.name not in vanishing))

    async def _plan(self, names: Sequence[str]) -> tuple[dict[str, Group], set[str]]:
        """What to write by name, and the names that vanish by it."""
        groups: dict[str, Group] = {}
        vanishing: set[str] = set()
        async for part in _slices(names):
            self.ledger.prepare(part)
        async for part in _slices(names):
            for name in part:
                planned = self.ledger.plan(name)
                if (group := self._sort(name, planned)) is not None:
                    groups[name] = group
                    vanishing |= {name} if planned.vanishes else set()
        return groups, vanishing

    def _sort(self, name: str, planned: Planned) -> Group | None:
        """What of a plan is to be written now."""
        ledger = self.ledger
        ledger.troubles.pop(name, None)
        if planned.problem is not None:
            ledger.troubles[name] = planned.problem
            ledger.settled.pop(name, None)
        if planned.group is None:
            ledger.quarantine.pop(name, None)
            self.state.suspects.discard(name)
            if planned.problem is None and name not in ledger.settled:
                ledger.settle(name)
            return None
        ledger.settled.pop(name, None)
        if self._refusals.waits(name, self._now()) or not self._explained(name, planned.group):
            return None
        return planned.group if self._repairs(name) else None

    def _explained(self, name: str, group: Group) -> bool:
        ledger = self.ledger
        if self.closing or name in ledger.wants:
            return True
        deletes = any(isinstance(change, Delete) for change in group.changes)
        return not deletes or self._office.explained(ledger.site, name, ledger.holders(name))

    def _repairs(self, name: str) -> bool:
        """Whether to write, where somebody else has changed a name of ours."""
        if name not in self.state.suspects:
            return True
        self.state.suspects.discard(name)
        said = f"{name} in zone {self.ledger.zone} was changed by somebody else"
        if self._spec.drift is Drift.REPAIR:
            self._event("Drift", f"{said}; it is put right")
            return True
        self._event("Drift", f"{said}; spec.drift is Report, so it is left")
        problem = Problem(
            Reason.REFUSED, f"{said}, and spec.drift of the DNSProvider is Report: change it back"
        )
        wants = self.ledger.wants.get(name, ())
        self.ledger.quarantine[name] = Quarantine(problem, wants, FOREVER)
        return False

    def _hold(self, vanishing: set[str], planned: Sequence[str]) -> frozenset[str]:
        assert self._brakes is not None
        before = self.ledger.braked
        held = self._brakes.hold(vanishing, planned=planned, now=self._now())
        if held and held != before:
            self._event("Brake", self._brakes.problem().message)
        return held

    def _only_say(self, groups: Iterable[Group]) -> None:
        for group in groups:
            problem = Problem(
                Reason.DRY_RUN,
                f"spec.dryRun of the DNSProvider: {len(group.changes)} changes of {group.name} "
                "are planned and not written",
            )
            self.ledger.troubles[group.name] = problem

    async def _send(self, groups: Sequence[Group]) -> None:
        """Write in parts; what has become dirty meanwhile goes before the rest."""
        done: list[Group] = []
        size = BATCH if self._filled else len(groups)
        rest = groups
        while rest or not self._filled:
            batch, rest = rest[:size], rest[size:]
            done += await self._deliver(batch)
            self._filled = True
            if rest and self.ledger.dirty:
                for group in rest:
                    self.ledger.recheck(group.name)
                break
        if done:
            await self._reader.note_own_write()
            self.state.change = self._settling.change()
        for group in done:
            if group.name not in self.ledger.dirty and group.name not in self.ledger.troubles:
                self.ledger.settle(group.name, self.state.marker or self.state.change)

    async def _deliver(self, batch: Sequence[Group]) -> list[Group]:
        """Write one batch; the groups that were taken."""
        ledger, site = self.ledger, self.ledger.site
        self._flying = batch
        refusals = await self._means.call(self._provider.write, site.zone, batch)
        self._flying = ()
        refused = {refusal.group.name for refusal in refusals}
        taken = [group for group in batch if group.name not in refused]
        before = {group.name for group in taken if group.name in ledger.ours}
        for group in taken:
            ledger.took(group)
            self._refusals.taken(group.name)
        for refusal in refusals:
            self._refusals.add(refusal, self._now())
        self._count(taken=len(taken), refusals=refusals)
        if taken:
            names = [group.name for group in taken]
            self._settling.began(names)
            if self._brakes is not None:
                self._brakes.count(names, before=before, now=self._now())
            self.state.last_sync = timestamp(self._means.host.now())
            self._office.wrote(site, names)
        return taken

    def _count(self, *, taken: int, refusals: Sequence[Refusal]) -> None:
        lost = sum(refusal.lost for refusal in refusals)
        counts = {"taken": taken, "lost": lost, "refused": len(refusals) - lost}
        for result, count in counts.items():
            if count:
                self._means.metrics.wrote(*self.ledger.site, result=result, count=count)

    def _failed(self, error: ProviderError) -> float:
        state, site = self.state, self.ledger.site
        state.failures += 1
        if isinstance(error, ZoneGone):
            # Should it come back, it may be another one of its name.
            self.ledger.known = False
        delay = self._means.pause(error, state.failures)
        state.rest = self._now() + delay
        new = str(error) != str(state.error)
        state.error = error
        self._means.metrics.wrote(*site, result="error")
        if new:
            log.warning("%s at %s: %s; again in %.3gs", site.zone, site.provider, error, delay)
            self._event(error.reason, f"zone {site.zone}: {error}")
            self._office.told(site, self.ledger.unsettled())
            self._office.said(site.provider)
        return delay

    def _recovered(self) -> None:
        self.state.failures = 0
        if self.state.error is not None:
            self.state.error = None
            self._office.told(self.ledger.site, self.ledger.wanted())
            self._office.said(self.ledger.site.provider)

    def _next(self) -> float | None:
        if self.ledger.dirty:
            return 0.0
        due = [
            self.state.audit,
            self._settling.due,
            *(each.due for each in self.ledger.quarantine.values()),
        ]
        if self._brakes is not None:
            due.append(self._brakes.due())
        return None if min(due) == FOREVER else max(0.0, min(due) - self._now())

    def _event(self, reason: str, message: str) -> None:
        self._office.event(self.ledger.site.provider, reason, message)


async def _slices(names: Sequence[str]) -> AsyncIterator[Sequence[str]]:
    for at in range(0, len(names), BREATH):
        if at:
            await asyncio.sleep(0)
        yield names[at : at + BREATH]
