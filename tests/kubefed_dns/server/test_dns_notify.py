"""Secondaries hear of changes, one way or another, in virtual time."""

import asyncio
from itertools import pairwise

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.tsig
import pytest
from secondary import KEY, put

from kubefed_dns.records import rrset
from kubefed_dns.server.notify import TIMEOUT, TRIES, Notifier, message
from kubefed_dns.server.policy import Policy, Secondary
from kubefed_dns.server.zone import Zone

ONE, TWO = Secondary("192.0.2.1", 53), Secondary("2001:db8::1", 5353)


class Secondaries:
    """Hear or do not; `heard` are the serials that each was told, with the time."""

    def __init__(self):
        self.heard = []
        self.deaf = {}
        self.delay = 0.01

    async def __call__(self, question, to):
        serial = question.answer[0][0].serial
        self.heard.append((asyncio.get_running_loop().time(), to, serial))
        fault = self.deaf.get(to)
        if isinstance(fault, Exception):
            await asyncio.sleep(TIMEOUT if isinstance(fault, dns.exception.Timeout) else 0)
            raise fault
        await asyncio.sleep(self.delay)
        response = dns.message.make_response(question)
        response.set_rcode(fault or dns.rcode.NOERROR)
        return response

    def serials(self, to):
        return [serial for _, each, serial in self.heard if each == to]

    def times(self, to):
        start = self.heard[0][0]
        return [round(when - start) for when, each, _ in self.heard if each == to]


@pytest.fixture
def secondaries():
    return Secondaries()


@pytest.fixture
def notifier(secondaries):
    return Notifier(secondaries)


@pytest.fixture
def zone(clock, notifier):
    """Not filled yet: what is due then is the test's own loop's."""
    return Zone(
        "example.com.",
        ns="ns.example.net",
        now=clock,
        policy=Policy(notify=(ONE, TWO)),
        changed=lambda zone: notifier.due(zone),
    )


def change(zone, number=1):
    put(zone, rrset("www.example.com", "A", 60, [f"192.0.2.{number}"]))


pytestmark = pytest.mark.looptime


async def test_each_is_told_once_of_each_serial(zone, secondaries):
    zone.apply({})
    for number in range(3):
        await asyncio.sleep(1)
        change(zone, number)
    await asyncio.sleep(100)
    want = [zone.serial - 3, zone.serial - 2, zone.serial - 1, zone.serial]
    assert secondaries.serials(ONE) == secondaries.serials(TWO) == want


async def test_what_changes_while_one_is_told_is_told_in_one(zone, secondaries):
    zone.apply({})
    secondaries.delay = 1
    await asyncio.sleep(0)
    for number in range(50):
        change(zone, number)
    await asyncio.sleep(10)
    assert secondaries.serials(ONE) == [zone.serial - 50, zone.serial]


async def test_a_zone_that_is_not_filled_is_not_told_of(clock, notifier, secondaries):
    made = Zone("example.com.", ns="ns.", now=clock, policy=Policy(notify=(ONE,)))
    notifier.due(made)
    await asyncio.sleep(10)
    assert not secondaries.heard


@pytest.mark.parametrize(
    ("reason", "fault", "said"),
    [
        ("Silence.", dns.exception.Timeout(), "no answer"),
        ("It refuses.", dns.rcode.REFUSED, "REFUSED: let it take NOTIFY from us"),
        ("It does not know what that is.", dns.rcode.NOTIMP, "NOTIMP"),
        ("Nothing listens there.", ConnectionRefusedError(111, "Connection refused"), "refused"),
        ("It does not know our key.", dns.tsig.PeerBadKey(), "key"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_who_does_not_hear_is_told_again_and_again_but_not_forever(
    zone, secondaries, caplog, reason, fault, said
):
    zone.apply({})
    secondaries.deaf[ONE] = fault
    await asyncio.sleep(1000)
    times = secondaries.times(ONE)
    assert len(times) == TRIES, reason
    pauses = [later - sooner for sooner, later in pairwise(times)]
    assert pauses == sorted(pauses)
    assert pauses[0] <= 4
    assert pauses[-1] >= 60
    warnings = [each.getMessage() for each in caplog.records]
    assert len(warnings) == 1
    assert "192.0.2.1:53" in warnings[0]
    assert said in warnings[0]
    assert secondaries.serials(TWO) == [zone.serial], "others hear all the same"


async def test_who_has_not_heard_is_told_of_the_next_change_at_once(zone, secondaries, caplog):
    zone.apply({})
    secondaries.deaf[ONE] = dns.exception.Timeout()
    await asyncio.sleep(50)
    secondaries.deaf.clear()
    secondaries.heard.clear()
    change(zone)
    await asyncio.sleep(TIMEOUT + 0.1)
    assert secondaries.serials(ONE) == [zone.serial]
    caplog.set_level("INFO")
    secondaries.deaf[ONE] = dns.exception.Timeout()
    change(zone, 2)
    await asyncio.sleep(1)
    secondaries.deaf.clear()
    await asyncio.sleep(10)
    assert secondaries.serials(ONE)[-2:] == [zone.serial, zone.serial]
    assert "is told of changes of example.com. again" in caplog.text


async def test_who_is_deaf_while_much_changes_is_not_flooded(zone, secondaries):
    zone.apply({})
    secondaries.deaf[ONE] = dns.exception.Timeout()
    for number in range(1000):
        change(zone, number % 250)
        await asyncio.sleep(0.1)
    assert len(secondaries.serials(ONE)) <= 100 / TIMEOUT + 2
    secondaries.deaf.clear()
    await asyncio.sleep(10)
    assert secondaries.serials(ONE)[-1] == zone.serial


async def test_a_secondary_that_is_named_later_is_told_and_one_that_is_not_is_left(
    zone, secondaries
):
    zone.apply({})
    secondaries.deaf[TWO] = dns.exception.Timeout()
    await asyncio.sleep(3)
    three = Secondary("ns3.example.net", 53)
    zone.adopt(Policy(notify=(ONE, three)))
    secondaries.heard.clear()
    await asyncio.sleep(100)
    assert [each for _, each, _ in secondaries.heard] == [three]
    zone.adopt(Policy())
    change(zone)
    await asyncio.sleep(100)
    assert len(secondaries.heard) == 1


async def test_a_zone_that_is_gone_is_told_of_no_more(zone, notifier, secondaries):
    zone.apply({})
    secondaries.deaf = {each: dns.exception.Timeout() for each in (ONE, TWO)}
    await asyncio.sleep(10)
    notifier.forget(zone)
    secondaries.heard.clear()
    await asyncio.sleep(1000)
    assert not secondaries.heard


async def test_a_fault_of_ours_is_logged_and_the_next_change_is_told(zone, secondaries, caplog):
    zone.apply({})
    await asyncio.sleep(1)
    secondaries.deaf[ONE] = RuntimeError("a fault of ours")
    change(zone)
    await asyncio.sleep(10)
    assert "a fault of ours" in caplog.text
    secondaries.deaf.clear()
    change(zone, 2)
    await asyncio.sleep(10)
    assert secondaries.serials(ONE)[-1] == zone.serial


async def test_what_is_said(zone):
    zone.adopt(Policy(notify=(ONE,), signer=KEY))
    made = message(zone)
    made.to_wire()
    assert made.opcode() == dns.opcode.NOTIFY
    assert made.flags & dns.flags.AA
    assert not made.flags & (dns.flags.RD | dns.flags.QR)
    assert [each.to_text() for each in made.question] == ["example.com. IN SOA"]
    assert made.answer[0][0].serial == zone.serial
    assert made.keyname == KEY.name
