"""The Domains and providers of the moment, and the zones that fall to the embedded server."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from kubefed_core.errors import Terminal
from kubefed_core.objects import Key, Obj, key_of, version
from kubefed_dns.api import domains as api
from kubefed_dns.api import endpoints as endpoints_api
from kubefed_dns.api import provider_status
from kubefed_dns.api.domains import Domain
from kubefed_dns.controllers.zones.index import Index
from kubefed_dns.controllers.zones.means import Means
from kubefed_dns.controllers.zones.providers import Providers
from kubefed_dns.decide.placing import Directory, Server, closest
from kubefed_dns.records import canonical
from kubefed_dns.resources import DOMAINS, ENDPOINTS
from kubefed_dns.server.server import Server as DnsServer


class Map:
    """Draws the index's directory anew when a Domain or a provider has changed."""

    def __init__(
        self, *, means: Means, index: Index, providers: Providers, server: DnsServer | None
    ) -> None:
        self._means = means
        self._index = index
        self._providers = providers
        self._server = server
        self._read: dict[Key, tuple[str | None, Domain | None]] = {}
        self._drawn: tuple[Sequence[Domain], Sequence[Server]] = ((), ())
        self._embedded: tuple[str, Mapping[str, str]] = ("", {})
        self._floors: dict[str, int] | None = None

    def redraw(self) -> Collection[str]:
        """The wanted names that may be served elsewhere now."""
        domains, servers = self._domains(), self._providers.servers()
        before, self._drawn = self._drawn, (domains, servers)
        if before == self._drawn:
            return ()
        directory = Directory(domains=domains, servers=servers)
        self._index.directory = directory
        self._embed(directory.embedded, directory.embedded_zones())
        if before[1] != servers:
            return self._index.names()
        changed = {f"{each.domain}." for each in {*before[0]} ^ {*domains}}
        return [name for name in self._index.names() if closest(name, changed) is not None]

    def _domains(self) -> list[Domain]:
        """Those that can be read; one that no longer can be stays as it was."""
        before, self._read = self._read, {}
        for obj in self._means.host.list(DOMAINS):
            key = key_of(obj)
            if key.namespace == self._means.host.namespace:
                seen, domain = before.get(key, ("", None))
                if seen != version(obj):
                    domain = self._parsed(obj) or domain
                self._read[key] = (version(obj), domain)
        return [domain for _, (_, domain) in sorted(self._read.items()) if domain is not None]

    def _parsed(self, obj: Obj) -> Domain | None:
        try:
            return api.parse(obj)
        except Terminal as error:
            self._means.host.recorder.event(
                obj,
                resource=DOMAINS,
                reason="InvalidDomain",
                message=f"{error}; it is not used",
                warning=True,
            )
            return None

    def _embed(self, name: str, zones: Mapping[str, str]) -> None:
        """Let the embedded server have these zones, before anything is written to them."""
        before, self._embedded = self._embedded, (name, zones)
        if before == self._embedded:
            return
        for zone, ns in zones.items():
            if self._server is not None and before[1].get(zone) != ns:
                self._server.add_zone(zone, ns=ns, floor=self._floor(name, zone))
        self._providers.embed(name, zones)
        for zone in before[1].keys() - zones.keys():
            self._drop(zone)

    def _drop(self, zone: str) -> None:
        if self._server is not None and self._floors is not None:
            self._floors[zone] = self._server.zone(zone).serial
            self._server.drop_zone(zone)

    def _floor(self, name: str, zone: str) -> int:
        """The last serial that anybody was told of; read once, from before the start."""
        if self._floors is None:
            self._floors = {}
            for where, marker in (*self._markers(name), *self._own_markers(name)):
                if marker.isdigit():
                    known = self._floors.get(where, 0)
                    self._floors[where] = max(known, int(marker))
        return self._floors.get(zone, 0)

    def _markers(self, name: str) -> Iterator[tuple[str, str]]:
        """Of each zone, the serials at which the names that are still wanted were written."""
        for obj in self._means.host.list(ENDPOINTS):
            for state in endpoints_api.parse_status(obj.get("status")).endpoints:
                for placed in state.providers:
                    if placed.name == name:
                        yield f"{placed.zone}.", placed.marker

    def _own_markers(self, name: str) -> Iterator[tuple[str, str]]:
        """Of each zone the last serial, where there is an object to say it."""
        for zone in provider_status.parse((self._providers.object(name) or {}).get("status")).zones:
            yield canonical(zone.name), zone.marker
