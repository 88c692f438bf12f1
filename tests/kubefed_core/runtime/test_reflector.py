import asyncio
from contextlib import aclosing

import pytest

from kubefed_core import errors
from kubefed_core.objects import Key, key_of
from kubefed_core.runtime.reflector import OPENED, Reflector, Timing
from kubefed_core.runtime.store import Changed, Gone, Listed, Live, Lost

pytestmark = pytest.mark.looptime


def obj(name, version="1"):
    return {"metadata": {"name": name, "resourceVersion": version}}


class Over(Exception):
    """The script has ended."""


class Scripted:
    """An endpoint that answers with the steps of a script, one a call."""

    def __init__(self, *script, alive=()):
        self.script = list(script)
        self.alive = {key_of(each): each for each in alive}
        self.asked = []

    def __str__(self):
        return "things of c"

    async def list(self):
        self.asked.append("list")
        return self._next()

    async def get(self, key):
        self.asked.append(f"get {key}")
        if key not in self.alive:
            raise errors.NotFound("gone", status=404)
        return self.alive[key]

    async def watch(self, since):
        self.asked.append(since)
        lines = self._next()
        yield {"type": OPENED, "object": {}}
        for raw in lines:
            yield raw

    def _next(self):
        if not self.script:
            raise Over
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


async def collect(endpoint, **options):
    events = []
    reflector = Reflector(endpoint, timing=Timing(retry=lambda n: 10.0 * n), **options)
    with pytest.raises(Over):
        await drain(reflector, events)
    return events


async def drain(reflector, events):
    async with aclosing(reflector.events()) as stream:
        async for event in stream:
            events.append(event)


async def test_it_resumes_from_the_last_version_and_lists_again_when_expired():
    endpoint = Scripted(
        ([obj("a", "5")], "7"),
        [
            {"type": "MODIFIED", "object": obj("a", "8")},
            {"type": "BOOKMARK", "object": obj("", "9")},
        ],
        [{"type": "ERROR", "object": {"code": 410, "message": "too old"}}],
        ([], "20"),
    )
    assert await collect(endpoint) == [
        Listed((obj("a", "5"),)),
        Live(),
        Changed(obj("a", "8")),
        Live(),
        Listed(()),
    ]
    assert endpoint.asked == ["list", "7", "9", "list", "20"]


async def test_faults_are_waited_out_ever_longer():
    fault = ConnectionError("refused")
    endpoint = Scripted(fault, fault, ([], "1"))
    assert await collect(endpoint) == [Lost(fault), Lost(fault), Listed(())]
    assert asyncio.get_running_loop().time() == 30


async def test_a_broken_watch_goes_on_where_it_was_and_a_refused_one_lists_again():
    broken, refused = ConnectionError("reset"), errors.ApiError("too large", status=504)
    endpoint = Scripted(([], "3"), broken, refused, ([], "4"))
    assert await collect(endpoint) == [Listed(()), Lost(broken), Lost(refused), Listed(())]
    assert endpoint.asked == ["list", "3", "3", "list", "4"]


async def test_a_deletion_that_is_seen_is_believed():
    endpoint = Scripted(([obj("a")], "1"), [{"type": "DELETED", "object": obj("a", "2")}])
    assert (await collect(endpoint))[-1] == Gone(obj("a", "2"))


async def test_what_a_new_listing_lacks_is_gone_only_when_a_live_read_says_so():
    held = {Key("", name): obj(name) for name in "ab"}
    endpoint = Scripted(([], "5"), alive=[obj("b", "4")])
    events = await collect(endpoint, known=held.keys, held=held.get)
    assert events == [Listed((obj("b", "4"),))]
    assert endpoint.asked == ["list", "get a", "get b", "5"]


async def test_a_listing_that_lost_most_objects_must_be_confirmed_by_a_second_one():
    held = {Key("", name): obj(name) for name in "abcd"}
    endpoint = Scripted(([], "5"), ([obj("a"), obj("b")], "6"), alive=[])
    events = await collect(endpoint, known=held.keys, held=held.get)
    first, second = events
    assert {key_of(each) for each in first.objects} == held.keys()
    assert second == Listed((obj("a"), obj("b")))
    assert asyncio.get_running_loop().time() >= 10


async def test_a_doubted_listing_is_asked_for_again_though_the_second_one_fails():
    held = {Key("", name): obj(name) for name in "abcd"}
    endpoint = Scripted(([], "5"), ConnectionError("reset"), ([], "6"), ([], "7"))
    events = await collect(endpoint, known=held.keys, held=held.get)
    assert [type(event) for event in events] == [Listed, Lost, Listed, Listed]
    assert {key_of(each) for each in events[2].objects} == held.keys()
    assert events[3] == Listed(())


GONE = {"type": "ERROR", "object": {"code": 410, "message": "too old"}}


@pytest.mark.parametrize(
    ("reason", "steps"),
    [
        ("A watch that is expired as soon as it is opened.", lambda n: [([], "1"), [GONE]][n % 2]),
        ("A listing that expires while it is paged.", lambda n: errors.Expired("x", status=410)),
        ("A watch that ends as soon as it is opened.", lambda n: [([], "1"), []][n > 0]),
        ("A listing without a version.", lambda n: ([], "")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_comes_to_nothing_at_once_is_tried_ever_more_seldom(reason, steps):
    endpoint = Scripted(*(steps(number) for number in range(40)))
    await collect(endpoint)
    assert asyncio.get_running_loop().time() > 10 * 10, reason


async def test_a_listing_that_cannot_be_paged_to_its_end_is_lost_sight_of():
    expired = errors.Expired("x", status=410)
    events = await collect(Scripted(expired, ([], "1"), [GONE], expired, expired))
    assert events == [Listed(()), Live(), Lost(expired), Lost(expired)]


async def test_a_server_that_is_overloaded_is_spared_a_listing():
    busy = errors.ApiError("too many requests", status=429)
    endpoint = Scripted(([], "3"), busy, [])
    assert await collect(endpoint) == [Listed(()), Lost(busy), Live()]
    assert endpoint.asked[:3] == ["list", "3", "3"]


async def test_a_live_read_that_fails_keeps_everything():
    held = {Key("", "a"): obj("a")}

    class Failing(Scripted):
        async def get(self, key):
            raise ConnectionError("reset")

    endpoint = Failing(([], "5"), ([obj("a")], "6"))
    events = await collect(endpoint, known=held.keys, held=held.get)
    assert [type(event) for event in events] == [Lost, Listed]


async def test_a_nudge_ends_the_wait():
    endpoint = Scripted(ConnectionError("refused"), ([], "1"))
    reflector = Reflector(endpoint, timing=Timing(retry=lambda _: 1000.0))
    async with aclosing(reflector.events()) as stream:
        assert isinstance(await anext(stream), Lost)
        asyncio.get_running_loop().call_later(5, reflector.nudge)
        assert await anext(stream) == Listed(())
        assert asyncio.get_running_loop().time() == 5
