"""Answers across names and zones: aliases, delegations, negative answers."""

import dns.rcode
import dns.rdatatype
import pytest

from kubefed_dns.records import rrset

COM = (
    rrset("www.example.com", "A", 60, ["192.0.2.1", "192.0.2.2"]),
    rrset("alias.example.com", "CNAME", 60, ["www.example.com"]),
    rrset("twice.example.com", "CNAME", 60, ["alias.example.com"]),
    rrset("over.example.com", "CNAME", 60, ["www.example.org"]),
    rrset("out.example.com", "CNAME", 60, ["www.example.edu"]),
    rrset("dangling.example.com", "CNAME", 60, ["gone.example.com"]),
    rrset("half.example.com", "CNAME", 60, ["ent.example.com"]),
    rrset("a.ent.example.com", "A", 60, ["192.0.2.3"]),
    rrset("loop1.example.com", "CNAME", 60, ["loop2.example.com"]),
    rrset("loop2.example.com", "CNAME", 60, ["loop1.example.com"]),
    rrset("self.example.com", "CNAME", 60, ["self.example.com"]),
    rrset("*.wild.example.com", "CNAME", 60, ["www.example.com"]),
    rrset("sub.example.com", "NS", 60, ["ns.sub.example.com"]),
    rrset("ns.sub.example.com", "A", 60, ["192.0.2.53"]),
    rrset("down.example.com", "CNAME", 60, ["www.sub.example.com"]),
    rrset("late.example.com", "CNAME", 60, ["www.empty.example"]),
)
ORG = (rrset("www.example.org", "A", 60, ["198.51.100.1"]),)


@pytest.fixture(autouse=True)
def zones(fill, server):
    fill("example.com.", *COM)
    fill("example.org.", *ORG)
    server.add_zone("empty.example.")


def lines(section):
    """Owner, type and value of each record."""
    return [
        f"{each.name} {dns.rdatatype.to_text(each.rdtype)} {rdata}"
        for each in section
        for rdata in each
    ]


SOA_COM = "example.com. SOA"
WWW = ["www.example.com. A 192.0.2.1", "www.example.com. A 192.0.2.2"]


