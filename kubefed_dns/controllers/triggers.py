"""Which records to look at again when something somewhere has changed."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from kubefed_core.api import clusters as clusters_api
from kubefed_core.api.config import NAME
from kubefed_core.objects import Key, Obj, dig, generation, key_of, labels
from kubefed_core.resources import (
    CLUSTERS,
    CONFIGS,
    ENDPOINT_SLICES,
    INGRESSES,
    SERVICES,
    Resource,
)
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
    """Listens to the fleet; `add` is told of records, `moved` of those that a member changed.

    `edited` is told of a record whose own object is another one, `later` of those
    for which there is no hurry: their DNSEndpoint has changed but is not worked
    on yet. `bulk` is told of all of them, where something concerns all.
    """

    def __init__(
        self,
        host: Host,
        *,
        add: Callable[[RecordKey], None],
        moved: Callable[[RecordKey], None],
        edited: Callable[[RecordKey], None],
        later: Callable[[RecordKey], None],
        bulk: Callable[[RecordKey], None],
    ) -> None:
        self._host = host
        self._edited = edited
        self._later = later
        self._bulk = bulk
        self._add = add
        self._moved = moved
        self._services: dict[tuple[str, Key], Key] = {}
        self._clusters: dict[str, _Shown] = {}
        host.fleet.subscribe(self._changed)
        host.fleet.watch_sight(self._sighted)

    def _changed(self, cluster: str, resource: Resource, key: Key) -> None:
        if cluster == HOST:
            if resource in RECORDS:
                self._edited(RecordKey(resource, key))
            elif resource == ENDPOINTS:
                self._endpoint(key)
            else:
                for found in self._of_host(resource, key):
                    self._add(found)
            return
        for record in self._of_member(cluster, resource, key):
            if self._host.get(record.resource, record.key) is not None:
                self._moved(record)
                self._add(record)

    def _sighted(self, cluster: str, resource: Resource) -> None:
        if cluster == HOST or resource in (SERVICES, ENDPOINT_SLICES):
            self._all(SERVICE_RECORDS)
        if cluster == HOST or resource == INGRESSES:
            self._all(INGRESS_RECORDS)

    def _endpoint(self, key: Key) -> None:
        owner, obj = owner_of(key), self._host.get(ENDPOINTS, key)
        if owner is None:
            return
        worked_on = obj is None or dig(obj, "status", "observedGeneration") == generation(obj)
        (self._add if worked_on else self._later)(owner)

    def _of_host(self, resource: Resource, key: Key) -> Iterable[RecordKey]:
        if resource == DOMAINS and key.namespace == self._host.namespace:
            return [
                RecordKey(SERVICE_RECORDS, key_of(obj))
                for obj in self._host.list(SERVICE_RECORDS)
                if dig(obj, "spec", "domainRef") == key.name
            ]
        if resource == CLUSTERS and key.namespace == self._host.namespace:
            self._cluster(key)
        elif resource == CONFIGS and key == Key(self._host.namespace, NAME):
            self._every()  # how long a lost cluster is held may be another now
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
        self._every()

    def _every(self) -> None:
        for resource in RECORDS:
            self._all(resource)

    def _all(self, resource: Resource) -> None:
        for obj in self._host.list(resource):
            self._bulk(RecordKey(resource, key_of(obj)))

    def _of_member(self, cluster: str, resource: Resource, key: Key) -> Iterable[RecordKey]:
        if resource == SERVICES:
            return (RecordKey(SERVICE_RECORDS, key),)
        if resource == INGRESSES:
            return (RecordKey(INGRESS_RECORDS, key),)
        if resource == ENDPOINT_SLICES:
            return [RecordKey(SERVICE_RECORDS, each) for each in self._services_of(cluster, key)]
        return ()

    def _services_of(self, cluster: str, key: Key) -> frozenset[Key]:
        """The Services of a slice: the one that it has now, and the one that it had before."""
        store = self._host.fleet.store(cluster, ENDPOINT_SLICES)
        piece = store.get(key) if store is not None else None
        service = sights.service_of(piece) if piece is not None else None
        before = self._services.pop((cluster, key), None)
        if service is not None:
            self._services[cluster, key] = service
        return frozenset(filter(None, (before, service)))


def _shown(obj: Obj) -> _Shown:
    status = clusters_api.parse_status(obj)
    return _Shown(sights.place(obj), frozenset(labels(obj).items()), status.ready, status.offline)
