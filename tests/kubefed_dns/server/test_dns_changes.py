"""What has changed in a zone, as secondaries are told (RFC 1995)."""

import random
from datetime import UTC, datetime
from ipaddress import ip_address

import dns.asyncquery
import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.versioned
import dns.xfr
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from secondary import FRIEND, KEY, OPEN, ZONE, messages, put, question, short, transfer

from kubefed_dns.providers.embedded import Embedded
from kubefed_dns.providers.protocol import Context
from kubefed_dns.records import Create, Delete, Group, rrset
from kubefed_dns.server.history import History, Step
from kubefed_dns.server.policy import Policy
from kubefed_dns.server.server import Server


def test_changes_are_told_step_by_step(server, zone):
    start = zone.serial
    put(zone, rrset("www.example.com", "A", 60, ["192.0.2.1", "192.0.2.2"]))
    put(zone, rrset("www.example.com", "A", 30, ["192.0.2.2"]))
    put(zone, rrset("new.example.com", "TXT", 60, ['"x"']), gone=["www.example.com"])
    lines = short(transfer(server, question("IXFR", serial=start)))
    one, two, three = (f"SOA {start + step}" for step in (1, 2, 3))
    www = "www.example.com. A 192.0.2."
    assert lines == [
        three,
        f"SOA {start}", one, f"{www}2",
        one, f"{www}1", f"{www}2", two, f"{www}2",
        two, f"{www}2", three, 'new.example.com. TXT "x"',
        three,
    ]  # fmt: skip
    later = short(transfer(server, question("IXFR", serial=start + 2)))
    assert later == [three, two, f"{www}2", three, 'new.example.com. TXT "x"', three]


def test_another_name_server_is_a_change_too(server, zone):
    start = zone.serial
    server.add_zone(ZONE, ns="ns1.example.com")
    policy = Policy(allow=OPEN.allow, addresses=(ip_address("192.0.2.53"),))
    zone.adopt(policy)
    lines = short(transfer(server, question("IXFR", serial=start)))
    assert [line for line in lines if not line.startswith("SOA")] == [
        "example.com. NS ns.example.net.",
        "example.com. NS ns1.example.com.",
        "ns1.example.com. A 192.0.2.53",
    ]


def test_a_raised_serial_is_a_step_without_changes(server, zone):
    start = zone.serial
    zone.raise_serial(start + 100)
    lines = short(transfer(server, question("IXFR", serial=start)))
    assert lines == [
        f"SOA {start + 101}",
        f"SOA {start}",
        f"SOA {start + 101}",
        f"SOA {start + 101}",
    ]


@pytest.mark.parametrize("ahead", [0, 1, 1000])
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_who_knows_all_is_told_so_by_the_soa(server, zone, ahead, tcp):
    lines = transfer(server, question("IXFR", serial=zone.serial + ahead), tcp=tcp)
    assert short(lines) == [f"SOA {zone.serial}"]


@pytest.mark.parametrize("serial", [1, 7])
def test_who_knows_nothing_of_late_gets_the_whole_zone(server, zone, serial):
    put(zone, rrset("new.example.com", "A", 60, ["192.0.2.1"]))
    assert transfer(server, question("IXFR", serial=serial)) == transfer(server, question())


def test_nothing_before_the_zone_was_filled_counts_as_known(server, clock):
    clock.time = datetime.now(UTC)
    server.add_zone("late.example.").adopt(OPEN)
    late = server.zone("late.example.")
    start = late.serial
    put(late, rrset("www.late.example", "A", 60, ["192.0.2.1"]))
    assert late.since(start) is None


def test_over_udp_what_fits_is_there_and_what_does_not_is_for_tcp(server, zone):
    start = zone.serial
    put(zone, rrset("new.example.com", "A", 60, ["192.0.2.1"]))
    for signer in (None, KEY):
        made = question("IXFR", serial=start, signer=signer, payload=1232)
        assert len(transfer(server, made, tcp=False)) == 5
    put(zone, *(rrset(f"n{n}.example.com", "A", 60, ["192.0.2.1"]) for n in range(200)))
    for signer in (None, KEY):
        made = question("IXFR", serial=start, signer=signer, payload=1232)
        assert short(transfer(server, made, tcp=False)) == [f"SOA {zone.serial}"]
        assert len(transfer(server, made)) == 207


@pytest.mark.parametrize("signer", [None, KEY])
def test_udp_answers_are_never_larger_than_the_asker_takes(server, zone, signer):
    start, sizes = zone.serial, set()
    for number in range(40):
        put(zone, rrset(f"n{number}.example.com", "A", 60, ["192.0.2.1"]))
        for payload in (None, 700, 1232):
            made = question(
                "IXFR", serial=start, signer=signer, payload=payload, use_edns=payload is not None
            )
            wire = server.respond(made.to_wire(), FRIEND, tcp=False)
            assert len(wire) <= (payload or 512)
            sizes.add(len(wire) > 600)
    assert sizes == {False, True}


