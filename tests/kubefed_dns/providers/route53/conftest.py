import os

import pytest
from cloud import ZONE
from strict_route53 import StrictRoute53

from kubefed_dns.providers.protocol import Context
from kubefed_dns.providers.route53 import Route53

SECRET = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "very-secret"}


@pytest.fixture(scope="session")
def cloud():
    """Amazon, as far as it concerns us."""
    with StrictRoute53() as server:
        yield server


@pytest.fixture
def route53(cloud, monkeypatch, tmp_path):
    """An empty account, and no credentials but those that a test gives."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    cloud.clear()
    return cloud


@pytest.fixture(scope="session")
def provider_of(cloud):
    """Make a provider that asks the strict server."""

    def make(**options):
        settings = {"endpointURL": cloud.url} | options.pop("settings", {})
        given = {"zones": (ZONE,), "secret": SECRET, "settings": settings} | options
        return Route53(Context("aws", **given))

    return make


@pytest.fixture
def provider(route53, provider_of):
    provider = provider_of()
    yield provider
    provider.close()


@pytest.fixture
def zone_id(route53):
    return route53.add_zone(ZONE)
