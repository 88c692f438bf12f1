"""An octoDNS provider package with zones in memory, and faults by script."""

import logging

from octodns.provider.base import BaseProvider
from octodns.record import Record

STORES = {}


class Store:
    """What outlives a provider object: records by zone, name and type, as octoDNS data."""

    def __init__(self, *zones):
        self.zones = {zone: {} for zone in zones}
        self.calls = []
        self.made = []
        self.script = lambda doing, what: None


class ScriptedProvider(BaseProvider):
    """Keeps what it has read, as many do, and applies a plan change by change."""

    SUPPORTS_GEO = False
    SUPPORTS_DYNAMIC = False
    SUPPORTS = {"A", "AAAA", "ALIAS", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"}

    def __init__(self, id, store, token="", nested=None, least_ttl=0, **more):
        self.log = logging.getLogger(f"ScriptedProvider[{id}]")
        super().__init__(id, **more)
        self.store = STORES[store]
        self.store.made.append((token, nested))
        self.least_ttl = least_ttl
        self._read = {}

    def list_zones(self):
        self.store.script("list", None)
        return sorted(self.store.zones)

    def populate(self, zone, target=False, lenient=False):
        self.store.calls.append("populate")
        self.store.script("populate", zone.name)
        found = self.store.zones.get(zone.name)
        if found is None:
            return False
        held = self._read.setdefault(zone.name, dict(found))
        for (name, _), data in held.items():
            zone.add_record(
                Record.new(zone, name, data, source=self, lenient=lenient), lenient=True
            )
        return True

    def _process_desired_zone(self, desired):
        for record in desired.records:
            if record.name == "unwanted":
                self.supports_warn_or_except("unwanted names not supported", "omitting it")
                desired.remove_record(record)
            elif record.ttl < self.least_ttl:
                new = record.copy()
                new.ttl = self.least_ttl
                desired.add_record(new, replace=True, lenient=True)
        return super()._process_desired_zone(desired)

    def _apply(self, plan):
        self.store.calls.append(f"apply {len(plan.changes)}")
        held = self.store.zones[plan.desired.name]
        for change in plan.changes:
            self.store.script("apply", change)
            if change.existing is not None:
                del held[change.existing.name, change.existing._type]
            if change.new is not None:
                held[change.new.name, change.new._type] = {
                    "type": change.new._type, **change.new.data
                }  # fmt: skip


class NoLister(ScriptedProvider):
    list_zones = property()


class NoProvider:
    """Not one of octoDNS."""
