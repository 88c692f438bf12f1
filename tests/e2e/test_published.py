"""What holds when names are published to real BIND, Knot and PowerDNS by the machinery itself."""

import asyncio

import pytest
from bind import Bind
from dynamic import LARGE, NAMES, PRIVATE, RATE, REVERSE, ZONES, asking
from dynamic import ZONE as ORG
from knot import Knot
from nameserver import Zone
from powerdns import PowerDns
from published import Hub, until
from relay import Relay

from kubefed_dns.providers.contract_plot import group
from kubefed_dns.providers.rfc2136 import Rfc2136
from kubefed_dns.records import Create, Delete, Update, rrset

ONE, TWO, THREE = "192.0.2.1", "192.0.2.2", "192.0.2.3"
WEB = "web.example.org"
TRUE, FALSE = "True", "False"


@pytest.fixture(scope="module", params=[Bind, Knot, PowerDns], ids=lambda kind: kind.__name__)
def server(tmp_path_factory, request):
    with request.param(tmp_path_factory.mktemp("server"), ZONES) as server:
        yield server


@pytest.fixture
def other(server):
    """Somebody else with the same key."""
    provider = Rfc2136(server.context())
    yield provider
    provider.close()


async def test_names_come_change_and_go(server):
    hub = Hub(server, ORG)
    async with hub.hub():
        hub.want((WEB, "A", ONE, TWO))
        await hub.until("Verified", TRUE)
        assert server.values(f"{WEB}.", "A") == [ONE, TWO]
        assert "owner=" in server.values(f"a-{WEB}.", "TXT")[0]
        hub.want((WEB, "A", THREE))
        await until(lambda: server.values(f"{WEB}.", "A") == [THREE])
        await hub.emptied(WEB)


async def test_ten_cycles_with_nothing_to_do_write_nothing(server):
    hub = Hub(server, ORG, auditInterval="100ms", minTTL=120)
    types = {"A": ONE, "AAAA": "2001:db8::1", "CNAME": "Target.Example.Net", "TXT": "some text"}
    async with hub.hub():
        hub.want(*((f"{kind}.Idle.example.org", kind, value) for kind, value in types.items()))
        await hub.until("Verified", TRUE)
        await until(lambda: hub.zone().get("pending") == 0)
        await asyncio.sleep(0.3)
        serial, written, asked = server.serial(ORG), len(hub.host.writes), hub.backend.messages
        await until(lambda: hub.backend.messages >= asked + 10)
        assert server.serial(ORG) == serial
        assert len(hub.host.writes) == written
        await hub.emptied(*(f"{kind}.idle.example.org" for kind in types))


async def test_a_restart_with_nothing_to_do_writes_nothing(server):
    hub = Hub(server, ORG)
    hub.want((WEB, "A", ONE), (f"*.{WEB}", "A", TWO))
    async with hub.hub():
        await hub.until("Verified", TRUE)
    serial = server.serial(ORG)
    async with hub.hub():
        await until(lambda: hub.backend.messages > 3)
        await asyncio.sleep(0.5)
        assert server.serial(ORG) == serial
        await hub.emptied(WEB, f"*.{WEB}")


async def test_a_name_changes_its_type_while_a_client_asks_a_thousand_times_a_second(server):
    hub = Hub(server, ORG)
    kinds = ("CNAME", "ns.example.org"), ("A", ONE, TWO)
    async with hub.hub():
        hub.want((WEB, *kinds[1]))
        await until(lambda: server.values(f"{WEB}.", "A") == [ONE, TWO])
        turns = 0
        with asking(server, f"{WEB}.") as client:
            while client.asked < 2 * RATE:
                hub.want((WEB, *kinds[turns % 2]))
                expected = list(kinds[turns % 2][1:])
                expected = expected if turns % 2 else ["ns.example.org."]
                rrtype = kinds[turns % 2][0]
                await until(lambda e=expected, t=rrtype: server.values(f"{WEB}.", t) == e)
                turns += 1
        assert turns >= 10
        # For AAAA, NOERROR without an answer: the name is there all the time.
        seen = {("NOERROR", "A", 2), ("NOERROR", "CNAME", 1), ("NOERROR", "")}
        assert set(client.told) == seen, client.told
        await hub.emptied(WEB)


async def test_of_two_hubs_that_want_a_name_one_gets_it_and_the_other_hears_of_it(server):
    hubs = Hub(server, ORG, owner="one"), Hub(server, ORG, owner="two")
    name = "contested.example.org"
    async with hubs[0].hub(), hubs[1].hub():
        for hub in hubs:
            await until(hub.is_ready, hub.told)
        for turn in range(5):
            wanted = [[f"192.0.2.{10 * turn + n + k}" for k in range(2)] for n in (1, 5)]
            for hub, values in zip(hubs, wanted, strict=True):
                hub.want((name, "A", *values))
            seen = set()

            def look(seen=seen):
                seen.add(tuple(server.values(f"{name}.", "A")))
                decided = [hub.condition("Accepted") for hub in hubs]
                return {each[0] for each in decided if each} == {TRUE, FALSE}

            await until(look)
            won = next(n for n in (0, 1) if hubs[n].condition("Accepted")[0] == TRUE)
            await hubs[won].until("Verified", TRUE)
            loser = hubs[1 - won].condition("Accepted")
            assert loser[1] == "Conflict"
            assert f"belongs to owner '{('one', 'two')[won]}'" in loser[2]
            assert seen <= {(), tuple(wanted[won])}
            assert server.values(f"{name}.", "A") == wanted[won]
            hubs[1 - won].drop()
            await hubs[won].emptied(name)
            await asyncio.sleep(0.2)
            assert server.values(f"{name}.", "A") == []


