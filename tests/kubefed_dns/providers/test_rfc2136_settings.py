import ssl

import dns.tsig
import pytest

from kubefed_dns.errors import Misconfigured
from kubefed_dns.providers.protocol import Context, Provider, factory
from kubefed_dns.providers.rfc2136 import Rfc2136
from kubefed_dns.providers.rfc2136_settings import Server, parse

SECRET = "c2VjcmV0IG9mIG91cnM="
BOTH = {"tsigSecret": SECRET, "ca.crt": "mine"}
TSIG = {"keyName": "k", "algorithm": "hmac-sha256"}


def context(*, secret=None, zones=("example.org.",), **settings):
    return Context(
        "bind",
        zones=zones,
        settings={"servers": ["192.0.2.1:53"], "tsig": TSIG} | settings,
        secret={"tsigSecret": SECRET} if secret is None else secret,
    )


def key(zone="example.org.", **block):
    return [{"zone": zone, "keyName": "z.", "secretKey": "tsigSecret"} | block]


@pytest.mark.parametrize(
    ("reason", "text", "want"),
    [
        ("An address and a port.", "192.0.2.1:5353", Server("192.0.2.1", 5353)),
        ("Port 53 may be left out.", "192.0.2.1", Server("192.0.2.1", 53)),
        ("A host name.", "ns.example.org:53", Server("ns.example.org", 53)),
        ("An IPv6 address in brackets.", "[2001:db8::1]:54", Server("2001:db8::1", 54)),
        ("And without a port.", "[2001:db8::1]", Server("2001:db8::1", 53)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_servers(reason, text, want):
    assert parse(context(servers=[text])).servers == (want,), reason
    assert str(want) in (text, f"{text}:53")


def test_with_tls_another_port_is_meant_where_none_is_named():
    servers = parse(context(servers=["192.0.2.1", "192.0.2.2:53"], tls={})).servers
    assert servers == (Server("192.0.2.1", 853), Server("192.0.2.2", 53))


def test_certificates_are_checked_and_a_name_needs_no_dot_at_its_end():
    tls = parse(context(tls={"serverName": "ns.example.org."})).tls
    assert tls.name == "ns.example.org"
    assert tls.context.verify_mode is ssl.CERT_REQUIRED
    assert tls.context.check_hostname
    assert parse(context()).tls is None


@pytest.mark.parametrize(
    ("reason", "value", "want"),
    [
        ("Seconds as a number.", 2, 2.0),
        ("A duration.", "500ms", 0.5),
        ("Minutes and seconds.", "1m30s", 90.0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_timeouts(reason, value, want):
    assert parse(context(timeout=value)).timeout == want, reason


def test_the_secret_is_read_as_named_conf_has_it():
    settings = parse(context(secret={"tsigSecret": "c2VjcmV0\n IG9mIG91cnM=\n"}, timeout="7s"))
    default = settings.key("example.org.")
    assert (default.name.to_text(), default.secret) == ("k.", b"secret of ours")
    assert SECRET not in repr(settings)


def test_a_zone_may_have_a_key_of_its_own_and_signing_may_be_left_out():
    both = ("example.org.", "example.com.")
    settings = parse(context(zones=both, tsig=None, keys=key(algorithm="HMAC-SHA512.")))
    assert settings.key("example.org.").algorithm == dns.tsig.HMAC_SHA512
    assert settings.key("example.com.") is None


@pytest.mark.parametrize(
    ("reason", "given", "says"),
    [
        ("There have to be servers.", context(servers=[]), "rfc2136.servers: name at least one"),
        ("A bare IPv6 address is ambiguous.", context(servers=["::1"]), "'::1' is not"),
        ("A port is a number up to 65535.", context(servers=["a:70000"]), "'a:70000' is not"),
        ("Zones cannot be listed.", context(zones=()), "spec.zones: name the zones"),
        ("Forever is too long.", context(timeout="6m"), "rfc2136.timeout: '6m'"),
        ("Never is too short.", context(timeout=0), "rfc2136.timeout: 0"),
        ("Soon is no time.", context(timeout="soon"), "rfc2136.timeout: 'soon'"),
        ("A secret is needed.", context(secret={}), "no key 'tsigSecret'"),
        ("It has to be base64.", context(secret={"tsigSecret": "&"}), "'tsigSecret' .* not base64"),
        ("Whole base64.", context(secret={"tsigSecret": "abc"}), "'tsigSecret' .* not base64"),
        ("MD5 is broken.", context(tsig=TSIG | {"algorithm": "hmac-md5"}), "tsig.algorithm: 'hmac"),
        ("A key has a name.", context(tsig={"algorithm": "hmac-sha256"}), "tsig.keyName: name"),
        ("The name is one.", context(tsig={"keyName": "a..b"}), "tsig.keyName: 'a..b'"),
        ("A key's zone is ours.", context(keys=key("a.")), r"keys\[0\].zone: a. is not among"),
        ("It is a name.", context(keys=key("")), r"keys\[0\].zone: '' is no DNS name"),
        ("It says where.", context(keys=key(secretKey="")), r"keys\[0\].secretKey: say which"),
        ("And there it is.", context(keys=key(secretKey="b")), "no key 'b'"),
        ("Pointing back is asked for or not.", context(ptr="yes"), "rfc2136.ptr: Invalid value"),
        ("TLS is a block.", context(tls=True), "rfc2136.tls: Invalid value"),
        ("A CA is a certificate.", context(tls={"ca": "mine"}), "rfc2136.tls.ca: these are no"),
        ("In the Secret too.", context(secret=BOTH, tls={}), "key 'ca.crt' .* are no certificates"),
        ("It is there.", context(tls={"caSecretKey": "b"}), "no key 'b'; put the CA's"),
        ("It is one of two.", context(tls={"caSecretKey": "b", "ca": "c"}), "give either this"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_settings_that_cannot_work_are_named(reason, given, says):
    with pytest.raises(Misconfigured, match=says) as caught:
        Rfc2136(given)
    assert "secret of ours" not in str(caught.value), reason
    assert SECRET not in str(caught.value)


def test_a_secret_that_is_not_base64_is_nowhere_in_the_error():
    with pytest.raises(Misconfigured) as caught:
        Rfc2136(context(secret={"tsigSecret": "hunter2!"}))
    assert "hunter2" not in repr(caught.value)
    assert caught.value.__context__ is None


def test_it_is_found_by_its_type():
    provider = factory("rfc2136")(context())
    assert isinstance(provider, Provider)
    provider.close()
