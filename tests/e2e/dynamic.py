"""What the rfc2136 provider has to hold on every real server, beside the contract."""

import asyncio
import math
import threading
from collections import Counter
from contextlib import ExitStack, contextmanager
from itertools import cycle

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import dns.update
import pytest
from nameserver import Zone

from kubefed_dns.errors import Unlisted, ZoneGone
from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.providers.contract_plot import group
from kubefed_dns.providers.rfc2136 import Rfc2136
from kubefed_dns.records import Create, Delete, Update, rrset

ZONE = "example.org."
PRIVATE = "private.org."
LARGE = "large.org."
REVERSE = "2.0.192.in-addr.arpa."
NAMES = 10_000
RATE = 1000.0

ZONES = (
    Zone(ZONE, records=["Mixed 60 CNAME Target.Example.", "*.wild 60 A 192.0.2.99"]),
    Zone(PRIVATE, allow_transfer=()),
    Zone(REVERSE, records=["9 60 PTR somebody.example.net."]),
    Zone(LARGE, records=[f"n{number} 60 A 192.0.2.1" for number in range(NAMES)]),
)


def address(name, value="192.0.2.1", *, ttl=300, zone=ZONE):
    return rrset(f"{name}.{zone}", "A", ttl, [value])


class Client(asyncio.DatagramProtocol):
    """Asks one question after the other, `RATE` times a second, and counts what it is told."""

    def __init__(self, name):
        self.name = dns.name.from_text(name)
        self.wires = [dns.message.make_query(name, kind, id=0).to_wire() for kind in ("A", "AAAA")]
        self.asked = 0
        self.told = Counter()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, _):
        answer = dns.message.from_wire(data)
        own = [each for each in answer.answer if each.name == self.name]
        types = "+".join(sorted(dns.rdatatype.to_text(each.rdtype) for each in own))
        values = {len(each) for each in own}
        self.told[dns.rcode.to_text(answer.rcode()), types, *values] += 1

    async def ask(self, done):
        loop = asyncio.get_running_loop()
        begun, wires = loop.time(), cycle(self.wires)
        while not done.is_set():
            while self.asked < (loop.time() - begun) * RATE:
                self.asked += 1
                self.transport.sendto(self.asked.to_bytes(2, "big") + next(wires)[2:])
            await asyncio.sleep(0.5 / RATE)
        self.rate = self.asked / (loop.time() - begun)
        for _ in range(200):
            if self.told.total() < self.asked:
                await asyncio.sleep(0.01)
        self.transport.close()


@contextmanager
def asking(server, name):
    """A client that asks for a name by UDP, all the while."""
    client, done = Client(name), threading.Event()

    async def run():
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: client, remote_addr=(server.host, server.port))
        await client.ask(done)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        yield client
    finally:
        done.set()
        thread.join()


