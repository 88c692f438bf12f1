"""Where a name is wanted, by whom, and which servers speak for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kubefed_core.objects import Obj
from kubefed_dns.api.providers import Addresses, DNSProvider
from kubefed_dns.commands import backends, planning
from kubefed_dns.commands.answers import name_servers, speaks_for
from kubefed_dns.commands.backends import Backends
from kubefed_dns.commands.hub import Hub
from kubefed_dns.controllers.zones.index import Index
from kubefed_dns.decide.admit import Rules
from kubefed_dns.decide.placing import Site
from kubefed_dns.flags import DNS_ADDRESS
from kubefed_dns.records import RRKey, RRset, canonical
from kubefed_dns.resources import ENDPOINTS
from kubefed_dns.verify import Unobservable

HERE = DNS_ADDRESS
"""Where the embedded server of a controller on this machine is, unless it was told otherwise."""


@dataclass(frozen=True)
class Served:
    """One zone that serves the name, and what should be there; `spec` is its DNSProvider's."""

    provider: str
    zone: str
    wanted: tuple[RRset, ...]
    spec: DNSProvider | None = None

    @property
    def embedded(self) -> bool:
        return self.spec is not None and self.spec.type == "embedded"


@dataclass(frozen=True)
class Whereabouts:
    """`objects` are the DNSEndpoints that want the name; `problem` why it is served nowhere."""

    name: str
    objects: tuple[Obj, ...]
    sites: tuple[Served, ...]
    problem: str = ""

    @property
    def wanted(self) -> tuple[RRset, ...]:
        """What should be there, by any provider."""
        return tuple(sorted({rrset for site in self.sites for rrset in site.wanted}))


def find(hub: Hub, text: str) -> Whereabouts:
    """Look a name up, in any case and with or without a dot at its end.

    Raises InvalidName where it is no name. Only the host is asked.
    """
    name = canonical(text)
    known = backends.declared(hub)
    index = planning.index(hub, known, hub.list(ENDPOINTS))
    keys = sorted(index.sources(name))
    objects = tuple(obj for key in keys if (obj := hub.get(ENDPOINTS, key)) is not None)
    placings = [index.placing(name, key.namespace) for key in keys]
    problems = [said.message for each in placings for said in (each.problem,) if said]
    sites = dict.fromkeys(site for each in placings for site in each.sites)
    served = tuple(_served(index, known, site, name) for site in sites)
    return Whereabouts(name, objects, served, "; ".join(dict.fromkeys(problems)))


def servers(site: Served, given: Sequence[str]) -> tuple[Sequence[str], str]:
    """Whom to ask, as "host:port", and why nobody where there is none."""
    spec = site.spec
    own = spec.settings.get("servers") if spec is not None else ()
    chosen = given or (spec.verify_servers if spec is not None else ()) or own or ()
    if chosen:
        return tuple(str(each) for each in chosen), ""
    if site.embedded and speaks_for(HERE, site.zone):
        return (HERE,), ""
    try:
        return name_servers(site.zone), ""
    except Unobservable as error:
        return (), str(error)


def _served(index: Index, known: Backends, site: Site, name: str) -> Served:
    spec = known.opened[site.provider].entry.spec
    least, addresses = (spec.min_ttl, spec.addresses) if spec else (0, Addresses.ANY)
    rules = Rules(frozenset(), local=True, addresses=addresses)
    found: dict[RRKey, RRset] = {}
    for bid in index.at(site).get(name, ()):
        fitted = rules.fitted(bid)
        made = fitted.rrset if fitted is not None else None
        if made is not None:
            old = found.get(made.key, made)
            values = tuple(sorted({*made.values, *old.values}))
            found[made.key] = replace(old, values=values, ttl=max(old.ttl, least))
    return Served(site.provider, site.zone, tuple(found.values()), spec)
