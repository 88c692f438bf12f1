"""A DNSProvider at work: its connection, its zones, a writer for each."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from kubefed_core.runtime.loop import Controller
from kubefed_dns.api.providers import DNSProvider
from kubefed_dns.controllers.zones.brake import Brakes
from kubefed_dns.controllers.zones.ledger import Ledger
from kubefed_dns.controllers.zones.means import Means, Office
from kubefed_dns.controllers.zones.writer import Writer
from kubefed_dns.decide.admit import Rules
from kubefed_dns.decide.bids import Bid
from kubefed_dns.decide.brake import Window
from kubefed_dns.decide.ownership import Naming, Registry
from kubefed_dns.decide.placing import Site
from kubefed_dns.decide.reduction import Skills
from kubefed_dns.decide.terms import Terms
from kubefed_dns.providers.protocol import Provider, Spells

WORKERS = 4
"""Zones of one provider at once, so that one that hangs holds up only its own."""

Offers = Callable[[Site], Mapping[str, tuple[Bid, ...]]]
"""All that is wanted at a site now."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a provider does not work: a condition's reason, and cause and remedy."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Trade:
    """What a backend works by; another one means a new connection and new ledgers."""

    spec: DNSProvider
    owner: str
    key: bytes | None = field(repr=False)
    secret: tuple[tuple[str, str], ...] = field(repr=False)

    def registry(self) -> Registry:
        txt = self.spec.txt
        naming = Naming(txt.prefix, txt.suffix, txt.wildcard_replacement)
        return Registry(self.owner, naming, self.key)


class Backend:
    """Made for one trade, and thrown away for another.

    `implicit`: no object stands for it, so it has no brake.
    """

    def __init__(
        self,
        name: str,
        trade: Trade,
        provider: Provider,
        *,
        means: Means,
        office: Office,
        approval: Callable[[], str],
        carried: Callable[[str], Collection[str]],
        implicit: bool,
    ) -> None:
        self.name = name
        self.trade = trade
        self.provider = provider
        self.implicit = implicit
        self.writers: dict[str, Writer] = {}
        self.closing = False
        self._means = means
        self._office = office
        self._approval = approval
        self._carried = carried
        self._controller = Controller("zones", self._work, workers=WORKERS, meter=means.meter)
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._at_work = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def start(self, group: asyncio.TaskGroup) -> None:
        self._task = group.create_task(self._controller.run(), name=f"zones of {self.name}")

    async def stop(self) -> None:
        """Let what is under way come to its end, so that no two ever write one zone."""
        self._stopping = True
        await self._idle.wait()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        with contextlib.suppress(Exception):
            await self._means.call(self.provider.close)

    def serve(self, zones: Collection[str], offers: Offers, windows: Mapping[str, Window]) -> None:
        """Write these zones and no others; a zone's window outlives its writer."""
        for zone in self.writers.keys() - set(zones):
            del self.writers[zone]
        for zone in sorted(set(zones) - self.writers.keys()):
            ledger = ledger_of(self.trade, self.provider, Site(self.name, zone))
            ledger.window = windows.get(zone, ledger.window)
            for name, bids in offers(ledger.site).items():
                ledger.offer(name, bids)
            self.writers[zone] = self._writer(ledger)
            self.wake(zone)

    def wake(self, zone: str) -> None:
        self._controller.queue.add(zone)

    def wake_braked(self) -> None:
        """What the brake holds may have been approved."""
        for zone, writer in self.writers.items():
            if writer.ledger.braked:
                self.wake(zone)

    def windows(self) -> dict[str, Window]:
        return {zone: writer.ledger.window for zone, writer in self.writers.items()}

    def close(self) -> None:
        """Delete all that is ours, from now on."""
        self.closing = True
        for zone, writer in self.writers.items():
            writer.closing = True
            for name in writer.ledger.ours:
                writer.ledger.mark(name)
            self.wake(zone)

    def emptied(self) -> bool:
        """Whether nothing of ours is left anywhere, as far as every zone is known."""
        ledgers = [writer.ledger for writer in self.writers.values()]
        return all(each.known and not each.ours and not each.dirty for each in ledgers)

    def _writer(self, ledger: Ledger) -> Writer:
        brakes = None
        if not self.implicit:
            brakes = Brakes(
                ledger,
                spec=self.trade.spec,
                approval=self._approval,
                carried=self._carried(ledger.zone),
            )
        writer = Writer(
            ledger,
            means=self._means,
            office=self._office,
            provider=self.provider,
            spec=self.trade.spec,
            brakes=brakes,
            peers=lambda: len(self.writers),
        )
        writer.closing = self.closing
        return writer

    async def _work(self, zone: str) -> float | None:
        writer = self.writers.get(zone)
        if writer is None or self._stopping:
            return None
        self._at_work += 1
        self._idle.clear()
        try:
            return await writer.work()
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._idle.set()
            if self.closing and self.emptied():
                self._office.emptied(self.name)


def ledger_of(trade: Trade, provider: Provider, site: Site) -> Ledger:
    """An empty ledger for one zone, by what a DNSProvider says and its backend can."""
    spec, found = trade.spec, provider.capabilities
    registry = trade.registry() if found.shared else None
    spell = provider.spelled if isinstance(provider, Spells) else None
    skills = Skills(found.routing, found.aliases, spell)
    rules = Rules(found.types, spec.allow_local_targets, spec.addresses, skills, site.zone)
    return Ledger(site, terms=Terms(site.zone, registry, spec.policy, spec.min_ttl), rules=rules)
