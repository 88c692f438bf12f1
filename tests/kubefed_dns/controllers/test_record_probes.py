"""From what probes say to what a record publishes, in virtual time."""

import asyncio
import errno
import itertools

import pytest
from hub_story import EU, SYSTEM, US, WEB, Story, settle

from kubefed_core.objects import Key
from kubefed_core.resources import CLUSTERS, NAMESPACES
from kubefed_dns.api.health import Health
from kubefed_dns.api.health import Protocol as Http
from kubefed_dns.api.records import Record
from kubefed_dns.api.status import Address
from kubefed_dns.controllers.keys import RecordKey
from kubefed_dns.controllers.probes import WORKERS, Probes
from kubefed_dns.decide.sights import Place, Sight
from kubefed_dns.errors import Unreachable
from kubefed_dns.resources import DOMAINS, ENDPOINTS, INGRESS_RECORDS, PROVIDERS, SERVICE_RECORDS

pytestmark = pytest.mark.looptime

TCP = {
    "protocol": "TCP",
    "port": 80,
    "interval": "10s",
    "rise": 2,
    "fall": 3,
    "failBackDelay": "60s",
}
FALLEN, RISEN = 31, 21
"""Seconds in which three probes have failed, or two have passed."""


@pytest.fixture
def story():
    story = Story("eu", "us")
    story.serve("eu", EU)
    story.serve("us", US)
    story.record(health=TCP)
    return story


def entry(story, cluster="us", resource=SERVICE_RECORDS):
    return next(each for each in story.status(resource)["dns"] if each["cluster"] == cluster)


def probed(story, address):
    """When an address was probed."""
    return [at for at, found, _ in story.probes if found == address]


async def test_targets_that_pass_are_in(story):
    async with story.hub():
        await settle()
        assert story.targets() == [EU, US]
        assert story.condition("Probed") == ("True", "Passing", "2 of 2 targets pass their probes")


async def test_a_target_that_fails_long_enough_is_out_and_comes_back_later(story):
    async with story.hub():
        await settle()
        story.answers[US] = "connection refused"
        await settle(19)
        assert story.targets() == [EU, US]
        await settle(FALLEN - 19)
        assert story.targets() == [EU]
        assert story.reasons() == {"eu": "Published", "us": "Unhealthy"}
        assert f"({US}: connection refused)" in entry(story)["message"]
        assert entry(story)["unhealthy"] == [US]
        assert story.condition("Probed")[:2] == ("False", "Failing")
        assert f"us {US}: connection refused" in story.condition("Probed")[2]
        assert story.events()["TargetWithdrawn"] == 1
        story.answers.clear()
        await settle(RISEN)
        assert story.condition("Probed")[:2] == ("False", "Recovering")
        assert "back in DNS after 60s" in entry(story)["message"]
        await settle(40)
        assert story.targets() == [EU]
        await settle(20)
        assert story.targets() == [EU, US]
        assert story.condition("Probed")[0] == "True"
        assert "unhealthy" not in entry(story)


async def test_a_single_failure_while_it_recovers_begins_the_delay_anew(story):
    async with story.hub():
        await settle()
        story.answers[US] = "connection refused"
        await settle(FALLEN)
        story.answers.clear()
        await settle(RISEN + 40)
        story.answers[US] = "connection refused"
        await settle(10)
        story.answers.clear()
        await settle(50)
        assert story.targets() == [EU]
        await settle(30)
        assert story.targets() == [EU, US]


async def test_what_fails_now_and_then_changes_and_writes_nothing(story):
    async with story.hub():
        await settle()
        story.host.writes.clear()
        for _ in range(20):
            story.answers[US] = "connection refused"
            await settle(20)
            story.answers.clear()
            await settle(10)
        assert story.targets() == [EU, US]
        assert story.host.writes == []


async def test_what_stays_so_is_written_once_also_over_a_restart(story):
    async with story.hub():
        await settle()
        story.answers[US] = "connection refused"
        await settle(60)
        story.host.writes.clear()
        await settle(600)
        story.answers[US] = "no answer within 3s"
        await settle(600)
        assert story.host.writes == []
        story.answers[US] = "connection refused"
    for _ in range(2):
        async with story.hub():
            await settle(120)
            assert story.targets() == [EU]
    assert story.host.writes == []
    story.answers.clear()
    async with story.hub():
        await settle(60)
        assert story.targets() == [EU]
        await settle(60)
        assert story.targets() == [EU, US]


async def test_passing_survives_a_restart_without_a_write(story):
    async with story.hub():
        await settle(60)
        story.host.writes.clear()
    async with story.hub():
        await settle(60)
    assert story.host.writes == []


