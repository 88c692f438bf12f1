"""A DNS server on a loopback TCP port that answers by script."""

import socketserver
import threading
from collections.abc import Callable, Iterable

import dns.flags
import dns.message
import dns.opcode
import dns.rrset
import dns.tsig

SECRET = "c2NyaXB0ZWQgc2VjcmV0IG9mIHRlc3RzLCBubyBtb3Jl"
KEY = dns.tsig.Key("k.", SECRET, dns.tsig.HMAC_SHA256)

ZONE = "example.org."
SOA = "example.org. 60 IN SOA ns.example.org. h.example.org. 7 1 1 1 1"

Answer = Callable[[dns.message.Message], Iterable[bytes]]


class ScriptedDns:
    """Asks `answer` for the messages to send for each request; hangs up where it raises EOFError.

    `connections` counts those that were opened, `asked` holds the requests.
    """

    def __init__(self, answer: Answer) -> None:
        self.connections = 0
        self.asked: list[dns.message.Message] = []
        script = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                script.connections += 1
                while size := self.rfile.read(2):
                    wire = self.rfile.read(int.from_bytes(size, "big"))
                    request = dns.message.from_wire(wire, keyring=KEY)
                    script.asked.append(request)
                    try:
                        for message in answer(request):
                            self.wfile.write(len(message).to_bytes(2, "big") + message)
                    except EOFError:
                        return

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.listening = ("127.0.0.1", self._server.server_address[1])
        self.address = "{}:{}".format(*self.listening)

    def __enter__(self) -> "ScriptedDns":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def reply(
    request: dns.message.Message, *lines: str | dns.rrset.RRset, rcode: int = 0
) -> dns.message.Message:
    """An authoritative answer, signed if the request was, with records like "www 60 IN A ::1"."""
    response = dns.message.make_response(request)
    response.flags |= dns.flags.AA
    response.set_rcode(rcode)
    for line in lines:
        if isinstance(line, str):
            name, ttl, rdclass, rrtype, value = line.split(" ", 4)
            line = dns.rrset.from_text(name, ttl, rdclass, rrtype, value)
        response.answer.append(line)
    return response


def rcodes(*, query: int = 0, update: int = 0) -> Answer:
    """Answer questions with our SOA, under one rcode, and updates with another."""

    def answer(request: dns.message.Message) -> Iterable[bytes]:
        if request.opcode() == dns.opcode.UPDATE:
            return [reply(request, rcode=update).to_wire()]
        return [reply(request, SOA, rcode=query).to_wire()]

    return answer
