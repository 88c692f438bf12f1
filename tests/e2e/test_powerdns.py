"""The rfc2136 provider on a real PowerDNS."""

import pytest
from powerdns import PowerDns
from nameserver import Zone

from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.providers.rfc2136 import Rfc2136

ZONE = "example.org."


@pytest.fixture(scope="module")
def powerdns(tmp_path_factory):
    with PowerDns(tmp_path_factory.mktemp("powerdns"), [Zone(ZONE)]) as powerdns:
        yield powerdns


class TestPowerDns(ProviderContract):
    claims = Rfc2136.capabilities

    @pytest.fixture
    def provider(self, powerdns):
        provider = Rfc2136(powerdns.context(ZONE))
        yield provider
        provider.close()

    @pytest.fixture
    def zone(self):
        return ZONE
