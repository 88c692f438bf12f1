"""What an octoDNS provider's exception means; each package has its own kinds of them."""

import base64
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from kubefed_dns.errors import Denied, ProviderError, Throttled, Unreachable

SHOWN = 300
"""Characters of what an exception says."""

_DENIED = re.compile(r"Unauthori|Forbidden|Authenticat|Credential|PermissionDenied", re.I)
_THROTTLED = re.compile(r"RateLimit|TooManyRequests|Throttl", re.I)
_UNREACHABLE = re.compile(r"Timeout|TimedOut|Connection|Unreachable", re.I)
_DEEP = 5


class Rejected(ProviderError):
    """What was asked for cannot be done, whoever asks."""


class Faults:
    """Makes errors of ours from theirs; no value of the Secret is in what they say."""

    def __init__(self, where: str, secret: Iterable[str]) -> None:
        self._where = where
        forms = {form for value in secret for form in _forms(value)}
        self._hidden = sorted(filter(None, forms), key=len, reverse=True)

    def error(self, error: BaseException, doing: str) -> ProviderError:
        """Not to be chained to the other, whose text and requests may hold a secret."""
        kind = _kind(error)
        said = f"{self._where}: {doing}: {self.said(error)}"
        if kind is Denied:
            return Denied(f"{said}; correct the Secret of spec.credentialsRef, or its rights")
        if kind is Throttled:
            return Throttled(f"{said}; lower spec.rateLimit", after=_after(error))
        if kind is Unreachable:
            return Unreachable(f"{said}; see that spec.octodns.settings name the right place")
        return kind(f"{said}; see what octoDNS's package says of it")

    def said(self, error: BaseException) -> str:
        """An exception in a line."""
        text = " ".join(str(error).split())
        for each in self._hidden:
            text = text.replace(each, "…")
        text = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
        return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _forms(value: str) -> Iterator[str]:
    """How a secret may come back in an error."""
    for text in (value, value.strip()):
        yield text
        yield quote(text, safe="", errors="replace")
        yield quote_plus(text, errors="replace")
        yield base64.b64encode(text.encode(errors="surrogateescape")).decode()
        yield repr(text)[1:-1]


def _kind(error: BaseException) -> type[ProviderError]:
    """By the status of an answer, else by the names of its classes."""
    for each in _causes(error):
        status = _status(each)
        if status in (401, 403):
            return Denied
        if status == 429:
            return Throttled
        if status in (502, 503, 504):
            return Unreachable
        if status:
            return Rejected if status in (400, 409, 413, 422) else ProviderError
        names = " ".join(kind.__name__ for kind in type(each).__mro__)
        for pattern, kind in _BY_NAME:
            if pattern.search(names):
                return kind
    return ProviderError


_BY_NAME: tuple[tuple[re.Pattern[str], type[ProviderError]], ...] = (
    (_THROTTLED, Throttled),
    (_DENIED, Denied),
    (_UNREACHABLE, Unreachable),
)


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    for _ in range(_DEEP):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__


def _status(error: BaseException) -> int:
    for holder in (getattr(error, "response", None), error):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int):
            return status
    return 0


def _after(error: BaseException) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    said = str(headers.get("Retry-After", ""))
    return float(said) if said.isdigit() else None
