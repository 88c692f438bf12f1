"""Answers that depend on who asks, and on chance: the right ones, kept ones too."""

import random
from collections import Counter
from ipaddress import ip_address

import atlas
import dns.edns
import dns.message
import dns.rcode
import pytest

from kubefed_dns.records import rrset
from kubefed_dns.server.names import to_wire
from kubefed_dns.server.places import Database
from kubefed_dns.server.policy import Policy
from kubefed_dns.server.server import Limits, Server

EU, DE, FR, US, CA, NOBODY = (
    "192.0.2.7",
    "192.0.2.8",
    "203.0.113.7",
    "198.51.100.200",
    "198.51.100.7",
    "10.1.1.1",
)


def routed(name, identifier, value, *, rdtype="A", **properties):
    said = {key: str(each) for key, each in properties.items()}
    return rrset(
        f"{name}.example.com", rdtype, 60, [value], set_identifier=identifier, properties=said
    )


@pytest.fixture(autouse=True)
def zone(fill):
    fill(
        "example.com.",
        rrset("plain.example.com", "A", 60, ["192.0.2.1"]),
        routed("weighted", "e", "192.0.2.1", weight=80),
        routed("weighted", "e", "2001:db8::1", rdtype="AAAA", weight=80),
        routed("weighted", "u", "192.0.2.2", weight=20),
        routed("weighted", "u", "2001:db8::2", rdtype="AAAA", weight=20),
        routed("tiered", "a", "192.0.2.1", tier=0),
        routed("tiered", "b", "192.0.2.2", tier=1),
        routed("tiered", "b", "2001:db8::2", rdtype="AAAA", tier=1),
        routed("geo", "c", "192.0.2.1", geo="US-CA"),
        routed("geo", "d", "192.0.2.2", geo="DE"),
        routed("geo", "e", "192.0.2.3", geo="EU"),
        routed("geo", "z", "192.0.2.4", geo="*"),
        routed("alias", "e", "one.example.net", rdtype="CNAME", weight=1),
        routed("alias", "u", "weighted.example.com", rdtype="CNAME", weight=1),
        routed("*.wild", "e", "192.0.2.1", weight=1),
        routed("*.wild", "u", "192.0.2.2", weight=1),
        rrset("to-geo.example.com", "CNAME", 60, ["geo.example.com"]),
    )


@pytest.fixture
def database(server, tmp_path):
    atlas.write(tmp_path / "places.mmdb")
    made = Database(str(tmp_path / "places.mmdb"))
    server.zone("example.com.").adopt(Policy(database=made))
    return made


def values(response):
    return sorted(rdata.to_text() for each in response.answer for rdata in each)


def subnet(text, bits):
    return dns.edns.ECSOption(text, bits)


def scope(response):
    (found,) = [each for each in response.options if each.otype == dns.edns.ECS]
    return found.scopelen


def test_one_set_is_drawn_for_each_answer(ask, server, chance):
    dice = random.Random(3)
    found = Counter()
    for number in range(2000):
        chance.number = dice.random()
        (value,) = values(ask("weighted.example.com", sender=f"10.0.{number % 250}.1"))
        found[value] += 1
    assert found.keys() == {"192.0.2.1", "192.0.2.2"}
    assert abs(found["192.0.2.1"] / 2000 - 0.8) < 0.03
    assert server.queries["example.com.", "NOERROR"] == 2000


def test_both_types_of_an_asker_are_of_one_draw(ask, chance):
    for number, share in enumerate((0.0, 0.9, 0.1, 0.95)):
        chance.number = share
        first = values(ask("weighted.example.com", "A" if number % 2 else "AAAA"))
        chance.number = 1 - share
        second = values(ask("weighted.example.com", "AAAA" if number % 2 else "A"))
        assert first[0][-1] == second[0][-1]


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_the_lowest_tier_answers_and_its_lack_of_ipv6_is_nobodys_gain(ask, fill, tcp):
    assert values(ask("tiered.example.com", tcp=tcp)) == ["192.0.2.1"]
    response = ask("tiered.example.com", "AAAA", tcp=tcp)
    assert response.rcode() == dns.rcode.NOERROR
    assert [str(each.name) for each in response.authority] == ["example.com."]
    fill("example.com.", routed("tiered", "b", "192.0.2.2", tier=1))
    assert values(ask("tiered.example.com", tcp=tcp)) == ["192.0.2.2"]


