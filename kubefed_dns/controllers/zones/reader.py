"""Keeps a ledger true to its zone: reads it once, then only what there is reason to doubt."""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from kubefed_dns.api.providers import DNSProvider
from kubefed_dns.controllers.zones import byname
from kubefed_dns.controllers.zones.ledger import Ledger, Survey, survey
from kubefed_dns.controllers.zones.means import SLACK, Means
from kubefed_dns.errors import ProviderError, Unlisted
from kubefed_dns.providers.protocol import Follows, Foresees, Provider
from kubefed_dns.records import RRset

log = logging.getLogger(__name__)

PEEK = 60.0
"""Seconds between two looks at a zone's marker, where it has one."""
CROWD = 60
"""Zones of a provider from which on each is looked at less often."""
PROMPT = 1.0
"""Seconds after which a zone is looked at that others seem to write as we do."""
SHARE = 20
"""A whole reading is followed by so many times its length without another."""
MANY = 500
"""Names that others changed, from which on the whole zone is read instead."""


@dataclass(slots=True)
class State:
    """How the work on a zone stands.

    `marker` is the zone's as last seen, `since` the one up to which everything is
    known; where they differ, others may have written. `change` is the last that
    we made, where changes have ids. `unlisted` is why the
    zone is only read name by name, None where it is read as a whole. `worked`:
    every name was looked at once. `rest` and `audit` are times of the loop:
    before the first nothing is tried, from the second on the zone is looked at,
    but not before `respite`, which lets a zone be that takes long to read.
    `suspects` are names that were right and were found changed.
    """

    marker: str = ""
    change: str = ""
    since: str = ""
    unlisted: Unlisted | None = None
    worked: bool = False
    rest: float = 0.0
    audit: float = 0.0
    respite: float = 0.0
    failures: int = 0
    error: ProviderError | None = None
    last_sync: str = ""
    suspects: set[str] = field(default_factory=set)


class Reader:
    """Of one zone; `spec` is that of its DNSProvider, `peers` the number of zones it has."""

    def __init__(
        self,
        ledger: Ledger,
        state: State,
        *,
        means: Means,
        provider: Provider,
        spec: DNSProvider,
        peers: Callable[[], int],
    ) -> None:
        self._ledger = ledger
        self._state = state
        self._means = means
        self._provider = provider
        self._spec = spec
        self._peers = peers
        self._seen: set[str] = set()

    async def look(self) -> None:
        """Read what has to be read before the next plan, if anything.

        Raises ProviderError.
        """
        ledger = self._ledger
        if not ledger.known:
            owned, _ = await self._load(await self._marker())
            for name in ledger.wanted() | owned:
                ledger.recheck(name)
            return
        if asyncio.get_running_loop().time() + SLACK >= self._state.audit:
            await self._audit()
        if self._state.unlisted is not None:
            ledger.stale |= ledger.dirty.keys() - self._seen
        if ledger.stale:
            await self._reread(frozenset(ledger.stale))

    async def note_own_write(self) -> None:
        """See what marker our own writes have left, and whether others wrote between them."""
        state, before = self._state, self._state.marker
        marker = await self._marker() or ""
        expected = self._expected(before)
        if state.since == before and marker == expected:
            state.since = marker
        elif expected is not None and marker != expected:
            soon = asyncio.get_running_loop().time() + PROMPT
            state.audit = min(state.audit, max(soon, state.respite))
        state.marker = marker

    async def _marker(self) -> str | None:
        return await self._means.call(self._provider.marker, self._ledger.zone)

    def _expected(self, before: str) -> str | None:
        if isinstance(self._provider, Foresees):
            return self._provider.expected(self._ledger.zone, before)
        return None

    async def _load(self, marker: str | None) -> tuple[frozenset[str], set[str]]:
        """The names where something may be ours, and those that are other than before.

        The marker was asked for before: what is written while we read makes it
        look old, so that the next audit sees it.
        """
        zone, registry = self._ledger.zone, self._ledger.terms.registry
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            found = await self._means.call(lambda: survey(self._provider.read(zone), registry))
            self._state.unlisted = None
        except Unlisted as error:
            found = await self._load_names(error)
        self._state.respite = loop.time() + SHARE * (loop.time() - begun)
        self._known(marker)
        return found.owned, self._ledger.know(found)

    def _known(self, marker: str | None) -> None:
        state = self._state
        state.marker = state.since = marker or ""
        wait = self._spec.audit_interval
        if marker:
            wait = min(wait, PEEK * max(1.0, self._peers() / CROWD))
        state.audit = max(asyncio.get_running_loop().time() + wait, state.respite)

    async def _load_names(self, error: Unlisted) -> Survey:
        """Of a zone that is not listed, what is wanted and what we have seen in it."""
        if self._state.unlisted is None:
            log.warning("%s is read name by name: %s", self._ledger.zone, error)
        self._state.unlisted = error
        names = self._ledger.wanted() | self._ledger.held.keys()
        _, sets = await self._ask(names)
        self._seen |= names
        return survey(sets, self._ledger.terms.registry)

    async def _ask(self, names: Collection[str]) -> tuple[frozenset[str], tuple[RRset, ...]]:
        """Read names, and where the zone is not listed also what says whose they are.

        Returns what was read, and what was found.
        """
        ledger, provider, asked = self._ledger, self._provider, frozenset(names)
        if self._state.unlisted is not None:
            return await self._means.call(byname.read, provider, ledger, asked)
        return asked, await self._means.call(lambda: tuple(provider.read(ledger.zone, asked)))

    async def _audit(self) -> None:
        """Where nobody else can have written, nothing is read."""
        if not self._provider.capabilities.shared:
            self._state.audit = float("inf")
            return
        state, ledger = self._state, self._ledger
        marker = await self._marker()
        expected = self._expected(state.marker) or state.marker
        if marker is not None and marker == expected and state.since == state.marker:
            self._known(marker)
            return
        names = await self._changed(marker)
        if names is None:
            owned, changed = await self._load(marker)
            concerned = changed & (ledger.wanted() | owned)
        else:
            changed = await self._reread(names)
            concerned = {name for name in changed if ledger.bids(name) or ledger.holders(name)}
            self._known(marker)
        said = "%s: read again; %d of our names are other than before"
        log.log(logging.INFO if concerned else logging.DEBUG, said, ledger.zone, len(concerned))
        state.suspects |= concerned & ledger.settled.keys()
        for name in concerned:
            ledger.recheck(name)

    async def _changed(self, marker: str | None) -> frozenset[str] | None:
        """The names that anybody changed since all was known; None where they are not told."""
        provider, since = self._provider, self._state.since
        if marker is None or not since or not isinstance(provider, Follows):
            return None
        names = await self._means.call(provider.changed, self._ledger.zone, since)
        return names if names is not None and len(names) <= MANY else None

    async def _reread(self, names: frozenset[str]) -> set[str]:
        """Take in some names as they are now; those for which it is another than before."""
        ledger = self._ledger
        asked, sets = await self._ask(names)
        before = {name: ledger.held.get(name) for name in asked}
        ledger.learn(asked, sets)
        self._seen |= names
        changed = {name for name, held in before.items() if ledger.held.get(name) != held}
        for place in tuple(changed) if ledger.naming is not None else ():
            assert ledger.naming is not None
            changed |= {subject.name for subject in ledger.naming.fits(place)}
            changed |= {subject.name for subject in ledger.naming.fits_older(place)}
        return changed
