"""Which records are looked at again, and which are not."""

from dataclasses import replace

import pytest
from hub_story import EU, SYSTEM, US, WEB, settle, two_clusters

from kubefed_core.api.config import Config
from kubefed_core.objects import Key
from kubefed_core.resources import CLUSTERS, CONFIGS, ENDPOINT_SLICES, NODES
from kubefed_dns.controllers.keys import RecordKey
from kubefed_dns.controllers.triggers import Triggers
from kubefed_dns.resources import DOMAINS, INGRESS_RECORDS, SERVICE_RECORDS

pytestmark = pytest.mark.looptime

SLICE = Key("shop", "web-x1")
OTHER = Key("shop", "other")


@pytest.fixture
def story():
    story = two_clusters()
    story.put(SERVICE_RECORDS, {"metadata": {"namespace": "shop", "name": "other"}, "spec": {}})
    story.ingress_record(hosts=["shop.example.com"])
    return story


async def added_by(story, change):
    """The keys that a change adds, while a hub works."""
    found = []
    async with story.hub():
        Triggers(
            story.on,
            add=found.append,
            moved=lambda key: None,
            edited=found.append,
            later=lambda key: None,
            bulk=found.append,
        )
        await settle()
        found.clear()
        change(story)
        await settle(0.005)
        return set(found)


def relabel(story, service):
    obj = story.world["us"].get(ENDPOINT_SLICES, SLICE)
    labels = {"kubernetes.io/service-name": service} if service else {}
    story.world["us"].put(
        ENDPOINT_SLICES, {**obj, "metadata": {**obj["metadata"], "labels": labels}}
    )


def heartbeat(story):
    obj = story.host.get(CLUSTERS, Key(SYSTEM, "us"))
    (ready,) = obj["status"]["conditions"]
    probed = {**ready, "lastProbeTime": "2026-01-01T00:05:00Z"}
    story.put(CLUSTERS, {**obj, "status": {**obj["status"], "conditions": [probed]}})


def domain(story):
    obj = story.host.get(DOMAINS, Key(SYSTEM, "acme"))
    story.put(DOMAINS, {**obj, "domain": "example.org"})


def settings(story):
    story.put(CONFIGS, {"metadata": {"namespace": SYSTEM, "name": "kubefed"}, "spec": {}})


WEB_ONLY = {RecordKey(SERVICE_RECORDS, WEB)}
SERVICE_ONES = WEB_ONLY | {RecordKey(SERVICE_RECORDS, OTHER)}
ALL = SERVICE_ONES | {RecordKey(INGRESS_RECORDS, WEB)}


@pytest.mark.parametrize(
    ("reason", "change", "want"),
    [
        ("A heartbeat changes nothing.", heartbeat, set()),
        ("An annotation that says nothing.", lambda s: s.annotate("us", note="x"), set()),
        ("A drain is for all.", lambda s: s.annotate("us", **{DRAINED: "true"}), ALL),
        ("A verdict is for all.", lambda s: s.health("us", "Offline"), ALL),
        ("A Service is for its record.", lambda s: s.serve("us", "192.0.2.7"), WEB_ONLY),
        ("A Service without a record.", lambda s: s.serve("us", US, name="none"), set()),
        ("An Ingress.", lambda s: s.ingress("us", US, "x.test"), ALL - SERVICE_ONES),
        ("A slice that is gone.", lambda s: s.world["us"].remove(ENDPOINT_SLICES, SLICE), WEB_ONLY),
        ("A slice that goes over.", lambda s: relabel(s, "other"), SERVICE_ONES),
        ("A slice of nothing any more.", lambda s: relabel(s, ""), WEB_ONLY),
        ("A node.", lambda s: s.world["us"].put(NODES, {"metadata": {"name": "n"}}), set()),
        ("A Domain is for those that name it.", domain, WEB_ONLY),
        ("The settings are for all.", settings, ALL),
        ("A cluster out of sight is for all.", lambda s: s.world["us"].down(), ALL),
        ("An unjoined one too.", lambda s: s.host.remove(CLUSTERS, Key(SYSTEM, "us")), ALL),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_looks_at_which_records(story, reason, change, want):
    assert await added_by(story, change) == want, reason


DRAINED = "multiclusterdns.kubefed.io/drained"


async def test_a_slice_that_goes_over_to_another_service_takes_its_cluster_out(story):
    async with story.hub():
        await settle()
        relabel(story, "other")
        await settle()
        assert story.targets() == [EU]


async def test_a_shorter_delay_counts_for_clusters_that_are_lost_already(story):
    story.config = Config(unavailable_delay=3600.0)
    async with story.hub():
        await settle()
        story.world["us"].down()
        await settle(100)
        assert story.targets() == [EU, US]
        story.config = replace(story.config, unavailable_delay=60.0)
        settings(story)
        await settle()
        assert story.targets() == [EU]
