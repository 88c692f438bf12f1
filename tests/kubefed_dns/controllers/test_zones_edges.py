import asyncio

import pytest
from zones_backend import Slow
from zones_story import START, SYSTEM, Backend, Story, a

from kubefed_core import errors
from kubefed_core.objects import Key
from kubefed_core.resources import NAMESPACES, SECRETS
from kubefed_dns.api.providers import DNSProvider
from kubefed_dns.controllers.zones import writer
from kubefed_dns.controllers.zones.authorities import Authorities
from kubefed_dns.controllers.zones.entry import Entry, same_backend
from kubefed_dns.decide import brake
from kubefed_dns.decide.placing import Site
from kubefed_dns.records import rrset
from kubefed_dns.resources import DOMAINS, ENDPOINTS, PROVIDERS
from kubefed_dns.server.server import Server
from kubefed_dns.verify import Unobservable

pytestmark = pytest.mark.looptime

HOST = "web.example.org"
NAME = f"{HOST}."
ONE, TWO = "192.0.2.1", "192.0.2.2"
TRUE = "True"


@pytest.fixture
def story():
    story = Story()
    story.provider()
    return story


async def settle(seconds=2.0):
    await asyncio.sleep(seconds)


async def test_what_arrives_while_a_write_is_in_flight_is_the_next_batch(story):
    story.executor = Slow(0.5)
    async with story.hub():
        await settle(5)
        writes = story.backend.writes
        for n in range(20):
            story.want((HOST, "A", f"192.0.2.{n}"))
            await settle(0.1)
        await settle(3)
        assert story.backend.sets()[NAME, "A"] == ("192.0.2.19",)
        assert story.backend.writes - writes <= 4


async def test_what_is_urgent_does_not_wait_for_what_is_much(story, monkeypatch):
    story.executor = Slow(0.5)
    for n in range(30):
        story.want(*((f"h{n}-{m}.example.org", "A", ONE) for m in range(50)), name=f"e{n}")
    async with story.hub():
        await settle(2.2)
        assert 0 < len(story.backend.sets()) < 2 * 1500
        story.want((HOST, "A", ONE), name="urgent")
        await settle(1.5)
        assert story.backend.sets(NAME)
        assert len(story.backend.sets()) < 2 * 1501
        await settle(10)
        assert len(story.backend.sets()) == 2 * 1501
    assert writer.BATCH < 1500


async def test_no_two_ever_write_one_zone(story):
    story.executor = Slow(0.5)
    at_once = []

    def watch(made):
        def make(context):
            provider = made(context)
            write = provider.write

            def watched(zone, groups):
                at_once.append(story.backend.closed)
                return write(zone, groups)

            provider.write = watched
            return provider

        return make

    story.backend.made = watch(story.backend.made)
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle(2.2)
        for n in range(5):
            story.provider(minTTL=60 + n)
            story.want((HOST, "A", f"192.0.2.{n}"))
            await settle(0.3)
        await settle(20)
        assert story.backend.sets()[NAME, "A"] == ("192.0.2.4",)
        assert at_once == sorted(at_once), "none after its successor"
        assert story.condition("Published")[0] == TRUE


async def test_races_that_are_lost_again_and_again_have_to_wait(story):
    ttl = iter(range(10, 1000))

    def again():
        story.backend.foreign(rrset(NAME, "A", next(ttl), [ONE]))
        story.backend.before = again

    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        story.backend.before = again
        story.want((HOST, "A", TWO))
        await settle(5)
        assert story.backend.writes < 10
        assert story.condition("Published")[:2] == ("False", "Pending")
        assert "somebody else changes it as fast as we do" in story.condition("Published")[2]
        story.backend.before = None
        await settle(60)
        assert story.backend.sets()[NAME, "A"] == (TWO,)


