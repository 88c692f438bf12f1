"""What the provider does when it is not answered as it should be."""

import pytest
from aws_xml import Fault
from cloud import ZONE, address, created

from kubefed_dns.errors import Denied, ProviderError, Throttled, Unreachable, ZoneGone
from kubefed_dns.records import RRset


@pytest.mark.parametrize(
    ("reason", "fault", "kind", "remedy"),
    [
        ("Another change of the zone.", Fault("PriorRequestNotComplete"), Throttled, "scripted"),
        ("Too many requests.", Fault("Throttling", "Rate exceeded"), Throttled, "Rate exceeded"),
        ("Too many, in HTTP.", Fault("Other", status=429), Throttled, "Other"),
        ("No rights.", Fault("AccessDenied", "no", 403), Denied, "allow route53:ListResource"),
        ("A wrong key.", Fault("InvalidClientTokenId", status=403), Denied, "credentialsRef"),
        ("A wrong secret.", Fault("SignatureDoesNotMatch", status=403), Denied, "secret access"),
        ("A token of yesterday.", Fault("ExpiredToken", status=403), Denied, "new one"),
        ("A clock that is wrong.", Fault("RequestExpired"), Denied, "NTP"),
        ("The zone is deleted.", Fault("NoSuchHostedZone", status=404), ZoneGone, "create"),
        ("Amazon is ill.", Fault("InternalFailure", status=500), Unreachable, "500"),
        ("Amazon is away.", Fault("ServiceUnavailable", status=503), Unreachable, "503"),
        ("Anything else.", Fault("Strange"), ProviderError, "Strange"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_a_fault_names_cause_and_remedy(route53, zone_id, provider, reason, fault, kind, remedy):
    route53.requests.clear()
    route53.faults.append(fault._replace(on="rrset"))
    with pytest.raises(kind, match=remedy) as raised:
        provider.read(ZONE)
    assert type(raised.value) is kind, reason
    assert "very-secret" not in str(raised.value)
    assert sum("rrset" in line for line in route53.requests) == 1, "nothing is tried twice"
    route53.faults.append(fault._replace(on="POST"))
    with pytest.raises(kind):
        provider.write(ZONE, created(address("www")))
    assert not provider.write(ZONE, created(address("www")))


def test_it_is_said_when_to_come_back(route53, zone_id, provider):
    fault = Fault("Throttling", headers={"Retry-After": "7"}, on="rrset")
    route53.faults.append(fault)
    with pytest.raises(Throttled) as raised:
        provider.read(ZONE)
    assert raised.value.after == 7
    route53.faults.append(fault._replace(headers={}))
    with pytest.raises(Throttled) as raised:
        provider.read(ZONE)
    assert raised.value.after is None


def test_a_set_that_the_sdk_does_not_take_stands_alone(zone_id, provider):
    bad = RRset(f"bad.{ZONE}", "A", 0, ('route53?{"CidrRoutingConfig":"much"}',), "x")
    (refusal,) = provider.write(ZONE, created(bad, address("good")))
    assert "CidrRoutingConfig" in refusal.reason
    assert not refusal.lost
    assert provider.read(ZONE) == (address("good"),)


def test_what_is_not_route_53_is_an_error_of_the_provider(route53, zone_id, provider):
    provider.zones()
    route53.garbage = True
    for ask in (provider.read, lambda zone: provider.write(zone, created(address("www")))):
        with pytest.raises(ProviderError, match="proxies"):
            ask(ZONE)


def test_a_server_that_is_not_there_is_unreachable(provider_of):
    provider = provider_of(settings={"endpointURL": "http://127.0.0.1:9"})
    with pytest.raises(Unreachable, match="endpointURL"):
        provider.zones()
