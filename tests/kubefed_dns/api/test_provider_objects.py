import pytest

from kubefed_core.api.conditions import Condition
from kubefed_core.objects import Key
from kubefed_dns.api import provider_status, providers
from kubefed_dns.api.provider_status import HeldBack, ProviderStatus, ZoneStatus
from kubefed_dns.api.providers import (
    Addresses,
    DNSProvider,
    Drift,
    KeyRef,
    OnDelete,
    Policy,
    RateLimit,
    Safety,
    Txt,
)
from kubefed_dns.errors import Misconfigured

META = {"namespace": "kf", "name": "bind"}


def parse(**spec):
    return providers.parse({"metadata": META, "spec": {"type": "rfc2136", **spec}})


def test_defaults():
    found = parse()
    assert found == DNSProvider(Key("kf", "bind"), "rfc2136")
    assert found.safety == Safety(30, 10, 600.0)
    assert found.rate_limit is None


def test_all_fields_are_read():
    found = parse(
        credentialsRef={"name": "bind-tsig"},
        zones=["Example.com", "example.com.", "a.test"],
        zoneIDs=["Z1"],
        ownerID="hub",
        policy="UpsertOnly",
        dryRun=True,
        drift="Report",
        addresses="Public",
        allowedNamespaces={},
        allowLocalTargets=True,
        txt={
            "prefix": "_%{record_type}.",
            "wildcardReplacement": "ANY",
            "encryptionKeyRef": {"name": "s", "key": "k"},
        },
        safety={"maxDeletePercent": 50, "minNames": 1, "window": "1m"},
        rateLimit={"requestsPerSecond": 0.5, "burst": 2},
        auditInterval="1h",
        minTTL=60,
        verify={"servers": ["192.0.2.53:53", "[2001:db8::53]:53"]},
        onDelete="Delete",
        rfc2136={"servers": ["192.0.2.1:53"]},
    )
    assert found.settings == {"servers": ["192.0.2.1:53"]}
    assert found.credentials == "bind-tsig"
    assert found.zones == ("a.test.", "example.com.")
    assert (found.zone_ids, found.owner_id, found.policy) == (("Z1",), "hub", Policy.UPSERT_ONLY)
    assert (found.dry_run, found.drift, found.addresses) == (True, Drift.REPORT, Addresses.PUBLIC)
    assert found.allowed_namespaces.matches({})
    assert found.allow_local_targets
    assert found.txt == Txt("_%{record_type}.", "", "any", KeyRef("s", "k"))
    assert found.safety == Safety(50, 1, 60.0)
    assert found.rate_limit == RateLimit(0.5, 2)
    assert (found.audit_interval, found.min_ttl) == (3600.0, 60)
    assert found.verify_servers == ("192.0.2.53:53", "[2001:db8::53]:53")
    assert found.on_delete == OnDelete.DELETE


def test_a_plug_in_has_its_settings_in_the_block_for_plug_ins():
    assert parse(type="plug", settings={"a": 1}, rfc2136={"b": 2}).settings == {"a": 1}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"type": ""}, "spec.type: Required value"),
        ({"credentialsRef": {}}, "spec.credentialsRef.name: Required value"),
        ({"zones": ["a..b"]}, "spec.zones: Invalid value.*is no DNS name"),
        ({"ownerID": "default"}, "spec.ownerID: .*it is the owner id of external-dns"),
        ({"ownerID": "a,b"}, "spec.ownerID: Invalid value"),
        ({"policy": "sync"}, 'spec.policy: Unsupported value: "sync"'),
        ({"dryRun": "yes"}, "spec.dryRun: Invalid value"),
        ({"drift": "Ignore"}, "spec.drift: Unsupported value"),
        ({"addresses": "All"}, "spec.addresses: Unsupported value"),
        ({"allowedNamespaces": []}, "spec.allowedNamespaces: Invalid value"),
        ({"txt": {"prefix": "a", "suffix": "b"}}, "spec.txt.suffix: .*cannot both be given"),
        ({"txt": {"encryptionKeyRef": {"name": "s"}}}, "spec.txt.encryptionKeyRef.key: Required"),
        ({"safety": {"maxDeletePercent": 101}}, "spec.safety.maxDeletePercent: Invalid value"),
        ({"safety": {"window": "0s"}}, "spec.safety.window: Invalid value"),
        ({"rateLimit": {}}, "spec.rateLimit.requestsPerSecond: Required value"),
        ({"rateLimit": {"requestsPerSecond": 0}}, "spec.rateLimit.requestsPerSecond: Invalid"),
        ({"verify": {"servers": ["a b"]}}, "spec.verify.servers: .*'a b' is no host:port"),
        ({"onDelete": "Keep"}, "spec.onDelete: Unsupported value"),
        ({"rfc2136": []}, "spec.rfc2136: Invalid value"),
    ],
)
def test_a_bad_field_is_misconfigured_and_named(spec, message):
    with pytest.raises(Misconfigured, match=message):
        parse(**spec)


def test_a_status_survives_being_written_and_read():
    status = ProviderStatus(
        conditions=(Condition("Ready", "True", "Ready", "fine", "t", 1),),
        observed_generation=1,
        zones=(
            ZoneStatus(
                "example.com.",
                id="Z1",
                records=5,
                owned=3,
                pending=1,
                marker="7",
                last_sync="2030-01-01T00:00:00Z",
                last_error="refused",
                held=HeldBack(("a.example.com.",), 12, "abc"),
            ),
            ZoneStatus("a.test."),
        ),
        capabilities=("atomic", "weight"),
        summary_zones="a.test,example.com",
        summary_records=3,
        summary_held=12,
    )
    assert provider_status.parse(provider_status.dump(status)) == status


def test_the_numbers_of_a_zone_are_there_though_they_are_0():
    assert provider_status.dump(ProviderStatus(zones=(ZoneStatus("a.test."),))) == {
        "zones": [{"name": "a.test.", "records": 0, "owned": 0, "pending": 0}],
        "summary": {"records": 0},
    }


@pytest.mark.parametrize("mangled", [None, 1, {"zones": 1, "summary": 1, "conditions": 1}])
def test_a_mangled_status_is_none(mangled):
    assert provider_status.parse(mangled) == ProviderStatus()


def octodns(**settings):
    return parse(type="octodns", octodns={"class": "octodns_x.P", "settings": settings})


def test_secrets_of_octodns_are_said_by_reference():
    said = {"token": "secret/TOKEN", "api_key": "", "key_name": "k", "deep": [{"password": 1}]}
    assert octodns(**said).settings["settings"] == said
    for settings in ({"token": "hunter2"}, {"deep": [{"api_key": "hunter2"}]}):
        with pytest.raises(Misconfigured, match="write secret/KEY") as caught:
            octodns(**settings)
        assert "hunter2" not in str(caught.value)
        assert str(caught.value).startswith("spec.octodns.settings.")
