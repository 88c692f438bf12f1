import pytest
from strict_google import PROJECT, StrictGoogle

from kubefed_dns.providers.google import Google
from kubefed_dns.providers.protocol import Context

ZONE = "example.org."


@pytest.fixture(scope="session")
def strict_google():
    with StrictGoogle() as server:
        yield server


@pytest.fixture
def google(strict_google):
    """An empty project."""
    strict_google.clear()
    return strict_google


@pytest.fixture(scope="session")
def provider_of(strict_google):
    """Make a provider that asks the strict server."""

    def make(**options):
        settings = {"apiEndpoint": strict_google.url, "project": PROJECT}
        settings |= options.pop("settings", {})
        return Google(Context("gcp", **({"zones": (ZONE,), "settings": settings} | options)))

    return make


@pytest.fixture
def provider(google, provider_of):
    provider = provider_of()
    yield provider
    provider.close()
