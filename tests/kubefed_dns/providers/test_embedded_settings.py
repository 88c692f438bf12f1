"""What is said of the embedded server's zones, by a DNSProvider and by flags."""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import atlas
import dns.tsig
import pytest

from kubefed_dns.errors import Misconfigured
from kubefed_dns.providers import embedded_settings
from kubefed_dns.providers.embedded import Embedded
from kubefed_dns.providers.protocol import Context
from kubefed_dns.records import Create, Group, rrset
from kubefed_dns.server.policy import OPEN, Policy, Secondary
from kubefed_dns.server.server import Server

SECRET = "c2VjcmV0IG9mIG91cnM="
SECRETS = {"tsigSecret": SECRET, "other": "b3RoZXI="}
ADDRESS, NETWORK = ip_address("192.0.2.53"), ip_network("192.0.2.0/24")
DEFAULT = Policy(addresses=(ADDRESS,), allow=(NETWORK,), notify=(Secondary("192.0.2.1"),))


def context(*, secret=None, **settings):
    given = SECRETS if secret is None else secret
    return Context("embedded", zones=("example.com.",), settings=settings, secret=given)


def policy(default=OPEN, **settings):
    return embedded_settings.parse(context(**settings)).policy(default)


def test_all_that_can_be_said():
    made = policy(
        nsAddresses=["192.0.2.53", "2001:db8::53"],
        transfers={
            "allow": ["192.0.2.0/24", "192.0.2.1", "192.0.2.7/24", "2001:db8::/32"],
            "tsig": {"keyName": "K.example", "algorithm": "hmac-sha512"},
            "keys": [{"keyName": "other", "secretKey": "other"}],
        },
        notify=["192.0.2.1", "[2001:db8::1]:5353", "ns2.example.net:54", "192.0.2.1:53"],
    )
    assert made.addresses == (ADDRESS, ip_address("2001:db8::53"))
    assert [str(each) for each in made.allow] == [
        "192.0.2.0/24",
        "192.0.2.1/32",
        "192.0.2.0/24",
        "2001:db8::/32",
    ]
    assert list(map(str, made.notify)) == [
        "192.0.2.1:53",
        "[2001:db8::1]:5353",
        "ns2.example.net:54",
    ]
    assert made.signer == dns.tsig.Key("k.example.", SECRET, dns.tsig.HMAC_SHA512)
    other = dns.tsig.Key("other.", "b3RoZXI=", dns.tsig.HMAC_SHA256)
    assert made.keys == {key.name: key for key in (made.signer, other)}
    assert made.database is None


def test_what_is_not_said_is_as_the_flags_say_and_what_is_empty_is_said():
    assert policy(DEFAULT) == DEFAULT
    made = policy(DEFAULT, nsAddresses=[], transfers={"allow": []}, notify=["192.0.2.2"])
    assert made == Policy(notify=(Secondary("192.0.2.2"),))


def test_secrets_are_in_no_text_of_it():
    parsed = embedded_settings.parse(context(transfers={"tsig": {"keyName": "k"}}))
    for text in (repr(parsed), repr(parsed.policy(OPEN))):
        assert SECRET not in text


