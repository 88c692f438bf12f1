"""Asking a webhook: time-outs, limits, and what its answers mean for an operator."""

import json
import time
from collections.abc import Callable
from typing import Any, NoReturn

import urllib3
from urllib3.exceptions import HTTPError, ProtocolError

from kubefed_dns.errors import Denied, ProviderError, Throttled, Unreachable
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.webhook_wire import MEDIA, is_media

LARGEST = 32 << 20
"""Octets of a body; what external-dns reads of one, too."""
PIECE = 1 << 16
SHOWN = 200
"""Characters of what a webhook says about a failure."""

DENIED = frozenset({401, 403})
ELSEWHERE = frozenset({404, 405, 406, 415, 426})
AWAY = frozenset({502, 503, 504})


class Http:
    """One webhook; `take` is called before each request, which may last `timeout` seconds."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float,
        token: str = "",
        take: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._token = token
        self._take = take
        self._clock = clock
        self._pool = urllib3.PoolManager(
            num_pools=1,
            maxsize=4,
            retries=False,
            timeout=urllib3.Timeout(total=timeout),
        )

    def get(self, path: str) -> Any:
        """What is there, as JSON has it."""
        status, said, retry = self._ask("GET", path)
        if status != 200:
            self._fail("GET", path, status, said, retry)
        return self._parsed(path, said)

    def post(self, path: str, what: object) -> Any:
        """What it answers to JSON, None where it has nothing to say.

        Raises Refused where the answer may be for what is in it.
        """
        body = json.dumps(what, separators=(",", ":")).encode()
        if len(body) > LARGEST:
            raise Refused(f"{self.url}{path}: it takes more than {LARGEST >> 20} MiB in JSON")
        status, said, retry = self._ask("POST", path, body)
        if status == 200:
            return self._parsed(path, said)
        if status != 204:
            self._refuse(path, status, said, retry)
        return None

    def close(self) -> None:
        self._pool.clear()

    def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes, str]:
        """Status, body and Retry-After of one request; no redirect is followed."""
        headers = {"Accept": MEDIA, "User-Agent": "kubefed-dns"}
        if body is not None:
            headers["Content-Type"] = MEDIA
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        self._take()
        end = self._clock() + self._timeout
        try:
            response = self._pool.request(
                method,
                f"{self.url}{path}",
                body=body,
                headers=headers,
                redirect=False,
                preload_content=False,
            )
            try:
                said = self._read(response, end, path)
            finally:
                response.close()
        except (HTTPError, OSError) as error:
            raise self._silent(method, path, error) from error
        if response.status == 200 and not is_media(response.headers.get("Content-Type", "")):
            raise ProviderError(
                f"{self.url}{path}: answers as {response.headers.get('Content-Type', 'nothing')!r},"
                f" not {MEDIA!r}; point spec.webhook.url at a webhook provider of external-dns"
            )
        return response.status, said, response.headers.get("Retry-After", "")

    def _read(self, response: urllib3.BaseHTTPResponse, end: float, path: str) -> bytes:
        pieces, size = [], 0
        while piece := response.read1(PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST:
                raise ProviderError(
                    f"{self.url}{path}: answers more than {LARGEST >> 20} MiB; let the webhook"
                    " serve fewer zones, and give the others a webhook of their own"
                )
            if self._clock() > end:
                raise TimeoutError
        return b"".join(pieces)

    def _parsed(self, path: str, said: bytes) -> Any:
        try:
            return json.loads(said)
        except ValueError as error:
            raise ProviderError(f"{self.url}{path}: its answer is not JSON ({error})") from error

    def _silent(self, method: str, path: str, error: Exception) -> Unreachable:
        if isinstance(error, urllib3.exceptions.TimeoutError | TimeoutError):
            cause = f"no answer within {self._timeout:g} s"
        elif isinstance(error, ProtocolError):
            cause = "the connection broke"
        else:
            cause = self._clean(str(error).encode())
        return Unreachable(
            f"{method} {self.url}{path}: {cause}; check spec.webhook.url and timeout, and that the"
            " webhook runs"
        )

    def _refuse(self, path: str, status: int, said: bytes, retry: str) -> NoReturn:
        """Of what a server could have against a request, only its content is worth a bisection."""
        if status < 400 or status in DENIED | ELSEWHERE | AWAY | {408, 429}:
            self._fail("POST", path, status, said, retry)
        text = self._said(status, said)
        whole = None
        if status >= 500:
            whole = ProviderError(f"POST {self.url}{path}: {text}; the webhook's log says why")
        raise Refused(text, whole=whole)

    def _fail(self, method: str, path: str, status: int, said: bytes, retry: str) -> NoReturn:
        where, text = f"{method} {self.url}{path}", self._said(status, said)
        if status in DENIED:
            raise Denied(
                f"{where}: {text}; put the right key 'token' into the Secret of spec.credentialsRef"
            )
        if status == 429 or (status == 503 and retry.isdigit()):
            after = float(retry) if retry.isdigit() else None
            raise Throttled(f"{where}: {text}; lower spec.rateLimit", after=after)
        if 300 <= status < 400:
            raise ProviderError(
                f"{where}: {text}; give the place it redirects to as spec.webhook.url"
            )
        if status in ELSEWHERE:
            raise ProviderError(
                f"{where}: {text}; point spec.webhook.url at a webhook provider of external-dns"
            )
        if status in AWAY or status == 408:
            raise Unreachable(f"{where}: {text}; the webhook cannot reach what is behind it")
        raise ProviderError(f"{where}: {text}; the webhook's log says why")

    def _said(self, status: int, said: bytes) -> str:
        text = self._clean(said)
        return f"status {status}, {text}" if text else f"status {status}"

    def _clean(self, said: bytes) -> str:
        """A line for people; a token that comes back to us is left out."""
        text = said.decode(errors="replace")
        if self._token:
            text = text.replace(self._token, "…")
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
