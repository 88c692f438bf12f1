"""Asks the authoritative servers of a zone whether they answer with what was published."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from kubefed_core.runtime.loop import Controller, Meter
from kubefed_dns.decide.answers import Expected, expected
from kubefed_dns.decide.placing import Site
from kubefed_dns.decide.statuses import Sighting
from kubefed_dns.records import RRset, value_of

log = logging.getLogger(__name__)

TIMEOUT = 2.0
"""Seconds for one question, the one over TCP included where UDP does not carry the answer."""
AT_ONCE = 16
"""Questions under way at once."""
FIRST, LONGEST = 0.05, 300.0
"""Seconds until a name is asked for again, after the first time and at most."""
SLACK = 0.001
"""Seconds by which a timer may come early."""
REMEMBER = 300.0
"""Seconds for which the name servers of a zone are remembered."""

_SERVER = re.compile(r"(?:\[([^]]+)\]|([^][:]+))(?::(\d{1,5}))?")

Ask = Callable[[str, str, str], Awaitable[frozenset[str]]]
"""The values that a server gives for a name and type; raises Unobservable."""
Servers = Callable[[Site], Awaitable[Sequence[str]]]
"""The authoritative servers for a site, as "host:port"; raises Unobservable."""
Lookup = Callable[[str], Awaitable[Sequence[str]]]
Wants = Callable[[Site, str], Collection[RRset]]
"""What should be at a name; nothing for one that is not published."""


class Unobservable(Exception):
    """An authority cannot be asked, which says nothing about its answers."""


PENDING = Sighting("Unknown", "Pending", "the authoritative servers are being asked")


@dataclass(slots=True)
class _Open:
    """A name that is to be seen; `due` is the loop's time."""

    due: float
    tries: int = 0


