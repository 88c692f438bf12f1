"""The HTTP side of the process: /healthz, /readyz and /metrics."""

import logging
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

from kubefed_core.errors import Terminal

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Check = Callable[[], str | None]
"""None when well, else what is missing, for a person to read."""


def app(
    *, health: Mapping[str, Check], ready: Mapping[str, Check], registry: CollectorRegistry | None
) -> web.Application:
    """One application; without a registry it has no /metrics, without checks it is always well."""
    made = web.Application()
    made.router.add_get("/healthz", _answer(health))
    made.router.add_get("/readyz", _answer(ready))
    if registry is not None:
        made.router.add_get("/metrics", _metrics(registry))
    return made


def _answer(checks: Mapping[str, Check]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        found = {name: check() for name, check in checks.items()}
        wrong = {name: text for name, text in found.items() if text is not None}
        if wrong:
            text = "".join(f"[-] {name}: {text}\n" for name, text in wrong.items())
            return web.Response(status=503, text=text)
        if "verbose" in request.query:
            return web.Response(text="".join(f"[+] {name} ok\n" for name in found) + "ok\n")
        return web.Response(text="OK")

    return handle


def _metrics(registry: CollectorRegistry) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        body = generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4"})

    return handle


async def well(url: str) -> bool:
    """Whether somebody's probe answers 200."""
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


def split(address: str, *, flag: str) -> tuple[str | None, int]:
    """`:8080`, `127.0.0.1:8080` or `[::1]:8080` as host (None for all) and port.

    Raises Terminal, naming the flag, where it is none of these.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise Terminal(f"{flag}: {address!r} is no address; give HOST:PORT or :PORT")
    return host.strip("[]") or None, int(port)


async def serve(made: web.Application, address: str, *, flag: str) -> web.AppRunner:
    """Listen until the runner's cleanup.

    Raises Terminal, naming the flag and the address, where it cannot be bound.
    """
    host, port = split(address, flag=flag)
    runner = web.AppRunner(made, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise Terminal(f"{flag}: cannot listen on {address}: {error}; choose another") from error
    return runner
