"""From DNSEndpoints to the zones of providers: who wants what where, and who writes it."""

import asyncio
import random
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor

from kubefed_core.objects import Key, Obj, deleting, key_of, labels
from kubefed_core.resources import NAMESPACES, SECRETS, Resource
from kubefed_core.runtime import backoff
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.loop import Controller, Meter
from kubefed_dns.controllers.keys import RECORDS, RecordKey
from kubefed_dns.controllers.zones.authorities import Authorities
from kubefed_dns.controllers.zones.index import Index
from kubefed_dns.controllers.zones.intake import bidder
from kubefed_dns.controllers.zones.map import Map
from kubefed_dns.controllers.zones.means import Means
from kubefed_dns.controllers.zones.providers import Providers
from kubefed_dns.controllers.zones.readiness import Readiness
from kubefed_dns.controllers.zones.reverse import Reverse
from kubefed_dns.controllers.zones.start import Start
from kubefed_dns.controllers.zones.status import Statuses
from kubefed_dns.controllers.zones.view import Outlook
from kubefed_dns.controllers.zones.withdrawals import Withdrawals, owner_key
from kubefed_dns.decide.placing import Site
from kubefed_dns.decide.terms import floored
from kubefed_dns.metrics import Journeys, Metrics
from kubefed_dns.providers.protocol import Factory
from kubefed_dns.records import RRset
from kubefed_dns.resources import DOMAINS, ENDPOINTS, PROVIDERS
from kubefed_dns.server.server import Server
from kubefed_dns.verify import Ask, Verifier

THREADS = 32
RECONNECT = 30.0
"""Seconds at most until a provider that does not answer is asked again."""
BREATH = 50
"""DNSEndpoints read in one go, so that others have the loop."""
What = tuple[Resource, Key]
ALL = Key("", "")


