"""What Cloud DNS's answers, or its silence, mean for an operator: the cause and the remedy."""

import re
from collections.abc import Mapping

import requests
from google.api_core.exceptions import GoogleAPICallError
from google.auth import exceptions as auth

from kubefed_dns.errors import Denied, ProviderError, Throttled, Unreachable, ZoneGone
from kubefed_dns.providers.batch import Refused

THROTTLED = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
LOST = frozenset({"notFound", "alreadyExists", "conditionNotMet", "cnameResourceRecordSetConflict"})
"""Answers to a change: a set is not there, is there already, is another, stands in the way."""
_USUAL = {404: "notFound", 409: "alreadyExists", 412: "conditionNotMet"}

# What a change's part is called: by its place, or by name and type.
_PART = re.compile(r"entity\.change\.(additions|deletions)\[([^\]]*)\](?:\[([A-Z0-9]+)\])?")

_RATE = re.compile(r"per (minute|day|100 seconds)")
_ADDRESS = re.compile(r"^[A-Z]+ https?://\S+: ")
_ROLE = "grant roles/dns.admin on the project or the zone to these credentials"
_THROTTLE = (
    "it is tried again by itself; if this stays, lower spec.rateLimit, or ask for more quota"
)
_REMEDIES = {
    "accessNotConfigured": "enable the Cloud DNS API in the project",
    "inactiveBillingState": "enable billing for the project",
}


def fault(error: Exception) -> ProviderError:
    """What an error of the client means, whatever was asked."""
    if isinstance(error, GoogleAPICallError):
        return _answered(error)
    if isinstance(error, requests.JSONDecodeError):
        return ProviderError(
            "Google: something else answers in its place; check spec.google.apiEndpoint, and"
            " proxies in between"
        )
    if isinstance(error, auth.TransportError | requests.RequestException):
        return Unreachable(
            f"Google: no answer ({type(error).__name__}); check that HTTPS gets through to it,"
            " and spec.google.apiEndpoint if there is one"
        )
    if isinstance(error, auth.GoogleAuthError):
        # What it says can hold what was sent.
        return Denied(
            f"Google: the credentials are refused ({type(error).__name__}); put a key that is"
            " valid into the Secret in spec.credentialsRef, or see to the identity of this process"
        )
    return ProviderError(f"Google: {type(error).__name__}: {error}")


def refusal(error: GoogleAPICallError) -> Refused | None:
    """What an answer to a change means where it may be for what is in it.

    A quota may be that of one change, of one set or of the zone: then nothing
    new gets through, which is the backend's fault.
    """
    said, code = text_of(error), error.code or 500
    if _throttled(error) or code == 401 or code >= 500:
        return None
    if code == 403 and "quota" in said.lower():
        whole = ProviderError(f"Google: {said}; delete what is not needed, or ask for more quota")
        return Refused(str(whole), whole=whole)
    if code == 403 or (code == 404 and not _PART.search(said)):
        return None
    return Refused(f"Google: {said}", lost=not LOST.isdisjoint(reasons(error)))


def blame(error: GoogleAPICallError, places: Mapping[tuple[str, str], int]) -> dict[int, Refused]:
    """Which parts an answer names, each by its owner's place, and what it says of them."""
    found: dict[int, Refused] = {}
    for said, reason in _said(error):
        part = _PART.search(said)
        if part is None:
            continue
        at = places.get((part[1], f"{part[2]} {part[3]}" if part[3] else part[2]))
        if at is not None:
            found.setdefault(at, Refused(f"Google: {said}", lost=reason in LOST))
    return found


def reasons(error: GoogleAPICallError) -> frozenset[str]:
    return frozenset(reason for _, reason in _said(error))


def text_of(error: GoogleAPICallError) -> str:
    return _ADDRESS.sub("", error.message or "it does not say why")


def _said(error: GoogleAPICallError) -> list[tuple[str, str]]:
    """Each message with its reason; by the status where there are none."""
    found = [each for each in error.errors if isinstance(each, Mapping)]
    said = [(str(each.get("message", "")), str(each.get("reason", ""))) for each in found]
    return said or [(text_of(error), _USUAL.get(error.code or 0, ""))]


def _answered(error: GoogleAPICallError) -> ProviderError:
    said, code = text_of(error), error.code or 0
    if _throttled(error):
        return Throttled(f"Google: {said}; {_THROTTLE}", after=_retry_after(error))
    if code in (401, 403):
        known = (_REMEDIES[each] for each in reasons(error) if each in _REMEDIES)
        return Denied(f"Google: {said} ({code}); {next(known, _ROLE)}")
    if code == 404:
        return ZoneGone(
            f"Google: {said}; create the zone, or correct spec.google.project and spec.zoneIDs"
        )
    if code >= 500:
        return Unreachable(
            f"Google: it fails to answer ({code}: {said}); it is tried again by itself; see"
            " status.cloud.google.com if this stays"
        )
    return ProviderError(f"Google: {said} ({code})")


def _throttled(error: GoogleAPICallError) -> bool:
    limited = not THROTTLED.isdisjoint(reasons(error)) or _RATE.search(text_of(error))
    return error.code == 429 or (error.code == 403 and bool(limited))


def _retry_after(error: GoogleAPICallError) -> float | None:
    headers = getattr(error.response, "headers", None) or {}
    text = str(headers.get("Retry-After", ""))
    return float(text) if text.isdecimal() else None
