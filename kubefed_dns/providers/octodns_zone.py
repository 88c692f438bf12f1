"""One zone by way of an octoDNS provider: its records as sets, and changes as a plan.

This and octodns_words import octoDNS; they are imported when they are needed.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from octodns.provider import SupportsException
from octodns.provider.plan import Plan
from octodns.record import Create as Made
from octodns.record import Delete as Gone
from octodns.zone import Zone

from kubefed_dns.errors import InvalidName, ZoneGone
from kubefed_dns.providers import piecemeal
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.octodns_words import Foreign, Words
from kubefed_dns.records import Change, Create, Delete, RRKey, RRset

log = logging.getLogger(__name__)


class Work:
    """A zone as one provider object has read it, and as it was changed since.

    Providers keep what they have read, so another reading is another object.
    `meant` tells of sets of ours, as they come back, what they were meant to be;
    it is added to.
    """

    def __init__(self, zone: str, provider: Foreign, meant: dict[RRset, RRset]) -> None:
        self.name = zone
        self._provider = provider
        self._meant = meant
        self._words = Words(provider)
        self._zone = Zone(zone, [])
        if provider.populate(self._zone, target=True, lenient=True) is False:
            raise ZoneGone(f"{provider.id}: has no zone {zone}; create it, or correct spec.zones")
        self._records = {_key(record): record for record in self._zone.records}

    def said(self) -> list[RRset]:
        """What is there, in octoDNS's words."""
        found = []
        for record in self._records.values():
            if record._type == "SOA" or (record._type == "NS" and not record.name):
                continue
            try:
                found.append(self._words.rrset(record))
            except InvalidName as error:
                log.warning(
                    "%s: %s %s is left out: %s", self.name, record.fqdn, record._type, error
                )
        return found

    def held(self) -> piecemeal.Zone:
        return piecemeal.by_name([self._meant.get(rrset, rrset) for rrset in self.said()])

    def apply(self, changes: Sequence[Change], call: Callable[[Callable[[], None]], None]) -> None:
        """Make a plan of them, and give it to the provider by way of `call`.

        What octoDNS takes for no difference is not in the plan. Raises Refused
        for what octoDNS would not do, or not as it was meant.
        """
        new = [change.new for change in changes if not isinstance(change, Delete)]
        made = self._processed(new)
        steps, after = [], self._zone.copy()
        for change in changes:
            record = None if isinstance(change, Delete) else made[change.new]
            there = None if isinstance(change, Create) else self._records.get(_of(change.old))
            step = self._step(there, record)
            if step is not None:
                steps.append(step)
                _replace(after, there, record)
        if steps:
            plan = Plan(self._zone, after, steps, True)
            call(lambda: self._provider.apply(plan))
            self._zone = after
            self._records = {_key(record): record for record in after.records}
        self._learn(made)

    def _processed(self, new: Iterable[RRset]) -> dict[RRset, Foreign]:
        """Records as this provider would write them; what it cannot do is refused."""
        wanted = Zone(self.name, [])
        if self._provider.SUPPORTS_ROOT_NS and self._zone.root_ns is not None:
            # Classes that write it warn where a zone has none.
            wanted.add_record(self._zone.root_ns, lenient=True)
        asked = {}
        for rrset in new:
            asked[_of(rrset)] = rrset
            wanted.add_record(self._words.record(wanted, rrset), lenient=True)
        try:
            found = {
                _key(each): each for each in self._provider._process_desired_zone(wanted).records
            }
        except SupportsException as error:
            raise Refused(f"octoDNS refuses it: {error}") from None
        for key, rrset in asked.items():
            if key not in found or not self._words.same(rrset, found[key]):
                raise Refused(f"octoDNS cannot carry {rrset.name} {rrset.type} as it is")
        return {rrset: found[key] for key, rrset in asked.items()}

    def _step(self, there: Foreign, record: Foreign) -> Foreign:
        if there is None:
            step = Made(record) if record is not None else None
        elif record is None:
            step = Gone(there)
        else:
            step = there.changes(record, self._provider)
        return step if step is not None and self._provider._include_change(step) else None

    def _learn(self, made: Mapping[RRset, Foreign]) -> None:
        for wanted, record in made.items():
            told = self._words.rrset(self._records.get(_of(wanted), record))
            self._meant.pop(wanted, None)
            if told != wanted:
                self._meant[told] = wanted


def _replace(zone: Foreign, there: Foreign, record: Foreign) -> None:
    if there is not None:
        zone.remove_record(there)
    if record is not None:
        zone.add_record(record, replace=True, lenient=True)


def _key(record: Foreign) -> RRKey:
    return RRKey(record.fqdn.lower(), record._type)


def _of(rrset: RRset) -> RRKey:
    return RRKey(rrset.name, rrset.type)
