import asyncio
from datetime import UTC, datetime

import pytest

from kubefed_core import errors
from kubefed_core.resources import SERVICES
from kubefed_core.runtime.recorder import AT_ONCE, BURST, RATE, WAITING, WRITERS, Recorder

pytestmark = pytest.mark.looptime

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OBJ = {"metadata": {"namespace": "ns", "name": "web", "uid": "u1", "resourceVersion": "7"}}


class FakeClient:
    def __init__(self, *faults):
        self.faults = list(faults)
        self.slow = 0.0
        self.writing = self.most = 0
        self.created = []
        self.patched = []

    async def create(self, resource, obj):
        if self.faults:
            raise self.faults.pop(0)
        self.writing += 1
        self.most = max(self.most, self.writing)
        await asyncio.sleep(self.slow)
        self.writing -= 1
        made = {**obj, "metadata": obj["metadata"] | {"name": f"web.{len(self.created)}"}}
        self.created.append(made)
        return made

    async def patch(self, resource, key, patch):
        if self.faults:
            raise self.faults.pop(0)
        self.patched.append((key.name, patch["count"]))
        return {}


@pytest.fixture
async def make():
    tasks = []

    def build(client):
        recorder = Recorder(client, component="c", namespace="sys", now=lambda: NOW)
        tasks.append(asyncio.create_task(recorder.run()))
        return recorder

    yield build
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def say(recorder, message="gone", **options):
    recorder.event(OBJ, resource=SERVICES, reason="Withdrawn", message=message, **options)


async def test_an_event_says_of_what_and_by_whom(make):
    client = FakeClient()
    say(make(client), warning=True)
    await asyncio.sleep(1)
    (event,) = client.created
    assert event["involvedObject"]["uid"] == "u1"
    assert event["metadata"]["namespace"] == "ns"
    assert (event["type"], event["reason"], event["message"]) == ("Warning", "Withdrawn", "gone")
    assert event["firstTimestamp"] == event["lastTimestamp"] == "2026-01-02T03:04:05Z"


async def test_what_is_said_again_only_counts_up(make):
    client = FakeClient()
    recorder = make(client)
    for _ in range(3):
        say(recorder)
        await asyncio.sleep(1)
    say(recorder, "another")
    await asyncio.sleep(1)
    assert len(client.created) == 2
    assert client.patched == [("web.0", 2), ("web.0", 3)]


async def test_an_event_that_has_expired_is_written_anew(make):
    client = FakeClient()
    recorder = make(client)
    say(recorder)
    await asyncio.sleep(1)
    client.faults = [errors.NotFound("expired", status=404)]
    say(recorder)
    await asyncio.sleep(1)
    assert len(client.created) == 2


async def test_a_noisy_object_is_cut_off_and_others_are_not(make):
    client = FakeClient()
    recorder = make(client)
    for number in range(BURST + 10):
        say(recorder, f"message {number}")
    other = {"metadata": OBJ["metadata"] | {"uid": "u2", "name": "db"}}
    recorder.event(other, resource=SERVICES, reason="R", message="m")
    await asyncio.sleep(1)
    assert len(client.created) == BURST + 1


async def test_a_refusal_is_logged_and_the_next_event_is_written(make, caplog):
    client = FakeClient(errors.Forbidden("no right", status=403), OSError("down"))
    recorder = make(client)
    for message in ("one", "two", "three"):
        say(recorder, message)
    await asyncio.sleep(1)
    assert [event["message"] for event in client.created] == ["three"]
    assert "no right" in caplog.text


def many(recorder, count, **options):
    for number in range(count):
        obj = {"metadata": {"name": "n", "uid": f"u{number}"}}
        recorder.event(obj, resource=SERVICES, reason="R", message="m", **options)


async def test_nobody_waits_for_a_server_that_is_down_and_losses_are_said_once(caplog):
    client = FakeClient()
    recorder = Recorder(client, component="c", namespace="sys", now=lambda: NOW)
    many(recorder, WAITING + 10)
    assert caplog.text.count("lost") == 1
    await recorder.flush()
    assert len(client.created) == WAITING
    assert "10 events were lost" in caplog.text
    many(recorder, WAITING)
    assert caplog.text.count("lost") == 2


async def test_several_are_written_side_by_side_but_never_the_same_one_twice(make):
    client = FakeClient()
    client.slow = 1.0
    recorder = make(client)
    say(recorder)
    many(recorder, 10)
    await asyncio.sleep(0.5)
    say(recorder)
    say(recorder)
    assert client.most == WRITERS
    await asyncio.sleep(20)
    assert len(client.created) == 11
    assert [count for _, count in client.patched] == [3]


async def test_a_flood_is_written_slowly_and_warnings_before_the_rest(make):
    client = FakeClient()
    recorder = make(client)
    many(recorder, 1000)
    await asyncio.sleep(5)
    assert len(client.created) <= AT_ONCE + 6 * RATE
    say(recorder, warning=True)
    await asyncio.sleep(1)
    assert "Warning" in {event["type"] for event in client.created}
    await asyncio.sleep(1000 / RATE)
    assert len(client.created) == 1001
