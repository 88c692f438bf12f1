"""What became of a zone lately, for secondaries that know an earlier serial (RFC 1995)."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kubefed_dns.server.data import Records
from kubefed_dns.server.found import Owned

MOST = 20_000
"""Records in the steps of one zone, however many steps that is."""

Names = Mapping[bytes, Mapping[int, Records]]


class Step(NamedTuple):
    """From one serial to the next; `old` and `new` are the SOA records with these."""

    before: int
    after: int
    old: Records
    new: Records
    removed: tuple[Owned, ...]
    added: tuple[Owned, ...]

    @property
    def size(self) -> int:
        return 2 + sum(len(records.rdatas) for _, records in (*self.removed, *self.added))


class History:
    """The latest steps, without a gap; the oldest fall out when there are too many records."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._steps: deque[Step] = deque()
        self._size = 0

    def add(self, step: Step) -> None:
        self._steps.append(step)
        self._size += step.size
        while self._size > self._most:
            self._size -= self._steps.popleft().size

    def since(self, serial: int) -> tuple[Step, ...] | None:
        """The steps that lead from a serial to now; None where that is not known."""
        found = []
        for step in reversed(self._steps):
            found.append(step)
            if step.before == serial:
                return tuple(reversed(found))
        return None


def differences(before: Names, after: Names) -> tuple[tuple[Owned, ...], tuple[Owned, ...]]:
    """What is removed and what is added, record by record; both have the same names."""
    removed: list[Owned] = []
    added: list[Owned] = []
    for name, old in before.items():
        new = after[name]
        for rdtype in old.keys() | new.keys():
            gone, come = old.get(rdtype), new.get(rdtype)
            removed += _less(name, gone, come)
            added += _less(name, come, gone)
    return tuple(removed), tuple(added)


def _less(name: bytes, these: Records | None, those: Records | None) -> Iterable[Owned]:
    """The one set without what the other has too; a record with another TTL is another one."""
    if these is None or these == those:
        return ()
    if those is None or these.ttl != those.ttl:
        return ((name, these),)
    rest = tuple(rdata for rdata in these.rdatas if rdata not in those.rdatas)
    return ((name, Records(these.type, these.ttl, rest)),) if rest else ()
