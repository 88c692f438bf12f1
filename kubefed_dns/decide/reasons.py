"""Why a name is not as its object wants it, in the words of conditions."""

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """The closed set: first why a name is not accepted, then why it is not published."""

    DOMAIN_NOT_FOUND = "DomainNotFound"
    INVALID_NAME = "InvalidName"
    NO_PROVIDER = "NoProvider"
    CONFLICT = "Conflict"
    FORBIDDEN = "Forbidden"
    PENDING = "Pending"
    PROVIDER_ERROR = "ProviderError"
    REFUSED = "Refused"
    BRAKE = "Brake"
    DRY_RUN = "DryRun"


NOT_ACCEPTED = frozenset(
    {
        Reason.DOMAIN_NOT_FOUND,
        Reason.INVALID_NAME,
        Reason.NO_PROVIDER,
        Reason.CONFLICT,
        Reason.FORBIDDEN,
    }
)


class Problem(NamedTuple):
    """A reason, and a message that names the cause and the remedy."""

    reason: Reason
    message: str
