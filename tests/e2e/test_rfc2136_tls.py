"""The rfc2136 provider on a real BIND by DNS over TLS."""

from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from bind import Bind, Zone

from kubefed_core.runtime.certificates import Authority
from kubefed_dns.errors import Unreachable
from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.providers.contract_plot import group
from kubefed_dns.providers.rfc2136 import Rfc2136
from kubefed_dns.providers.rfc2136_settings import parse
from kubefed_dns.providers.rfc2136_wire import encrypted
from kubefed_dns.records import Create, Delete, rrset

ZONE = "example.org."
NAME = "ns.example.org"
WWW = rrset(f"www.{ZONE}", "A", 300, ["192.0.2.1"])


@pytest.fixture(scope="module")
def authority():
    return Authority("DNS", now=datetime.now(UTC))


@pytest.fixture(scope="module")
def ca(authority):
    return authority.certificate.decode()


@pytest.fixture(scope="module")
def bind(tmp_path_factory, authority):
    directory = tmp_path_factory.mktemp("bind")
    files = directory / "cert.pem", directory / "key.pem"
    pair = authority.serving("BIND", [NAME, "127.0.0.1"])
    for file, text in zip(files, (pair.certificate, pair.key), strict=True):
        file.write_bytes(text)
    with Bind(directory, [Zone(ZONE)], certificate=files) as bind:
        yield bind


@pytest.fixture
def make(bind):
    """A provider that asks by TLS, with some settings of spec.rfc2136.tls."""
    with ExitStack() as stack:

        def make(*, secret=None, servers=None, dial=None, **tls):
            servers = servers or [bind.tls_address]
            context = bind.context(ZONE, servers=servers, secret=secret, tls=tls)
            provider = Rfc2136(context, dial=dial and dial(context))
            stack.callback(provider.close)
            return provider

        yield make


class TestBindByTls(ProviderContract):
    claims = Rfc2136.capabilities

    @pytest.fixture
    def provider(self, make, ca):
        return make(serverName=NAME, ca=ca)

    @pytest.fixture
    def zone(self):
        return ZONE


def test_the_ca_is_in_the_secret_or_in_the_settings_and_the_host_is_the_default_name(make, ca):
    for provider in (
        make(serverName=f"{NAME}.", ca=ca),
        make(ca=ca),
        make(secret={"ca.crt": ca}),
        make(secret={"mine.pem": ca}, caSecretKey="mine.pem"),
    ):
        assert provider.zones() == (ZONE,)


def test_one_connection_serves_reading_transfers_and_updates(make, ca):
    opened = []

    def counting(context):
        dial = encrypted(parse(context).tls)

        def count(server, timeout):
            opened.append(dial(server, timeout))
            return opened[-1]

        return count

    provider = make(ca=ca, dial=counting)
    provider.marker(ZONE)
    assert not provider.write(ZONE, [group(Create(WWW))])
    assert WWW in provider.read(ZONE)
    assert list(provider.read(ZONE, [WWW.name])) == [WWW]
    assert not provider.write(ZONE, [group(Delete(WWW))])
    (connection,) = opened
    assert connection.version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.parametrize(
    ("reason", "settings", "says"),
    [
        ("It is for another name.", {"serverName": "ns.example.net"}, "spec.rfc2136.tls: server"),
        ("Its CA is none of the system's.", {"ca": None}, "the CA that it is to be checked by"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_certificate_that_does_not_fit_is_refused(bind, make, ca, reason, settings, says):
    provider = make(**{"ca": ca} | settings)
    for use in (provider.zones, lambda: provider.write(ZONE, [group(Create(WWW))])):
        with pytest.raises(Unreachable, match=says) as caught:
            use()
        assert str(caught.value).startswith(f"{bind.tls_address}: its certificate"), reason
    assert bind.values(WWW.name, "A") == []


def test_a_port_without_tls_is_told_from_a_server_that_is_down(bind, make, ca):
    with pytest.raises(Unreachable, match=rf"^{bind.address}: no TLS .*name its port for DNS over"):
        make(servers=[bind.address], ca=ca, timeout="300ms").zones()


def test_the_next_server_is_asked_where_the_first_cannot_be_trusted(bind, make, ca, tmp_path):
    other = Authority("other", now=datetime.now(UTC)).serving("BIND", ["127.0.0.1"])
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    for file, text in zip(files, (other.certificate, other.key), strict=True):
        file.write_bytes(text)
    with Bind(tmp_path / "first", [Zone(ZONE)], certificate=files) as first:
        provider = make(servers=[first.tls_address, bind.tls_address], ca=ca)
        assert provider.marker(ZONE) == f"{bind.serial(ZONE)}@{bind.tls_address}"
        assert not provider.write(ZONE, [group(Create(WWW))])
        assert first.values(WWW.name, "A") == []
    assert not provider.write(ZONE, [group(Delete(WWW))])


def test_a_restart_goes_unnoticed(bind, make, ca):
    provider = make(ca=ca)
    assert not provider.write(ZONE, [group(Create(WWW))])
    for end in (bind.stop, bind.kill):
        end()
        bind.start()
        assert list(provider.read(ZONE, [WWW.name])) == [WWW]
    assert not provider.write(ZONE, [group(Delete(WWW))])
