"""What is known of one DNSProvider, working or not."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kubefed_core.objects import Key, Obj
from kubefed_dns.api.provider_status import ProviderStatus
from kubefed_dns.api.providers import DNSProvider
from kubefed_dns.controllers.zones.backend import Backend, Fault
from kubefed_dns.decide.brake import Window
from kubefed_dns.decide.placing import EMBEDDED

FINALIZER = "multiclusterdns.kubefed.io/zones"


@dataclass
class Entry:
    """`spec` is the last that could be read.

    `zones` are those it serves as far as is known; `contested` those of them
    that another DNSProvider works on, by its name. `listed` is the loop's time
    of the last listing, None before it.
    """

    name: str
    created: str = ""
    zones: frozenset[str] = frozenset()
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
            if same_backend(entry.spec, other.spec)
            for zone in entry.zones & other.zones
        }
        older.append(entry)


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
    ours, others = (set(each.settings.get("servers") or ()) for each in (mine, theirs))
    if ours or others:
        return bool(ours & others)
    return (mine.settings, mine.credentials) == (theirs.settings, theirs.credentials)
