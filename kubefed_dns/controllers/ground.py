"""What can stand where a name is served, as far as Domains and DNSProviders tell."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from kubefed_core.api.selectors import Requirement, Selector
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, dig, key_of
from kubefed_core.resources import Resource
from kubefed_dns.api import domains as domains_api
from kubefed_dns.api import provider_status
from kubefed_dns.api import providers as providers_api
from kubefed_dns.api.domains import Domain
from kubefed_dns.decide.placing import EMBEDDED, Directory, Server
from kubefed_dns.decide.sets import Ground
from kubefed_dns.records import ROUTING
from kubefed_dns.resources import DOMAINS, PROVIDERS

ALIASES = "aliases"
NOBODY = Selector((Requirement("", "Exists"),))
"""Who may use what says in no readable way who may."""


class Lists(Protocol):
    """Whoever can list the host's objects."""

    def list(self, resource: Resource) -> Iterable[Obj]: ...


class Grounds:
    """A `sets.Survey`; a provider's zones and capabilities are those that its status has."""

    def __init__(self, host: Lists) -> None:
        self._host = host
        self._drawn: tuple[list[Domain], list[Server], dict[str, frozenset[str]]] = ([], [], {})
        self._local: frozenset[str] = frozenset()
        self._directory = Directory(domains=(), servers=())
        self._admitting = self._directory
        self._apexes: frozenset[str] = frozenset()

    def redraw(self) -> bool:
        """Look at all of them anew; whether anything is other than before."""
        domains = list(_domains(self._host.list(DOMAINS)))
        servers, words = list[Server](), dict[str, frozenset[str]]()
        local = set[str]()
        for obj in self._host.list(PROVIDERS):
            name, status = key_of(obj).name, provider_status.parse(obj.get("status"))
            zones = frozenset(_absolute(zone.name) for zone in status.zones)
            embedded = dig(obj, "spec", "type") == EMBEDDED
            lets_local, allowed = _rules(obj)
            servers.append(Server(name, zones, _created(obj), allowed, embedded=embedded))
            words[name] = frozenset(status.capabilities)
            local |= {name} if lets_local else set()
        if not any(server.embedded for server in servers):
            servers.append(Server(EMBEDDED, embedded=True))
        before = (*self._drawn, self._local)
        self._drawn, self._local = (domains, servers, words), frozenset(local)
        if before == (*self._drawn, self._local):
            return False
        self._directory = Directory(
            domains=[replace(each, allowed_namespaces=None) for each in domains],
            servers=[replace(each, allowed=None) for each in servers],
        )
        self._admitting = Directory(domains=domains, servers=servers)
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

    def lets_local(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether local targets are let in by a provider of a name.

        The name must be free to use for a namespace with these labels.
        """
        sites = self._admitting.place(_absolute(name), labels).sites
        return any(site.provider in self._local for site in sites)


def _domains(objs: Iterable[Obj]) -> Iterable[Domain]:
    """Those that can be read."""
    for obj in objs:
        try:
            domain = domains_api.parse({**obj, "allowedNamespaces": None})
        except Terminal:
            continue
        try:
            yield domains_api.parse(obj)
        except Terminal:
            yield replace(domain, allowed_namespaces=NOBODY)


def _rules(provider: Obj) -> tuple[bool, Selector | None]:
    """Whether local targets are let in, and for which namespaces."""
    try:
        spec = providers_api.parse(provider)
    except Terminal:
        return False, NOBODY
    return spec.allow_local_targets, spec.allowed_namespaces


def _absolute(name: str) -> str:
    return f"{name.lower().rstrip('.')}."


def _created(obj: Obj) -> str:
    created: str = dig(obj, "metadata", "creationTimestamp", default="")
    return created
