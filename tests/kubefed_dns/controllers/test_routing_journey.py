"""From a record's routing to the sets of a provider and back to the record's conditions."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from hub_story import EU, SYSTEM, US, settle, two_clusters
from prometheus_client import CollectorRegistry
from zones_backend import Backend, Inline

from kubefed_core.resources import NAMESPACES
from kubefed_dns.controllers.zones.zones import Zones
from kubefed_dns.metrics import Journeys, Metrics
from kubefed_dns.records import ROUTING
from kubefed_dns.resources import PROVIDERS
from kubefed_dns.verify import Unobservable

pytestmark = pytest.mark.looptime

ZONE = "example.com."
GLOBAL = f"web.shop.acme.svc.{ZONE}"
TIERS = {"policy": "Failover", "tiers": [{"clusters": ["eu"]}, {"clusters": ["us"]}]}
WEIGHTS = {"policy": "Weighted", "weights": {"eu": 80, "us": 20}}
GEO = {
    "policy": "Geo",
    "geo": [
        {"locations": ["EU"], "clusters": ["eu"]},
        {"locations": ["*"], "clusters": ["us"]},
    ],
}


@asynccontextmanager
async def published(story, *, backend):
    """The hub, and what publishes for it."""
    story.put(NAMESPACES, {"metadata": {"name": "kube-system", "uid": "abcdef0123"}})
    meta = {"namespace": SYSTEM, "name": "cloud"}
    spec = {"type": "rfc2136", "zones": ["example.com"], "rfc2136": {"servers": ["192.0.2.53"]}}
    story.put(PROVIDERS, {"metadata": meta, "spec": spec})
    metrics = Metrics(CollectorRegistry())

    async def ask(server, name, rrtype):
        raise Unobservable("no answer")

    async with story.hub():
        zones = Zones(
            host=story.on,
            journeys=Journeys(metrics, clock=asyncio.get_running_loop().time),
            metrics=metrics,
            factories={"rfc2136": backend.made},
            executor=Inline(),
            ask=ask,
        )
        task = asyncio.create_task(zones.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])


@pytest.mark.parametrize(
    ("reason", "routing", "native", "reduced", "degraded"),
    [
        (
            "Weights.",
            WEIGHTS,
            {("A", "eu", "weight=80"): (EU,), ("A", "us", "weight=20"): (US,)},
            (EU, US),
            "does not serve Weighted in zone example.com",
        ),
        (
            "Places.",
            GEO,
            {("A", "EU", "geo=EU"): (EU,), ("A", "*", "geo=*"): (US,)},
            (EU, US),
            "does not serve Geo in zone example.com",
        ),
        (
            "Regions.",
            {"policy": "Latency"},
            {("A", "eu", "region=eu-west"): (EU,), ("A", "us", "region=us-east"): (US,)},
            (EU, US),
            "does not serve Latency in zone example.com",
        ),
        (
            "Tiers.",
            TIERS,
            {("A", "tier-0", "tier=0"): (EU,), ("A", "tier-1", "tier=1"): (US,)},
            (EU,),
            None,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_a_policy_natively_and_reduced(reason, routing, native, reduced, degraded):
    for claims in (ROUTING, frozenset()):
        story, backend = two_clusters(), Backend(ZONE, routing=claims)
        story.record(recordTTL=30, routing=routing)
        async with published(story, backend=backend):
            await settle(5)
            want = native if claims else {("A", ""): reduced}
            assert backend.routed(GLOBAL, ZONE) == want, reason
            assert story.condition("Published")[0] == "True"
            status, word, message = story.condition("Routed")
            if claims or degraded is None:
                assert (status, word) == ("True", "Routed")
            else:
                assert (status, word) == ("False", "Degraded")
                assert degraded in message
            story.record(recordTTL=30)
            await settle(5)
            assert backend.routed(GLOBAL, ZONE) == {("A", ""): (EU, US)}
            assert story.condition("Routed") is None
            assert story.condition("Published")[0] == "True"


async def test_a_fail_over_goes_through_without_a_moment_of_nothing():
    story, backend = two_clusters(), Backend(ZONE)
    seen = []
    write = backend.memory.write

    def watched(zone, groups):
        told = write(zone, groups)
        seen.append(backend.sets(GLOBAL, ZONE))
        return told

    backend.memory.write = watched
    story.record(recordTTL=30, routing=TIERS)
    async with published(story, backend=backend):
        await settle(5)
        story.serve("eu", EU, ready=False)
        await settle(5)
        assert backend.routed(GLOBAL, ZONE) == {("A", ""): (US,)}
        story.serve("us", US, ready=False)
        await settle(5)
        assert not backend.sets(GLOBAL, ZONE), "nobody serves, says a living API"
        story.serve("us", US)
        await settle(5)
        story.serve("eu", EU)
        await settle(5)
        assert backend.routed(GLOBAL, ZONE) == {("A", ""): (EU,)}
    held = [each.get((GLOBAL, "A")) for each in seen]
    assert [one for one, two in zip(held, [*held[1:], ()], strict=True) if one != two] == [
        (EU,),
        (US,),
        None,
        (US,),
        (EU,),
    ]
