import asyncio

import pytest
from hub_story import SYSTEM, WEB, Story

from kubefed_core import errors
from kubefed_core.api.config import Config, Dns
from kubefed_core.objects import Key
from kubefed_core.resources import CLUSTERS, ENDPOINT_SLICES, INGRESSES, SECRETS, SERVICES
from kubefed_dns.resources import DOMAINS, ENDPOINTS, INGRESS_RECORDS, SERVICE_RECORDS

pytestmark = pytest.mark.looptime

EU, US = "192.0.2.1", "198.51.100.1"
GLOBAL = "web.shop.acme.svc.example.com"


@pytest.fixture
def story():
    story = Story("eu", "us")
    story.serve("eu", EU)
    story.serve("us", US)
    story.record(recordTTL=30)
    return story


async def settle(seconds=2):
    await asyncio.sleep(seconds)


async def test_a_service_in_two_clusters_gets_its_names(story):
    async with story.hub():
        await settle()
        assert story.names() == {
            (GLOBAL, "A"): [EU, US],
            ("web.shop.acme.svc.eu-west.example.com", "A"): [EU],
            ("web.shop.acme.svc.eu-west-1a.eu-west.example.com", "A"): [EU],
            ("web.shop.acme.svc.us-east.example.com", "A"): [US],
            ("web.shop.acme.svc.us-east-1b.us-east.example.com", "A"): [US],
        }
        assert story.reasons() == {"eu": "Published", "us": "Published"}
        assert story.status()["summary"] == {"clusters": "2/2", "targets": f"{EU},{US}"}
        assert story.condition("Accepted")[0] == "True"
        assert story.condition("Published")[:2] == ("False", "Pending")


async def test_a_changed_address_is_there_without_any_timer(story):
    async with story.hub():
        await settle()
        before = asyncio.get_running_loop().time()
        story.serve("eu", "192.0.2.9")
        for _ in range(20):
            await asyncio.sleep(0.001)
            if story.targets() == ["192.0.2.9", US]:
                break
        assert asyncio.get_running_loop().time() - before < 0.02


async def test_with_nothing_to_do_nothing_is_written(story):
    async with story.hub():
        await settle()
        story.host.writes.clear()
        story.serve("eu", EU)
        for server in story.world.servers.values():
            server.cut()
            server.expire()
        await settle(3600)
    async with story.hub():
        await settle(60)
        assert story.host.writes == []


