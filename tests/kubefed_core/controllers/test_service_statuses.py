"""The statuses of the members' Services are collected beside the federated ones."""

import asyncio
from dataclasses import replace

import pytest
from propagation_story import SYSTEM, Story, only

from kubefed_core.api.config import GATES, Config
from kubefed_core.api.types import federated_of
from kubefed_core.objects import Key
from kubefed_core.resources import NAMESPACES, SERVICE_STATUSES, SERVICES, TYPE_CONFIGS

pytestmark = pytest.mark.looptime
FEDERATED = federated_of(SERVICES)
LISTENS = {"spec": {"ports": [{"port": 80}]}}
WEB = Key("shop", "web")


def collected(story):
    obj = story.host.get(SERVICE_STATUSES, WEB)
    return (
        None if obj is None else {e["clusterName"]: e.get("status") for e in obj["clusterStatus"]}
    )


def runs(story):
    return story.host.get(TYPE_CONFIGS, Key(SYSTEM, "services"))["status"]["statusController"]


def balance(story, name, address):
    status = {"loadBalancer": {"ingress": [{"ip": address}]}}
    story.world[name].put(SERVICES, {**story.member(name, SERVICES), "status": status})
    return status


def serving(**config):
    story = Story("eu", "us", types=(NAMESPACES,), config=replace(Config(), **config))
    story.enable(SERVICES, collected=True, status=SERVICE_STATUSES)
    return story


async def test_every_ready_cluster_is_listed_with_the_status_of_its_service():
    story = serving()
    made = story.federate(LISTENS, resource=FEDERATED, placement=only("eu"))
    async with story.hub():
        await asyncio.sleep(2)
        assert runs(story) == "Running"
        status = balance(story, "eu", "192.0.2.1")
        await asyncio.sleep(2)
        assert collected(story) == {"eu": status, "us": None}
        (owner,) = story.host.get(SERVICE_STATUSES, WEB)["metadata"]["ownerReferences"]
        assert owner["uid"] == made["metadata"]["uid"]
        story.writes()
        await asyncio.sleep(60)
        assert story.writes() == {}
        story.lose("us")
        await asyncio.sleep(2)
        assert collected(story) == {"eu": status}


async def test_it_is_switched_off_and_on_by_the_type():
    story = serving()
    story.federate(LISTENS, resource=FEDERATED)
    async with story.hub():
        await asyncio.sleep(2)
        story.enable(SERVICES, status=SERVICE_STATUSES)
        await asyncio.sleep(1)
        assert runs(story) == "NotRunning"
        balance(story, "eu", "192.0.2.1")
        await asyncio.sleep(5)
        assert collected(story) == {"eu": None, "us": None}
        story.enable(SERVICES, collected=True, status=SERVICE_STATUSES)
        await asyncio.sleep(5)
        assert collected(story)["eu"] is not None


async def test_raw_collection_stands_in_its_place():
    story = serving(gates={**GATES, "RawResourceStatusCollection": True})
    story.federate(LISTENS, resource=FEDERATED)
    async with story.hub():
        await asyncio.sleep(5)
        assert runs(story) == "NotRunning"
        assert collected(story) is None
