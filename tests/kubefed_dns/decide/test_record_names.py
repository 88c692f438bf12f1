from dataclasses import replace

import pytest

from kubefed_core.objects import Key
from kubefed_dns.api.health import Health, Protocol
from kubefed_dns.api.records import Record
from kubefed_dns.api.status import Entry, RecordStatus
from kubefed_dns.decide import names
from kubefed_dns.errors import InvalidName
from kubefed_dns.resources import INGRESS_RECORDS, SERVICE_RECORDS

DOMAIN = "example.com"
PLACES = (Entry("c1", "us", ("us1",)), Entry("c2", "eu", ("eu1",)))


def service(name="nginx", entries=PLACES, **fields):
    return Record(
        SERVICE_RECORDS,
        Key("test", name),
        domain_ref="galactic",
        status=RecordStatus(DOMAIN, entries),
        **fields,
    )


def asking(record, host):
    return replace(record, health=Health(Protocol.HTTP, 80, host=host))


def ingress(*hosts):
    return Record(INGRESS_RECORDS, Key("test", "nginx"), hosts=hosts)


def test_the_names_of_a_service():
    record = service()
    assert names.global_name(record, DOMAIN) == "nginx.test.galactic.svc.example.com"
    assert names.region_name(record, DOMAIN, "us") == "nginx.test.galactic.svc.us.example.com"
    assert names.zone_name(record, DOMAIN, "us", "a") == "nginx.test.galactic.svc.a.us.example.com"
    assert names.prefix_name(record, DOMAIN) == ""
    assert names.endpoint_name(record) == "service-nginx"
    assert names.endpoint_name(ingress()) == "ingress-nginx"


def test_an_external_name_takes_the_place_of_the_service_s():
    record = service(external_name="Web", dns_prefix="WWW")
    assert names.global_name(record, DOMAIN) == "web.test.galactic.svc.example.com"
    assert names.prefix_name(record, DOMAIN) == "www.example.com"


