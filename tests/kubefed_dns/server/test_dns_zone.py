"""What one zone says, by the tables of RFC 4592 and of this project."""

import pytest

from kubefed_dns.records import rrset
from kubefed_dns.server import names
from kubefed_dns.server.found import Alias, Data, NoData, NoName, Referral, Unknown
from kubefed_dns.server.node import Node
from kubefed_dns.server.zone import Zone

WILDCARDS = (
    rrset("*.example", "TXT", 3600, ['"this is a wildcard"']),
    rrset("*.example", "MX", 3600, ["10 host1.example"]),
    rrset("sub.*.example", "TXT", 3600, ['"this is not a wildcard"']),
    rrset("host1.example", "A", 3600, ["192.0.2.1"]),
    rrset("_ssh._tcp.host1.example", "SRV", 3600, ["0 0 22 host1.example"]),
    rrset("_ssh._tcp.host2.example", "SRV", 3600, ["0 0 22 host2.example"]),
    rrset("subdel.example", "NS", 3600, ["ns.example.com", "ns.subdel.example"]),
    rrset("ns.subdel.example", "A", 3600, ["192.0.2.53"]),
    rrset("deep.in.subdel.example", "NS", 3600, ["ns.example.org"]),
    rrset("subdel.example", "DS", 3600, ["1 8 2 " + "ab" * 32]),
    rrset("alias.example", "CNAME", 3600, ["host1.example"]),
    rrset("a.*.empty.example", "A", 3600, ["192.0.2.7"]),
)


def filled(clock, name, *rrsets, ns="ns.example.net"):
    zone = Zone(name, ns=ns, now=clock)
    put(zone, *rrsets)
    return zone


def put(zone, *rrsets):
    nodes = {}
    for each in rrsets:
        nodes.setdefault(names.to_wire(each.name), {})[each.key] = each
    zone.apply({name: Node.of(sets) for name, sets in nodes.items()})


def find(zone, name, rdtype):
    return zone.find(names.to_wire(name), rdtype)[0]


A, NS, SOA, MX, TXT, AAAA, SRV, DS, ANY, TYPE1234 = 1, 2, 6, 15, 16, 28, 33, 43, 255, 1234


@pytest.mark.parametrize(
    ("reason", "name", "rdtype", "want"),
    [
        ("RFC 4592: a name that is nowhere has what the wildcard has.", "host3.example", MX, Data),
        ("RFC 4592: and has not what the wildcard has not.", "host3.example", A, NoData),
        ("RFC 4592: a wildcard covers several labels.", "foo.bar.example", TXT, Data),
        ("RFC 4592: a name that exists is not covered.", "host1.example", MX, NoData),
        ("RFC 4592: a name below a wildcard exists.", "sub.*.example", MX, NoData),
        ("RFC 4592: an existing parent blocks.", "_telnet._tcp.host1.example", SRV, NoName),
        ("RFC 4592: an empty parent blocks too.", "host9.host2.example", SRV, NoName),
        ("RFC 4592: a wildcard's own child is not covered.", "ghost.*.example", MX, NoName),
        ("RFC 4592: delegations come before wildcards.", "host.subdel.example", A, Referral),
        ("The wildcard can be asked for by its own name.", "*.example", TXT, Data),
        ("RFC 8020: what only has children exists.", "_tcp.host1.example", A, NoData),
        ("An empty non-terminal two levels up exists.", "host2.example", A, NoData),
        ("RFC 4592, 4.9: an empty wildcard covers, with nothing.", "x.empty.example", A, NoData),
        ("The name of a delegation is handed on.", "subdel.example", A, Referral),
        ("Even its NS, which are the child's.", "subdel.example", NS, Referral),
        ("But DS is the parent's.", "subdel.example", DS, Data),
        ("Glue is not ours to answer.", "ns.subdel.example", A, Referral),
        ("The apex exists.", "example", A, NoData),
        ("The apex has NS.", "example", NS, Data),
        ("The apex has a SOA.", "example", SOA, Data),
        ("A type that nobody knows is one like others.", "host1.example", TYPE1234, NoData),
        ("An alias stands for all types.", "alias.example", AAAA, Alias),
        ("But it can be asked for.", "alias.example", 5, Data),
        ("ANY gets something.", "host1.example", ANY, Data),
        ("ANY of an alias gets the alias.", "alias.example", ANY, Data),
        ("ANY of an empty name gets nothing.", "host2.example", ANY, NoData),
    ],
)
def test_find(clock, reason, name, rdtype, want):
    assert type(find(filled(clock, "example.", *WILDCARDS), name, rdtype)) is want, reason


