from datetime import UTC, datetime

import pytest

from kubefed_core.api.conditions import Condition
from kubefed_dns.api import status
from kubefed_dns.api.status import Address, Entry, Reason, RecordStatus, Summary

FULL = RecordStatus(
    domain="example.com",
    entries=(
        Entry(
            cluster="c1",
            region="us",
            zones=("us1", "us2"),
            ingress=(Address("", "b.test"), Address("192.0.2.1")),
            reason=Reason.PUBLISHED,
            message="m",
            since=datetime(2030, 1, 1, tzinfo=UTC),
            hosts=("a.test",),
            tiers=(0, 2),
            locations=("*", "EU"),
        ),
        Entry(cluster="c2"),
    ),
    observed_generation=3,
    conditions=(Condition("Accepted", "True", "Accepted", "fine", "2030-01-01T00:00:00Z", 3),),
    summary=Summary("1/2", "192.0.2.1"),
)


def test_a_status_survives_being_written_and_read():
    assert status.parse(status.dump(FULL)) == FULL


def test_what_is_empty_is_left_out_but_the_load_balancer():
    assert status.dump(RecordStatus(entries=(Entry("c2"),))) == {
        "dns": [{"cluster": "c2", "loadBalancer": {}}]
    }
    assert status.dump(RecordStatus()) == {}


def test_the_shape_is_upstream_s():
    entry = Entry("c1", "us", ("us1",), (Address(ip="192.0.2.1"), Address(hostname="h.test")))
    assert status.dump(RecordStatus("example.com", (entry,))) == {
        "domain": "example.com",
        "dns": [
            {
                "cluster": "c1",
                "region": "us",
                "zones": ["us1"],
                "loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"hostname": "h.test"}]},
            }
        ],
    }


def test_addresses_are_stripped_and_sorted_with_an_empty_ip_first():
    items = [
        {"ip": "9.9.9.9", "ipMode": "VIP", "ports": [{"port": 80}]},
        {"hostname": "b"},
        {"ip": "10.0.0.1"},
        {"hostname": "a"},
        {"hostname": "a"},
        {},
    ]
    assert status.addresses(items) == (
        Address("", "a"),
        Address("", "b"),
        Address("10.0.0.1"),
        Address("9.9.9.9"),
    )


@pytest.mark.parametrize(
    "mangled",
    [
        None,
        "x",
        [],
        {"dns": {}},
        {"dns": [1, {}, {"cluster": 1}]},
        {"domain": 1, "observedGeneration": "1", "conditions": {}, "summary": []},
    ],
)
def test_a_mangled_status_is_none(mangled):
    assert status.parse(mangled) == RecordStatus()


def test_a_mangled_entry_is_read_as_far_as_it_can_be():
    entry = {"cluster": "c1", "zones": "a", "loadBalancer": 1, "since": "soon", "region": None}
    entry |= {"tiers": "0", "locations": 1}
    assert status.parse({"dns": [entry]}).entries == (Entry("c1"),)


def test_entries_are_sorted_and_found_by_cluster():
    found = status.parse({"dns": [{"cluster": "b"}, {"cluster": "a"}]})
    assert [entry.cluster for entry in found.entries] == ["a", "b"]
    assert found.entry("b") == Entry("b")
    assert found.entry("c") is None