class Zones:
    """The publishing half; see the modules beside this one for its parts.

    `factories` come before the entry points, by type. `server` is the embedded
    server, which is given its zones here; `readiness` says whether they are filled.
    `chance` gives numbers in [0, 1). Without an executor it has threads of its own.
    """

    def __init__(
        self,
        *,
        host: Host,
        journeys: Journeys,
        metrics: Metrics,
        factories: Mapping[str, Factory] | None = None,
        server: Server | None = None,
        meter: Meter | None = None,
        chance: Callable[[], float] = random.random,
        executor: Executor | None = None,
        ask: Ask | None = None,
    ) -> None:
        self._own = ThreadPoolExecutor(THREADS, "zones") if executor is None else None
        self._means = means = Means(
            host=host,
            executor=executor or self._own or ThreadPoolExecutor(THREADS),
            retry=backoff.exponential(jitter=0.3, chance=chance),
            reconnect=backoff.exponential(cap=RECONNECT, jitter=0.3, chance=chance),
            metrics=metrics,
            journeys=journeys,
            meter=meter,
        )
        self._host = host
        self._index = Index(labels=self._labels)
        self._providers = Providers(
            means=means,
            office=self,
            factories=factories or {},
            offers=self._index.at,
            changed=self._redraw,
        )
        self._verifier = Verifier(
            expected=self._expected,
            servers=Authorities(providers=self._providers, server=server),
            told=self.told,
            verified=self._verified,
            ask=ask,
            meter=meter,
        )
        self._view = Outlook(index=self._index, providers=self._providers, verifier=self._verifier)
        self._statuses = Statuses(
            means=means,
            index=self._index,
            providers=self._providers,
            verifier=self._verifier,
            view=self._view,
        )
        self._withdrawals = Withdrawals(means=means, index=self._index, recheck=self._recheck)
        self._reverse = Reverse(
            index=self._index,
            backend=self._providers.backend,
            recheck=self._recheck,
            wake=self._providers.wake,
        )
        self.readiness = Readiness(self._providers, server)
        self._map = Map(means=means, index=self._index, providers=self._providers, server=server)
        self._intake: Controller[What] = Controller(
            "zones-intake", self.take, workers=1, meter=meter
        )
        self._withheld: dict[Site, set[Key]] = {}
        self._start = Start(host)
        host.fleet.subscribe(self._changed)

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                await self._begin(group)
                for controller in (
                    self._intake,
                    self._providers.controller,
                    self._withdrawals.controller,
                    self._verifier.controller,
                    self._statuses.endpoints,
                    self._statuses.providers,
                ):
                    group.create_task(controller.run(), name=controller.name)
        finally:
            self._providers.close()
            if self._own is not None:
                self._own.shutdown(wait=False, cancel_futures=True)

    async def _begin(self, group: asyncio.TaskGroup) -> None:
        """Know everything that is wanted before the first zone is looked at."""
        await self._start.wait()
        self._providers.start(group)
        for number, obj in enumerate(tuple(self._host.list(ENDPOINTS))):
            self._index.put(key_of(obj), bidder(self._host, obj, known=None))
            if number % BREATH == 0:
                await asyncio.sleep(0)
        self._map.redraw()
        self._place(self._index.names())
        self._statuses.due(self._index.keys())
        self.readiness.begin()

    def current(self, endpoint: Obj, names: Collection[str]) -> bool:
        """As `view.Outlook.current`."""
        return self._view.current(endpoint, names)

    def _changed(self, cluster: str, resource: Resource, key: Key) -> None:
        if cluster != HOST:
            return
        if resource in {ENDPOINTS, NAMESPACES}:
            self._intake.queue.add((resource, key))
        elif resource in RECORDS:
            if (obj := self._host.get(resource, key)) is None or deleting(obj):
                self._intake.queue.add((resource, key))
        elif key.namespace == self._host.namespace:
            self._configured(resource, key)

    def _configured(self, resource: Resource, key: Key) -> None:
        if resource == DOMAINS:
            self._intake.queue.add((resource, ALL))
        elif resource == PROVIDERS:
            self._providers.add(key.name)
        elif resource == SECRETS:
            self._providers.secret_changed(key.name)

    async def take(self, what: What) -> None:
        """Take in what has changed on the host; nothing here waits for anything."""
        resource, key = what
        if resource == ENDPOINTS:
            self._take_endpoint(key)
        elif resource == NAMESPACES:
            self._place(self._index.names_of(key.name))
        elif resource == DOMAINS:
            self._redraw()
        else:
            self._withdrawals.record_gone(RecordKey(resource, key))

    def _take_endpoint(self, key: Key) -> None:
        obj, known = self._host.get(ENDPOINTS, key), self._index.bidder(key)
        if obj is None:
            if known is not None:
                self._place(self._index.drop(key))
                self._withdrawals.gone(key)
            return
        made = bidder(self._host, obj, known=known)
        if made is known:
            return
        changed = self._index.put(key, made)
        if not changed or not made.names or made.problem is not None:
            self._statuses.due((key,))
        self._place(changed)
        self._withdrawals.wake(key)

    def _labels(self, namespace: str) -> Mapping[str, str] | None:
        obj = self._host.get(NAMESPACES, Key("", namespace))
        return labels(obj) if obj is not None else None

    def _redraw(self) -> None:
        self._place(self._map.redraw())

    def _place(self, names: Collection[str]) -> None:
        """Offer what is wanted of names to the zones that serve them now."""
        woken: set[Site] = set()
        moves = self._index.place(names)
        for name, sites in moves.offers.items():
            for site, offered in sites.items():
                writer = self._view.writer(site)
                if writer is not None:
                    writer.ledger.offer(name, offered or self._reverse.bids(site, name))
                    woken.add(site)
        for site in woken:
            self._providers.wake(site)
        self._statuses.due(
            key
            for name in (*moves.offers, *moves.reworded)
            for key in self._index.sources(name)
            if name in moves.reworded or self._unattended(name, key.namespace)
        )

    def _unattended(self, name: str, namespace: str) -> bool:
        """Whether no writer will soon have a reason to tell of a name."""
        sites = self._index.placing(name, namespace).sites
        return not sites or not all(map(self._works, sites))

    def _works(self, site: Site) -> bool:
        writer = self._view.writer(site)
        return writer is not None and writer.state.error is None

    def _recheck(self, site: Site, name: str) -> None:
        writer = self._view.writer(site)
        if writer is not None:
            writer.ledger.recheck(name)
            self._providers.wake(site)

    def _expected(self, site: Site, name: str) -> list[RRset]:
        writer = self._view.writer(site)
        if writer is None:
            return []
        least = writer.ledger.terms.min_ttl
        return [floored(want, least).rrset for want in writer.ledger.wants.get(name, ())]

    def _verified(self, site: Site, names: Collection[str]) -> None:
        self._reached(names, "verified")

    def _reached(self, names: Iterable[str], stage: str) -> None:
        for key in {key for name in names for key in self._index.sources(name)}:
            self._means.journeys.reached(key, stage)

    # What the writers tell.

    def explained(self, site: Site, name: str, resources: Collection[str]) -> bool:
        if self._reverse.waits(site, name):
            return False
        return self._withdrawals.explained(site, name, resources)

    def told(self, site: Site, names: Collection[str]) -> None:
        self._reverse.told(site, names)
        keys = {key for name in names for key in self._index.sources(name)}
        keys |= self._withheld.pop(site, set())
        writer = self._view.writer(site)
        if writer is not None and writer.ledger.braked:
            ledger = writer.ledger
            owners = (owner for name in ledger.braked for owner in ledger.holders(name))
            self._withheld[site] = {key for each in owners if (key := owner_key(each))}
            keys |= self._withheld[site]
        self._statuses.due(keys)

    def wrote(self, site: Site, names: Collection[str]) -> None:
        self._reached(names, "published")
        wanted = [name for name in names if self._expected(site, name)]
        self._verifier.wrote(site, wanted)
        self._verifier.unwant(site, set(names) - set(wanted))

    def said(self, provider: str) -> None:
        self._reverse.said(provider)
        self._statuses.due_soon(provider)

    def event(self, provider: str, reason: str, message: str) -> None:
        obj = self._providers.object(provider)
        if obj is not None:
            self._host.recorder.event(
                obj, resource=PROVIDERS, reason=reason, message=message, warning=True
            )

    def stalled(self, provider: str) -> None:
        for site in tuple(self._index.sites()):
            if site.provider == provider:
                self.told(site, self._index.at(site))

    def dropped(self, provider: str) -> None:
        self._verifier.forget(provider)

    def emptied(self, provider: str) -> None:
        self._providers.add(provider)
