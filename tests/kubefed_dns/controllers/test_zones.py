import asyncio

import pytest
from zones_story import SYSTEM, WEB, Story, a, owned

from kubefed_core.resources import SECRETS
from kubefed_dns.errors import Throttled, Unreachable
from kubefed_dns.records import rrset
from kubefed_dns.resources import ENDPOINTS, SERVICE_RECORDS

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


async def test_a_name_is_published_with_its_ownership_and_verified(story):
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        assert story.backend.sets() == {
            (NAME, "A"): (ONE,),
            (f"a-{NAME}", "TXT"): owned(a("web", ONE)).values,
        }
        assert story.condition("Accepted")[:2] == (TRUE, "Accepted")
        assert story.condition("Published") == (
            TRUE,
            "Published",
            "bind holds it in zone example.org at 2",
        )
        assert story.condition("Verified")[:2] == (TRUE, "Verified")
        status = story.host.get(ENDPOINTS, WEB)["status"]
        assert status["observedGeneration"] == 1
        assert status["summary"] == {"names": "1/1", "targets": ONE}
        assert status["endpoints"] == [
            {
                "dnsName": HOST,
                "recordType": "A",
                "providers": [{"name": "bind", "zone": "example.org", "marker": "2"}],
            }
        ]
        assert story.ready() == (TRUE, "Ready", "1 zones are read and written")
        assert story.zone() == {
            "name": "example.org",
            "records": 2,
            "owned": 1,
            "pending": 0,
            "marker": "2",
            "lastSync": "2026-01-01T00:00:00Z",
        }


async def test_a_change_costs_one_write_and_a_deletion_leaves_nothing(story):
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        before = story.backend.calls.copy()
        story.want((HOST, "A", TWO))
        await settle(0.5)
        assert story.backend.sets()[NAME, "A"] == (TWO,)
        assert story.backend.calls - before == {"write": 1, "marker": 1}
        assert story.condition("Published")[2].endswith("at 3")
        story.drop()
        await settle()
        assert story.backend.sets() == {}


async def test_an_address_becomes_an_alias_and_back_in_one_write(story):
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        for endpoint, held in (
            ((HOST, "CNAME", "lb.example.net"), ("CNAME", ("lb.example.net.",))),
            ((HOST, "A", TWO), ("A", (TWO,))),
        ):
            before = story.backend.writes
            story.want(endpoint)
            await settle(0.5)
            assert story.backend.sets(NAME) == {(NAME, held[0]): held[1]}
            assert len(story.backend.sets()) == 2
            assert story.backend.writes == before + 1


async def test_idle_cycles_and_a_restart_write_nothing(story):
    story.want((HOST, "A", ONE), ("x.example.org", "CNAME", HOST))
    async with story.hub():
        await settle()
        writes, told = story.backend.writes, list(story.host.writes)
        await settle(6100)
        assert story.backend.writes == writes
        assert story.host.writes == told
        assert story.backend.calls["read"] == 1, "the marker says that nobody else wrote"
    async with story.hub():
        await settle(6100)
        assert story.backend.writes == writes
        assert story.host.writes == told
        assert story.condition("Verified")[0] == TRUE


async def test_what_was_given_up_while_nobody_looked_is_withdrawn(story):
    story.want((HOST, "A", ONE), ("x.example.org", "A", ONE))
    async with story.hub():
        await settle()
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        assert {name for name, _ in story.backend.sets()} == {NAME, f"a-{NAME}"}
    story.drop()
    async with story.hub():
        await settle()
        assert story.backend.sets() == {}


async def test_a_false_empty_list_on_start_deletes_nothing(story):
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
    before = story.backend.sets()
    story.host.false_lists[ENDPOINTS] = []
    async with story.hub():
        await settle(700)
        assert story.backend.sets() == before
        del story.host.false_lists[ENDPOINTS]
        story.host.expire()
        await settle(30)
        assert story.backend.sets() == before
        story.drop()
        await settle()
        assert story.backend.sets() == {}


async def test_a_record_without_its_dnsendpoint_will_have_it_again(story):
    story.put(SERVICE_RECORDS, "shop", "web", spec={"domainRef": "x"})
    story.want((HOST, "A", ONE), name="service-web")
    async with story.hub():
        await settle()
        held = story.backend.sets()
        story.drop("service-web")
        await settle(60)
        assert story.backend.sets() == held
        story.drop("web", resource=SERVICE_RECORDS)
        await settle()
        assert story.backend.sets() == {}


