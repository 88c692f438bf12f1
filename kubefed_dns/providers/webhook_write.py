"""Writing by the webhook protocol: what a zone holds, and changes as requests."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import piecemeal
from kubefed_dns.providers import webhook_wire as wire
from kubefed_dns.providers.batch import deliver
from kubefed_dns.providers.protocol import Refusal
from kubefed_dns.providers.webhook_http import Http
from kubefed_dns.providers.webhook_meant import Meant
from kubefed_dns.providers.webhook_wire import Endpoint
from kubefed_dns.records import Change, Create, Delete, Group, RRKey, RRset, Update

MOST = 500
"""Groups in a request."""

_OURS = frozenset(
    {"dnsName", "targets", "recordType", "setIdentifier", "recordTTL", "providerSpecific"}
)


class Held:
    """What a zone holds: the endpoints by key, and what they mean to us.

    Some webhooks list each target as an endpoint of its own. A set that DNS
    cannot carry, an alias for instance, is there all the same.
    """

    def __init__(self, zone: str, endpoints: Iterable[Endpoint], meant: Meant) -> None:
        self.endpoints: dict[RRKey, Endpoint] = {}
        for each in endpoints:
            key = wire.raw(each).key
            if key in self.endpoints:
                joined = [*wire.texts(self.endpoints[key]), *wire.texts(each)]
                each = {**self.endpoints[key], "targets": joined}
            self.endpoints[key] = each
        found = map(_read, self.endpoints.values())
        self.said = [rrset for rrset in found if not _is_the_zones(rrset, zone)]
        self.nodes = piecemeal.by_name(meant.read(self.said))

    def rrsets(self) -> Iterator[RRset]:
        for node in self.nodes.values():
            yield from node.values()


class Writing:
    """One call of `write`; `held` is what the zone holds, as last read."""

    def __init__(self, http: Http, zone: str, meant: Meant) -> None:
        self.held = Held(zone, (), meant)
        self._http = http
        self._meant = meant
        self._adjusted: dict[RRset, tuple[RRset, Endpoint]] = {}

    def adjust(self, groups: Sequence[Group]) -> tuple[list[Group], list[Refusal]]:
        """Ask what the webhook makes of new data; the groups that it can do."""

        def send(batch: Sequence[Group]) -> None:
            new = [rrset for group in batch for rrset in _data(group)]
            if new:
                self._learn(new, self._http.post("/adjustendpoints", [*map(wire.endpoint, new)]))

        failed = deliver(groups, send=send, fit=lambda _: MOST)
        refusals = [Refusal(group, error.reason) for group, error in failed]
        refused = {id(group) for group, _ in failed}
        ready = []
        for group in groups:
            left_out = [rrset for rrset in _data(group) if rrset not in self._adjusted]
            if id(group) in refused:
                continue
            if left_out:
                what = f"{left_out[0].name} {left_out[0].type}"
                refusals.append(Refusal(group, f"the webhook's adjustendpoints leaves out {what}"))
            else:
                ready.append(group)
        return ready, refusals

    def apply(self, changes: Sequence[Change]) -> None:
        said: dict[str, list[Endpoint]] = defaultdict(list)
        for change in changes:
            match change:
                case Create(new):
                    said["create"].append(self._new(new))
                case Update(old, new):
                    said["updateOld"].append(self._old(old))
                    said["updateNew"].append(self._kept(old, self._new(new)))
                case Delete(old):
                    said["delete"].append(self._old(old))
        self._http.post("/records", said)
        for change in changes:
            if not isinstance(change, Delete):
                made, _ = self._adjusted.get(change.new, (change.new, None))
                self._meant.told(change.new, made)

    def _learn(self, new: Sequence[RRset], answer: Any) -> None:
        by_key: dict[RRKey, tuple[RRset, Endpoint]] = {}
        for each in answer if isinstance(answer, list) else ():
            try:
                made = wire.rrset(each)
            except (InvalidName, AttributeError):
                continue
            by_key[made.key] = made, each
        for rrset in new:
            if rrset.key in by_key:
                made, each = self._adjusted[rrset] = by_key[rrset.key]
                self._meant.adjusts(rrset, made)

    def _new(self, rrset: RRset) -> Endpoint:
        _, said = self._adjusted.get(rrset, (rrset, None))
        return said or wire.endpoint(rrset)

    def _old(self, rrset: RRset) -> Endpoint:
        return self.held.endpoints.get(rrset.key) or wire.endpoint(rrset)

    def _kept(self, old: RRset, new: Endpoint) -> Endpoint:
        """With what the webhook alone knows about the set, its labels for instance."""
        kept = {key: value for key, value in self._old(old).items() if key not in _OURS}
        return {**kept, **new}


def _data(group: Group) -> Iterator[RRset]:
    """What comes or changes, but for ownership, which external-dns has nobody adjust."""
    for change in group.changes:
        if not isinstance(change, Delete) and not piecemeal.owns(change.new, group):
            yield change.new


def _read(said: Endpoint) -> RRset:
    try:
        return wire.rrset(said)
    except InvalidName:
        return wire.raw(said)


def _is_the_zones(rrset: RRset, zone: str) -> bool:
    return rrset.type == "SOA" or (rrset.type == "NS" and rrset.name == zone)
