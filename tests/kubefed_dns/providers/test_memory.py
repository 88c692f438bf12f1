import pytest

from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.providers.memory import Memory
from kubefed_dns.providers.protocol import Capabilities, Context
from kubefed_dns.records import ROUTING, Create, Delete, Group, RRset, Update, rrset

ZONE = "example.org."
A = rrset("www.example.org.", "A", 300, ["192.0.2.1"])


class TestMemory(ProviderContract):
    claims = Capabilities(routing=ROUTING, aliases=True)

    @pytest.fixture
    def provider(self):
        return Memory(Context("memory", zones=(ZONE,)))

    @pytest.fixture
    def zone(self):
        return ZONE


@pytest.fixture
def memory():
    return Memory(Context("memory", zones=(ZONE,)))


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("An old TTL that differs is another set.", Delete(RRset(A.name, "A", 60, A.values))),
        (
            "An old value that differs is another set.",
            Delete(RRset(A.name, "A", 300, ("192.0.2.2",))),
        ),
        ("What is there cannot be created.", Create(A)),
        (
            "Where a plain set is, a routed one cannot be.",
            Create(rrset(A.name, "A", 300, ["192.0.2.1"], set_identifier="eu")),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_differs_from_the_zone_is_lost(memory, reason, change):
    assert not memory.write(ZONE, [Group(A.name, (Create(A),))])
    (refusal,) = memory.write(ZONE, [Group(A.name, (change,))])
    assert refusal.lost, reason
    assert memory.read(ZONE) == (A,)


@pytest.mark.parametrize(
    ("reason", "new"),
    [
        ("A name has to be canonical.", RRset("WWW.example.org.", "A", 300, ("192.0.2.1",))),
        ("Values have to be canonical.", RRset(A.name, "A", 300, ("192.0.2.2", "192.0.2.1"))),
        ("A value has to be one of its type.", RRset(A.name, "A", 300, ("www",))),
        ("A set has values.", RRset(A.name, "A", 300, ())),
        ("A TTL has 31 bits.", RRset(A.name, "A", 2**31, A.values)),
        ("A type has to be claimed.", rrset(A.name, "MX", 300, ["10 mail.example."])),
        ("The apex's name servers are not ours.", rrset(ZONE, "NS", 300, ["ns.example."])),
        ("No CNAME is at the apex.", rrset(ZONE, "CNAME", 300, ["lb.example."])),
        (
            "What is chosen among others has an identifier.",
            rrset(A.name, "A", 300, ["192.0.2.1"], properties={"weight": "1"}),
        ),
        (
            "Properties have to be claimed.",
            rrset(A.name, "A", 300, ["192.0.2.1"], set_identifier="x", properties={"aws/x": "1"}),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_no_zone_takes_is_refused_for_good(memory, reason, new):
    (refusal,) = memory.write(ZONE, [Group(new.name, (Create(new),))])
    assert not refusal.lost, reason
    assert memory.marker(ZONE) == "1"


def test_an_update_stays_at_its_name_and_type(memory):
    other = rrset("other.example.org.", "A", 300, ["192.0.2.1"])
    memory.write(ZONE, [Group(A.name, (Create(A),))])
    (refusal,) = memory.write(ZONE, [Group(A.name, (Update(A, other),))])
    assert "delete and create" in refusal.reason


def test_routed_sets_of_one_name_stand_side_by_side(memory):
    sets = [
        rrset(A.name, "A", 300, ["192.0.2.1"], set_identifier=identifier)
        for identifier in ("eu", "us")
    ]
    assert not memory.write(ZONE, [Group(A.name, tuple(Create(one) for one in sets))])
    assert set(memory.read(ZONE, [A.name])) == set(sets)


def test_a_row_that_is_not_claimed_is_not_there():
    class Humble(ProviderContract):
        claims = Capabilities(types=frozenset({"A"}), atomic=False, conditional=False)

    assert Humble.test_a_ttl_changes_alone
    assert Humble.test_what_is_written_reads_back is None
    assert Humble.test_of_two_writers_one_wins is None


def test_rows_that_are_not_there_come_back_where_more_is_claimed():
    class Humble(ProviderContract):
        claims = Capabilities(types=frozenset({"A"}), atomic=False, conditional=False)
        test_a_ttl_changes_alone = None

    class Proud(Humble):
        claims = Capabilities(routing=ROUTING, aliases=True)

    assert Humble.test_sets_are_read_as_they_were_written is None
    assert Proud.test_sets_are_read_as_they_were_written
    assert Proud.test_of_two_writers_one_wins
    assert Proud.test_a_ttl_changes_alone is None, "it was left out on purpose"