def test_the_topmost_delegation_counts_and_brings_its_glue(clock):
    zone = filled(clock, "example.", *WILDCARDS)
    found = find(zone, "x.deep.in.subdel.example", A)
    assert isinstance(found, Referral)
    assert found.servers[0] == names.to_wire("subdel.example")
    assert [owner for owner, _ in found.glue] == [names.to_wire("ns.subdel.example")]


def test_any_is_answered_with_the_smallest_set(clock):
    zone = filled(
        clock,
        "example.",
        rrset("x.example", "A", 60, ["192.0.2.1", "192.0.2.2"]),
        rrset("x.example", "AAAA", 60, ["2001:db8::1"]),
    )
    found = find(zone, "x.example", ANY)
    assert isinstance(found, Data)
    assert found.records.type == AAAA


def test_a_zone_knows_nothing_until_it_is_filled(clock):
    zone = Zone("example.", ns="ns.example.net", now=clock)
    assert find(zone, "example", SOA) == Unknown()
    zone.apply({})
    assert isinstance(find(zone, "example", SOA), Data)
    assert isinstance(find(zone, "x.example", A), NoName)


def test_names_vanish_with_what_was_below_them(clock):
    zone = filled(clock, "example.", rrset("a.b.c.example", "A", 60, ["192.0.2.1"]))
    assert isinstance(find(zone, "c.example", A), NoData)
    put(zone, rrset("x.c.example", "A", 60, ["192.0.2.1"]))
    zone.apply({names.to_wire("a.b.c.example"): None})
    assert isinstance(find(zone, "b.c.example", A), NoName)
    assert isinstance(find(zone, "c.example", A), NoData)
    zone.apply({names.to_wire("x.c.example"): None})
    assert isinstance(find(zone, "c.example", A), NoName)
    assert zone.rrsets() == []


def test_a_delegation_ends_with_its_record(clock):
    zone = filled(clock, "example.", *WILDCARDS)
    zone.apply({names.to_wire("deep.in.subdel.example"): None})
    zone.apply({names.to_wire("subdel.example"): None})
    assert isinstance(find(zone, "ns.subdel.example", A), Data)


@pytest.mark.parametrize(
    ("reason", "seconds", "floor", "changes", "want"),
    [
        ("A zone begins with the time.", 1000, 0, 0, 1000),
        ("Changes within a second count up.", 1000, 0, 3, 1003),
        ("A floor ahead of the time wins.", 1000, 5000, 1, 5002),
        ("A floor behind the time does not matter.", 1000, 500, 0, 1000),
        ("The greatest serial is followed by the time (RFC 1982).", 1000, 2**32 - 1, 0, 1000),
        ("0 is skipped, for it means none.", 2**31 + 5, 2**32 - 1, 0, 1),
        ("A zone begins with the time after 2038 too.", 2**31 + 5, 0, 0, 2**31 + 5),
    ],
)
def test_serial(clock, reason, seconds, floor, changes, want):
    clock.go(seconds - clock.time.timestamp())
    zone = Zone("example.", ns="ns.example.net", now=clock, floor=floor)
    for number in range(changes):
        put(zone, rrset(f"n{number}.example", "A", 60, ["192.0.2.1"]))
    assert zone.serial == want, reason


def test_the_serial_moves_with_each_change_even_when_the_clock_goes_back(clock):
    zone = filled(clock, "example.")
    seen = [zone.serial]
    for step in (0, 0, -3600, 10):
        clock.go(step)
        put(zone, rrset("www.example", "A", step % 7, ["192.0.2.1"]))
        seen.append(zone.serial)
    assert seen == sorted(set(seen))


def test_nothing_to_do_leaves_the_serial_alone(clock):
    zone = filled(clock, "example.")
    before = zone.serial, zone.version
    clock.go(100)
    zone.apply({})
    zone.serve_as("ns.example.net")
    zone.raise_serial(zone.serial)
    assert (zone.serial, zone.version) == before


def test_a_serial_remembered_late_is_respected(clock):
    zone = filled(clock, "example.")
    zone.raise_serial(zone.serial + 100)
    assert zone.serial == int(clock.time.timestamp()) + 101


@pytest.mark.parametrize("name", [".", "example.", ".".join(["a" * 63] * 3 + ["b" * 55]) + "."])
def test_every_zone_has_an_apex_whatever_its_length(clock, name):
    zone = filled(clock, name)
    found = find(zone, name, SOA)
    assert isinstance(found, Data)
    assert isinstance(find(zone, name, NS), Data)
