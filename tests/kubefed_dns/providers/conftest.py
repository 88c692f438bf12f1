from contextlib import ExitStack

import pytest
from scripted_dns import SECRET, ZONE, ScriptedDns

from kubefed_dns.providers.protocol import Context
from kubefed_dns.providers.rfc2136 import Rfc2136


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
