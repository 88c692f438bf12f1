import subprocess
import sys
from contextlib import closing

import pytest
from octodns_scripted import ScriptedProvider

from kubefed_dns.errors import (
    Misconfigured,
    ZoneGone,
)
from kubefed_dns.providers.contract import ProviderContract
from kubefed_dns.providers.contract_plot import TEXTS, group
from kubefed_dns.providers.octodns import Octodns
from kubefed_dns.providers.octodns_settings import TYPES
from kubefed_dns.providers.protocol import Capabilities, Context, factory
from kubefed_dns.records import Create, Delete, Group, Update, rrset

ZONE = "example.org."
A = rrset("www.example.org.", "A", 300, ["192.0.2.1"])
B = rrset("www.example.org.", "A", 300, ["192.0.2.2"])
TXT = rrset("a-www.example.org.", "TXT", 300, ['"heritage=external-dns,external-dns/owner=hub"'])
NEW = Group(A.name, (Create(A), Create(TXT)))
SECRET = "s3cr3t+t0k3n/"
CLAIMS = Capabilities(types=TYPES & ScriptedProvider.SUPPORTS, atomic=False, conditional=False)
UNTOLD = {"quotes", "backslashes", "UTF-8", "octets that are no text"}
"""Texts that not every package of octoDNS carries."""


@pytest.fixture
def provider(octodns):
    with closing(octodns()) as provider:
        yield provider


class TestContract(ProviderContract):
    claims = CLAIMS

    @pytest.fixture
    def zone(self):
        return ZONE

    @pytest.mark.parametrize(
        ("reason", "text"), [row for row in TEXTS if row[0] not in UNTOLD], ids=lambda value: value
    )
    def test_text_is_kept_to_the_octet(self, plot, reason, text):
        super().test_text_is_kept_to_the_octet(plot, reason, text)


def test_it_is_found_by_its_type():
    assert factory("octodns") is Octodns


@pytest.mark.parametrize(
    ("reason", "text"), [row for row in TEXTS if row[0] in UNTOLD], ids=lambda value: value
)
def test_a_text_that_octodns_cannot_carry_is_refused(store, provider, reason, text):
    made = rrset("text.example.org.", "TXT", 300, [text])
    (refusal,) = provider.write(ZONE, [group(Create(made)), NEW])
    assert "octoDNS" in refusal.reason, reason
    assert not refusal.lost, reason
    assert set(provider.read(ZONE)) == {A, TXT}, reason


@pytest.mark.parametrize("made", [
    rrset("_x._tcp.example.org.", "SRV", 300, ["1 2 3 host.example.net."]),
    rrset("x.example.org.", "MX", 300, ["10 mail.example.net.", "20 mail2.example.net."]),
    rrset("x.example.org.", "CAA", 300, ['0 issue "ca.example.net"']),
    rrset("x.example.org.", "NS", 300, ["ns.example.net."]),
    rrset("*.example.org.", "AAAA", 300, ["2001:db8::1"]),
], ids=lambda made: made.type)  # fmt: skip
def test_other_types(provider, octodns, made):
    assert not provider.write(ZONE, [group(Create(made))])
    assert list(octodns().read(ZONE)) == [made]
    assert not provider.write(ZONE, [group(Delete(made))])
    assert not list(octodns().read(ZONE))


def test_ownership_comes_first_in_a_plan_of_its_own(store, provider):
    assert not provider.write(ZONE, [NEW])
    assert store.calls == ["populate", "apply 1", "apply 1"]


def test_a_plan_has_only_what_changed(store, provider):
    store.zones[ZONE] = {
        ("", "NS"): {"type": "NS", "ttl": 60, "values": ["ns.example.org."]},
        ("", "ALIAS"): {"type": "ALIAS", "ttl": 60, "value": "other.example.net."},
        **{(f"n{n}", "A"): {"type": "A", "ttl": 60, "value": "192.0.2.1"} for n in range(20)},
    }
    before = dict(store.zones[ZONE])
    assert not provider.write(ZONE, [NEW])
    assert store.calls == ["populate", "apply 1", "apply 1"]
    assert before.items() <= store.zones[ZONE].items()


def test_what_is_no_type_of_dns_is_there_all_the_same(store, provider):
    store.zones[ZONE]["", "ALIAS"] = {"type": "ALIAS", "ttl": 60, "value": "other.example.net."}
    store.zones[ZONE]["a..b", "A"] = {"type": "A", "ttl": 60, "value": "192.0.2.1"}
    (found,) = provider.read(ZONE)
    assert (found.name, found.type, found.values) == (ZONE, "ALIAS", ("other.example.net.",))


def test_others_writes_are_seen(store, provider):
    assert not provider.write(ZONE, [NEW])
    store.zones[ZONE]["www", "A"]["value"] = "192.0.2.2"
    assert B in set(provider.read(ZONE))
    (refusal,) = provider.write(ZONE, [Group(A.name, (Update(A, B),))])
    assert refusal.lost


def test_what_a_class_rounds_is_read_as_it_was_wanted(store, octodns):
    provider = octodns(least_ttl=600)
    assert not provider.write(ZONE, [NEW])
    assert {data["ttl"] for data in store.zones[ZONE].values()} == {600}
    assert set(provider.read(ZONE)) == {A, TXT}
    other = octodns(least_ttl=600)
    (held,) = other.read(ZONE, [A.name])
    store.calls.clear()
    assert not other.write(ZONE, [Group(A.name, (Update(held, A),))])
    assert store.calls == ["populate"], "octoDNS finds no difference."
    assert list(other.read(ZONE, [A.name])) == [A]


