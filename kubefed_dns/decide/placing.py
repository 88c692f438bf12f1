"""Where a name is served, and whether its namespace may use it."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kubefed_core.api.selectors import Selector
from kubefed_dns.api.domains import Domain
from kubefed_dns.decide.reasons import Problem, Reason

EMBEDDED = "embedded"
"""What a Domain calls the server inside the controller, and its name without an object."""


class Site(NamedTuple):
    """One zone at one provider."""

    provider: str
    zone: str


@dataclass(frozen=True, slots=True)
class Server:
    """A provider as far as placing goes; `zones` are canonical, `created` orders them.

    `named` are the zones that it is to serve; those of them that it does not are
    not in `zones`.
    """

    name: str
    zones: frozenset[str] = frozenset()
    created: str = ""
    allowed: Selector | None = None
    embedded: bool = False
    named: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a name goes, what is wrong with the places it asked for, and a remark.

    `remark` does not keep it from being published, but from counting as such.
    """

    sites: tuple[Site, ...] = ()
    problem: Problem | None = None
    remark: Problem | None = None


class Directory:
    """The Domains and providers of one moment, made for quick look-ups by name."""

    def __init__(self, *, domains: Iterable[Domain], servers: Iterable[Server]) -> None:
        ordered = sorted(servers, key=lambda server: (server.created, server.name))
        self._servers = {server.name: server for server in ordered}
        self._embedded = next((server for server in ordered if server.embedded), None)
        self._others = any(not server.embedded for server in ordered)
        self._served: dict[str, Server] = {}
        for server in ordered:
            for zone in server.zones:
                self._served.setdefault(zone, server)
        self._named_zones: dict[str, str] = {}
        for server in ordered:
            for zone in server.named:
                self._named_zones.setdefault(zone, server.name)
        self._domains: dict[str, Domain] = {}
        for domain in sorted(domains, key=lambda each: (each.created, each.key)):
            self._domains.setdefault(f"{domain.domain}.", domain)

    def place(self, name: str, labels: Mapping[str, str]) -> Placing:
        """For a canonical name, wanted from a namespace with these labels."""
        apex = closest(name, self._domains)
        if apex is not None:
            domain = self._domains[apex]
            if not _allows(domain.allowed_namespaces, labels):
                return _forbidden(name, f"allowedNamespaces of Domain {domain.key.name}")
            if domain.providers:
                return self._chosen(name, apex, domain)
        zone = closest(name, self._served)
        if zone is None:
            return self._fallen_back(name, apex)
        server = self._served[zone]
        if apex is None and not _allows(server.allowed, labels):
            return _forbidden(name, f"spec.allowedNamespaces of DNSProvider {server.name}")
        return Placing((Site(server.name, zone),))

    @property
    def embedded(self) -> str:
        """The name of the provider that is the embedded server; empty where none is."""
        return self._embedded.name if self._embedded else ""

    def embedded_zones(self) -> dict[str, str]:
        """The zones that the embedded server has to have, with the name server of each."""
        if self._embedded is None:
            return {}
        zones = dict.fromkeys(self._embedded.zones, "")
        for apex, domain in self._domains.items():
            chosen = any(self._named(each) is self._embedded for each in domain.providers)
            if chosen or (not domain.providers and closest(apex, self._served) is None):
                zones[apex] = f"{domain.name_server}." if domain.name_server else ""
        return zones

    def _named(self, name: str) -> Server | None:
        found = self._servers.get(name)
        return self._embedded if found is None and name == EMBEDDED else found

    def _chosen(self, name: str, apex: str, domain: Domain) -> Placing:
        """At each of the providers that the Domain names."""
        sites: list[Site] = []
        problem: Problem | None = None
        for each in domain.providers:
            server = self._named(each)
            found = f"Domain {domain.key.name} names DNSProvider {each}, which"
            if server is None:
                problem = Problem(
                    Reason.NO_PROVIDER, f"{found} does not exist: create it, or correct the Domain"
                )
                continue
            zone = apex if server is self._embedded else closest(name, server.zones)
            if zone is None:
                problem = Problem(
                    Reason.NO_PROVIDER, f"{found} serves no zone of {name}: see its spec.zones"
                )
                continue
            sites.append(Site(server.name, zone))
        return Placing(tuple(dict.fromkeys(sites)), problem)

    def _fallen_back(self, name: str, apex: str | None) -> Placing:
        """To the embedded server, for names of a Domain."""
        late = self._late(name)
        if apex is None or self._embedded is None:
            why = late or (
                f"no DNSProvider serves a zone of {name}, nor is it in a Domain: "
                "see their spec.zones"
            )
            return Placing(problem=Problem(Reason.NO_PROVIDER, why))
        remark = None
        if late:
            why = f"{late}; only the embedded server answers meanwhile"
            remark = Problem(Reason.NO_PROVIDER, why)
        elif self._others:
            remark = Problem(
                Reason.NO_PROVIDER,
                f"no DNSProvider serves a zone of {name}, only the embedded server answers: see "
                f"their spec.zones, or say providers: [{EMBEDDED}] in the Domain",
            )
        return Placing((Site(self._embedded.name, apex),), remark=remark)

    def _late(self, name: str) -> str:
        """Who should serve a name and does not; empty where nobody should."""
        zone = closest(name, self._named_zones)
        if zone is None:
            return ""
        who = self._named_zones[zone]
        return (
            f"{name}: DNSProvider {who} names {zone} and does not serve it: see its condition Ready"
        )


def closest(name: str, zones: Container[str]) -> str | None:
    """As `records.longest_suffix`, at the cost of the name's labels and not of the zones."""
    return next((suffix for suffix in _suffixes(name) if suffix in zones), None)


def _suffixes(name: str) -> Iterator[str]:
    """The name itself, then what is left without its first label, and so on to the root."""
    while name != ".":
        yield name
        at = name.find(".")
        while at > 0 and name[at - 1] == "\\":
            at = name.find(".", at + 1)
        name = name[at + 1 :] or "."
    yield name


def _allows(selector: Selector | None, labels: Mapping[str, str]) -> bool:
    return selector is None or selector.matches(labels)


def _forbidden(name: str, where: str) -> Placing:
    why = f"{name}: {where} does not let this namespace in: label it, or have the selector changed"
    return Placing(problem=Problem(Reason.FORBIDDEN, why))
