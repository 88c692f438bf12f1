"""How a backend writes its sets, remembered where we would write them differently.

A backend deletes a set only if it is written as it was; what others wrote may
have capitals, zeros or escapes that are none of ours, and means the same.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from kubefed_dns.errors import InvalidName
from kubefed_dns.records import RRKey, RRset

log = logging.getLogger(__name__)

Raw = Mapping[str, Any]


class Spelling:
    """Translates both ways; `same` tells whether two sets are written alike."""

    def __init__(
        self,
        *,
        rrset_of: Callable[[Raw], RRset],
        raw_of: Callable[[RRset], Raw],
        same: Callable[[Raw, Raw], bool],
    ) -> None:
        self._rrset_of = rrset_of
        self._raw_of = raw_of
        self._same = same
        self._known: dict[str, dict[RRKey, tuple[RRset, Raw]]] = {}

    def forget(self, zone: str) -> None:
        self._known.pop(zone, None)

    def read(self, zone: str, raws: Iterable[Raw]) -> Iterator[RRset]:
        """As values, without the apex's SOA and NS, and without names that are none."""
        known = self._known.setdefault(zone, {})
        for raw in raws:
            try:
                rrset = self._rrset_of(raw)
            except InvalidName as error:
                log.warning("%s: a set is left out: %s", zone, error)
                continue
            if rrset.name == zone and rrset.type in ("SOA", "NS"):
                continue
            known.pop(rrset.key, None)
            if not self._same(raw, self._raw_of(rrset)):
                known[rrset.key] = rrset, raw
            yield rrset

    def old(self, zone: str, rrset: RRset) -> Raw:
        """A set to delete, as it was read."""
        read, raw = self._known.get(zone, {}).get(rrset.key, (None, {}))
        return raw if read == rrset else self._raw_of(rrset)
