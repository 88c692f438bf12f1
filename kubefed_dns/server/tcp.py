"""Answers over TCP: framed, pipelined, and in bounds (RFC 7766)."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import cast

log = logging.getLogger(__name__)

TURN = 32
HELD = 1 << 16

Respond = Callable[[bytes, str], bytes | Iterator[bytes] | None]
"""What answers a packet from an address, with one message or several."""


class Connections:
    """All open connections, the one idle for longest first; at the cap, that one gives way."""

    def __init__(self, respond: Respond, *, cap: int, idle: float) -> None:
        self.respond = respond
        self.idle = idle
        self._cap = cap
        self._open: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._open)

    def protocol(self) -> "Connection":
        return Connection(self)

    def used(self, connection: "Connection") -> None:
        self._open.pop(connection, None)
        self._open[connection] = None
        if len(self._open) > self._cap:
            longest = next(iter(self._open))
            self.lost(longest)
            longest.finish()

    def lost(self, connection: "Connection") -> None:
        self._open.pop(connection, None)

    def close(self) -> None:
        for connection in tuple(self._open):
            connection.abort()


class Connection(asyncio.Protocol):
    """Answers in the order asked.

    While the peer does not take its answers, nothing more of it is read or
    answered. Once it has not had a question answered for the idle time, be it
    that it asks nothing, nothing whole, or does not take the answers, it is cut off.
    """

    _transport: asyncio.Transport

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._more: Iterator[bytes] = iter(())
        self._peer = ""
        self._busy = False
        self._blocked = False
        self._ended = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._peer = str((transport.get_extra_info("peername") or ("",))[0])
        self._used()
        self._check()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.lost(self)
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._work()

    def eof_received(self) -> bool:
        """A peer that asks no more may still want its answers."""
        self._ended = True
        return self._busy or self._whole()

    def pause_writing(self) -> None:
        self._blocked = True

    def resume_writing(self) -> None:
        self._blocked = False
        self._loop.call_soon(self._work)

    def finish(self) -> None:
        """Close, but do not wait for a peer that does not take what is on its way."""
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def _used(self) -> None:
        self._last = self._loop.time()
        self._connections.used(self)

    def _check(self) -> None:
        due = self._last + self._connections.idle
        if self._loop.time() >= due:
            self.finish()
        else:
            self._timer = self._loop.call_at(due, self._check)

    def _whole(self) -> bool:
        """Whether a whole message waits."""
        return len(self._received) >= self._end()

    def _end(self) -> int:
        return 2 + int.from_bytes(self._received[:2])

    def _work(self) -> None:
        if self._blocked or self._transport.is_closing():
            return
        try:
            answers = self._answers()
        except Exception:
            log.exception("the connection of %s is cut off", self._peer)
            self.abort()
            return
        if answers:
            self._transport.write(answers)
            self._used()
        if self._transport.is_closing():
            return
        if self._busy:
            self._transport.pause_reading()
            if not self._blocked:
                self._loop.call_soon(self._work)
        elif self._ended:
            self._transport.close()
        else:
            self._transport.resume_reading()

    def _answers(self) -> bytes:
        """As much as goes at once."""
        answers = bytearray()
        for _ in range(TURN):
            message = self._next() if len(answers) < HELD else b""
            self._busy = message is not None
            if not message:
                break
            answers += len(message).to_bytes(2) + message
        return bytes(answers)

    def _next(self) -> bytes | None:
        """The next message to send; None while nothing is asked."""
        message = next(self._more, None)
        while message is None and self._whole():
            end = self._end()
            packet = bytes(self._received[2:end])
            del self._received[:end]
            answer = self._connections.respond(packet, self._peer)
            if answer is None:
                self._received.clear()
                self._ended = True
                break
            self._more = iter((answer,)) if isinstance(answer, bytes) else answer
            message = next(self._more, None)
        return message
