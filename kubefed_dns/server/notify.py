"""Tells secondaries of each new serial, again until they have heard it (RFC 1996)."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rrset
import dns.tsig
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType

from kubefed_dns.server.policy import Secondary
from kubefed_dns.server.zone import Zone

log = logging.getLogger(__name__)

TIMEOUT = 2.0
"""Seconds to wait for an answer."""
FIRST, LONGEST = 2.0, 60.0
"""Seconds until one that did not answer is told again; each time twice as long."""
TRIES = 8
"""How often it is told of one serial."""

Send = Callable[[dns.message.Message, Secondary], Awaitable[dns.message.Message]]
"""Asks, and gives the answer; raises OSError or DNSException where there is none."""


class Notifier:
    """Each secondary is told of one serial of a zone at a time, the one of that moment."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._talks: dict[Zone, dict[Secondary, _Talk]] = {}

    def due(self, zone: Zone) -> None:
        """Tell the secondaries of a zone, those that do not know its serial, and no others."""
        if not zone.filled:
            return
        talks, wanted = self._talks.setdefault(zone, {}), zone.policy.notify
        for secondary in talks.keys() - set(wanted):
            talks.pop(secondary).stop()
        for secondary in wanted:
            if secondary not in talks:
                talks[secondary] = _Talk(zone, secondary, self._send)
            talks[secondary].due()

    def forget(self, zone: Zone) -> None:
        for talk in self._talks.pop(zone, {}).values():
            talk.stop()

    def close(self) -> None:
        for zone in tuple(self._talks):
            self.forget(zone)


class _Talk:
    """With one secondary about one zone; `_told` is the serial that it knows, or heard in vain."""

    def __init__(self, zone: Zone, secondary: Secondary, send: Send) -> None:
        self._zone = zone
        self._secondary = secondary
        self._send = send
        self._told = 0
        self._fault = ""
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def due(self) -> None:
        if self._told == self._zone.serial:
            return
        self._news.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            await self._tell()
        except Exception:
            log.exception("%s was not told that %s has changed", self._secondary, self._zone.name)

    async def _tell(self) -> None:
        """Until it knows the serial of the moment, or was told of that often enough."""
        tries, pause = 0, FIRST
        while self._told != self._zone.serial:
            serial = self._zone.serial
            self._news.clear()
            fault = await self._try()
            self._note(fault)
            tries += 1
            if not fault or tries == TRIES:
                self._told = serial
                tries, pause = 0, FIRST
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._news.wait()
            pause = min(2 * pause, LONGEST)
            if self._news.is_set():
                tries, pause = 0, FIRST

    async def _try(self) -> str:
        """Tell it once; why it may not have heard, empty where it has."""
        try:
            answer = await self._send(message(self._zone), self._secondary)
        except dns.exception.Timeout:
            return "no answer"
        except (OSError, dns.exception.DNSException) as error:
            return str(error) or type(error).__name__
        rcode = answer.rcode()
        if rcode != dns.rcode.NOERROR:
            return f"it answers {dns.rcode.to_text(rcode)}: let it take NOTIFY from us"
        return ""

    def _note(self, fault: str) -> None:
        if fault and fault != self._fault:
            log.warning(
                "cannot tell %s that %s has changed: %s", self._secondary, self._zone.name, fault
            )
        elif self._fault and not fault:
            log.info("%s is told of changes of %s again", self._secondary, self._zone.name)
        self._fault = fault


def message(zone: Zone) -> dns.message.QueryMessage:
    """What a secondary is told."""
    made = dns.message.make_query(zone.name, RdataType.SOA, flags=dns.flags.AA)
    made.set_opcode(dns.opcode.NOTIFY)
    _, soa = zone.soa
    data = dns.rdata.from_wire(RdataClass.IN, RdataType.SOA, soa.rdatas[0], 0, len(soa.rdatas[0]))
    made.answer.append(dns.rrset.from_rdata(dns.name.from_text(zone.name), soa.ttl, data))
    if zone.policy.signer is not None:
        made.use_tsig(zone.policy.signer)
    return made


def by_udp(host: str) -> Send:
    """From an address of ours, by which secondaries know us; from any where that is all of them."""

    async def send(question: dns.message.Message, to: Secondary) -> dns.message.Message:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(to.host, to.port, type=socket.SOCK_DGRAM)
        family, _, _, _, address = found[0]
        source = host if (":" in host) == (family == socket.AF_INET6) else None
        return await dns.asyncquery.udp(
            question,
            str(address[0]),
            timeout=TIMEOUT,
            port=to.port,
            source=source if source not in {"", "0.0.0.0", "::"} else None,
            ignore_unexpected=True,
        )

    return send