async def test_a_cluster_with_several_addresses_loses_only_those_that_fail(story):
    other = "198.51.100.2"
    story.serve("us", US, other)
    async with story.hub():
        await settle()
        story.answers[other] = "status 503, expected 200-399"
        await settle(FALLEN)
        assert story.targets() == [EU, US]
        assert story.names()["web.shop.acme.svc.us-east.example.com", "A"] == [US]
        assert entry(story)["reason"] == "Published"
        assert other in entry(story)["message"]
        assert story.events()["TargetWithdrawn"] == 1
    async with story.hub():
        await settle(5)
        assert story.targets() == [EU, US], "what was out for its probes stays out"
        story.answers[US] = "status 503, expected 200-399"
        await settle(FALLEN)
        assert story.targets() == [EU]
        assert story.reasons()["us"] == "Unhealthy"


async def test_when_all_fail_at_once_the_last_good_set_stays(story):
    async with story.hub():
        await settle()
        story.answers |= {EU: "connection refused", US: "connection refused"}
        await settle(300)
        assert story.targets() == [EU, US]
        assert story.reasons() == {"eu": "Held", "us": "Held"}
        assert story.condition("Held")[:2] == ("True", "LastTarget")
        status, reason, message = story.condition("Probed")
        assert (status, reason) == ("False", "AllFailing")
        assert "the last good set" in message
        story.answers.clear()
        await settle(RISEN)
        assert story.targets() == [EU, US], "what never left need not wait to be back"
        assert story.reasons() == {"eu": "Published", "us": "Published"}


@pytest.mark.parametrize(("fall", "rise"), [(1, 1), (1, 3), (4, 1)])
async def test_not_all_are_seen_to_fail_or_to_be_back_in_one_moment(story, fall, rise):
    story.record(health=TCP | {"fall": fall, "rise": rise})
    async with story.hub():
        await settle()
        seen = []
        for answers in ({EU: "connection refused", US: "connection refused"}, {}):
            story.answers = answers
            for _ in range(600):
                await settle(0.1)
                seen.append(story.targets())
        assert all(found == [EU, US] for found in seen)
        await settle(60)
        assert story.condition("Probed")[0] == "True"


async def test_one_after_the_other_the_last_one_stays_until_another_passes_again(story):
    async with story.hub():
        await settle()
        story.answers[US] = "connection refused"
        await settle(FALLEN)
        story.answers[EU] = "connection refused"
        await settle(300)
        assert story.targets() == [EU]
        assert story.reasons() == {"eu": "Held", "us": "Unhealthy"}
        del story.answers[US]
        await settle(RISEN)
        assert story.targets() == [US], "better what passes again than what fails"


async def test_a_cluster_out_of_sight_is_in_as_long_as_its_probes_pass(story):
    async with story.hub():
        await settle()
        story.world["us"].down()
        await settle(600)
        assert story.targets() == [EU, US]
        assert story.reasons()["us"] == "Held"
        assert "the probes of its addresses pass" in entry(story)["message"]
    async with story.hub():
        await settle(600)
        assert story.targets() == [EU, US]
        story.answers[US] = "no answer within 3s"
        await settle(FALLEN)
        assert story.targets() == [EU]
        assert story.reasons()["us"] == "Unhealthy"
    story.answers.clear()
    async with story.hub():
        await settle(50)
        assert story.targets() == [EU]
        await settle(60)
        assert story.targets() == [EU, US]
        assert story.reasons()["us"] == "Held"


async def test_a_hub_that_is_cut_off_believes_no_probe(story):
    async with story.hub():
        await settle()
        for name in ("eu", "us"):
            story.world[name].down()
        story.answers[US] = "no answer within 3s"
        await settle(600)
        assert story.targets() == [EU, US]


async def test_each_target_is_probed_once_however_many_records_have_it(story):
    meta = {"namespace": "shop", "name": "two"}
    story.serve("eu", EU, name="two")
    spec = {"domainRef": "acme", "health": TCP}
    story.put(SERVICE_RECORDS, {"metadata": meta, "spec": spec})
    async with story.hub():
        await settle(100)
        assert len(probed(story, EU)) in (10, 11)
        story.host.remove(SERVICE_RECORDS, WEB)
        await settle(100)
        assert len(probed(story, EU)) in (20, 21)
        assert len(probed(story, US)) in (10, 11)
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
        phases = {round(probed(story, each)[-1] % 10, 3) for each in addresses}
        assert len(phases) > 30
        for each in addresses:
            times = probed(story, each)[2:]
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
    hanging = [f"192.0.2.{number}" for number in range(5 * WORKERS)]
    addresses = tuple(Address(text) for text in (*hanging, US))
    probes.seen(key, record, [Sight(Place("us"), present=True, addresses=addresses)])
    running = asyncio.create_task(probes.run())
    await settle(30)
    times.clear()
    await settle(60)
    running.cancel()
    assert len(times) in (29, 30, 31)
    assert max(b - a for a, b in itertools.pairwise(times)) < 2.1


