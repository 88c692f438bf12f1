"""What a group would make of a zone, on paper; what no backend should be asked for is refused."""

from collections.abc import Collection, Iterable, Mapping

from kubefed_dns import records
from kubefed_dns.errors import InvalidName
from kubefed_dns.providers.batch import Refused
from kubefed_dns.records import Change, Create, Delete, Group, RRKey, RRset, Update

Node = dict[RRKey, RRset]
"""All sets of one name."""


def stage(
    group: Group,
    *,
    zone: str,
    held: Mapping[str, Node],
    types: frozenset[str],
    strict: bool = True,
) -> dict[str, Node]:
    """The names that a group touches, as it would leave them; `held` stays as it is.

    `strict` looks whether all is canonical too, as `records.rrset` makes it; that
    takes longer than all the rest. Raises Refused: as lost where the zone holds
    something else than the group expects, for good where no zone could hold it.
    """
    nodes: dict[str, Node] = {}
    sides = list(_sides(group.changes))
    for old, new in sides:
        for rrset in filter(None, (old, new)):
            if strict:
                _check_words(rrset)
            _check(rrset, zone, types)
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


def _check_words(rrset: RRset) -> None:
    where = f"{rrset.name} {rrset.type}"
    try:
        same = records.rrset(
            rrset.name,
            rrset.type,
            rrset.ttl,
            rrset.values,
            set_identifier=rrset.set_identifier,
            properties=dict(rrset.properties),
        )
    except InvalidName as error:
        raise Refused(f"{where}: {error}") from error
    if same != rrset:
        raise Refused(f"{where}: it is not canonical")


def _check(rrset: RRset, zone: str, types: frozenset[str]) -> None:
    cname = rrset.type == "CNAME" and not rrset.alias
    apex = rrset.name == zone and (cname or rrset.type == "NS")
    routed = records.ROUTING.intersection(dict(rrset.properties))
    faults = {
        f"the name is not in zone {zone}": not records.within(rrset.name, zone),
        "this type is not written here": rrset.type not in types or apex,
        "there are no values": not rrset.values,
        "an alias has one target": rrset.type == "CNAME" and len(rrset.values) > 1,
        f"the TTL {rrset.ttl} is not in 0..{records.MAX_TTL}": not 0
        <= rrset.ttl
        <= records.MAX_TTL,
        "a set that is chosen among others needs a set identifier": bool(routed)
        and not rrset.set_identifier,
    }
    for fault, found in faults.items():
        if found:
            raise Refused(f"{rrset.name} {rrset.type}: {fault}")


def _check_together(rrsets: Collection[RRset], made: Collection[RRset]) -> None:
    """What the zone held and the group did not know of makes it a lost race."""
    followed = {rrset for rrset in rrsets if rrset.alias}
    types = {rrset.type for rrset in rrsets if rrset not in followed}
    name = next((rrset.name for rrset in rrsets), "")
    plain = {rrset.type for rrset in rrsets if not rrset.set_identifier}
    routed = {rrset.type for rrset in rrsets if rrset.set_identifier}
    lost = not set(rrsets) <= set(made)
    alone = "CNAME" in types and len(types) + bool(followed) > 1
    if alone or (followed and types & {"A", "AAAA"}):
        raise Refused(f"{name}: nothing can stand beside an alias", lost=lost)
    if mixed := plain & routed:
        both = ", ".join(sorted(mixed))
        raise Refused(f"{name} {both}: sets with and without a set identifier", lost=lost)
