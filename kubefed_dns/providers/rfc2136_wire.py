"""Connections to the servers of one DNSProvider: kept, reused, and failed over in order.

TCP only, with TLS or without: an update or a transfer may not fit into UDP, what fits gains nothing
from it, and no answer is truncated or forged from afar.
"""

import select
import socket
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

import dns.message

from kubefed_dns.errors import ProviderError, Unreachable
from kubefed_dns.providers import rfc2136_errors as errors
from kubefed_dns.providers.rfc2136_settings import Server, Tls

# Servers hang up on idle clients (BIND after 30 s) and firewalls forget them silently.
IDLE = 20.0
KEPT = 4

T = TypeVar("T")
Dial = Callable[[Server, float], socket.socket]


def plain(server: Server, timeout: float) -> socket.socket:
    """A TCP connection without encryption."""
    opened = socket.create_connection((server.host, server.port), timeout)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def encrypted(tls: Tls) -> Dial:
    """Makes TCP connections with TLS; raises ssl.SSLError, an OSError, where it is not to be."""

    def dial(server: Server, timeout: float) -> socket.socket:
        opened = plain(server, timeout)
        try:
            return tls.context.wrap_socket(opened, server_hostname=tls.name or server.host)
        except TimeoutError as error:
            # A server without TLS waits for the rest of what it takes for a message.
            opened.close()
            raise ssl.SSLError(0, f"no answer to the handshake within {timeout:g} s") from error
        except BaseException:
            opened.close()
            raise

    return dial


class Connection:
    """A stream of DNS messages to one server, for one thread at a time; raises OSError."""

    def __init__(self, server: Server, opened: socket.socket, *, timeout: float) -> None:
        self.server = server
        self.reused = False
        self._socket = opened
        self._timeout = timeout
        self._buffer = bytearray()
        self._used = time.monotonic()

    def stale(self, *, idle: float) -> bool:
        """Whether the server hung up, said what nobody asked for, or was idle for too long."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(self._buffer or poll.poll(0)) or time.monotonic() - self._used > idle

    def send(self, *wires: bytes) -> None:
        self._socket.settimeout(self._timeout)
        try:
            self._socket.sendall(b"".join(len(wire).to_bytes(2, "big") + wire for wire in wires))
        except ssl.SSLError as error:
            raise ConnectionError(f"the connection broke ({error})") from error

    def receive(self) -> bytes:
        """The next message, whole, within the time-out."""
        deadline = time.monotonic() + self._timeout
        size = int.from_bytes(self._take(2, deadline), "big")
        return self._take(size, deadline)

    def ask(self, query: dns.message.Message) -> dns.message.Message:
        self.send(query.to_wire())
        return errors.read_answer(self.server, query, self.receive())

    def close(self) -> None:
        self._socket.close()

    def _take(self, count: int, deadline: float) -> bytes:
        while len(self._buffer) < count:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self._socket.recv(65536)
            except ssl.SSLError as error:
                raise ConnectionError(f"the connection broke ({error})") from error
            if not data:
                raise ConnectionError("the server closed the connection")
            self._buffer += data
        self._used = time.monotonic()
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken


class Servers:
    """The primaries of some zones. What was asked of one is asked of it again, while it works.

    Where one gives no answer, the others come first for all zones. A connection
    that was idle for longer than `idle` is not used again.
    """

    def __init__(
        self,
        servers: Sequence[Server],
        *,
        timeout: float,
        dial: Dial = plain,
        idle: float = IDLE,
    ) -> None:
        self._servers = tuple(servers)
        self._timeout = timeout
        self._dial = dial
        self._longest = idle
        self._latest = self._servers[0]
        self._working: dict[str, Server] = {}
        self._idle: defaultdict[Server, list[Connection]] = defaultdict(list)
        self._lock = threading.Lock()
        self._closed = False

    def first(self, server: Server) -> bool:
        return server == self._servers[0]

    def read(self, zone: str, talk: Callable[[Connection], T]) -> T:
        """What comes of the talk with the first server where it does not fail.

        Where it fails with all, the error names each with its cause.
        """
        failures = []
        for server in self._order(zone):
            try:
                result = self._attempt(self._connection(server), talk)
            except ProviderError as error:
                failures.append(error)
            else:
                self._works(zone, server)
                return result
        raise errors.together(failures)

    def write(self, zone: str, talk: Callable[[Connection], T]) -> T:
        """What comes of the talk with the first server that can be connected to.

        A failure after that leaves open what became of it, and no other is asked.
        """
        failures = []
        for server in self._order(zone):
            try:
                connection = self._connection(server)
            except Unreachable as error:
                failures.append(error)
                continue
            try:
                result = self._attempt(connection, talk)
            except Unreachable as error:
                raise Unreachable(f"{error}; what was sent may have been done") from error
            self._works(zone, server)
            return result
        raise errors.together(failures)

    def close(self) -> None:
        """Let go of all connections; one that a thread still talks on goes when it has done."""
        with self._lock:
            self._closed = True
            idle = [connection for many in self._idle.values() for connection in many]
            self._idle.clear()
        for connection in idle:
            connection.close()

    def _order(self, zone: str) -> list[Server]:
        with self._lock:
            first = self._working.get(zone, self._latest)
        return sorted(self._servers, key=lambda server: server != first)

    def _works(self, zone: str, server: Server) -> None:
        with self._lock:
            self._working[zone] = self._latest = server

    def _unreachable(self, server: Server, error: OSError) -> Unreachable:
        with self._lock:
            self._working = {zone: one for zone, one in self._working.items() if one != server}
        return errors.unreachable(server, error, self._timeout)

    def _attempt(self, connection: Connection, talk: Callable[[Connection], T]) -> T:
        """Talk, once more on a new connection if the server hung up on an idle one as we spoke.

        It may have heard us all the same. Reading twice is harmless, and the
        prerequisites of an update that was done do not hold a second time.
        """
        while True:
            try:
                return self._talk(connection, talk)
            except OSError as error:
                if not (connection.reused and isinstance(error, ConnectionError)):
                    raise self._unreachable(connection.server, error) from error
            connection = self._connect(connection.server)

    def _talk(self, connection: Connection, talk: Callable[[Connection], T]) -> T:
        try:
            result = talk(connection)
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return result

    def _connection(self, server: Server) -> Connection:
        while True:
            with self._lock:
                idle = self._idle[server].pop() if self._idle[server] else None
            if idle is None:
                return self._connect(server)
            if not idle.stale(idle=self._longest):
                idle.reused = True
                return idle
            idle.close()

    def _connect(self, server: Server) -> Connection:
        try:
            opened = self._dial(server, self._timeout)
        except OSError as error:
            raise self._unreachable(server, error) from error
        return Connection(server, opened, timeout=self._timeout)

    def _keep(self, connection: Connection) -> None:
        with self._lock:
            idle = self._idle[connection.server]
            if len(idle) < KEPT and not self._closed:
                idle.append(connection)
                return
        connection.close()
