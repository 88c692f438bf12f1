"""The publishing half on real DNS servers, in real time; only the API server is in memory."""

import asyncio
import json
from dataclasses import replace
from itertools import product

from zones_story import OWNER, SYSTEM, Story

from kubefed_core.objects import Key
from kubefed_dns import verify
from kubefed_dns.providers.rfc2136 import Rfc2136
from kubefed_dns.resources import ENDPOINTS, PROVIDERS

WAIT = 20.0


class Counted:
    """A factory of rfc2136 providers; `messages` counts the requests of all that it made."""

    def __init__(self):
        self.messages = 0

    def made(self, context):
        return Rfc2136(replace(context, take=self._take))

    def _take(self):
        self.messages += 1


class Hub(Story):
    """A hub that publishes to a server; each has an API server of its own."""

    def __init__(self, server, *zones, owner=OWNER, settings=None, **spec):
        super().__init__()
        self.executor = None
        self.backend = Counted()
        self.dns = server
        context = server.context(*zones, **(settings or {}))
        self.provider_of(context, type="rfc2136", ownerID=owner, **spec)

    def provider_of(self, context, *, type="octodns", **spec):
        """Publish by way of a provider that is made from a context."""
        self.secret("dns", **context.secret)
        self.provider(
            "dns",
            type=type,
            zones=[zone.rstrip(".") for zone in context.zones],
            credentialsRef={"name": "dns"},
            verify={"servers": [self.dns.address]},
            **{type: context.settings},
            **spec,
        )

    async def ask(self, server, name, rrtype):
        return await verify.question(server, name, rrtype)

    def is_ready(self):
        return (self.ready("dns") or ("",))[0] == "True"

    def zone(self):
        """What the DNSProvider's status says of its zone; nothing before it says anything."""
        status = self.host.get(PROVIDERS, Key(SYSTEM, "dns")).get("status") or {}
        return (status.get("zones") or [{}])[0]

    async def until(self, kind, status, *, of="web"):
        """Wait until a condition of a DNSEndpoint has a status; what it then says."""
        await until(lambda: (self.condition(kind, of) or ("",))[0] == status, self.told)
        return self.condition(kind, of)

    async def emptied(self, *names):
        """Withdraw what is wanted, so that the next test finds the zone as it was."""
        self.drop()
        for name in names:
            places = (f"{kind}{name}." for kind in ("", "a-", "aaaa-", "cname-", "txt-"))
            for place, rrtype in product(places, ("A", "CNAME", "TXT")):
                await until(lambda p=place, t=rrtype: self.dns.values(p, t) == [], self.told)

    def told(self):
        """All that is known of the names and the provider."""
        found = [*self.host.objects[ENDPOINTS].values(), *self.host.objects[PROVIDERS].values()]
        return json.dumps([each.get("status") for each in found], indent=1)


async def until(so, told=lambda: ""):
    """Wait until something is so; where it does not come to be, say what is `told`."""
    deadline = asyncio.get_running_loop().time() + WAIT
    while not so():
        await asyncio.sleep(0.005)
        assert asyncio.get_running_loop().time() < deadline, told()
