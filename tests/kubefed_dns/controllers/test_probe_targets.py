"""What is probed for a record, when, and where probes may go."""

import asyncio
import itertools

import pytest
from hub_story import EU, SYSTEM, TCP, US, WEB, Story, settle, two_clusters

from kubefed_core.objects import Key
from kubefed_core.resources import CLUSTERS, NAMESPACES
from kubefed_dns.api.health import Health
from kubefed_dns.api.health import Protocol as Http
from kubefed_dns.api.records import Record
from kubefed_dns.api.status import Address
from kubefed_dns.controllers.keys import RecordKey
from kubefed_dns.controllers.probes import WORKERS, Probes
from kubefed_dns.decide.sights import Place, Sight
from kubefed_dns.resources import DOMAINS, ENDPOINTS, INGRESS_RECORDS, PROVIDERS, SERVICE_RECORDS

pytestmark = pytest.mark.looptime


@pytest.fixture
def story():
    return two_clusters(health=TCP)


async def test_each_target_is_probed_once_however_many_records_have_it(story):
    meta = {"namespace": "shop", "name": "two"}
    story.serve("eu", EU, name="two")
    spec = {"domainRef": "acme", "health": TCP}
    story.put(SERVICE_RECORDS, {"metadata": meta, "spec": spec})
    async with story.hub():
        await settle(100)
        assert len(story.probed(EU)) in (10, 11)
        story.host.remove(SERVICE_RECORDS, WEB)
        await settle(100)
        assert len(story.probed(EU)) in (20, 21)
        assert len(story.probed(US)) in (10, 11)
        story.host.remove(SERVICE_RECORDS, Key("shop", "two"))
        await settle(1)
        story.probes.clear()
        await settle(100)
        assert story.probes == []


async def test_targets_are_probed_at_moments_of_their_own():
    story = Story("eu")
    addresses = [f"192.0.2.{number}" for number in range(1, 41)]
    story.serve("eu", *addresses)
    story.record(health=TCP)
    async with story.hub():
        await settle(100)
        phases = {round(story.probed(each)[-1] % 10, 3) for each in addresses}
        assert len(phases) > 30
        for each in addresses:
            times = story.probed(each)[2:]
            gaps = {round(b - a, 2) for a, b in itertools.pairwise(times)}
            assert gaps == {10.0}


class Nowhere:
    """Localities where nothing local may be probed."""

    def allowed(self, key, names):
        return False

    def forget(self, key):
        pass


async def test_targets_that_hang_hold_up_no_other():
    times = []

    async def edge(address, health):
        if address == US:
            times.append(asyncio.get_running_loop().time())
        else:
            await asyncio.Event().wait()
        return ""

    probes = Probes(
        edge=edge, resolver=None, localities=Nowhere(), changed=lambda key: None, share=lambda _: 0
    )
    key = RecordKey(SERVICE_RECORDS, WEB)
    record = Record(SERVICE_RECORDS, WEB, health=Health(Http.TCP, 80, interval=2.0, timeout=2.0))
    hanging = [f"192.0.2.{number}" for number in range(2 * WORKERS)]
    addresses = tuple(Address(text) for text in (*hanging, US))
    probes.seen(key, record, [Sight(Place("us"), present=True, addresses=addresses)])
    running = asyncio.create_task(probes.run())
    await settle(10)
    times.clear()
    await settle(20)
    running.cancel()
    assert len(times) in (9, 10, 11)
    assert max(b - a for a, b in itertools.pairwise(times)) < 2.1


# Where probes go.


