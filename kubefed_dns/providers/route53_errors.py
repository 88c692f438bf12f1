"""What Route 53's answers, or its silence, mean for an operator: the cause and the remedy."""

import re
from collections.abc import Iterable, Sequence

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from kubefed_dns.errors import Denied, InvalidName, ProviderError, Throttled, Unreachable, ZoneGone
from kubefed_dns.providers.batch import Refused
from kubefed_dns.providers.exchange import Exchange
from kubefed_dns.providers.route53_text import name_of

THROTTLED = frozenset(
    {
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
UNFIT = frozenset({"HealthCheckAlreadyExists", "NoSuchHealthCheck"})
FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
INVALID = frozenset({"InvalidChangeBatch", "InvalidInput", "NoSuchHealthCheck", "ValidationError"})
"""Answers to a change that may be for one of the sets in it."""

_KEY = "correct the Secret in spec.credentialsRef, or the identity of this process"
_CREDENTIALS = {
    "ExpiredToken": "the session token has expired; put a new one into the Secret",
    "ExpiredTokenException": "the session token has expired; put a new one into the Secret",
    "IncompleteSignature": f"the credentials are incomplete; {_KEY}",
    "InvalidAccessKeyId": f"the access key is not known; {_KEY}",
    "InvalidClientTokenId": f"the access key or session token is not valid; {_KEY}",
    "MissingAuthenticationToken": f"there are no credentials; {_KEY}",
    "OptInRequired": "the account has no Route 53; subscribe to it there",
    "RequestExpired": "the clocks differ by more than AWS allows; set ours (NTP)",
    "SignatureDoesNotMatch": f"the secret access key does not belong to the key; {_KEY}",
    "UnrecognizedClientException": f"the access key or session token is not valid; {_KEY}",
}
_ROLES = {
    "AssumeRole": "let the role trust these credentials, and correct spec.route53.assumeRole",
    "AssumeRoleWithWebIdentity": "let the role trust the service account of this pod, and correct"
    " the account's annotation eks.amazonaws.com/role-arn",
}
_THROTTLE = "it is tried again by itself; if this stays, lower spec.rateLimit"
_THROTTLES = {
    "PriorRequestNotComplete": "an earlier change of the zone is on its way; it is tried again",
}
_NO_CREDENTIALS = (
    sdk.CredentialRetrievalError,
    sdk.MetadataRetrievalError,
    sdk.NoAuthTokenError,
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.SSOError,
    sdk.TokenRetrievalError,
    sdk.UnauthorizedSSOTokenError,
)

# In AWS's complaints about a batch: where another begins, what names the set, and what says that
# somebody was first.
_BETWEEN = re.compile(r",\s+(?=(?:Duplicate|Invalid|RRSet|Tried) )")
_NAMED = re.compile(r"\[name='([^']+)'|(?<!same )DNS name ([^\s,]+)|\bName=([^\s,\]]+)")
_LOST = re.compile(
    r"already exists|was not found|values provided do not match|conflicting RRSet|cannot be created"
)


_USERINFO = re.compile(r"(?<=//)[^/@\s]+@")


class Rejected(Exception):
    """A batch of changes was not taken; the text is what AWS says of it."""


class Unfit(ProviderError):
    """A health check is gone, or is another than was asked for."""


def fault(error: Exception) -> ProviderError:
    """What an error of the SDK means, whatever was asked."""
    if isinstance(error, sdk.ClientError):
        return _answered(error)
    if isinstance(error, _NO_CREDENTIALS):
        return Denied(
            f"Route 53: no credentials are found ({type(error).__name__}); give"
            " spec.credentialsRef, or run where AWS gives some"
        )
    if isinstance(error, sdk.HTTPClientError | sdk.ConnectionError):
        said = _USERINFO.sub("", str(error))
        return Unreachable(
            f"Route 53: no answer ({said}); check that HTTPS gets through to it,"
            " and spec.route53.endpointURL if there is one"
        )
    if isinstance(error, ResponseParserError):
        return ProviderError(
            "Route 53: something else answers in its place; check spec.route53.endpointURL,"
            " and proxies in between"
        )
    return ProviderError(f"Route 53: {error}")


def refusal(error: Exception) -> Exception | None:
    """What an answer to a batch of changes means, where it may be for what is in it.

    Rights can be limited to some names. So a denial may mean one set, and means
    the zone only where nothing gets through.
    """
    if isinstance(error, sdk.ParamValidationError):
        return Rejected(str(error))
    if not isinstance(error, sdk.ClientError):
        return None
    code = code_of(error)
    if code in INVALID:
        return Rejected(text_of(error))
    if code in FORBIDDEN:
        whole = fault(error)
        return Refused(str(whole), whole=whole)
    return None


def blame(text: str, items: Sequence[Exchange]) -> dict[int, Refused]:
    """Which of the items, by place, are named in a complaint about a batch, and what it says."""
    where = {name: at for at, item in enumerate(items) for name in item.names}
    found: dict[int, Refused] = {}
    for name, said in _complaints(text):
        at = where.get(name)
        if at is not None:
            found.setdefault(at, refused(said))
    return found


def refused(text: str) -> Refused:
    return Refused(f"Route 53: {text}", lost=bool(_LOST.search(text)))


def code_of(error: sdk.ClientError) -> str:
    code = str(error.response.get("Error", {}).get("Code", ""))
    # The one error that Route 53 may answer in a form of its own.
    return code or ("InvalidChangeBatch" if "Messages" in error.response else "")


def text_of(error: sdk.ClientError) -> str:
    said = str(error.response.get("Error", {}).get("Message", "")).strip("[]\n ")
    # Of several messages in that form the SDK keeps none; of one, all.
    alone = error.response.get("Messages", {}).get("Message") or ""
    return said or (alone if isinstance(alone, str) else "") or "it does not say why"


def _complaints(text: str) -> Iterable[tuple[str, str]]:
    """The complaints that name a set, each with its name first."""
    for said in _BETWEEN.split(text):
        named = _NAMED.search(said)
        if named is None:
            continue
        try:
            yield name_of(named[1] or named[2] or named[3]), said
        except InvalidName:
            continue


def _answered(error: sdk.ClientError) -> ProviderError:
    code, said = code_of(error), text_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _CREDENTIALS:
        return Denied(f"Route 53: {_CREDENTIALS[code]} ({code})")
    if code in THROTTLED or status == 429:
        why = _THROTTLES.get(code, _THROTTLE)
        return Throttled(f"Route 53: {said} ({code}); {why}", after=_retry_after(error))
    if (remedy := _ROLES.get(error.operation_name)) is not None and status < 500:
        return Denied(f"STS does not let us assume the role: {said} ({code}); {remedy}")
    if code in FORBIDDEN:
        return Denied(
            f"Route 53: {said} ({code}); allow route53:{error.operation_name} to these"
            " credentials, for this zone"
        )
    if code in UNFIT:
        return Unfit(f"Route 53: {said} ({code})")
    if code == "NoSuchHostedZone":
        return ZoneGone(f"Route 53: {said}; create the zone, or correct spec.zoneIDs")
    if status >= 500:
        return Unreachable(
            f"Route 53: it fails to answer {error.operation_name} ({status} {code}); it is tried"
            " again by itself; see the AWS Health Dashboard if this stays"
        )
    return ProviderError(f"Route 53: {said} ({code}, {error.operation_name})")


def _retry_after(error: sdk.ClientError) -> float | None:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    text = str(headers.get("retry-after", ""))
    return float(text) if text.isdecimal() else None
