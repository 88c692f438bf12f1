"""`dns verify`, asking real name servers on this machine."""

import asyncio
import json
import threading
from datetime import UTC, datetime

import pytest

from kubefed_dns.commands import answers
from kubefed_dns.providers.embedded import Embedded
from kubefed_dns.providers.protocol import Context
from kubefed_dns.records import Create, Group, rrset
from kubefed_dns.server.server import Server

GROUP = "/apis/multiclusterdns.kubefed.io/v1alpha1"
SYSTEM = "kube-federation-system"
SITE = f"{GROUP}/namespaces/shop/dnsendpoints/site"


@pytest.fixture
def server():
    """An authoritative server with www.example.com in a thread of its own."""
    made = Server(now=lambda: datetime.now(UTC))
    made.add_zone("example.com")
    provider = Embedded(Context("embedded"), made)
    www = rrset("www.example.com", "A", 60, ["192.0.2.1"])
    assert not provider.write("example.com.", [Group(www.name, (Create(www),))])
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def serve():
        await made.start("127.0.0.1", 0)
        ready.set()
        await stop.wait()
        await made.stop()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    yield made
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


@pytest.fixture
def hub(host, server):
    host.put("/api/v1/namespaces/shop")
    ask = "{}:{}".format(*server.address)
    host.put(
        f"{GROUP}/namespaces/{SYSTEM}/dnsproviders/cloud",
        spec={
            "type": "webhook",
            "webhook": {"url": "http://127.0.0.1:1"},
            "zones": ["example.com"],
            "ownerID": "hub",
            "verify": {"servers": [ask]},
        },
    )
    want(host, "www.example.com", "192.0.2.1")
    return host


def want(host, name, *targets):
    sets = [{"dnsName": name, "recordType": "A", "recordTTL": 60, "targets": list(targets)}]
    host.put(SITE, spec={"endpoints": sets})


def answered(done):
    return [(each["role"], each["verdict"]) for each in json.loads(done.out)["answers"]]


def test_a_name_that_is_served_as_wanted(kubefedctl, hub, server):
    resolver = "{}:{}".format(*server.address)
    done = kubefedctl("dns", "verify", "WWW.example.com.", "--resolver", resolver, "-o", "json")
    assert done.status == 0, done.err
    assert answered(done) == [("authority", "same"), ("resolver", "same")]
    assert json.loads(done.out)["answers"][1]["ttl"] == 60


def test_an_answer_that_differs_is_told_by_the_exit_status(kubefedctl, hub):
    want(hub, "www.example.com", "192.0.2.2")
    done = kubefedctl("dns", "verify", "www.example.com", "--resolver", "127.0.0.1:1")
    assert done.status == 2
    assert "differs" in done.out
    assert "192.0.2.1" in done.out


def test_a_server_that_does_not_answer_is_not_right(kubefedctl, hub):
    args = ("--server", "127.0.0.1:1", "--resolver", "127.0.0.1:1", "-o", "json")
    done = kubefedctl("dns", "verify", "www.example.com", *args)
    assert done.status == 2
    assert answered(done)[0] == ("authority", "unknown")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("api.example.com", "no DNSEndpoint wants this name"),
        ("a..b", "is no DNS name"),
    ],
)
def test_a_name_that_nobody_wants(kubefedctl, hub, name, why):
    done = kubefedctl("dns", "verify", name)
    assert done.status == 255
    assert why in done.err


@pytest.mark.parametrize(("zone", "speaks"), [("example.com.", True), ("example.net.", False)])
def test_a_server_speaks_for_its_own_zones(server, zone, speaks):
    assert answers.speaks_for("{}:{}".format(*server.address), zone) is speaks


def test_a_server_that_is_not_there_speaks_for_none():
    assert not answers.speaks_for("127.0.0.1:1", "example.com.")
