"""Groups as Route 53 change batches: exactly what was there is deleted, what shall be is created.

A batch is done whole or not at all, and a delete of what is not there, or a
create of what is, undoes it. An UPSERT would overwrite what others wrote.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import route53_errors as errors
from kubefed_dns.providers.exchange import Exchange, apart
from kubefed_dns.providers.protocol import Refusal
from kubefed_dns.providers.route53_sets import raw_of
from kubefed_dns.providers.sift import Blamed, sift
from kubefed_dns.providers.spelling import Raw
from kubefed_dns.records import RRset

# What a batch may hold. AWS counts an UPSERT twice; we send none.
MOST_RECORDS = 1000
MOST_CHARACTERS = 32_000

Action = tuple[str, Raw]


@dataclass(frozen=True, slots=True)
class Prepared:
    """An exchange on its way; what it weighs in a batch."""

    item: Exchange
    actions: tuple[Action, ...]
    records: int
    characters: int


class Delivery:
    """One call of write. `old` spells a set as it was read, `send` makes one request."""

    def __init__(
        self, *, old: Callable[[RRset], Raw], send: Callable[[Sequence[Action]], None]
    ) -> None:
        self._old = old
        self._send = send

    def deliver(self, items: Iterable[Exchange]) -> list[Refusal]:
        ready, refusals = list[Prepared](), list[Refusal]()
        for item in items:
            try:
                ready.append(self._prepared(item))
            except InvalidName as error:
                refusals.append(Refusal(item.group, str(error)))
        refused = sift([each for each in ready if each.actions], send=self._batch, fit=fit)
        refusals += [Refusal(each.item.group, why.reason, why.lost) for each, why in refused]
        return refusals

    def _batch(self, batch: Sequence[Prepared]) -> None:
        try:
            self._send([action for each in batch for action in each.actions])
        except errors.Rejected as error:
            found = errors.blame(str(error), [each.item for each in batch])
            raise (Blamed(found) if found else errors.refused(str(error))) from error

    def _prepared(self, item: Exchange) -> Prepared:
        actions = [("DELETE", self._old(rrset)) for rrset in item.remove]
        actions += [("CREATE", raw_of(rrset)) for rrset in item.add]
        values = [raw.get("ResourceRecords", ()) for _, raw in actions]
        return Prepared(
            item,
            tuple(actions),
            records=sum(max(1, len(each)) for each in values),
            characters=sum(len(one["Value"]) for each in values for one in each),
        )


def fit(items: Sequence[Prepared]) -> int:
    """How many of the first go into one batch; none shares a name with another."""
    records = characters = 0
    most = apart([each.item for each in items[:MOST_RECORDS]])
    for count, each in enumerate(items[:most]):
        records += each.records
        characters += each.characters
        if records > MOST_RECORDS or characters > MOST_CHARACTERS:
            return count
    return most
