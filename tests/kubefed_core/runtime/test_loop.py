import asyncio

import pytest

from kubefed_core.errors import Conflict, Retry, Terminal
from kubefed_core.runtime.backoff import exponential
from kubefed_core.runtime.loop import Controller

pytestmark = pytest.mark.looptime


async def steps(controller, n):
    async with asyncio.timeout(3600):
        for _ in range(n):
            await controller.step()


async def test_failures_back_off_and_only_success_forgives():
    seen = []
    outcomes = [OSError(), RuntimeError(), None, Conflict("raced", status=409), None]

    async def reconcile(key):
        seen.append(round(asyncio.get_running_loop().time()))
        outcome = outcomes[len(seen) - 1]
        if outcome:
            raise outcome
        return 10 if len(seen) == 3 else None

    controller = Controller("c", reconcile, retry=lambda n: 5.0 * 2 ** (n - 1))
    controller.queue.add("k")
    await steps(controller, 5)
    assert seen == [0, 5, 15, 25, 30]


async def test_terminal_errors_wait_for_a_change():
    async def reconcile(key):
        raise Terminal("bad template")

    controller = Controller("c", reconcile)
    controller.queue.add("k")
    await controller.step()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(86400):
            await controller.queue.get()


async def test_a_key_is_never_held_twice_but_never_lost():
    running = asyncio.Event()
    finish = asyncio.Event()
    calls = []

    async def reconcile(key):
        calls.append(key)
        running.set()
        await finish.wait()

    controller = Controller("c", reconcile, workers=3)
    task = asyncio.create_task(controller.run())
    controller.queue.add("k")
    await running.wait()
    controller.queue.add("k")
    controller.queue.add("k")
    await asyncio.sleep(1)
    assert calls == ["k"]
    finish.set()
    await asyncio.sleep(1)
    assert calls == ["k", "k"]
    task.cancel()
    await asyncio.wait([task])


async def test_retry_is_not_a_failure():
    times = []

    async def reconcile(key):
        times.append(asyncio.get_running_loop().time())
        if len(times) < 3:
            raise Retry("not yet", after=2)

    controller = Controller("c", reconcile)
    controller.queue.add("k")
    await steps(controller, 3)
    assert times == [0, 2, 4]


async def test_the_earlier_of_two_times_counts():
    async def reconcile(key):
        return None

    controller = Controller("c", reconcile)
    controller.queue.add_after("k", 10)
    controller.queue.add_after("k", 5)
    controller.queue.add_after("k", 20)
    await steps(controller, 1)
    assert asyncio.get_running_loop().time() == 5


async def test_results_are_metered():
    class Meter:
        seen = []

        def reconciled(self, controller, *, result, seconds):
            self.seen.append((controller, result, seconds))

    async def reconcile(key):
        await asyncio.sleep(3)
        if key == "bad":
            raise ValueError(key)

    controller = Controller("c", reconcile, meter=Meter(), retry=lambda _: 1e6)
    controller.queue.add("good")
    controller.queue.add("bad")
    await steps(controller, 2)
    assert Meter.seen == [("c", "success", 3), ("c", "error", 3)]
    controller.queue.close()


@pytest.mark.parametrize(
    ("reason", "failures", "chance", "want"),
    [
        ("It starts at the base.", 1, 0.0, 1.0),
        ("It doubles.", 4, 0.0, 8.0),
        ("It is capped.", 1000, 0.0, 60.0),
        ("Jitter only ever adds.", 1, 1.0, 1.5),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_backoff(reason, failures, chance, want):
    made = exponential(base=1.0, cap=60.0, jitter=0.5, chance=lambda: chance)
    assert made(failures) == want, reason


async def test_what_comes_in_bulk_waits_behind_what_does_not():
    seen = []

    async def reconcile(key):
        seen.append(key)

    controller = Controller("c", reconcile)
    for number in range(3):
        controller.queue.add(number, bulk=True)
    controller.queue.add("urgent")
    controller.queue.add(2)
    controller.queue.add(2, bulk=True)
    await steps(controller, 4)
    assert seen == ["urgent", 2, 0, 1]
    assert len(controller.queue) == 0


async def test_a_key_added_in_bulk_while_it_is_held_comes_once_more():
    seen = []

    async def reconcile(key):
        seen.append(key)
        if len(seen) == 1:
            controller.queue.add(key, bulk=True)
            controller.queue.add(key)

    controller = Controller("c", reconcile)
    controller.queue.add("k", bulk=True)
    await steps(controller, 2)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(100):
            await controller.step()
    assert seen == ["k", "k"]


async def test_a_key_whose_work_is_cancelled_from_within_has_failed_like_any_other():
    seen = []

    async def reconcile(key):
        seen.append(asyncio.get_running_loop().time())
        if len(seen) == 1:
            other = asyncio.create_task(asyncio.sleep(10))
            other.cancel()
            await other

    controller = Controller("c", reconcile, retry=lambda _: 5.0)
    controller.queue.add("k")
    await steps(controller, 2)
    assert seen == [0, 5]


async def test_a_controller_that_was_stopped_goes_on_where_it_was():
    seen, stuck = [], asyncio.Event()

    async def reconcile(key):
        seen.append(key)
        if seen == ["now"]:
            await stuck.wait()

    controller = Controller("c", reconcile, workers=1)
    controller.queue.add("now")
    controller.queue.add_after("later", 100)
    for _ in range(2):
        task = asyncio.create_task(controller.run())
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
    assert sorted(seen) == ["later", "now", "now"]
