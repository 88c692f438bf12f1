"""Who asks, as far as that makes a difference to the answer."""

from kubefed_dns.server import routing
from kubefed_dns.server.data import Records
from kubefed_dns.server.found import Routed
from kubefed_dns.server.places import NOWHERE, Database, Place
from kubefed_dns.server.routing import Dice, Options
from kubefed_dns.server.subnet import Subnet

Choices = tuple[tuple[str, ...], ...]


class Asker:
    """For one question.

    `choices` are the identifiers of the sets chosen for him at each name that
    has a choice, None where there was none; `scope` the bits of his address
    that they depend on.
    """

    def __init__(self, sender: str, subnet: Subnet | None, dice: Dice) -> None:
        self.choices: Choices | None = None
        self.scope = 0
        self._host = (subnet.host if subnet is not None else "") or sender
        self._dice = dice

    def choose(self, found: Routed, name: bytes, database: Database | None) -> Records | None:
        """What he gets of a name's sets; None where that has not the type."""
        first = True

        def pick(options: Options) -> Options:
            nonlocal first
            place = self._place(options, database)
            near = routing.foremost(routing.nearest(options, place.codes))
            if not first:
                return self._dice.roll(near)
            first = False
            return self._dice.roll_for(near, rdtype=found.type, asker=self._host, name=name)

        chosen = routing.fitting(found.options, found.type, pick)
        identifiers = tuple(option.rule.identifier for option in chosen)
        self.choices = (*(self.choices or ()), identifiers)
        return routing.together(chosen, found.type)

    def _place(self, options: Options, database: Database | None) -> Place:
        if database is None or not routing.by_place(options):
            return NOWHERE
        place = database.find(self._host)
        self.scope = max(self.scope, place.bits)
        return place
