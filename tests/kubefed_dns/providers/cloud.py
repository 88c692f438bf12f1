"""What the tests of cloud providers share: a zone, sets in it, and the contract over a stand-in."""

import pytest

from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.records import Create, Group, rrset

ZONE = "example.org."


class CloudContract(ProviderContract):
    """Derive from it where fixture `cloud` is the stand-in, and `provider_of` makes a provider."""

    @pytest.fixture(scope="class")
    def provider(self, cloud, provider_of):
        cloud.clear()
        cloud.add_zone(ZONE)
        provider = provider_of()
        yield provider
        provider.close()

    @pytest.fixture
    def zone(self):
        return ZONE


def at(name):
    return f"{name}.{ZONE}" if name else ZONE


def address(name, value="192.0.2.1", **options):
    return rrset(at(name), "A", 300, [value], **options)


def group(*changes):
    return Group("", changes)


def created(*sets):
    """Each in a group of its own."""
    return [group(Create(each)) for each in sets]


def writes(cloud):
    """The changes that were asked for."""
    return [line for line in cloud.requests if line.startswith("POST")]
