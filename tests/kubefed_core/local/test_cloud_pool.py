"""Addresses: whose they are, in which order they are given, and that clusters do not share any."""

import ipaddress
from itertools import combinations

import pytest

from kubefed_core.local.cloud.pool import Pool
from kubefed_core.local.cloud.territory import CLUSTERS, Territory
from kubefed_core.local.errors import LocalError

SMALL = [ipaddress.ip_network("192.0.2.0/30")]
FIRST, SECOND = "192.0.2.1", "192.0.2.2"


def test_each_owner_has_one_address_and_keeps_it():
    pool = Pool(SMALL)
    assert [pool.give("a"), pool.give("b"), pool.give("a")] == [FIRST, SECOND, FIRST]


def test_an_address_given_back_is_the_last_to_be_given_again():
    pool = Pool(SMALL)
    pool.give("a")
    pool.take_back("a")
    assert [pool.give("b"), pool.give("c")] == [SECOND, FIRST]


def test_an_empty_pool_says_so():
    pool = Pool(SMALL)
    pool.give("a")
    pool.give("b")
    with pytest.raises(LocalError, match=r"192\.0\.2\.0/30"):
        pool.give("c")


@pytest.mark.parametrize(
    ("reason", "owner", "address", "want"),
    [
        ("A free address can be claimed.", "b", SECOND, True),
        ("An owner may claim what it has.", "a", FIRST, True),
        ("An address has one owner.", "b", FIRST, False),
        ("An owner has one address.", "a", SECOND, False),
        ("Addresses from elsewhere are not ours to hold.", "b", "10.0.0.1", False),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_claim(reason, owner, address, want):
    pool = Pool(SMALL)
    pool.give("a")
    assert pool.claim(owner, address) is want, reason


def test_a_claimed_address_is_given_to_nobody_else_and_not_twice_afterwards():
    pool = Pool(SMALL)
    assert pool.claim("a", FIRST)
    pool.take_back("a")
    assert [pool.give("b"), pool.give("c")] == [FIRST, SECOND]
    with pytest.raises(LocalError):
        pool.give("d")


def test_taking_back_what_nobody_has_is_fine():
    Pool(SMALL).take_back("a")


@pytest.mark.parametrize(
    "ranges",
    ["load_balancers", "load_balancers_v6", "pods", "pods_v6", "machines"],
)
def test_no_two_clusters_share_a_range(ranges):
    networks = [
        network
        for number in range(CLUSTERS)
        for network in getattr(Territory("c", number), ranges)()
    ]
    assert not any(
        one.overlaps(other)
        for one, other in combinations(networks, 2)
        if one.version == other.version
    )


def test_the_first_three_clusters_are_easily_told_apart():
    first = [str(Territory("c", number).load_balancers()[0]) for number in range(4)]
    assert first == ["192.0.2.0/26", "198.51.100.0/26", "203.0.113.0/26", "192.0.2.64/26"]


def test_nodes_are_named_for_their_zone_or_their_cluster():
    assert Territory("eu", 0, zones=("a", "b"), nodes=2).node_zones() == {
        "a-1": "a",
        "a-2": "a",
        "b-1": "b",
        "b-2": "b",
    }
    assert Territory("eu", 0).node_zones() == {"eu-1": ""}
