"""Random zones and questions, answered by the server and by a slow reading of the RFCs."""

from collections.abc import Mapping
from datetime import UTC, datetime

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zone
from hypothesis import given, settings
from hypothesis import strategies as st

from kubefed_dns.providers.embedded import Embedded
from kubefed_dns.providers.protocol import Context
from kubefed_dns.records import Create, Delete, Group, RRset, rrset
from kubefed_dns.server.server import Server

ORIGIN = dns.name.from_text("example.")
NOW = datetime(2030, 1, 1, tzinfo=UTC)

labels = st.sampled_from(["a", "b", "*"])
below = st.lists(labels, min_size=1, max_size=4).map(lambda parts: ".".join([*parts, "example."]))
VALUES = {
    "A": st.just(["192.0.2.1"]),
    "TXT": st.just(['"text"']),
    "CNAME": st.lists(below | st.just("elsewhere.test."), min_size=1, max_size=1),
    "NS": st.just(["ns.elsewhere.test."]),
}


@st.composite
def names(draw) -> list[RRset]:
    """What stands at some names: an alias alone, a delegation, or other types."""
    found = []
    for name in draw(st.sets(below, max_size=8)):
        kind = draw(st.sampled_from(["alias", "plain", "plain", "cut"]))
        if kind == "alias":
            types = {"CNAME"}
        elif kind == "cut" and not name.startswith("*"):
            types = {"NS"}
        else:
            types = draw(st.sets(st.sampled_from(["A", "TXT"]), min_size=1))
        found += [rrset(name, each, 60, draw(VALUES[each])) for each in sorted(types)]
    return found


def reference(zone: dns.zone.Zone, name: dns.name.Name, rdtype: str) -> tuple[str, list[str]]:
    """The outcome, and the owners in the answer section."""
    owners: list[str] = []
    while True:
        node, outcome = look(zone, name)
        if node is None:
            return outcome if not owners or outcome != "REFERRAL" else "NOERROR", owners
        wanted = node.get_rdataset(zone.rdclass, dns.rdatatype.from_text(rdtype))
        alias = node.get_rdataset(zone.rdclass, dns.rdatatype.CNAME)
        if wanted is not None:
            return "NOERROR", [*owners, name.to_text()]
        if alias is None:
            return "NODATA", owners
        owners.append(name.to_text())
        name = alias[0].target
        if not name.is_subdomain(ORIGIN) or name.to_text() in owners:
            return "NOERROR", owners


def look(zone: dns.zone.Zone, name: dns.name.Name) -> tuple[dns.node.Node | None, str]:
    """The node that answers for a name, by looking at every name of the zone."""
    held: Mapping[dns.name.Name, dns.node.Node] = zone.nodes
    for cut, node in held.items():
        delegates = node.get_rdataset(zone.rdclass, dns.rdatatype.NS) is not None
        if delegates and cut != ORIGIN and name.is_subdomain(cut):
            return None, "REFERRAL"

    def exists(one: dns.name.Name) -> bool:
        return any(other.is_subdomain(one) for other in held)

    if not exists(name):
        encloser = name.parent()
        while not exists(encloser):
            encloser = encloser.parent()
        name = dns.name.Name([b"*"]).concatenate(encloser)
        if not exists(name):
            return None, "NXDOMAIN"
    return (held[name], "") if name in held else (None, "NODATA")


def outcome(server: Server, name: str, rdtype: str) -> tuple[str, list[str]]:
    wire = server.respond(dns.message.make_query(name, rdtype).to_wire())
    assert wire is not None
    response = dns.message.from_wire(wire)
    owners = [each.name.to_text() for each in response.answer]
    found = dns.rcode.to_text(response.rcode())
    if found == "NOERROR" and response.authority:
        found = "NODATA" if response.flags & dns.flags.AA else "REFERRAL"
    return found, owners


def text_zone(rrsets: list[RRset]) -> dns.zone.Zone:
    apex = "example. 60 IN SOA ns.test. h.test. 1 1 1 1 1\nexample. 60 IN NS ns.test.\n"
    lines = [f"{r.name} {r.ttl} IN {r.type} {value}\n" for r in rrsets for value in r.values]
    return dns.zone.from_text(apex + "".join(lines), ORIGIN, relativize=False)


@settings(max_examples=150, deadline=None)
@given(
    first=names(),
    then=names(),
    asked=st.lists(st.tuples(below, st.sampled_from(["A", "TXT", "CNAME"])), max_size=12),
)
def test_the_server_says_what_the_rfcs_say_before_and_after_a_change(first, then, asked):
    server = Server(now=lambda: NOW)
    provider = Embedded(Context("test", zones=("example.",)), server)
    held: list[RRset] = []
    for wanted in (first, then):
        every = {each.name for each in (*held, *wanted)}
        groups = [
            Group(
                name,
                (
                    *(Delete(each) for each in held if each.name == name),
                    *(Create(each) for each in wanted if each.name == name),
                ),
            )
            for name in sorted(every)
        ]
        assert provider.write("example.", groups) == []
        held = wanted
        assert sorted(provider.read("example.")) == sorted(held)
        zone = text_zone(held)
        for name, rdtype in [*asked, *((each.name, each.type) for each in held)]:
            want = reference(zone, dns.name.from_text(name), rdtype)
            assert outcome(server, name, rdtype) == want, (name, rdtype)
            assert outcome(server, name.upper(), rdtype)[0] == want[0], (name, rdtype)
