"""The zones of the embedded server, written by compare-and-swap."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from kubefed_dns.errors import InvalidName
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.protocol import Capabilities, Context, Refusal
from kubefed_dns.records import MAX_TTL, Change, Create, Delete, Group, RRKey, RRset, Update
from kubefed_dns.server.data import TYPES
from kubefed_dns.server.names import STAR, to_wire, within
from kubefed_dns.server.server import Server
from kubefed_dns.server.node import Node
from kubefed_dns.server.zone import Zone

# What is left of a message of 64 KiB beside the longest chain of aliases and an OPT record.
LARGEST = 56_000


class Embedded:
    """Writes to a server of this process.

    Zones come and go by the server's `add_zone` and `drop_zone`; those that the
    context names are added if they are missing. The first `write` to a zone, an
    empty one too, is what lets the server answer for it, so it has to carry all
    that is wanted then. Without a server it makes one, which it does not start.
    """

    capabilities = Capabilities(types=frozenset(rdtype.name for rdtype in TYPES), shared=False)

    def __init__(self, context: Context, server: Server | None = None) -> None:
        self._context = context
        self._server = server or Server(now=lambda: datetime.now(UTC))
        served = {zone.name for zone in self._server.zones}
        for name in context.zones:
            if name not in served:
                self._server.add_zone(name)

    def zones(self) -> Iterable[str]:
        given = self._context.zones
        return [zone.name for zone in self._server.zones if not given or zone.name in given]

    def read(self, zone: str, names: Collection[str] | None = None) -> Iterable[RRset]:
        self._context.take()
        served = self._server.zone(zone)
        if names is None:
            return served.rrsets()
        nodes = [served.node(to_wire(name)) for name in names]
        return [rrset for node in nodes if node is not None for rrset in node.rrsets.values()]

    def marker(self, zone: str) -> str | None:
        """The serial."""
        return str(self._server.zone(zone).serial)

    def write(self, zone: str, groups: Sequence[Group]) -> Sequence[Refusal]:
        """All groups become visible at once, under one new serial."""
        self._context.take()
        served = self._server.zone(zone)
        staged: dict[bytes, Node | None] = {}
        refusals = []
        for group in groups:
            try:
                staged.update(_stage(group, served, staged))
            except Refused as error:
                refusals.append(Refusal(group, error.reason, error.lost))
        served.apply(staged)
        return refusals

    def close(self) -> None:
        """The server goes on."""


def _stage(
    group: Group, zone: Zone, staged: Mapping[bytes, Node | None]
) -> dict[bytes, Node | None]:
    """What a group makes of its names, after the groups before it. Raises Refused."""
    draft = _Draft(zone, staged)
    try:
        for change in group.changes:
            draft.make(change)
        return draft.nodes()
    except InvalidName as error:
        raise Refused(str(error)) from error


class _Draft:
    """The names of one group, changed on paper."""

    def __init__(self, zone: Zone, staged: Mapping[bytes, Node | None]) -> None:
        self._zone = zone
        self._staged = staged
        self._names: dict[bytes, dict[RRKey, RRset]] = {}
        self._made: set[RRset] = set()

    def make(self, change: Change) -> None:
        match change:
            case Create(new):
                self._add(new)
            case Update(old, new):
                if old.key != new.key:
                    raise Refused(f"an update turns {old.key} into {new.key}: delete and create")
                self._remove(old)
                self._add(new)
            case Delete(old):
                self._remove(old)

    def nodes(self) -> dict[bytes, Node | None]:
        for rrsets in self._names.values():
            self._check_alias(rrsets.values())
        return {name: _node(rrsets) for name, rrsets in self._names.items()}

    def _add(self, new: RRset) -> None:
        held = self._at(new)
        if new.key in held:
            raise Refused(f"{new.name} {new.type} is there already", lost=True)
        held[new.key] = new
        self._made.add(new)

    def _remove(self, old: RRset) -> None:
        held = self._at(old)
        if held.get(old.key) != old:
            raise Refused(f"{old.name} {old.type} is not what the zone holds", lost=True)
        del held[old.key]
        self._made.discard(old)

    def _at(self, rrset: RRset) -> dict[RRKey, RRset]:
        name = to_wire(rrset.name)
        fault = _fault(rrset, name, self._zone)
        if fault is not None:
            raise Refused(f"{rrset.name} {rrset.type}: {fault}")
        if name not in self._names:
            node = self._staged[name] if name in self._staged else self._zone.node(name)
            self._names[name] = {} if node is None else dict(node.rrsets)
        return self._names[name]

    def _check_alias(self, rrsets: Collection[RRset]) -> None:
        """A CNAME stands alone; what the zone held unknown to the group makes it a lost race."""
        if len(rrsets) < 2 or all(rrset.type != "CNAME" for rrset in rrsets):
            return
        types = ", ".join(sorted(rrset.type for rrset in rrsets))
        name = min(rrset.name for rrset in rrsets)
        lost = not self._made.issuperset(rrsets)
        raise Refused(f"{name} would hold {types}: a CNAME stands alone", lost=lost)


def _fault(rrset: RRset, name: bytes, zone: Zone) -> str | None:
    """What keeps a set from being in this zone, whatever else it holds."""
    if not within(name, zone.apex):
        return f"the name is not in {zone.name}"
    if rrset.type not in Embedded.capabilities.types:
        return "the embedded server serves no such type"
    if rrset.set_identifier:
        return "the embedded server serves one set per name and type"
    if name == zone.apex and rrset.type in {"NS", "CNAME"}:
        return "the zone's own name has its name server, and cannot be an alias"
    if name.startswith(STAR) and rrset.type == "NS":
        return "a wildcard cannot be handed on to other name servers"
    if not rrset.values or (rrset.type == "CNAME" and len(rrset.values) > 1):
        return f"it has {len(rrset.values)} values"
    if not 0 <= rrset.ttl <= MAX_TTL:
        return f"the TTL {rrset.ttl} is not in 0..{MAX_TTL}"
    return None


def _node(rrsets: Mapping[RRKey, RRset]) -> Node | None:
    """Raises Refused or InvalidName where a message cannot carry it."""
    if not rrsets:
        return None
    node = Node.of(rrsets)
    for rrset, records in zip(rrsets.values(), node.records.values(), strict=True):
        if records.size > LARGEST:
            raise Refused(f"{rrset.name} {rrset.type}: too large for a DNS message")
    return node
