"""Answers over UDP, from one socket.

A reader callback drains the socket itself: that costs less per packet than a
loop's datagram transport, whichever loop it is.
"""

import asyncio
import logging
import socket
import sys
from collections.abc import Callable

log = logging.getLogger(__name__)

IP_PKTINFO = 8  # Linux's; Python has the name from 3.14 on
ANCILLARY = socket.CMSG_SPACE(20)
LONGEST = 4096
TURN = 64
BUFFER = 1 << 20

Address = tuple[str | int, ...]
Ancillary = list[tuple[int, int, bytes]]


class Udp:
    """Takes the socket over; it is bound, and closed with this."""

    def __init__(self, sock: socket.socket, respond: Callable[[bytes, str], bytes | None]) -> None:
        self._sock = sock
        self._respond = respond
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        _ask_for_destination(sock)
        asyncio.get_running_loop().add_reader(sock.fileno(), self._ready)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._sock.fileno())
        self._sock.close()

    def _ready(self) -> None:
        """Answer what is there; after a while, let the loop do other things first."""
        for _ in range(TURN):
            try:
                packet, ancillary, _, sender = self._sock.recvmsg(LONGEST, ANCILLARY)
            except BlockingIOError:
                return
            except OSError as error:
                log.warning("cannot receive over UDP: %s", error)
                return
            reply = self._respond(packet, sender[0])
            if reply is not None:
                self._send(reply, _from_there(ancillary), sender)

    def _send(self, reply: bytes, ancillary: Ancillary, receiver: Address) -> None:
        """Send, or drop as the network might: the asker asks again."""
        try:
            self._sock.sendmsg((reply,), ancillary, 0, receiver)
        except OSError as error:
            log.debug("cannot answer %s over UDP: %s", receiver, error)


def _ask_for_destination(sock: socket.socket) -> None:
    """Learn which of the machine's addresses was asked, where the socket is bound to all."""
    host = sock.getsockname()[0]
    if not sys.platform.startswith("linux"):
        return
    if host == "0.0.0.0":
        sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    elif host == "::":
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)


def _from_there(ancillary: Ancillary) -> Ancillary:
    """What makes an answer come from the address that was asked, by whatever interface."""
    if not ancillary:
        return ancillary
    level, kind, data = ancillary[0]
    if level == socket.IPPROTO_IP:
        return [(level, kind, bytes(4) + data[4:8] + bytes(4))]
    return [(level, kind, data[:16] + bytes(4))]