@pytest.mark.parametrize(
    ("reason", "settings", "message"),
    [
        ("No address.", {"nsAddresses": ["ns1"]}, "spec.embedded.nsAddresses: 'ns1'"),
        ("No list.", {"notify": "192.0.2.1"}, "spec.embedded.notify"),
        ("No network.", {"transfers": {"allow": ["all"]}}, "spec.embedded.transfers.allow: 'all'"),
        ("No server.", {"notify": ["192.0.2.1:0"]}, "spec.embedded.notify: '192.0.2.1:0'"),
        ("No name.", {"transfers": {"tsig": {}}}, "spec.embedded.transfers.tsig.keyName"),
        (
            "No algorithm of ours.",
            {"transfers": {"tsig": {"keyName": "k", "algorithm": "md5"}}},
            "spec.embedded.transfers.tsig.algorithm: 'md5'",
        ),
        (
            "No place for the secret.",
            {"transfers": {"keys": [{"keyName": "k"}]}},
            "spec.embedded.transfers.keys[0].secretKey",
        ),
        (
            "No secret there.",
            {"transfers": {"keys": [{"keyName": "k", "secretKey": "gone"}]}},
            "has no key 'gone'",
        ),
        (
            "One name for two keys.",
            {
                "transfers": {
                    "tsig": {"keyName": "k"},
                    "keys": [{"keyName": "K.", "secretKey": "other"}],
                }
            },
            "spec.embedded.transfers.keys: two keys have the same name",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_what_cannot_work_is_named(reason, settings, message):
    with pytest.raises(Misconfigured) as error:
        Embedded(context(**settings))
    assert message in str(error.value), reason
    assert SECRET not in str(error.value)


def flags(**given):
    said = {"ns_address": (), "allow_transfer": (), "notify": (), "geoip_database": ""}
    return embedded_settings.by_flags(**said | {"listening": ""} | given)


@pytest.mark.parametrize(
    ("reason", "given", "want"),
    [
        ("Nothing is said.", {}, OPEN),
        ("Listening to all tells no address.", {"listening": ":53"}, OPEN),
        ("Nor does this machine's own.", {"listening": "127.0.0.1:5354"}, OPEN),
        ("Nor in IPv6.", {"listening": "[::1]:53"}, OPEN),
        ("Nor one of a link.", {"listening": "[fe80::1%eth0]:53"}, OPEN),
        ("Nor all of IPv6.", {"listening": "[::]:53"}, OPEN),
        ("One that others know.", {"listening": "192.0.2.53:53"}, Policy(addresses=(ADDRESS,))),
        (
            "What is said counts more.",
            {"listening": "192.0.2.54:53", "ns_address": ("192.0.2.53",)},
            Policy(addresses=(ADDRESS,)),
        ),
        ("A network.", {"allow_transfer": ("192.0.2.0/24",)}, Policy(allow=(NETWORK,))),
        ("A secondary.", {"notify": ("192.0.2.1",)}, Policy(notify=(Secondary("192.0.2.1"),))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_flags(reason, given, want):
    assert flags(**given) == want, reason


@pytest.mark.parametrize(
    ("flag", "given"),
    [
        ("--dns-ns-address", {"ns_address": ("ns1",)}),
        ("--dns-allow-transfer", {"allow_transfer": ("all",)}),
        ("--dns-notify", {"notify": ("2001:db8::1",)}),
    ],
)
def test_a_wrong_flag_is_named(flag, given):
    with pytest.raises(Misconfigured, match=flag):
        flags(**given)


# What a zone goes by.


def a_server():
    return Server(now=lambda: datetime(2030, 1, 1, tzinfo=UTC), policy=DEFAULT)


def test_a_zone_goes_by_the_settings_of_who_uses_it_from_the_first_look_on():
    server = a_server()
    provider = Embedded(context(nsAddresses=["192.0.2.99"]), server)
    zone = server.zone("example.com.")
    assert zone.policy == DEFAULT
    provider.read("example.com.")
    assert zone.policy.addresses == (ip_address("192.0.2.99"),)
    assert zone.policy.allow == DEFAULT.allow
    serial = zone.serial
    for _ in range(10):
        provider.read("example.com.")
        provider.write("example.com.", [])
        assert provider.marker("example.com.") == str(serial)
    Embedded(context(), server).marker("example.com.")
    assert zone.policy == DEFAULT


def test_a_database_that_cannot_be_read_is_a_complaint_and_no_more(tmp_path):
    path = tmp_path / "places.mmdb"
    provider = Embedded(context(geoDatabase=str(path)), a_server())
    assert not provider.write("example.com.", [])
    assert f"spec.embedded.geoDatabase: {path}: No such file" in provider.complaint()
    assert Embedded(context()).complaint() is None


def test_names_that_go_by_place_without_a_database_are_a_complaint(tmp_path, caplog):
    said = {"set_identifier": "*", "properties": {"geo": "*"}}
    places = [rrset(f"{n}.example.com", "A", 60, ["192.0.2.1"], **said) for n in range(3)]
    groups = [Group(each.name, (Create(each),)) for each in places]
    provider = Embedded(context(), a_server())
    assert provider.complaint() is None
    assert not provider.write("example.com.", groups)
    assert "give spec.embedded.geoDatabase" in provider.complaint()
    assert sum("go by place" in each.getMessage() for each in caplog.records) == 1
    atlas.write(tmp_path / "places.mmdb")
    provider = Embedded(context(geoDatabase=str(tmp_path / "places.mmdb")), a_server())
    assert not provider.write("example.com.", groups)
    assert provider.complaint() is None


def test_a_database_of_the_flags_is_read_once(tmp_path):
    default = flags(geoip_database=str(tmp_path / "a"))
    same = policy(default, geoDatabase=str(tmp_path / "a"))
    other = policy(default, geoDatabase=str(tmp_path / "b"))
    assert policy(default).database is same.database is default.database
    assert other.database.path == str(tmp_path / "b")
