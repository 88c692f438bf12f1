"""What runs for ever is begun again when it ends, in virtual time."""

import asyncio
import logging

import pytest

from kubefed_core.runtime import lasting

pytestmark = pytest.mark.looptime


class Work:
    """Ends as told, one way after the other, and lasts for ever then."""

    def __init__(self, *ends):
        self.ends = list(ends)
        self.begun = []

    async def __call__(self):
        self.begun.append(asyncio.get_running_loop().time())
        if not self.ends:
            await asyncio.Event().wait()
        lasted, fault = self.ends.pop(0)
        await asyncio.sleep(lasted)
        if fault is not None:
            raise fault


async def kept(work, *, seconds):
    failed = []
    task = asyncio.create_task(
        lasting.keep("work", work, failed=failed.append, retry=lambda n: 10.0 * n)
    )
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    return failed


@pytest.mark.parametrize(
    ("reason", "fault", "said"),
    [
        ("A fault is logged with its traceback.", RuntimeError("broken"), "RuntimeError: broken"),
        ("A work that only ends has no reason to.", None, "work has ended"),
        ("Nobody outside has cancelled it.", asyncio.CancelledError(), "CancelledError"),
        ("Several may fail at once.", ExceptionGroup("two", [ValueError("one")]), "one"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_whatever_ends_begins_again(reason, fault, said, caplog):
    work = Work((1, fault))
    assert await kept(work, seconds=50) == ["work"], reason
    assert work.begun == [0, 11]
    assert said in caplog.text
    assert [each.levelno for each in caplog.records] == [logging.ERROR]


async def test_faults_in_a_row_are_given_more_time_and_a_long_life_forgives():
    work = Work(*[(0, OSError())] * 2, (lasting.LASTING, OSError()))
    assert len(await kept(work, seconds=2 * lasting.LASTING)) == 3
    assert work.begun == [0, 10, 30, 30 + lasting.LASTING + 10]


async def test_a_work_that_fails_disturbs_no_other():
    bad, good, failed, stop = Work((1, RuntimeError("broken"))), Work(), [], asyncio.Event()
    asyncio.get_running_loop().call_later(5, stop.set)
    await lasting.until(stop, {"bad": bad, "good": good}, failed=failed.append)
    assert (len(bad.begun), len(good.begun), failed) == (2, 1, ["bad"])
