"""A provider in memory, served as external-dns would find it, and how to ask it."""

import asyncio
import json
import socket
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager

from kubefed_dns.providers.memory import Memory
from kubefed_dns.providers.protocol import Context
from kubefed_dns.webhook_server import command
from kubefed_dns.webhook_server.command import Options

MEDIA = "application/external.dns.webhook+json;version=1"


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Served:
    """A provider served by a thread of its own."""

    def __init__(self, provider, **given):
        self.provider = provider
        self.url, self.health = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self._options = Options(
            provider="memory",
            address=self.url.removeprefix("http://"),
            health_address=self.health.removeprefix("http://"),
            **given,
        )
        self._bound = threading.Event()

    @contextmanager
    def running(self):
        thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        thread.start()
        self._bound.wait(10)
        yield self
        self._loop.call_soon_threadsafe(self._stop.set)
        thread.join(10)

    async def _serve(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        serving = asyncio.ensure_future(command.serve(self._options, self.provider, self._stop))
        host, port = self._options.address.split(":")
        while not serving.done():
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except OSError:
                await asyncio.sleep(0.005)
                continue
            writer.close()
            break
        self._bound.set()
        await serving


class Watched(Memory):
    """Counts its calls, and fails when it is told to."""

    def __init__(self, *zones):
        super().__init__(Context("memory", zones=zones))
        self.calls = []
        self.errors = {}

    def read(self, zone, names=None):
        self._called(f"read {zone}" if names is None else f"look {zone}")
        return super().read(zone, names)

    def write(self, zone, groups):
        self._called(f"write {zone}")
        return super().write(zone, groups)

    def _called(self, what):
        self.calls.append(what)
        if what in self.errors:
            raise self.errors[what]


def ask(server, path, said=None, *, host="url", **headers):
    """Status, headers and JSON, or text, of an answer."""
    body = None if said is None else said if isinstance(said, bytes) else json.dumps(said).encode()
    headers = {key.replace("_", "-"): value for key, value in headers.items()}
    request = urllib.request.Request(
        getattr(server, host) + path, body, {"Accept": MEDIA, "Content-Type": MEDIA} | headers
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request) as answer:
            found = answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            found = error.code, error.headers, error.read().decode()
    status, headers, text = found
    is_json = headers.get("Content-Type") == MEDIA
    return status, headers, json.loads(text) if is_json else text
