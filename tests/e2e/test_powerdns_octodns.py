"""The octodns provider with octoDNS's own package for PowerDNS, on a real PowerDNS's HTTP API."""

import pytest
from nameserver import Zone
from powerdns import PowerDns

from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.providers.octodns import Octodns
from kubefed_dns.providers.protocol import Capabilities

ZONE = "example.org."


@pytest.fixture(scope="module")
def powerdns(tmp_path_factory):
    with PowerDns(tmp_path_factory.mktemp("powerdns"), [Zone(ZONE)]) as powerdns:
        yield powerdns


class TestOctodnsOnPowerDns(ProviderContract):
    claims = Capabilities(
        types=frozenset(
            {"A", "AAAA", "CAA", "CNAME", "MX", "NAPTR", "NS", "PTR", "SRV", "SSHFP", "TLSA", "TXT"}
        ),
        atomic=False,
        conditional=False,
    )

    @pytest.fixture
    def provider(self, powerdns):
        provider = Octodns(powerdns.octodns(ZONE))
        yield provider
        provider.close()

    @pytest.fixture
    def zone(self):
        return ZONE
