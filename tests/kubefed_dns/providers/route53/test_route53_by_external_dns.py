"""external-dns publishes weighted sets to Route 53 by way of the webhook server."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from cloud import ZONE

from kubefed_dns.webhook_server.service import Service

WWW = f"www.{ZONE}".removesuffix(".")


@pytest.fixture
def service(provider, zone_id):
    with ThreadPoolExecutor(1) as executor:
        yield Service(provider, executor=executor)


def weighted(identifier, weight):
    return {
        "dnsName": WWW,
        "recordType": "A",
        "targets": ["192.0.2.1"],
        "setIdentifier": identifier,
        "recordTTL": 60,
        "providerSpecific": [{"name": "aws/weight", "value": weight}],
    }


def chosen(endpoint):
    """What ownership has in common with its data."""
    return {key: endpoint[key] for key in ("setIdentifier", "providerSpecific")}


async def test_what_external_dns_wants_is_listed_as_it_was_adjusted(service):
    await service.zones()
    wanted = await service.adjusted([weighted("eu", "80"), weighted("us", "20")])
    text = '"heritage=external-dns,external-dns/owner=me"'
    owner = {
        **wanted[0],
        "dnsName": f"a-{WWW}",
        "recordType": "TXT",
        "targets": [text],
        "labels": {"ownedRecord": WWW},
    }
    owners = [{**owner, **chosen(each)} for each in wanted]
    assert not await service.apply({"create": [*wanted, *owners]})
    found = [each for each in await service.records() if each["recordType"] == "A"]
    assert sorted(found, key=lambda each: each["setIdentifier"]) == wanted
    (changed,) = await service.adjusted([weighted("eu", "10")])
    assert not await service.apply({"updateOld": [wanted[0]], "updateNew": [changed]})
    assert changed in await service.records()