class DynamicContract(ProviderContract):
    """Give a fixture `server`, of class scope or wider, with `ZONES`.

    `tells`: it does IXFR, so that what changed can be told without reading all.
    """

    claims = Rfc2136.capabilities
    tells = True

    @pytest.fixture
    def zone(self):
        return ZONE

    @pytest.fixture
    def make(self, server):
        with ExitStack() as stack:

            def make(*zones, **settings):
                provider = Rfc2136(server.context(*(zones or [ZONE]), **settings))
                stack.callback(provider.close)
                return provider

            yield make

    @pytest.fixture
    def provider(self, make):
        return make()

    # Reading.

    def test_foreign_records_read_back_in_canonical_form(self, provider):
        mixed = rrset(f"mixed.{ZONE}", "CNAME", 60, ["target.example."])
        assert list(provider.read(ZONE, [mixed.name])) == [mixed]
        assert mixed in provider.read(ZONE)
        assert list(provider.read(ZONE, [mixed.name])) == [mixed]

    def test_a_wildcard_answers_but_does_not_make_a_name(self, server, provider):
        assert server.values(f"any.wild.{ZONE}", "A") == ["192.0.2.99"]
        star = rrset(f"*.wild.{ZONE}", "A", 60, ["192.0.2.99"])
        assert list(provider.read(ZONE, [f"any.wild.{ZONE}", f"*.any.wild.{ZONE}"])) == []
        assert list(provider.read(ZONE, [star.name, f"any.wild.{ZONE}"])) == [star]

    def test_many_names_are_read_without_a_transfer(self, provider):
        sets = [address(f"many{number}") for number in range(100)]
        assert not provider.write(ZONE, [group(Create(one)) for one in sets])
        assert set(provider.read(ZONE, [one.name for one in sets])) == set(sets)
        assert not provider.write(ZONE, [group(Delete(one)) for one in sets])

    def test_where_no_transfer_is_allowed_names_are_read_all_the_same(self, make):
        provider, new = make(PRIVATE), address("www", zone=PRIVATE)
        assert not provider.write(PRIVATE, [group(Create(new))])
        with pytest.raises(Unlisted, match=r"name TSIG key k\. in the zone's allow-transfer"):
            provider.read(PRIVATE)
        assert list(provider.read(PRIVATE, [new.name])) == [new]
        assert provider.changed(PRIVATE, provider.marker(PRIVATE)) is None
        assert not provider.write(PRIVATE, [group(Delete(new))])

    def test_what_others_change_is_caught_up_with(self, make):
        provider, other = make(LARGE), make(LARGE)
        known = set(provider.read(LARGE))
        before = provider.marker(LARGE)
        mine, theirs = address("mine", zone=LARGE), address("theirs", zone=LARGE)
        theirs_now = address("theirs", ttl=60, zone=LARGE)
        assert not provider.write(LARGE, [group(Create(mine))])
        assert not other.write(LARGE, [group(Create(theirs))])
        changed = provider.changed(LARGE, before)
        assert changed == ({mine.name, theirs.name} if self.tells else None)
        assert set(provider.read(LARGE)) == {*known, mine, theirs}
        assert not other.write(LARGE, [group(Update(theirs, theirs_now)), group(Delete(mine))])
        assert list(provider.read(LARGE, [mine.name, theirs.name])) == [theirs_now]
        assert not other.write(LARGE, [group(Delete(theirs_now))])
        assert set(provider.read(LARGE)) == known

    def test_foreign_changes_show_beside_our_own(self, server, provider):
        new, newer = address("marked"), address("marked", ttl=60)
        assert not provider.write(ZONE, [group(Create(new))])
        before = provider.marker(ZONE)
        assert before == str(server.serial(ZONE))
        assert not provider.write(ZONE, [group(Update(new, newer))])
        assert provider.marker(ZONE) == provider.expected(ZONE, before)

        foreign = dns.update.UpdateMessage(ZONE)
        foreign.add(f"foreign.{ZONE}", 60, "A", "192.0.2.7")
        assert server.update(foreign) == dns.rcode.NOERROR
        assert not provider.write(ZONE, [group(Delete(newer))])
        assert provider.marker(ZONE) != provider.expected(ZONE, before)
        assert provider.expected(ZONE, "12345") is None

    # Writing.

    def test_an_alias_comes_and_goes_while_a_client_asks_a_thousand_times_a_second(
        self, server, provider
    ):
        data = (
            rrset(f"switch.{ZONE}", "A", 300, ["192.0.2.1", "192.0.2.2"]),
            rrset(f"switch.{ZONE}", "AAAA", 300, ["2001:db8::1", "2001:db8::2"]),
        )
        alias = rrset(f"switch.{ZONE}", "CNAME", 300, [f"ns.{ZONE}"])
        assert not provider.write(ZONE, [group(*map(Create, data))])
        turns = 0
        with asking(server, f"switch.{ZONE}") as client:
            while client.asked < 2 * RATE:
                there, back = ((alias,), data) if turns % 2 else (data, (alias,))
                assert not provider.write(ZONE, [group(*map(Delete, there), *map(Create, back))])
                turns += 1
        assert turns >= 20
        assert client.rate > 0.9 * RATE
        # A server that is pressed for time drops questions.
        assert client.told.total() > 0.5 * client.asked
        whole = {("NOERROR", "A", 2), ("NOERROR", "AAAA", 2)}
        assert set(client.told) == {*whole, ("NOERROR", "CNAME", 1)}, client.told

    def test_of_two_writers_at_once_one_wins_and_there_is_never_a_union(self, server, make):
        providers = [make() for _ in range(2)]
        held = address("race", "192.0.2.250")
        assert not providers[0].write(ZONE, [group(Create(held))])
        for turn in range(30):
            wanted = [address("race", f"192.0.2.{2 * turn + number}") for number in range(2)]
            results = [None, None]
            barrier = threading.Barrier(2)

            def write(number, held=held, wanted=wanted, results=results, barrier=barrier):
                barrier.wait()
                update = group(Update(held, wanted[number]))
                results[number] = providers[number].write(ZONE, [update])

            threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(len(result) for result in results) == [0, 1]
            assert all(refusal.lost for result in results for refusal in result)
            held = wanted[results.index([])]
            assert server.values(held.name, "A") == list(held.values)

    def test_one_bad_record_among_a_thousand_costs_few_messages(self, make):
        messages = []
        provider = make(take=lambda: messages.append(1))
        sets = [address(f"thousand{number}") for number in range(1000)]
        assert not provider.write(ZONE, [group(Create(one)) for one in sets])
        needed = len(messages)
        assert not provider.write(ZONE, [group(Delete(one)) for one in sets])
        assert not provider.write(ZONE, [group(Create(sets[617]))])
        messages.clear()
        (refusal,) = provider.write(ZONE, [group(Create(one)) for one in sets])
        assert refusal.group == group(Create(sets[617]))
        assert refusal.lost
        assert len(messages) - needed <= 2 * math.log2(1000)
        assert set(sets) <= set(provider.read(ZONE))
        assert not provider.write(ZONE, [group(Delete(one)) for one in sets])

    def test_a_group_larger_than_a_message_is_refused_alone(self, provider):
        values = [f"2001:db8::{number:x}" for number in range(1, 3000)]
        large, small = rrset(f"large.{ZONE}", "AAAA", 60, values), address("small")
        (refusal,) = provider.write(ZONE, [group(Create(large)), group(Create(small))])
        assert "64 KiB" in refusal.reason
        assert list(provider.read(ZONE, [small.name])) == [small]
        assert not provider.write(ZONE, [group(Delete(small))])

    def test_a_change_in_a_zone_of_ten_thousand_names_costs_two_messages(self, server, make):
        messages = []
        provider = make(LARGE, take=lambda: messages.append(1))
        old, new = address("n5000", ttl=60, zone=LARGE), address("n5000", zone=LARGE)
        assert len(list(provider.read(LARGE))) == NAMES + 1
        assert len(messages) == 1
        before = provider.marker(LARGE)
        messages.clear()
        assert not provider.write(LARGE, [group(Update(old, new))])
        assert provider.marker(LARGE) != before
        assert len(messages) == 2
        assert not provider.write(LARGE, [group(Update(new, old))])

    # Failures.

    def test_a_zone_that_is_not_served_is_gone(self, make):
        provider = make(ZONE, "nowhere.org.")
        assert provider.zones() == (ZONE,)
        new = group(Create(address("www", zone="nowhere.org.")))
        for use in (
            lambda: provider.marker("nowhere.org."),
            lambda: provider.read("nowhere.org."),
            lambda: provider.write("nowhere.org.", [new]),
        ):
            with pytest.raises(ZoneGone, match=r"nowhere\.org\. with authority.*spec\.zones"):
                use()
