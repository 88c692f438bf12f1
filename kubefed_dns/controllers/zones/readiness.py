"""Whether the embedded server has what it is to answer with, after a start."""

from collections.abc import Iterator

from kubefed_dns.controllers.zones.providers import Providers
from kubefed_dns.server.server import Server


class Readiness:
    """A check that is passed once, for good: what comes later fills while others serve.

    What will not be filled however long one waits is not waited for: a zone
    whose provider is at fault, or may only plan.
    """

    def __init__(self, providers: Providers, server: Server | None) -> None:
        self._providers = providers
        self._server = server
        self._begun = False
        self._passed = server is None

    def begin(self) -> None:
        """Everything that is wanted is known now, and each zone that is needed is there."""
        self._begun = True

    def __call__(self) -> str | None:
        """What is missing, for a person to read; None when nothing is."""
        if self._passed:
            return None
        if not self._begun:
            return "it is not known yet which zones there are, and what is wanted in them"
        missing = ", ".join(self._missing())
        if missing:
            return f"not filled yet: {missing}"
        self._passed = True
        return None

    def _missing(self) -> Iterator[str]:
        for entry in self._providers.entries():
            spec = entry.spec
            if not entry.embedded or entry.fault is not None or spec is None or spec.dry_run:
                continue
            if entry.backend is None:
                yield f"the zones of {entry.name}"
                continue
            for zone, writer in entry.backend.writers.items():
                if not self._filled(zone) and writer.state.error is None:
                    yield zone

    def _filled(self, name: str) -> bool:
        zones = self._server.zones if self._server is not None else ()
        return all(zone.filled for zone in zones if zone.name == name)
