"""Which of an account's hosted zones is meant by a zone's name, where names need not be unique."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from kubefed_dns.errors import ProviderError, ZoneGone
from kubefed_dns.records import within

log = logging.getLogger(__name__)


class Hosted(NamedTuple):
    """A zone of an account; `kind` is "public" or "private", `sets` how many it had, if known."""

    name: str
    id: str
    kind: str
    sets: int | None = None


class Directory:
    """Finds zones by name, among those that are given by id and those the account lists.

    An id settles which zone its name means; it also leaves out all other names,
    unless those are given. `fetch` finds one by id and raises ZoneGone; `listing`
    gives all. `remedy` is what helps against two of one name.
    """

    def __init__(
        self,
        *,
        zones: Sequence[str],
        ids: Sequence[str],
        fetch: Callable[[str], Hosted],
        listing: Callable[[], Iterable[Hosted]],
        remedy: str,
    ) -> None:
        self._zones = zones
        self._ids = ids
        self._fetch = fetch
        self._listing = listing
        self._remedy = remedy
        self._found: Mapping[str, Sequence[Hosted]] = {}

    def refresh(self) -> tuple[str, ...]:
        """Look again; the names that can be used.

        What is wrong with another one is raised when it is used; here only
        where nothing is left.
        """
        chosen, failures = self._chosen()
        named = {hosted.name for hosted in chosen}
        if not self._ids or any(zone not in named for zone in self._zones):
            chosen += [hosted for hosted in self._listing() if hosted.name not in named]
        found: defaultdict[str, list[Hosted]] = defaultdict(list)
        for hosted in chosen:
            if not self._zones or any(within(hosted.name, zone) for zone in self._zones):
                found[hosted.name].append(hosted)
        self._found = found
        failures += [self._ambiguous(name) for name, some in found.items() if len(some) > 1]
        for failure in failures:
            log.warning("A zone is left out: %s", failure)
        served = tuple(name for name, some in found.items() if len(some) == 1)
        if failures and not served:
            raise failures[0]
        return served

    def find(self, zone: str) -> Hosted:
        """Raises ZoneGone, and ProviderError where several have this name."""
        if zone not in self._found:
            try:
                self.refresh()
            except ZoneGone as error:
                raise self._gone(zone) from error
        found = self._found.get(zone, ())
        if not found:
            raise self._gone(zone)
        if len(found) > 1:
            raise self._ambiguous(zone)
        return found[0]

    def known(self, zone: str) -> Hosted | None:
        """What a name of the last listing means; makes no request."""
        found = self._found.get(zone, ())
        return found[0] if len(found) == 1 else None

    def forget(self, zone: str) -> None:
        """It was not there any more; perhaps there is a new one of that name."""
        self._found = {name: some for name, some in self._found.items() if name != zone}

    def _chosen(self) -> tuple[list[Hosted], list[ProviderError]]:
        chosen, failures = list[Hosted](), list[ProviderError]()
        for each in self._ids:
            try:
                chosen.append(self._fetch(each))
            except ZoneGone as error:
                failures.append(error)
        return chosen, failures

    def _gone(self, zone: str) -> ZoneGone:
        return ZoneGone(
            f"the account shows no zone {zone}; create it there, let the credentials see it,"
            " or correct spec.zones"
        )

    def _ambiguous(self, zone: str) -> ProviderError:
        some = ", ".join(f"{each.id} ({each.kind})" for each in self._found[zone])
        return ProviderError(
            f"several zones are named {zone}: {some}; name one in spec.zoneIDs or {self._remedy}"
        )
