"""An emulator as it is, without the front that makes it as strict as AWS."""

import boto3
import pytest
from moto.server import ThreadedMotoServer

from kubefed_dns.providers.protocol import Context
from kubefed_dns.providers.route53 import Route53
from kubefed_dns.records import Create, Group, Update, rrset

ZONE = "emulated.test."
KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}


@pytest.fixture
def emulated():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client("route53", endpoint_url=url, region_name="us-east-1", **KEYS)
    made = client.create_hosted_zone(Name=ZONE, CallerReference=url)["HostedZone"]["Id"]
    client.close()
    settings = {"region": "us-east-1", "endpointURL": url}
    told = {"zones": (ZONE,), "zone_ids": (made.rsplit("/", 1)[1],)}
    provider = Route53(Context("aws", **told, settings=settings, secret=KEYS))
    yield provider
    provider.close()
    server.stop()


def www(value):
    return rrset(f"www.{ZONE}", "A", 60, [value])


def swap(provider, *changes):
    return provider.write(ZONE, [Group(f"www.{ZONE}", changes)])


def test_an_address_can_come_back(emulated):
    one, two = www("192.0.2.1"), www("192.0.2.2")
    assert not swap(emulated, Create(one))
    for old, new in [(one, two), (two, one), (one, two), (two, one)]:
        assert not swap(emulated, Update(old, new))
        assert new in set(emulated.read(ZONE, [f"www.{ZONE}"]))


def test_a_set_that_is_there_is_still_no_reason_to_overwrite_it(emulated):
    one = www("192.0.2.1")
    assert not swap(emulated, Create(one))
    (refusal,) = swap(emulated, Create(one))
    assert refusal.lost
