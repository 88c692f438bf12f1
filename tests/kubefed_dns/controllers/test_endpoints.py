"""From a record's status to its DNSEndpoint: what is written, deleted, resolved, and when."""

import asyncio

import pytest
from hub_story import EU, SYSTEM, US, WEB, settle, two_clusters

from kubefed_core.objects import Key
from kubefed_core.resources import CLUSTERS
from kubefed_dns.resources import DOMAINS, ENDPOINTS, PROVIDERS, SERVICE_RECORDS

pytestmark = pytest.mark.looptime

OURS = Key("shop", "service-web")
NEW = "192.0.2.9"


@pytest.fixture
def story():
    return two_clusters()


async def test_an_endpoint_that_a_user_wrote_stays_whatever_it_is_called(story):
    meta = {"namespace": "shop", "name": "service-mine"}
    story.put(ENDPOINTS, {"metadata": meta, "spec": {"endpoints": []}})
    async with story.hub():
        await settle(5)
        assert story.names("service-mine") == {}


async def test_an_orphaned_endpoint_of_ours_goes_with_its_record(story):
    async with story.hub():
        await settle()
    obj = story.host.get(ENDPOINTS, OURS)
    story.put(ENDPOINTS, {**obj, "metadata": {**obj["metadata"], "ownerReferences": []}})
    story.host.remove(SERVICE_RECORDS, WEB)
    async with story.hub():
        await settle()
        assert story.names() is None


async def test_an_endpoint_that_a_listing_lacked_is_not_made_again_and_again(story):
    async with story.hub():
        await settle()
    story.host.false_lists[ENDPOINTS] = []
    story.host.calls.clear()
    async with story.hub():
        await settle(60)
        assert story.host.calls.count(("create", ENDPOINTS)) == 1
        story.serve("eu", NEW)
        await settle()
        assert story.targets() == [NEW, US]


async def test_no_name_is_made_of_a_new_spec_and_an_old_status(story):
    async with story.hub():
        await settle()
        story.put(
            DOMAINS, {"metadata": {"namespace": SYSTEM, "name": "net"}, "domain": "example.net"}
        )
        written = story.host.subscribe(ENDPOINTS)
        story.record(domainRef="net", dnsPrefix="www")
        await settle()
        names = set()
        while not written.empty():
            spec = written.get_nowait()["object"]["spec"]
            names |= {each["dnsName"] for each in spec["endpoints"]}
        assert "www.example.net" in names
        assert "www.example.com" not in names


async def test_a_host_name_that_appears_late_is_not_waited_for_by_the_ttl(story):
    story.serve("us", "lb.us.test")
    story.record(recordTTL=86400)
    async with story.hub():
        await settle()
        assert story.targets() == [EU]
        story.lookups["lb.us.test"] = ["198.51.100.7"]
        await settle(31)
        assert story.targets() == [EU, "198.51.100.7"]


async def test_a_look_up_that_hangs_holds_up_only_its_own_target(story):
    story.lookups["lb.us.test"] = hanging = asyncio.Event()
    story.serve("us", "lb.us.test")
    for number in range(8):
        story.serve("us", f"lb{number}.us.test", name=f"slow{number}")
        story.lookups[f"lb{number}.us.test"] = asyncio.Event()
        meta = {"namespace": "shop", "name": f"slow{number}"}
        story.put(SERVICE_RECORDS, {"metadata": meta, "spec": {"domainRef": "acme"}})
    async with story.hub():
        await settle(3)
        assert story.targets() == [EU]
        assert "TargetNotResolved" not in story.events()
        story.serve("eu", NEW)
        await settle(1)
        assert story.targets() == [NEW]
        story.lookups["lb.us.test"] = ["198.51.100.7"]
        hanging.set()
        await settle(0.1)
        assert story.targets() == [NEW, "198.51.100.7"]


async def test_what_a_member_took_back_does_not_stay_beside_a_name_that_is_not_resolved(story):
    async with story.hub():
        await settle()
        story.serve("us", "lb.us.test")
        await settle()
        story.serve("eu", NEW)
        await settle()
        assert story.targets() == [NEW]


