"""Stands between a provider and a server, and can break off when the server answers an update."""

import socket
import socketserver
import threading
from contextlib import suppress

import dns.opcode

UPDATE = dns.opcode.UPDATE << 3


class Relay:
    """Speaks DNS over TCP at `address`; while `cut` is set, no update is answered."""

    def __init__(self, server):
        self.cut = False
        self.open = []
        relay = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.muted = False
                relay.open.append(self.connection)
                with socket.create_connection((server.host, server.port)) as upstream:
                    answers = threading.Thread(target=self.answer, args=(upstream,))
                    answers.start()
                    while length := self.rfile.read(2):
                        query = self.rfile.read(int.from_bytes(length, "big"))
                        self.muted = relay.cut and query[2] & 0x78 == UPDATE
                        upstream.sendall(length + query)
                    hang_up(upstream)
                    answers.join()

            def answer(self, upstream):
                while data := upstream.recv(65536):
                    if self.muted:
                        break
                    self.connection.sendall(data)
                hang_up(self.connection)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._server.shutdown()
        self._thread.join()
        for connection in self.open:
            hang_up(connection)
        self._server.server_close()


def hang_up(connection):
    with suppress(OSError):  # Whoever is at the other end may have done so before.
        connection.shutdown(socket.SHUT_RDWR)
