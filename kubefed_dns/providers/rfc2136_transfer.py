"""A zone by transfer: whole (AXFR), or what has changed in it since a serial (IXFR, RFC 1995).

Whatever is wrong with a transfer is raised, and nothing of it is used.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import dns.message
import dns.rcode
import dns.rrset

from kubefed_dns.errors import ProviderError
from kubefed_dns.providers import rfc2136_errors as errors
from kubefed_dns.providers import rfc2136_sets as sets
from kubefed_dns.providers.rfc2136_read import Key, request, serial
from kubefed_dns.providers.rfc2136_wire import Connection
from kubefed_dns.records import RRset

Records = list[dns.rrset.RRset]


@dataclass(frozen=True, slots=True)
class Whole:
    """All of a zone."""

    serial: int
    sets: tuple[RRset, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """From one serial to the next: single records that went, then such that came."""

    went: Sequence[RRset] = ()
    came: Sequence[RRset] = ()


@dataclass(frozen=True, slots=True)
class Steps:
    """What has changed; no steps where nothing has."""

    serial: int
    steps: tuple[Step, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(rrset.name for step in self.steps for rrset in (*step.went, *step.came))


def whole(connection: Connection, zone: str, key: Key) -> Whole:
    """By AXFR; raises Unlisted where the server gives none."""
    query = request(zone, "AXFR", key)
    connection.send(query.to_wire())
    reading = _Reading(zone, connection)
    _receive(reading, query)
    return reading.whole()


def since(connection: Connection, zone: str, key: Key, known: int) -> Whole | Steps | None:
    """By IXFR what has changed since a serial; the whole zone where the server says so instead.

    None where it does not answer to that, or has fallen back behind the serial.
    """
    query = request(zone, "IXFR", key)
    # All that is read of it is the serial.
    soa = f". . {known} 0 0 0 0"
    query.authority.append(dns.rrset.from_text(query.question[0].name, 0, "IN", "SOA", soa))
    connection.send(query.to_wire())
    reading = _Reading(zone, connection, known=known)
    try:
        _receive(reading, query)
    except _Declined:
        return None
    if len(reading.serials) == 1:
        return Steps(known) if reading.serials[0] == known else None
    return reading.steps() if reading.stepwise else reading.whole()


class _Declined(Exception):
    """The server does not do this kind of transfer."""


@dataclass(slots=True)
class _Reading:
    """The records of one transfer as they come; `known` None is an AXFR.

    `serials` are those of the zone's SOAs so far: the first is the serial that
    the zone has, and where it comes once more the transfer is at its end.
    `parts` are the records between the SOAs.
    """

    zone: str
    connection: Connection
    known: int | None = None
    serials: list[int] = field(default_factory=list)
    parts: list[Records] = field(default_factory=list)
    stepwise: bool = False
    complete: bool = False

    def take(self, message: dns.message.Message) -> None:
        for rrset in message.answer:
            if self.complete:
                raise self.broken("a record outside its SOA records")
            if sets.is_soa(rrset, self.zone):
                for rdata in rrset:
                    self._turn(int(rdata.serial))
            elif not self.serials:
                raise self.broken("a record outside its SOA records")
            else:
                self.parts[-1].append(rrset)
        if self.known is not None and len(self.serials) == 1 and not self.parts[0]:
            # Nothing but an SOA: the zone is as it was, or older. Where it is newer more follows.
            self.complete = not _later(self.serials[0], self.known)

    def whole(self) -> Whole:
        return Whole(self.serials[0], sets.made(self.parts[0], self.zone))

    def steps(self) -> Steps:
        made = [tuple(_each(part, self.zone)) for part in self.parts]
        # Nothing comes before the first SOA's step, nor after the last SOA.
        steps = zip(made[1:-1:2], made[2:-1:2], strict=True)
        return Steps(self.serials[0], tuple(Step(went, came) for went, came in steps))

    def broken(self, what: str) -> ProviderError:
        return errors.broken(self.connection.server, self.zone, what)

    def _turn(self, serial: int) -> None:
        """One more SOA: a zone's second is its end, unless it begins the first of some steps."""
        if self.complete:
            raise self.broken("a record outside its SOA records")
        count = len(self.serials)
        self.serials.append(serial)
        self.parts.append([])
        if count == 1 and not self.parts[0] and serial == self.known != self.serials[0]:
            self.stepwise = True
        elif count and not self.stepwise:
            if serial != self.serials[0]:
                raise self.broken("SOA records that differ")
            self.complete = True
        elif self.stepwise and count % 2:
            # Each step begins with the serial that the one before it ended with.
            if serial != self.serials[-2]:
                raise self.broken("steps that do not follow each other")
            self.complete = serial == self.serials[0]


def _receive(reading: _Reading, query: dns.message.Message) -> None:
    """Take in all messages, the first and the last of them signed, at least."""
    connection, zone, context = reading.connection, reading.zone, None
    while not reading.complete:
        wire = connection.receive()
        try:
            message = errors.read_answer(
                connection.server, query, wire, context=context, ordered=reading.known is not None
            )
        except errors.BadKey as error:
            if reading.known is not None:
                raise _Declined from error
            raise _not_transferred(connection, zone, query, dns.rcode.NOTAUTH) from error
        context, rcode = message.tsig_ctx, message.rcode()
        if reading.known is not None and not reading.serials and (rcode or not message.answer):
            raise _Declined
        if rcode != dns.rcode.NOERROR:
            raise _not_transferred(connection, zone, query, rcode)
        if not message.answer:
            raise reading.broken("a message without records")
        reading.take(message)
    if query.keyring and not message.had_tsig:
        raise errors.unsigned(connection.server, query)


def _not_transferred(
    connection: Connection, zone: str, query: dns.message.Message, rcode: dns.rcode.Rcode
) -> ProviderError:
    if rcode not in errors.DENIAL:
        return errors.failed(connection.server, zone, rcode)
    if rcode == dns.rcode.NOTAUTH:
        # Some servers say so of a zone that they have and do not give to this key.
        serial(connection, zone, query.keyring)
    return errors.not_transferred(connection.server, query, zone, rcode)


def _later(serial: int, than: int) -> bool:
    """By the arithmetic of serials (RFC 1982)."""
    return 0 < (serial - than) % 2**32 < 2**31


def _each(part: Records, zone: str) -> Iterator[RRset]:
    """The records one by one, each as a set of its own."""
    for rrset in part:
        for rdata in rrset:
            yield from sets.made([dns.rrset.from_rdata(rrset.name, rrset.ttl, rdata)], zone)
