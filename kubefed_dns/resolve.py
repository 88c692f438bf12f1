"""Host names of load balancers, kept resolved; an address leaves only when missed three times."""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
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
    asked: asyncio.Future[None] | None = None


class Resolver:
    """The last good addresses of each host name that is asked for.

    A failing look-up keeps the last set; an address leaves after `MISSES`
    answers in a row without it, since balancers answer with a part of theirs.
    """

    def __init__(self, lookup: Lookup, *, floor: float = FLOOR) -> None:
        self._lookup = lookup
        self.floor = floor
        self._names: dict[str, _Known] = {}

    async def addresses(self, name: str, *, ttl: float) -> frozenset[str]:
        """Addresses not older than the TTL (at least the floor), or the last good ones.

        Raises Unreachable where the name has never been resolved.
        """
        known = self._names.setdefault(name.rstrip(".").lower(), _Known())
        now = asyncio.get_running_loop().time()
        if now >= known.until:
            await self._once(name, known, max(ttl, self.floor))
        if not known.missed:
            raise Unreachable(
                f"host name {name!r} cannot be resolved: {known.error or 'it has no address'}"
            )
        return frozenset(known.missed)

    def forget(self, keep: frozenset[str]) -> None:
        """Drop what is known of all names but these."""
        for name in self._names.keys() - {each.rstrip(".").lower() for each in keep}:
            del self._names[name]

    async def _once(self, name: str, known: _Known, ttl: float) -> None:
        """Look up, or wait for a look-up that is under way."""
        if known.asked is not None:
            await asyncio.shield(known.asked)
            return
        loop = asyncio.get_running_loop()
        known.asked = loop.create_future()
        try:
            async with asyncio.timeout(LIMIT):
                found = await self._lookup(name)
            known.error = ""
            _count(known.missed, frozenset(_plain(address) for address in found))
            known.until = loop.time() + ttl
        except OSError as error:
            known.error = str(error) or type(error).__name__
            known.until = loop.time() + self.floor
            log.warning("host name %s: %s", name, known.error)
        finally:
            known.asked.set_result(None)
            known.asked = None


def _plain(address: str) -> str:
    return str(ipaddress.ip_address(address.partition("%")[0]))


def _count(missed: dict[str, int], found: frozenset[str]) -> None:
    for address in found:
        missed[address] = 0
    for address in missed.keys() - found:
        missed[address] += 1
        if missed[address] >= MISSES and found:
            del missed[address]
