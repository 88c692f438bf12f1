"""What can go wrong, by what the loop should do about it.

* KubeFedError
  - Terminal        trying again cannot help until the object changes
  - Retry           trying again later will help; carries the delay
  - ApiError        the API server said no; carries its status and reason
    - NotFound  Conflict  Expired  Forbidden  Unauthorized
"""


class KubeFedError(Exception):
    """Base class of every error raised here on purpose."""


class Terminal(KubeFedError):
    """The input is at fault: say so in the status and wait for a change."""


class Retry(KubeFedError):
    """Not yet: come back after a delay in seconds, without counting it as a failure."""

    def __init__(self, message: str, *, after: float) -> None:
        super().__init__(message)
        self.after = after


class ApiError(KubeFedError):
    """A refusal by an API server.

    `status` is the HTTP status; `reason` the machine-readable word of the
    Status object, empty where the answer carried none.
    """

    def __init__(self, message: str, *, status: int, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class Unauthorized(ApiError):
    """401: the credentials are wrong or no longer valid."""


class Forbidden(ApiError):
    """403: the credentials do not carry this right."""


class NotFound(ApiError):
    """404."""


class Conflict(ApiError):
    """409: someone else wrote first, or the object exists already."""


class Expired(ApiError):
    """410: the resource version is too old to watch or to page from."""


_BY_STATUS: dict[int, type[ApiError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Expired,
}


def api_error(message: str, *, status: int, reason: str = "") -> ApiError:
    """The error of the class that fits an HTTP status."""
    return _BY_STATUS.get(status, ApiError)(message, status=status, reason=reason)
