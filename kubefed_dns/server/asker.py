"""Who asks, as far as that makes a difference to the answer."""

from typing import NamedTuple

from kubefed_dns.server import routing
from kubefed_dns.server.data import Records
from kubefed_dns.server.found import Routed
from kubefed_dns.server.places import NOWHERE, Database, Place
from kubefed_dns.server.routing import Dice, Options
from kubefed_dns.server.subnet import Subnet
from kubefed_dns.server.zone import Zone

Choices = tuple[tuple[str, ...], ...]


class Fork(NamedTuple):
    """A name of a zone where the answer depends on who asks."""

    found: Routed
    name: bytes
    zone: Zone


class Asker:
    """For one question.

    `forks` are the names where he was given one of several answers, and
    `choices` the identifiers of the sets that were chosen for him there, None
    where there was no choice; `scope` are the bits of his address that they
    depend on. At a fork that he comes to again, what was chosen stays.
    """

    def __init__(self, sender: str, subnet: Subnet | None, dice: Dice) -> None:
        self.forks: tuple[Fork, ...] = ()
        self.choices: Choices | None = None
        self.scope = 0
        self._chosen: tuple[Options, ...] = ()
        self._host = (subnet.host if subnet is not None else "") or sender
        self._dice = dice

    def choose(self, fork: Fork) -> Records | None:
        """What he gets of a name's sets; None where that has not the type."""
        if fork in self.forks:
            chosen = self._chosen[self.forks.index(fork)]
        else:
            chosen = self._choose(fork)
            self.forks, self._chosen = (*self.forks, fork), (*self._chosen, chosen)
            identifiers = tuple(option.rule.identifier for option in chosen)
            self.choices = (*(self.choices or ()), identifiers)
        return routing.together(chosen, fork.found.type)

    def _choose(self, fork: Fork) -> Options:
        found, name, zone = fork
        first = True

        def pick(options: Options) -> Options:
            nonlocal first
            place = self._place(options, zone.policy.database)
            near = routing.foremost(routing.nearest(options, place.codes))
            if not first:
                return self._dice.roll(near)
            first = False
            return self._dice.roll_for(near, rdtype=found.type, asker=self._host, name=name)

        return routing.fitting(found.options, found.type, pick)

    def _place(self, options: Options, database: Database | None) -> Place:
        if database is None or not routing.by_place(options):
            return NOWHERE
        place = database.find(self._host)
        self.scope = max(self.scope, place.bits)
        return place
