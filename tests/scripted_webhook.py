"""A webhook provider of external-dns that is told what to do: zones in memory, faults by script."""

import contextlib
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MEDIA = "application/external.dns.webhook+json;version=1"


class Answer(Exception):
    """Raised by a script instead of the usual answer; a status of 0 hangs up."""

    def __init__(self, status, body=b"", **headers):
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = {key.replace("_", "-"): value for key, value in headers.items()}


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Who hangs up while we answer is meant to."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class ScriptedWebhook:
    """Takes changes one by one, as many do; what stands in the way of one is a 500 for them all.

    `script` sees each request first: method, path and what it says. `adjust` makes
    of an endpoint another one, or None. `show` makes of an endpoint what is listed.
    """

    def __init__(self, *names, script=None, adjust=None, show=None):
        self.filter = {"include": list(names)}
        self.held = {}
        self.asked = []
        self.headers = []
        self.script = script or (lambda method, path, said: None)
        self.adjust = adjust or (lambda endpoint: endpoint)
        self.show = show or (lambda endpoint: endpoint)

    def __enter__(self):
        self._server = Server(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def calls(self):
        return [f"{method} {path}" for method, path, _ in self.asked]

    def put(self, *endpoints):
        for each in endpoints:
            self.held[_key(each)] = each

    def answer(self, method, path, said):
        self.script(method, path, said)
        match method, path:
            case "GET", "/":
                return 200, self.filter
            case "GET", "/records":
                return 200, [self.show(each) for each in self.held.values()]
            case "POST", "/adjustendpoints":
                return 200, [made for each in said if (made := self.adjust(each)) is not None]
            case "POST", "/records":
                self._apply(said)
                return 204, None
        raise Answer(404)

    def _apply(self, said):
        for old in said.get("delete", ()):
            if self.held.pop(_key(old), None) is None:
                raise Answer(500, b"it is not there")
        for old, new in zip(said.get("updateOld", ()), said.get("updateNew", ()), strict=True):
            if self.held.pop(_key(old), {}).get("targets") != old["targets"]:
                raise Answer(500, b"it is another")
            self.held[_key(new)] = new
        for new in said.get("create", ()):
            if _key(new) in self.held:
                raise Answer(500, b"it is there")
            self.held[_key(new)] = new

    def _handler(self):
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # An answer goes out in two writes; without this each waits for the other's receipt.
            disable_nagle_algorithm = True

            def do_GET(self):
                self._do(None)

            def do_POST(self):
                self._do(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def _do(self, said):
                webhook.asked.append((self.command, self.path, said))
                webhook.headers.append(dict(self.headers))
                headers = {"Content-Type": MEDIA, "Vary": "Content-Type"}
                try:
                    status, found = webhook.answer(self.command, self.path, said)
                    body = b"" if status == 204 else json.dumps(found).encode()
                except Answer as answer:
                    status, body = answer.status, answer.body
                    if not status:
                        self.close_connection = True
                        return
                    headers |= answer.headers
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler


def _key(endpoint):
    return endpoint["dnsName"], endpoint["recordType"], endpoint.get("setIdentifier", "")
