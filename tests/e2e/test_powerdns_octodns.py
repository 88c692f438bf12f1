"""The octodns provider with octoDNS's own package for PowerDNS, on a real PowerDNS's HTTP API."""

import asyncio
from contextlib import ExitStack

import pytest
from nameserver import Zone
from powerdns import API_KEY, PowerDns
from published import Hub, until

from kubefed_dns.errors import Denied, ProviderError, Unreachable, ZoneGone
from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.providers.contract_plot import TEXTS, group
from kubefed_dns.providers.octodns import Octodns
from kubefed_dns.providers.protocol import Capabilities
from kubefed_dns.providers.text import joined
from kubefed_dns.records import Create, Delete, rrset

ZONE = "example.org."
WEB = "web.example.org"
WWW = rrset(f"www.{ZONE}", "A", 300, ["192.0.2.1"])
OTHERS = [
    rrset(f"_x._tcp.{ZONE}", "SRV", 300, ["1 2 3 host.example.net.", "0 0 443 h2.example.net."]),
    rrset(f"mx.{ZONE}", "MX", 300, ["10 mail.example.net.", "20 mail2.example.net."]),
    rrset(f"caa.{ZONE}", "CAA", 300, ['0 issue "ca.example.net"', '128 iodef "mailto:a@b.net"']),
    rrset(f"naptr.{ZONE}", "NAPTR", 300, ['10 20 "U" "E2U+sip" "!^.*$!sip:a@example.net!" .']),
    rrset(f"sub.{ZONE}", "NS", 300, ["ns.example.net."]),
    rrset(f"1.{ZONE}", "PTR", 300, ["a.example.net.", "b.example.net."]),
    rrset(f"ssh.{ZONE}", "SSHFP", 300, ["4 2 " + "ab" * 32]),
    rrset(f"_443._tcp.{ZONE}", "TLSA", 300, ["3 1 1 " + "cd" * 32]),
    rrset(f"*.{ZONE}", "AAAA", 300, ["2001:db8::1"]),
]


@pytest.fixture(scope="module")
def powerdns(tmp_path_factory):
    with PowerDns(tmp_path_factory.mktemp("powerdns"), [Zone(ZONE), Zone("com.")]) as powerdns:
        yield powerdns


@pytest.fixture
def make(powerdns):
    with ExitStack() as stack:

        def make(*zones, **settings):
            provider = Octodns(powerdns.octodns(*(zones or [ZONE]), **settings))
            stack.callback(provider.close)
            return provider

        yield make


class TestOctodnsOnPowerDns(ProviderContract):
    claims = Capabilities(
        types=frozenset(
            {"A", "AAAA", "CAA", "CNAME", "MX", "NAPTR", "NS", "PTR", "SRV", "SSHFP", "TLSA", "TXT"}
        ),
        atomic=False,
        conditional=False,
    )

    @pytest.fixture
    def provider(self, make):
        return make()

    @pytest.fixture
    def zone(self):
        return ZONE


@pytest.mark.parametrize("made", OTHERS, ids=lambda made: made.type)
def test_every_type_goes_there_and_comes_back(powerdns, make, made):
    provider = make()
    assert not provider.write(ZONE, [group(Create(made))])
    assert made in set(make().read(ZONE))
    asked = made.name.replace("*", "any")
    if made.type != "NS":  # That of a zone cut is in no answer.
        values = (rrset(made.name, made.type, 300, powerdns.values(asked, made.type))).values
        assert values == made.values
    assert not provider.write(ZONE, [group(Delete(made))])
    assert made.name not in {each.name for each in provider.read(ZONE)}


@pytest.mark.parametrize(("reason", "text"), TEXTS, ids=[reason for reason, _ in TEXTS])
def test_texts_are_answered_as_they_were_meant(powerdns, make, reason, text):
    made = rrset(f"text.{ZONE}", "TXT", 300, [text])
    provider = make()
    assert not provider.write(ZONE, [group(Create(made))])
    answer = powerdns.ask(made.name, "TXT").answer[0]
    (told,) = (b"".join(rdata.strings) for rdata in answer)
    assert told == joined(text), reason
    assert not provider.write(ZONE, [group(Delete(made))])


def test_all_zones_of_the_server_are_listed(make, powerdns):
    context = powerdns.octodns()
    provider = Octodns(context.__class__("all", settings=context.settings, secret=context.secret))
    assert set(provider.zones()) == {ZONE, "com."}


@pytest.mark.parametrize(
    ("reason", "settings", "error", "says"),
    [
        ("The key is wrong.", {"api_key": "wrong"}, Denied, "correct the Secret"),
        ("It is another one.", {"server_id": "no"}, ProviderError, "404 .*octoDNS's package says"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_a_denial_says_what_to_do(make, reason, settings, error, says):
    for use in (
        lambda provider: provider.read(ZONE),
        lambda provider: provider.write(ZONE, [group(Create(WWW))]),
    ):
        with pytest.raises(error, match=says) as caught:
            use(make(**settings))
        assert API_KEY not in str(caught.value), reason


def test_a_zone_that_is_not_there_is_not_made(powerdns, make):
    new = group(Create(rrset("www.nowhere.org.", "A", 300, ["192.0.2.1"])))
    with pytest.raises(ZoneGone, match="create it, or correct spec"):
        make("nowhere.org.").write("nowhere.org.", [new])
    assert powerdns.ask("nowhere.org.", "SOA").answer == []


def test_a_server_that_is_down_is_told_from_one_that_says_no(tmp_path):
    with PowerDns(tmp_path, [Zone(ZONE)]) as server:
        provider = Octodns(server.octodns())
        assert not provider.write(ZONE, [group(Create(WWW))])
        server.stop()
        with pytest.raises(Unreachable, match="name the right place"):
            provider.write(ZONE, [group(Delete(WWW))])
        server.start()
        assert not provider.write(ZONE, [group(Delete(WWW))])


def test_what_powerdns_makes_up_as_it_goes_is_there_and_left_alone(powerdns, make):
    powerdns.util("add-record", ZONE, "lua", "LUA", "60", "A \"ifportup(443, {'192.0.2.1'})\"")
    provider = make()
    (found,) = provider.read(ZONE, [f"lua.{ZONE}"])
    assert found.type not in provider.capabilities.types
    assert not provider.write(ZONE, [group(Create(WWW))])
    assert set(provider.read(ZONE, [found.name])) == {found}
    assert not provider.write(ZONE, [group(Delete(WWW))])


async def test_names_are_published_and_ten_cycles_with_nothing_to_do_write_nothing(powerdns):
    hub = Hub(powerdns, ZONE)
    hub.provider_of(powerdns.octodns(ZONE), auditInterval="100ms")
    async with hub.hub():
        hub.want((WEB, "A", "192.0.2.1"), (f"text.{WEB}", "TXT", 'say "yes"; \\o/'))
        await hub.until("Verified", "True")
        assert powerdns.values(f"{WEB}.", "A") == ["192.0.2.1"]
        await until(lambda: hub.zone().get("pending") == 0)
        await asyncio.sleep(1.2)
        serial, written = powerdns.serial(ZONE), len(hub.host.writes)
        await asyncio.sleep(1.2)
        assert powerdns.serial(ZONE) == serial
        assert len(hub.host.writes) == written
        hub.want((WEB, "CNAME", "ns.example.org"))
        await until(lambda: powerdns.values(f"{WEB}.", "CNAME") == ["ns.example.org."])
        await hub.emptied(WEB, f"text.{WEB}")
