"""Addresses beside a cluster in memory, in virtual time: at once, and respecting what is."""

import asyncio

import pytest
import world
from cloud_story import FIRST, LOOP, SECOND, WEB, addresses, cloudy, service

from kubefed_core import errors
from kubefed_core.resources import INGRESSES, SERVICES

pytestmark = pytest.mark.looptime


@pytest.fixture
def server():
    return world.Server()


async def test_services_and_ingresses_get_addresses_at_once(server):
    async with cloudy(server):
        server.put(SERVICES, service())
        ingress = {"kind": "Ingress", "metadata": {"namespace": "ns", "name": "web"}, "spec": {}}
        server.put(INGRESSES, ingress)
        await asyncio.sleep(0.1)
        assert addresses(server) + addresses(server, resource=INGRESSES) == [FIRST, SECOND]


async def test_the_annotation_changes_the_address_at_once_and_back(server):
    async with cloudy(server):
        for address, want in (
            (None, [FIRST]),
            ("192.0.2.9", ["192.0.2.9"]),
            ("hostname", ["web.ns.service.eu.cloud.test"]),
            ("none", []),
            ("dual", [FIRST, "2001:db8:1::1"]),
            (None, [FIRST]),
        ):
            old = server.get(SERVICES, WEB) or service()
            server.put(SERVICES, {**service(address=address), "status": old["status"]})
            await asyncio.sleep(0.1)
            assert addresses(server) == want, address


async def test_an_annotation_that_cannot_be_read_changes_nothing(server):
    async with cloudy(server):
        server.put(SERVICES, service())
        await asyncio.sleep(0.1)
        server.put(SERVICES, service(address="ipv5", ingress=[{"ip": FIRST}]))
        await asyncio.sleep(1)
        assert addresses(server) == [FIRST]


async def test_addresses_that_are_in_use_are_respected(server):
    server.put(SERVICES, service("old", ingress=[{"ip": FIRST}]))
    server.put(
        SERVICES,
        service("named", address="lb.example.org", ingress=[{"hostname": "lb.example.org"}]),
    )
    server.put(SERVICES, service("a"))
    async with cloudy(server):
        assert addresses(server, "old") == [FIRST]
        assert addresses(server, "a") == [SECOND]


async def test_an_address_that_is_so_is_not_written_again(server):
    async with cloudy(server):
        server.put(SERVICES, service())
        await asyncio.sleep(1)
        server.writes.clear()
        server.put(SERVICES, service(ingress=[{"ip": FIRST, "ipMode": "VIP"}]))
        await asyncio.sleep(1)
        assert not [write for write in server.writes if write[1] is SERVICES]


async def test_an_object_that_is_gone_gives_its_address_back(server):
    async with cloudy(server):
        server.put(SERVICES, service())
        await asyncio.sleep(0.1)
        server.remove(SERVICES, WEB)
        await asyncio.sleep(0.1)
        server.put(SERVICES, service("next"))
        await asyncio.sleep(0.1)
        assert addresses(server, "next") == [SECOND]


async def test_a_service_that_vanishes_in_the_middle_is_no_fault(server, caplog):
    async with cloudy(server):
        server.faults["patch", SERVICES] = errors.NotFound("gone", status=404)
        server.put(SERVICES, service())
        await asyncio.sleep(0.1)
        server.remove(SERVICES, WEB)
        await asyncio.sleep(5)
        assert not caplog.records


async def test_after_an_outage_it_is_back_when_it_is_told_so(server, caplog):
    async with cloudy(server) as cloud:
        server.down()
        await asyncio.sleep(300)
        server.up()
        cloud.nudge()
        await asyncio.sleep(0.1)
        server.put(SERVICES, service())
        await asyncio.sleep(0.1)
        assert addresses(server) == [FIRST]
        assert not [r for r in caplog.records if r.name == LOOP], "an outage is no surprise"