async def test_two_namespaces_that_want_one_name(story):
    story.want((HOST, "A", ONE), created="2026-01-02T00:00:00Z")
    async with story.hub():
        await settle()
        story.want((HOST, "A", TWO), namespace="other")
        await settle()
        assert story.backend.sets(NAME) == {(NAME, "A"): (ONE,)}
        status, reason, message = story.condition("Accepted", namespace="other")
        assert (status, reason) == ("False", "Conflict")
        assert "belongs to DNSEndpoint shop/web, of another namespace" in message
        assert story.condition("Published", namespace="other")[0] == "False"
        assert story.condition("Accepted")[0] == TRUE
    async with story.hub():
        await settle()
        assert story.backend.sets(NAME) == {(NAME, "A"): (ONE,)}, "it keeps what it has"
        story.drop()
        await settle()
        assert story.backend.sets(NAME) == {(NAME, "A"): (TWO,)}
        assert story.condition("Accepted", namespace="other")[0] == TRUE
        assert story.condition("Published", namespace="other")[0] == TRUE


async def test_a_dnsendpoint_is_as_old_as_its_record(story):
    owner = {"kind": "ServiceDNSRecord", "name": "web", "controller": True}
    story.want((HOST, "A", TWO), namespace="other", created="2026-01-02T00:00:00Z")
    made = story.want((HOST, "A", ONE), name="service-web", created="2026-01-03T00:00:00Z")
    made["metadata"]["ownerReferences"] = [owner]
    story.host.put(ENDPOINTS, made)
    story.put(SERVICE_RECORDS, "shop", "web", spec={"domainRef": "x"})
    async with story.hub():
        await settle()
        assert story.backend.sets(NAME) == {(NAME, "A"): (ONE,)}


async def test_those_of_one_namespace_share_a_name(story):
    story.want((HOST, "A", ONE))
    story.want((HOST, "A", TWO), name="web2", created="2026-01-02T00:00:00Z")
    async with story.hub():
        await settle()
        assert story.backend.sets(NAME) == {(NAME, "A"): (ONE, TWO)}
        assert story.condition("Published", "web2")[0] == TRUE
        story.drop()
        await settle()
        assert story.backend.sets(NAME) == {(NAME, "A"): (TWO,)}


async def test_what_belongs_to_others_is_never_touched(story):
    mine, theirs = a("web", "198.51.100.1"), a("api", "198.51.100.2")
    txt = owned(theirs, owner="external")
    story.backend.foreign(mine, theirs, txt)
    before = story.backend.sets()
    story.want((HOST, "A", ONE), ("api.example.org", "A", ONE), ("new.example.org", "A", ONE))
    async with story.hub():
        await settle()
        assert {key: story.backend.sets()[key] for key in before} == before
        assert story.backend.sets()["new.example.org.", "A"] == (ONE,), "the rest goes on"
        status, reason, message = story.condition("Accepted")
        assert (status, reason) == ("False", "Conflict")
        assert "api.example.org. A belongs to owner 'external'" in message
        assert "web.example.org. A is in the zone without an ownership record" in message
        story.drop()
        await settle()
        assert story.backend.sets() == before


async def test_a_lost_race_is_planned_anew(story):
    story.want((HOST, "A", ONE), ("x.example.org", "A", ONE))
    async with story.hub():
        await settle()
        # Somebody lowers a TTL of ours just before our write: ours stays ours, and is put right.
        story.backend.before = lambda: story.backend.foreign(rrset(NAME, "A", 5, [ONE]))
        story.want((HOST, "A", TWO), ("x.example.org", "A", TWO))
        await settle(0.5)
        assert story.backend.sets()[NAME, "A"] == (TWO,)
        assert story.backend.sets()["x.example.org.", "A"] == (TWO,)
        assert story.backend.calls["look"] == 1
        assert story.condition("Published")[0] == TRUE


