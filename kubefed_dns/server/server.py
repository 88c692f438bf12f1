"""The server: its zones, and where they are served."""

import asyncio
import functools
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import dns.name

from kubefed_dns.errors import ZoneGone
from kubefed_dns.records import canonical
from kubefed_dns.server import names, sockets
from kubefed_dns.server.responder import Label, Responder
from kubefed_dns.server.tcp import Connections
from kubefed_dns.server.udp import Udp
from kubefed_dns.server.zone import Zone

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """`payload` is the largest UDP answer in octets, `cached` the number of kept answers,
    `connections` that of open TCP connections, `idle` the seconds until one is closed.
    """

    payload: int = 1232
    cached: int = 32768
    connections: int = 256
    idle: float = 30


DEFAULTS = Limits()


class Server:
    """Serves zones that are added and dropped at any time, before the start and after.

    `ns_name` is the name server of zones that are given none of their own; empty
    means `ns1` below each zone. `queries` counts answers by zone (empty where
    none of ours was asked) and rcode. Zones may be added and dropped from any
    thread; the rest is the loop's.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        ns_name: str = "",
        queries: Counter[Label] | None = None,
        limits: Limits = DEFAULTS,
    ) -> None:
        self.queries: Counter[Label] = Counter() if queries is None else queries
        self._now = now
        self._ns_name = ns_name
        self._limits = limits
        self._zones: Mapping[bytes, Zone] = {}
        self._lock = threading.Lock()
        self._responder = Responder(
            queries=self.queries, payload=limits.payload, cached=limits.cached
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
                zone = Zone(name, ns=ns, now=self._now, floor=floor)
                self._serve({**self._zones, apex: zone})
        zone.serve_as(ns)
        zone.raise_serial(floor)
        return zone

    def drop_zone(self, name: str) -> None:
        """Refuse questions for a zone from now on, and forget what it held."""
        apex = names.to_wire(name)
        with self._lock:
            self._serve({key: zone for key, zone in self._zones.items() if key != apex})

    def _serve(self, zones: Mapping[bytes, Zone]) -> None:
        self._zones = zones
        self._responder.serve(zones)

    def respond(self, packet: bytes, *, tcp: bool = False) -> bytes | None:
        """The answer to a packet, as if it had come over a socket; None where it deserves none."""
        return self._responder.respond(packet, tcp=tcp)

    async def start(self, host: str, port: int) -> None:
        """Listen on UDP and TCP; no host means all addresses, port 0 a free one.

        Raises Misconfigured, naming the address and the remedy, where it cannot.
        """
        if self._serving is not None:
            raise RuntimeError("the DNS server is started already")
        udp, tcp = sockets.listen(host, port)
        respond = self._responder.respond
        address = udp.getsockname()[:2]
        connections = Connections(
            functools.partial(respond, tcp=True),
            cap=self._limits.connections,
            idle=self._limits.idle,
        )
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(connections.protocol, sock=tcp)
        self._serving = _Serving(address, Udp(udp, respond), listener, connections)
        log.info("serving DNS at %s port %s, UDP and TCP", *address)

    async def stop(self) -> None:
        """Stop listening and cut connections; zones stay, so it can be started again."""
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.udp.close()
            serving.listener.close()
            serving.connections.close()
            await serving.listener.wait_closed()


class _Serving(NamedTuple):
    address: tuple[str, int]
    udp: Udp
    listener: asyncio.Server
    connections: Connections
