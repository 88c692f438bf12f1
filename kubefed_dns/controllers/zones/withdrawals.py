"""Why a name of ours is wanted no more: nothing is deleted for want of knowledge."""

from collections.abc import Callable, Collection

from kubefed_core.objects import Key, deleting
from kubefed_core.runtime.loop import Controller
from kubefed_dns.controllers.keys import RecordKey, endpoint_key, owner_of
from kubefed_dns.controllers.zones.index import Index
from kubefed_dns.controllers.zones.means import Means
from kubefed_dns.decide.placing import Site
from kubefed_dns.resources import ENDPOINTS

REMEMBERED = 10_000
PREFIX = "crd/"


class Withdrawals:
    """Keys are DNSEndpoints that are named as owners and have not been seen.

    `recheck` is told of the names about which more is known now.
    """

    def __init__(self, *, means: Means, index: Index, recheck: Callable[[Site, str], None]) -> None:
        self._means = means
        self._index = index
        self._recheck = recheck
        self._gone: set[Key] = set()
        self._waiting: dict[Key, set[tuple[Site, str]]] = {}
        self.controller = Controller("withdrawals", self.confirm, meter=means.meter)

    def explained(self, site: Site, name: str, resources: Collection[str]) -> bool:
        """Whether everybody who has had the name has given it up, for all we know.

        A resource that is not of our writing is never judged.
        """
        keys = [owner_key(resource) for resource in resources]
        # Each of them is looked into, whatever is known of the first.
        return all([key is not None and self._given_up(site, name, key) for key in keys])

    def gone(self, key: Key) -> None:
        """A DNSEndpoint was seen to be deleted."""
        if len(self._gone) >= REMEMBERED:
            self._gone.clear()  # The API server knows.
        self._gone.add(key)
        self.wake(key)

    def record_gone(self, record: RecordKey) -> None:
        """No DNSEndpoint is to be waited for any more."""
        self.wake(endpoint_key(record))

    def wake(self, key: Key) -> None:
        """More is known of a DNSEndpoint."""
        for site, name in self._waiting.pop(key, ()):
            self._recheck(site, name)

    async def confirm(self, key: Key) -> None:
        """Ask the API server itself whether a DNSEndpoint is not there."""
        if self._index.bidder(key) is None and await self._means.host.confirm_absent(
            ENDPOINTS, key
        ):
            self.gone(key)

    def _given_up(self, site: Site, name: str, key: Key) -> bool:
        entry = self._index.bidder(key)
        if entry is not None:
            return entry.problem is None and not self._index.undecided(name)
        if key in self._gone and not self._will_be_back(key):
            return True
        self._waiting.setdefault(key, set()).add((site, name))
        if not self._will_be_back(key):
            self.controller.queue.add(key)
        return False

    def _will_be_back(self, key: Key) -> bool:
        """Whether a record is there that will have its DNSEndpoint again."""
        record = owner_of(key)
        obj = self._means.host.get(*record) if record is not None else None
        return obj is not None and not deleting(obj)


def owner_key(resource: str) -> Key | None:
    """The DNSEndpoint that ownership names; None for what is not of our writing."""
    namespace, found, name = resource.removeprefix(PREFIX).partition("/")
    return Key(namespace, name) if found and resource.startswith(PREFIX) else None
