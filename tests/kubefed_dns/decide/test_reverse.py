import pytest

from kubefed_dns.api.endpoints import EndpointKey
from kubefed_dns.decide import reverse
from kubefed_dns.decide.bids import Bid, Source
from kubefed_dns.decide.claims import Want
from kubefed_dns.decide.reverse import MOST, Pointer
from kubefed_dns.records import rrset

WEB = "web.example.org."
OLD, NEW = Source("2025", "shop", "web"), Source("2026", "other", "api")
BACK = "1.2.0.192.in-addr.arpa."
BACK6 = f"1.{'0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa."


def want(rrtype, *values, name=WEB, ttl=60, source=OLD):
    return Want(rrset(name, rrtype, ttl, values), source.resource)


def bid_of(source=OLD, name=WEB):
    return Bid(source, EndpointKey(name.rstrip("."), "A"), name)


@pytest.mark.parametrize(
    ("reason", "name", "wants", "found"),
    [
        ("An address of either kind.", WEB, [want("A", "192.0.2.1"), want("AAAA", "2001:db8::1")],
         {(BACK, WEB, 60), (BACK6, WEB, 60)}),
        ("Each of several.", WEB, [want("A", "192.0.2.1", "192.0.2.2", ttl=90)],
         {(BACK, WEB, 90), ("2.2.0.192.in-addr.arpa.", WEB, 90)}),
        ("Nothing else has an address.", WEB, [want("CNAME", "a.example.net"), want("TXT", '"x"')],
         set()),
        ("A wildcard is no host.", f"*.{WEB}", [want("A", "192.0.2.1", name=f"*.{WEB}")], set()),
        ("What nobody bids for is on its way out.", WEB, [want("A", "192.0.2.1", source=NEW)],
         set()),
        ("Nothing.", WEB, [], set()),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)  # fmt: skip
def test_what_points_back(reason, name, wants, found):
    assert {each[:3] for each in reverse.pointers(name, wants, [bid_of(name=name)])} == found, (
        reason
    )


def test_all_names_of_an_address_share_a_set_by_the_oldest():
    found = [
        Pointer(BACK, "b.example.org.", 300, NEW),
        Pointer(BACK, WEB, 60, OLD),
        Pointer(BACK, WEB, 90, NEW),
    ]
    assert reverse.bid(found) == Bid(
        OLD,
        EndpointKey(BACK.rstrip("."), "PTR"),
        BACK,
        rrset(BACK, "PTR", 60, ["b.example.org", "web.example.org"]),
    )


def test_an_address_points_back_to_so_many_names_and_no_more():
    found = [Pointer(BACK, f"n{n:04}.example.org.", 60, OLD) for n in range(3 * MOST)]
    made = reverse.bid(found[::-1]).rrset
    assert made.values == tuple(each.target for each in found[:MOST])


@pytest.mark.parametrize(
    ("reason", "zones", "zone"),
    [
        ("The closest.", {"in-addr.arpa.", "2.0.192.in-addr.arpa."}, "2.0.192.in-addr.arpa."),
        ("Only what is there.", {"example.org.", "3.0.192.in-addr.arpa."}, None),
        ("The root is no reverse zone.", {".", "arpa."}, None),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_where_an_address_points_back(reason, zones, zone):
    assert reverse.zone_of(BACK, zones) == zone, reason