class Verifier:
    """Keys are sites. `told` hears of the names about which more is known than before."""

    def __init__(
        self,
        *,
        expected: Wants,
        servers: Servers,
        told: Callable[[Site, Collection[str]], None],
        verified: Callable[[Site, Collection[str]], None],
        ask: Ask | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._wanted = expected
        self._servers = servers
        self._told = told
        self._verified = verified
        self._ask = ask or question
        self._open: dict[Site, dict[str, _Open]] = {}
        self._seen: dict[Site, dict[str, Sighting]] = {}
        self.controller = Controller("verify", self.reconcile, meter=meter)

    def sighting(self, site: Site, name: str) -> Sighting | None:
        """None for a name that was not asked for."""
        return self._seen.get(site, {}).get(name)

    def want(self, site: Site, name: str) -> None:
        """Have a name looked up, unless it was, or is being."""
        if self.sighting(site, name) is None:
            self.wrote(site, (name,))

    def wrote(self, site: Site, names: Collection[str]) -> None:
        """Have names looked up anew."""
        now = asyncio.get_running_loop().time()
        open_, seen = self._open.setdefault(site, {}), self._seen.setdefault(site, {})
        for name in names:
            open_[name] = _Open(now)
            seen[name] = PENDING
        self.controller.queue.add(site)

    def unwant(self, site: Site, names: Collection[str]) -> None:
        """Nothing is wanted of these names any more."""
        for name in names:
            self._open.get(site, {}).pop(name, None)
            self._seen.get(site, {}).pop(name, None)

    def forget(self, provider: str) -> None:
        """A provider is gone."""
        for site in [site for site in self._seen if site.provider == provider]:
            self._open.pop(site, None)
            self._seen.pop(site, None)

    async def reconcile(self, site: Site) -> float | None:
        """Look up what is due; in how many seconds to look again."""
        loop = asyncio.get_running_loop()
        waiting = self._open.get(site, {})
        names = [name for name, each in waiting.items() if each.due <= loop.time() + SLACK]
        if names:
            await self._look(site, names)
        dues = [each.due for each in self._open.get(site, {}).values()]
        return max(0.0, min(dues) - loop.time()) if dues else None

    async def _look(self, site: Site, names: Sequence[str]) -> None:
        waiting, asked = self._open[site], {name: self._open[site][name] for name in names}
        found = await self._sightings(site, names)
        now = asyncio.get_running_loop().time()
        news: list[str] = []
        for name, sighting in found.items():
            if waiting.get(name) is not asked[name]:
                continue  # It was written again meanwhile, and is asked for again if wanted.
            asked[name].tries += 1
            if sighting is None or sighting.status == "True":
                del waiting[name]
            else:
                asked[name].due = now + min(LONGEST, FIRST * 2.0 ** asked[name].tries)
            if sighting is None:
                self._seen[site].pop(name, None)
            elif self._seen[site].get(name) != sighting:
                self._seen[site][name] = sighting
                news.append(name)
        self._verified(site, [name for name in news if self._seen[site][name].status == "True"])
        if news:
            self._told(site, news)

    async def _sightings(self, site: Site, names: Sequence[str]) -> Mapping[str, Sighting | None]:
        try:
            servers = await self._servers(site)
        except Unobservable as error:
            return dict.fromkeys(names, _not_observable(str(error)))
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> Sighting | None:
            async with limit:
                return await self._sighting(servers, self._wanted(site, name))

        return dict(zip(names, await asyncio.gather(*map(one, names)), strict=True))

    async def _sighting(self, servers: Sequence[str], wanted: Collection[RRset]) -> Sighting | None:
        """None where nothing is wanted any more."""
        if not wanted:
            return None
        blind = ""
        for server in servers:
            for each in expected(wanted):
                try:
                    values = await self._ask(server, each.name, each.type)
                except Unobservable as error:
                    blind = f"{server}: {error}"
                    break
                if not each.met(values):
                    return Sighting("False", "Differs", _difference(server, each, values))
        return _not_observable(blind) if blind else Sighting("True", "Verified")


def _not_observable(message: str) -> Sighting:
    return Sighting("Unknown", "NotObservable", message)


def _difference(server: str, asked: Expected, values: Collection[str]) -> str:
    said = ", ".join(sorted(values)) or "nothing"
    return f"{server} answers {asked.name} {asked.type} with {said}"


class Address(NamedTuple):
    host: str
    port: int


def address(text: str) -> Address:
    """Read "host:port", "[IPv6 address]:port", or either without a port; raises Unobservable."""
    found = _SERVER.fullmatch(text.strip())
    if found is None:
        raise Unobservable(f"{text!r} is no host:port")
    return Address(found[1] or found[2], int(found[3] or 53))


async def question(server: str, name: str, rrtype: str) -> frozenset[str]:
    """Ask one server, by UDP and, where that is too small, by TCP.

    Raises Unobservable where it gives no answer that is its own to give.
    """
    host, port = address(server)
    query = dns.message.make_query(name, rrtype, flags=0, use_edns=0, payload=1232)
    try:
        response, _ = await dns.asyncquery.udp_with_fallback(
            query, await resolved(host), timeout=TIMEOUT, port=port
        )
    except (dns.exception.DNSException, OSError, ValueError) as error:
        raise Unobservable(f"no answer: {error or type(error).__name__}") from error
    rcode = response.rcode()
    if rcode not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        raise Unobservable(f"it answers {dns.rcode.to_text(rcode)}")
    if not response.flags & dns.flags.AA:
        raise Unobservable("it is not authoritative for the name")
    wanted = dns.rdatatype.from_text(rrtype)
    return frozenset(
        value_of(rrtype, rdata.to_text())
        for rrset in response.answer
        if rrset.rdtype == wanted and rrset.name == query.question[0].name
        for rdata in rrset
    )


async def resolved(host: str) -> str:
    """The first address of a host; an address is its own."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None)
    return str(found[0][4][0])


async def by_system(zone: str) -> Sequence[str]:
    """The host names in the NS of a zone; raises a dnspython exception or OSError."""
    answer = await dns.asyncresolver.resolve(zone, "NS", lifetime=TIMEOUT, search=False)
    return [rdata.to_text().rstrip(".") for rdata in answer]


class NameServers:
    """The name servers that a zone says it has, remembered a while."""

    def __init__(self, lookup: Lookup = by_system) -> None:
        self._lookup = lookup
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}

    async def __call__(self, zone: str) -> tuple[str, ...]:
        """Raises Unobservable."""
        now = asyncio.get_running_loop().time()
        until, known = self._known.get(zone, (0.0, ()))
        if now < until:
            return known
        try:
            found = tuple(sorted(await self._lookup(zone)))
        except (dns.exception.DNSException, OSError) as error:
            raise Unobservable(
                f"the name servers of {zone} cannot be found ({error}); see spec.verify.servers"
            ) from error
        self._known[zone] = (now + REMEMBER, found)
        return found
