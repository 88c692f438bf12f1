import threading
from contextlib import nullcontext

import dns.message
import pytest
from dns.rcode import REFUSED, SERVFAIL
from scripted_dns import SOA, ZONE, ScriptedDns, rcodes, reply

from kubefed_dns.errors import ProviderError, Unreachable, ZoneGone
from kubefed_dns.providers.rfc2136_settings import Server
from kubefed_dns.providers.rfc2136_wire import KEPT, Servers, plain
from kubefed_dns.records import Create, Group, rrset

WWW = rrset("www.example.org.", "A", 60, ["192.0.2.1"])
CREATE = Group(WWW.name, (Create(WWW),))


def test_one_connection_serves_until_the_server_hangs_up(asks):
    def answer(request):
        yield reply(request, SOA).to_wire()
        if len(server.asked) == 3:
            raise EOFError

    provider, server = asks(answer)
    for _ in range(3):
        provider.marker(ZONE)
    assert server.connections == 1
    provider.marker(ZONE)
    assert server.connections == 2


def test_a_server_that_hangs_up_as_we_speak_is_asked_again_once(asks):
    def answer(request):
        if len(server.asked) == 2:
            raise EOFError
        return [reply(request, SOA).to_wire()]

    provider, server = asks(answer)
    assert provider.marker(ZONE) == "7"
    assert not provider.write(ZONE, [CREATE])
    assert (server.connections, len(server.asked)) == (2, 3)


def test_a_write_that_is_cut_off_may_have_been_done(asks):
    def answer(request):
        raise EOFError

    provider, _ = asks(answer)
    with pytest.raises(Unreachable, match="may have been done"):
        provider.write(ZONE, [CREATE])


def test_a_write_goes_to_the_first_server_that_can_be_reached(serve, make):
    with ScriptedDns(rcodes(update=0)) as gone:
        pass
    server = serve(rcodes(update=0))
    both = make(gone, server)
    assert not both.write(ZONE, [CREATE])
    assert both.marker(ZONE) == f"7@{server.address}"
    with pytest.raises(Unreachable, match=r"refused.*; .*refused"):
        make(gone, gone).write(ZONE, [CREATE])


@pytest.mark.parametrize(
    ("reason", "rcodes_", "error"),
    [
        ("All say the same.", (REFUSED, REFUSED), ZoneGone),
        ("They differ.", (REFUSED, SERVFAIL), ProviderError),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_every_server_fails_each_is_named_with_its_cause(serve, make, reason, rcodes_, error):
    servers = [serve(rcodes(query=rcode)) for rcode in rcodes_]
    with pytest.raises(error) as caught:
        make(*servers).marker(ZONE)
    assert type(caught.value) is error, reason
    assert all(f"{server.address}: " in str(caught.value) for server in servers)


def test_a_server_that_is_gone_is_found_out_once_for_all_zones(serve):
    dialled = []

    def dial(server, timeout):
        dialled.append(server)
        return plain(server, timeout)

    first, second = ScriptedDns(rcodes()).__enter__(), serve(rcodes())
    addresses = [Server(*server.listening) for server in (first, second)]
    servers = Servers(addresses, timeout=2, dial=dial, idle=0)

    def ask(zone):
        query = dns.message.make_query(zone, "SOA")
        servers.read(zone, lambda connection: connection.ask(query))

    zones = [f"z{number}." for number in range(5)]
    for zone in zones:
        ask(zone)
    first.__exit__()
    del dialled[:]
    for zone in zones:
        ask(zone)
    servers.close()
    assert dialled == [addresses[0], *[addresses[1]] * 5]


def test_a_connection_that_is_talked_on_while_all_are_let_go_is_not_kept(serve):
    opened = []

    def dial(server, timeout):
        opened.append(plain(server, timeout))
        return opened[-1]

    servers = Servers([Server(*serve(rcodes()).listening)], timeout=2, dial=dial)

    def ask(connection):
        servers.close()
        return connection.ask(dns.message.make_query(ZONE, "SOA"))

    servers.read(ZONE, ask)
    assert [each.fileno() for each in opened] == [-1]


def test_zones_at_work_at_once_have_a_connection_each_and_few_are_kept(asks):
    together = threading.Barrier(6)

    def answer(request):
        together.wait()
        return [reply(request, SOA).to_wire()]

    provider, server = asks(answer)
    for _ in range(2):
        threads = [threading.Thread(target=provider.marker, args=(ZONE,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert server.connections == 6 + 6 - KEPT


def test_an_idle_connection_is_not_used_for_ever(serve):
    server = serve(rcodes())
    servers = Servers([Server(*server.listening)], timeout=2, idle=0)
    for _ in range(2):
        servers.read(ZONE, lambda connection: connection.ask(dns.message.make_query(ZONE, "SOA")))
    servers.close()
    assert server.connections == 2


@pytest.mark.parametrize(
    ("reason", "rcode", "error"),
    [
        ("It has not loaded the zone.", SERVFAIL, ProviderError),
        ("It has other zones.", REFUSED, None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_only_what_can_be_put_right_keeps_the_zones_from_being_told(asks, reason, rcode, error):
    provider, _ = asks(rcodes(query=rcode))
    with pytest.raises(error) if error else nullcontext():
        assert provider.zones() == (), reason


def test_without_a_server_the_zones_are_not_known(make):
    with ScriptedDns(rcodes()) as gone:
        pass
    with pytest.raises(Unreachable):
        make(gone).zones()


def test_only_the_latest_markers_are_remembered(asks):
    serial = iter(range(100, 200))

    def answer(request):
        return [reply(request, SOA.replace(" 7 ", f" {next(serial)} ")).to_wire()]

    provider, _ = asks(answer)
    markers = [provider.marker(ZONE) for _ in range(20)]
    assert provider.expected(ZONE, markers[0]) is None
    assert provider.expected(ZONE, markers[-1]) == markers[-1]
