"""One API server over HTTP: plain dicts in and out."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import aiohttp_socks

from kubefed_core import errors
from kubefed_core.objects import Key, Obj, dig, key_of
from kubefed_core.resources import Resource
from kubefed_core.runtime import answers
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.limit import Limiter
from kubefed_core.runtime.reflector import OPENED

PAGE = 500
AGENT = "kubefed"
"""What stands before a slash, if one does, becomes our name among the field managers."""
TOKEN_AGE = 60.0
"""Seconds after which a token that can be renewed is asked for again."""
WATCH_AGE = 300.0
"""Seconds after which a server is asked to end a watch; one that then says nothing is lost."""
PATCHES = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


class Client:
    """One session and one TLS context for one API server.

    Raises `errors.ApiError` for what the server refuses and OSError for what
    keeps it from answering, whatever happens underneath; nothing else.
    `timeout` is in seconds, for one request; a watch may last `watch_age` longer.
    `unauthorized` says that the last answer was a 401.
    """

    def __init__(
        self,
        access: Access,
        *,
        timeout: float = 30.0,
        watch_age: float = WATCH_AGE,
        limiter: Limiter | None = None,
    ) -> None:
        self.access = access
        self.unauthorized = False
        self._limiter = limiter
        self._watch_age = watch_age
        self._closed = False
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=5.0)
        self._session: aiohttp.ClientSession | None = None
        self._token = access.token
        self._token_at: float | None = None
        self._base = access.server.rstrip("/")

    def __str__(self) -> str:
        return self._base

    async def close(self) -> None:
        """End all connections; whoever still asks is refused."""
        self._closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, resource: Resource, key: Key) -> Obj:
        return await self._json("GET", resource.path(key.namespace, key.name))

    async def list(
        self, resource: Resource, *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> tuple[list[Obj], str]:
        """All pages, and the version of the whole; raises Expired where it changed too much."""
        query = _query(limit=PAGE, labelSelector=labels, fieldSelector=fields)
        found: list[Obj] = []
        while True:
            page = await self._json("GET", resource.path(namespace), query=query)
            # Items of a list carry neither, and whoever writes one back needs both.
            header = {"apiVersion": resource.api_version, "kind": resource.kind}
            found += [header | item for item in page.get("items") or ()]
            token = dig(page, "metadata", "continue", default="")
            if not token:
                return found, dig(page, "metadata", "resourceVersion", default="")
            query["continue"] = token

    async def watch(
        self,
        resource: Resource,
        *,
        since: str,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        """The lines of the watch API, bookmarks too; first one of type OPENED."""
        query = _query(labelSelector=labels, fieldSelector=fields)
        query |= {"watch": "1", "allowWatchBookmarks": "true", "resourceVersion": since}
        # A proxy may keep a connection whose server is gone, for ever and without a word.
        query["timeoutSeconds"] = str(max(1, int(self._watch_age)))
        longest = self._watch_age + (self._timeout.total or 0.0)
        timeout = aiohttp.ClientTimeout(total=longest, sock_connect=5.0)
        path = resource.path(namespace)
        async with self._request("GET", path, query=query, timeout=timeout) as response:
            yield {"type": OPENED, "object": {}}
            rest = b""
            async for chunk in response.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    yield answers.parse(line, path)

    async def create(self, resource: Resource, obj: Obj, *, subresource: str = "") -> Obj:
        """POST to the collection, or to a subresource of the object that is named."""
        key = key_of_new(obj)
        name = key.name if subresource else ""
        return await self._json("POST", resource.path(key.namespace, name, subresource), body=obj)

    async def replace(self, resource: Resource, obj: Obj, *, subresource: str = "") -> Obj:
        """PUT; metadata.resourceVersion, where given, must be the one the server has."""
        key = key_of(obj)
        return await self._json(
            "PUT", resource.path(key.namespace, key.name, subresource), body=obj
        )

    async def patch(
        self,
        resource: Resource,
        key: Key,
        patch: Any,
        *,
        subresource: str = "",
        kind: str = "merge",
        field_manager: str = "",
    ) -> Obj:
        """`kind` is merge, json, strategic or apply; apply needs a field manager, and forces."""
        query = _query(fieldManager=field_manager, force="true" if kind == "apply" else "")
        return await self._json(
            "PATCH",
            resource.path(key.namespace, key.name, subresource),
            query=query,
            body=patch,
            content=PATCHES[kind],
        )

    async def delete(
        self,
        resource: Resource,
        key: Key,
        *,
        uid: str = "",
        version: str = "",
        propagation: str = "",
        grace: int | None = None,
    ) -> None:
        """Ask for deletion, of that very object where its uid is given, or of that state of it.

        `grace` is in seconds; None leaves it to the object.
        """
        options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions"}
        given = {"uid": uid, "resourceVersion": version}
        if preconditions := {name: value for name, value in given.items() if value}:
            options["preconditions"] = preconditions
        if propagation:
            options["propagationPolicy"] = propagation
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        await self._json("DELETE", resource.path(key.namespace, key.name), body=options)

    async def fetch(self, path: str, *, timeout: float) -> tuple[int, str]:
        """A raw GET: status and text, whatever the status is."""
        limit = aiohttp.ClientTimeout(total=timeout)
        async with self._request("GET", path, timeout=limit, check=False) as response:
            return response.status, await response.text(errors="replace")

    async def _json(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content: str = "application/json",
    ) -> dict[str, Any]:
        async with self._request(method, path, query=query, body=body, content=content) as response:
            return answers.parse(await response.read(), path)

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content: str = "application/json",
        timeout: aiohttp.ClientTimeout | None = None,
        check: bool = True,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._limiter is not None:
            await self._limiter.take()
        headers = {"Accept": "application/json", "User-Agent": AGENT} | await self._identity()
        data = None
        if body is not None:
            headers["Content-Type"] = content
            data = json.dumps(body).encode()
        try:
            async with self._connected().request(
                method,
                self._base + path,
                params=query,
                data=data,
                headers=headers,
                timeout=timeout or self._timeout,
                allow_redirects=False,
                server_hostname=self.access.server_name or None,
            ) as response:
                self.unauthorized = response.status == 401
                if check and response.status >= 400:
                    if self.unauthorized:
                        self._token_at = None
                    raise _refusal(response.status, await response.read(), method, path)
                yield response
        except (aiohttp.ClientError, aiohttp_socks.ProxyError, ValueError) as error:
            raise ConnectionError(f"{self._base}: {error or type(error).__name__}") from error
        except TimeoutError as error:
            raise TimeoutError(f"{self._base}: no answer in time to {method} {path}") from error

    async def _identity(self) -> dict[str, str]:
        """The bearer token, renewed in a thread where that may be needed."""
        renew, now = self.access.renew, asyncio.get_running_loop().time()
        if renew is not None and (self._token_at is None or now - self._token_at > TOKEN_AGE):
            self._token_at = now
            try:
                self._token = await asyncio.to_thread(renew)
            except Exception as error:
                # A plug-in may raise anything.
                raise ConnectionError(f"{self._base}: there is no token: {error}") from error
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _connected(self) -> aiohttp.ClientSession:
        if self._closed:
            raise ConnectionError(f"{self._base}: the client is closed")
        if self._session is None:
            try:
                tls = self.access.tls()
            except (OSError, ValueError) as error:
                # Also ssl.SSLError: a CA or a key that is none.
                raise ConnectionError(f"{self._base}: unusable TLS material: {error}") from error
            self._session = aiohttp.ClientSession(
                connector=self._connector(tls),
                timeout=self._timeout,
                trust_env=not self.access.proxy and not _is_loopback(self._base),
                proxy=self.access.proxy if self.access.proxy.startswith("http") else None,
                read_bufsize=2**18,
            )
        return self._session

    def _connector(self, tls: Any) -> aiohttp.BaseConnector:
        if urlsplit(self.access.proxy).scheme.startswith("socks"):
            return aiohttp_socks.ProxyConnector.from_url(
                self.access.proxy, ssl=tls, rdns=True, limit=0
            )
        return aiohttp.TCPConnector(ssl=tls, limit=0, socket_factory=_keepalive)


def key_of_new(obj: Obj) -> Key:
    """The key of an object that may have no name yet, only generateName."""
    meta = obj["metadata"]
    return Key(meta.get("namespace", ""), meta.get("name", ""))


def _is_loopback(server: str) -> bool:
    """A server on this machine is no business of the user's proxy, as in kubectl."""
    host = urlsplit(server).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _keepalive(address: Any) -> socket.socket:
    """A socket that notices a peer that is gone without a word, within half a minute."""
    family, kind, proto, *_ = address
    made = socket.socket(family, kind, proto)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return made


def _query(**options: object) -> dict[str, str]:
    return {name: str(value) for name, value in options.items() if value}


def _refusal(status: int, body: bytes, method: str, path: str) -> errors.ApiError:
    """The error for a Status object, or for whatever else stands in its place."""
    try:
        answer = json.loads(body)
        message, reason = answer["message"], answer.get("reason", "")
    except (ValueError, KeyError, TypeError, RecursionError):
        message, reason = body[:200].decode(errors="replace").strip(), ""
    text = f"{method} {path}: {status} {message}".rstrip()
    return errors.api_error(text, status=status, reason=reason)