async def test_an_approval_given_beforehand_is_good(story):
    hosts = [f"h{n}.example.org" for n in range(40)]
    story.want(*((host, "A", ONE) for host in hosts))
    async with story.hub():
        await settle()
        digest = brake.digest(f"{host}." for host in hosts)
        story.provider(annotations={"multiclusterdns.kubefed.io/approve": f"example.org={digest}"})
        await settle()
        story.drop()
        await settle()
        assert story.backend.sets() == {}


async def test_a_domain_that_cannot_be_read_is_told_and_the_last_one_stays(story):
    story.domain("good", "example.net", providers=["embedded"])
    story.domain("bad", "exa mple..net")
    story.want(("web.example.net", "A", ONE))
    async with story.hub():
        await settle()
        assert len(story.events("InvalidDomain")) == 1
        assert story.condition("Published")[0] == TRUE
        story.domain("good", "not..good")
        await settle()
        assert story.condition("Published")[0] == TRUE
        story.domain("good", "example.net", providers=["bind"])
        await settle()
        assert story.condition("Accepted")[1] == "NoProvider"


async def test_an_empty_first_listing_of_domains_is_doubted(story):
    story.server = Server(now=lambda: START)
    story.domain("d", "example.net")
    story.host.false_lists[DOMAINS] = []
    async with story.hub():
        await asyncio.sleep(0.0015)
        del story.host.false_lists[DOMAINS]
        await settle()
        assert {zone.name for zone in story.server.zones} == {"example.net."}


async def test_the_start_waits_until_the_doubt_is_settled(story):
    story.want((HOST, "A", ONE))
    listing = story.world.connect

    def connect(access):
        client = listing(access)
        lists, asked = client.list, []

        async def list_(resource, **options):
            if resource == DOMAINS:
                asked.append(resource)
                if 1 < len(asked) < 4:
                    raise errors.ApiError("too busy", status=500)
            return await lists(resource, **options)

        client.list = list_
        return client

    story.world.connect = connect
    async with story.hub():
        await settle(30)
        assert story.condition("Published")[0] == TRUE


async def test_secrets_that_are_no_base64_are_said_without_their_content(story):
    story.put(SECRETS, SYSTEM, "creds", data={"password": "!!secret!!"})
    story.provider(credentialsRef={"name": "creds"})
    async with story.hub():
        await settle()
        assert story.ready() == (
            "False",
            "Misconfigured",
            "Secret creds: key 'password' is not base64",
        )


async def test_a_hub_that_may_not_see_kube_system_needs_an_owner(story):
    story.host.remove(NAMESPACES, Key("", "kube-system"))
    story.host.faults["get", NAMESPACES] = errors.Forbidden("no", status=403)
    async with story.hub():
        await settle()
        assert story.ready()[1] == "Misconfigured"
        assert story.ready()[2].startswith("spec.ownerID: the default comes from")


async def test_a_provider_that_goes_says_so_while_it_goes(story):
    story.provider(onDelete="Delete")
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        story.executor.__class__ = type("Late", (Slow,), {"seconds": 5.0})
        story.deleting()
        await settle(3)
        assert story.ready()[:2] == ("False", "Deleting")
        await settle(30)
        assert story.host.get(PROVIDERS, Key(SYSTEM, "bind")) is None
        assert story.backend.sets() == {}


async def test_a_provider_with_nothing_of_ours_goes_at_once(story):
    story.provider(onDelete="Delete", zones=["nowhere.example"])
    async with story.hub():
        await settle()
        story.deleting()
        await settle(5)
        assert story.ready()[:2] == ("False", "ZoneNotServed"), "it cannot know"
        story.provider(onDelete="Orphan", zones=["nowhere.example"])
        await settle()
        assert story.host.get(PROVIDERS, Key(SYSTEM, "bind")) is None


async def test_names_whose_place_was_taken_come_when_it_is_free(story):
    story.want((HOST, "A", ONE), created="2026-01-02T00:00:00Z")
    story.want(("a-web.example.org", "TXT", "x"), name="text")
    async with story.hub():
        await settle()
        assert not story.backend.sets(NAME)
        assert story.condition("Accepted")[1] == "Conflict"
        story.drop("text")
        await settle()
        assert story.backend.sets(NAME)
        assert story.condition("Accepted")[0] == TRUE