async def test_a_race_against_a_new_owner_is_lost_for_good(story):
    theirs = a("web", "198.51.100.1")
    async with story.hub():
        await settle()
        story.backend.before = lambda: story.backend.foreign(theirs, owned(theirs, owner="x"))
        story.want((HOST, "A", ONE))
        await settle(0.5)
        assert story.backend.sets()[NAME, "A"] == theirs.values, "never a union"
        assert story.condition("Accepted")[:2] == ("False", "Conflict")


async def test_a_bad_record_among_many_stands_alone(story):
    hosts = [f"h{n}.example.org" for n in range(1000)]
    story.backend.bad = {"h7.example.org."}
    for n in range(0, 1000, 100):
        story.want(*((host, "A", ONE) for host in hosts[n : n + 100]), name=f"e{n}")
    async with story.hub():
        await settle()
        assert len(story.backend.sets()) == 2 * 999
        assert story.backend.writes == 2, "two parts"
        assert story.condition("Published", "e0")[:2] == ("False", "Refused")
        assert "bind refuses h7.example.org." in story.condition("Published", "e0")[2]
        assert story.condition("Published", "e100")[0] == TRUE
        assert story.events("Refused")
        assert story.zone()["pending"] == 1
        story.backend.bad = set()
        await settle(60)
        assert len(story.backend.sets()) == 2 * 1000
        assert story.condition("Published", "e0")[0] == TRUE


async def test_a_refused_name_is_tried_at_once_when_it_is_another(story):
    story.backend.bad = {NAME}
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        writes = story.backend.writes
        story.want((HOST, "A", TWO))
        await settle(0.5)
        assert story.backend.writes == writes + 1
        story.want((HOST, "A", TWO), ("x.example.org", "A", ONE))
        await settle(0.5)
        assert story.backend.sets("x.example.org.")
        assert story.backend.writes == writes + 2, "the refused one waits"


async def test_a_provider_that_is_down_and_back(story):
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        story.backend.fault = Unreachable("192.0.2.53:53 does not answer; is it running?")
        story.want((HOST, "A", TWO))
        await settle(20)
        status, reason, message = story.condition("Published")
        assert (status, reason) == ("False", "ProviderError")
        assert "is it running?" in message
        assert story.ready()[:2] == ("False", "Unreachable")
        assert story.zone()["lastError"].startswith("192.0.2.53:53")
        assert story.events("Unreachable")
        tries = story.backend.calls.total()
        await settle(3600)
        assert story.backend.calls.total() - tries <= 120, "it is not hammered"
        story.backend.fault = None
        await settle(31)
        assert story.backend.sets()[NAME, "A"] == (TWO,)
        assert story.condition("Published")[0] == TRUE
        assert story.ready()[0] == TRUE


async def test_one_that_fails_otherwise_is_asked_ever_less(story):
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        story.backend.fault = Throttled("too many requests")
        story.want((HOST, "A", TWO))
        await settle(3600)
        tries = story.backend.calls.total()
        await settle(3000)
        assert story.backend.calls.total() - tries <= 10


async def test_one_that_asks_to_slow_down_is_given_the_time(story):
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        story.backend.fault = Throttled("too many requests", after=100.0)
        story.want((HOST, "A", TWO))
        await settle()
        calls = story.backend.calls.total()
        story.backend.fault = None
        await settle(90)
        assert story.backend.calls.total() == calls
        await settle(10)
        assert story.backend.sets()[NAME, "A"] == (TWO,)


async def test_a_secret_that_is_missing_and_then_there(story):
    story.provider(
        credentialsRef={"name": "creds"},
        rfc2136={"servers": ["192.0.2.53:53"], "password": "yes"},
    )
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        assert story.ready() == (
            "False",
            "SecretNotFound",
            f"spec.credentialsRef: there is no Secret creds in namespace {SYSTEM}; create it",
        )
        assert story.condition("Published")[:2] == ("False", "ProviderError")
        assert "create it" in story.condition("Published")[2]
        assert story.events("SecretNotFound")
        story.secret(password="wrong")
        await settle()
        assert story.ready()[1] == "Misconfigured"
        assert "wrong" not in str(story.ready())
        story.secret(password="right")
        await settle()
        assert story.ready()[0] == TRUE
        assert story.condition("Published")[0] == TRUE
        story.drop("creds", SYSTEM, resource=SECRETS)
        await settle()
        assert story.ready()[1] == "SecretNotFound"
        assert story.backend.sets(NAME), "what is published stays"
