"""The rfc2136 provider on a real Knot."""

from contextlib import closing

import pytest
from dynamic import ZONE, ZONES, DynamicContract
from knot import Knot
from nameserver import Zone

from kubefed_dns.providers.contract_plot import group
from kubefed_dns.providers.rfc2136 import Rfc2136
from kubefed_dns.records import Create, Delete, Update, rrset


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Knot(tmp_path_factory.mktemp("knot"), ZONES) as server:
        yield server


class SignedKnot(Knot):
    signed = True


class TestKnot(DynamicContract):
    """All of it."""


def test_in_a_signed_zone_too_a_name_becomes_an_alias_and_back(tmp_path):
    data, alias, other = (
        rrset(f"www.{ZONE}", kind, 300, [value])
        for kind, value in (
            ("A", "192.0.2.1"),
            ("CNAME", "one.example."),
            ("CNAME", "two.example."),
        )
    )
    with SignedKnot(tmp_path, [Zone(ZONE)]) as server, closing(Rfc2136(server.context())) as knot:
        for changes, want in (
            ([Create(data)], data),
            ([Delete(data), Create(alias)], alias),
            ([Update(alias, other)], other),
            ([Delete(other), Create(data)], data),
        ):
            assert not knot.write(ZONE, [group(*changes)])
            assert server.values(want.name, want.type) == list(want.values)
            assert [each for each in knot.read(ZONE) if each.name == want.name] == [want]
