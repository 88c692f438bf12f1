import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefed_core.errors import Terminal
from kubefed_core.objects import Key
from kubefed_dns.api import endpoints as api
from kubefed_dns.api import records
from kubefed_dns.api.endpoints import Endpoint
from kubefed_dns.api.records import HostnameTargets, Record
from kubefed_dns.api.status import Address, Entry, RecordStatus
from kubefed_dns.decide import endpoints
from kubefed_dns.decide.sets import Ground
from kubefed_dns.errors import InvalidName
from kubefed_dns.resources import INGRESS_RECORDS, SERVICE_RECORDS

VECTORS = json.loads((Path(__file__).parent / "vectors" / "dns_endpoints.json").read_text())
STEM = "nginx.test.galactic.svc"
GLOBAL, US, US1 = f"{STEM}.example.com", f"{STEM}.us.example.com", f"{STEM}.us1.us.example.com"
EU = f"{STEM}.eu.example.com"


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["id"])
def test_vectors_of_kubefed(vector):
    resource = SERVICE_RECORDS if vector["kind"] == "service" else INGRESS_RECORDS
    record = records.parse(vector["record"], resource)
    hosts = vector["resolver"]["hosts"]
    resolved = {name: tuple(hosts.get(name, ())) for name in endpoints.host_names(record)}
    spec = api.dump_spec(endpoints.make(record, resolved))
    assert not vector["expect"]["error"]
    assert spec.get("endpoints", []) == vector["expect"]["endpoints"]


def address(text):
    return Address(hostname=text) if text.endswith("test") else Address(ip=text)


def entry(cluster, region, zones, *targets, hosts=()):
    return Entry(cluster, region, tuple(zones), tuple(map(address, targets)), hosts=hosts)


def service(*entries, domain="example.com", **fields):
    status = RecordStatus(domain, entries)
    key = Key("test", "nginx")
    return Record(SERVICE_RECORDS, key, domain_ref="galactic", status=status, **fields)


def ingress(*entries, hosts=("a.test",), **fields):
    key = Key("test", "nginx")
    return Record(INGRESS_RECORDS, key, hosts=hosts, status=RecordStatus("", entries), **fields)


def shown(record, resolved=None, **options):
    made = endpoints.make(record, resolved or {}, **options)
    return [(each.dns_name, each.record_type, each.targets) for each in made]


def test_families_are_always_split():
    record = service(entry("c1", "us", ["us1"], "192.0.2.1", "2001:db8::1"))
    assert shown(record) == [
        (GLOBAL, "A", ("192.0.2.1",)),
        (GLOBAL, "AAAA", ("2001:db8::1",)),
        (US, "A", ("192.0.2.1",)),
        (US, "AAAA", ("2001:db8::1",)),
        (US1, "A", ("192.0.2.1",)),
        (US1, "AAAA", ("2001:db8::1",)),
    ]


def test_ipv6_alone_makes_no_cname_beside_it():
    assert {kind for _, kind, _ in shown(service(entry("c", "us", ["us1"], "2001:db8::1")))} == {
        "AAAA"
    }


def test_clusters_of_one_zone_pool_their_addresses():
    record = service(
        entry("c1", "us", ["us1"], "192.0.2.1"),
        entry("c2", "us", ["us1"], "192.0.2.2"),
        entry("c3", "us", ["us1"]),
    )
    both = ("192.0.2.1", "192.0.2.2")
    assert shown(record) == [(GLOBAL, "A", both), (US, "A", both), (US1, "A", both)]


def test_equal_zone_names_of_two_regions_are_two_names():
    record = service(entry("c1", "us", ["z1"], "192.0.2.1"), entry("c2", "eu", ["z1"], "192.0.2.2"))
    assert (f"{STEM}.z1.us.example.com", "A", ("192.0.2.1",)) in shown(record)
    assert (f"{STEM}.z1.eu.example.com", "A", ("192.0.2.2",)) in shown(record)


