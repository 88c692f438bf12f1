"""Groups as Route 53 change batches: exactly what was there is deleted, what shall be is created.

A batch is done whole or not at all, and a delete of what is not there, or a
create of what is, undoes it. An UPSERT would overwrite what others wrote.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kubefed_dns.errors import InvalidName, ProviderError
from kubefed_dns.providers import route53_errors as errors
from kubefed_dns.providers.exchange import Exchange, apart
from kubefed_dns.providers.protocol import Refusal
from kubefed_dns.providers.route53_routes import ALWAYS
from kubefed_dns.providers.sift import Blamed, sift
from kubefed_dns.providers.spelling import Raw, Raws
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

    @property
    def renews(self) -> bool:
        """Whether it creates a set that it deletes before."""
        return any(self._renewed(action) for action in self.actions)

    def upserted(self) -> Iterable[Action]:
        for action in self.actions:
            yield ("UPSERT", action[1]) if self._renewed(action) else action

    def _renewed(self, action: Action) -> bool:
        gone = {_key(raw) for word, raw in self.actions if word == "DELETE"}
        return action[0] == "CREATE" and _key(action[1]) in gone

    @property
    def needs_check(self) -> bool:
        return any(raw.get("HealthCheckId") == ALWAYS for _, raw in self.actions)


class Delivery:
    """One call of write.

    `old` spells a set as it was read, `new` as it shall be. `ready` sees that the
    health check is there that is always healthy; `send` makes one request.
    """

    def __init__(
        self,
        *,
        old: Callable[[RRset], Raws],
        new: Callable[[RRset], Raws],
        ready: Callable[[], None],
        send: Callable[[Sequence[Action]], None],
    ) -> None:
        self._old = old
        self._new = new
        self._ready = ready
        self._send = send

    def deliver(self, items: Iterable[Exchange]) -> list[Refusal]:
        prepared, refusals = list[Prepared](), list[Refusal]()
        for item in items:
            try:
                prepared.append(self._prepared(item))
            except InvalidName as error:
                refusals.append(Refusal(item.group, str(error)))
        able = self._checked([each for each in prepared if each.actions], refusals)
        refused = sift(able, send=self._batch, fit=fit)
        refusals += [Refusal(each.item.group, why.reason, why.lost) for each, why in refused]
        return refusals

    def _checked(self, items: list[Prepared], refusals: list[Refusal]) -> list[Prepared]:
        """Without those that need a health check which cannot be had."""
        needy = [each for each in items if each.needs_check]
        if not needy:
            return items
        try:
            self._ready()
        except ProviderError as error:
            why = f"{error}; or give property aws/health-check-id to the first tier"
            refusals += [Refusal(each.item.group, why) for each in needy]
            return [each for each in items if not each.needs_check]
        return items

    def _batch(self, batch: Sequence[Prepared]) -> None:
        try:
            self._send([action for each in batch for action in each.actions])
        except errors.Rejected as error:
            found = errors.blame(str(error), [each.item for each in batch])
            doubtful = found and all(batch[at].renews and why.lost for at, why in found.items())
            if not doubtful or not self._taken(batch):
                raise (Blamed(found) if found else errors.refused(str(error))) from error

    def _taken(self, batch: Sequence[Prepared]) -> bool:
        """Say UPSERT of what the same batch deletes.

        Emulators that do not follow a batch in its order find there what it has just
        deleted. Whoever follows it never gets here for that: the exact DELETE is
        refused before, and it still guards the set.
        """
        try:
            self._send([action for each in batch for action in each.upserted()])
        except errors.Rejected:
            return False
        return True

    def _prepared(self, item: Exchange) -> Prepared:
        actions = [("DELETE", raw) for rrset in item.remove for raw in self._old(rrset)]
        actions += [("CREATE", raw) for rrset in item.add for raw in self._new(rrset)]
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


def _key(raw: Raw) -> tuple[object, ...]:
    return raw["Name"], raw["Type"], raw.get("SetIdentifier")
