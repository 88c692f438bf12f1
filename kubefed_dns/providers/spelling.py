"""How a backend writes its sets, remembered where we would write them differently.

A backend deletes a set only if it is written as it was; what others wrote may
have capitals, zeros or escapes that are none of ours, and means the same.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from kubefed_dns.errors import InvalidName
from kubefed_dns.records import RRKey, RRset

log = logging.getLogger(__name__)

Raw = Mapping[str, Any]
Raws = Sequence[Raw]
"""What makes one set of ours: mostly one, of an alias one for each family of addresses."""


class Spelling:
    """Translates both ways.

    `decode` reads all that stands at one name, and tells what each set is made of;
    `encode` writes one set. `same` tells whether two parts are written alike.
    """

    def __init__(
        self,
        *,
        decode: Callable[[Raws], Iterable[tuple[RRset, Raws]]],
        encode: Callable[[RRset], Raws],
        same: Callable[[Raw, Raw], bool],
    ) -> None:
        self._decode = decode
        self._encode = encode
        self._same = same
        self._known: dict[str, dict[RRKey, tuple[RRset, Raws]]] = {}

    def forget(self, zone: str) -> None:
        self._known.pop(zone, None)

    def read(self, zone: str, nodes: Iterable[Raws]) -> Iterator[RRset]:
        """As values, without the apex's SOA and NS, and without names that are none.

        Each of the nodes is all that stands at one name, or a part of it by itself.
        """
        known = self._known.setdefault(zone, {})
        for raws in nodes:
            try:
                found = tuple(self._decode(raws))
            except InvalidName as error:
                log.warning("%s: a set is left out: %s", zone, error)
                continue
            for rrset, parts in found:
                if rrset.name == zone and rrset.type in ("SOA", "NS"):
                    continue
                known.pop(rrset.key, None)
                if not self._alike(rrset, parts):
                    known[rrset.key] = rrset, parts
                yield rrset

    def old(self, zone: str, rrset: RRset) -> Raws:
        """A set to delete, as it was read. Raises InvalidName where it can be no set."""
        read, raws = self._known.get(zone, {}).get(rrset.key, (None, ()))
        return raws if read == rrset else self._encode(rrset)

    def _alike(self, rrset: RRset, parts: Raws) -> bool:
        try:
            written = self._encode(rrset)
        except InvalidName:
            return False
        return len(written) == len(parts) and all(map(self._same, written, parts))
