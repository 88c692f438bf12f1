"""DNS after propagation: a cluster's first address waits until its object is as it is wanted."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from kubefed_core.api import federated
from kubefed_core.api import types as types_api
from kubefed_core.errors import Terminal
from kubefed_core.objects import Key, Obj, generation
from kubefed_core.resources import INGRESSES, SERVICES, TYPE_CONFIGS, Resource
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host
from kubefed_dns.api.records import Record
from kubefed_dns.controllers.keys import RecordKey
from kubefed_dns.decide import explain
from kubefed_dns.decide.sights import Sight
from kubefed_dns.resources import INGRESS_RECORDS, SERVICE_RECORDS

_OF = {SERVICES: SERVICE_RECORDS, INGRESSES: INGRESS_RECORDS}


class Arrivals:
    """Looks at the federated objects from which a record's objects in the members come."""

    def __init__(self, host: Host, *, again: Callable[[RecordKey], None]) -> None:
        self._host = host
        self._again = again
        self._kinds: dict[Resource, Resource] = {}
        host.fleet.subscribe(self._changed)

    def seen(self, key: RecordKey, record: Record, found: Iterable[Sight]) -> list[Sight]:
        """With what each cluster has to wait for; what is not propagated waits for nothing."""
        kind = self._kinds.get(key.resource)
        source = self._host.get(kind, key.key) if kind is not None else None
        if kind is None or source is None:
            return list(found)
        there = _there(source)
        why = explain.arriving(f"{kind.kind} {key.key}")
        return [
            replace(sight, awaited=why)
            if sight.cluster not in there and self._managed(record, sight.cluster)
            else sight
            for sight in found
        ]

    def _managed(self, record: Record, cluster: str) -> bool:
        store = self._host.fleet.store(cluster, record.member)
        obj = store.get(record.key) if store is not None else None
        return obj is not None and federated.is_managed(obj)

    def _changed(self, cluster: str, resource: Resource, key: Key) -> None:
        if cluster != HOST:
            return
        if resource == TYPE_CONFIGS:
            self._read()
        for record, kind in self._kinds.items():
            if kind == resource and self._host.get(record, key) is not None:
                self._again(RecordKey(record, key))

    def _read(self) -> None:
        """Which kinds federate what records are about."""
        self._kinds = {}
        for obj in self._host.list(TYPE_CONFIGS):
            try:
                found = types_api.parse(obj)
            except Terminal:
                continue
            if found.target in _OF and found.propagated:
                self._kinds[_OF[found.target]] = found.federated


def _there(source: Obj) -> frozenset[str]:
    """The clusters in which it is as it is wanted now."""
    status = federated.status(source)
    if status.observed_generation != generation(source):
        return frozenset()
    return frozenset(each.name for each in status.clusters if not each.status)