def local(story, **spec):
    """The records' names go to a provider whose object says this."""
    meta = {"namespace": SYSTEM, "name": "embedded"}
    story.put(PROVIDERS, {"metadata": meta, "spec": {"type": "embedded"} | spec})


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("Loopback.", "127.0.0.1"),
        ("Link-local, where clouds tell secrets.", "169.254.169.254"),
        ("A name that is always local.", "localhost"),
        ("A name that leads there.", "lb.local.test"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_local_targets_are_probed_only_where_the_provider_lets_them_in(reason, text):
    story = Story("eu")
    story.serve("eu", text)
    story.lookups |= {name: ["127.0.0.1"] for name in ("localhost", "lb.local.test")}
    story.record(health=TCP)
    async with story.hub():
        await settle(30)
        assert story.probes == [], reason
        assert story.condition("Probed")[:2] == ("False", "LocalTarget")
        assert "allowLocalTargets" in story.condition("Probed")[2]
        local(story, allowLocalTargets=True)
        await settle(30)
        assert story.probes != [], reason
        assert story.condition("Probed")[0] == "True"
        local(story)
        await settle(1)
        story.probes.clear()
        await settle(30)
        assert story.probes == [], reason
        assert story.condition("Probed")[:2] == ("False", "LocalTarget")


async def test_who_may_not_use_a_name_has_nothing_local_probed_for_it():
    story = Story("eu")
    story.serve("eu", "127.0.0.1")
    story.record(health=TCP)
    local(story, allowLocalTargets=True)
    domain = story.host.get(DOMAINS, Key(SYSTEM, "acme"))
    story.put(DOMAINS, {**domain, "allowedNamespaces": {"matchLabels": {"team": "lab"}}})
    async with story.hub():
        await settle(30)
        assert story.probes == []
        shop = story.host.get(NAMESPACES, Key("", "shop"))
        story.put(NAMESPACES, {"metadata": {**shop["metadata"], "labels": {"team": "lab"}}})
        await settle(30)
        assert story.probes != []


@pytest.mark.parametrize(
    ("reason", "health", "want"),
    [
        ("The global name.", {}, "web.shop.acme.svc.example.com"),
        ("What the record says.", {"host": "Shop.Test"}, "shop.test"),
        ("Nothing for TCP.", {"protocol": "TCP", "port": 1}, ""),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_the_host_that_is_asked_for(story, reason, health, want):
    story.record(health=health)
    async with story.hub():
        await settle()
        assert {health.host for _, _, health in story.probes} == {want}, reason


async def test_hosts_of_an_ingress_are_asked_for():
    story = Story("eu", "us")
    story.ingress("eu", EU, "eu.example.com")
    story.ingress("us", US, "us.example.com")
    story.ingress_record(health={"protocol": "HTTP"})
    async with story.hub():
        await settle()
        found = {(address, health.host) for _, address, health in story.probes}
        assert found == {(EU, "eu.example.com"), (US, "us.example.com")}
        story.answers |= {EU: "status 404", US: "status 404"}
        await settle(60)
        assert story.names("ingress-web") == {
            ("eu.example.com", "A"): [EU],
            ("us.example.com", "A"): [US],
        }, "each is the last target of its host"
        assert set(story.reasons(INGRESS_RECORDS).values()) == {"Held"}


# Other things that are said.


async def test_a_cluster_that_is_not_joined_is_named(story):
    story.record(clusters=["eu", "mars"])
    async with story.hub():
        await settle()
        status, reason, message = story.condition("Placement")
        assert (status, reason) == ("False", "UnknownCluster")
        assert "mars" in message
        story.join("mars")
        await settle()
        assert story.condition("Placement") is None
        story.host.remove(CLUSTERS, Key(SYSTEM, "mars"))
        await settle()
        assert story.condition("Placement")[0] == "False"


async def test_a_bad_host_holds_up_no_other():
    story = Story("eu")
    story.ingress("eu", EU, "a.example.com")
    story.ingress_record(hosts=["a.example.com", "192.0.2.1"])
    async with story.hub():
        await settle()
        assert story.names("ingress-web") == {("a.example.com", "A"): [EU]}
        status, reason, message = story.condition("Accepted", INGRESS_RECORDS)
        assert (status, reason) == ("False", "InvalidName")
        assert "spec.hosts[1]" in message
        assert "the other hosts are published" in message
        assert story.host.get(ENDPOINTS, Key("shop", "ingress-web")) is not None
