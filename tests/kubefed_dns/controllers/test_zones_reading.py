"""How a zone is read again: what others changed alone, or name by name where it is not listed."""

import asyncio

import pytest
from zones_backend import Connection, Slow
from zones_story import OWNER, ZONE, Backend, Story, a, owned

from kubefed_dns.controllers.zones import reader
from kubefed_dns.errors import Unlisted
from kubefed_dns.records import rrset

pytestmark = pytest.mark.looptime

WEB, API = "web.example.org", "api.example.org"
ONE, TWO = "192.0.2.1", "192.0.2.2"
OLD = rrset(f"{WEB}.", "CNAME", 60, ["elsewhere.example.net."])
TRUE = "True"


class Telling(Connection):
    def changed(self, zone, marker):
        self._ask("changed")
        return self.backend.news(int(marker))


class Unlisting(Connection):
    def read(self, zone, names=None):
        if names is None:
            self._ask("list")
            raise Unlisted("192.0.2.53:53: refuses to transfer example.org.")
        self.backend.looked.append(frozenset(names))
        return super().read(zone, names)


class Kept(Backend):
    """With a memory of what changed, by serial; `limit` is the oldest that it still knows."""

    def __init__(self, *zones, connection):
        super().__init__(*zones)
        self.connection = connection
        self.looked = []
        self.limit = 0

    def made(self, context):
        return self.connection(self, context)

    def news(self, marker):
        return None if marker < self.limit else frozenset(self.touched(marker))

    def touched(self, marker):
        for serial, names in self.history:
            if serial > marker:
                yield from names

    history = ()


@pytest.fixture
def follows():
    story = Story()
    story.backend = story.authority["192.0.2.53:53"] = Kept(ZONE, connection=Telling)
    story.provider(auditInterval="60s")
    return story


@pytest.fixture
def unlisted():
    story = Story()
    story.backend = story.authority["192.0.2.53:53"] = Kept(ZONE, connection=Unlisting)
    story.provider(auditInterval="60s")
    return story


def meddle(backend, *sets, delete=()):
    """Somebody else writes, and the server remembers it."""
    names = {each.name for each in sets} | set(delete)
    backend.foreign(*sets, delete=delete)
    backend.history = (*backend.history, (int(backend.memory.marker(ZONE)), names))


# Where the provider tells what changed.


async def test_of_what_others_changed_only_that_is_read(follows):
    follows.want((WEB, "A", ONE), (API, "A", ONE))
    async with follows.hub():
        await asyncio.sleep(5)
        meddle(follows.backend, a("web", TWO), a("foreign", TWO))
        before = follows.backend.calls.copy()
        await asyncio.sleep(65)
        assert follows.backend.sets()[f"{WEB}.", "A"] == (ONE,)
        assert follows.backend.sets()[f"foreign.{ZONE}", "A"] == (TWO,)
        calls = follows.backend.calls - before
        assert (calls["changed"], calls["read"], calls["look"]) == (1, 0, 1)
        assert follows.events("Drift") == [
            f"{WEB}. in zone {ZONE} was changed by somebody else; it is put right"
        ]
        assert follows.zone()["records"] == 5


async def test_a_name_whose_ownership_somebody_took_away_is_ours_no_more(follows):
    follows.want((WEB, "A", ONE))
    async with follows.hub():
        await asyncio.sleep(5)
        meddle(follows.backend, delete=[f"a-{WEB}."])
        await asyncio.sleep(65)
        assert follows.condition("Accepted")[:2] == ("False", "Conflict")
        assert "without an ownership record of ours" in follows.condition("Accepted")[2]


async def test_when_nobody_wrote_nothing_is_asked_for_but_the_marker(follows):
    follows.want((WEB, "A", ONE))
    async with follows.hub():
        await asyncio.sleep(5)
        before = follows.backend.calls.copy()
        await asyncio.sleep(600)
        assert set(follows.backend.calls - before) == {"marker"}