async def test_one_change_in_a_zone_of_ten_thousand_names_costs_three_messages_at_most(server):
    hub = Hub(server, LARGE)
    async with hub.hub():
        await until(hub.is_ready, hub.told)
        assert hub.zone()["records"] == NAMES + 1
        for values in ((ONE,), (TWO,), ()):
            asked, serial = hub.backend.messages, server.serial(LARGE)
            if values:
                hub.want(("web.large.org", "A", *values))
                await until(lambda v=values: server.values("web.large.org.", "A") == list(v))
                await hub.until("Published", TRUE)
            else:
                await hub.emptied("web.large.org")
            await asyncio.sleep(0.2)
            assert hub.backend.messages - asked <= 3
            assert server.values("web.large.org.", "A") == list(values)
            assert server.serial(LARGE) != serial


async def test_what_others_change_is_put_right_by_reading_that_alone(server, other):
    hub = Hub(server, ORG, auditInterval="300ms")
    async with hub.hub():
        hub.want((WEB, "A", ONE))
        await hub.until("Verified", TRUE)
        ours, theirs = (rrset(f"{WEB}.", "A", 60, [value]) for value in (ONE, THREE))
        foreign = rrset(f"foreign.{ORG}", "A", 60, [THREE])
        refused = other.write(ORG, [group(Update(ours, theirs)), group(Create(foreign))])
        assert not refused
        await until(lambda: server.values(f"{WEB}.", "A") == [ONE])
        assert server.values(foreign.name, "A") == [THREE]
        assert not other.write(ORG, [group(Delete(foreign))])
        await hub.emptied(WEB)


async def test_where_no_transfer_is_allowed_names_are_published_all_the_same(server):
    zone, name = PRIVATE, "web.private.org"
    for round in range(2):
        hub = Hub(server, zone)
        hub.want((name, "A", ONE))
        async with hub.hub():
            # The second time something of ours is there from the first.
            await hub.until("Verified", TRUE)
            await until(hub.is_ready, hub.told)
            assert "name by name" in hub.ready("dns")[2]
            if round:
                hub.want((name, "CNAME", "ns.private.org"))
                await until(lambda: server.values(f"{name}.", "CNAME") == ["ns.private.org."])
                await hub.emptied(name)


async def test_an_answer_that_gets_lost_is_found_out_by_looking(server):
    with Relay(server) as relay:
        hub = Hub(server, ORG, settings={"servers": [relay.address]})
        async with hub.hub():
            hub.want((WEB, "A", ONE))
            await hub.until("Published", TRUE)
            relay.cut = True
            hub.want((WEB, "A", TWO))
            lost = "what was sent may have been done"
            await until(lambda: lost in hub.condition("Published")[2], hub.told)
            assert hub.condition("Published")[:2] == (FALSE, "ProviderError")
            assert server.values(f"{WEB}.", "A") == [TWO]
            relay.cut = False
            await hub.until("Published", TRUE)
            assert server.values(f"{WEB}.", "A") == [TWO]
            await hub.emptied(WEB)


async def test_addresses_point_back_to_their_names_and_foreign_pointers_are_left_alone(server):
    hub = Hub(server, ORG, REVERSE, settings={"ptr": True})
    api = "api.example.org"

    def back(number):
        return server.values(f"{number}.{REVERSE}", "PTR")

    async with hub.hub():
        hub.want((WEB, "A", ONE, "192.0.2.9"), (api, "A", ONE))
        await until(lambda: back(1) == [f"{api}.", f"{WEB}."], hub.told)
        assert "owner=" in server.values(f"ptr-1.{REVERSE}", "TXT")[0]
        hub.want((WEB, "A", ONE, "192.0.2.9"))
        await until(lambda: back(1) == [f"{WEB}."], hub.told)
        assert back(9) == ["somebody.example.net."]
    serial = server.serial(REVERSE)
    async with hub.hub():
        await until(lambda: hub.is_ready() and hub.zone().get("owned"), hub.told)
        await asyncio.sleep(0.5)
        assert (back(1), server.serial(REVERSE)) == ([f"{WEB}."], serial)
        await hub.emptied(WEB, api)
        await until(lambda: back(1) == server.values(f"ptr-1.{REVERSE}", "TXT") == [], hub.told)
        assert back(9) == ["somebody.example.net."]


async def test_a_server_that_comes_back_gets_what_is_wanted_by_now(tmp_path):
    with Knot(tmp_path, [Zone(ORG)]) as server:
        hub = Hub(server, ORG)
        async with hub.hub():
            hub.want((WEB, "A", ONE))
            await hub.until("Verified", TRUE)
            server.stop()
            hub.want((WEB, "A", TWO))
            message = (await hub.until("Published", FALSE))[2]
            assert f"{server.address}: Connection refused" in message
            assert "check spec.rfc2136.servers" in message
            server.start()
            await until(lambda: server.values(f"{WEB}.", "A") == [TWO])
            await hub.until("Published", TRUE)