async def test_an_alias_gives_way_to_a_zone_that_begins_at_its_name(story):
    story.ingress("eu", "lb.eu.test", "example.org")
    story.lookups["lb.eu.test"] = ["192.0.2.7"]
    story.ingress_record(hosts=["example.org"], hostnameTargets="CNAME")
    async with story.hub():
        await settle()
        assert story.names("ingress-web") == {("example.org", "CNAME"): ["lb.eu.test"]}
        story.put(
            DOMAINS, {"metadata": {"namespace": SYSTEM, "name": "org"}, "domain": "example.org"}
        )
        await settle()
        assert story.names("ingress-web") == {("example.org", "A"): ["192.0.2.7"]}


STANDBY = {"clusterSelector": {"matchLabels": {"role": "standby"}}}


async def test_a_fail_over_goes_by_the_labels_that_the_clusters_have_now(story):
    story.label("us", role="standby")
    story.record(routing={"policy": "Failover", "tiers": [{"clusters": ["eu"]}, STANDBY]})
    async with story.hub():
        await settle()
        both = {("A", "tier-0"): ({"tier": 0}, [EU]), ("A", "tier-1"): ({"tier": 1}, [US])}
        assert story.sets() == both
        assert [each.get("tiers") for each in story.status()["dns"]] == [[0], [1]]
        story.serve("eu", EU, ready=False)
        await settle()
        assert story.sets() == {("A", "tier-1"): ({"tier": 0}, [US])}
        story.serve("eu", EU)
        story.label("us")
        await settle()
        assert story.sets() == {("A", "tier-0"): ({"tier": 0}, [EU])}
    story.label("us", role="standby")
    async with story.hub():
        await settle()
        assert story.sets() == both
        writes = list(story.host.writes)
        await settle(600)
        assert story.host.writes == writes


async def test_hosts_of_an_ingress_go_by_regions_too(story):
    story.ingress("eu", EU, "shop.test")
    story.ingress("us", US, "shop.test")
    story.ingress_record(hosts=["shop.test"], routing={"policy": "Latency"})
    async with story.hub():
        await settle()
        assert story.sets("ingress-web", "shop.test") == {
            ("A", "eu"): ({"region": "eu-west"}, [EU]),
            ("A", "us"): ({"region": "us-east"}, [US]),
        }


async def test_a_cluster_without_a_region_is_named_where_latency_is_asked_for(story):
    cluster = story.host.get(CLUSTERS, Key(SYSTEM, "us"))
    status = {k: v for k, v in cluster["status"].items() if k not in ("region", "zones")}
    story.put(CLUSTERS, {**cluster, "status": status})
    story.record(routing={"policy": "Latency"})
    async with story.hub():
        await settle()
        assert story.condition("Routed")[:2] == ("False", "NoRegion")
        assert "and us have none" in story.condition("Routed")[2]
        story.put(CLUSTERS, {**cluster, "status": cluster["status"]})
        await settle()
        assert story.condition("Routed") is None


async def test_an_apex_is_an_alias_as_soon_as_every_provider_follows_it(story):
    balancer = "d1.cloudfront.net"
    story.ingress("eu", balancer, "example.com")
    story.lookups[balancer] = ["192.0.2.7"]
    story.ingress_record(hosts=["example.com"], hostnameTargets="CNAME")
    async with story.hub():
        await settle()
        assert story.names("ingress-web") == {("example.com", "A"): ["192.0.2.7"]}
        story.put(
            PROVIDERS,
            {
                "metadata": {"namespace": SYSTEM, "name": "cloud"},
                "spec": {"type": "route53"},
                "status": {"zones": [{"name": "example.com"}], "capabilities": ["aliases"]},
            },
        )
        await settle()
        assert story.names("ingress-web") == {("example.com", "CNAME"): [balancer]}
        (made,) = story.host.get(ENDPOINTS, Key("shop", "ingress-web"))["spec"]["endpoints"]
        assert made["providerSpecific"] == [{"name": "alias", "value": "true"}]
