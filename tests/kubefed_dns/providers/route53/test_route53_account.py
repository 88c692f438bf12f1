"""Which account, which zones: settings, credentials, names and ids."""

import pytest
from cloud import ZONE

from kubefed_dns.errors import Denied, Misconfigured, ProviderError, ZoneGone
from kubefed_dns.providers.protocol import Identifies


def test_all_zones_of_the_account_are_found_where_none_is_named(route53, provider_of):
    names = [f"z{number:03}.example." for number in range(120)]
    for name in names:
        route53.add_zone(name)
    assert sorted(provider_of(zones=()).zones()) == names
    assert len(route53.requests) == 2


def test_zones_below_a_named_one_are_served_too(route53, provider_of):
    for name in (ZONE, "sub.example.org.", "notexample.org.", "org."):
        route53.add_zone(name)
    assert set(provider_of().zones()) == {ZONE, "sub.example.org."}


def test_zone_types_choose_between_two_of_one_name(route53, provider_of):
    ids = {
        kind: route53.add_zone(ZONE, private=kind == "private") for kind in ("public", "private")
    }
    for kind in ("public", "Private"):
        provider = provider_of(settings={"zoneType": kind})
        assert provider.zones() == (ZONE,)
        route53.requests.clear()
        provider.read(ZONE)
        assert ids[kind.lower()] in route53.requests[0]


def test_two_of_one_name_are_left_out_and_need_an_id(route53, provider_of):
    ids = [route53.add_zone(ZONE), route53.add_zone(ZONE, private=True)]
    route53.add_zone("sub.example.org.")
    provider = provider_of()
    assert provider.zones() == ("sub.example.org.",)
    with pytest.raises(ProviderError, match=r"spec\.zoneIDs") as raised:
        provider.read(ZONE)
    assert all(each in str(raised.value) for each in ids)
    provider = provider_of(zone_ids=(f"/hostedzone/{ids[1]}",))
    assert provider.zones() == (ZONE,)
    route53.requests.clear()
    provider.read(ZONE)
    assert ids[1] in route53.requests[0]


def test_an_id_of_another_type_or_of_nothing_is_gone(route53, provider_of):
    private = route53.add_zone(ZONE, private=True)
    for wrong in (private, "Z000"):
        with pytest.raises(ZoneGone, match="zoneIDs"):
            provider_of(zone_ids=(wrong,), zones=(), settings={"zoneType": "public"}).zones()


def test_a_zone_that_is_made_anew_is_found_again(route53, provider_of):
    old = route53.add_zone(ZONE)
    provider = provider_of()
    provider.read(ZONE)
    route53.backend.zones.pop(old)
    with pytest.raises(ZoneGone):
        provider.read(ZONE)
    route53.add_zone(ZONE)
    assert not provider.read(ZONE)


@pytest.mark.parametrize(
    ("reason", "options", "field"),
    [
        ("Half a key is none.", {"secret": {"aws_access_key_id": "x"}}, "'aws_secret_access_key'"),
        ("A Secret without keys is wrong.", {"secret": {"other": "x"}}, "'aws_access_key_id' and"),
        (
            "A key is one word.",
            {"secret": {"aws_access_key_id": "x", "aws_secret_access_key": "hidden word"}},
            "'aws_secret_access_key' .* is not one word",
        ),
        ("There are two types.", {"settings": {"zoneType": "both"}}, "spec.route53.zoneType"),
        ("A role has an ARN.", {"settings": {"assumeRole": {}}}, "spec.route53.assumeRole.arn"),
        (
            "A session has a name that AWS takes.",
            {"settings": {"assumeRole": {"arn": "a", "sessionName": "my hub"}}},
            "spec.route53.assumeRole.sessionName",
        ),
        ("A profile has to exist.", {"settings": {"profile": "none"}}, "spec.route53: .*profile"),
        ("An endpoint is a URL.", {"settings": {"endpointURL": "x"}}, "spec.route53: "),
        (
            "A role is assumed with something.",
            {"secret": {}, "settings": {"assumeRole": {"arn": "arn:aws:iam::1:role/dns-writer"}}},
            "spec.route53.assumeRole: ",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_settings_that_cannot_work_name_the_field(provider_of, reason, options, field):
    with pytest.raises(Misconfigured, match=field) as raised:
        provider_of(**options)
    assert "hidden" not in str(raised.value), reason


def test_without_a_secret_the_sdk_finds_credentials_or_says_so(route53, provider_of, monkeypatch):
    route53.add_zone(ZONE)
    with pytest.raises(Denied, match="credentialsRef"):
        provider_of(secret={}).zones()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert provider_of(secret={}).zones() == (ZONE,)


def test_a_role_is_assumed(route53, provider_of, monkeypatch):
    route53.add_zone(ZONE)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", route53.url)
    role = {"arn": "arn:aws:iam::123456789012:role/dns-writer", "externalID": "ours"}
    provider = provider_of(settings={"assumeRole": role})
    assert provider.zones() == (ZONE,)
    said = {"RoleArn": role["arn"], "ExternalId": "ours", "RoleSessionName": "kubefed-dns"}
    assert said.items() <= route53.assumed.items()
    provider_of(settings={"assumeRole": role | {"sessionName": "hub@eu"}}).zones()
    assert route53.assumed["RoleSessionName"] == "hub@eu"


def test_a_zone_has_an_identity_once_it_was_listed(route53, provider_of):
    zone_id = route53.add_zone(ZONE)
    provider = provider_of()
    assert provider.identity(ZONE) is None
    provider.zones()
    assert isinstance(provider, Identifies)
    assert provider.identity(ZONE) == provider.identity(ZONE) == zone_id
    assert len(route53.requests) == 1


def test_a_role_that_is_not_given_is_denied(route53, provider_of, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", route53.url)
    route53.roles = False
    provider = provider_of(
        settings={"assumeRole": {"arn": "arn:aws:iam::123456789012:role/dns-writer"}}
    )
    with pytest.raises(Denied, match="let the role trust"):
        provider.zones()
