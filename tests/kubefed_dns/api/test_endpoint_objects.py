import pytest

from kubefed_core.api.conditions import Condition
from kubefed_core.errors import Terminal
from kubefed_core.objects import Key
from kubefed_dns.api import endpoints
from kubefed_dns.api.endpoints import (
    DNSEndpoint,
    Endpoint,
    EndpointKey,
    EndpointState,
    EndpointStatus,
    Placed,
    Routing,
)

META = {"namespace": "test", "name": "service-nginx", "uid": "u", "generation": 2}

FULL = Endpoint(
    dns_name="a.example.com",
    record_type="A",
    targets=("192.0.2.1",),
    ttl=300,
    set_identifier="eu",
    labels=(("serviceName", "nginx"),),
    provider_specific=(("alias", "true"), ("aws/weight", "1")),
    routing=Routing(weight=0, tier=1, geo=("EU",), region="eu-west"),
)


def parse(*items, **extra):
    return endpoints.parse({"metadata": META, "spec": {"endpoints": list(items)}, **extra})


def test_endpoints_survive_being_written_and_read():
    assert parse(*endpoints.dump_spec([FULL])["endpoints"]).endpoints == (FULL,)


def test_what_is_empty_is_left_out_but_the_ttl():
    assert endpoints.dump_spec([Endpoint("a.test", "A", ("192.0.2.1",))]) == {
        "endpoints": [
            {"dnsName": "a.test", "recordType": "A", "recordTTL": 0, "targets": ["192.0.2.1"]}
        ]
    }
    assert endpoints.dump_spec([]) == {}


def test_an_object_that_external_dns_would_take():
    found = parse({"dnsName": "a.test", "recordType": "txt", "targets": ["x"]})
    assert found == DNSEndpoint(
        Key("test", "service-nginx"),
        (Endpoint("a.test", "TXT", ("x",)),),
        uid="u",
        generation=2,
    )
    assert found.endpoints[0].key == EndpointKey("a.test", "TXT", "")


def test_an_object_without_a_spec_has_no_endpoints():
    assert endpoints.parse({"metadata": META}).endpoints == ()


def test_routing_that_says_nothing_is_kept_as_such():
    item = {"dnsName": "a.test", "recordType": "A", "routing": {}}
    assert parse(item).endpoints[0].routing == Routing()


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"recordType": "A"}, r"spec.endpoints\[0\].dnsName: Required value"),
        ({"dnsName": "a.test"}, r"spec.endpoints\[0\].recordType: Required value"),
        ({"dnsName": "a", "recordType": "A", "recordTTL": -1}, "recordTTL: Invalid value: -1"),
        ({"dnsName": "a", "recordType": "A", "targets": "x"}, "targets: Invalid value"),
        ({"dnsName": "a", "recordType": "A", "targets": ["x"] * 1001}, "1001 are more than 1000"),
        ({"dnsName": "a", "recordType": "A", "routing": {"weight": 256}}, "routing.weight: Inv"),
        ({"dnsName": "a", "recordType": "A", "providerSpecific": [{}]}, r"\[0\].name: Required"),
    ],
)
def test_a_bad_field_is_named(item, message):
    with pytest.raises(Terminal, match=message):
        parse(item)


def test_too_many_endpoints_name_the_bound():
    item = {"dnsName": "a.test", "recordType": "A"}
    with pytest.raises(Terminal, match="5001 are more than 5000; split the object"):
        parse(*[item] * 5001)


def test_a_status_survives_being_written_and_read():
    status = EndpointStatus(
        observed_generation=2,
        conditions=(Condition("Published", "True", "Published", "serial 3", "t", 2),),
        endpoints=(
            EndpointState(
                EndpointKey("a.test", "A", "eu"), (Placed("bind", "test.", "3", "refused"),)
            ),
        ),
        names="1/1",
        targets="192.0.2.1",
    )
    assert endpoints.parse_status(endpoints.dump_status(status)) == status


@pytest.mark.parametrize("mangled", [None, 1, {"endpoints": 1, "summary": 1, "conditions": 1}])
def test_a_mangled_status_is_none(mangled):
    assert endpoints.parse_status(mangled) == EndpointStatus()
