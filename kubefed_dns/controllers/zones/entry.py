"""What is known of one DNSProvider, working or not."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kubefed_core.objects import Key, Obj
from kubefed_dns.api import provider_status
from kubefed_dns.api.provider_status import ProviderStatus
from kubefed_dns.api.providers import DNSProvider
from kubefed_dns.controllers.zones.backend import Backend, Fault
from kubefed_dns.decide.brake import Window
from kubefed_dns.decide.placing import EMBEDDED
from kubefed_dns.providers.protocol import Identifies, Provider
from kubefed_dns.records import canonical

FINALIZER = "multiclusterdns.kubefed.io/zones"


@dataclass
class Entry:
    """`spec` is the last that could be read.

    `zones` are those it serves as far as is known; `contested` those of them
    that another DNSProvider works on, by its name. `ids` tell zones of one name
    apart, where the provider has ids. `listed` is the loop's time of the last
    listing, None before it.
    """

    name: str
    created: str = ""
    zones: frozenset[str] = frozenset()
    ids: Mapping[str, str] = field(default_factory=dict)
    spec: DNSProvider | None = None
    fault: Fault | None = None
    failures: int = 0
    listed: float | None = None
    backend: Backend | None = None
    contested: dict[str, str] = field(default_factory=dict)
    windows: Mapping[str, Window] = field(default_factory=dict)

    @property
    def embedded(self) -> bool:
        return self.spec is not None and self.spec.type == EMBEDDED

    @property
    def named(self) -> frozenset[str]:
        """The zones that its object names."""
        return frozenset(self.spec.zones) if self.spec is not None else frozenset()

    def own_zones(self, more: Collection[str]) -> frozenset[str]:
        """What it is to write, with zones that fall to it beside its own."""
        return self.zones.union(more) - self.contested.keys()


def lasting(spec: DNSProvider) -> DNSProvider:
    """Without what does not make it another provider: what we ourselves wrote."""
    return replace(spec, status=ProviderStatus(), generation=0)


def unspoken(namespace: str) -> DNSProvider:
    """The embedded server where no object speaks for it."""
    return DNSProvider(key=Key(namespace, EMBEDDED), type=EMBEDDED)


def finalizer_patch(obj: Obj, *, held: bool) -> dict[str, Any]:
    """Puts our finalizer on a DNSProvider, or takes it off, unless the object has moved on."""
    meta = obj["metadata"]
    others = [each for each in meta.get("finalizers") or () if each != FINALIZER]
    return {
        "metadata": {
            "finalizers": [*others, FINALIZER] if held else others,
            "resourceVersion": meta["resourceVersion"],
        }
    }


def settle(entries: Iterable[Entry]) -> None:
    """Give every zone of a backend to the oldest provider that works on it."""
    older: list[Entry] = []
    for entry in sorted(entries, key=lambda each: (each.created, each.name)):
        entry.contested = {
            zone: other.name
            for other in reversed(older)
            for zone in entry.zones & other.zones
            if _same_zone(entry, other, zone)
        }
        older.append(entry)


def _same_zone(mine: Entry, theirs: Entry, zone: str) -> bool:
    """By the ids that both have for it; else what they are connected to decides."""
    ours, others = mine.ids.get(zone), theirs.ids.get(zone)
    if ours and others and mine.spec and theirs.spec and mine.spec.type == theirs.spec.type:
        return ours == others and mine.spec.owner_id == theirs.spec.owner_id
    return same_backend(mine.spec, theirs.spec)


def same_backend(mine: DNSProvider | None, theirs: DNSProvider | None) -> bool:
    """Whether two providers write to one and the same place for the same owner.

    Servers tell places apart where there are any in the settings, else all
    settings together with the account that the credentials stand for.
    """
    if mine is None or theirs is None:
        return False
    if mine.type != theirs.type or mine.type == EMBEDDED:
        return mine.type == theirs.type
    if mine.owner_id != theirs.owner_id:
        return False
    ours, others = _servers(mine), _servers(theirs)
    if ours or others:
        return bool(ours & others)
    return (mine.settings, mine.credentials) == (theirs.settings, theirs.credentials)


def _servers(spec: DNSProvider) -> set[str]:
    """In one spelling: the port is 53 where none is given."""
    found = (str(each).lower() for each in spec.settings.get("servers") or ())
    return {f"{each}:53" if each.endswith("]") or ":" not in each else each for each in found}


def listing(provider: Provider) -> dict[str, str]:
    """The zones that it can write, with their ids, empty where there are none."""
    tell = provider.identity if isinstance(provider, Identifies) else lambda _: None
    return {zone: tell(zone) or "" for zone in provider.zones()}


def status_of(obj: Obj) -> ProviderStatus:
    return provider_status.parse(obj.get("status"))


def held_in(obj: Obj | None, zone: str) -> frozenset[str]:
    """The names that the status says are held in a zone."""
    return frozenset(
        canonical(name)
        for each in status_of(obj or {}).zones
        if canonical(each.name) == zone
        for name in each.held.names
    )
