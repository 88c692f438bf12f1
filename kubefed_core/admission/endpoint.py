"""Where the API server asks: HTTPS, a path for each rule, and a probe."""

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from aiohttp import web

from kubefed_core.runtime import certificates
from kubefed_core.runtime.certificates import Pair

log = logging.getLogger(__name__)

LARGEST = 16 * 2**20
"""Octets of a review: it holds two objects, each of up to 1.5 MiB before it is escaped."""
GRACE = 2.0
"""Seconds that requests have to end when the endpoint closes."""

Ask = Callable[[str, Any], Awaitable[tuple[int, Any]]]
"""From path and body to status and body, which is a text or for JSON."""


class Endpoint:
    """Listens as long as `open` runs, in the event loop that runs it.

    `port` 0 is a free one; `bound` says which. Another key pair may be given at
    any time, from any thread: connections that come afterwards are served by it.
    """

    def __init__(self, *, host: str | None, port: int) -> None:
        self._host = host
        self._port = port
        self._pair: Pair | None = None
        self._context: ssl.SSLContext | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.bound: int | None = None

    def take(self, pair: Pair) -> None:
        self._pair = pair
        if self._loop is not None and not self._loop.is_closed():
            # In the thread that makes connections of the context: it may not change elsewhere.
            self._loop.call_soon_threadsafe(self._load)

    def _load(self) -> None:
        if self._context is not None and self._pair is not None:
            certificates.load(self._context, self._pair)

    async def open(self, ask: Ask) -> AsyncGenerator[int, None]:
        """Listen; gives the port once, and closes when it is left.

        Raises OSError where it cannot be bound, and ValueError without a key pair.
        """
        if self._pair is None:
            raise ValueError("there is no certificate yet")
        self._loop = asyncio.get_running_loop()
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._load()
        runner = web.AppRunner(_app(ask), access_log=None, shutdown_timeout=GRACE)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port, ssl_context=self._context).start()
            self.bound = runner.addresses[0][1]
            log.info("admission is served at port %d", self.bound)
            yield self.bound
            await asyncio.Event().wait()
        finally:
            self.bound, self._loop = None, None
            await runner.cleanup()


def _app(ask: Ask) -> web.Application:
    async def well(request: web.Request) -> web.StreamResponse:
        return web.Response(text="ok")

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            data = json.loads(await request.read())
        except ValueError:
            return web.Response(status=400, text="the body is not JSON")
        status, said = await ask(request.match_info["path"], data)
        if isinstance(said, str):
            return web.Response(status=status, text=said)
        return web.json_response(said, status=status)

    made = web.Application(client_max_size=LARGEST)
    for path in ("/readyz", "/readyz/", "/healthz", "/healthz/"):
        made.router.add_get(path, well)
    made.router.add_post("/{path:[^/]+}", answer)
    return made
