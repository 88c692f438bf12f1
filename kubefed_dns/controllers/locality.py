"""Which records may have local targets probed: those whose names go where such are let in."""

from collections.abc import Callable, Iterable

from kubefed_core.objects import Key, labels
from kubefed_core.resources import NAMESPACES, Resource
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host
from kubefed_dns.controllers.ground import Grounds
from kubefed_dns.controllers.keys import RecordKey
from kubefed_dns.resources import DOMAINS, PROVIDERS


class Localities:
    """Costs nothing as long as no record has a local target; `again` is told of those that do.

    It is told when the answer for them may be another one.
    """

    def __init__(self, host: Host, *, again: Callable[[RecordKey], None]) -> None:
        self._host = host
        self._again = again
        self._grounds = Grounds(host)
        self._stale = True
        self._asked: dict[RecordKey, tuple[tuple[str, ...], bool]] = {}
        host.fleet.subscribe(self._changed)

    def allowed(self, key: RecordKey, names: Iterable[str]) -> bool:
        """Whether a provider that any of a record's names goes to lets local targets in."""
        names = tuple(names)
        found = self._look(key, names)
        self._asked[key] = names, found
        return found

    def forget(self, key: RecordKey) -> None:
        self._asked.pop(key, None)

    def _look(self, key: RecordKey, names: Iterable[str]) -> bool:
        if self._stale:
            self._grounds.redraw()
            self._stale = False
        namespace = self._host.get(NAMESPACES, Key("", key.key.namespace))
        found = labels(namespace or {"metadata": {}})
        return any(self._grounds.lets_local(name, found) for name in names)

    def _changed(self, cluster: str, resource: Resource, key: Key) -> None:
        if cluster != HOST or resource not in (DOMAINS, PROVIDERS, NAMESPACES):
            return
        self._stale |= resource != NAMESPACES
        for record, (names, said) in list(self._asked.items()):
            concerned = resource != NAMESPACES or record.key.namespace == key.name
            if concerned and self._look(record, names) != said:
                self._again(record)
