from contextlib import ExitStack, closing
from uuid import uuid4

import pytest
from octodns_scripted import STORES, Store
from scripted_dns import SECRET, ZONE, ScriptedDns
from scripted_webhook import ScriptedWebhook

from kubefed_dns.providers.octodns import Octodns
from kubefed_dns.providers.protocol import Context
from kubefed_dns.providers.rfc2136 import Rfc2136
from kubefed_dns.providers.webhook import Webhook


def provider_of(*servers, signed=True, take=lambda: None, **settings):
    return Rfc2136(
        Context(
            "scripted",
            zones=(ZONE,),
            settings={
                "servers": [server.address for server in servers],
                "tsig": {"keyName": "k."} if signed else None,
                "timeout": 2,
            }
            | settings,
            secret={"tsigSecret": SECRET},
            take=take,
        )
    )


@pytest.fixture
def serve():
    """Start a server by script."""
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(ScriptedDns(answer))


@pytest.fixture
def make():
    """Make a provider that asks some servers."""
    with ExitStack() as stack:

        def make(*servers, **settings):
            provider = provider_of(*servers, **settings)
            stack.callback(provider.close)
            return provider

        yield make


@pytest.fixture
def asks(serve, make):
    """Make both, a provider and the server that it asks."""

    def asks(answer, **settings):
        server = serve(answer)
        return make(server, **settings), server

    return asks


@pytest.fixture
def webhook():
    with ScriptedWebhook("example.org") as server:
        yield server


@pytest.fixture
def at():
    """Make a provider that asks a webhook at some URL."""
    with ExitStack() as stack:

        def at(url, *, zones=("example.org.",), secret=None, take=lambda: None, **settings):
            settings = {"url": url, "timeout": "2s"} | settings
            context = Context("w", zones=zones, settings=settings, secret=secret or {}, take=take)
            return stack.enter_context(closing(Webhook(context)))

        yield at


@pytest.fixture
def store():
    """What an octoDNS provider of ours writes to."""
    name = uuid4().hex
    STORES[name] = Store("example.org.")
    STORES[name].name = name
    yield STORES[name]
    del STORES[name]


@pytest.fixture
def octodns(store):
    """Make a provider by way of it."""

    def octodns(
        kind="ScriptedProvider", *, zones=("example.org.",), secret=None, timeout="60s", **more
    ):
        more = {"store": store.name} | more
        settings = {"class": f"octodns_scripted.{kind}", "timeout": timeout, "settings": more}
        return Octodns(Context("o", zones=zones, settings=settings, secret=secret or {}))

    return octodns