def test_many_changes_to_a_small_zone_are_not_worth_telling(server, zone):
    start = zone.serial
    for number in range(400):
        put(zone, rrset("www.example.com", "A", 60, [f"192.0.2.{number % 250}"]))
    assert len(transfer(server, question("IXFR", serial=start))) == 4
    assert len(transfer(server, question("IXFR", serial=zone.serial - 10))) == 2 + 10 * 4


def test_the_memory_of_changes_is_bounded_and_the_oldest_fall_out():
    history = History(most=100)
    step = Step(0, 0, None, None, (), ())
    for number in range(1, 200):
        history.add(step._replace(before=number, after=number + 1))
    assert len(history.since(150)) == 50
    assert history.since(149) is None
    assert history.since(200) is None


def test_a_question_may_come_with_edns_and_is_answered_with_it(server, zone):
    made = question(payload=4096, use_edns=0)
    wires = messages(server.respond(made.to_wire(), FRIEND, tcp=True))
    assert dns.message.from_wire(wires[0], xfr=True).edns == 0


# Against dnspython as a secondary, over sockets.


async def pull(port, copy, *, signer=KEY, **options):
    """What a secondary does after NOTIFY; dnspython asks by UDP first and believes the SOA."""
    query, _ = dns.xfr.make_query(copy, keyring=signer)
    await dns.asyncquery.inbound_xfr("127.0.0.1", copy, query, port=port, timeout=5, **options)


def serial(copy):
    with copy.reader() as reader:
        return reader.get("@", "SOA")[0].serial if reader.get("@", "SOA") else 0


async def test_a_secondary_follows_by_changes(server, zone, port):
    copy = dns.versioned.Zone(ZONE)
    await pull(port, copy)
    assert serial(copy) == zone.serial
    dice = random.Random(5)
    for _ in range(20):
        number = dice.randrange(10)
        put(
            zone,
            rrset(f"n{number}.example.com", "A", 60, [f"192.0.2.{dice.randrange(4)}"]),
            gone=[f"n{dice.randrange(10, 20)}.example.com"],
        )
        await pull(port, copy, udp_mode=dns.query.UDPMode.TRY_FIRST)
        whole = dns.versioned.Zone(ZONE)
        await pull(port, whole)
        assert dict(copy.nodes) == dict(whole.nodes)
        assert serial(copy) == zone.serial
    assert server.queries["example.com.", "NOERROR"] >= 40


labels = st.sampled_from(["a", "b", "c.d", "*", "@"])
sets = st.builds(
    lambda label, rdtype, ttl, numbers: rrset(
        "example.com." if label == "@" else f"{label}.example.com.",
        rdtype,
        ttl,
        [f"192.0.2.{n}" if rdtype == "A" else f'"{n}"' for n in numbers],
    ),
    labels,
    st.sampled_from(["A", "TXT"]),
    st.sampled_from([30, 60]),
    st.sets(st.integers(1, 4), min_size=1),
)
states = st.lists(sets, max_size=6, unique_by=lambda each: each.key)


@settings(max_examples=50, deadline=None)
@given(st.lists(states, min_size=2, max_size=5), st.integers(0, 3))
def test_the_changes_lead_from_any_state_to_the_last(steps, known):
    server = Server(now=lambda: datetime(2030, 1, 1, tzinfo=UTC), ns_name="ns.example.net")
    provider = Embedded(
        Context("test", zones=(ZONE,), settings={"transfers": {"allow": ["::/0"]}}), server
    )
    seen, held = [], []
    for wanted in steps:
        names = {each.name for each in (*held, *wanted)}
        groups = [
            Group(
                name,
                (
                    *(Delete(each) for each in held if each.name == name),
                    *(Create(each) for each in wanted if each.name == name),
                ),
            )
            for name in sorted(names)
        ]
        assert not provider.write(ZONE, groups)
        held = wanted
        whole = transfer(server, question(), sender="::1")
        seen.append((server.zone(ZONE).serial, sorted(whole[1:-1])))
    start, records = seen[min(known, len(seen) - 1)]
    lines = transfer(server, question("IXFR", serial=start), sender="::1")
    if start != seen[-1][0]:
        records = replay(records, lines)
    assert records == seen[-1][1]


def replay(records, lines):
    """What a secondary makes of the changes; each removal has to be of what is there."""
    held, parts, adding = list(records), lines[1:-1], True
    for line in parts:
        if " SOA " in line:
            adding = not adding
        elif adding:
            assert line not in held
            held.append(line)
        else:
            held.remove(line)
    return sorted(held)