@pytest.mark.parametrize(
    ("reason", "sender", "want"),
    [
        ("A subdivision.", CA, "192.0.2.1"),
        ("A country.", DE, "192.0.2.2"),
        ("A continent.", FR, "192.0.2.3"),
        ("The rest of a country.", US, "192.0.2.4"),
        ("Nowhere.", NOBODY, "192.0.2.4"),
        ("As a socket for both families has it.", f"::ffff:{DE}", "192.0.2.2"),
        ("IPv6.", "2001:db8:1::1", "192.0.2.2"),
        ("Nobody knows who.", "", "192.0.2.4"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_where_the_asker_is_says_which_set(ask, database, reason, sender, want):
    for _ in range(2):
        assert values(ask("geo.example.com", sender=sender)) == [want], reason
        assert values(ask("to-geo.example.com", sender=sender))[0] == want


@pytest.mark.parametrize(
    ("reason", "name", "option", "want", "bits"),
    [
        ("A network that is in one place.", "geo", subnet("203.0.113.0", 24), "192.0.2.3", 24),
        ("More bits than it takes.", "geo", subnet(FR, 32), "192.0.2.3", 24),
        ("Fewer than it takes.", "geo", subnet("198.51.100.0", 24), "192.0.2.1", 25),
        ("A network that is nowhere.", "geo", subnet("10.0.0.0", 8), "192.0.2.4", 2),
        ("IPv6.", "geo", subnet("2001:db8:1::", 56), "192.0.2.2", 48),
        ("Who says nothing is where he asks from.", "geo", subnet("0.0.0.0", 0), "192.0.2.2", 0),
        ("An alias of such a name.", "to-geo", subnet("203.0.113.0", 24), "192.0.2.3", 24),
        ("Weights are the same everywhere.", "weighted", subnet("203.0.113.0", 24), "192.0.2.1", 0),
        ("So is what has one set.", "plain", subnet("203.0.113.0", 24), "192.0.2.1", 0),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)  # fmt: skip
def test_whom_a_resolver_asks_for_counts_and_how_far_the_answer_goes(
    ask, database, reason, name, option, want, bits
):
    for _ in range(3):
        for tcp in (False, True):
            response = ask(f"{name}.example.com", options=[option], sender=DE, tcp=tcp)
            assert values(response)[0] == want, reason
            assert scope(response) == bits, reason
            (found,) = response.options
            assert (found.address, found.srclen) == (option.address, option.srclen)


def test_without_a_database_everybody_gets_the_rest_and_nothing_depends_on_where(ask):
    response = ask("geo.example.com", options=[subnet(DE, 24)], sender=DE)
    assert values(response) == ["192.0.2.4"]
    assert scope(response) == 0


@pytest.mark.parametrize(
    ("reason", "name", "rdtype", "rcode"),
    [
        ("Nothing there.", "gone.example.com", "A", "NXDOMAIN"),
        ("No such type.", "geo.example.com", "TXT", "NOERROR"),
        ("Not ours.", "www.example.edu", "A", "REFUSED"),
        ("A transfer.", "example.com", "AXFR", "REFUSED"),
        ("No type to ask for.", "www.example.com", "OPT", "FORMERR"),
    ],
)
def test_other_answers_to_such_a_question_have_no_scope(ask, database, reason, name, rdtype, rcode):
    for _ in range(2):
        response = ask(name, rdtype, options=[subnet(DE, 24)])
        assert dns.rcode.to_text(response.rcode()) == rcode, reason
        assert scope(response) == 0, reason


def test_a_subnet_beside_other_options_is_found(ask, database):
    cookie = dns.edns.GenericOption(10, b"c" * 8)
    for options in ([cookie, subnet(FR, 24)], [subnet(FR, 24), cookie]):
        response = ask("geo.example.com", options=options)
        assert values(response) == ["192.0.2.3"]
        assert [each.otype for each in response.options] == [dns.edns.ECS]


MALFORMED = ["0001180000", "00011818c00002", "00032000c0000201", "00011400c00011", "00"]


@pytest.mark.parametrize("data", MALFORMED)
@pytest.mark.parametrize("name", ["plain", "geo", "gone"])
def test_a_malformed_subnet_is_a_format_error_whatever_is_asked(ask, server, name, data):
    good = subnet(FR, 24)
    assert ask(f"{name}.example.com", options=[good]).rcode() != dns.rcode.FORMERR
    option = dns.edns.GenericOption(8, bytes.fromhex(data))
    assert ask(f"{name}.example.com", options=[option]).rcode() == dns.rcode.FORMERR
    assert ask(f"{name}.example.com", options=[good, good]).rcode() == dns.rcode.FORMERR
    assert ask(f"{name}.example.com", options=[good]).rcode() != dns.rcode.FORMERR


def test_an_alias_is_drawn_and_followed(ask, chance):
    chance.number = 0.1
    assert values(ask("alias.example.com")) == ["one.example.net."]
    chance.number = 0.6
    response = ask("alias.example.com", sender="10.0.0.1")
    assert values(response) == ["192.0.2.1", "weighted.example.com."]
    assert values(ask("alias.example.com", "CNAME")) == ["weighted.example.com."]


def test_a_wildcard_is_drawn_from_too(ask, chance):
    assert values(ask("any.wild.example.com")) == ["192.0.2.1"]
    chance.number = 0.9
    assert values(ask("any.wild.example.com", sender="10.0.0.1")) == ["192.0.2.2"]


def test_a_changed_weight_counts_at_once(ask, fill, chance):
    chance.number = 0.5
    assert values(ask("weighted.example.com")) == ["192.0.2.1"]
    fill(
        "example.com.",
        routed("weighted", "e", "192.0.2.1", weight=0),
        routed("weighted", "u", "192.0.2.2", weight=20),
    )
    assert values(ask("weighted.example.com")) == ["192.0.2.2"]
    fill("example.com.", rrset("weighted.example.com", "A", 60, ["192.0.2.9"]))
    assert values(ask("weighted.example.com")) == ["192.0.2.9"]


def test_a_replaced_database_counts_at_once(ask, database):
    assert values(ask("geo.example.com", sender=NOBODY)) == ["192.0.2.4"]
    atlas.write(database.path, {"10.0.0.0/8": atlas.place("EU", "DE")})
    database.refresh()
    assert values(ask("geo.example.com", sender=NOBODY)) == ["192.0.2.2"]
    assert values(ask("geo.example.com", sender=DE)) == ["192.0.2.4"]


def test_kept_answers_are_those_that_would_be_made_anew(server, clock, chance, database):
    """A server that keeps answers says the same as one that keeps none."""
    other = Server(now=clock, ns_name="ns.example.net", chance=chance, limits=Limits(cached=1))
    other.add_zone("example.com.").adopt(Policy(database=database))
    zone = server.zone("example.com.")
    nodes = {to_wire(each.name): zone.node(to_wire(each.name)) for each in zone.rrsets()}
    other.zone("example.com.").apply(nodes)
    server.zone("example.com.").raise_serial(other.zone("example.com.").serial - 1)
    assert zone.serial == other.zone("example.com.").serial
    dice = random.Random(4)
    names = ["plain", "weighted", "tiered", "geo", "to-geo", "alias", "x.wild", "gone"]
    for _ in range(3000):
        chance.number = dice.random()
        anywhere = subnet(str(ip_address(dice.getrandbits(32))), 32)
        near = subnet(dice.choice([EU, FR, CA]), 24)
        query = dns.message.make_query(
            f"{dice.choice(names)}.example.com",
            dice.choice(["A", "AAAA"]),
            options=dice.choice([None, [anywhere], [near]]),
        )
        packet, tcp = query.to_wire(), dice.random() < 0.2
        sender = dice.choice([EU, FR, CA, US, NOBODY])
        assert server.respond(packet, sender, tcp=tcp) == other.respond(packet, sender, tcp=tcp)
