"""The server: its zones, and where they are served."""

import asyncio
import contextlib
import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import dns.name

from kubefed_dns.errors import ZoneGone
from kubefed_dns.records import canonical
from kubefed_dns.server import names, notify, sockets
from kubefed_dns.server.notify import Notifier
from kubefed_dns.server.policy import OPEN, Policy
from kubefed_dns.server.responder import Label, Responder
from kubefed_dns.server.tcp import Connections
from kubefed_dns.server.udp import Udp
from kubefed_dns.server.zone import Zone

log = logging.getLogger(__name__)

UNPLACED = (
    "%s names a server below itself that has no address there, so nobody can be sent to it: "
    "give --dns-ns-address, or spec.embedded.nsAddresses of the DNSProvider, or a nameServer "
    "elsewhere in the Domain"
)

Answer = bytes | Iterator[bytes] | None


@dataclass(frozen=True, slots=True)
class Limits:
    """`payload` is the largest UDP answer in octets, `cached` the number of kept answers,
    `connections` that of open TCP connections, `idle` the seconds until one is closed;
    after `refresh` seconds at most a replaced database of places is noticed.
    """

    payload: int = 1232
    cached: int = 32768
    connections: int = 256
    idle: float = 30
    refresh: float = 5


DEFAULTS = Limits()


class Server:
    """Serves zones that are added and dropped at any time, before the start and after.

    `ns_name` is the name server of zones that are given none of their own; empty
    means `ns1` below each zone. `policy` is that of zones as they are added.
    `queries` counts answers by zone (empty where none of ours was asked) and
    rcode. `chance` gives numbers in [0, 1). Zones may be added and dropped from
    any thread; the rest is the loop's.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        ns_name: str = "",
        policy: Policy = OPEN,
        queries: Counter[Label] | None = None,
        limits: Limits = DEFAULTS,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.queries: Counter[Label] = Counter() if queries is None else queries
        self.policy = policy
        self._now = now
        self._ns_name = ns_name
        self._limits = limits
        self._zones: Mapping[bytes, Zone] = {}
        self._unplaced: set[bytes] = set()
        self._lock = threading.Lock()
        self._responder = Responder(
            queries=self.queries,
            payload=limits.payload,
            cached=limits.cached,
            chance=chance,
            now=now,
        )
        self._serving: _Serving | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, with the port it really has. Raises RuntimeError when it does not."""
        if self._serving is None:
            raise RuntimeError("the DNS server is not started")
        return self._serving.address

    @property
    def zones(self) -> tuple[Zone, ...]:
        return tuple(self._zones.values())

    def zone(self, name: str) -> Zone:
        """Raises ZoneGone where it is not served."""
        zone = self._zones.get(names.to_wire(name))
        if zone is None:
            raise ZoneGone(f"the embedded server does not serve {name}: add a Domain for it")
        return zone

    def add_zone(self, name: str, *, ns: str = "", floor: int = 0) -> Zone:
        """Serve a zone, or go on serving it, its data untouched, with this name server.

        A new zone answers SERVFAIL until it is filled: by the first `apply`, an
        empty one too. Its first serial is beyond the floor; that of a zone
        served already is moved only where it is below.
        """
        name = canonical(name)
        apex = names.to_wire(name)
        ns = ns or self._ns_name or dns.name.from_wire(names.under(b"ns1", apex), 0)[0].to_text()
        with self._lock:
            zone = self._zones.get(apex)
            if zone is None:
                zone = Zone(
                    name,
                    ns=ns,
                    now=self._now,
                    floor=floor,
                    policy=self.policy,
                    changed=self._changed,
                )
                self._serve({**self._zones, apex: zone})
        zone.serve_as(ns)
        zone.raise_serial(floor)
        return zone

    def drop_zone(self, name: str) -> None:
        """Refuse questions for a zone from now on, and forget what it held."""
        apex = names.to_wire(name)
        with self._lock:
            dropped = self._zones.get(apex)
            self._serve({key: zone for key, zone in self._zones.items() if key != apex})
        if dropped is not None:
            self._on_loop(lambda serving: serving.notifier.forget(dropped))

    def _serve(self, zones: Mapping[bytes, Zone]) -> None:
        self._zones = zones
        self._responder.serve(zones)

    def lead(self, leading: bool) -> None:
        """Hand zones on to secondaries and tell them of changes, as from the start, or do not."""
        self._responder.leading = leading
        if self._serving is not None and not leading:
            self._serving.notifier.close()
        for zone in self.zones:
            self._changed(zone)

    def respond(self, packet: bytes, sender: str = "", *, tcp: bool = False) -> Answer:
        """The answer to a packet, as if it had come over a socket; None where it deserves none.

        It is several messages where a zone is transferred over TCP.
        """
        return self._responder.respond(packet, sender, tcp=tcp)

    async def start(self, host: str, port: int) -> None:
        """Listen on UDP and TCP; no host means all addresses, port 0 a free one.

        Raises Misconfigured, naming the address and the remedy, where it cannot.
        """
        if self._serving is not None:
            raise RuntimeError("the DNS server is started already")
        udp, tcp = sockets.listen(host, port)
        address = udp.getsockname()[:2]
        connections = Connections(
            lambda packet, sender: self._responder.respond(packet, sender, tcp=True),
            cap=self._limits.connections,
            idle=self._limits.idle,
        )
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(connections.protocol, sock=tcp)
        self._serving = _Serving(
            address,
            Udp(udp, self._responder.respond),
            listener,
            connections,
            Notifier(notify.by_udp(address[0])),
            loop.create_task(self._keep_places(), name="places"),
            loop,
        )
        log.info("serving DNS at %s port %s, UDP and TCP", *address)
        for zone in self.zones:
            self._changed(zone)

    async def stop(self) -> None:
        """Stop listening and cut connections; zones stay, so it can be started again."""
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.udp.close()
            serving.listener.close()
            serving.connections.close()
            serving.notifier.close()
            serving.places.cancel()
            await asyncio.wait((serving.places,))
            await serving.listener.wait_closed()

    def _changed(self, zone: Zone) -> None:
        """There is something new for secondaries, and for operators perhaps."""
        if zone.filled and zone.unplaced != (zone.apex in self._unplaced):
            self._unplaced ^= {zone.apex}
            if zone.apex in self._unplaced:
                log.warning(UNPLACED, zone.name)
        self._on_loop(lambda serving: self._tell(serving, zone))

    def _tell(self, serving: "_Serving", zone: Zone) -> None:
        if self._responder.leading and self._zones.get(zone.apex) is zone:
            serving.notifier.due(zone)

    def _on_loop(self, do: "Callable[[_Serving], None]") -> None:
        """From any thread, and only while it is served."""
        serving = self._serving
        if serving is not None:
            with contextlib.suppress(RuntimeError):  # The loop is closed: the process ends.
                serving.loop.call_soon_threadsafe(do, serving)

    async def _keep_places(self) -> None:
        """Notice databases of places that are replaced."""
        while True:
            await asyncio.sleep(self._limits.refresh)
            policies = (self.policy, *(zone.policy for zone in self.zones))
            for database in {policy.database for policy in policies if policy.database}:
                await asyncio.to_thread(database.refresh)


class _Serving(NamedTuple):
    address: tuple[str, int]
    udp: Udp
    listener: asyncio.Server
    connections: Connections
    notifier: Notifier
    places: asyncio.Task[None]
    loop: asyncio.AbstractEventLoop
