"""What can stand where a name is served, as far as Domains and DNSProviders tell."""

from collections.abc import Iterable
from typing import Protocol

from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, dig, key_of
from kubefed_core.resources import Resource
from kubefed_dns.api import domains as domains_api
from kubefed_dns.api import provider_status
from kubefed_dns.api.domains import Domain
from kubefed_dns.decide.placing import EMBEDDED, Directory, Server
from kubefed_dns.decide.sets import Ground
from kubefed_dns.records import ROUTING
from kubefed_dns.resources import DOMAINS, PROVIDERS

ALIASES = "aliases"


class Lists(Protocol):
    """Whoever can list the host's objects."""

    def list(self, resource: Resource) -> Iterable[Obj]: ...


class Grounds:
    """A `sets.Survey`; a provider's zones and capabilities are those that its status has."""

    def __init__(self, host: Lists) -> None:
        self._host = host
        self._drawn: tuple[list[Domain], list[Server], dict[str, frozenset[str]]] = ([], [], {})
        self._directory = Directory(domains=(), servers=())
        self._apexes: frozenset[str] = frozenset()

    def redraw(self) -> bool:
        """Look at all of them anew; whether anything is other than before."""
        domains = list(_domains(self._host.list(DOMAINS)))
        servers, words = list[Server](), dict[str, frozenset[str]]()
        for obj in self._host.list(PROVIDERS):
            name, status = key_of(obj).name, provider_status.parse(obj.get("status"))
            zones = frozenset(_absolute(zone.name) for zone in status.zones)
            embedded = dig(obj, "spec", "type") == EMBEDDED
            servers.append(Server(name, zones, _created(obj), embedded=embedded))
            words[name] = frozenset(status.capabilities)
        if not any(server.embedded for server in servers):
            servers.append(Server(EMBEDDED, embedded=True))
        before, self._drawn = self._drawn, (domains, servers, words)
        if before == self._drawn:
            return False
        self._directory = Directory(domains=domains, servers=servers)
        zones = frozenset(zone for server in servers for zone in server.zones)
        self._apexes = zones | {_absolute(domain.domain) for domain in domains}
        return True

    def __call__(self, name: str) -> Ground:
        absolute = _absolute(name)
        _, _, words = self._drawn
        sites = self._directory.place(absolute, {}).sites
        found = [words.get(site.provider, frozenset()) for site in sites]
        common = frozenset.intersection(*found) if found else frozenset()
        return Ground(absolute in self._apexes, common & ROUTING, ALIASES in common)


def _domains(objs: Iterable[Obj]) -> Iterable[Domain]:
    """Those that can be read, for whoever may use them: that is not the question here."""
    for obj in objs:
        try:
            yield domains_api.parse({**obj, "allowedNamespaces": None})
        except Terminal:
            continue


def _absolute(name: str) -> str:
    return f"{name.lower().rstrip('.')}."


def _created(obj: Obj) -> str:
    created: str = dig(obj, "metadata", "creationTimestamp", default="")
    return created
