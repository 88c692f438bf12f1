"""What the rfc2136 provider says when a real BIND denies, hangs or is gone."""

import base64
from contextlib import ExitStack

import pytest
from bind import Bind, Key, Zone

from kubefed_dns.errors import Denied, Unreachable, ZoneGone
from kubefed_dns.providers.contract_plot import group
from kubefed_dns.providers.rfc2136 import Rfc2136
from kubefed_dns.records import Create, Delete, rrset

ZONE = "example.org."
OTHER = Key("other.", "hmac-sha512", base64.b64encode(b"o" * 64).decode())
WRONG = Key(secret="AAAA")


def address(name, zone=ZONE):
    return rrset(f"{name}.{zone}", "A", 300, ["192.0.2.1"])


@pytest.fixture(scope="module")
def bind(tmp_path_factory):
    zones = [
        Zone(ZONE),
        Zone("policy.org.", policy=["grant k. subdomain app.policy.org. A TXT"]),
        Zone("frozen.org.", allow_update=()),
        Zone("other.org.", allow_update=["other."], allow_transfer=["other."]),
    ]
    with Bind(tmp_path_factory.mktemp("bind"), zones, keys=[Key(), OTHER]) as bind:
        yield bind


@pytest.fixture
def make():
    with ExitStack() as stack:

        def make(context):
            provider = Rfc2136(context)
            stack.callback(provider.close)
            return provider

        yield make


def test_what_the_policy_does_not_grant_is_refused_and_the_rest_is_written(bind, make):
    provider = make(bind.context("policy.org."))
    sets = [address(name, "policy.org.") for name in ("a", "app", "b", "x.app", "c")]
    refusals = provider.write("policy.org.", [group(Create(one)) for one in sets])
    assert [refusal.group.name[0] for refusal in refusals] == ["a", "b", "c"]
    assert all("update-policy of policy.org." in refusal.reason for refusal in refusals)
    assert set(provider.read("policy.org.")) >= {sets[1], sets[3]}


@pytest.mark.parametrize(
    ("reason", "zone", "key", "error", "says"),
    [
        ("No key may write.", "frozen.org.", Key(), Denied, "allow-update or update-policy"),
        ("Another key may.", "other.org.", Key(), Denied, r"name TSIG key k\. in"),
        ("It is not there.", "nowhere.org.", Key(), ZoneGone, "nowhere.org. with authority"),
        ("The key is unknown.", ZONE, Key("nobody."), Denied, r"nobody\. \(BADKEY\)"),
        ("The secret differs.", ZONE, WRONG, Denied, r"of TSIG key k\. is another"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_a_denial_names_server_key_and_remedy(bind, make, reason, zone, key, error, says):
    calls = []
    provider = make(bind.context(zone, key=key, take=lambda: calls.append(1)))
    groups = [group(Create(address(f"n{number}", zone))) for number in range(50)]
    with pytest.raises(error, match=says) as caught:
        provider.write(zone, groups)
    assert str(caught.value).startswith(f"{bind.address}: "), reason
    assert key.secret not in str(caught.value)
    assert len(calls) <= 3


def test_each_zone_has_its_key(bind, make):
    context = bind.context(
        ZONE,
        "other.org.",
        keys=[
            {
                "zone": "other.org",
                "keyName": "other",
                "algorithm": OTHER.algorithm,
                "secretKey": "x",
            }
        ],
    )
    context.secret["x"] = OTHER.secret
    provider = make(context)
    for zone in (ZONE, "other.org."):
        assert not provider.write(zone, [group(Create(address("keyed", zone)))])
        assert address("keyed", zone) in provider.read(zone)


def test_a_zone_that_is_not_served_is_left_out_and_says_why_when_used(bind, make):
    provider = make(bind.context(ZONE, "nowhere.org."))
    assert provider.zones() == (ZONE,)
    with pytest.raises(ZoneGone, match=r"correct spec\.zones"):
        provider.marker("nowhere.org.")
    with pytest.raises(Denied, match="BADSIG"):
        make(bind.context(ZONE, "nowhere.org.", key=WRONG)).zones()


def test_the_next_server_takes_over_and_keeps_the_zone_while_it_works(tmp_path, make):
    new = address("failover")
    with (
        Bind(tmp_path / "one", [Zone(ZONE)], v6=True) as one,
        Bind(tmp_path / "two", [Zone(ZONE, serial=70)]) as two,
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
        assert bind_has(two, new)
        assert not bind_has(one, new)
        two.stop()
        assert provider.marker(ZONE) == "1"
        one.stop()
        with pytest.raises(Unreachable) as caught:
            provider.marker(ZONE)
        assert f"{one.address}: Connection refused" in str(caught.value)
        assert f"{two.address}: Connection refused" in str(caught.value)


def test_a_restart_between_two_writes_goes_unnoticed(tmp_path, make):
    with Bind(tmp_path, [Zone(ZONE)]) as bind:
        provider = make(bind.context())
        for number, end in enumerate((bind.stop, bind.kill, bind.stop)):
            assert not provider.write(ZONE, [group(Create(address(f"restart{number}")))])
            end()
            bind.start()
        assert len(list(provider.read(ZONE, [f"restart{n}.{ZONE}" for n in range(3)]))) == 3


def test_a_server_that_hangs_is_named_with_the_time_waited(tmp_path, make):
    with Bind(tmp_path / "one", [Zone(ZONE)]) as one, Bind(tmp_path / "two", [Zone(ZONE)]) as two:
        servers = [one.address, two.address]
        provider = make(one.context(servers=servers, timeout="300ms"))
        assert not provider.write(ZONE, [group(Create(address("hang")))])
        one.pause()
        with pytest.raises(Unreachable, match=r"no answer within 0\.3 s.*may have been done"):
            provider.write(ZONE, [group(Delete(address("hang")))])
        assert provider.marker(ZONE) == f"1@{two.address}"


def bind_has(bind, rrset):
    return bind.values(rrset.name, rrset.type) == list(rrset.values)