@pytest.mark.parametrize(
    ("reason", "name", "rdtype", "rcode", "answer", "authority"),
    [
        ("All values are answered.", "www", "A", "NOERROR", WWW, None),
        ("Another type is NODATA.", "www", "AAAA", "NOERROR", [], SOA_COM),
        ("A missing name is NXDOMAIN.", "gone", "A", "NXDOMAIN", [], SOA_COM),
        (
            "An alias is followed.",
            "alias", "A", "NOERROR", ["alias.example.com. CNAME www.example.com.", *WWW], None,
        ),
        (
            "A chain is followed.",
            "twice", "A", "NOERROR",
            [
                "twice.example.com. CNAME alias.example.com.",
                "alias.example.com. CNAME www.example.com.",
                *WWW,
            ],
            None,
        ),
        (
            "An alias is not followed when it is what was asked for.",
            "alias", "CNAME", "NOERROR", ["alias.example.com. CNAME www.example.com."], None,
        ),
        (
            "An alias is followed into another zone of ours.",
            "over", "A", "NOERROR",
            ["over.example.com. CNAME www.example.org.", "www.example.org. A 198.51.100.1"],
            None,
        ),
        (
            "NODATA at the end of a chain has the SOA of the last zone.",
            "over", "AAAA", "NOERROR",
            ["over.example.com. CNAME www.example.org."], "example.org. SOA",
        ),
        (
            "An alias that leaves our zones is all we know.",
            "out", "A", "NOERROR", ["out.example.com. CNAME www.example.edu."], None,
        ),
        (
            "The rcode is that of the last name (RFC 6604).",
            "dangling", "A", "NXDOMAIN",
            ["dangling.example.com. CNAME gone.example.com."], SOA_COM,
        ),
        (
            "An alias of an empty non-terminal has no data.",
            "half", "A", "NOERROR", ["half.example.com. CNAME ent.example.com."], SOA_COM,
        ),
        (
            "A loop is shown once around.",
            "loop1", "A", "NOERROR",
            [
                "loop1.example.com. CNAME loop2.example.com.",
                "loop2.example.com. CNAME loop1.example.com.",
            ],
            None,
        ),
        (
            "An alias of itself is shown once.",
            "self", "A", "NOERROR", ["self.example.com. CNAME self.example.com."], None,
        ),
        (
            "A wildcard alias has the name that was asked for.",
            "x.wild", "A", "NOERROR",
            ["x.wild.example.com. CNAME www.example.com.", *WWW], None,
        ),
        (
            "An alias into a delegation is all we know.",
            "down", "A", "NOERROR", ["down.example.com. CNAME www.sub.example.com."], None,
        ),
        (
            "An alias into a zone that is not filled is all we know.",
            "late", "A", "NOERROR", ["late.example.com. CNAME www.empty.example."], None,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_answer(ask, reason, name, rdtype, rcode, answer, authority):
    response = ask(f"{name}.example.com", rdtype)
    assert dns.rcode.to_text(response.rcode()) == rcode, reason
    assert lines(response.answer) == answer, reason
    assert response.flags & dns.flags.AA, reason
    assert not response.additional, reason
    if authority is None:
        assert not response.authority, reason
    else:
        assert [line.startswith(authority) for line in lines(response.authority)] == [True], reason


def test_negative_answers_live_as_long_as_the_soa_says(ask):
    """RFC 2308: the lesser of the SOA's TTL and its last field."""
    (soa,) = ask("gone.example.com").authority
    assert soa.ttl == min(ask("example.com", "SOA").answer[0].ttl, soa[0].minimum)


def test_a_delegation_is_no_authority_and_brings_its_glue(ask):
    response = ask("www.sub.example.com")
    assert response.rcode() == dns.rcode.NOERROR
    assert not response.flags & dns.flags.AA
    assert lines(response.authority) == ["sub.example.com. NS ns.sub.example.com."]
    assert lines(response.additional) == ["ns.sub.example.com. A 192.0.2.53"]


def test_the_apex_names_its_server_with_its_address_when_the_zone_has_it(ask, fill, server):
    server.add_zone("example.com.", ns="ns7.example.com")
    assert not ask("example.com", "NS").additional
    fill("example.com.", rrset("ns7.example.com", "AAAA", 60, ["2001:db8::53"]))
    response = ask("example.com", "NS")
    assert lines(response.answer) == ["example.com. NS ns7.example.com."]
    assert lines(response.additional) == ["ns7.example.com. AAAA 2001:db8::53"]
    (soa,) = ask("example.com", "SOA").answer
    assert str(soa[0].mname) == "ns7.example.com."
    assert str(soa[0].rname) == "hostmaster.example.com."


def test_a_zone_below_a_zone_answers_for_itself_but_for_ds(ask, fill):
    fill("kid.example.com.", rrset("www.kid.example.com", "A", 60, ["203.0.113.1"]))
    assert lines(ask("www.kid.example.com").answer) == ["www.kid.example.com. A 203.0.113.1"]
    assert str(ask("kid.example.com", "SOA").answer[0].name) == "kid.example.com."
    assert str(ask("kid.example.com", "DS").authority[0].name) == "example.com."


@pytest.mark.parametrize(
    ("reason", "name", "rcode"),
    [
        ("A name outside our zones is refused.", "www.example.edu", "REFUSED"),
        ("So is the parent of a zone of ours.", "com", "REFUSED"),
        ("And the root.", ".", "REFUSED"),
        ("A name that only ends alike is outside.", "myexample.com", "REFUSED"),
        ("A zone that is not filled says so.", "www.empty.example", "SERVFAIL"),
        ("Its apex too.", "empty.example", "SERVFAIL"),
    ],
)
def test_names_we_do_not_answer_for(ask, reason, name, rcode):
    response = ask(name)
    assert dns.rcode.to_text(response.rcode()) == rcode, reason
    assert not response.flags & dns.flags.AA
    assert response.sections[1:] == [[], [], []]


def test_a_long_chain_ends_somewhere(ask, fill):
    many = [rrset(f"n{n}.example.com", "CNAME", 60, [f"n{n + 1}.example.com"]) for n in range(100)]
    fill("example.com.", *many)
    response = ask("n0.example.com", tcp=True)
    assert response.rcode() == dns.rcode.NOERROR
    assert len(response.answer) == 16


def test_the_root_can_be_a_zone(ask, fill):
    fill(".", rrset("www.example.edu", "A", 60, ["192.0.2.9"]))
    assert lines(ask("www.example.edu").answer) == ["www.example.edu. A 192.0.2.9"]
    assert ask("edu").rcode() == dns.rcode.NOERROR
    assert ask("nowhere").rcode() == dns.rcode.NXDOMAIN
    assert ask("www.example.org").answer


def test_a_dropped_zone_is_refused_and_forgotten(ask, fill, server):
    assert ask("www.example.org").answer
    server.drop_zone("example.org.")
    server.drop_zone("never.example.")
    assert ask("www.example.org").rcode() == dns.rcode.REFUSED
    assert len(ask("over.example.com").answer) == 1
    server.add_zone("example.org.")
    assert ask("www.example.org").rcode() == dns.rcode.SERVFAIL


def test_answers_follow_changes_in_all_zones_they_came_from(ask, fill):
    for address in ("198.51.100.7", "198.51.100.8"):
        fill("example.org.", rrset("www.example.org", "A", 60, [address]))
        for _ in range(2):
            assert lines(ask("over.example.com").answer)[-1] == f"www.example.org. A {address}"
    assert len(ask("late.example.com").answer) == 1
    fill("empty.example.", rrset("www.empty.example", "A", 60, ["192.0.2.1"]))
    assert len(ask("late.example.com").answer) == 2
