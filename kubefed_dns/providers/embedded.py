"""The zones of the embedded server, written by compare-and-swap."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from dns.rdatatype import RdataType

from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import embedded_settings
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.protocol import Capabilities, Context, Refusal
from kubefed_dns.providers.stage import stage
from kubefed_dns.records import (
    ALIAS,
    GEO,
    ROUTING,
    TIER,
    WEIGHT,
    Create,
    Delete,
    Group,
    RRKey,
    RRset,
)
from kubefed_dns.server.data import TYPES
from kubefed_dns.server.names import to_wire
from kubefed_dns.server.node import Node
from kubefed_dns.server.server import Server
from kubefed_dns.server.zone import Zone

log = logging.getLogger(__name__)

NOWHERE = (
    "answers go by place, and without a database everybody gets the rest (*): give "
    "spec.embedded.geoDatabase, or --dns-geoip-database"
)
# What is left of a message of 64 KiB beside the longest chain of aliases and an OPT record.
LARGEST = 56_000


class Embedded:
    """Writes to a server of this process.

    Zones come and go by the server's `add_zone` and `drop_zone`; those that the
    context names are added if they are missing. The first `write` to a zone, an
    empty one too, is what lets the server answer for it, so it has to carry all
    that is wanted then. A zone goes by the settings of whoever used it last.
    Without a server it makes one, which it does not start. Raises Misconfigured.
    """

    capabilities = Capabilities(
        types=frozenset(rdtype.name for rdtype in TYPES),
        shared=False,
        routing=frozenset({WEIGHT, TIER, GEO}),
    )

    def __init__(self, context: Context, server: Server | None = None) -> None:
        self._context = context
        self._server = server or Server(now=lambda: datetime.now(UTC))
        self._policy = embedded_settings.parse(context).policy(self._server.policy)
        self._lost = False
        served = {zone.name for zone in self._server.zones}
        for name in context.zones:
            if name not in served:
                self._server.add_zone(name)

    def zones(self) -> Iterable[str]:
        given = self._context.zones
        return [zone.name for zone in self._server.zones if not given or zone.name in given]

    def read(self, zone: str, names: Collection[str] | None = None) -> Iterable[RRset]:
        self._context.take()
        served = self._zone(zone)
        if names is None:
            return served.rrsets()
        return [rrset for name in names for rrset in _held(served, name).values()]

    def marker(self, zone: str) -> str | None:
        """The serial."""
        return str(self._zone(zone).serial)

    def write(self, zone: str, groups: Sequence[Group]) -> Sequence[Refusal]:
        """All groups become visible at once, under one new serial."""
        self._context.take()
        served = self._zone(zone)
        draft = _Draft(served)
        refusals = []
        for group in groups:
            self._see(group)
            try:
                draft.put(group)
            except Refused as error:
                refusals.append(Refusal(group, error.reason, error.lost))
        served.apply(draft.nodes)
        return refusals

    def complaint(self) -> str | None:
        """What of the settings does not work, though answers go on; None where all does."""
        database = self._policy.database
        if database is not None and database.fault:
            return f"spec.embedded.geoDatabase: {database.fault}"
        return NOWHERE if self._lost else None

    def close(self) -> None:
        """The server goes on."""

    def _see(self, group: Group) -> None:
        """Say it once where names go by place and there is nothing that tells places."""
        if self._lost or self._policy.database is not None:
            return
        new = [change.new for change in group.changes if not isinstance(change, Delete)]
        self._lost = any(GEO in dict(rrset.properties) for rrset in new)
        if self._lost:
            log.warning("%s: %s", group.name, NOWHERE)

    def _zone(self, name: str) -> Zone:
        zone = self._server.zone(name)
        zone.adopt(self._policy)
        return zone


class _Draft:
    """What groups make of a zone, on paper; each sees what those before it did."""

    def __init__(self, zone: Zone) -> None:
        self.nodes: dict[bytes, Node | None] = {}
        self._zone = zone
        self._names: dict[str, dict[RRKey, RRset]] = {}

    def put(self, group: Group) -> None:
        """Raises Refused, and then nothing of the group is taken."""
        types = Embedded.capabilities.types
        try:
            held = {name: self._held(name) for name in _names(group)}
            staged = stage(group, zone=self._zone.name, held=held, types=types, strict=False)
            made = {to_wire(name): _node(rrsets) for name, rrsets in staged.items()}
        except InvalidName as error:
            raise Refused(str(error)) from error
        self._names |= staged
        self.nodes |= made

    def _held(self, name: str) -> dict[RRKey, RRset]:
        return self._names[name] if name in self._names else _held(self._zone, name)


def _held(zone: Zone, name: str) -> dict[RRKey, RRset]:
    node = zone.node(to_wire(name))
    return {} if node is None else dict(node.rrsets)


def _names(group: Group) -> set[str]:
    found = set()
    for change in group.changes:
        if not isinstance(change, Create):
            found.add(change.old.name)
        if not isinstance(change, Delete):
            found.add(change.new.name)
    return found


def _node(rrsets: Mapping[RRKey, RRset]) -> Node | None:
    """Raises Refused or InvalidName where a message cannot carry it, or the server does not."""
    for rrset in rrsets.values():
        if fault := _fault(rrset):
            raise Refused(f"{rrset.name} {rrset.type}: {fault}")
    if not rrsets:
        return None
    node = Node.of(rrsets)
    for records in node.records.values():
        if records.size > LARGEST:
            name, rdtype = min(rrsets)[0], RdataType(records.type).name
            raise Refused(f"{name} {rdtype}: too large for a DNS message")
    return node


def _fault(rrset: RRset) -> str | None:
    """What keeps a set from being served, that other backends may not mind."""
    if rrset.name.startswith("*.") and rrset.type == "NS":
        return "a wildcard cannot be handed on to other name servers"
    if rrset.set_identifier and rrset.type in {"NS", "DS"}:
        return "a zone is handed on to the same name servers for everybody"
    strange = dict(rrset.properties).keys() & ((ROUTING | {ALIAS}) - Embedded.capabilities.routing)
    return f"the embedded server does not serve by {min(strange)}" if strange else None
