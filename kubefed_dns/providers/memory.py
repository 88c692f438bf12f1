"""Zones in memory, for tests and dry runs; as strict as the strictest backend."""

from collections.abc import Collection, Iterable, Sequence

from kubefed_dns.errors import ZoneGone
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.protocol import Capabilities, Context, Refusal
from kubefed_dns.providers.stage import Node, stage
from kubefed_dns.records import ALIAS, ROUTING, Create, Group, RRset, Update


class Memory:
    """Holds the zones of its context, empty at first; a foreign writer is another call of `write`.

    What any backend refuses is refused here: an `old` that differs, in its TTL
    too, a set that is there already, what cannot stand beside a CNAME, names and
    values that are not canonical, and properties that it does not claim.
    """

    def __init__(
        self,
        context: Context,
        *,
        types: frozenset[str] = Capabilities().types,
        routing: frozenset[str] = ROUTING,
        aliases: bool = True,
    ) -> None:
        self.capabilities = Capabilities(types=types, routing=routing, aliases=aliases)
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
                nodes = self._stage(group, zone, held)
            except Refused as error:
                refusals.append(Refusal(group, error.reason, error.lost))
                continue
            self._serials[zone] += any(node != held.get(name, {}) for name, node in nodes.items())
            held.update(nodes)
            for name in nodes:
                if not held[name]:
                    del held[name]
        return refusals

    def _stage(self, group: Group, zone: str, held: dict[str, Node]) -> dict[str, Node]:
        claims = self.capabilities
        known = claims.routing | ({ALIAS} if claims.aliases else set())
        for change in group.changes:
            new = change.new if isinstance(change, Create | Update) else None
            if new is not None and (strange := dict(new.properties).keys() - known):
                raise Refused(f"{new.name} {new.type}: {min(strange)} is not claimed")
        return stage(group, zone=zone, held=held, types=claims.types)

    def close(self) -> None:
        """There is nothing to let go of."""

    def _held(self, zone: str) -> dict[str, Node]:
        self._take()
        if zone not in self._zones:
            raise ZoneGone(f"{zone} is not held in memory; name it in spec.zones")
        return self._zones[zone]
