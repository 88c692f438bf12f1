import asyncio

import pytest
from zones_story import SYSTEM, Story, a, owned

from kubefed_core.objects import Key
from kubefed_core.resources import SECRETS
from kubefed_dns.decide import brake
from kubefed_dns.errors import Unreachable
from kubefed_dns.resources import DOMAINS, PROVIDERS

pytestmark = pytest.mark.looptime

ONE, TWO = "192.0.2.1", "192.0.2.2"
TRUE = "True"
FINALIZER = "multiclusterdns.kubefed.io/zones"
APPROVE = "multiclusterdns.kubefed.io/approve"


@pytest.fixture
def story():
    story = Story()
    story.provider()
    return story


async def settle(seconds=2.0):
    await asyncio.sleep(seconds)


def hosts(count, start=0):
    return [f"h{n}.example.org" for n in range(start, start + count)]


def wanted(names):
    return [(name, "A", ONE) for name in names]


def held(story):
    return {name for name, rrtype in story.backend.sets() if rrtype == "A"}


async def test_the_brake_holds_what_vanishes_and_nothing_else_until_approved(story):
    story.want(*wanted(hosts(100)))
    async with story.hub():
        await settle()
        story.want(*wanted(hosts(60)), ("new.example.org", "A", TWO))
        await settle()
        assert len(held(story)) == 101, "40 are held, and one has come"
        status, reason, message = story.condition("Published")
        assert (status, reason) == ("False", "Brake")
        vanishing = {f"{host}." for host in hosts(40, start=60)}
        approval = f"example.org={brake.digest(vanishing)}"
        assert f"{APPROVE}={approval}" in message
        assert story.events("Brake")
        zone = story.zone()["held"]
        assert (zone["count"], zone["digest"]) == (40, brake.digest(vanishing))
        assert zone["names"][0] == "h60.example.org"
        story.provider(annotations={APPROVE: "example.org=000000000000"})
        await settle()
        assert len(held(story)) == 101, "not that"
        story.provider(annotations={APPROVE: approval})
        await settle()
        assert len(held(story)) == 61
        assert "held" not in story.zone()
        assert story.condition("Published")[0] == TRUE


async def test_what_is_held_is_released_when_it_is_wanted_again(story):
    story.want(*wanted(hosts(100)))
    async with story.hub():
        await settle()
        writes = story.backend.writes
        story.want(*wanted(hosts(60)))
        await settle()
        story.want(*wanted(hosts(100)))
        await settle()
        assert story.backend.writes == writes
        assert story.condition("Published")[0] == TRUE
        assert "held" not in story.zone()


async def test_the_brake_counts_over_a_sliding_window(story):
    story.want(*wanted(hosts(100)))
    async with story.hub():
        await settle()
        story.want(*wanted(hosts(75)))
        await settle()
        assert len(held(story)) == 75, "so many may vanish at once"
        story.want(*wanted(hosts(60)))
        await settle()
        assert len(held(story)) == 75, "but not these after them"
        await settle(600)
        assert len(held(story)) == 60, "not so soon"


async def test_what_was_approved_makes_the_zone_no_smaller_for_what_goes_next(story):
    """The share is of what was there when the window began."""
    story.want(*wanted(hosts(100)))
    async with story.hub():
        await settle()
        story.want(*wanted(hosts(75)))
        await settle()
        story.want(*wanted(hosts(15)))
        await settle()
        vanishing = {f"{host}." for host in hosts(60, start=15)}
        story.provider(annotations={APPROVE: f"example.org={brake.digest(vanishing)}"})
        await settle()
        assert len(held(story)) == 15
        story.want(*wanted(hosts(13)))
        await settle()
        assert len(held(story)) == 13, "27 of 100"
        story.want(*wanted(hosts(7)))
        await settle()
        assert len(held(story)) == 13, "33 of 100"


async def test_deleting_one_object_with_many_names_is_held_too(story):
    story.want(*wanted(hosts(40)))
    async with story.hub():
        await settle()
        story.drop()
        await settle()
        assert len(held(story)) == 40
    async with story.hub():
        await settle()
        assert len(held(story)) == 40, "after a restart as well"


