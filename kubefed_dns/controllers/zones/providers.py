"""From DNSProvider objects and Secrets to backends at work."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Iterator, Mapping

from kubefed_core.errors import Terminal
from kubefed_core.objects import Key, Obj, annotations, deleting, dig, key_of
from kubefed_core.runtime.fleet import HOST
from kubefed_core.runtime.loop import Controller
from kubefed_dns.api import providers as api
from kubefed_dns.api.providers import DNSProvider, OnDelete
from kubefed_dns.controllers.zones import entry as entries
from kubefed_dns.controllers.zones import secrets
from kubefed_dns.controllers.zones.backend import Backend, Fault, Offers, Trade
from kubefed_dns.controllers.zones.brake import APPROVE
from kubefed_dns.controllers.zones.entry import Entry
from kubefed_dns.controllers.zones.means import SLACK, Means, Office
from kubefed_dns.controllers.zones.rate import limiter
from kubefed_dns.decide.placing import EMBEDDED, Server, Site
from kubefed_dns.errors import ProviderError
from kubefed_dns.providers import protocol
from kubefed_dns.providers.protocol import Context, Factory, Provider
from kubefed_dns.records import canonical, within
from kubefed_dns.resources import PROVIDERS

log = logging.getLogger(__name__)


class Providers:
    """Keys are names of DNSProviders, in the kubefed namespace.

    `factories` come before the entry points. `changed` is told when what is
    served, or by whom, may be other than before.
    """

    def __init__(
        self,
        *,
        means: Means,
        office: Office,
        factories: Mapping[str, Factory],
        offers: Offers,
        changed: Callable[[], None],
    ) -> None:
        self._means = means
        self._office = office
        self._factories = factories
        self._offers = offers
        self._changed = changed
        self._entries: dict[str, Entry] = {}
        self._embedded: tuple[str, frozenset[str]] = ("", frozenset())
        self._group: asyncio.TaskGroup | None = None
        self.controller = Controller("providers", self.reconcile, workers=4, meter=means.meter)

    def start(self, group: asyncio.TaskGroup) -> None:
        """Take all that there is for known, and begin to make it work."""
        self._group = group
        for obj in self._means.host.list(PROVIDERS):
            entry = self._entry(obj["metadata"]["name"])
            entry.created = dig(obj, "metadata", "creationTimestamp", default="")
            zones = {canonical(zone.name): zone.id for zone in entries.status_of(obj).zones}
            entry.zones, entry.ids = frozenset(zones), {z: i for z, i in zones.items() if i}
            # What cannot be read is told by its reconcile.
            with contextlib.suppress(Terminal):
                entry.spec = entries.lasting(api.parse(obj))
                entry.zones |= set(entry.spec.zones)
            self.add(entry.name)
        if self._implicit(EMBEDDED):
            self._entry(EMBEDDED).spec = entries.unspoken(self._means.host.namespace)
        self.add(EMBEDDED)

    def add(self, name: str) -> None:
        self.controller.queue.add(name)
        # Whether the embedded server stands for itself depends on what objects there are.
        self.controller.queue.add(EMBEDDED)

    def secret_changed(self, name: str) -> None:
        for entry in self._entries.values():
            if entry.spec is not None and name in secrets.named(entry.spec):
                self.add(entry.name)

    def close(self) -> None:
        """Let go of all connections, at the end of the process."""
        for entry in self._entries.values():
            if entry.backend is not None:
                with contextlib.suppress(ProviderError, OSError):
                    entry.backend.provider.close()

    def wake(self, site: Site) -> None:
        entry = self._entries.get(site.provider)
        if entry is not None and entry.backend is not None:
            entry.backend.wake(site.zone)

    def entries(self) -> Iterator[Entry]:
        return iter(tuple(self._entries.values()))

    def get(self, name: str) -> Entry | None:
        return self._entries.get(name)

    def backend(self, name: str) -> Backend | None:
        """What works for a provider now, if anything does."""
        entry = self._entries.get(name)
        return entry.backend if entry is not None else None

    def object(self, name: str) -> Obj | None:
        return self._means.host.get(PROVIDERS, Key(self._means.host.namespace, name))

    def servers(self) -> list[Server]:
        """Where names can go; a provider that is being deleted takes none."""
        return [
            Server(
                entry.name,
                entry.zones - entry.contested.keys(),
                entry.created,
                entry.spec.allowed_namespaces if entry.spec else None,
                embedded=entry.embedded,
                named=entry.named,
            )
            for entry in self._entries.values()
            if not ((obj := self.object(entry.name)) and deleting(obj))
        ]

    def embed(self, name: str, zones: Collection[str]) -> None:
        """The provider that is the embedded server has these zones now, beside its own."""
        self._embedded = (name, frozenset(zones))
        self._apportion()

    async def reconcile(self, name: str) -> float | None:
        """Make a provider work as its object says, or say why it does not."""
        obj = self.object(name)
        if obj is None and not self._implicit(name):
            await self._drop(name)
            return None
        entry = self._entry(name)
        try:
            if not await self._prepare(entry, obj):
                await self._drop(name)
                return None
            again = await self._connect(entry)
            entry.failures = 0
            self._fault(entry, None)
        except Terminal as error:
            await self._stop(entry)
            again = None
            missing = isinstance(error, secrets.Missing)
            self._fault(entry, Fault("SecretNotFound" if missing else "Misconfigured", str(error)))
        except ProviderError as error:
            entry.failures += 1
            again = self._means.pause(error, entry.failures)
            self._fault(entry, Fault(error.reason, str(error)))
        self._apportion()
        self._changed()
        self._close(entry, obj)
        self._office.said(name)
        return again

    def _entry(self, name: str) -> Entry:
        return self._entries.setdefault(name, Entry(name))

    def _implicit(self, name: str) -> bool:
        """Whether a name is that of the embedded server, with no object to speak for it."""
        return name == EMBEDDED and not any(
            dig(obj, "spec", "type") == EMBEDDED for obj in self._means.host.list(PROVIDERS)
        )

    async def _prepare(self, entry: Entry, obj: Obj | None) -> bool:
        """Read the object, and see to its finalizer; False where it is to be let go."""
        if obj is None:
            entry.spec = entries.unspoken(self._means.host.namespace)
            return True
        spec = entry.spec = entries.lasting(api.parse(obj))
        entry.created = spec.created
        held = entries.FINALIZER in dig(obj, "metadata", "finalizers", default=())
        delete = spec.on_delete is OnDelete.DELETE
        if not deleting(obj):
            if held != delete:
                await self._finalize(obj, held=delete)
            return True
        backend = entry.backend
        emptied = backend is not None and backend.closing and backend.emptied()
        if held and (emptied or not delete):
            await self._finalize(obj, held=False)
            return False
        return held

    async def _finalize(self, obj: Obj, *, held: bool) -> None:
        patch = entries.finalizer_patch(obj, held=held)
        written = await self._means.host.client.patch(PROVIDERS, key_of(obj), patch)
        if held or not deleting(obj):
            self._means.host.fleet.put(HOST, PROVIDERS, written)

    async def _connect(self, entry: Entry) -> float | None:
        """A backend for what is wanted now, and its zones; when to look for others."""
        assert entry.spec is not None
        trade = await self._trade(entry.spec)
        if entry.backend is None or entry.backend.trade != trade:
            await self._stop(entry)
            entry.backend = await self._backend(entry, trade)
            entry.listed = None
        entry.backend.wake_braked()
        if entry.embedded:
            entry.zones = frozenset(entry.spec.zones)
            return None
        return await self._list(entry, entry.backend, entry.spec)

    async def _list(self, entry: Entry, backend: Backend, spec: DNSProvider) -> float | None:
        """Find its zones; an account without a list of them is asked again and again."""
        now = asyncio.get_running_loop().time()
        age = None if entry.listed is None or entry.fault else now - entry.listed
        if age is None or (not spec.zones and age + SLACK >= spec.audit_interval):
            entry.ids = await self._means.call(entries.listing, backend.provider)
            listed = frozenset(entry.ids)
            # What is named but not listed has a writer too, which finds out why not.
            unlisted = (z for z in spec.zones if not any(within(each, z) for each in listed))
            entry.zones, entry.listed, age = listed | set(unlisted), now, 0.0
        return None if spec.zones else spec.audit_interval - age

    async def _trade(self, spec: DNSProvider) -> Trade:
        host = self._means.host
        secret = tuple(sorted(secrets.credentials(host, spec).items()))
        owner = spec.owner_id
        if not owner and spec.type != EMBEDDED:
            owner = await secrets.default_owner(host)
        return Trade(spec, owner, secrets.encryption_key(host, spec), secret)

    async def _backend(self, entry: Entry, trade: Trade) -> Backend:
        assert self._group is not None
        spec = trade.spec
        context = Context(
            entry.name,
            zones=() if entry.embedded else spec.zones,
            zone_ids=spec.zone_ids,
            settings=spec.settings,
            secret=dict(trade.secret),
            take=limiter(spec.type, spec.rate_limit),
        )
        name = entry.name
        provider = await self._means.call(self._made, spec.type, context)
        backend = Backend(
            name,
            trade,
            provider,
            means=self._means,
            office=self._office,
            approval=lambda: annotations(self.object(name) or {}).get(APPROVE, ""),
            carried=lambda zone: entries.held_in(self.object(name), zone),
            implicit=self.object(name) is None,
        )
        backend.start(self._group)
        return backend

    def _made(self, kind: str, context: Context) -> Provider:
        return (self._factories.get(kind) or protocol.factory(kind))(context)

    def _apportion(self) -> None:
        """Let each backend work on its zones."""
        entries.settle(self._entries.values())
        embedded, zones = self._embedded
        for entry in self._entries.values():
            if entry.backend is not None:
                mine = entry.own_zones(zones if entry.name == embedded else ())
                entry.backend.serve(mine, self._offers, entry.windows)

    def _close(self, entry: Entry, obj: Obj | None) -> None:
        """Begin to delete what is ours where the object goes and asks for it."""
        backend = entry.backend
        if obj is None or backend is None or not deleting(obj) or backend.closing:
            return
        backend.close()
        if backend.emptied():
            self.add(entry.name)

    async def _stop(self, entry: Entry) -> None:
        backend, entry.backend = entry.backend, None
        if backend is not None:
            entry.windows = backend.windows()
            await backend.stop()

    async def _drop(self, name: str) -> None:
        entry = self._entries.pop(name, None)
        if entry is not None:
            await self._stop(entry)
            self._apportion()
            self._changed()
            self._office.dropped(name)

    def _fault(self, entry: Entry, fault: Fault | None) -> None:
        if fault == entry.fault:
            return
        entry.fault = fault
        self._office.stalled(entry.name)
        if fault is not None:
            log.warning("DNSProvider %s: %s", entry.name, fault.message)
            self._office.event(entry.name, fault.reason, fault.message)