@pytest.mark.parametrize(
    ("reason", "change", "why"),
    [
        ("No ready endpoint.", lambda s: s.serve("us", US, ready=False), "NoReadyEndpoints"),
        ("No address.", lambda s: s.serve("us"), "NoLoadBalancer"),
        ("No Service.", lambda s: s.world["us"].remove(SERVICES, WEB), "NotFound"),
        ("Drained.", lambda s: s.annotate("us", **{DRAINED: "true"}), "Drained"),
        (
            "No slice at all.",
            lambda s: s.world["us"].remove(ENDPOINT_SLICES, Key("shop", "web-x1")),
            "NoReadyEndpoints",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_takes_a_cluster_out_at_once(story, reason, change, why):
    async with story.hub():
        await settle()
        change(story)
        await settle()
        assert story.targets() == [EU], reason
        assert story.reasons()["us"] == why
        assert story.names()["web.shop.acme.svc.us-east.example.com", "CNAME"] == [GLOBAL]
        assert story.events()["TargetWithdrawn"] == 1


DRAINED = "multiclusterdns.kubefed.io/drained"


async def test_the_last_drained_cluster_stays(story):
    async with story.hub():
        await settle()
        for name in ("eu", "us"):
            story.annotate(name, **{DRAINED: "true"})
            await settle()
        assert story.targets() == [US]
        assert story.condition("Held")[:2] == ("True", "LastTarget")


async def test_without_endpoints_where_the_record_allows_it(story):
    story.serve("us", US, ready=False)
    story.record(allowServiceWithoutEndpoints=True)
    async with story.hub():
        await settle()
        assert story.targets() == [EU, US]


async def test_a_lost_cluster_is_held_then_withdrawn_and_comes_back(story):
    story.join("ap")
    story.world.servers["https://ap"] = type(story.host)()
    async with story.hub():
        await settle()
        story.world["us"].down()
        await settle()
        assert story.targets() == [EU, US]
        assert story.reasons()["us"] == "Held"
        since = next(each["since"] for each in story.status()["dns"] if each["cluster"] == "us")
        await settle(50)
        assert story.targets() == [EU, US]
        assert next(e["since"] for e in story.status()["dns"] if e["cluster"] == "us") == since
        await settle(15)
        assert story.targets() == [EU]
        assert story.reasons()["us"] == "ClusterUnreachable"
        assert story.names()["web.shop.acme.svc.us-east.example.com", "CNAME"] == [GLOBAL]
        story.world["us"].up()
        await settle(10)
        assert story.targets() == [EU, US]
        assert story.condition("Held") is None


async def test_a_lost_cluster_is_kept_where_the_record_says_so(story):
    story.record(unreachable="Keep")
    async with story.hub():
        await settle()
        story.world["us"].down()
        await settle(3600)
        assert story.targets() == [EU, US]


async def test_the_last_target_is_never_lost_by_not_seeing_it(story):
    story.world["us"].remove(SERVICES, WEB)
    async with story.hub():
        await settle()
        story.world["eu"].down()
        await settle(3600)
        assert story.targets() == [EU]
        assert story.condition("Held")[:2] == ("True", "LastTarget")


async def test_when_most_clusters_vanish_at_once_it_is_the_hub_that_is_cut_off(story):
    async with story.hub():
        await settle()
        for name in ("eu", "us"):
            story.world[name].down()
        await settle(3600)
        assert story.targets() == [EU, US]
        assert story.condition("Held")[:2] == ("True", "HubCutOff")


async def test_a_restart_while_a_cluster_is_lost_forgets_neither_targets_nor_deadline(story):
    async with story.hub():
        await settle()
        story.world["us"].down()
        await settle(40)
    async with story.hub():
        await settle(10)
        assert story.targets() == [EU, US]
        await settle(20)
        assert story.targets() == [EU]


async def test_a_hang_at_the_start_holds_up_nobody(story):
    story.world["us"].hanging = True
    async with story.hub():
        await settle(5)
        assert story.targets() == [EU]
        assert story.reasons()["us"] == "ClusterUnreachable"


@pytest.mark.parametrize("resource", [SERVICES, ENDPOINT_SLICES], ids=str)
async def test_a_resource_that_cannot_be_listed_is_as_out_of_sight(story, resource):
    async with story.hub():
        await settle()
        story.world["us"].faults[resource] = errors.Forbidden("no right", status=403)
        story.world["us"].cut()
        await settle()
        assert story.reasons() == {"eu": "Published", "us": "Held"}
        assert story.targets() == [EU, US]


@pytest.mark.parametrize("resource", [SERVICES, ENDPOINT_SLICES], ids=str)
async def test_a_false_empty_list_empties_nothing(story, resource):
    async with story.hub():
        await settle()
        story.world["us"].false_lists[resource] = []
        story.world["us"].expire()
        await settle(120)
        assert story.targets() == [EU, US]
    async with story.hub():
        await settle(5)
        assert story.targets() == [EU, US]
        story.world["us"].false_lists.clear()
        story.world["us"].expire()
        await settle(30)
        assert story.targets() == [EU, US]


async def test_a_service_without_any_slice_after_a_restart_is_believed_in_the_end(story):
    async with story.hub():
        await settle()
    story.world["us"].remove(ENDPOINT_SLICES, Key("shop", "web-x1"))
    async with story.hub():
        await settle(5)
        assert story.targets() == [EU, US]
        await settle(10)
        assert story.targets() == [EU]


async def test_an_unjoined_cluster_is_out_at_once(story):
    async with story.hub():
        await settle()
        story.host.remove(CLUSTERS, Key(SYSTEM, "us"))
        await settle()
        assert story.targets() == [EU]
        assert list(story.reasons()) == ["eu"]


async def test_a_lost_secret_takes_nothing_out(story):
    async with story.hub():
        await settle()
        story.host.remove(SECRETS, Key(SYSTEM, "us"))
        await settle(600)
        assert story.targets() == [EU, US]


async def test_only_wanted_clusters_are_in(story):
    story.record(clusters=["eu"])
    async with story.hub():
        await settle()
        assert story.targets() == [EU]
        assert story.status()["summary"]["clusters"] == "1/1"
        story.record(clusters=["eu", "mars"])
        await settle()
        assert story.status()["summary"]["clusters"] == "1/2"


async def test_a_cluster_without_a_region_limits_only_its_own_names(story):
    obj = story.host.get(CLUSTERS, Key(SYSTEM, "us"))
    del obj["status"]["region"], obj["status"]["zones"]
    story.put(CLUSTERS, obj)
    async with story.hub():
        await settle()
        assert story.targets() == [EU, US]
        assert ("web.shop.acme.svc.eu-west.example.com", "A") in story.names()
        assert len(story.names()) == 3


async def test_an_unknown_domain_is_said_and_its_deletion_withdraws_the_names(story):
    story.record(domainRef="nope")
    async with story.hub():
        await settle()
        status, reason, message = story.condition("Accepted")
        assert (status, reason) == ("False", "DomainNotFound")
        assert "'nope'" in message
        assert story.events()["DomainNotFound"] == 1
        story.record()
        await settle()
        assert story.targets() == [EU, US]
        story.host.remove(DOMAINS, Key(SYSTEM, "acme"))
        await settle()
        assert story.names() == {}


async def test_a_changed_domain_changes_the_names(story):
    async with story.hub():
        await settle()
        obj = story.host.get(DOMAINS, Key(SYSTEM, "acme"))
        story.put(DOMAINS, {**obj, "domain": "example.org"})
        await settle()
        assert all(name.endswith(".example.org") for name, _ in story.names())


async def test_a_record_that_cannot_be_says_why_and_keeps_what_was_published(story):
    async with story.hub():
        await settle()
        story.record(dnsPrefix="-bad-")
        await settle()
        status, reason, message = story.condition("Accepted")
        assert (status, reason) == ("False", "InvalidName")
        assert "spec.dnsPrefix" in message
        assert story.targets() == [EU, US]
        story.record(recordTTL=-5)
        await settle()
        assert "spec.recordTTL" in story.condition("Accepted")[2]
        story.record(dnsPrefix="www")
        await settle()
        assert story.condition("Accepted")[0] == "True"
        assert story.names()["www.example.com", "CNAME"] == [GLOBAL]


async def test_a_deleted_record_takes_its_endpoint_along(story):
    async with story.hub():
        await settle()
        story.host.remove(SERVICE_RECORDS, WEB)
        await settle()
        assert story.names() is None


async def test_a_record_deleted_while_nobody_looked_takes_its_endpoint_along(story):
    async with story.hub():
        await settle()
    story.host.remove(SERVICE_RECORDS, WEB)
    async with story.hub():
        await settle()
        assert story.names() is None


async def test_a_false_empty_list_of_records_deletes_no_endpoint(story):
    async with story.hub():
        await settle()
    story.host.false_lists[SERVICE_RECORDS] = []
    async with story.hub():
        await settle(60)
        assert story.targets() == [EU, US]


async def test_a_damaged_endpoint_is_repaired(story):
    async with story.hub():
        await settle()
        obj = story.host.get(ENDPOINTS, Key("shop", "service-web"))
        story.put(ENDPOINTS, {**obj, "spec": {}})
        await settle()
        assert story.targets() == [EU, US]
        story.host.remove(ENDPOINTS, Key("shop", "service-web"))
        await settle()
        assert story.targets() == [EU, US]


async def test_an_endpoint_of_somebody_else_is_left_alone(story):
    meta = {
        "namespace": "shop",
        "name": "service-web",
        "ownerReferences": [{"kind": "Other", "name": "x", "uid": "u", "controller": True}],
    }
    story.put(ENDPOINTS, {"metadata": meta, "spec": {"endpoints": []}})
    async with story.hub():
        await settle()
        assert story.names() == {}
        assert story.events()["EndpointNotWritten"] == 1


async def test_an_endpoint_that_kubefed_left_is_taken_over(story):
    meta = {"namespace": "shop", "name": "service-web"}
    story.put(ENDPOINTS, {"metadata": meta, "spec": {}})
    async with story.hub():
        await settle()
        assert story.targets() == [EU, US]
        owner = story.host.get(ENDPOINTS, Key("shop", "service-web"))["metadata"]["ownerReferences"]
        assert [each["kind"] for each in owner] == ["ServiceDNSRecord"]


async def test_an_ingress_record_publishes_its_hosts(story):
    story.ingress("eu", EU, "shop.example.com")
    story.ingress("us", US, "shop.example.com")
    story.ingress_record(hosts=["shop.example.com"])
    async with story.hub():
        await settle()
        assert story.names("ingress-web") == {("shop.example.com", "A"): [EU, US]}
        assert story.reasons(INGRESS_RECORDS) == {"eu": "Published", "us": "Published"}
        story.ingress("us", "198.51.100.9", "shop.example.com")
        await settle()
        assert story.names("ingress-web") == {("shop.example.com", "A"): [EU, "198.51.100.9"]}


async def test_an_ingress_record_without_hosts_takes_those_of_the_rules(story):
    story.ingress("eu", EU, "shop.example.com", "api.example.com")
    story.ingress("us", US, "shop.example.com")
    story.ingress_record()
    async with story.hub():
        await settle()
        assert story.names("ingress-web") == {
            ("api.example.com", "A"): [EU],
            ("shop.example.com", "A"): [EU, US],
        }


async def test_host_names_are_resolved_and_a_failing_resolver_keeps_the_last_set(story):
    story.serve("us", "lb.us.test")
    story.lookups["lb.us.test"] = ["198.51.100.7", "2001:db8::7"]
    async with story.hub():
        await settle()
        assert story.targets() == [EU, "198.51.100.7"]
        assert story.names()[GLOBAL, "AAAA"] == ["2001:db8::7"]
        story.lookups["lb.us.test"] = ["198.51.100.8", "2001:db8::7"]
        await settle(35)
        assert story.targets() == [EU, "198.51.100.7", "198.51.100.8"]
        await settle(60)
        assert story.targets() == [EU, "198.51.100.8"]
        story.lookups.clear()
        await settle(600)
        assert story.targets() == [EU, "198.51.100.8"]
    async with story.hub():
        await settle(60)
        assert story.targets() == [EU, "198.51.100.8"]
        assert story.events()["TargetNotResolved"] == 1


async def test_host_names_as_aliases_but_not_where_a_zone_begins(story):
    story.world["eu"].put(
        INGRESSES,
        {
            "metadata": {"namespace": "shop", "name": "web"},
            "spec": {"rules": [{"host": "example.com"}, {"host": "www.example.com"}]},
            "status": {"loadBalancer": {"ingress": [{"hostname": "lb.eu.test"}]}},
        },
    )
    story.lookups["lb.eu.test"] = ["192.0.2.7"]
    story.ingress_record(hosts=["example.com", "www.example.com"], hostnameTargets="CNAME")
    async with story.hub():
        await settle()
        assert story.names("ingress-web") == {
            ("example.com", "A"): ["192.0.2.7"],
            ("www.example.com", "CNAME"): ["lb.eu.test"],
        }


async def test_only_labelled_services_where_the_settings_say_so():
    story = Story("eu", config=Config(dns=Dns(only_managed=True)))
    story.serve("eu", EU)
    story.record()
    async with story.hub():
        await settle()
        assert story.reasons() == {"eu": "NotFound"}


async def test_an_unready_verdict_of_the_health_check_counts_as_out_of_sight(story):
    async with story.hub():
        await settle()
        obj = story.host.get(CLUSTERS, Key(SYSTEM, "us"))
        offline = [
            {
                "type": "Offline",
                "status": "True",
                "lastProbeTime": "2026-01-01T00:00:05Z",
                "lastTransitionTime": "2026-01-01T00:00:05Z",
            }
        ]
        story.put(CLUSTERS, {**obj, "status": {**obj["status"], "conditions": offline}})
        await settle()
        assert story.reasons()["us"] == "Held"
        await settle(120)
        assert story.targets() == [EU]


async def test_a_host_name_that_never_resolved_does_not_empty_a_name_that_had_a_target(story):
    story.record(clusters=["eu"])
    async with story.hub():
        await settle()
        assert story.targets() == [EU]
        story.serve("eu", "nowhere.example.test")
        await settle(300)
        assert story.targets() == [EU]
        story.lookups["nowhere.example.test"] = ["192.0.2.44"]
        await settle(300)
        assert story.targets() == ["192.0.2.44"]


async def test_nothing_counts_as_published_where_no_cluster_has_a_target(story):
    for name in ("eu", "us"):
        story.world[name].remove(SERVICES, WEB)
    async with story.hub():
        await settle()
        assert story.condition("Published")[:2] == ("False", "Pending")