async def test_what_is_held_stays_held_over_a_restart_that_forgets_what_vanished_before(story):
    story.want(*wanted(hosts(100)))
    async with story.hub():
        await settle()
        story.want(*wanted(hosts(75)))
        await settle()
        story.want(*wanted(hosts(68)))
        await settle()
        assert len(held(story)) == 75, "7 more would be too many together with the 25"
    async with story.hub():
        await settle(60)
        assert len(held(story)) == 75, "though 7 alone would not be"
        assert story.zone()["held"]["count"] == 7
        vanishing = {f"{host}." for host in hosts(7, start=68)}
        story.provider(annotations={APPROVE: f"example.org={brake.digest(vanishing)}"})
        await settle()
        assert len(held(story)) == 68


async def test_what_a_restart_has_kept_held_goes_with_the_window(story):
    story.want(*wanted(hosts(100)))
    async with story.hub():
        await settle()
        story.want(*wanted(hosts(75)))
        await settle()
        story.want(*wanted(hosts(68)))
        await settle()
    async with story.hub():
        await settle(300)
        assert len(held(story)) == 75
        await settle(320)
        assert len(held(story)) == 68


async def test_a_dry_run_says_and_does_not(story):
    story.provider(dryRun=True)
    story.want(("web.example.org", "A", ONE))
    async with story.hub():
        await settle()
        assert story.backend.sets() == {}
        status, reason, message = story.condition("Published")
        assert (status, reason) == ("False", "DryRun")
        assert "2 changes of web.example.org." in message
        story.provider(dryRun=False)
        await settle()
        assert story.condition("Published")[0] == TRUE


