"""The rfc2136 provider on a real Knot."""

import pytest
from knot import Knot
from nameserver import Zone

from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.providers.rfc2136 import Rfc2136

ZONE = "example.org."


@pytest.fixture(scope="module")
def knot(tmp_path_factory):
    with Knot(tmp_path_factory.mktemp("knot"), [Zone(ZONE)]) as knot:
        yield knot


class TestKnot(ProviderContract):
    claims = Rfc2136.capabilities

    @pytest.fixture
    def provider(self, knot):
        provider = Rfc2136(knot.context(ZONE))
        yield provider
        provider.close()

    @pytest.fixture
    def zone(self):
        return ZONE
