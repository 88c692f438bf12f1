"""What the rfc2136 provider says when a real server denies, hangs or is gone."""

import base64
import math
from contextlib import ExitStack

import pytest
from bind import Bind
from knot import Knot
from nameserver import Key, Zone
from powerdns import PowerDns
from relay import Relay

from kubefed_dns.errors import Denied, Unreachable, ZoneGone
from kubefed_dns.providers.contract_plot import group
from kubefed_dns.providers.rfc2136 import Rfc2136
from kubefed_dns.records import Create, Delete, Update, rrset

ZONE = "example.org."
OTHER = Key("other.", "hmac-sha512", base64.b64encode(b"o" * 64).decode())
SHORTER = Key("shorter.", "hmac-sha384", base64.b64encode(b"s" * 48).decode())
WRONG = Key(secret="AAAA")
ZONES = (
    Zone(ZONE),
    Zone("frozen.org.", allow_update=()),
    Zone("other.org.", allow_update=["other."], allow_transfer=["other."]),
    Zone("shorter.org.", allow_update=["shorter."], allow_transfer=["shorter."]),
)
SERVERS = (Bind, Knot, PowerDns)


def address(name, zone=ZONE):
    return rrset(f"{name}.{zone}", "A", 300, ["192.0.2.1"])


def has(server, rrset):
    return server.values(rrset.name, rrset.type) == list(rrset.values)


@pytest.fixture(scope="module", params=SERVERS, ids=lambda kind: kind.__name__)
def server(tmp_path_factory, request):
    keys = [Key(), OTHER, SHORTER]
    with request.param(tmp_path_factory.mktemp("server"), ZONES, keys=keys) as server:
        yield server


