"""What a webhook makes of our sets, remembered, so that they are read as they were wanted."""

from collections.abc import Iterable

from kubefed_dns.records import RRKey, RRset


class Meant:
    """Of one zone.

    A webhook may round or add to what it is given, and says so when it is asked
    (adjustendpoints). What it gives back otherwise than it was told is seen when
    it is read for the first time after that: no TTL, or other properties. What
    becomes of these later is drift.
    """

    def __init__(self) -> None:
        self._wanted: dict[RRset, RRset] = {}
        self._told: dict[RRKey, tuple[RRset, RRset]] = {}

    def adjusts(self, wanted: RRset, made: RRset) -> None:
        self._wanted.pop(wanted, None)
        if made != wanted:
            self._wanted[made] = wanted

    def told(self, wanted: RRset, made: RRset) -> None:
        """It has taken the one for the other."""
        self._told[made.key] = made, wanted

    def read(self, said: Iterable[RRset]) -> list[RRset]:
        """The sets that are there, as they were wanted."""
        return [self._as_wanted(rrset) for rrset in said]

    def forget(self, said: Iterable[RRset]) -> None:
        """Only these are there; nothing else needs remembering."""
        self._wanted = {each: self._wanted[each] for each in said if each in self._wanted}
        self._told.clear()

    def _as_wanted(self, said: RRset) -> RRset:
        made, wanted = self._told.pop(said.key, (said, said))
        if said != made and said.ttl in (0, made.ttl) and said.values == made.values:
            self._wanted.pop(wanted, None)
            self._wanted[said] = wanted
        return self._wanted.get(said, said)
