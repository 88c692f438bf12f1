"""A provider behind the webhook protocol: its calls in threads, one at a time for a zone."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Executor
from typing import Any, ParamSpec, TypeVar

from kubefed_dns.decide.ownership import Naming
from kubefed_dns.decide.reduction import Skills
from kubefed_dns.errors import ProviderError
from kubefed_dns.providers import webhook_wire as wire
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.protocol import Provider, Spells
from kubefed_dns.providers.webhook_wire import Endpoint
from kubefed_dns.records import Group, RRset
from kubefed_dns.webhook_server import changes
from kubefed_dns.webhook_server.changes import Wish

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

FEW = 50
"""Names up to which asking for each costs less than reading the zone."""

Count = Callable[[str, str, int], None]
"""Told of a zone, of what became of groups, and of how many."""


class Service:
    """`naming` is where external-dns puts ownership, for releases that do not say whose it is."""

    def __init__(
        self,
        provider: Provider,
        *,
        executor: Executor,
        naming: Naming | None = None,
        count: Count = lambda zone, result, number: None,
    ) -> None:
        self._provider = provider
        self._executor = executor
        self._naming = naming or Naming()
        self._count = count
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._zones: tuple[str, ...] = ()
        self._read: dict[str, tuple[str | None, list[RRset]]] = {}

    async def zones(self) -> tuple[str, ...]:
        """Those that there are now; changes go to those that were there when last asked."""
        self._zones = await self._call(lambda: tuple(self._provider.zones()))
        return self._zones

    async def records(self) -> list[Endpoint]:
        """All that all zones hold. Raises ProviderError rather than to give a part."""
        found = []
        for zone in await self.zones():
            async with self._locks[zone]:
                found += await self._call(self._list, zone)
        return found

    async def apply(self, said: Any) -> list[str]:
        """Change what can be changed; why the rest was not.

        Raises Malformed, and ProviderError after all zones had their turn.
        """
        wishes = changes.parse(said, self._naming)
        sorted_, problems = changes.sort(wishes, self._zones or await self.zones())
        errors = []
        for zone, names in sorted_.items():
            try:
                async with self._locks[zone]:
                    problems += await self._call(self._write, zone, names)
            except ProviderError as error:
                self._count(zone, "error", len(names))
                errors.append(error)
        if errors:
            raise errors[0]
        return problems

    async def adjusted(self, said: Sequence[Endpoint]) -> list[Endpoint]:
        """What external-dns wants, in the provider's words."""
        return await self._call(lambda: changes.adjusted(said, self._skills()))

    def _list(self, zone: str) -> list[Endpoint]:
        marker, known = self._known(zone)
        if known is None:
            known = sorted(self._provider.read(zone))
            self._read[zone] = marker, known
        return [wire.endpoint(rrset) for rrset in known]

    def _known(self, zone: str) -> tuple[str | None, list[RRset] | None]:
        """The marker, and what was read when it was the same, None where it has moved.

        It is asked for before a reading, so that it is never newer than that.
        """
        marker = self._provider.marker(zone)
        before, known = self._read.pop(zone, (None, []))
        if marker is None or marker != before:
            return marker, None
        self._read[zone] = marker, known
        return marker, known

    def _some(self, zone: str, names: Collection[str]) -> Iterable[RRset]:
        """What is held at names, and maybe more."""
        _, known = self._known(zone)
        if known is not None:
            return known
        return self._provider.read(zone, names if len(names) <= FEW else None)

    def _write(self, zone: str, names: dict[str, list[Wish]]) -> list[str]:
        touched = {wish.name for wishes in names.values() for wish in wishes}
        groups, problems = self._planned(zone, names, touched)
        counts = {"refused": len(problems)}
        if groups:
            refusals = self._provider.write(zone, groups)
            problems += [f"{refusal.group.name}: {refusal.reason}" for refusal in refusals]
            lost = sum(refusal.lost for refusal in refusals)
            counts["lost"] = lost
            counts["refused"] += len(refusals) - lost
            counts["taken"] = len(groups) - len(refusals)
        for result, number in counts.items():
            if number:
                self._count(zone, result, number)
        return problems

    def _planned(
        self, zone: str, names: dict[str, list[Wish]], touched: Collection[str]
    ) -> tuple[list[Group], list[str]]:
        held = {rrset.key: rrset for rrset in self._some(zone, touched)}
        groups, problems, skills = [], [], self._skills()
        for name, wishes in names.items():
            try:
                group = changes.group(name, [changes.known(each, skills) for each in wishes], held)
            except Refused as error:
                problems.append(f"{name}: {error.reason}")
            else:
                groups += [group] if group else []
        return groups, problems

    def _skills(self) -> Skills:
        claims = self._provider.capabilities
        spell = self._provider.spelled if isinstance(self._provider, Spells) else None
        return Skills(claims.routing, claims.aliases, spell)

    async def _call(self, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: do(*args, **kwargs))
