"""Writing to backends that take changes one by one and compare nothing.

What such a backend does not promise is made as likely as can be: the zone is
read just before it is written, ownership is there before the data and goes after
it, what is new is there before what is old goes, where both can stand together,
and a group that got stuck half-way is taken back. What remains is that others
may see a half of a group, or write between our reading and our writing.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from kubefed_dns.providers.batch import Refused, deliver
from kubefed_dns.providers.protocol import Refusal
from kubefed_dns.providers.stage import Node, stage
from kubefed_dns.records import Change, Create, Delete, Group, RRset, Update

log = logging.getLogger(__name__)

HERITAGE = '"heritage='

Zone = Mapping[str, Node]
"""All that a zone holds, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One zone of a backend.

    `read` gives all of it as it is now. `apply` asks for some changes in one
    request, and raises Refused where they were not taken; some of them may have
    been made all the same. `most` is how many groups a request carries. With
    `at_once`, what comes is asked for in one request, ownership named first, for
    a backend that does what it is asked in that order, if not as a whole.
    """

    zone: str
    types: frozenset[str]
    read: Callable[[], Zone]
    apply: Callable[[Sequence[Change]], None]
    most: int
    at_once: bool = False


def write(groups: Sequence[Group], backend: Backend) -> list[Refusal]:
    """As `Provider.write`, with one reading and a request for each step that there is.

    A group that was refused half-way and could not be taken back is lost: the
    zone is not what its plan was made for.
    """
    return _Writing(backend).run(groups)


@dataclass(slots=True)
class _Item:
    """A group on its way, and what of it was done."""

    group: Group
    steps: tuple[tuple[Change, ...], ...]
    at: int = 0
    done: list[Change] = field(default_factory=list)

    @property
    def changes(self) -> tuple[Change, ...]:
        return self.steps[self.at]


class _Writing:
    """One call of `write`.

    `_wholesale` False: the backend leaves refused requests half done. `_doubt`:
    one was refused, so what is held is looked at before asking for it again.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._held = backend.read()
        self._wholesale: bool | None = None
        self._doubt = False
        self._works = False

    def run(self, groups: Sequence[Group]) -> list[Refusal]:
        items, refusals = self._staged(groups)
        for at in range(_LAST + 1):
            for item in items:
                item.at = at
            ready = [item for item in items if item.changes]
            failed = deliver(ready, send=self._send, fit=lambda _: self._backend.most)
            refusals += self._settle(failed, last=at == _LAST)
            lost = {id(item) for item, _ in failed}
            items = [item for item in items if id(item) not in lost]
        return refusals

    def _staged(self, groups: Sequence[Group]) -> tuple[list[_Item], list[Refusal]]:
        """Each group after those before it, as far as the zone's present state allows it."""
        backend, draft = self._backend, dict(self._held)
        items, refusals = [], []
        for group in groups:
            try:
                draft |= stage(group, zone=backend.zone, held=draft, types=backend.types)
            except Refused as error:
                refusals.append(Refusal(group, error.reason, error.lost))
            else:
                items.append(_Item(group, _steps(group, at_once=backend.at_once)))
        return items, refusals

    def _send(self, batch: Sequence[_Item]) -> None:
        """One request for what is not yet so."""
        todo = [change for item in batch for change in item.changes if not self._is_so(change)]
        try:
            if todo:
                self._backend.apply(todo)
        except Refused as error:
            self._look_again(todo, alone=len(batch) == 1)
            if len(batch) > 1 or not all(map(self._is_so, todo)):
                # A backend that has taken something is not at fault as a whole.
                whole = None if self._works else error.whole
                raise Refused(error.reason, lost=error.lost, whole=whole) from error
        self._works = True
        for item in batch:
            item.done += item.changes

    def _is_so(self, change: Change) -> bool:
        """Whether a change was made by a request that was refused."""
        return self._doubt and made(change, self._held)

    def _look_again(self, todo: Sequence[Change], *, alone: bool) -> None:
        """See what a refused request has done; not each time where it never does a part."""
        if not alone and self._wholesale:
            return
        self._held, self._doubt = self._backend.read(), True
        partly = any(made(change, self._held) for change in todo)
        if not alone:
            self._wholesale = not partly

    def _settle(self, failed: Sequence[tuple[_Item, Refused]], *, last: bool) -> list[Refusal]:
        """Take back what was done of refused groups, but never a withdrawal."""
        refusals = []
        for item, error in failed:
            done = [*item.done, *filter(self._is_so, item.changes)]
            left = bool(done) and (last or not self._taken_back(done))
            refusals.append(Refusal(item.group, error.reason, error.lost or left))
        return refusals

    def _taken_back(self, done: Sequence[Change]) -> bool:
        try:
            self._backend.apply([_inverse(change) for change in reversed(done)])
        except Refused as error:
            log.warning("%s: half of a refused group stays: %s", self._backend.zone, error)
            return False
        return True


_LAST = 3


def _steps(group: Group, *, at_once: bool) -> tuple[tuple[Change, ...], ...]:
    """Ownership that comes or changes, data that does, data that goes, ownership that goes.

    The first two `at_once`, and all where what comes cannot stand beside what goes.
    """
    steps: tuple[list[Change], ...] = ([], [], [], [])
    data = [change for change in group.changes if not owns(_subject(change), group)]
    together = not _exclude(data)
    for change in group.changes:
        goes = isinstance(change, Delete)
        if owns(_subject(change), group):
            steps[3 if goes else 0].append(change)
        else:
            steps[2 if goes and together else 1].append(change)
    if at_once:
        for later in (1,) if together else (1, 2, 3):
            steps[0].extend(steps[later])
            steps[later].clear()
    return tuple(map(tuple, steps))


def _subject(change: Change) -> RRset:
    return change.new if isinstance(change, Create) else change.old


def _exclude(data: Sequence[Change]) -> bool:
    """Whether what comes cannot stand beside what goes, so that it has to wait for that."""
    comes = [change.new for change in data if isinstance(change, Create)]
    goes = [change.old for change in data if isinstance(change, Delete)]
    if "CNAME" in {rrset.type for rrset in (*comes, *goes)}:
        return bool(comes and goes)
    plain = {(rrset.type, bool(rrset.set_identifier)) for rrset in goes}
    return any((rrset.type, not rrset.set_identifier) in plain for rrset in comes)


def owns(rrset: RRset, group: Group) -> bool:
    """Whether a set of a group is ownership: a TXT beside its name, or with external-dns's mark."""
    return rrset.type == "TXT" and (
        rrset.name != group.name or any(value.startswith(HERITAGE) for value in rrset.values)
    )


def made(change: Change, held: Zone) -> bool:
    """Whether a zone is as the change would leave it."""
    match change:
        case Create(new) | Update(_, new):
            return held.get(new.name, {}).get(new.key) == new
        case Delete(old):
            return old.key not in held.get(old.name, {})


def _inverse(change: Change) -> Change:
    match change:
        case Create(new):
            return Delete(new)
        case Update(old, new):
            return Update(new, old)
        case Delete(old):
            return Create(old)


def by_name(rrsets: Collection[RRset]) -> dict[str, Node]:
    """A zone's sets as `Backend.read` gives them."""
    held: dict[str, Node] = {}
    for rrset in rrsets:
        held.setdefault(rrset.name, {})[rrset.key] = rrset
    return held
