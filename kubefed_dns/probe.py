"""Asking an address whether it serves, as `spec.health` says: the edge to the network."""

import asyncio
import contextlib
import errno
import os
import ssl

import aiohttp
from yarl import URL

from kubefed_dns.api.health import Health, Protocol
from kubefed_dns.errors import Unreachable

AGENT = "kubefed-probe"
_NO_WAY = frozenset({errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})
"""What the own routing table says, at once: such as of IPv6 where there is none."""
_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Prober:
    """Asks addresses, not names, so that nothing but the address is asked.

    Certificates are not verified, as load balancers and other probes do: a
    target that clients can use must not leave DNS for what the controller
    trusts. No redirect is followed, no proxy is used, no cookie is kept, and of
    an answer nothing is read but its head.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None  # made inside the event loop

    async def __call__(self, address: str, health: Health) -> str:
        """Empty where the address answers as it should, else why it does not.

        The same words for the same cause. Does not end by itself before the
        other side or the system does: the caller bounds the time. Raises
        Unreachable where no packet can be sent there from here, and OSError
        where this process is at its limits: neither says anything of the address.
        """
        try:
            if health.protocol is Protocol.TCP:
                return await _connect(address, health.port)
            return await self._request(address, health)
        except (OSError, aiohttp.ClientError, ValueError) as error:
            # ValueError, and UnicodeError of it: a name that TLS cannot carry.
            return words(error)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _request(self, address: str, health: Health) -> str:
        scheme = health.protocol.lower()
        place = f"[{address}]" if ":" in address else address
        async with self._connected().get(
            URL(f"{scheme}://{place}:{health.port}{health.path}", encoded=True),
            headers={"Host": _host(health, place), "User-Agent": AGENT, "Accept": "*/*"},
            server_hostname=health.host or None if health.protocol is Protocol.HTTPS else None,
            allow_redirects=False,
        ) as response:
            status = response.status
            response.close()
        if health.expects(status):
            return ""
        return f"status {status}, expected {health.expected_status}"

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=False, limit=0, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                auto_decompress=False,
            )
        return self._session


def _host(health: Health, place: str) -> str:
    """The Host header, with the port where it is not the usual one, as clients send it."""
    name, usual = health.host or place, {Protocol.HTTPS: 443, Protocol.HTTP: 80}
    return name if health.port == usual[health.protocol] else f"{name}:{health.port}"


async def _connect(address: str, port: int) -> str:
    _, writer = await asyncio.open_connection(address, port)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return ""


def words(error: Exception) -> str:
    """Why an address did not answer; raises, as a probe does, where that is not its fault."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    match cause:
        case OSError(errno=int(number)) if number in _NO_WAY:
            raise Unreachable("the controller's machine has no route to it") from error
        case OSError(errno=int(number)) if number in _LIMITS:
            raise cause from None
        case ssl.SSLError():
            return f"TLS fails: {cause.reason or type(cause).__name__}"
        case aiohttp.ServerDisconnectedError() | ConnectionResetError():
            return "the connection was closed without an answer"
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError():
            return "the answer is no HTTP"
        case ConnectionRefusedError():
            return "connection refused"
        case OSError(errno=int(number)):
            return os.strerror(number).lower()
    return type(cause).__name__
