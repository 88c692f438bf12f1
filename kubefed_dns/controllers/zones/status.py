"""Writes what became of names into the statuses of DNSEndpoints and DNSProviders."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kubefed_core import errors
from kubefed_core.api import conditions
from kubefed_core.api.conditions import Condition
from kubefed_core.objects import Key, Obj, deleting, generation, uid
from kubefed_core.resources import Resource
from kubefed_core.runtime.loop import Controller
from kubefed_dns.api import endpoints as endpoints_api
from kubefed_dns.api import provider_status as api
from kubefed_dns.api.provider_status import HeldBack, ProviderStatus, ZoneStatus
from kubefed_dns.controllers.zones import promises
from kubefed_dns.controllers.zones.entry import Entry
from kubefed_dns.controllers.zones.index import Index
from kubefed_dns.controllers.zones.means import Means
from kubefed_dns.controllers.zones.providers import Providers
from kubefed_dns.controllers.zones.view import Outlook
from kubefed_dns.controllers.zones.writer import Writer
from kubefed_dns.decide import brake, statuses
from kubefed_dns.decide.reasons import Reason
from kubefed_dns.decide.report import shortened
from kubefed_dns.providers.protocol import Complains
from kubefed_dns.resources import ENDPOINTS, PROVIDERS
from kubefed_dns.verify import Verifier

COALESCE = 1.0
"""Seconds in which the changes of a DNSProvider's status are gathered into one."""
AGAIN = 0.05
"""Seconds until a status is written again that was written beside somebody else."""
BRAKED = "Braked"
IMPAIRED = "Impaired"
LISTEN = 60.0
"""Seconds until a provider is asked again whether all of it works."""
SHOWN = 20
"""Names that are shown of those held back."""