async def test_a_probe_that_takes_too_long_has_failed(story):
    async with story.hub():
        await settle()
        story.answers[US] = asyncio.Event()
        await settle(FALLEN + 3)
        assert story.targets() == [EU]
        assert "no answer within 3s" in entry(story)["message"]


async def test_new_targets_are_in_before_they_are_probed_and_unwanted_ones_are_not_probed(story):
    async with story.hub():
        await settle()
        story.serve("us", "198.51.100.9")
        await asyncio.sleep(0.02)
        assert story.targets() == [EU, "198.51.100.9"]
        await settle(1)
        story.probes.clear()
        await settle(60)
        assert probed(story, US) == []
        assert probed(story, "198.51.100.9") != []
        story.record(health=TCP, clusters=["eu"])
        await settle(1)
        story.probes.clear()
        await settle(60)
        assert probed(story, "198.51.100.9") == []


async def test_without_health_nothing_is_probed_and_nothing_is_said(story):
    async with story.hub():
        await settle()
        story.answers[US] = "connection refused"
        await settle(FALLEN)
        story.record()
        await settle()
        assert story.targets() == [EU, US]
        assert story.condition("Probed") is None
        assert "unhealthy" not in entry(story)
        story.probes.clear()
        await settle(60)
        assert story.probes == []


async def test_a_health_that_cannot_be_read_leaves_what_is(story):
    async with story.hub():
        await settle()
        story.answers[US] = "connection refused"
        await settle(FALLEN)
        story.record(health={"protocol": "TCP"})
        await settle(300)
        assert story.targets() == [EU]
        assert "spec.health.port" in story.condition("Accepted")[2]


async def test_a_host_name_is_well_as_long_as_one_of_its_addresses_is(story):
    story.serve("us", "lb.us.test")
    story.lookups["lb.us.test"] = ["198.51.100.7", "198.51.100.8"]
    async with story.hub():
        await settle()
        story.answers["198.51.100.7"] = "connection refused"
        await settle(60)
        assert story.targets() == [EU, "198.51.100.7", "198.51.100.8"]
        story.answers["198.51.100.8"] = "connection refused"
        await settle(FALLEN)
        assert story.targets() == [EU]
        assert "198.51.100.7: connection refused" in entry(story)["message"]
        assert entry(story)["unhealthy"] == ["lb.us.test"]


async def test_a_host_name_that_cannot_be_resolved_is_no_failed_probe(story):
    story.serve("us", "lb.us.test")
    async with story.hub():
        await settle(60)
        assert story.reasons()["us"] == "Published"
        status, reason, message = story.condition("Probed")
        assert (status, reason) == ("False", "NotProbed")
        assert "lb.us.test" in message
        story.lookups["lb.us.test"] = ["198.51.100.7"]
        await settle(60)
        assert story.condition("Probed")[0] == "True"
        assert story.targets() == [EU, "198.51.100.7"]


async def test_what_cannot_be_asked_from_here_is_no_failed_probe(story):
    async with story.hub():
        await settle()
        story.answers[US] = Unreachable("the controller's machine has no route to it")
        await settle(60)
        assert story.reasons()["us"] == "Published"
        assert story.condition("Probed")[:2] == ("False", "NotProbed")
        assert "no route" in story.condition("Probed")[2]


async def test_of_a_host_name_only_what_can_be_asked_counts(story):
    story.serve("us", "lb.us.test")
    story.lookups["lb.us.test"] = ["198.51.100.7", "2001:db8::7"]
    story.answers["2001:db8::7"] = Unreachable("no route")
    async with story.hub():
        await settle()
        assert story.condition("Probed")[0] == "True"
        story.answers["198.51.100.7"] = "connection refused"
        await settle(FALLEN)
        assert story.reasons()["us"] == "Unhealthy"


async def test_a_process_at_its_limits_changes_nothing(story):
    async with story.hub():
        await settle()
        story.host.writes.clear()
        story.answers[US] = OSError(errno.EMFILE, "too many open files")
        await settle(300)
        assert story.host.writes == []
        story.answers[US] = "connection refused"
        await settle(600)
        assert story.reasons()["us"] == "Unhealthy"


async def test_a_look_up_that_takes_its_time_holds_up_nothing(story):
    story.serve("us", "lb.us.test")
    asked = story.lookups["lb.us.test"] = asyncio.Event()
    async with story.hub():
        await settle(5)
        assert probed(story, EU) != []
        assert story.condition("Probed")[:2] == ("Unknown", "Pending")
        story.lookups["lb.us.test"] = ["198.51.100.7"]
        asked.set()
        await settle(3)
        assert story.condition("Probed")[0] == "True"


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
