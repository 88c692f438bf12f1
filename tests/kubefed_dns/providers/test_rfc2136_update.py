import dns.rdataclass
import dns.rdatatype
import pytest

from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import rfc2136_update as update
from kubefed_dns.records import Create, Delete, Group, RRset, Update, rrset

ZONE = "example.org."
WWW = "www.example.org."
A = rrset(WWW, "A", 60, ["192.0.2.1"])
A2 = rrset(WWW, "A", 30, ["192.0.2.1"])
AAAA = rrset(WWW, "AAAA", 60, ["2001:db8::1"])
TXT = rrset(f"a-{WWW}", "TXT", 60, ['"owner"'])
CNAME = rrset(WWW, "CNAME", 60, ["target.example."])
OTHER = rrset(WWW, "CNAME", 60, ["other.example."])


def lines(section):
    """The records of a section as "class type value", without the order of prerequisites."""
    texts = []
    for one in section:
        rdclass = dns.rdataclass.to_text(one.deleting or one.rdclass)
        values = " ".join(rdata.to_text() for rdata in one)
        texts.append(f"{rdclass} {dns.rdatatype.to_text(one.rdtype)} {values}".strip())
    return texts


def message(*changes):
    prepared = update.prepare(Group(WWW, changes), ZONE)
    return update.message(ZONE, [prepared], None)


@pytest.mark.parametrize(
    ("reason", "changes", "require", "do"),
    [
        (
            "What is created must not be there, and no alias either.",
            [Create(A)],
            ["NONE A", "NONE CNAME"],
            ["IN A 192.0.2.1"],
        ),
        (
            "That there is no alias is required once.",
            [Create(A), Create(AAAA)],
            ["NONE A", "NONE CNAME", "NONE AAAA"],
            ["IN A 192.0.2.1", "IN AAAA 2001:db8::1"],
        ),
        (
            "What changes is required by value, is removed, and then added.",
            [Update(A, A2)],
            ["IN A 192.0.2.1"],
            ["ANY A", "IN A 192.0.2.1"],
        ),
        ("What goes is required by value.", [Delete(A)], ["IN A 192.0.2.1"], ["ANY A"]),
        (
            "An alias needs a name that is not in use.",
            [Create(CNAME)],
            ["NONE ANY"],
            ["IN CNAME target.example."],
        ),
        (
            "Removals come first, and an alias that goes makes room.",
            [Create(A), Delete(CNAME)],
            ["IN CNAME target.example.", "NONE A"],
            ["ANY CNAME", "IN A 192.0.2.1"],
        ),
        (
            "Removing and creating one set is an update.",
            [Delete(A), Create(A2)],
            ["IN A 192.0.2.1"],
            ["ANY A", "IN A 192.0.2.1"],
        ),
        (
            "An alias is replaced by what is added.",
            [Update(CNAME, OTHER)],
            ["IN CNAME target.example."],
            ["IN CNAME other.example."],
        ),
        ("A change to the same is only required.", [Update(A, A)], ["IN A 192.0.2.1"], []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_group_requires_and_does(reason, changes, require, do):
    made = message(*changes)
    assert lines(made.prerequisite) == require, reason
    assert lines(made.update) == do, reason


def test_an_alias_in_place_of_data_requires_that_there_is_no_other_data():
    made = message(Delete(A), Create(CNAME))
    required = lines(made.prerequisite)
    assert required[0] == "IN A 192.0.2.1"
    none = {"AAAA", "TXT", "MX", "CAA", "CNAME", "KEY"}
    assert {f"NONE {rrtype}" for rrtype in none} <= set(required)
    assert not {"NONE A", "NONE RRSIG", "NONE NSEC", "NONE ANY", "NONE OPT"} & set(required)
    assert lines(made.update) == ["ANY ANY", "IN CNAME target.example."]


@pytest.mark.parametrize(
    ("reason", "changes", "says"),
    [
        (
            "It is elsewhere.",
            [Create(rrset("www.example.com.", "A", 60, ["192.0.2.1"]))],
            "not in zone",
        ),
        (
            "Only whole labels count.",
            [Create(rrset("wwwexample.org.", "A", 60, ["192.0.2.1"]))],
            "not in zone",
        ),
        (
            "The name servers of the apex stay.",
            [Create(rrset(ZONE, "NS", 60, ["ns.example."]))],
            "not written",
        ),
        (
            "The SOA is the server's.",
            [Delete(RRset(ZONE, "SOA", 60, ("a. b. 1 1 1 1 1",)))],
            "not written",
        ),
        (
            "There is one set a type.",
            [Create(rrset(WWW, "A", 60, ["192.0.2.1"], set_identifier="eu"))],
            "set identifiers",
        ),
        ("A set has values.", [Create(RRset(WWW, "A", 60, ()))], "no values"),
        ("A value is one of its type.", [Create(RRset(WWW, "A", 60, ("www",)))], "www"),
        (
            "A name is one.",
            [Create(RRset("a..example.org.", "A", 60, ("192.0.2.1",)))],
            "no DNS name",
        ),
        ("An alias has one target.", [Create(rrset(WWW, "CNAME", 60, ["a.", "b."]))], "one target"),
        ("An alias stands alone.", [Create(CNAME), Update(A, A2)], "beside an alias"),
        ("The apex is no alias.", [Create(rrset(ZONE, "CNAME", 60, ["a."]))], "apex"),
        ("It says the same twice.", [Create(A), Create(A)], "contradicts itself"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_zone_could_never_take(reason, changes, says):
    with pytest.raises(InvalidName, match=says):
        update.prepare(Group(WWW, tuple(changes)), ZONE)


def prepared(*names, values=1):
    return [
        update.prepare(
            Group(name, (Create(rrset(name, "A", 60, [f"192.0.2.{n}" for n in range(values)])),)),
            ZONE,
        )
        for name in (f"{name}.{ZONE}" for name in names)
    ]


@pytest.mark.parametrize(
    ("reason", "groups", "want"),
    [
        ("Nothing takes no room.", [], 0),
        ("As many as a message may hold.", prepared(*(f"n{n}" for n in range(300))), 200),
        ("No name twice, as prerequisites come first.", prepared("a", "b", "a", "c"), 2),
        ("As many octets as a message may hold.", prepared(*"abcdefgh", values=200), 7),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_how_many_go_into_a_message(reason, groups, want):
    assert update.fit(groups) == want, reason


@pytest.mark.parametrize("rrtype", sorted(update.TYPES))
def test_no_group_is_larger_than_was_reckoned(rrtype):
    value = {
        "A": "192.0.2.1",
        "AAAA": "::",
        "CAA": '0 issue ""',
        "CNAME": "a.",
        "MX": "0 a.",
        "NAPTR": '0 0 "" "" "" .',
        "NS": "a.",
        "PTR": "a.",
        "SRV": "0 0 0 .",
        "TXT": '""',
    }[rrtype]
    old, new = (rrset(f"w.{ZONE}", rrtype, ttl, [value]) for ttl in (1, 2))
    for changes in ((Create(new),), (Update(old, new),), (Delete(old),)):
        one = update.prepare(Group(old.name, changes), ZONE)
        empty = len(update.message(ZONE, [], None).to_wire())
        assert len(update.message(ZONE, [one], None).to_wire()) - empty <= one.octets
