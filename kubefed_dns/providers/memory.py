"""Zones in memory, for tests and dry runs; as strict as the strictest backend."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from kubefed_dns import records
from kubefed_dns.errors import InvalidName, ZoneGone
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.protocol import Capabilities, Context, Refusal
from kubefed_dns.records import Change, Create, Delete, Group, RRKey, RRset, Update

Node = dict[RRKey, RRset]


class Memory:
    """Holds the zones of its context, empty at first; a foreign writer is another call of `write`.

    What any backend refuses is refused here: an `old` that differs, in its TTL
    too, a set that is there already, what cannot stand beside a CNAME, and
    names and values that are not canonical.
    """

    def __init__(self, context: Context, *, types: frozenset[str] = Capabilities().types) -> None:
        self.capabilities = Capabilities(types=types)
        self._take = context.take
        self._zones: dict[str, dict[str, Node]] = {zone: {} for zone in context.zones}
        self._serials = dict.fromkeys(context.zones, 1)

    def zones(self) -> Iterable[str]:
        return tuple(self._zones)

    def read(self, zone: str, names: Collection[str] | None = None) -> Iterable[RRset]:
        held = self._held(zone)
        some = held if names is None else names
        return tuple(rrset for name in some for rrset in held.get(name, {}).values())

    def marker(self, zone: str) -> str:
        self._held(zone)
        return str(self._serials[zone])

    def write(self, zone: str, groups: Sequence[Group]) -> Sequence[Refusal]:
        held = self._held(zone)
        refusals = []
        for group in groups:
            try:
                nodes = self._stage(zone, group)
            except Refused as error:
                refusals.append(Refusal(group, error.reason, error.lost))
                continue
            self._serials[zone] += any(node != held.get(name, {}) for name, node in nodes.items())
            held.update(nodes)
            for name in nodes:
                if not held[name]:
                    del held[name]
        return refusals

    def close(self) -> None:
        """There is nothing to let go of."""

    def _held(self, zone: str) -> dict[str, Node]:
        self._take()
        if zone not in self._zones:
            raise ZoneGone(f"{zone} is not held in memory; name it in spec.zones")
        return self._zones[zone]

    def _stage(self, zone: str, group: Group) -> Mapping[str, Node]:
        """What the group makes of the names it touches."""
        held = self._zones[zone]
        nodes: dict[str, Node] = {}
        sides = list(_sides(group.changes))
        for old, new in sides:
            for rrset in filter(None, (old, new)):
                _check(rrset, zone, self.capabilities.types)
                nodes.setdefault(rrset.name, dict(held.get(rrset.name, {})))
            if old is not None:
                _remove(old, nodes[old.name])
            if new is not None:
                _add(new, nodes[new.name])
        made = {new for _, new in sides if new}
        for node in nodes.values():
            _check_together(node.values(), made)
        return nodes


def _sides(changes: Iterable[Change]) -> Iterable[tuple[RRset | None, RRset | None]]:
    for change in changes:
        match change:
            case Create(new):
                yield None, new
            case Update(old, new):
                if old.key != new.key:
                    raise Refused(f"{old.key} is not updated into {new.key}: delete and create")
                yield old, new
            case Delete(old):
                yield old, None


def _remove(old: RRset, node: Node) -> None:
    if node.pop(old.key, None) != old:
        raise Refused(f"{old.name} {old.type} is not what the zone holds", lost=True)


def _add(new: RRset, node: Node) -> None:
    if new.key in node:
        raise Refused(f"{new.name} {new.type} is there already", lost=True)
    node[new.key] = new


def _check(rrset: RRset, zone: str, types: frozenset[str]) -> None:
    where = f"{rrset.name} {rrset.type}"
    try:
        same = records.rrset(
            rrset.name, rrset.type, rrset.ttl, rrset.values, set_identifier=rrset.set_identifier
        )
    except InvalidName as error:
        raise Refused(f"{where}: {error}") from error
    apex = rrset.name == zone and rrset.type in ("CNAME", "NS")
    faults = {
        "it is not canonical": same != rrset,
        f"the name is not in zone {zone}": not records.within(rrset.name, zone),
        "this type is not written here": rrset.type not in types or apex,
        "there are no values": not rrset.values,
        "an alias has one target": rrset.type == "CNAME" and len(rrset.values) > 1,
        f"the TTL {rrset.ttl} is not in 0..{records.MAX_TTL}": not 0
        <= rrset.ttl
        <= records.MAX_TTL,
    }
    for fault, found in faults.items():
        if found:
            raise Refused(f"{where}: {fault}")


def _check_together(rrsets: Collection[RRset], made: Collection[RRset]) -> None:
    """What the zone held and the group did not know of makes it a lost race."""
    types = {rrset.type for rrset in rrsets}
    name = next((rrset.name for rrset in rrsets), "")
    plain = {rrset.type for rrset in rrsets if not rrset.set_identifier}
    routed = {rrset.type for rrset in rrsets if rrset.set_identifier}
    lost = not set(rrsets) <= set(made)
    if "CNAME" in types and len(types) > 1:
        raise Refused(f"{name}: nothing can stand beside an alias", lost=lost)
    if mixed := plain & routed:
        both = ", ".join(sorted(mixed))
        raise Refused(f"{name} {both}: sets with and without a set identifier", lost=lost)
