"""One zone by way of an octoDNS provider: its records as sets, and changes as a plan.

The only module that imports octoDNS; it is imported when it is needed.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from octodns.provider import SupportsException
from octodns.provider.plan import Plan
from octodns.record import Create as Made
from octodns.record import Delete as Gone
from octodns.record import Record
from octodns.record.exception import RecordException
from octodns.record.rr import Rrset
from octodns.zone import Zone

from kubefed_dns import records
from kubefed_dns.errors import InvalidName, ZoneGone
from kubefed_dns.providers import piecemeal, text
from kubefed_dns.providers.batch import Refused
from kubefed_dns.records import Change, Create, Delete, RRKey, RRset

log = logging.getLogger(__name__)

Foreign = Any
"""octoDNS has no types."""


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
                found.append(_rrset(record))
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
            wanted.add_record(_record(wanted, rrset), lenient=True)
        try:
            found = {
                _key(each): each for each in self._provider._process_desired_zone(wanted).records
            }
        except SupportsException as error:
            raise Refused(f"octoDNS refuses it: {error}") from None
        for key, rrset in asked.items():
            if key not in found or not _same(rrset, found[key]):
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
            told = _rrset(self._records.get(_of(wanted), record))
            self._meant.pop(wanted, None)
            if told != wanted:
                self._meant[told] = wanted


def _replace(zone: Foreign, there: Foreign, record: Foreign) -> None:
    if there is not None:
        zone.remove_record(there)
    if record is not None:
        zone.add_record(record, replace=True, lenient=True)


def _record(zone: Foreign, rrset: RRset) -> Foreign:
    if rrset.set_identifier:
        raise Refused(f"{rrset.name} {rrset.type}: octoDNS knows no set identifiers")
    if rrset.type == "TXT" and not all(map(_is_plain, rrset.values)):
        raise Refused(
            f"{rrset.name} TXT: quotes, backslashes and what is not ASCII come out otherwise than"
            " they went into some packages of octoDNS; write the text without them"
        )
    said = Rrset(rrset.name, rrset.type, rrset.ttl, list(rrset.values))
    try:
        return Record.from_rrset(zone, said)
    except RecordException as error:
        why = " ".join(str(error).split())
        raise Refused(f"octoDNS refuses {rrset.name} {rrset.type}: {why}") from None


def _is_plain(value: str) -> bool:
    return all(32 <= octet < 127 and octet not in b'"\\' for octet in text.joined(value))


def _rrset(record: Foreign) -> RRset:
    """What octoDNS cannot say as DNS does is there all the same.

    Raises InvalidName where its name is none.
    """
    name, kind = record.fqdn, record._type
    try:
        if kind == "TXT":
            values = [text.value(each.to_raw_text().encode()) for each in record.values]
        else:
            values = list(record.to_rrset().rdatas)
        return records.rrset(name, kind, record.ttl, values)
    except (InvalidName, RecordException, UnicodeError):
        shown = getattr(record, "values", None) or [getattr(record, "value", "")]
        return RRset(records.canonical(name), kind, record.ttl, tuple(sorted(map(str, shown))))


def _same(wanted: RRset, record: Foreign) -> bool:
    """But for the TTL, and for where a text is cut into strings."""
    told = _rrset(record)
    if wanted.type != "TXT":
        return told.values == wanted.values
    return sorted(map(text.joined, told.values)) == sorted(map(text.joined, wanted.values))


def _key(record: Foreign) -> RRKey:
    return RRKey(record.fqdn.lower(), record._type)


def _of(rrset: RRset) -> RRKey:
    return RRKey(rrset.name, rrset.type)
