"""DNS before removal: a cluster leaves a record's names before its object leaves the cluster."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from kubefed_core.api.config import Config
from kubefed_core.objects import Key, Obj, annotations, deleting, generation, key_of
from kubefed_core.resources import INGRESSES, NAMESPACES, SERVICES, Resource
from kubefed_core.runtime.host import Host
from kubefed_dns.api import endpoints as endpoints_api
from kubefed_dns.api import status as status_api
from kubefed_dns.api.endpoints import Endpoint
from kubefed_dns.api.records import Record
from kubefed_dns.controllers.keys import RECORDS, STATE, RecordKey, endpoint_key, state_of
from kubefed_dns.decide.sights import Sight, State
from kubefed_dns.resources import ENDPOINTS, INGRESS_RECORDS, SERVICE_RECORDS

SLACK, LONGEST = 30.0, 600.0
"""Seconds that the withdrawal itself may take on top of the TTL, and both together at most."""
SOON = 1.0
"""Seconds until it is asked again, while providers are at work."""
LAPSE = 25.0
"""Seconds without a question after which nobody is about to remove anything any more."""

_OF = {SERVICES: SERVICE_RECORDS, INGRESSES: INGRESS_RECORDS}


@dataclass(slots=True)
class _Departure:
    """`sets` are the record's as they were; times are the loop's, `out` when DNS was without."""

    began: float
    sets: tuple[Endpoint, ...]
    asked: float = 0.0
    out: float | None = None
    lapse: asyncio.TimerHandle | None = field(default=None, repr=False)


class Departures:
    """Bounded by what is being removed.

    `current` says whether the zones hold of some canonical names only what a
    DNSEndpoint, as it is, wants.
    """

    def __init__(
        self,
        host: Host,
        *,
        config: Callable[[], Config],
        current: Callable[[Obj, Collection[str]], bool],
    ) -> None:
        self._host = host
        self._config = config
        self._current = current
        self._again: Callable[[RecordKey], None] = lambda key: None
        self._leaving: dict[RecordKey, dict[str, _Departure]] = {}

    def subscribe(self, again: Callable[[RecordKey], None]) -> None:
        """Have somebody told of records that are to be weighed anew."""
        self._again = again

    def seen(self, key: RecordKey, found: Iterable[Sight]) -> list[Sight]:
        """With those marked in which a record's object is about to be removed."""
        if key not in self._leaving:
            return list(found)
        made = []
        for sight in found:
            if sight.present is False and sight.state == State.LIVE:
                self._forget(key, sight.cluster)  # When it comes back it is welcome.
            leaving = sight.cluster in self._leaving.get(key, {})
            made.append(replace(sight, leaving=True) if leaving else sight)
        return made

    def _forget(self, key: RecordKey, cluster: str) -> None:
        departure = self._leaving.get(key, {}).pop(cluster, None)
        if departure is not None and departure.lapse is not None:
            departure.lapse.cancel()
        if not self._leaving.get(key):
            self._leaving.pop(key, None)

    def before_removal(self, cluster: str, resource: Resource, key: Key) -> float | None:
        """In how many seconds an object may be removed from a cluster; None: at once.

        It is to be asked again then; who does not ask for a while has changed his mind.
        Without a record that has the cluster as a target nothing is waited for.
        """
        waits = [self._wait(cluster, each) for each in self._records(resource, key)]
        return max((wait for wait in waits if wait is not None), default=None)

    def _records(self, resource: Resource, key: Key) -> Iterator[RecordKey]:
        """Whose targets go; with a namespace, those of all that is in it."""
        if resource in _OF:
            yield RecordKey(_OF[resource], key)
        if resource == NAMESPACES:
            for kind in RECORDS:
                for obj in self._host.list(kind):
                    if key_of(obj).namespace == key.name:
                        yield RecordKey(kind, key_of(obj))

    def _wait(self, cluster: str, key: RecordKey) -> float | None:
        obj = self._host.get(key.resource, key.key)
        if obj is None or deleting(obj):
            return None
        now = asyncio.get_running_loop().time()
        departure = self._leaving.get(key, {}).get(cluster)
        if departure is None:
            if not _target(obj, cluster):
                return None
            departure = _Departure(now, self._sets(key))
            self._leaving.setdefault(key, {})[cluster] = departure
            self._again(key)
        self._asked(key, cluster, departure, now)
        return self._remaining(key, cluster, departure, obj)

    def _remaining(
        self, key: RecordKey, cluster: str, departure: _Departure, obj: Obj
    ) -> float | None:
        now, ttl = departure.asked, max((each.ttl for each in departure.sets), default=0)
        bound = self._config().dns.withdraw_timeout or min(ttl + SLACK, LONGEST)
        over = departure.began + bound - now
        if departure.out is None and self._is_out(key, cluster, departure, obj):
            departure.out = now
        left = over if departure.out is None else min(over, departure.out + ttl - now)
        if left <= 0:
            return None
        return min(left, SOON) if departure.out is None else left

    def _is_out(self, key: RecordKey, cluster: str, departure: _Departure, obj: Obj) -> bool:
        """Whether record, DNSEndpoint and zones are all without the cluster."""
        endpoint = self._host.get(ENDPOINTS, endpoint_key(key))
        if _target(obj, cluster) or endpoint is None:
            return endpoint is None
        names = {f"{each.dns_name.rstrip('.')}." for each in departure.sets}
        made = annotations(endpoint).get(STATE) == _state(obj, key)
        return made and self._current(endpoint, names)

    def _sets(self, key: RecordKey) -> tuple[Endpoint, ...]:
        obj = self._host.get(ENDPOINTS, endpoint_key(key))
        return endpoints_api.parse(obj).endpoints if obj is not None else ()

    def _asked(self, key: RecordKey, cluster: str, departure: _Departure, now: float) -> None:
        departure.asked = now
        if departure.lapse is not None:
            departure.lapse.cancel()
        loop = asyncio.get_running_loop()
        departure.lapse = loop.call_later(LAPSE, self._lapsed, key, cluster)

    def _lapsed(self, key: RecordKey, cluster: str) -> None:
        self._forget(key, cluster)
        self._again(key)


def _target(obj: Obj, cluster: str) -> bool:
    entry = status_api.parse(obj.get("status")).entry(cluster)
    return entry is not None and bool(entry.ingress)


def _state(obj: Obj, key: RecordKey) -> str:
    """That of the present status, also where the spec cannot be read."""
    status = status_api.parse(obj.get("status"))
    return state_of(Record(key.resource, key.key, generation=generation(obj), status=status))
