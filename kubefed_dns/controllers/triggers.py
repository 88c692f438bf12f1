"""Which records to look at again when something somewhere has changed."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from kubefed_core.api import clusters as clusters_api
from kubefed_core.objects import Key, Obj, dig, key_of, labels
from kubefed_core.resources import CLUSTERS, ENDPOINT_SLICES, INGRESSES, SERVICES, Resource
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host
from kubefed_dns.controllers.keys import RECORDS, RecordKey, owner_of
from kubefed_dns.decide import sights
from kubefed_dns.resources import DOMAINS, ENDPOINTS, INGRESS_RECORDS, SERVICE_RECORDS


class _Shown(NamedTuple):
    """All of a KubeFedCluster that records depend on; a heartbeat changes none of it."""

    place: sights.Place
    labels: frozenset[tuple[str, str]]
    ready: bool
    offline: bool


class Triggers:
    """Listens to the fleet; `add` is told of records, `moved` of those that a member changed."""

    def __init__(
        self,
        host: Host,
        *,
        add: Callable[[RecordKey], None],
        moved: Callable[[RecordKey], None],
    ) -> None:
        self._host = host
        self._add = add
        self._moved = moved
        self._services: dict[tuple[str, Key], Key] = {}
        self._clusters: dict[str, _Shown] = {}
        host.fleet.subscribe(self._changed)
        host.fleet.watch_sight(self._sighted)

    def _changed(self, cluster: str, resource: Resource, key: Key) -> None:
        if cluster == HOST:
            for found in self._of_host(resource, key):
                self._add(found)
            return
        record = self._of_member(cluster, resource, key)
        if record is not None and self._host.get(record.resource, record.key) is not None:
            self._moved(record)
            self._add(record)

    def _sighted(self, cluster: str, resource: Resource) -> None:
        if cluster == HOST or resource in (SERVICES, ENDPOINT_SLICES):
            self._all(SERVICE_RECORDS)
        if cluster == HOST or resource == INGRESSES:
            self._all(INGRESS_RECORDS)

    def _of_host(self, resource: Resource, key: Key) -> Iterable[RecordKey]:
        if resource in RECORDS:
            return (RecordKey(resource, key),)
        if resource == ENDPOINTS:
            return filter(None, (owner_of(key),))
        if resource == DOMAINS and key.namespace == self._host.namespace:
            return [
                RecordKey(SERVICE_RECORDS, key_of(obj))
                for obj in self._host.list(SERVICE_RECORDS)
                if dig(obj, "spec", "domainRef") == key.name
            ]
        if resource == CLUSTERS and key.namespace == self._host.namespace:
            self._cluster(key)
        return ()

    def _cluster(self, key: Key) -> None:
        """A joined, changed or unjoined cluster concerns every record."""
        obj = self._host.get(CLUSTERS, key)
        shown = _shown(obj) if obj is not None else None
        if shown == self._clusters.get(key.name):
            return
        if shown is None:
            del self._clusters[key.name]
        else:
            self._clusters[key.name] = shown
        for resource in RECORDS:
            self._all(resource)

    def _all(self, resource: Resource) -> None:
        for obj in self._host.list(resource):
            self._add(RecordKey(resource, key_of(obj)))

    def _of_member(self, cluster: str, resource: Resource, key: Key) -> RecordKey | None:
        if resource == SERVICES:
            return RecordKey(SERVICE_RECORDS, key)
        if resource == INGRESSES:
            return RecordKey(INGRESS_RECORDS, key)
        if resource == ENDPOINT_SLICES and (service := self._service(cluster, key)) is not None:
            return RecordKey(SERVICE_RECORDS, service)
        return None

    def _service(self, cluster: str, key: Key) -> Key | None:
        """The Service of a slice, also of one that is gone: its label went with it."""
        store = self._host.fleet.store(cluster, ENDPOINT_SLICES)
        piece = store.get(key) if store is not None else None
        if piece is None:
            return self._services.pop((cluster, key), None)
        service = sights.service_of(piece)
        if service is not None:
            self._services[cluster, key] = service
        return service


def _shown(obj: Obj) -> _Shown:
    status = clusters_api.parse_status(obj)
    return _Shown(sights.place(obj), frozenset(labels(obj).items()), status.ready, status.offline)
