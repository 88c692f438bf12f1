"""The rfc2136 provider on a real BIND."""

import threading
from contextlib import ExitStack

import dns.rcode
import dns.rdatatype
import dns.update
import pytest
from bind import Bind, Zone

from kubefed_dns.errors import Denied
from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.providers.contract_plot import group
from kubefed_dns.providers.rfc2136 import Rfc2136
from kubefed_dns.records import Create, Delete, Update, rrset

ZONE = "example.org."


def address(name, value="192.0.2.1", *, ttl=300):
    return rrset(f"{name}.{ZONE}", "A", ttl, [value])


@pytest.fixture(scope="module")
def bind(tmp_path_factory):
    zones = [
        Zone(ZONE, records=["Mixed 60 CNAME Target.Example.", "*.wild 60 A 192.0.2.99"]),
        Zone("private.org.", allow_transfer=()),
    ]
    with Bind(tmp_path_factory.mktemp("bind"), zones) as bind:
        yield bind


@pytest.fixture
def make():
    with ExitStack() as stack:

        def make(context):
            provider = Rfc2136(context)
            stack.callback(provider.close)
            return provider

        yield make


@pytest.fixture
def provider(bind, make):
    return make(bind.context(ZONE))


class TestBind(ProviderContract):
    claims = Rfc2136.capabilities

    @pytest.fixture
    def zone(self):
        return ZONE


# Reading.


def test_foreign_records_read_back_in_canonical_form(provider):
    mixed = rrset(f"mixed.{ZONE}", "CNAME", 60, ["target.example."])
    assert mixed in provider.read(ZONE)
    assert list(provider.read(ZONE, [mixed.name])) == [mixed]


def test_a_wildcard_answers_but_does_not_make_a_name(bind, provider):
    assert bind.values(f"any.wild.{ZONE}", "A") == ["192.0.2.99"]
    star = rrset(f"*.wild.{ZONE}", "A", 60, ["192.0.2.99"])
    assert list(provider.read(ZONE, [f"any.wild.{ZONE}", f"*.any.wild.{ZONE}"])) == []
    assert list(provider.read(ZONE, [star.name, f"any.wild.{ZONE}"])) == [star]


def test_many_names_are_read_without_a_transfer(provider):
    sets = [address(f"many{number}") for number in range(100)]
    assert not provider.write(ZONE, [group(Create(one)) for one in sets])
    assert set(provider.read(ZONE, [one.name for one in sets])) == set(sets)
    assert not provider.write(ZONE, [group(Delete(one)) for one in sets])


def test_without_allow_transfer_names_can_be_read_and_the_zone_cannot(bind, make):
    provider = make(bind.context("private.org."))
    new = rrset("www.private.org.", "A", 300, ["192.0.2.1"])
    assert not provider.write("private.org.", [group(Create(new))])
    assert list(provider.read("private.org.", [new.name])) == [new]
    with pytest.raises(Denied, match=r"name TSIG key k\. in the zone's allow-transfer"):
        provider.read("private.org.")


def test_the_marker_is_the_serial_and_foreign_changes_show_beside_our_own(bind, provider):
    before = provider.marker(ZONE)
    assert before == str(bind.serial(ZONE))
    new = address("marked")
    for change in (Create(new), Update(new, address("marked", ttl=60))):
        assert not provider.write(ZONE, [group(change)])
    assert provider.marker(ZONE) == provider.expected(ZONE, before) == str(int(before) + 2)

    foreign = dns.update.UpdateMessage(ZONE)
    foreign.add(f"foreign.{ZONE}", 60, "A", "192.0.2.7")
    assert bind.update(foreign) == dns.rcode.NOERROR
    assert not provider.write(ZONE, [group(Delete(address("marked", ttl=60)))])
    assert provider.marker(ZONE) != provider.expected(ZONE, before)
    assert provider.expected(ZONE, "12345") is None


# Writing.


