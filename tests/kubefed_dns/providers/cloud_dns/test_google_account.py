"""Which project, which zones: settings, credentials, names and ids."""

import json

import pytest
from cloud import ZONE
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from strict_google import PROJECT

from kubefed_dns.errors import Denied, Misconfigured, ProviderError, ZoneGone
from kubefed_dns.providers.protocol import Identifies


@pytest.fixture(scope="module")
def private_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture
def key(google, private_key):
    """The key of a service account, for tokens of the strict server."""
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "1",
        "private_key": private_key,
        "client_email": f"dns@{PROJECT}.example",
        "token_uri": f"{google.url}/token",
    }


def test_a_key_gives_tokens_and_names_the_project(google, provider_of, key):
    google.add_zone(ZONE)
    provider = provider_of(secret={"key.json": json.dumps(key)}, settings={"project": ""})
    assert provider.zones() == (ZONE,)
    assert google.tokens == ["Bearer granted"]


def test_a_key_that_is_not_valid_any_more_is_denied(google, provider_of, key):
    google.grants = False
    provider = provider_of(secret={"key.json": json.dumps(key)})
    with pytest.raises(Denied, match="credentialsRef") as raised:
        provider.zones()
    assert "JWT" not in str(raised.value)


@pytest.fixture
def own_identity(monkeypatch, key, tmp_path):
    """This process works as a service account."""
    (tmp_path / "adc.json").write_text(json.dumps(key))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "adc.json"))


@pytest.mark.usefixtures("own_identity")
def test_another_endpoint_is_asked_without_credentials(google, provider_of):
    google.add_zone(ZONE)
    assert provider_of().zones() == (ZONE,)
    assert google.tokens == [None]


@pytest.mark.usefixtures("own_identity")
def test_without_a_secret_google_is_asked_as_this_process(provider_of):
    for endpoint in ("", "https://dns-ours.p.googleapis.com"):
        assert provider_of(settings={"apiEndpoint": endpoint, "project": ""})


def test_where_there_are_no_credentials_it_is_denied(provider_of, monkeypatch, tmp_path):
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    with pytest.raises(Denied, match="workload identity"):
        provider_of(settings={"apiEndpoint": ""})


@pytest.mark.parametrize(
    ("reason", "options", "field"),
    [
        ("A Secret has the key.", {"secret": {"other": "x"}}, "no key 'key.json'"),
        ("A key is JSON.", {"secret": {"key.json": "PRIVATE"}}, "no key of a service account"),
        ("A key is an object.", {"secret": {"key.json": "[]"}}, "no key of a service account"),
        ("A key is whole.", {"secret": {"key.json": "{}"}}, "no key of a service account"),
        ("There are two kinds.", {"settings": {"visibility": "both"}}, r"spec\.google\.visibility"),
        ("A URL is one.", {"settings": {"apiEndpoint": "x"}}, r"spec\.google\.apiEndpoint"),
        ("A project is needed.", {"settings": {"project": ""}}, r"spec\.google\.project"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_settings_that_cannot_work_name_the_field(provider_of, reason, options, field):
    with pytest.raises(Misconfigured, match=field) as raised:
        provider_of(**options)
    assert "PRIVATE" not in str(raised.value), reason


def test_all_zones_of_the_project_are_found_where_none_is_named(google, provider_of):
    names = [f"z{number:04}.example." for number in range(1100)]
    for name in names:
        google.add_zone(name)
    assert sorted(provider_of(zones=()).zones()) == names
    assert len(google.requests) == 2


def test_zones_that_point_elsewhere_are_left_out(google, provider_of):
    google.add_zone(ZONE)
    google.add_zone("peer.example.", visibility="private", peeringConfig={"targetNetwork": {}})
    google.add_zone("far.example.", visibility="private", forwardingConfig={})
    google.add_zone("fwd.example.", forwardingConfig={"targetNameServers": []})
    assert set(provider_of(zones=()).zones()) == {ZONE, "far.example."}
    with pytest.raises(ZoneGone, match="zoneIDs"):
        provider_of(zones=(), zone_ids=("zone-1001",)).zones()


def test_visibility_chooses_between_two_of_one_name(google, provider_of):
    names = {
        kind: google.add_zone(ZONE, visibility=kind).resource["name"]
        for kind in ("public", "private")
    }
    for kind, name in names.items():
        provider = provider_of(settings={"visibility": kind})
        assert provider.zones() == (ZONE,)
        google.requests.clear()
        provider.read(ZONE)
        assert name in google.requests[0]


def test_two_of_one_name_need_an_id_or_a_name_of_theirs(google, provider_of):
    google.add_zone(ZONE, name="one")
    two = google.add_zone(ZONE, name="two", visibility="private")
    with pytest.raises(ProviderError, match=r"spec\.zoneIDs"):
        provider_of().zones()
    for chosen in ("two", two.resource["id"]):
        provider = provider_of(zone_ids=(chosen,))
        google.requests.clear()
        provider.read(ZONE)
        assert google.requests[-1].endswith("/two/rrsets")


def test_another_project_is_denied(google, provider_of):
    with pytest.raises(Denied, match=r"roles/dns\.admin"):
        provider_of(settings={"project": "theirs"}).zones()


def test_a_zone_that_is_made_anew_is_found_again(google, provider_of):
    google.add_zone(ZONE, name="old")
    provider = provider_of()
    provider.read(ZONE)
    google.zones.clear()
    with pytest.raises(ZoneGone):
        provider.read(ZONE)
    google.add_zone(ZONE, name="new")
    assert not provider.read(ZONE)


def test_a_zone_has_an_identity_once_it_was_listed(google, provider_of):
    google.add_zone(ZONE, name="one")
    provider = provider_of()
    assert provider.identity(ZONE) is None
    provider.zones()
    assert isinstance(provider, Identifies)
    assert provider.identity(ZONE) == f"{PROJECT}/one"
    assert len(google.requests) == 1
