"""The queue on the loop that the program runs on, whose handles know less than asyncio's."""

import asyncio

import uvloop

from kubefed_core.runtime.queue import KeyQueue


def test_a_key_that_is_due_at_once_can_be_put_off_again():
    async def story():
        queue = KeyQueue()
        for delay in (0.0, 0.0, 0.0001, 5.0, 0.0):
            queue.add_after("k", delay)
        async with asyncio.timeout(5):
            assert await queue.get() == "k"
        assert len(queue) == 0
        queue.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(story())
