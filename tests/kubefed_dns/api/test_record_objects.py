import pytest

from kubefed_core.errors import Terminal
from kubefed_core.objects import Key
from kubefed_core.resources import INGRESSES, SERVICES
from kubefed_dns.api import records
from kubefed_dns.api.health import Health, Protocol
from kubefed_dns.api.records import HostnameTargets, Unreachable, kind_of
from kubefed_dns.api.routing import Clusters, Geo, Policy, Routing, Tier
from kubefed_dns.resources import INGRESS_RECORDS, SERVICE_RECORDS

META = {
    "namespace": "test",
    "name": "nginx",
    "uid": "u",
    "generation": 4,
    "creationTimestamp": "2030-01-01T00:00:00Z",
}


def service(**spec):
    obj = {"metadata": META, "spec": {"domainRef": "galactic", **spec}}
    return records.parse(obj, SERVICE_RECORDS)


def ingress(**spec):
    return records.parse({"metadata": META, "spec": spec}, INGRESS_RECORDS)


def test_a_service_record_of_upstream():
    record = service(
        recordTTL=300, dnsPrefix="foo", externalName="web", allowServiceWithoutEndpoints=True
    )
    assert record.key == Key("test", "nginx")
    assert (record.uid, record.generation, record.created) == ("u", 4, "2030-01-01T00:00:00Z")
    assert (record.ttl, record.dns_prefix, record.external_name) == (300, "foo", "web")
    assert record.allow_without_endpoints
    assert not record.needs_endpoints
    assert record.member == SERVICES
    assert kind_of(record) == "service"


def test_an_ingress_record_of_upstream():
    record = ingress(hosts=["a.test", "*.b.test"])
    assert record.hosts == ("a.test", "*.b.test")
    assert record.member == INGRESSES
    assert not record.needs_endpoints
    assert kind_of(record) == "ingress"


def test_defaults():
    record = service()
    assert record.ttl == 180
    assert record.clusters == Clusters()
    assert record.hostname_targets == HostnameTargets.RESOLVE
    assert record.unreachable == Unreachable.WITHDRAW
    assert record.routing == Routing()
    assert record.health is None
    assert record.needs_endpoints


def test_a_ttl_of_0_is_the_default():
    assert service(recordTTL=0).ttl == 180


def test_the_fields_that_are_new():
    record = ingress(clusters=["eu", "us"], hostnameTargets="CNAME", unreachable="Keep")
    assert record.clusters.names == {"eu", "us"}
    assert record.hostname_targets == HostnameTargets.CNAME
    assert record.unreachable == Unreachable.KEEP


def test_an_empty_list_of_clusters_is_not_a_missing_one():
    assert ingress(clusters=[]).clusters == Clusters(frozenset())


def test_clusters_by_label():
    selector = ingress(clusterSelector={"matchLabels": {"tier": "gold"}}).clusters.selector
    assert selector.matches({"tier": "gold"})
    assert not selector.matches({})


def test_routing():
    record = service(
        routing={
            "policy": "Weighted",
            "weights": {"us": 20, "eu": 80},
            "tiers": [{"clusters": ["eu"], "minHealthy": 2}, {"clusterSelector": {}}],
            "geo": [{"locations": ["EU", "US-CA"], "clusters": ["eu"]}],
        }
    )
    assert record.routing.policy == Policy.WEIGHTED
    assert record.routing.weights == (("eu", 80), ("us", 20))
    assert record.routing.tiers[0] == Tier(Clusters(frozenset({"eu"})), 2)
    assert record.routing.tiers[1].clusters.selector.matches({})
    assert record.routing.geo == (Geo(("EU", "US-CA"), Clusters(frozenset({"eu"}))),)


def test_health_has_defaults_that_depend_on_the_protocol():
    assert service(health={}).health == Health(Protocol.HTTPS, 443)
    assert service(health={"protocol": "HTTP"}).health.port == 80
    assert service(health={"interval": "2s"}).health.timeout == 2.0


