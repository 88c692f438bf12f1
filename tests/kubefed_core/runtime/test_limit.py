import asyncio

import pytest

from kubefed_core.runtime.limit import Limiter

pytestmark = pytest.mark.looptime


async def test_a_burst_goes_at_once_and_the_rest_at_the_rate():
    limiter, times = Limiter(2.0, 3), []
    await asyncio.sleep(100)
    for _ in range(6):
        await limiter.take()
        times.append(asyncio.get_running_loop().time() - 100)
    assert times == [0, 0, 0, 0.5, 1.0, 1.5]


async def test_rest_earns_a_new_burst_and_no_more():
    limiter, times = Limiter(1.0, 2), []
    for pause in (10, 100):
        await asyncio.sleep(pause)
        start = asyncio.get_running_loop().time()
        for _ in range(3):
            await limiter.take()
            times.append(asyncio.get_running_loop().time() - start)
    assert times == [0, 0, 1, 0, 0, 1]


async def test_those_who_wait_are_served_one_after_the_other():
    limiter = Limiter(1.0, 1)
    await asyncio.sleep(100)
    done = []

    async def one(name):
        await limiter.take()
        done.append((name, asyncio.get_running_loop().time() - 100))

    await asyncio.gather(*(one(name) for name in "abc"))
    assert done == [("a", 0), ("b", 1), ("c", 2)]