@pytest.mark.parametrize(
    ("reason", "policy", "held"),
    [
        ("Nothing is deleted.", "UpsertOnly", {"a.example.org.": (TWO,), "b.example.org.": (ONE,)}),
        ("Nor changed.", "CreateOnly", {"a.example.org.": (ONE,), "b.example.org.": (ONE,)}),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
async def test_policies(story, reason, policy, held):
    story.provider(policy=policy)
    story.want(("a.example.org", "A", ONE), ("b.example.org", "A", ONE))
    async with story.hub():
        await settle()
        story.want(("a.example.org", "A", TWO))
        await settle()
        found = {
            name: values for (name, kind), values in story.backend.sets().items() if kind == "A"
        }
        assert found == held, reason
        assert (story.condition("Published")[1] == "Refused") == (policy == "CreateOnly")


async def test_drift_is_found_by_the_audit_and_put_right(story):
    story.want(("web.example.org", "A", ONE))
    async with story.hub():
        await settle()
        story.backend.foreign(a("web", "203.0.113.9"), a("other", "203.0.113.9"))
        await settle(610)
        assert story.backend.sets("web.example.org.") == {("web.example.org.", "A"): (ONE,)}
        assert story.backend.sets("other.example.org.")
        assert story.events("Drift") == [
            "web.example.org. in zone example.org. was changed by somebody else; it is put right"
        ]
        story.backend.foreign(delete=["web.example.org.", "a-web.example.org."])
        await settle(610)
        assert story.backend.sets("web.example.org.")
        assert story.condition("Published")[0] == TRUE


async def test_drift_is_left_where_it_is_only_to_be_reported(story):
    story.provider(drift="Report")
    story.want(("web.example.org", "A", ONE))
    async with story.hub():
        await settle()
        story.backend.foreign(a("web", "203.0.113.9"))
        await settle(610)
        assert story.backend.sets("web.example.org.")["web.example.org.", "A"] == ("203.0.113.9",)
        assert story.condition("Published")[1] == "Refused"
        assert "spec.drift" in story.condition("Published")[2]
        story.backend.foreign(a("web", ONE))
        await settle(610)
        assert story.condition("Published")[0] == TRUE
        story.backend.foreign(a("web", "203.0.113.9"))
        await settle(610)
        story.want(("web.example.org", "A", TWO))
        await settle()
        assert story.backend.sets("web.example.org.")["web.example.org.", "A"] == (TWO,)


async def test_an_orphan_of_ours_is_cleared_away_and_one_of_others_is_not(story):
    orphan, theirs = owned(a("gone", ONE)), owned(a("x", ONE), owner="x")
    strange = owned(a("y", ONE), by="")
    story.backend.foreign(orphan, theirs, strange)
    async with story.hub():
        await settle()
        assert set(story.backend.sets()) == {
            ("a-x.example.org.", "TXT"),
            ("a-y.example.org.", "TXT"),
        }


def finalizers(story, name="bind"):
    """None where the object is gone."""
    obj = story.host.get(PROVIDERS, Key(SYSTEM, name))
    return obj["metadata"].get("finalizers", []) if obj else None


async def test_a_provider_that_goes_leaves_what_it_published(story):
    story.want(("web.example.org", "A", ONE))
    async with story.hub():
        await settle()
        assert finalizers(story) == []
        story.drop("bind", SYSTEM, resource=PROVIDERS)
        await settle()
        assert story.backend.sets()
        assert story.backend.closed == 1
        assert story.condition("Accepted")[:2] == ("False", "NoProvider")


async def test_a_provider_that_goes_takes_all_along_where_it_says_so(story):
    story.provider(onDelete="Delete")
    theirs = a("other", ONE)
    story.backend.foreign(theirs)
    story.want(*wanted(hosts(50)))
    async with story.hub():
        await settle()
        assert finalizers(story) == [FINALIZER]
        story.backend.fault = Unreachable("down")
        story.deleting()
        await settle()
        assert finalizers(story) == [FINALIZER], "it waits"
        story.backend.fault = None
        await settle(600)
        assert story.backend.sets() == {(theirs.name, "A"): theirs.values}
        assert finalizers(story) is None


async def test_a_provider_that_thinks_better_of_it_loses_the_finalizer(story):
    story.provider(onDelete="Delete")
    async with story.hub():
        await settle()
        story.provider(onDelete="Orphan")
        await settle()
        assert finalizers(story) == []


async def test_a_provider_that_goes_without_its_secret_says_that_it_waits(story):
    story.secret(password="right")
    settings = {
        "onDelete": "Delete",
        "credentialsRef": {"name": "creds"},
        "rfc2136": {"servers": ["192.0.2.53:53"], "password": "yes"},
    }
    story.provider(**settings)
    story.want(("web.example.org", "A", ONE))
    async with story.hub():
        await settle()
    story.drop("creds", SYSTEM, resource=SECRETS)
    story.deleting()
    async with story.hub():
        await settle()
        assert story.ready()[1] == "SecretNotFound"
        assert story.ready()[2].startswith("its deletion waits: ")
        story.secret(password="right")
        await settle()
        assert story.backend.sets() == {}
        assert finalizers(story) is None


async def test_a_fault_in_the_provider_s_code_is_a_condition_and_another_try(story):
    story.want(("web.example.org", "A", ONE))
    story.backend.fault = KeyError("secret")
    async with story.hub():
        await settle()
        assert story.condition("Published")[1] == "ProviderError"
        assert "secret" not in story.condition("Published")[2]
        story.backend.fault = None
        await settle(60)
        assert story.condition("Published")[0] == TRUE


async def test_a_domain_that_goes_takes_its_names_along_through_the_brake(story):
    story.domain("mine", "example.org", providers=["bind"])
    story.want(*wanted(hosts(3)))
    async with story.hub():
        await settle()
        story.domain("mine", "example.org", providers=["other"])
        await settle()
        assert held(story) == set()
        story.domain("mine", "example.org", providers=["bind"])
        story.want(*wanted(hosts(40)))
        await settle(700)
        story.drop("mine", SYSTEM, resource=DOMAINS)
        await settle()
        assert len(held(story)) == 40, "the provider serves the zone anyway"
        story.domain("mine", "example.org", providers=["other"])
        await settle()
        assert len(held(story)) == 40, "and the brake holds so many"
