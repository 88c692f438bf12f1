"""Changes that a provider has taken, and that not all of its servers serve yet."""

import asyncio
import logging
from collections.abc import Collection

from kubefed_dns.controllers.zones.ledger import Ledger
from kubefed_dns.controllers.zones.means import SLACK, Means
from kubefed_dns.errors import Denied, ProviderError
from kubefed_dns.providers.protocol import Provider, Settles

log = logging.getLogger(__name__)

FIRST, LONGEST = 1.0, 15.0
"""Seconds until a change is asked for, and then at most between two questions."""


class Settling:
    """Of one zone; a provider that says nothing of its changes has none under way."""

    def __init__(self, ledger: Ledger, *, means: Means, provider: Provider) -> None:
        self._ledger = ledger
        self._means = means
        self._provider = provider if isinstance(provider, Settles) else None
        self._open: list[str] = []
        self._delay = FIRST
        self.due = float("inf")
        """When to look again, by the loop's time."""

    def change(self) -> str:
        """The last change that was made; empty where there is none, or none is told."""
        if self._provider is None:
            return ""
        return self._provider.change(self._ledger.zone) or ""

    def began(self, names: Collection[str]) -> None:
        """These names have just been written, by the last change."""
        change = self.change()
        if not change:
            return
        self._ledger.settling |= dict.fromkeys(names, change)
        if change not in self._open:
            self._open.append(change)
        if self.due == float("inf"):
            self._delay = FIRST
            self.due = asyncio.get_running_loop().time() + FIRST

    async def look(self) -> set[str]:
        """Ask for the oldest change if it is time; the names that are served everywhere now."""
        now = asyncio.get_running_loop().time()
        if not self._open or now + SLACK < self.due:
            return set()
        done = await self._done()
        self._open = self._open[len(done) :]
        self._delay = FIRST if done else min(LONGEST, 2 * self._delay)
        self.due = now + self._delay if self._open else float("inf")
        names = {name for name, change in self._ledger.settling.items() if change in done}
        for name in names:
            del self._ledger.settling[name]
        return names

    async def _done(self) -> list[str]:
        """The changes that have settled: where the newest has, all."""
        if not await self._settled(self._open[0]):
            return []
        if len(self._open) > 1 and await self._settled(self._open[-1]):
            return list(self._open)
        return self._open[:1]

    async def _settled(self, change: str) -> bool:
        assert self._provider is not None
        zone = self._ledger.zone
        try:
            return await self._means.call(self._provider.settled, zone, change)
        except Denied as error:
            log.warning("%s: whether changes have settled may not be asked: %s", zone, error)
            return True
        except ProviderError as error:
            log.info("%s: change %s cannot be asked for: %s", zone, change, error)
            return False
