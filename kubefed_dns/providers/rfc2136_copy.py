"""Zones as they were last transferred, kept up by asking only for what has changed."""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from kubefed_dns.errors import ProviderError
from kubefed_dns.providers import rfc2136_transfer as transfer
from kubefed_dns.providers.rfc2136_read import Key
from kubefed_dns.providers.rfc2136_settings import Server
from kubefed_dns.providers.rfc2136_transfer import Steps, Whole
from kubefed_dns.providers.rfc2136_wire import Connection
from kubefed_dns.records import RRset

log = logging.getLogger(__name__)

VAIN = 2
"""Large zones in answer to what has changed, in a row, until that is no longer asked for."""
LARGE = 500
"""Sets of a zone that is large; of a small one all may well be shorter than what has changed."""


class OutOfStep(Exception):
    """What has changed at the server does not fit to what we hold."""


class Copy:
    """A zone as it was at one server at one serial."""

    def __init__(self, server: Server, whole: Whole) -> None:
        self.server = server
        self.serial = whole.serial
        self._sets: dict[str, tuple[RRset, ...]] = {}
        for rrset in whole.sets:
            self._sets[rrset.name] = (*self._sets.get(rrset.name, ()), rrset)

    def sets(self) -> Iterator[RRset]:
        return (rrset for some in self._sets.values() for rrset in some)

    def at(self, names: Iterable[str]) -> Iterator[RRset]:
        return (rrset for name in names for rrset in self._sets.get(name, ()))

    def follow(self, steps: Steps) -> None:
        """Raises OutOfStep; the copy is then of no more use."""
        for step in steps.steps:
            for record in step.went:
                self._take(record)
            for record in step.came:
                self._put(record)
        self.serial = steps.serial

    def _take(self, record: RRset) -> None:
        held, others = self._parted(record)
        (value,) = record.values
        if held is None or value not in held.values:
            raise OutOfStep(f"{record.name} {record.type} {value} went and was not there")
        left = tuple(each for each in held.values if each != value)
        if left:
            self._sets[record.name] = (*others, replace(held, values=left))
        elif others:
            self._sets[record.name] = others
        else:
            del self._sets[record.name]

    def _put(self, record: RRset) -> None:
        held, others = self._parted(record)
        if held is not None:
            if not set(held.values).isdisjoint(record.values):
                raise OutOfStep(f"{record.name} {record.type} {record.values} came twice")
            values = tuple(sorted((*held.values, *record.values)))
            record = replace(record, values=values)
        self._sets[record.name] = (*others, record)

    def _parted(self, record: RRset) -> tuple[RRset | None, tuple[RRset, ...]]:
        held, others = None, []
        for rrset in self._sets.get(record.name, ()):
            if rrset.key == record.key:
                held = rrset
            else:
                others.append(rrset)
        return held, tuple(others)


class Copies:
    """Of the zones of one DNSProvider; a zone is worked on by one thread at a time.

    Where a server answers with a large zone, whatever it was asked, no copy is
    kept of it: that would cost memory and save nothing.
    """

    def __init__(self, *, take: Callable[[], None]) -> None:
        self._take = take
        self._held: dict[str, Copy] = {}
        self._vain: defaultdict[str, int] = defaultdict(int)

    def whole(self, connection: Connection, zone: str, key: Key) -> tuple[RRset, ...]:
        """All of a zone as it is now."""
        copy = self._caught_up(connection, zone, key)
        if copy is not None:
            return tuple(copy.sets())
        self._take()
        found = transfer.whole(connection, zone, key)
        self._keep(connection.server, zone, found)
        return found.sets

    def some(
        self, connection: Connection, zone: str, key: Key, names: Collection[str]
    ) -> tuple[RRset, ...] | None:
        """Some names as they are now; None where they have to be asked for one by one."""
        if self._vain[zone]:
            return None
        copy = self._caught_up(connection, zone, key)
        return None if copy is None else tuple(copy.at(names))

    def changed(
        self, connection: Connection, zone: str, key: Key, serial: int
    ) -> frozenset[str] | None:
        """The names that changed since a serial; None where the server does not tell."""
        if self._vain[zone] >= VAIN:
            return None
        copy = self._held.get(zone)
        found = self._since(connection, zone, key, serial)
        if isinstance(found, Whole):
            self._keep(connection.server, zone, found)
        if not isinstance(found, Steps):
            return None
        if copy is not None and (copy.server, copy.serial) == (connection.server, serial):
            self._follow(zone, copy, found)
        return found.names

    def clear(self) -> None:
        self._held.clear()

    def _caught_up(self, connection: Connection, zone: str, key: Key) -> Copy | None:
        copy = self._held.get(zone)
        if copy is None or copy.server != connection.server:
            return None
        found = self._since(connection, zone, key, copy.serial)
        if isinstance(found, Whole):
            return self._keep(connection.server, zone, found)
        if found is not None:
            self._follow(zone, copy, found)
        return self._held.get(zone)

    def _since(
        self, connection: Connection, zone: str, key: Key, serial: int
    ) -> Whole | Steps | None:
        self._take()
        try:
            found = transfer.since(connection, zone, key, serial)
        except ProviderError:
            self._held.pop(zone, None)
            raise
        if not isinstance(found, Steps):
            self._vain[zone] += found is None or len(found.sets) >= LARGE
            self._held.pop(zone, None)
        elif found.steps:
            self._vain[zone] = 0
        return found

    def _follow(self, zone: str, copy: Copy, steps: Steps) -> None:
        try:
            copy.follow(steps)
        except OutOfStep as error:
            log.warning("%s: %s; it is transferred anew", zone, error)
            del self._held[zone]

    def _keep(self, server: Server, zone: str, found: Whole) -> Copy:
        copy = Copy(server, found)
        if self._vain[zone] < VAIN:
            self._held[zone] = copy
        return copy
