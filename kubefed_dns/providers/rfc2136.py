"""Zones on BIND, Knot, PowerDNS and whatever else takes dynamic updates (RFC 2136)."""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import dns.exception
import dns.message
import dns.rcode

from kubefed_dns.errors import InvalidName, ProviderError, Unreachable, ZoneGone
from kubefed_dns.providers import rfc2136_errors as errors
from kubefed_dns.providers import rfc2136_read as read
from kubefed_dns.providers import rfc2136_settings as settings
from kubefed_dns.providers import rfc2136_update as update
from kubefed_dns.providers.batch import Refused, deliver
from kubefed_dns.providers.protocol import Capabilities, Context, Refusal
from kubefed_dns.providers.rfc2136_copy import Copies
from kubefed_dns.providers.rfc2136_settings import Server
from kubefed_dns.providers.rfc2136_wire import Connection, Dial, Servers, encrypted, plain
from kubefed_dns.records import Group, RRset

log = logging.getLogger(__name__)

REMEMBERED = 8


class Rfc2136:
    """One DNSProvider of type rfc2136. `dial` opens the connections, instead of what settings say.

    The marker of a zone is its SOA serial, followed by the server's name where
    that is not the first of the servers.
    """

    capabilities = Capabilities(types=update.TYPES)

    def __init__(self, context: Context, *, dial: Dial | None = None) -> None:
        self._settings = settings.parse(context)
        self._zones = context.zones
        self._take = context.take
        tls = self._settings.tls
        self._servers = Servers(
            self._settings.servers,
            timeout=self._settings.timeout,
            dial=dial or (plain if tls is None else encrypted(tls)),
        )
        self._copies = Copies(take=self._take)
        self._updates: defaultdict[str, int] = defaultdict(int)
        self._markers: defaultdict[str, dict[str, int]] = defaultdict(dict)

    def zones(self) -> Iterable[str]:
        """Those of the given zones that a server answers for.

        What is wrong with another one is raised when it is used; here only
        where nothing is left, or no server answers.
        """
        served, failures = [], []
        for zone in self._zones:
            try:
                self._serial(zone)
            except Unreachable:
                raise
            except ProviderError as error:
                log.warning("Zone %s is left out: %s", zone, error)
                failures.append(error)
            else:
                served.append(zone)
        faults = [error for error in failures if not isinstance(error, ZoneGone)]
        if faults and not served:
            raise faults[0]
        return tuple(served)

    def read(self, zone: str, names: Collection[str] | None = None) -> Iterable[RRset]:
        """The zone by transfer, of which only what is new is asked for where the server tells.

        Names without a copy of the zone by questions, which no allow-transfer is
        needed for. Raises Unlisted where the zone is not transferred.
        """
        key = self._settings.key(zone)

        def talk(connection: Connection) -> tuple[RRset, ...]:
            if names is None:
                return self._copies.whole(connection, zone, key)
            found = self._copies.some(connection, zone, key, names)
            if found is None:
                found = read.some(connection, zone, names, key, take=self._take)
            return found

        return self._servers.read(zone, talk)

    def changed(self, zone: str, marker: str) -> frozenset[str] | None:
        """By IXFR; nothing is told of a marker that another server gave."""
        serial, _, server = marker.partition("@")
        key = self._settings.key(zone)

        def talk(connection: Connection) -> frozenset[str] | None:
            if self._suffix(connection.server) != server:
                return None
            return self._copies.changed(connection, zone, key, int(serial))

        return self._servers.read(zone, talk)

    def marker(self, zone: str) -> str:
        server, serial = self._serial(zone)
        suffix = self._suffix(server)
        marker = f"{serial}@{suffix}" if suffix else f"{serial}"
        remembered = self._markers[zone]
        remembered[marker] = self._updates[zone]
        while len(remembered) > REMEMBERED:
            del remembered[next(iter(remembered))]
        return marker

    def expected(self, zone: str, marker: str) -> str | None:
        """The marker by now, if only we wrote since the zone was found to have this one.

        None where that cannot be told. Servers that count serials in other steps
        than one an update never meet it; then the zone has to be read again.
        """
        updates = self._markers[zone].get(marker)
        if updates is None:
            return None
        serial, at, server = marker.partition("@")
        return f"{(int(serial) + self._updates[zone] - updates) % 2**32}{at}{server}"

    def write(self, zone: str, groups: Sequence[Group]) -> Sequence[Refusal]:
        ready, refusals = _prepared(zone, groups)
        let_in = False

        def send(batch: Sequence[update.Prepared]) -> None:
            nonlocal let_in
            server, query, rcode = self._update(zone, batch)
            if rcode in errors.DENIAL and not let_in:
                self._see_that_updates_are_let_in(zone)
                let_in = True
            errors.judge(server, query, zone, rcode)
            self._updates[zone] += any(group.delete or group.add for group in batch)

        refused = deliver(ready, send=send, fit=update.fit)
        refusals += [Refusal(item.group, error.reason, error.lost) for item, error in refused]
        return refusals

    def close(self) -> None:
        self._servers.close()
        self._copies.clear()

    def _suffix(self, server: Server) -> str:
        return "" if self._servers.first(server) else f"{server}"

    def _serial(self, zone: str) -> tuple[Server, int]:
        def talk(connection: Connection) -> tuple[Server, int]:
            self._take()
            return connection.server, read.serial(connection, zone, self._settings.key(zone))

        return self._servers.read(zone, talk)

    def _update(
        self, zone: str, batch: Sequence[update.Prepared]
    ) -> tuple[Server, dns.message.Message, dns.rcode.Rcode]:
        query = update.message(zone, batch, self._settings.key(zone))

        def talk(connection: Connection) -> tuple[Server, dns.message.Message, dns.rcode.Rcode]:
            self._take()
            try:
                rcode = connection.ask(query).rcode()
            except errors.BadKey:
                rcode = dns.rcode.NOTAUTH
            return connection.server, query, rcode

        try:
            return self._servers.write(zone, talk)
        except dns.exception.TooBig as error:
            raise Refused("it does not fit into one update message of 64 KiB") from error

    def _see_that_updates_are_let_in(self, zone: str) -> None:
        """Tell a key that may not write at all from one that may not write some names.

        The first is raised. A server that does not have the zone says NOTAUTH, but
        some say so of a key that they do not know, or let in nowhere, too.
        """
        self._serial(zone)
        server, query, rcode = self._update(zone, ())
        if rcode in errors.DENIAL:
            raise errors.not_updated(server, query, zone, rcode)


def _prepared(zone: str, groups: Iterable[Group]) -> tuple[list[update.Prepared], list[Refusal]]:
    ready, refusals = [], []
    for group in groups:
        try:
            ready.append(update.prepare(group, zone))
        except InvalidName as error:
            refusals.append(Refusal(group, str(error)))
    return ready, refusals
