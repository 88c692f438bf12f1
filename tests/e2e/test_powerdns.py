"""The rfc2136 provider on a real PowerDNS."""

import pytest
from dynamic import ZONES, DynamicContract
from powerdns import PowerDns


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with PowerDns(tmp_path_factory.mktemp("powerdns"), ZONES) as server:
        yield server


class TestPowerDns(DynamicContract):
    tells = False
