"""TCP connections in virtual time, against a transport that records."""

import asyncio

import pytest

from kubefed_dns.server.tcp import HELD, Connections

pytestmark = pytest.mark.looptime


class FakeTransport(asyncio.Transport):
    """A peer that takes what is written, or after `block` lets it pile up."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.piled = 0
        self.reading = True
        self.closed = ""
        self.protocol = None
        self.takes = True

    def open(self, connections):
        self.protocol = connections.protocol()
        self.protocol.connection_made(self)
        return self

    def write(self, data):
        self.written += data
        if not self.takes:
            self.piled += len(data)
            if self.piled >= HELD:
                self.protocol.pause_writing()

    def take(self):
        self.takes = True
        self.piled = 0
        self.protocol.resume_writing()

    def get_write_buffer_size(self):
        return self.piled

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True

    def is_closing(self):
        return bool(self.closed)

    def close(self):
        self._end("closed")

    def abort(self):
        self._end("cut off")

    def _end(self, how):
        if not self.closed:
            self.closed = how
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)


def frame(data: bytes) -> bytes:
    return len(data).to_bytes(2) + data


@pytest.fixture
def connections():
    """Each message is answered with itself; an empty one, and one that says `no`, not at all."""

    def respond(packet, sender):
        return None if packet == b"no" else packet or None

    return Connections(respond, cap=3, idle=30)


async def test_messages_are_answered_in_order_however_they_arrive(connections):
    peer = FakeTransport().open(connections)
    data = b"".join(frame(f"message {n}".encode()) for n in range(100))
    for octet in data:
        peer.protocol.data_received(bytes((octet,)))
    assert peer.written == data
    peer.written.clear()
    peer.protocol.data_received(data)
    await asyncio.sleep(1)
    assert peer.written == data
    assert peer.reading


async def test_many_messages_at_once_leave_the_loop_its_turns(connections):
    peer = FakeTransport().open(connections)
    data = frame(b"x" * 10) * 1000
    peer.protocol.data_received(data)
    assert 0 < len(peer.written) < len(data) / 10
    assert not peer.reading
    await asyncio.sleep(0)
    assert len(peer.written) < len(data) / 5
    await asyncio.sleep(1)
    assert peer.written == data
    assert peer.reading


async def test_a_peer_that_takes_no_answers_gets_no_more_and_is_cut_off(connections):
    peer = FakeTransport().open(connections)
    peer.takes = False
    peer.protocol.data_received(frame(b"x" * 1000) * 1000)
    await asyncio.sleep(29)
    assert HELD <= len(peer.written) < 3 * HELD
    assert not peer.reading
    assert not peer.closed
    await asyncio.sleep(2)
    assert peer.closed == "cut off"
    assert len(connections) == 0


async def test_a_peer_that_takes_them_late_gets_them_all(connections):
    peer = FakeTransport().open(connections)
    data = frame(b"x" * 1000) * 500
    peer.takes = False
    peer.protocol.data_received(data)
    await asyncio.sleep(20)
    peer.take()
    await asyncio.sleep(20)
    assert peer.written == data
    assert not peer.closed


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        ("A peer that says nothing.", b""),
        ("One that asks octet by octet, and never all.", b"\xff\xff" + b"x" * 50),
    ],
)
async def test_idle_connections_are_closed(connections, reason, data):
    peer = FakeTransport().open(connections)
    for octet in data:
        peer.protocol.data_received(bytes((octet,)))
        await asyncio.sleep(0.5)
    await asyncio.sleep(31 - len(data) / 2)
    assert peer.closed == "closed", reason
    assert asyncio.get_running_loop().time() < 32


async def test_a_connection_that_is_used_stays(connections):
    peer = FakeTransport().open(connections)
    for _ in range(10):
        await asyncio.sleep(29)
        peer.protocol.data_received(frame(b"hello"))
    assert not peer.closed
    await asyncio.sleep(31)
    assert peer.closed


async def test_at_the_cap_the_connection_idle_for_longest_gives_way(connections):
    peers = [FakeTransport().open(connections) for _ in range(3)]
    peers[0].protocol.data_received(frame(b"still here"))
    FakeTransport().open(connections)
    assert [peer.closed for peer in peers] == ["", "closed", ""]
    assert len(connections) == 3


@pytest.mark.parametrize("garbage", [b"\0\0", frame(b"no")], ids=["empty", "no question"])
async def test_a_peer_that_does_not_speak_dns_is_closed_after_its_answers(connections, garbage):
    peer = FakeTransport().open(connections)
    peer.protocol.data_received(frame(b"yes") + garbage + frame(b"yes"))
    assert peer.written == frame(b"yes")
    assert peer.closed == "closed"


async def test_a_peer_that_ends_its_side_gets_its_answers_first(connections):
    peer = FakeTransport().open(connections)
    data = frame(b"question") * 100
    peer.protocol.data_received(data)
    assert peer.protocol.eof_received()
    await asyncio.sleep(1)
    assert peer.written == data
    assert peer.closed == "closed"
    idle = FakeTransport().open(connections)
    assert not idle.protocol.eof_received()


async def test_the_server_cuts_all_when_it_stops(connections):
    peers = [FakeTransport().open(connections) for _ in range(3)]
    connections.close()
    await asyncio.sleep(0)
    assert {peer.closed for peer in peers} == {"cut off"}
    assert len(connections) == 0


class Stream:
    """Answers each question with many messages, made as they are taken."""

    def __init__(self):
        self.made = 0
        self.fault = None

    def __call__(self, packet, sender):
        def parts():
            for number in range(100):
                if self.fault == number:
                    raise RuntimeError("a fault of ours")
                self.made += 1
                yield packet + number.to_bytes(2) + bytes(10_000)

        return parts()


@pytest.fixture
def stream():
    return Stream()


async def test_an_answer_of_many_messages_is_made_as_the_peer_takes_it(stream):
    peer = FakeTransport().open(Connections(stream, cap=3, idle=30))
    peer.takes = False
    peer.protocol.data_received(frame(b"one") + frame(b"two"))
    await asyncio.sleep(20)
    assert stream.made < 20
    assert not peer.reading
    peer.take()
    await asyncio.sleep(20)
    assert stream.made == 200
    whole = b"".join(
        frame(name + number.to_bytes(2) + bytes(10_000))
        for name in (b"one", b"two")
        for number in range(100)
    )
    assert peer.written == whole
    assert peer.reading


async def test_a_peer_that_ends_its_side_gets_all_of_a_long_answer(stream):
    peer = FakeTransport().open(Connections(stream, cap=3, idle=30))
    peer.protocol.data_received(frame(b"one"))
    assert stream.made < 20
    assert peer.protocol.eof_received()
    await asyncio.sleep(1)
    assert stream.made == 100
    assert peer.closed == "closed"


async def test_a_long_answer_that_is_not_taken_is_given_up(stream):
    peer = FakeTransport().open(Connections(stream, cap=3, idle=30))
    peer.takes = False
    peer.protocol.data_received(frame(b"one"))
    await asyncio.sleep(31)
    assert peer.closed == "cut off"
    assert stream.made < 20


async def test_a_fault_within_a_long_answer_cuts_the_connection(stream, caplog):
    peer = FakeTransport().open(Connections(stream, cap=3, idle=30))
    stream.fault = 50
    peer.protocol.data_received(frame(b"one"))
    await asyncio.sleep(1)
    assert peer.closed == "cut off"
    assert "a fault of ours" in caplog.text