class Statuses:
    """Keys are DNSEndpoints, and names of DNSProviders; nothing waits for what is done here."""

    def __init__(
        self,
        *,
        means: Means,
        index: Index,
        providers: Providers,
        verifier: Verifier,
        view: Outlook,
    ) -> None:
        self._means = means
        self._index = index
        self._providers = providers
        self._verifier = verifier
        self._view = view
        self.endpoints = Controller("endpoint-status", self.write_endpoint, meter=means.meter)
        self.providers = Controller("provider-status", self.write_provider, meter=means.meter)

    def due(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self.endpoints.queue.add(key)

    def due_soon(self, provider: str) -> None:
        self.providers.queue.add_after(provider, COALESCE)

    async def write_endpoint(self, key: Key) -> None:
        obj = self._means.host.get(ENDPOINTS, key)
        entry = self._index.bidder(key)
        if obj is None or entry is None or entry.identity != (uid(obj), generation(obj)):
            return  # What is seen of it is being taken in, and its status is due after that.
        try:
            endpoint = endpoints_api.parse(obj)
        except errors.Terminal:
            status = endpoints_api.parse_status(obj.get("status"))
            endpoint = endpoints_api.DNSEndpoint(key, status=status, generation=generation(obj))
        made = statuses.status(
            endpoint, entry.bids, problem=entry.problem, view=self._view, now=self._means.host.now()
        )
        if made is None:
            return  # Not all is known yet; when it is, this is due again.
        self._tell(obj, endpoint.status.conditions, made.conditions)
        await self._write(ENDPOINTS, obj, endpoints_api.dump_status(made))
        if not conditions.is_true(made.conditions, statuses.VERIFIED):
            self._ask(key)

    def _tell(self, obj: Obj, before: Iterable[Condition], after: Iterable[Condition]) -> None:
        """An event for who has just been kept from a name."""
        was = conditions.get(before, statuses.ACCEPTED)
        now = conditions.get(after, statuses.ACCEPTED)
        if now is None or now.status == "True":
            return
        if was is None or (was.status, was.reason, was.message) != (
            now.status,
            now.reason,
            now.message,
        ):
            self._means.host.recorder.event(
                obj, resource=ENDPOINTS, reason=now.reason, message=now.message, warning=True
            )

    def _ask(self, key: Key) -> None:
        """Have those names looked up that nobody has looked up since the start."""
        entry = self._index.bidder(key)
        for name in entry.names if entry is not None else ():
            for site in self._index.placing(name, key.namespace).sites:
                writer = self._view.writer(site)
                if writer is not None and name in writer.ledger.settled:
                    self._verifier.want(site, name)

    async def write_provider(self, name: str) -> float | None:
        obj, entry = self._providers.object(name), self._providers.get(name)
        if obj is None or entry is None:
            return None
        before = api.parse(obj.get("status"))
        made = self._status(entry, obj, before)
        await self._write(PROVIDERS, obj, api.dump(made))
        backend = entry.backend
        return LISTEN if backend and isinstance(backend.provider, Complains) else None

    async def _write(self, resource: Resource, obj: Obj, status: dict[str, Any]) -> None:
        try:
            await self._means.host.set_status(resource, obj, status)
        except errors.Conflict as error:
            # Its newer state is on its way to the cache.
            raise errors.Retry(str(error), after=AGAIN) from error
        except errors.NotFound:
            return

    def _status(self, entry: Entry, obj: Obj, before: ProviderStatus) -> ProviderStatus:
        writers = entry.backend.writers if entry.backend is not None else {}
        known = {zone.name: zone for zone in before.zones}
        zones = tuple(
            self._zone(writer, replace(known.get(shown(zone), ZoneStatus(shown(zone))), id=id_))
            for zone, writer in sorted(writers.items())
            for id_ in (entry.ids.get(zone, ""),)
        )
        if entry.backend is None:
            zones = before.zones
        held = sum(zone.held.count for zone in zones)
        capabilities = before.capabilities
        if entry.backend is not None:
            capabilities = promises.words(entry.backend.provider.capabilities)
        return ProviderStatus(
            conditions=self._conditions(entry, obj, before, held),
            observed_generation=generation(obj),
            zones=zones,
            capabilities=capabilities,
            summary_zones=shortened([zone.name for zone in zones]),
            summary_records=sum(zone.owned for zone in zones),
            summary_held=held,
        )

    def _conditions(
        self, entry: Entry, obj: Obj, before: ProviderStatus, held: int
    ) -> tuple[Condition, ...]:
        """What is not known yet stays as it was, so that a restart changes nothing."""
        found, backend = before.conditions, entry.backend
        guarded = promises.guarded(backend.provider.capabilities) if backend is not None else None
        braked, impaired = _braked(entry, before, held), _impaired(entry, before)
        for condition in (self._ready(entry, obj), guarded, braked, impaired):
            if condition is not None:
                dated = replace(condition, observed_generation=generation(obj))
                found = conditions.set_condition(found, dated, now=self._means.host.now())
        return found

    def _ready(self, entry: Entry, obj: Obj) -> Condition | None:
        """None while there is nothing to say yet, so that a restart changes nothing."""
        waits = "its deletion waits: " if deleting(obj) else ""
        if entry.fault is not None:
            return Condition("Ready", "False", entry.fault.reason, waits + entry.fault.message)
        if entry.contested:
            zone, other = min(entry.contested.items())
            why = (
                f"DNSProvider {other} works on zone {shown(zone)} of the same server for the same "
                "owner: remove the zone from one of them, or give one another spec.ownerID"
            )
            return Condition("Ready", "False", Reason.CONFLICT, why)
        if entry.backend is None:
            return None
        writers = entry.backend.writers
        for zone, writer in sorted(writers.items()):
            if (error := writer.state.error) is not None:
                why = f"{waits}zone {shown(zone)}: {error}"
                return Condition("Ready", "False", error.reason, why)
        if waits:
            return Condition("Ready", "False", "Deleting", "what is ours is being deleted")
        if not all(writer.ledger.known for writer in writers.values()):
            return None
        return Condition("Ready", "True", "Ready", _promise(writers))

    def _zone(self, writer: Writer, before: ZoneStatus) -> ZoneStatus:
        ledger, state = writer.ledger, writer.state
        last_error = str(state.error) if state.error is not None else ""
        if not ledger.known:
            return replace(before, last_error=last_error or before.last_error)
        records = sum(map(len, ledger.held.values()))
        owned = sum(ledger.ours.values())
        self._means.metrics.zone(*ledger.site, records=records, owned=owned)
        held = sorted(map(shown, ledger.braked))
        return replace(
            before,
            records=records,
            owned=owned,
            pending=ledger.pending,
            marker=state.marker or state.change or before.marker,
            last_sync=state.last_sync or before.last_sync,
            last_error=last_error,
            held=HeldBack(
                tuple(held[:SHOWN]), len(held), brake.digest(ledger.braked) if held else ""
            ),
        )


def _braked(entry: Entry, before: ProviderStatus, held: int) -> Condition | None:
    """What the brakes of all zones hold, and how to let it go; None where they never held."""
    writers = entry.backend.writers if entry.backend is not None else {}
    problems = [
        writer.ledger.troubles[min(writer.ledger.braked)].message
        for _, writer in sorted(writers.items())
        if writer.ledger.braked
    ]
    if problems:
        return Condition(BRAKED, "True", Reason.BRAKE, "; ".join(problems))
    if held or conditions.get(before.conditions, BRAKED) is None:
        return None
    return Condition(BRAKED, "False", "Released", "the brake holds nothing back")


def _impaired(entry: Entry, before: ProviderStatus) -> Condition | None:
    """What the provider complains of; None where it never did."""
    provider = entry.backend.provider if entry.backend is not None else None
    complaint = provider.complaint() if isinstance(provider, Complains) else None
    if complaint:
        return Condition(IMPAIRED, "True", "Settings", complaint)
    if provider is None or conditions.get(before.conditions, IMPAIRED) is None:
        return None
    return Condition(IMPAIRED, "False", "Mended", "all of the settings work")


def _promise(writers: Mapping[str, Writer]) -> str:
    """What is done with the zones, and which of them cannot be done it in full."""
    said = [f"{len(writers)} zones are read and written"]
    for zone, writer in sorted(writers.items()):
        if writer.state.unlisted is not None:
            said.append(
                f"{shown(zone)} is read only name by name: what is ours there, but was given up"
                f" while nobody looked, is not found ({writer.state.unlisted})"
            )
    return "; ".join(said)


def shown(zone: str) -> str:
    """A name as people write it."""
    return zone.rstrip(".") or "."
