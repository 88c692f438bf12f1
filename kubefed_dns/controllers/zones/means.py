"""What the parts of the publishing half work with, and how they tell each other."""

import asyncio
import logging
from collections.abc import Callable, Collection
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar

from kubefed_core.errors import Terminal
from kubefed_core.runtime.backoff import Backoff
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.loop import Meter
from kubefed_dns.decide.placing import Site
from kubefed_dns.errors import ProviderError, Throttled, Unreachable
from kubefed_dns.metrics import Journeys, Metrics

log = logging.getLogger(__name__)

SLACK = 0.001
"""Seconds by which a timer may come early; what is due so soon is due now."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Means:
    """`retry` is for providers that fail, `reconnect` for those that do not answer.

    Blocking calls go to the executor's threads.
    """

    host: Host
    executor: Executor
    retry: Backoff
    reconnect: Backoff
    metrics: Metrics
    journeys: Journeys
    meter: Meter | None = None

    def pause(self, error: ProviderError, failures: int) -> float:
        """How long to leave a provider alone after so many failures in a row.

        One that is only out of reach is tried often enough to be seen coming back.
        """
        if isinstance(error, Throttled) and error.after is not None:
            return error.after
        retry = self.reconnect if isinstance(error, Unreachable) else self.retry
        return retry(failures)

    async def call(self, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run something of a provider, which may block.

        Raises ProviderError or Terminal, whatever it raises.
        """
        try:
            return await asyncio.wrap_future(self.executor.submit(do, *args, **kwargs))
        except (ProviderError, Terminal):
            raise
        except Exception as error:
            # Of a plug-in's own faults the object shows only the kind: a message may hold a secret.
            log.exception("a provider failed")
            raise ProviderError(
                f"a fault in the provider ({type(error).__name__}); the controller's log has more"
            ) from error


class Office(Protocol):
    """What a zone's writer asks of, and tells, the rest."""

    def explained(self, site: Site, name: str, resources: Collection[str]) -> bool:
        """Whether it is known why a name of ours is wanted no more.

        Where it is not, that is looked into, and the name is marked when it is known.
        """
        ...

    def told(self, site: Site, names: Collection[str]) -> None:
        """The state of names has changed: statuses are due."""
        ...

    def wrote(self, site: Site, names: Collection[str]) -> None:
        """The provider has taken what was wanted of names."""
        ...

    def said(self, provider: str) -> None:
        """The state of a zone has changed: the provider's status is due."""
        ...

    def event(self, provider: str, reason: str, message: str) -> None:
        """Something an operator should read beside the DNSProvider."""
        ...

    def stalled(self, provider: str) -> None:
        """A whole provider has stopped working, or works again."""
        ...

    def dropped(self, provider: str) -> None:
        """A provider is gone, and what was known of it with it."""
        ...

    def emptied(self, provider: str) -> None:
        """Of a provider that is being deleted, nothing of ours is left."""
        ...
