"""What can go wrong with DNS, drawn on top of the core's errors.

* KubeFedError
  - Terminal
    - InvalidName         a name that DNS or a registry cannot carry
    - Misconfigured       a provider's settings are wrong: wait for a change
  - ProviderError         a backend did not do it: a condition, and another try
    - Denied              the credentials are refused, or do not carry the right
      - Unlisted          a zone cannot be read as a whole; names in it may well be
    - Unreachable         no answer: network, server down, time-out
    - Throttled           too many requests; carries when to come back
    - ZoneGone            the backend does not serve this zone (any more)
"""

from kubefed_core.errors import KubeFedError, Terminal


class InvalidName(Terminal):
    """A name that DNS, or the ownership registry, cannot carry."""


class Misconfigured(Terminal):
    """A provider's settings cannot work; the message names the field and the remedy."""


class ProviderError(KubeFedError):
    """A backend did not do what was asked.

    The message names the cause and the remedy and is shown in conditions and
    events, so it never holds a secret. `reason` is the condition's word.
    """

    reason = "ProviderError"


class Denied(ProviderError):
    """The credentials are refused, or do not carry the right."""

    reason = "Denied"


class Unlisted(Denied):
    """A zone cannot be read as a whole with these credentials; names in it may well be."""


class Unreachable(ProviderError):
    """The backend does not answer."""

    reason = "Unreachable"


class Throttled(ProviderError):
    """The backend asks to slow down; `after` is in seconds, None where it did not say."""

    reason = "Throttled"

    def __init__(self, message: str, *, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class ZoneGone(ProviderError):
    """The backend does not serve this zone, or not any more."""

    reason = "ZoneNotServed"
