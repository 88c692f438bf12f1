"""Which servers speak for a zone."""

from collections.abc import Sequence

from kubefed_dns.controllers.zones.providers import Providers
from kubefed_dns.decide.placing import Site
from kubefed_dns.server.server import Server
from kubefed_dns.verify import NameServers, Unobservable

EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where to ask a server that listens on all addresses."""


class Authorities:
    """Those of spec.verify.servers, else the provider's own, else what the zone's NS say."""

    def __init__(self, *, providers: Providers, server: Server | None) -> None:
        self._providers = providers
        self._server = server
        self._name_servers = NameServers()

    async def __call__(self, site: Site) -> Sequence[str]:
        """As "host:port"; raises Unobservable where there are none."""
        entry = self._providers.get(site.provider)
        spec = entry.spec if entry is not None else None
        if spec is None:
            raise Unobservable(f"DNSProvider {site.provider} cannot be read")
        if spec.verify_servers:
            return spec.verify_servers
        if entry is not None and entry.embedded:
            return (self._embedded(),)
        own = spec.settings.get("servers") or ()
        if own:
            return tuple(str(each) for each in own)
        return await self._name_servers(site.zone)

    def _embedded(self) -> str:
        if self._server is None:
            raise Unobservable("the embedded server is not in this process")
        try:
            host, port = self._server.address
        except RuntimeError as error:
            raise Unobservable("the embedded server does not listen: see --dns-address") from error
        host = EVERYWHERE.get(host, host)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