@pytest.fixture(params=SERVERS, ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


@pytest.fixture
def make():
    with ExitStack() as stack:

        def make(context):
            provider = Rfc2136(context)
            stack.callback(provider.close)
            return provider

        yield make


@pytest.mark.parametrize(
    ("reason", "zone", "key", "error", "says"),
    [
        ("No key may write.", "frozen.org.", Key(), Denied, "allow-update or update-policy"),
        ("Another key may.", "other.org.", Key(), Denied, r"TSIG key k\."),
        ("It is not there.", "nowhere.org.", Key(), ZoneGone, "nowhere.org. with authority"),
        ("The key is unknown.", ZONE, Key("nobody."), Denied, r"nobody\..*correct keyName"),
        ("The secret differs.", ZONE, WRONG, Denied, r"TSIG key k\. .*the Secret"),
        ("The algorithm differs.", ZONE, Key(algorithm="hmac-sha384"), Denied, "and algorithm"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_a_denial_names_server_key_and_remedy(server, make, reason, zone, key, error, says):
    calls = []
    provider = make(server.context(zone, key=key, take=lambda: calls.append(1)))
    groups = [group(Create(address(f"n{number}", zone))) for number in range(50)]
    with pytest.raises(error, match=says) as caught:
        provider.write(zone, groups)
    assert str(caught.value).startswith(f"{server.address}: "), reason
    assert key.secret not in str(caught.value)
    assert len(calls) <= 3


@pytest.mark.parametrize("kind", [Bind, Knot])
def test_what_the_key_may_not_write_is_refused_and_the_rest_is_written(tmp_path, kind, make):
    with kind(tmp_path, [Zone(ZONE, below=f"app.{ZONE}")]) as server:
        provider = make(server.context())
        sets = [address(name) for name in ("a", "app", "b", "x.app", "c")]
        refusals = provider.write(ZONE, [group(Create(one)) for one in sets])
        assert [refusal.group.name[0] for refusal in refusals] == ["a", "b", "c"]
        assert all(f"update-policy of {ZONE}" in refusal.reason for refusal in refusals)
        assert set(provider.read(ZONE)) >= {sets[1], sets[3]}


@pytest.mark.parametrize("kind", [Bind, Knot])
def test_one_name_in_a_thousand_that_the_key_may_not_write_costs_few_messages(tmp_path, kind, make):
    messages = []
    with kind(tmp_path, [Zone(ZONE, below=f"app.{ZONE}")]) as server:
        provider = make(server.context(take=lambda: messages.append(1)))
        sets = [address(f"n{number}.app") for number in range(1000)]
        sets[617] = address("elsewhere")
        (refusal,) = provider.write(ZONE, [group(Create(one)) for one in sets])
        assert refusal.group == group(Create(sets[617]))
        assert not refusal.lost
        assert len(messages) - 5 <= 2 * math.log2(1000)
        assert {*sets} - {sets[617]} <= set(provider.read(ZONE))


def test_a_connection_that_breaks_after_an_update_was_sent_leaves_it_open_what_became_of_it(
    server, make
):
    new, newer = address("cut"), rrset(f"cut.{ZONE}", "A", 300, ["192.0.2.2"])
    with Relay(server) as relay:
        provider = make(server.context(ZONE, servers=[relay.address]))
        assert not provider.write(ZONE, [group(Create(new))])
        relay.cut = True
        with pytest.raises(Unreachable, match=rf"^{relay.address}: .*what was sent may have been"):
            provider.write(ZONE, [group(Update(new, newer))])
        relay.cut = False
        # It was done, and says so: the same again is lost, and not done twice.
        assert has(server, newer)
        (refusal,) = provider.write(ZONE, [group(Update(new, newer))])
        assert refusal.lost
        assert list(provider.read(ZONE, [new.name])) == [newer]
        assert not provider.write(ZONE, [group(Delete(newer))])


def test_each_zone_has_its_key(server, make):
    keys = [
        {
            "zone": f"{key.name}org",
            "keyName": key.name.rstrip("."),
            "algorithm": key.algorithm,
            "secretKey": f"{key.name}secret",
        }
        for key in (OTHER, SHORTER)
    ]
    secret = {f"{key.name}secret": key.secret for key in (OTHER, SHORTER)}
    zones = (ZONE, "other.org.", "shorter.org.")
    provider = make(server.context(*zones, keys=keys, secret=secret))
    for zone in zones:
        assert not provider.write(zone, [group(Create(address("keyed", zone)))])
        assert address("keyed", zone) in provider.read(zone)


def test_a_zone_that_is_not_served_is_left_out_and_says_why_when_used(server, make):
    provider = make(server.context(ZONE, "nowhere.org."))
    assert provider.zones() == (ZONE,)
    with pytest.raises(ZoneGone, match=r"correct spec\.zones"):
        provider.marker("nowhere.org.")
    with pytest.raises(Denied, match=r"TSIG key k\."):
        make(server.context(ZONE, "nowhere.org.", key=WRONG)).zones()


def test_the_next_server_takes_over_and_keeps_the_zone_while_it_works(tmp_path, make):
    new = address("failover")
    with (
        Bind(tmp_path / "one", [Zone(ZONE)], v6=True) as one,
        Knot(tmp_path / "two", [Zone(ZONE, serial=70)]) as two,
    ):
        provider = make(one.context(servers=[one.address, two.address]))
        assert provider.marker(ZONE) == "1"
        one.stop()
        assert provider.zones() == (ZONE,)
        assert provider.marker(ZONE) == f"70@{two.address}"
        assert not provider.write(ZONE, [group(Create(new))])
        assert provider.expected(ZONE, f"70@{two.address}") == f"71@{two.address}"
        one.start()
        assert new in provider.read(ZONE)
        assert has(two, new)
        assert not has(one, new)
        two.stop()
        assert provider.marker(ZONE) == "1"
        one.stop()
        with pytest.raises(Unreachable) as caught:
            provider.marker(ZONE)
        assert f"{one.address}: Connection refused" in str(caught.value)
        assert f"{two.address}: Connection refused" in str(caught.value)


def test_a_restart_between_two_writes_goes_unnoticed(tmp_path, kind, make):
    with kind(tmp_path, [Zone(ZONE)]) as server:
        provider = make(server.context())
        for number, end in enumerate((server.stop, server.kill, server.stop)):
            assert not provider.write(ZONE, [group(Create(address(f"restart{number}")))])
            end()
            server.start()
        assert len(list(provider.read(ZONE, [f"restart{n}.{ZONE}" for n in range(3)]))) == 3


def test_a_server_that_hangs_is_named_with_the_time_waited(tmp_path, kind, make):
    with kind(tmp_path / "one", [Zone(ZONE)]) as one, Bind(tmp_path / "two", [Zone(ZONE)]) as two:
        servers = [one.address, two.address]
        provider = make(one.context(servers=servers, timeout="300ms"))
        assert not provider.write(ZONE, [group(Create(address("hang")))])
        one.pause()
        with pytest.raises(Unreachable, match=r"no answer within 0\.3 s.*may have been done"):
            provider.write(ZONE, [group(Delete(address("hang")))])
        assert provider.marker(ZONE) == f"1@{two.address}"
        one.resume()
