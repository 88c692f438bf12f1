"""Host names of load balancers, kept resolved; an address leaves only when missed three times."""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver

from kubefed_dns.errors import Unreachable

log = logging.getLogger(__name__)

MISSES = 3
FLOOR = 30.0
LIMIT = 10.0
"""Seconds that one look-up may take."""

HURRY = 0.5
"""Seconds for which the first look-up of a name is waited for by who cannot wait."""
UNUSED = 3600.0
"""Seconds after which a name that should have been asked for again is forgotten."""

Lookup = Callable[[str], Awaitable[frozenset[str]]]
"""All addresses of a host name, both families; raises OSError where it cannot be resolved."""


def system(executor: Executor) -> Lookup:
    """As the host resolves names: /etc/hosts, search path and all (spec 4.3)."""

    def blocking(name: str) -> frozenset[str]:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        return frozenset(str(address[0]) for *_, address in found)

    async def lookup(name: str) -> frozenset[str]:
        return await asyncio.get_running_loop().run_in_executor(executor, blocking, name)

    return lookup


def from_servers(servers: Sequence[tuple[str, int]]) -> Lookup:
    """By asking these resolvers, given as address and port."""
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = [dns.nameserver.Do53Nameserver(*server) for server in servers]
    resolver.lifetime = LIMIT

    async def ask(name: str, kind: dns.rdatatype.RdataType) -> set[str]:
        try:
            answer = await resolver.resolve(name, kind, search=False)
        except dns.resolver.NoAnswer:
            return set()
        return {rdata.to_text() for rdata in answer}

    async def lookup(name: str) -> frozenset[str]:
        kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
        try:
            found = await asyncio.gather(*(ask(name, kind) for kind in kinds))
        except dns.exception.DNSException as error:
            raise OSError(f"{name}: {error}") from error
        return frozenset().union(*found)

    return lookup


@dataclass
class _Known:
    missed: dict[str, int] = field(default_factory=dict)
    until: float = 0.0
    error: str = ""
    asked: asyncio.Task[None] | None = None


class NotYet(Unreachable):
    """The first look-up of a host name is still under way."""


class Resolver:
    """The last good addresses of each host name that is asked for.

    A failing look-up keeps the last set; an address leaves after `MISSES`
    answers in a row without it, since balancers answer with a part of theirs.
    """

    def __init__(self, lookup: Lookup, *, floor: float = FLOOR) -> None:
        self._lookup = lookup
        self.floor = floor
        self._names: dict[str, _Known] = {}

    async def addresses(
        self, name: str, *, ttl: float, later: Callable[[], None] | None = None
    ) -> frozenset[str]:
        """Addresses not older than the TTL (at least the floor), or the last good ones.

        With `later` no look-up is waited for but the first one of a name, and
        that not for long; it is called when one that was not waited for has ended.
        Raises Unreachable where the name has never been resolved.
        """
        known = self._known(name.rstrip(".").lower())
        if known.asked is None and asyncio.get_running_loop().time() >= known.until:
            looking = self._look_up(name, known, max(ttl, self.floor))
            known.asked = asyncio.create_task(looking, name=f"look up {name}")
        if known.asked is not None:
            await _ended(known.asked, known, later)
        if known.missed:
            return frozenset(known.missed)
        if known.asked is not None and not known.error:
            raise NotYet(f"host name {name!r} is being looked up")
        why = known.error or "it has no address"
        raise Unreachable(f"host name {name!r} cannot be resolved: {why}")

    def due(self, names: Iterable[str]) -> float:
        """In how many seconds the first of some names is to be asked for again."""
        now = asyncio.get_running_loop().time()
        times = (self._known(name.rstrip(".").lower()).until - now for name in names)
        return min((wait for wait in times if wait > 0), default=self.floor)

    def _known(self, name: str) -> _Known:
        if name not in self._names:
            self._forget()
            self._names[name] = _Known()
        return self._names[name]

    def _forget(self) -> None:
        """Drop the names that nobody has asked for any more: balancers come and go."""
        old = asyncio.get_running_loop().time() - UNUSED
        for name in [name for name, known in self._names.items() if known.until < old]:
            if self._names[name].asked is None:
                del self._names[name]

    async def _look_up(self, name: str, known: _Known, ttl: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LIMIT):
                found = await self._lookup(name)
            _count(known.missed, frozenset(_plain(address) for address in found))
            known.error, known.until = "", loop.time() + ttl
        except (OSError, ValueError) as error:
            # ValueError: a name that cannot be asked for, such as one with a long label.
            known.error = str(error) or type(error).__name__
            known.until = loop.time() + self.floor
            log.warning("host name %s: %s", name, known.error)
        finally:
            known.asked = None


async def _ended(
    asked: asyncio.Task[None], known: _Known, later: Callable[[], None] | None
) -> None:
    """Wait for a look-up, as long as it may be waited for."""
    if later is None:
        await asyncio.wait({asked})
        return
    if not known.missed and not known.error:
        await asyncio.wait({asked}, timeout=HURRY)
    if not asked.done():
        asked.add_done_callback(lambda _: later())


def _plain(address: str) -> str:
    return str(ipaddress.ip_address(address.partition("%")[0]))


def _count(missed: dict[str, int], found: frozenset[str]) -> None:
    for address in found:
        missed[address] = 0
    for address in missed.keys() - found:
        missed[address] += 1
        if missed[address] >= MISSES and found:
            del missed[address]