@pytest.mark.parametrize(
    ("reason", "entry", "want"),
    [
        (
            "A zone falls back to its region, the region to the global name.",
            Entry("c", "us", ("b", "a")),
            [("us", ""), ("b.us", "us"), ("a.us", "us")],
        ),
        ("Without zones there is the region.", Entry("c", "us"), [("us", "")]),
        ("Without a region a zone stands nowhere.", Entry("c", "", ("a",)), []),
        ("A region that cannot be a label is none.", Entry("c", "u.s", ("a",)), []),
        ("Nor one that is too long.", Entry("c", "u" * 64, ("a",)), []),
        (
            "A zone that cannot be a label is none.",
            Entry("c", "us", ("-", "a")),
            [("us", ""), ("a.us", "us")],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_local_names(reason, entry, want):
    stem = "nginx.test.galactic.svc"
    full = [
        (f"{stem}.{name}.{DOMAIN}", f"{stem}.{parent}.{DOMAIN}" if parent else f"{stem}.{DOMAIN}")
        for name, parent in want
    ]
    assert list(names.local_names(service(), DOMAIN, entry)) == full, reason


def test_local_names_that_are_too_long_are_left_out():
    record = service("n" * 63)
    domain = ".".join(["d" * 49] * 3)
    made = list(names.local_names(record, domain, Entry("c", "r" * 10, ("z" * 63,))))
    assert [len(name) <= 253 for name, _ in made] == [True]
    assert not list(names.local_names(record, domain, Entry("c", "r" * 63)))


@pytest.mark.parametrize(
    ("reason", "region", "zones", "want"),
    [
        ("All is well.", "us", ("us1",), ""),
        ("No region.", "", ("us1",), "it has no region"),
        ("A bad region.", "u s", (), "its region cannot be part of a name"),
        ("No zone.", "us", (), "it has no zone"),
        ("A bad zone.", "us", ("a", "b.c"), "a zone cannot be part of a name: 'b.c'"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_place_fault_says_what_is_missing(reason, region, zones, want):
    found = names.place_fault(region, zones)
    assert found.startswith(want), reason
    assert bool(found) == bool(want), reason


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("Shop.Example.com.", "shop.example.com"),
        ("*.example.com", "*.example.com"),
        ("_a.b-c.d_e.test", "_a.b-c.d_e.test"),
        ("a" * 63 + ".test", "a" * 63 + ".test"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_names_that_dns_carries(text, want):
    assert names.checked(text, "host", wildcard=True) == want


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "host: '' is no DNS name: a part between two dots is empty"),
        ("a..test", "empty"),
        (".", "empty"),
        ("a.test..", "empty"),
        ("-a.test", "neither begin nor end with a hyphen"),
        ("a-.test", "neither begin nor end with a hyphen"),
        ("a b.test", "letters, digits"),
        ("bücher.example", "letters, digits"),
        ("a.*.test", "letters, digits"),
        ("*a.test", "letters, digits"),
        ("*", "letters, digits"),
        ("192.0.2.1", "it ends in a number"),
        ("a" * 64 + ".test", "has 64 characters, at most 63"),
        (".".join(["a" * 49] * 6), "it has 299 characters, at most 253"),
    ],
)
def test_names_that_dns_does_not_carry(text, message):
    with pytest.raises(InvalidName, match=message):
        names.checked(text, "host", wildcard=True)


def test_a_wildcard_is_only_taken_where_it_is_allowed():
    with pytest.raises(InvalidName):
        names.checked("*.example.com", "host")


@pytest.mark.parametrize(
    ("reason", "record", "domain"),
    [
        ("A plain record.", service(), DOMAIN),
        ("A prefix of several labels.", service(dns_prefix="www.shop"), DOMAIN),
        ("Without a domain the service's names are not known yet.", service(dns_prefix="-"), ""),
        ("Hosts.", ingress("a.test", "*.a.test"), ""),
        (
            "A region that no name can have is the cluster's matter.",
            service(entries=(Entry("c", "-"),)),
            DOMAIN,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_records_whose_names_can_be(reason, record, domain):
    names.check(record, domain)


def test_a_host_that_is_no_name_holds_up_no_other():
    record = ingress("A.test.", "b..test", "*.c.test")
    names.check(record, "")
    assert names.hosts(record) == ("a.test", "*.c.test")
    (fault,) = names.host_faults(record)
    assert fault.startswith("spec.hosts[1]: 'b..test' is no DNS name")


@pytest.mark.parametrize(
    ("reason", "record", "hosts", "want"),
    [
        ("The global name.", service(), (), "nginx.test.galactic.svc.example.com"),
        ("The first host.", ingress("Shop.Test.", "a.test"), ("z.test",), "shop.test"),
        ("The first that is a name.", ingress("b..test", "a.test"), (), "a.test"),
        ("Something for a wildcard.", ingress("*.a.test"), (), "probe.a.test"),
        ("The first host of the cluster's Ingress.", ingress(), ("", "z.test"), "z.test"),
        ("What the record says.", asking(ingress("a.test"), "B.Test."), (), "b.test"),
        ("Nothing at all.", ingress(), (), ""),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_what_probes_ask_for(reason, record, hosts, want):
    status = RecordStatus("example.com" if record.of_services else "")
    assert names.probed(replace(record, status=status), hosts) == want, reason


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (service("n" * 250), "metadata.name: with service- before it, it is too long"),
        (service("n" * 64), "the global name: .* has 64 characters"),
        (service(external_name="a.b"), "spec.externalName: it must be one part of a name"),
        (service(dns_prefix="-a"), "spec.dnsPrefix: '-a.example.com' is no DNS name"),
        (service(dns_prefix="*"), "spec.dnsPrefix"),
        (
            service(dns_prefix="nginx.test.galactic.svc"),
            "spec.dnsPrefix: .* is a name that the record makes itself; choose another",
        ),
        (service(dns_prefix="nginx.test.galactic.svc.us"), "makes itself"),
        (service(dns_prefix="Nginx.test.galactic.svc.us1.us"), "makes itself"),
        (ingress("b..test", "c..test"), r"spec.hosts\[0\]: 'b..test' is no DNS name"),
        (ingress("10.0.0.1"), r"spec.hosts\[0\]: '10.0.0.1' is no DNS name: it ends in a number"),
    ],
)
def test_records_whose_names_cannot_be_say_which_field(record, message):
    with pytest.raises(InvalidName, match=message):
        names.check(record, DOMAIN)