async def test_a_squatter_s_cname_is_in_the_way_until_the_audit_sees_it_go(story):
    squat = rrset("a-web.example.org.", "CNAME", 60, ["x.example."])
    story.backend.foreign(squat)
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        assert "is a CNAME, where the ownership" in story.condition("Accepted")[2]
        story.backend.foreign(delete=[squat.name])
        await settle(610)
        assert story.backend.sets(NAME)


class Known:
    def __init__(self, entry):
        self.entry = entry

    def get(self, name):
        return self.entry


def spec(kind="rfc2136", **more):
    return DNSProvider(key=Key(SYSTEM, "x"), type=kind, **more)


@pytest.mark.parametrize(
    ("reason", "entry", "says"),
    [
        ("Nothing is known of it.", None, "cannot be read"),
        ("It is elsewhere.", Entry("x", spec=spec("embedded")), "not in this process"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_authorities_that_are_not_known(reason, entry, says):
    with pytest.raises(Unobservable, match=says):
        await Authorities(providers=Known(entry), server=None)(Site("x", "z."))


async def test_an_embedded_server_that_does_not_listen_cannot_be_asked():
    server = Server(now=lambda: START)
    known = Known(Entry("x", spec=spec("embedded")))
    with pytest.raises(Unobservable, match="--dns-address"):
        await Authorities(providers=known, server=server)(Site("x", "z."))


@pytest.mark.parametrize(
    ("reason", "one", "other", "same"),
    [
        ("One server in common.", {"servers": ["a", "b"]}, {"servers": ["b"]}, True),
        ("None in common.", {"servers": ["a"]}, {"servers": ["b"]}, False),
        ("One, otherwise spelled.", {"servers": ["A"]}, {"servers": ["a:53"]}, True),
        ("By address.", {"servers": ["[2001:db8::1]"]}, {"servers": ["[2001:DB8::1]:53"]}, True),
        ("No servers, all settings alike.", {"x": 1}, {"x": 1}, True),
        ("No servers, other settings.", {"x": 1}, {"x": 2}, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_when_two_providers_are_one_backend(reason, one, other, same):
    assert same_backend(spec(settings=one), spec(settings=other)) is same, reason
    assert not same_backend(spec(settings=one), None)
    assert not same_backend(spec(settings=one), spec("route53", settings=one))
    assert not same_backend(spec(settings=one), spec(settings=one, owner_id="x"))
    assert same_backend(spec("embedded"), spec("embedded", settings={"x": 1}))


async def test_an_endpoint_status_that_somebody_else_wrote_meanwhile(story):
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        story.want((HOST, "A", TWO))
        # Somebody labels the object at the same moment: the next try sees it.
        obj = story.host.get(ENDPOINTS, Key("shop", "web"))
        story.host.put(ENDPOINTS, {**obj, "metadata": {**obj["metadata"], "labels": {"x": "y"}}})
        await settle(5)
        assert story.condition("Published")[2].endswith("at 3")


async def test_two_hubs_on_one_zone_never_mix_their_answers(story):
    other = Story()
    other.backend = story.backend
    other.host.put(NAMESPACES, {"metadata": {"name": "kube-system", "uid": "99999999-1"}})
    other.provider()
    story.want((HOST, "A", ONE))
    other.want((HOST, "A", TWO))
    async with story.hub(), other.hub():
        await settle(60)
        assert len(story.backend.sets(NAME)[NAME, "A"]) == 1
        told = {each.condition("Accepted")[0] for each in (story, other)}
        assert told == {"True", "False"}


def test_the_story_s_backend_is_strict():
    backend = Backend("example.org.")
    backend.foreign(a("x", ONE))
    assert backend.sets()
