"""A backend in memory that outlives the hub, with faults to order, and threads that are none."""

import asyncio
from collections import Counter
from concurrent.futures import Executor, Future

from kubefed_dns.errors import Misconfigured
from kubefed_dns.providers.memory import Memory
from kubefed_dns.providers.protocol import Capabilities, Context, Refusal
from kubefed_dns.records import Create, Delete, Group

ZONE = "example.org."


class Inline(Executor):
    """Does at once what a thread would do."""

    def submit(self, do, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(do(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Slow(Executor):
    """Takes its time; whoever waits for a thread waits in virtual time."""

    def __init__(self, seconds):
        self.seconds = seconds

    def submit(self, do, /, *args, **kwargs):
        future = Future()

        def finish():
            made = Inline().submit(do, *args, **kwargs)
            if made.exception() is not None:
                future.set_exception(made.exception())
            else:
                future.set_result(made.result())

        asyncio.get_running_loop().call_later(self.seconds, finish)
        return future


class Backend:
    """A zone file that outlives the hub, as strict as can be, with faults to order.

    `calls` counts what was asked of it; `bad` are names it refuses; `fault` is
    raised by every call; `before` runs before the next write, as another writer.
    Where `settled` is a set, it tells the changes that all servers have. `id`
    is that of its zone, if it has any.
    """

    def __init__(self, *zones, **claims):
        self.memory = Memory(Context("backend", zones=zones))
        self.capabilities = Capabilities(**claims)
        self.calls = Counter()
        self.bad = set()
        self.fault = None
        self.before = None
        self.settled = None
        self.id = None
        self.closed = 0

    def made(self, context):
        """As the factory of a provider type; it needs a password where it says so."""
        if context.settings.get("password") and context.secret.get("password") != "right":
            raise Misconfigured("the Secret of spec.credentialsRef has no good password")
        if self.settled is not None:
            return Spreading(self, context)
        return (Connection if self.id is None else Named)(self, context)

    def sets(self, name=None, zone=ZONE):
        found = self.memory.read(zone, None if name is None else [name])
        return {(each.name, each.type): each.values for each in found}

    def routed(self, name, zone=ZONE):
        """The sets of a name by type, identifier and what they are chosen by."""
        return {
            (each.type, each.set_identifier, *(f"{k}={v}" for k, v in each.properties)): each.values
            for each in self.memory.read(zone, [name])
        }

    def foreign(self, *sets, zone=ZONE, delete=()):
        """Somebody else writes."""
        for each in sets:
            there = {old.key: old for old in self.memory.read(zone, [each.name])}
            changes = [Delete(there[each.key])] if each.key in there else []
            refused = self.memory.write(zone, [Group(each.name, (*changes, Create(each)))])
            assert not refused
        for name in delete:
            there = tuple(self.memory.read(zone, [name]))
            assert not self.memory.write(zone, [Group(name, tuple(map(Delete, there)))])

    @property
    def writes(self):
        return self.calls["write"]


class Connection:
    def __init__(self, backend, context):
        self.backend = backend
        self.context = context
        self.written = Counter()

    @property
    def capabilities(self):
        return self.backend.capabilities

    def zones(self):
        self._ask("zones")
        given = self.context.zones
        return [zone for zone in self.backend.memory.zones() if not given or zone in given]

    def read(self, zone, names=None):
        self._ask("read" if names is None else "look")
        return self.backend.memory.read(zone, names)

    def marker(self, zone):
        self._ask("marker")
        return self.backend.memory.marker(zone)

    def expected(self, zone, marker):
        return str(int(marker) + self.written.pop(zone, 0))

    def write(self, zone, groups):
        self._ask("write")
        if self.backend.before is not None:
            before, self.backend.before = self.backend.before, None
            before()
        good = [group for group in groups if group.name not in self.backend.bad]
        at = int(self.backend.memory.marker(zone))
        refusals = list(self.backend.memory.write(zone, good))
        self.written[zone] += int(self.backend.memory.marker(zone)) - at
        return refusals + [
            Refusal(group, "no such luck") for group in groups if group.name in self.backend.bad
        ]

    def close(self):
        self.backend.closed += 1

    def _ask(self, call):
        self.backend.calls[call] += 1
        if self.backend.fault is not None:
            raise self.backend.fault


class Spreading(Connection):
    """One whose changes are not at once everywhere; it has no marker."""

    def __init__(self, backend, context):
        super().__init__(backend, context)
        self.last = {}

    def marker(self, zone):
        return None

    def write(self, zone, groups):
        refusals = super().write(zone, groups)
        self.last[zone] = f"C{self.backend.memory.marker(zone)}"
        return refusals

    def expected(self, zone, marker):
        return marker

    def change(self, zone):
        return self.last.get(zone)

    def settled(self, zone, change):
        self._ask("settled")
        found = self.backend.settled
        if isinstance(found, Exception):
            raise found
        return change in found


class Named(Connection):
    """One whose zone has an id."""

    def identity(self, zone):
        return self.backend.id
