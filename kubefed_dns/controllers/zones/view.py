"""How names fare at their providers, for whoever writes a status."""

from collections.abc import Collection, Iterator

from kubefed_core.objects import Obj, generation, key_of, uid
from kubefed_dns.controllers.zones.index import Index
from kubefed_dns.controllers.zones.ledger import Ledger
from kubefed_dns.controllers.zones.providers import Providers
from kubefed_dns.controllers.zones.writer import Writer
from kubefed_dns.decide.admit import Ref
from kubefed_dns.decide.placing import Placing, Site
from kubefed_dns.decide.reasons import Problem, Reason
from kubefed_dns.decide.statuses import Sighting, Verdict
from kubefed_dns.verify import Verifier


class Outlook:
    """A `statuses.View` of the present moment."""

    def __init__(self, *, index: Index, providers: Providers, verifier: Verifier) -> None:
        self._index = index
        self._providers = providers
        self._verifier = verifier

    def placing(self, name: str, namespace: str) -> Placing:
        return self._index.placing(name, namespace)

    def verdict(self, site: Site, name: str, ref: Ref) -> Verdict | None:
        writer = self.writer(site)
        if writer is None:
            return self._unserved(site)
        ledger, state = writer.ledger, writer.state
        if state.error is None and not state.worked:
            return None
        route = ledger.routes.get(name) if ref.key.set_identifier else None
        if (problem := ledger.problem(name, ref)) is not None:
            return Verdict(problem, route=route)
        if name in ledger.settled:
            return Verdict(_spreading(ledger, name), ledger.settled[name], route)
        if state.error is not None:
            why = f"DNSProvider {site.provider}, zone {site.zone}: {state.error}"
            return Verdict(Problem(Reason.PROVIDER_ERROR, why), route=route)
        return Verdict(Problem(Reason.PENDING, f"{name} waits to be written"), route=route)

    def sighting(self, site: Site, name: str) -> Sighting | None:
        return self._verifier.sighting(site, name)

    def marker(self, site: Site) -> str:
        writer = self.writer(site)
        return writer.state.marker or writer.state.change if writer is not None else ""

    def current(self, endpoint: Obj, names: Collection[str]) -> bool:
        """Whether zones hold of some canonical names only what a DNSEndpoint, as it is, wants.

        Also of names that it had before and wants no more.
        """
        bidder = self._index.bidder(key_of(endpoint))
        if bidder is None or bidder.identity != (uid(endpoint), generation(endpoint)):
            return False
        ledgers = [writer.ledger for writer in self._writers()]
        return all(_settled(ledger, name) for ledger in ledgers for name in names)

    def withheld(self, resource: str) -> Problem | None:
        for ledger in (writer.ledger for writer in self._writers()):
            for name in ledger.braked:
                if resource in ledger.holders(name):
                    return ledger.troubles.get(name)
        return None

    def writer(self, site: Site) -> Writer | None:
        entry = self._providers.get(site.provider)
        backend = entry.backend if entry is not None else None
        return backend.writers.get(site.zone) if backend is not None else None

    def _unserved(self, site: Site) -> Verdict | None:
        entry = self._providers.get(site.provider)
        if entry is None or entry.fault is None:
            return None
        why = f"DNSProvider {site.provider}: {entry.fault.message}"
        return Verdict(Problem(Reason.PROVIDER_ERROR, why))

    def _writers(self) -> Iterator[Writer]:
        for entry in self._providers.entries():
            if entry.backend is not None:
                yield from entry.backend.writers.values()


def _spreading(ledger: Ledger, name: str) -> Problem | None:
    """What there is to wait for though a name is written."""
    change = ledger.settling.get(name)
    if change is None:
        return None
    why = f"change {change} is on its way to the servers of DNSProvider {ledger.site.provider}"
    return Problem(Reason.PENDING, why)


def _settled(ledger: Ledger, name: str) -> bool:
    if name in ledger.dirty or name in ledger.braked:
        return False
    return name in ledger.settled if ledger.bids(name) else name not in ledger.ours
