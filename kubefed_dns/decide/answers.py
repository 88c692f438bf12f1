"""What an authoritative server may say of a name for which some sets are wanted."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from kubefed_dns.decide.reduction import REST
from kubefed_dns.records import GEO, RRset

FAMILIES = ("A", "AAAA")


@dataclass(frozen=True, slots=True)
class Expected:
    """For one type: `values` are those that answers hold.

    `part`: an answer holds some of them, as it is chosen for who asks; `nothing`:
    it may hold none of them, as there are places that no set is for, or the one
    that is the answer has IPv4 only. `anything`: what the answer holds is not
    known here, only that there is one.
    """

    name: str
    type: str
    values: frozenset[str]
    part: bool = False
    nothing: bool = False
    anything: bool = False

    def met(self, values: Collection[str]) -> bool:
        """Whether an answer may be so."""
        if self.anything:
            return bool(values)
        if not self.part:
            return self.values == set(values)
        return self.values.issuperset(values) and (bool(values) or self.nothing)


def expected(wanted: Iterable[RRset]) -> Iterator[Expected]:
    """One for each type; the addresses of what a backend follows itself are its own."""
    kinds: dict[str, list[RRset]] = {}
    for rrset in wanted:
        kinds.setdefault("A" if rrset.alias else rrset.type, []).append(rrset)
    with_v4, with_v6 = ({each.set_identifier for each in kinds.get(kind, ())} for kind in FAMILIES)
    lacking = not with_v4 <= with_v6
    for kind, sets in kinds.items():
        values = frozenset(value for rrset in sets for value in rrset.values)
        places = {value for rrset in sets for name, value in rrset.properties if name == GEO}
        yield Expected(
            sets[0].name,
            kind,
            values,
            part=any(rrset.set_identifier for rrset in sets),
            nothing=(bool(places) and REST not in places) or (kind == "AAAA" and lacking),
            anything=any(rrset.alias for rrset in sets),
        )
