import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from kubefed_dns.errors import Unreachable
from kubefed_dns.resolve import NotYet, Resolver, system

pytestmark = pytest.mark.looptime

A, B, C = "192.0.2.1", "192.0.2.2", "2001:db8::1"


def scripted(*answers):
    """A look-up that gives these answers in turn, the last one for ever."""
    script = list(answers)
    asked = []

    async def lookup(name):
        asked.append(name)
        answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, Exception):
            raise answer
        return frozenset(answer)

    lookup.asked = asked
    return lookup


async def ask(resolver, times, *, every=60):
    seen = []
    for _ in range(times):
        seen.append(set(await resolver.addresses("lb.test", ttl=every)))
        await asyncio.sleep(every)
    return seen


async def test_an_address_leaves_after_three_answers_without_it():
    resolver = Resolver(scripted([A, B], [A], [A], [A, C]))
    assert await ask(resolver, 4) == [{A, B}, {A, B}, {A, B}, {A, C}]


async def test_an_address_that_comes_back_in_time_stays():
    resolver = Resolver(scripted([A, B], [A], [A], [A, B], [A], [A]))
    assert (await ask(resolver, 6))[-1] == {A, B}


async def test_a_failing_look_up_keeps_the_last_set():
    resolver = Resolver(scripted([A], OSError("SERVFAIL")))
    assert await ask(resolver, 10) == [{A}] * 10


async def test_an_empty_answer_keeps_the_last_set():
    resolver = Resolver(scripted([A], []))
    assert await ask(resolver, 10) == [{A}] * 10


async def test_a_name_that_was_never_resolved_says_why():
    resolver = Resolver(scripted(OSError("NXDOMAIN")))
    with pytest.raises(Unreachable, match=r"lb\.test.*NXDOMAIN"):
        await resolver.addresses("lb.test", ttl=60)


async def test_it_asks_by_the_ttl_but_not_below_the_floor():
    lookup = scripted([A])
    resolver = Resolver(lookup)
    for _ in range(60):
        await resolver.addresses("LB.test.", ttl=1)
        await asyncio.sleep(1)
    assert len(lookup.asked) == 2


async def test_a_failure_is_tried_again_after_the_floor():
    resolver = Resolver(scripted(OSError("down"), [A]))
    with pytest.raises(Unreachable):
        await resolver.addresses("lb.test", ttl=600)
    await asyncio.sleep(30)
    assert await resolver.addresses("lb.test", ttl=600) == {A}


async def test_two_records_share_one_look_up():
    asked = []

    async def slow(name):
        asked.append(name)
        await asyncio.sleep(1)
        return frozenset({A})

    resolver = Resolver(slow)
    both = await asyncio.gather(*(resolver.addresses("lb.test", ttl=60) for _ in range(2)))
    assert both == [{A}, {A}]
    assert asked == ["lb.test"]


async def test_a_look_up_that_hangs_is_given_up():
    async def hanging(name):
        await asyncio.sleep(1e6)

    with pytest.raises(Unreachable, match="TimeoutError"):
        await Resolver(hanging).addresses("lb.test", ttl=60)


async def test_a_name_that_cannot_even_be_asked_for_says_why():
    with ThreadPoolExecutor(1) as threads:
        resolver = Resolver(system(threads))
        with pytest.raises(Unreachable, match="label"):
            await resolver.addresses(f"{'a' * 64}.test", ttl=60)


async def test_who_cannot_wait_is_called_when_a_look_up_has_ended():
    called, go = [], asyncio.Event()

    async def slow(name):
        await go.wait()
        return frozenset({A})

    resolver = Resolver(slow)
    with pytest.raises(NotYet):
        await resolver.addresses("lb.test", ttl=60, later=lambda: called.append(1))
    go.set()
    await asyncio.sleep(0.1)
    assert called == [1]
    assert await resolver.addresses("lb.test", ttl=60, later=called.clear) == {A}
    go.clear()
    await asyncio.sleep(60)
    before = asyncio.get_running_loop().time()
    assert await resolver.addresses("lb.test", ttl=60, later=called.clear) == {A}
    assert asyncio.get_running_loop().time() == before
    go.set()
    await asyncio.sleep(0.1)
    assert called == []


async def test_it_is_due_when_the_first_of_some_names_is():
    resolver = Resolver(scripted([A], OSError("down")))
    await resolver.addresses("lb.test", ttl=3600)
    assert resolver.due(["lb.test"]) == 3600
    with pytest.raises(Unreachable):
        await resolver.addresses("other.test", ttl=3600)
    assert resolver.due(["lb.test", "other.test"]) == 30


async def test_names_that_nobody_asks_for_any_more_are_forgotten():
    lookup = scripted([A], [B])
    resolver = Resolver(lookup)
    await resolver.addresses("lb.test", ttl=60)
    await resolver.addresses("used.test", ttl=4000)
    await asyncio.sleep(3700)
    await resolver.addresses("new.test", ttl=60)
    assert await resolver.addresses("lb.test", ttl=60) == {B}
    await resolver.addresses("used.test", ttl=60)
    assert lookup.asked == ["lb.test", "used.test", "new.test", "lb.test"]