@pytest.mark.parametrize(
    ("reason", "missing", "want"),
    [
        ("Without a region: the global name only.", entry("c2", "", ["us1"], "192.0.2.2"), []),
        (
            "Without a zone: also the region's.",
            entry("c2", "eu", [], "192.0.2.2"),
            [(EU, "A", ("192.0.2.2",))],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_cluster_without_a_place_limits_only_its_own_names(reason, missing, want):
    record = service(entry("c1", "us", ["us1"], "192.0.2.1"), missing)
    others = [(US, "A", ("192.0.2.1",)), (US1, "A", ("192.0.2.1",))]
    everywhere = [(GLOBAL, "A", ("192.0.2.1", "192.0.2.2"))]
    assert shown(record) == sorted(everywhere + others + want), reason


def test_a_service_without_a_domain_has_no_names_yet():
    record = service(entry("c1", "us", ["us1"], "192.0.2.1"), domain="", dns_prefix="foo")
    assert shown(record) == []
    assert endpoints.host_names(record) == frozenset()


def test_a_prefix_without_any_target_yields_nothing():
    assert shown(service(dns_prefix="foo")) == []
    assert "foo.example.com" not in {
        name for name, _, _ in shown(service(entry("c1", "us", []), dns_prefix="foo"))
    }


def test_a_prefix_has_no_labels_though_the_rest_has():
    record = service(entry("c1", "", [], "192.0.2.1"), dns_prefix="foo", external_name="web")
    made = endpoints.make(record, {})
    assert [(each.dns_name, each.labels) for each in made] == [
        ("foo.example.com", ()),
        ("web.test.galactic.svc.example.com", (("serviceName", "nginx"),)),
    ]


def test_names_are_in_lower_case():
    record = service(entry("c1", "US", [], "192.0.2.1"), external_name="NGINX")
    assert [name for name, _, _ in shown(record)] == [GLOBAL, US]


def test_a_prefix_that_is_a_generated_name_is_refused():
    with pytest.raises(InvalidName, match=r"spec\.dnsPrefix"):
        shown(service(entry("c1", "us", [], "192.0.2.1"), dns_prefix=f"{STEM}.us"))


def test_an_item_with_both_gives_both():
    both = Entry("c1", ingress=(Address("192.0.2.1", "lb.test"),))
    assert shown(service(both), {"lb.test": ("192.0.2.2",)}) == [
        (GLOBAL, "A", ("192.0.2.1", "192.0.2.2"))
    ]


def test_what_is_neither_address_nor_name_is_left_out():
    record = service(Entry("c1", "us", (), (Address("10.0.0.010"), Address(hostname="-"))))
    assert shown(record) == [(US, "CNAME", (GLOBAL,))]


LB = entry("c1", "us", ["us1"], "lb.test")
CURRENT = (
    Endpoint(GLOBAL, "A", ("192.0.2.9",), 180),
    Endpoint(US, "CNAME", (GLOBAL,), 180),
)


@pytest.mark.parametrize(
    ("reason", "resolved", "want"),
    [
        (
            "Both families of a name.",
            {"lb.test": ("192.0.2.1", "2001:db8::1")},
            [("A", ("192.0.2.1",)), ("AAAA", ("2001:db8::1",))],
        ),
        ("A name without addresses is no target.", {"lb.test": ()}, []),
        ("A failed look-up keeps what is there.", {"lb.test": None}, [("A", ("192.0.2.9",))]),
        ("So does one that was not made.", {}, [("A", ("192.0.2.9",))]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_resolved_names(reason, resolved, want):
    made = shown(service(LB), resolved, current=CURRENT)
    assert [row[1:] for row in made if row[0] == GLOBAL] == want, reason


def test_a_failed_look_up_takes_no_other_target_with_it():
    record = service(LB, entry("c2", "eu", [], "192.0.2.2"))
    assert shown(record, {"lb.test": None}) == [
        (EU, "A", ("192.0.2.2",)),
        (GLOBAL, "A", ("192.0.2.2",)),
        (US, "CNAME", (GLOBAL,)),
        (US1, "CNAME", (US,)),
    ]


def test_names_to_resolve_are_in_lower_case_without_a_dot():
    record = service(Entry("c1", ingress=(Address(hostname="LB.Test."),)))
    assert endpoints.host_names(record) == {"lb.test"}


def test_a_name_that_leads_back_to_itself_is_no_target():
    record = service(Entry("c1", "us", (), (Address(hostname=GLOBAL),)))
    assert endpoints.host_names(record) == frozenset()
    assert shown(record) == [(US, "CNAME", (GLOBAL,))]


def aliased(*entries, **fields):
    return service(*entries, hostname_targets=HostnameTargets.CNAME, **fields)


def test_a_single_host_name_is_an_alias_where_the_record_says_so():
    record = aliased(LB)
    assert endpoints.host_names(record) == frozenset()
    assert {row[1:] for row in shown(record)} == {("CNAME", ("lb.test",))}


def test_a_host_name_among_others_is_resolved_all_the_same():
    record = aliased(LB, entry("c2", "eu", [], "192.0.2.2"))
    assert endpoints.host_names(record) == {"lb.test"}
    assert shown(record, {"lb.test": ("192.0.2.1",)}) == [
        (EU, "A", ("192.0.2.2",)),
        (GLOBAL, "A", ("192.0.2.1", "192.0.2.2")),
        (US, "CNAME", ("lb.test",)),
        (US1, "CNAME", ("lb.test",)),
    ]


def test_two_host_names_are_resolved():
    record = aliased(entry("c1", "", [], "a.test", "b.test"))
    assert endpoints.host_names(record) == {"a.test", "b.test"}


def test_where_no_cname_can_be_the_host_name_is_resolved():
    record = ingress(entry("c1", "", [], "lb.test"), hostname_targets=HostnameTargets.CNAME)
    assert endpoints.host_names(record, survey=lambda _: Ground(apex=True)) == {"lb.test"}
    assert shown(
        record, {"lb.test": ("192.0.2.1",)}, survey=lambda name: Ground(apex=name == "a.test")
    ) == [("a.test", "A", ("192.0.2.1",))]


def test_hosts_are_one_name_each_however_they_are_written():
    record = ingress(
        entry("c1", "", [], "192.0.2.1"), hosts=("A.test", "a.test.", "*.a.test"), ttl=60
    )
    assert endpoints.make(record, {}) == (
        Endpoint("*.a.test", "A", ("192.0.2.1",), 60),
        Endpoint("a.test", "A", ("192.0.2.1",), 60),
    )


def test_a_host_without_a_target_is_no_name():
    assert shown(ingress(entry("c1", "", []))) == []


def test_a_bad_host_is_refused():
    with pytest.raises(InvalidName, match=r"spec\.hosts\[0\]"):
        shown(ingress(entry("c1", "", [], "192.0.2.1"), hosts=("a..test",)))


def test_a_bad_host_among_others_holds_up_only_itself():
    record = ingress(entry("c1", "", [], "192.0.2.1"), hosts=("a.test", "b..test"))
    assert [(each.dns_name, each.targets) for each in endpoints.make(record, {})] == [
        ("a.test", ("192.0.2.1",))
    ]


def test_hosts_of_which_none_is_a_name_are_no_reason_to_withdraw_what_is_there():
    with pytest.raises(InvalidName):
        endpoints.make(ingress(hosts=("a..test",)), {})


def test_hosts_of_the_members_rules_get_only_the_clusters_that_have_them():
    record = ingress(
        entry("c1", "", [], "192.0.2.1", hosts=("a.test", "b.test")),
        entry("c2", "", [], "192.0.2.2", hosts=("b.test", "not ok")),
        hosts=(),
    )
    assert shown(record) == [
        ("a.test", "A", ("192.0.2.1",)),
        ("b.test", "A", ("192.0.2.1", "192.0.2.2")),
    ]


def test_more_endpoints_than_an_object_holds_are_refused_whole():
    record = service(
        *(entry(f"c{n}", f"r{n}", [f"z{z}" for z in range(64)], "192.0.2.1") for n in range(80))
    )
    with pytest.raises(Terminal, match="makes 5201 endpoints, and a DNSEndpoint holds 5000"):
        shown(record)


def test_more_targets_than_an_endpoint_holds_are_refused_whole():
    found = tuple(Address(f"10.0.{n // 250}.{n % 250}") for n in range(1001))
    with pytest.raises(Terminal, match=f"{GLOBAL} has 1001 targets"):
        shown(service(Entry("c1", ingress=found)))


LABELS = st.sampled_from(["us", "eu", "", "-"])
TARGETS = st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1", "lb.test", "x.test"])
ENTRIES = st.lists(
    st.builds(
        entry,
        st.sampled_from(["c1", "c2", "c3"]),
        LABELS,
        st.lists(LABELS, max_size=2),
        TARGETS,
        TARGETS,
    )
    | st.builds(entry, st.just("c4"), LABELS, st.lists(LABELS, max_size=2)),
    max_size=4,
)


@given(ENTRIES, st.permutations(range(4)), st.sampled_from(HostnameTargets))
def test_the_order_of_the_clusters_does_not_matter(entries, order, mode):
    resolved = {"lb.test": ("192.0.2.3",), "x.test": ()}
    record = service(*entries, hostname_targets=mode, dns_prefix="foo")
    turned = [entries[index] for index in order if index < len(entries)]
    status = RecordStatus("example.com", tuple(turned))
    assert endpoints.make(record, resolved) == endpoints.make(
        replace(record, status=status), resolved
    )


@given(ENTRIES, st.sampled_from(HostnameTargets))
def test_no_name_has_a_cname_beside_anything_else(entries, mode):
    made = endpoints.make(service(*entries, hostname_targets=mode), {"lb.test": ("192.0.2.3",)})
    kinds = {}
    for each in made:
        kinds.setdefault(each.dns_name, set()).add(each.record_type)
    assert all(found == {"CNAME"} or "CNAME" not in found for found in kinds.values())
    assert len({each.key for each in made}) == len(made)
    assert list(made) == sorted(made, key=lambda each: each.key)