def test_a_record_that_is_no_good_is_refused_alone_too(store, provider):
    class Unprocessable(Exception):
        status_code = 422

    def script(doing, what):
        if doing == "apply":
            raise Unprocessable

    store.script = script
    (refusal,) = provider.write(ZONE, [group(Create(A))])
    assert "Unprocessable" in refusal.reason


@pytest.mark.parametrize(("reason", "strict", "said"), [
    ("A class may refuse it.", True, "unwanted names not supported"),
    ("Or leave it out.", False, "cannot carry unwanted.example.org. A"),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_what_a_class_does_not_do_is_refused_alone(octodns, reason, strict, said):
    unwanted = rrset("unwanted.example.org.", "A", 300, ["192.0.2.1"])
    provider = octodns(strict_supports=strict)
    (refusal,) = provider.write(ZONE, [group(Create(unwanted)), NEW])
    assert said in refusal.reason, reason
    assert set(provider.read(ZONE)) == {A, TXT}, reason


def test_sets_with_identifiers_are_refused(provider):
    made = rrset(A.name, "A", 300, A.values, set_identifier="eu")
    (refusal,) = provider.write(ZONE, [group(Create(made))])
    assert "knows no set identifiers" in refusal.reason


def test_a_plan_that_fails_half_way_is_finished_but_for_the_bad_one(store, provider):
    def script(doing, what):
        if doing == "apply" and what.record.name == "n7":
            raise ValueError("not this one")

    store.script = script
    made = [rrset(f"n{number}.example.org.", "A", 300, ["192.0.2.1"]) for number in range(20)]
    (refusal,) = provider.write(ZONE, [group(Create(each)) for each in made])
    assert refusal.group.name == "n7.example.org."
    assert "ValueError: not this one" in refusal.reason
    assert set(provider.read(ZONE)) == {*made} - {made[7]}


# Zones.


def test_zones_are_those_given_else_those_listed(store, octodns):
    store.zones["example.com."] = {}
    assert list(octodns().zones()) == [ZONE]
    assert list(octodns(zones=()).zones()) == ["example.com.", ZONE]
    with pytest.raises(Misconfigured, match="name the zones"):
        octodns("NoLister", zones=()).zones()


def test_a_zone_that_is_not_there_is_not_made(store, octodns):
    provider = octodns(zones=("example.com.",))
    with pytest.raises(ZoneGone, match="create it"):
        provider.write("example.com.", [NEW])
    assert "example.com." not in store.zones


# Settings.


def test_secrets_are_filled_in_and_nothing_else(store, octodns, monkeypatch):
    monkeypatch.setenv("TOKEN", "x")
    octodns(
        token="secret/key", nested={"a": ["secret/key", "env/TOKEN", 7]}, secret={"key": SECRET}
    )
    assert store.made[-1] == (SECRET, {"a": [SECRET, "env/TOKEN", 7]})


@pytest.mark.parametrize(("reason", "kind", "settings", "said"), [
    ("A class is needed.", "", {}, "spec.octodns.class: Required value"),
    ("Not from anywhere.", "os.system", {}, "its package is not allowed"),
    ("Nor from octoDNS itself.", "octodns.provider.yaml.YamlProvider", {}, "not allowed"),
    ("Nor from a name that only ends well.", "x.octodns_y.Z", {}, "not allowed"),
    ("A package has to be there.", "octodns_nonsense.Provider", {}, "install its package"),
    ("And a class in it.", "octodns_scripted.Nonsense", {}, "no provider class"),
    ("A class of octoDNS.", "octodns_scripted.NoProvider", {}, "no provider class"),
    ("One of the package's own.", "octodns_scripted.BaseProvider", {}, "from octodns.provider."),
    ("Keys have to be there.", "octodns_scripted.ScriptedProvider", {"a": ["secret/no"]},
     "spec.octodns.settings.a[0]: the Secret of spec.credentialsRef has no key 'no'"),
    ("Settings have to be those of the class.", "octodns_scripted.ScriptedProvider", {"a": 1},
     "spec.octodns.settings: octodns_scripted.ScriptedProvider does not take them"),
    ("What never writes is a dry run.", "octodns_scripted.ScriptedProvider",
     {"apply_disabled": True}, "use spec.dryRun"),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_settings_that_cannot_work(store, reason, kind, settings, said):
    given = {"class": kind, "settings": {"store": store.name} | settings}
    with pytest.raises(Misconfigured) as caught:
        Octodns(Context("o", zones=(ZONE,), settings=given, secret={"key": SECRET}))
    assert said in str(caught.value), reason


@pytest.mark.parametrize("timeout", ["0s", "2h", "soon"])
def test_patience_has_bounds(octodns, timeout):
    with pytest.raises(Misconfigured, match=r"spec\.octodns\.timeout: Invalid value"):
        octodns(timeout=timeout)


def test_which_packages_are_allowed_is_the_apps_affair(store):
    context = Context("o", settings={"class": "octodns_scripted.ScriptedProvider"})
    with pytest.raises(Misconfigured, match="not allowed"):
        Octodns(context, modules=("octodns_powerdns",))


def test_without_octodns_it_says_what_to_install():
    program = """
import sys
sys.modules["octodns"] = None
from kubefed_dns.providers.octodns import Octodns
from kubefed_dns.providers.protocol import Context
Octodns(Context("o", settings={"class": "octodns_powerdns.PowerDnsProvider"}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert "octoDNS is not installed; install kubefed-dns[octodns]" in done.stderr.splitlines()[-1]
