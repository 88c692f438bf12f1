"""Offers PTR records for what a provider publishes to the reverse zones that it serves."""

from collections.abc import Callable, Collection, Iterable

from kubefed_dns.api.providers import DNSProvider
from kubefed_dns.controllers.zones.backend import Backend
from kubefed_dns.controllers.zones.index import Index
from kubefed_dns.decide import reverse
from kubefed_dns.decide.bids import Bid
from kubefed_dns.decide.placing import Site
from kubefed_dns.decide.reverse import Pointer

Place = tuple[Site, str]
"""A name in a zone."""


def asks_to_point_back(spec: DNSProvider) -> bool:
    """Whether a DNSProvider asks for PTR records."""
    return spec.type == "rfc2136" and spec.settings.get("ptr") is True


class Reverse:
    """What points back, by provider and address, for providers that are asked to.

    It follows what is wanted of names that are ours in their zones. A PTR that
    somebody wants by a DNSEndpoint goes before. Until all zones of names have
    been worked, nothing that points back is withdrawn.
    """

    def __init__(
        self,
        *,
        index: Index,
        backend: Callable[[str], Backend | None],
        recheck: Callable[[Site, str], None],
        wake: Callable[[Site], None],
    ) -> None:
        self._index = index
        self._backend = backend
        self._recheck = recheck
        self._wake = wake
        self._known: dict[str, Backend] = {}
        self._from: dict[str, dict[Place, frozenset[Pointer]]] = {}
        self._to: dict[str, dict[str, dict[Place, frozenset[Pointer]]]] = {}
        self._waiting: dict[str, set[Place]] = {}

    def bids(self, site: Site, name: str) -> tuple[Bid, ...]:
        """What is offered at an address's name in a reverse zone, where nobody else wants it."""
        found = self._to.get(site.provider, {}).get(name, {})
        backend = self._backend(site.provider)
        if not found or backend is None or reverse.zone_of(name, backend.writers) != site.zone:
            return ()
        return (reverse.bid([pointer for each in found.values() for pointer in each]),)

    def waits(self, site: Site, name: str) -> bool:
        """Whether it is too early to withdraw what points back; it is looked at again then."""
        backend = self._active(site.provider)
        if backend is None or not reverse.is_reverse(site.zone) or self._decided(backend):
            return False
        self._waiting.setdefault(site.provider, set()).add((site, name))
        return True

    def told(self, site: Site, names: Collection[str]) -> None:
        """What is wanted of names in a zone may be other than before."""
        backend = self._active(site.provider)
        if backend is None or reverse.is_reverse(site.zone):
            return
        writer = backend.writers.get(site.zone)
        if writer is not None:
            changed = set[str]()
            for name in names:
                wants = writer.ledger.wants.get(name, ()) if name in writer.ledger.ours else ()
                found = reverse.pointers(name, wants, writer.ledger.bids(name))
                changed |= self._put((site, name), found)
            self._offer(backend, changed)
        self.said(site.provider)

    def said(self, provider: str) -> None:
        """The state of a provider's zones has changed."""
        backend = self._active(provider)
        if backend is None or self._decided(backend):
            for site, name in self._waiting.pop(provider, ()):
                self._recheck(site, name)

    def _active(self, provider: str) -> Backend | None:
        """The provider's backend, if it asks for this; of another one before nothing counts."""
        backend = self._backend(provider)
        if backend is None or not asks_to_point_back(backend.trade.spec):
            for known in (self._known, self._from, self._to):
                known.pop(provider, None)
            return None
        if self._known.get(provider) is not backend:
            self._known[provider] = backend
            self._from[provider], self._to[provider] = {}, {}
        return backend

    def _decided(self, backend: Backend) -> bool:
        writers = backend.writers.items()
        return all(writer.state.worked for zone, writer in writers if not reverse.is_reverse(zone))

    def _put(self, place: Place, found: frozenset[Pointer]) -> set[str]:
        """Take in what points back to a name; the addresses for which that is new."""
        provider = place[0].provider
        before = self._from[provider].pop(place, frozenset())
        if found:
            self._from[provider][place] = found
        changed = {pointer.name for pointer in before ^ found}
        for name in changed:
            here = self._to[provider].setdefault(name, {})
            here[place] = frozenset(pointer for pointer in found if pointer.name == name)
            if not here[place]:
                del here[place]
            if not here:
                del self._to[provider][name]
        return changed

    def _offer(self, backend: Backend, names: Iterable[str]) -> None:
        for name in names:
            zone = reverse.zone_of(name, backend.writers)
            if zone is None:
                continue
            site, ledger = Site(backend.name, zone), backend.writers[zone].ledger
            if self._index.at(site).get(name):
                continue
            bids = self.bids(site, name)
            if bids != ledger.bids(name):
                ledger.offer(name, bids)
                self._wake(site)