@pytest.mark.parametrize(
    ("reason", "limit", "count"),
    [
        ("The provider has forgotten what changed.", 10**9, 1),
        ("It is too much to read by name.", 0, reader.MANY + 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_the_whole_zone_is_read_where_that_is_better(follows, reason, limit, count):
    follows.want((WEB, "A", ONE))
    async with follows.hub():
        await asyncio.sleep(5)
        follows.backend.limit = limit
        meddle(follows.backend, a("web", TWO), *(a(f"f{n}", TWO) for n in range(count)))
        before = follows.backend.calls.copy()
        await asyncio.sleep(65)
        assert follows.backend.sets()[f"{WEB}.", "A"] == (ONE,), reason
        calls = follows.backend.calls - before
        assert (calls["changed"], calls["read"], calls["look"]) == (1, 1, 0)


async def test_what_others_wrote_between_our_writes_is_not_forgotten(follows):
    follows.want((WEB, "A", ONE))
    async with follows.hub():
        await asyncio.sleep(5)
        follows.backend.before = lambda: meddle(follows.backend, a("web", TWO))
        follows.want((API, "A", ONE), name="api")
        await asyncio.sleep(5)
        follows.want((API, "A", TWO), name="api")
        await asyncio.sleep(65)
        assert follows.backend.sets()[f"{WEB}.", "A"] == (ONE,)
        assert follows.backend.calls["read"] == 1


async def test_a_zone_that_takes_long_to_read_is_ready_then_though_nobody_wants_anything(follows):
    follows.executor = Slow(3.0)
    async with follows.hub():
        await asyncio.sleep(5)
        assert follows.ready() is None
        await asyncio.sleep(10)
        assert follows.ready()[0] == TRUE


# Where the zone is not listed.


async def test_a_zone_that_is_not_listed_is_read_name_by_name(unlisted):
    unlisted.backend.foreign(OLD, owned(OLD), a("foreign", ONE))
    unlisted.want((WEB, "A", ONE))
    async with unlisted.hub():
        await asyncio.sleep(5)
        # What was ours there before the start is known for ours by its ownership record.
        assert unlisted.backend.sets(f"{WEB}.") == {(f"{WEB}.", "A"): (ONE,)}
        assert unlisted.backend.sets(f"cname-{WEB}.") == {}
        assert unlisted.condition("Published")[0] == TRUE
        assert unlisted.ready()[0] == TRUE
        assert "name by name" in unlisted.ready()[2]


async def test_new_names_are_read_before_they_are_written(unlisted):
    unlisted.backend.foreign(a("taken", TWO))
    async with unlisted.hub():
        await asyncio.sleep(5)
        unlisted.want((WEB, "A", ONE), ("taken.example.org", "A", ONE))
        await asyncio.sleep(5)
        assert unlisted.condition("Accepted")[:2] == ("False", "Conflict")
        assert unlisted.backend.sets()[f"taken.{ZONE}", "A"] == (TWO,)
        assert unlisted.backend.sets()[f"{WEB}.", "A"] == (ONE,)
        assert unlisted.backend.writes == 1
        unlisted.drop()
        await asyncio.sleep(5)
        assert set(unlisted.backend.sets()) == {(f"taken.{ZONE}", "A")}


async def test_drift_is_found_by_name_and_nothing_is_read_twice_for_nothing(unlisted):
    unlisted.want((WEB, "A", ONE))
    async with unlisted.hub():
        await asyncio.sleep(5)
        unlisted.backend.foreign(a("web", TWO))
        await asyncio.sleep(65)
        assert unlisted.backend.sets()[f"{WEB}.", "A"] == (ONE,)
        before = unlisted.backend.calls.copy()
        await asyncio.sleep(600)
        assert set(unlisted.backend.calls - before) == {"marker"}


async def test_ownership_of_other_types_is_looked_for_where_there_is_one(unlisted):
    text = rrset(f"{WEB}.", "TXT", 60, ['"x"'])
    unlisted.backend.foreign(text, owned(text))
    unlisted.want((WEB, "A", ONE))
    async with unlisted.hub():
        await asyncio.sleep(5)
        assert unlisted.backend.sets(f"{WEB}.") == {(f"{WEB}.", "A"): (ONE,)}
        assert OWNER in str(unlisted.backend.sets(f"a-{WEB}."))


async def test_once_it_is_listed_it_is_read_as_a_whole(unlisted):
    unlisted.want((WEB, "A", ONE))
    async with unlisted.hub():
        await asyncio.sleep(5)
        unlisted.backend.connection = Connection
        unlisted.provider(auditInterval="61s")
        await asyncio.sleep(5)
        assert unlisted.backend.calls["read"] == 1
        assert "name by name" not in unlisted.ready()[2]
