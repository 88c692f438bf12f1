"""Keeps a ledger true to its zone: reads it once, then only what there is reason to doubt."""

import asyncio
import logging
from dataclasses import dataclass, field

from kubefed_dns.api.providers import DNSProvider
from kubefed_dns.controllers.zones.ledger import Ledger, survey
from kubefed_dns.controllers.zones.means import SLACK, Means
from kubefed_dns.errors import ProviderError
from kubefed_dns.providers.protocol import Foresees, Provider

log = logging.getLogger(__name__)


@dataclass(slots=True)
class State:
    """How the work on a zone stands.

    `marker` is the zone's as last seen; `unsure` says that others may have
    written before it, `worked` that every name was looked at once. `rest` and
    `audit` are times of the loop: before the first nothing is tried, from the
    second on the zone is looked at. `suspects` are names that were right and
    were found changed.
    """

    marker: str = ""
    unsure: bool = False
    worked: bool = False
    rest: float = 0.0
    audit: float = 0.0
    failures: int = 0
    error: ProviderError | None = None
    last_error: str = ""
    last_sync: str = ""
    suspects: set[str] = field(default_factory=set)


class Reader:
    """Of one zone; `spec` is that of its DNSProvider."""

    def __init__(
        self,
        ledger: Ledger,
        state: State,
        *,
        means: Means,
        provider: Provider,
        spec: DNSProvider,
    ) -> None:
        self._ledger = ledger
        self._state = state
        self._means = means
        self._provider = provider
        self._spec = spec

    async def look(self) -> None:
        """Read what has to be read before the next plan, if anything.

        Raises ProviderError.
        """
        if not self._ledger.known:
            owned, _ = await self._load()
            for name in self._ledger.wanted() | owned:
                self._ledger.recheck(name)
            return
        if asyncio.get_running_loop().time() + SLACK >= self._state.audit:
            await self._audit()
        if self._ledger.stale:
            await self._reread()

    async def note_own_write(self) -> None:
        """See what marker our own writes have left, and whether others wrote between them."""
        zone, before = self._ledger.zone, self._state.marker
        marker = await self._means.call(self._provider.marker, zone) or ""
        self._state.unsure |= marker != self._expected(before)
        self._state.marker = marker

    def _expected(self, before: str) -> str | None:
        if isinstance(self._provider, Foresees):
            return self._provider.expected(self._ledger.zone, before)
        return None

    async def _load(self) -> tuple[frozenset[str], set[str]]:
        """The names where something may be ours, and those that are other than before.

        The marker comes first: what is written while we read makes it look old,
        so that the audit sees it.
        """
        zone, registry = self._ledger.zone, self._ledger.terms.registry
        marker = await self._means.call(self._provider.marker, zone)
        found = await self._means.call(lambda: survey(self._provider.read(zone), registry))
        self._state.marker, self._state.unsure = marker or "", False
        self._state.audit = asyncio.get_running_loop().time() + self._spec.audit_interval
        return found.owned, self._ledger.know(found)

    async def _audit(self) -> None:
        """Where nobody else can have written, nothing is read."""
        if not self._provider.capabilities.shared:
            self._state.audit = float("inf")
            return
        zone, state = self._ledger.zone, self._state
        marker = await self._means.call(self._provider.marker, zone)
        expected = self._expected(state.marker) or state.marker
        if marker is not None and marker == expected and not state.unsure:
            state.marker = marker
            state.audit = asyncio.get_running_loop().time() + self._spec.audit_interval
            return
        owned, changed = await self._load()
        concerned = changed & (self._ledger.wanted() | owned)
        log.info("%s: others wrote; %d of our names may be concerned", zone, len(concerned))
        state.suspects |= concerned & self._ledger.settled.keys()
        for name in concerned:
            self._ledger.recheck(name)

    async def _reread(self) -> None:
        names = frozenset(self._ledger.stale)
        zone = self._ledger.zone
        sets = await self._means.call(lambda: tuple(self._provider.read(zone, names)))
        self._ledger.learn(names, sets)