def test_an_alias_comes_and_goes_without_a_moment_of_nothing(bind, provider):
    data = address("switch"), rrset(f"switch.{ZONE}", "AAAA", 300, ["2001:db8::1"])
    alias = rrset(f"switch.{ZONE}", "CNAME", 300, [f"ns.{ZONE}"])
    assert not provider.write(ZONE, [group(*map(Create, data))])
    seen, faults, done = set(), [], threading.Event()

    def ask():
        while not done.is_set():
            answer = bind.ask(f"switch.{ZONE}", "A")
            own = [one for one in answer.answer if one.name.to_text() == f"switch.{ZONE}"]
            if answer.rcode() != dns.rcode.NOERROR or len(own) != 1 or len(own[0]) != 1:
                faults.append(answer)
            seen.update(one.rdtype for one in own)

    client = threading.Thread(target=ask)
    client.start()
    try:
        for number in range(100):
            there, back = (data, (alias,)) if number % 2 == 0 else ((alias,), data)
            assert not provider.write(ZONE, [group(*map(Delete, there), *map(Create, back))])
    finally:
        done.set()
        client.join()
    assert not faults
    assert seen == {dns.rdatatype.A, dns.rdatatype.CNAME}


def test_of_two_writers_at_once_one_wins_and_there_is_never_a_union(bind, make):
    providers = [make(bind.context(ZONE)) for _ in range(2)]
    held = address("race", "192.0.2.250")
    assert not providers[0].write(ZONE, [group(Create(held))])
    for turn in range(30):
        wanted = [address("race", f"192.0.2.{2 * turn + number}") for number in range(2)]
        results = [None, None]
        barrier = threading.Barrier(2)

        def write(number, held=held, wanted=wanted, results=results, barrier=barrier):
            barrier.wait()
            results[number] = providers[number].write(ZONE, [group(Update(held, wanted[number]))])

        threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(len(result) for result in results) == [0, 1]
        assert all(refusal.lost for result in results for refusal in result)
        held = wanted[results.index([])]
        assert bind.values(held.name, "A") == list(held.values)


def test_one_bad_record_among_a_thousand_costs_few_calls(bind, make):
    calls = []
    provider = make(bind.context(ZONE, take=lambda: calls.append(1)))
    sets = [address(f"thousand{number}") for number in range(1000)]
    assert not provider.write(ZONE, [group(Create(sets[617]))])
    calls.clear()
    (refusal,) = provider.write(ZONE, [group(Create(one)) for one in sets])
    assert refusal.group == group(Create(sets[617]))
    assert refusal.lost
    assert len(calls) - 5 <= 19
    assert set(sets) <= set(provider.read(ZONE))
    assert not provider.write(ZONE, [group(Delete(one)) for one in sets])


def test_a_group_larger_than_a_message_is_refused_alone(provider):
    values = [f"2001:db8::{number:x}" for number in range(1, 3000)]
    large, small = rrset(f"large.{ZONE}", "AAAA", 60, values), address("small")
    (refusal,) = provider.write(ZONE, [group(Create(large)), group(Create(small))])
    assert "64 KiB" in refusal.reason
    assert list(provider.read(ZONE, [small.name])) == [small]


def test_sets_as_large_as_bind_takes_are_replaced_whole_and_larger_ones_refused(provider):
    old, new = (
        rrset(f"many.{ZONE}", "AAAA", 60, [f"2001:db8:{net}::{n:x}" for n in range(100)])
        for net in (1, 2)
    )
    larger = rrset(f"larger.{ZONE}", "AAAA", 60, [f"2001:db8::{n:x}" for n in range(101)])
    assert not provider.write(ZONE, [group(Create(old))])
    (refusal,) = provider.write(ZONE, [group(Create(larger)), group(Update(old, new))])
    assert refusal.group == group(Create(larger))
    assert "max-records-per-type" in refusal.reason
    assert list(provider.read(ZONE, [new.name, larger.name])) == [new]
