import pytest
from cloud import ZONE
from strict_google import PROJECT, StrictGoogle

from kubefed_dns.providers.google import Google
from kubefed_dns.providers.protocol import Context


@pytest.fixture(scope="session")
def cloud():
    """Google, as far as it concerns us."""
    with StrictGoogle() as server:
        yield server


@pytest.fixture
def google(cloud):
    """An empty project."""
    cloud.clear()
    return cloud


@pytest.fixture(scope="session")
def provider_of(cloud):
    """Make a provider that asks the strict server."""

    def make(**options):
        settings = {"apiEndpoint": cloud.url, "project": PROJECT}
        settings |= options.pop("settings", {})
        return Google(Context("gcp", **({"zones": (ZONE,), "settings": settings} | options)))

    return make


@pytest.fixture
def provider(google, provider_of):
    provider = provider_of()
    yield provider
    provider.close()


@pytest.fixture
def hosted(google):
    return google.add_zone(ZONE)
