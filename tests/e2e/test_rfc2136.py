"""The rfc2136 provider on a real BIND."""

import pytest
from bind import Bind
from dynamic import ZONE, ZONES, DynamicContract

from kubefed_dns.providers.contract_plot import group
from kubefed_dns.records import Create, Update, rrset


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Bind(tmp_path_factory.mktemp("bind"), ZONES) as server:
        yield server


class TestBind(DynamicContract):
    def test_sets_as_large_as_bind_takes_are_replaced_whole_and_larger_ones_refused(self, provider):
        old, new = (
            rrset(f"many.{ZONE}", "AAAA", 60, [f"2001:db8:{net}::{n:x}" for n in range(100)])
            for net in (1, 2)
        )
        larger = rrset(f"larger.{ZONE}", "AAAA", 60, [f"2001:db8::{n:x}" for n in range(101)])
        assert not provider.write(ZONE, [group(Create(old))])
        (refusal,) = provider.write(ZONE, [group(Create(larger)), group(Update(old, new))])
        assert refusal.group == group(Create(larger))
        assert "max-records-per-type" in refusal.reason
        assert list(provider.read(ZONE, [new.name, larger.name])) == [new]
