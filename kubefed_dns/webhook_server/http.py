"""The webhook protocol of external-dns over HTTP, as a server.

external-dns takes the statuses 500 to 510 for something that may be over next time,
and ends itself at any other that is no success. So whatever the zones refuse is a
500, which says what and why; only a request that is none of the protocol's is a 4xx.
"""

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter

from kubefed_core.errors import Terminal
from kubefed_dns.errors import ProviderError, Throttled, Unreachable
from kubefed_dns.providers import webhook_wire as wire
from kubefed_dns.providers.webhook_http import LARGEST
from kubefed_dns.providers.webhook_wire import MEDIA
from kubefed_dns.webhook_server.changes import Malformed
from kubefed_dns.webhook_server.service import Service

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

JSON = frozenset({"application/json", "application/octet-stream", "text/plain"})
"""What a client that does not say what it sends is taken to say."""


class Metrics:
    """In a registry that is passed in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "kubefed_dns_webhook_requests_total",
            "Requests of external-dns, by what was asked and the status that it got.",
            ["request", "status"],
            registry=registry,
        )
        self._changes = Counter(
            "kubefed_dns_webhook_changes_total",
            "Names that external-dns asked to change, by result: taken, lost, refused or error.",
            ["zone", "result"],
            registry=registry,
        )

    def asked(self, request: str, status: int) -> None:
        self._requests.labels(request, status).inc()

    def changed(self, zone: str, result: str, number: int) -> None:
        self._changes.labels(zone, result).inc(number)


def app(service: Service, metrics: Metrics) -> web.Application:
    made = web.Application(client_max_size=LARGEST, middlewares=[_judged(metrics)])
    handlers = _Handlers(service)
    made.router.add_get("/", handlers.negotiate)
    made.router.add_get("/records", handlers.records)
    made.router.add_post("/records", handlers.apply)
    made.router.add_post("/adjustendpoints", handlers.adjust)
    return made


class _Handlers:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def negotiate(self, request: web.Request) -> web.StreamResponse:
        zones = await self._service.zones()
        return _said({"include": [wire.undotted(zone) for zone in zones]})

    async def records(self, request: web.Request) -> web.StreamResponse:
        return _said(await self._service.records())

    async def apply(self, request: web.Request) -> web.StreamResponse:
        problems = await self._service.apply(await _body(request))
        if problems:
            log.warning("Not all changes were made: %s", "; ".join(problems))
            return web.Response(status=500, text="\n".join(problems))
        return web.Response(status=204, headers={"Vary": "Content-Type"})

    async def adjust(self, request: web.Request) -> web.StreamResponse:
        said = await _body(request)
        if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
            raise Malformed("endpoints are a list of objects")
        return _said(await self._service.adjusted(said))


def _judged(metrics: Metrics) -> Any:
    """Turn what went wrong into a status, and count it."""

    @web.middleware
    async def judge(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            _check_accepted(request)
            response = await handler(request)
        except web.HTTPException as error:
            response = web.Response(status=error.status, text=error.text, headers=_allowed(error))
        except Malformed as error:
            response = web.Response(status=400, text=str(error))
        except (ProviderError, Terminal) as error:
            response = _failed(error)
        except Exception:
            # It may be a plug-in's, whose message may hold a secret: the log alone has it.
            log.exception("%s %s failed", request.method, request.path)
            response = web.Response(status=500, text="a fault; the log of the webhook has more")
        resource = request.match_info.route.resource
        where = resource.canonical if resource else "other"
        metrics.asked(f"{request.method} {where}", response.status)
        return response

    return judge


def _check_accepted(request: web.Request) -> None:
    accept = request.headers.get("Accept", "*/*")
    if not any("*/*" in each or wire.is_media(each) for each in accept.split(",")):
        raise web.HTTPNotAcceptable(text=f"this is version 1: {MEDIA}")


def _failed(error: ProviderError | Terminal) -> web.Response:
    log.warning("%s", error)
    headers = {}
    if isinstance(error, Throttled) and error.after is not None:
        headers["Retry-After"] = f"{max(1.0, error.after):.0f}"
    status = 502
    if isinstance(error, Throttled | Unreachable):
        status = 503
    return web.Response(status=status, text=str(error), headers=headers)


def _allowed(error: web.HTTPException) -> dict[str, str]:
    allow = error.headers.get("Allow")
    return {"Allow": allow} if allow else {}


async def _body(request: web.Request) -> Any:
    kind = request.headers.get("Content-Type", MEDIA)
    if not wire.is_media(kind) and kind.partition(";")[0].strip().lower() not in JSON:
        raise web.HTTPUnsupportedMediaType(text=f"this is version 1: {MEDIA}")
    try:
        return json.loads(await request.read())
    except ValueError as error:
        raise Malformed(f"it is not JSON: {error}") from error


def _said(what: object) -> web.Response:
    body = json.dumps(what, separators=(",", ":")).encode()
    return web.Response(body=body, headers={"Content-Type": MEDIA, "Vary": "Content-Type"})