def test_health():
    assert service(
        health={
            "protocol": "TCP",
            "port": 6443,
            "path": "/up",
            "host": "shop.test",
            "expectedStatus": "200,301-302",
            "interval": "5s",
            "timeout": "1s",
            "rise": 1,
            "fall": 2,
            "failBackDelay": "1m",
        }
    ).health == Health(Protocol.TCP, 6443, "/up", "shop.test", "200,301-302", 5.0, 1.0, 1, 2, 60.0)


def test_a_fail_back_may_be_without_delay():
    assert service(health={"failBackDelay": "0s"}).health.fail_back_delay == 0.0


@pytest.mark.parametrize(
    ("expected", "good", "bad"),
    [
        ("200-399", (200, 204, 399), (199, 400, 503)),
        ("200", (200,), (201, 199)),
        ("200,301-302,404", (200, 301, 302, 404), (201, 300, 303, 405)),
    ],
)
def test_the_statuses_that_are_expected(expected, good, bad):
    found = service(health={"expectedStatus": expected}).health
    assert all(found.expects(status) for status in good)
    assert not any(found.expects(status) for status in bad)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"domainRef": ""}, "spec.domainRef: Required value"),
        ({"recordTTL": -1}, "spec.recordTTL: Invalid value: -1"),
        ({"recordTTL": 2**31}, "spec.recordTTL: Invalid value"),
        ({"clusters": "eu"}, "spec.clusters: Invalid value"),
        ({"clusterSelector": []}, "spec.clusterSelector: Invalid value"),
        ({"hostnameTargets": "Alias"}, 'spec.hostnameTargets: Unsupported value: "Alias"'),
        ({"unreachable": "Forget"}, 'spec.unreachable: Unsupported value: "Forget"'),
        ({"routing": {"policy": "Best"}}, "spec.routing.policy: Unsupported value"),
        ({"routing": {"weights": {"eu": 256}}}, "spec.routing.weights.eu: Invalid value: 256"),
        ({"routing": {"policy": "Failover"}}, "spec.routing.tiers: Required value"),
        ({"routing": {"tiers": [{"minHealthy": 0}]}}, r"spec.routing.tiers\[0\].minHealthy"),
        ({"routing": {"policy": "Geo"}}, "spec.routing.geo: Required value"),
        ({"routing": {"geo": [{}]}}, r"spec.routing.geo\[0\].locations: Required value"),
        ({"routing": {"geo": [{"locations": ["Europe"]}]}}, "'Europe' is none of"),
        ({"health": {"protocol": "UDP"}}, "spec.health.protocol: Unsupported value"),
        ({"health": {"protocol": "TCP"}}, "spec.health.port: Required value"),
        ({"health": {"path": "up"}}, "spec.health.path: Invalid value"),
        ({"health": {"path": "/a b"}}, "spec.health.path: Invalid value"),
        ({"health": {"host": "a.test\\r\\nX: y"}}, "spec.health.host: Invalid value"),
        ({"health": {"interval": "50ms"}}, "spec.health.interval: .* at least 100ms"),
        ({"health": {"failBackDelay": "-1s"}}, "spec.health.failBackDelay: Invalid value"),
        ({"health": {"expectedStatus": "2xx"}}, "spec.health.expectedStatus: Invalid value"),
        ({"health": {"interval": "0s"}}, "spec.health.interval: Invalid value"),
        ({"health": {"timeout": "11s"}}, "spec.health.timeout: Invalid value"),
        ({"health": {"fall": 0}}, "spec.health.fall: Invalid value: 0"),
    ],
)
def test_a_bad_field_is_named(spec, message):
    with pytest.raises(Terminal, match=message):
        service(**spec)


def test_too_many_hosts_name_the_bound():
    with pytest.raises(Terminal, match="257 hosts are more than 256; split the record"):
        ingress(hosts=[f"h{number}.test" for number in range(257)])


def test_a_record_without_a_spec_is_refused_as_one():
    with pytest.raises(Terminal, match=r"spec.domainRef: Required value"):
        records.parse({"metadata": META}, SERVICE_RECORDS)
