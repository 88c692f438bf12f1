import asyncio

import pytest
from zones_story import OWNER, START, SYSTEM, WEB, Backend, Story, a

from kubefed_core.resources import NAMESPACES
from kubefed_dns.resources import DOMAINS, ENDPOINTS, PROVIDERS
from kubefed_dns.server.server import Server

pytestmark = pytest.mark.looptime

HOST = "web.example.org"
NAME = f"{HOST}."
ONE, TWO = "192.0.2.1", "192.0.2.2"
TRUE = "True"


@pytest.fixture
def story():
    return Story()


async def settle(seconds=2.0):
    await asyncio.sleep(seconds)


async def test_a_domain_and_nothing_else_is_answered_by_the_embedded_server(story):
    story.domain("d", "example.net")
    story.want(("web.example.net", "A", ONE))
    async with story.hub():
        await settle()
        found = story.own.sets(zone="example.net.")
        assert found == {("web.example.net.", "A"): (ONE,)}, "without ownership records"
        assert story.condition("Accepted")[0] == TRUE
        assert story.condition("Published")[:2] == (TRUE, "Published")
        assert story.condition("Verified")[:2] == ("Unknown", "NotObservable")
        assert story.own.writes == 1
        story.drop()
        await settle()
        assert story.own.sets(zone="example.net.") == {}


async def test_an_empty_zone_of_the_embedded_server_is_filled_with_nothing(story):
    story.domain("d", "example.net")
    async with story.hub():
        await settle()
        assert story.own.writes == 1


def served(story):
    return {
        zone.name: {(each.name, *each.values) for each in zone.rrsets()}
        for zone in story.server.zones
        if zone.filled
    }


async def test_the_embedded_server_has_the_zones_that_fall_to_it(story):
    story.server = Server(now=lambda: START)
    story.domain("d", "example.net", nameServer="ns.example.net")
    story.want(("web.example.net", "A", ONE), ("web.example.org", "A", ONE))
    async with story.hub():
        await settle()
        assert served(story) == {"example.net.": {("web.example.net.", ONE)}}
        story.domain("e", "example.org", created="2026-01-02T00:00:00Z")
        await settle()
        assert served(story) == {
            "example.net.": {("web.example.net.", ONE)},
            "example.org.": {("web.example.org.", ONE)},
        }
        story.provider()
        await settle()
        assert served(story).keys() == {"example.net."}
        assert story.backend.sets("web.example.org.")
        story.drop("d", SYSTEM, resource=DOMAINS)
        await settle()
        assert served(story) == {}


async def test_serials_of_the_embedded_server_go_on_where_they_were(story):
    story.server = Server(now=lambda: START)
    story.domain("d", "example.net")
    story.want(("web.example.net", "A", ONE))
    async with story.hub():
        await settle()
        for last in range(2, 12):
            story.want(("web.example.net", "A", f"192.0.2.{last}"))
            await settle()
        serial = story.server.zone("example.net.").serial
        assert str(serial) in story.condition("Published")[2]
    story.server = Server(now=lambda: START)
    async with story.hub():
        await settle()
        assert story.server.zone("example.net.").serial > serial


async def test_the_embedded_server_can_have_an_object_for_its_settings(story):
    story.server = Server(now=lambda: START)
    story.provider("mine", type="embedded", zones=["example.com"])
    story.domain("d", "example.net", providers=["embedded"])
    story.want(("web.example.net", "A", ONE), ("web.example.com", "A", ONE))
    async with story.hub():
        await settle()
        assert served(story).keys() == {"example.net.", "example.com."}
        assert story.ready("mine")[0] == TRUE
        assert story.condition("Published")[0] == TRUE
        story.provider(
            "other", type="embedded", created="2026-01-03T00:00:00Z", zones=["example.com"]
        )
        await settle()
        assert story.ready("other")[1] == "Conflict"
        story.drop("mine", SYSTEM, resource=PROVIDERS)
        await settle()
        assert story.ready("other")[0] == TRUE
        assert served(story).keys() == {"example.net.", "example.com."}


async def test_where_there_are_other_providers_that_shows(story):
    story.provider()
    story.domain("d", "example.net")
    story.want(("web.example.net", "A", ONE))
    async with story.hub():
        await settle()
        assert story.own.sets(zone="example.net.")
        assert story.condition("Published")[:2] == ("False", "NoProvider")
        assert "see their spec.zones" in story.condition("Published")[2]
        assert story.condition("Accepted")[0] == TRUE
        story.domain("d", "example.net", providers=["embedded"])
        await settle()
        assert story.condition("Published")[0] == TRUE


async def test_names_move_to_a_provider_that_comes_to_serve_them(story):
    story.domain("d", "sub.example.org")
    story.want(("web.sub.example.org", "A", ONE))
    async with story.hub():
        await settle()
        assert story.own.sets(zone="sub.example.org.")
        story.provider()
        await settle()
        assert story.backend.sets("web.sub.example.org.")
        assert story.condition("Published")[0] == TRUE


async def test_one_domain_at_several_providers(story):
    other = Backend("example.org.")
    story.authority["192.0.2.54:53"] = other
    made = story.backend.made
    story.backend.made = lambda context: (other.made if context.name == "two" else made)(context)
    story.provider("one")
    story.provider("two", rfc2136={"servers": ["192.0.2.54:53"]})
    story.domain("d", "example.org", providers=["one", "two"])
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        assert story.backend.sets(NAME) == other.sets(NAME) == {(NAME, "A"): (ONE,)}
        placed = story.host.get(ENDPOINTS, WEB)["status"]["endpoints"][0]["providers"]
        assert [each["name"] for each in placed] == ["one", "two"]
        story.domain("d", "example.org", providers=["two"])
        await settle()
        assert story.backend.sets(NAME) == {}
        assert other.sets(NAME)
        story.drop("two", SYSTEM, resource=PROVIDERS)
        await settle()
        assert story.condition("Accepted")[:2] == ("False", "NoProvider")
        assert "does not exist" in story.condition("Accepted")[2]
        assert other.sets(NAME)


async def test_inside_and_outside_have_addresses_of_their_own(story):
    inside = Backend("example.org.")
    made = story.backend.made
    story.backend.made = lambda context: (inside.made if context.name == "in" else made)(context)
    story.provider("in", addresses="Private", rfc2136={"servers": ["192.0.2.54:53"]})
    story.provider("out", addresses="Public")
    story.domain("d", "example.org", providers=["in", "out"])
    story.want((HOST, "A", ONE, "10.0.0.1"), ("in.example.org", "A", "10.0.0.2"))
    async with story.hub():
        await settle()
        assert story.backend.sets(NAME) == {(NAME, "A"): (ONE,)}
        assert inside.sets(NAME) == {(NAME, "A"): ("10.0.0.1",)}
        assert not story.backend.sets("in.example.org.")
        assert story.condition("Published")[0] == TRUE


async def test_a_second_provider_for_the_same_zone_and_owner_waits(story):
    story.provider("old")
    story.provider("new", created="2026-01-02T00:00:00Z")
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        assert story.ready("old")[0] == TRUE
        assert story.ready("new")[:2] == ("False", "Conflict")
        assert "DNSProvider old works on zone example.org" in story.ready("new")[2]
        assert story.backend.calls["write"] == 1
        story.drop("old", SYSTEM, resource=PROVIDERS)
        await settle()
        assert story.ready("new")[0] == TRUE
        assert story.condition("Published")[2].startswith("new holds it")


@pytest.mark.parametrize(
    ("reason", "ids", "reached", "same"),
    [
        ("One zone, reached in two ways.", ("Z1", "Z1"), "other", True),
        ("Two of one name, in one account.", ("Z1", "Z2"), "192.0.2.53:53", False),
        ("One way, where only one tells.", ("Z1", None), "192.0.2.53:53", True),
        ("Two ways, where only one tells.", ("Z1", None), "other", False),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
async def test_a_zone_is_known_again_by_its_id(story, reason, ids, reached, same):
    old, new = (Backend("example.org.") for _ in ids)
    old.id, new.id = ids
    backends = {"old": old, "new": new}
    story.backend.made = lambda context: backends[context.name].made(context)
    story.provider("old")
    story.provider("new", created="2026-01-02T00:00:00Z", rfc2136={"servers": [reached]})
    async with story.hub():
        await settle()
        assert story.ready("old")[0] == TRUE
        assert story.zone("old").get("id") == ids[0]
        assert (story.ready("new")[1] == "Conflict") is same, reason


async def test_only_namespaces_that_are_let_in_may_use_a_name(story):
    story.provider(allowedNamespaces={"matchLabels": {"team": "shop"}})
    story.want((HOST, "A", ONE))
    story.want(("x.example.org", "A", ONE), namespace="other")
    async with story.hub():
        await settle()
        assert story.condition("Accepted")[0] == TRUE
        status, reason, message = story.condition("Accepted", namespace="other")
        assert (status, reason) == ("False", "Forbidden")
        assert "spec.allowedNamespaces of DNSProvider bind" in message
        assert story.condition("Published", namespace="other")[:2] == ("False", "Refused")
        assert not story.backend.sets("x.example.org.")
        story.put(NAMESPACES, "", "other", labels={"team": "shop"})
        await settle()
        assert story.backend.sets("x.example.org.")
        assert story.condition("Accepted", namespace="other")[0] == TRUE
        story.put(NAMESPACES, "", "other", labels={})
        await settle()
        assert not story.backend.sets("x.example.org.")


async def test_a_domain_overrules_the_provider_s_rule(story):
    story.provider(allowedNamespaces={"matchLabels": {"team": "nobody"}})
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        assert story.condition("Accepted")[1] == "Forbidden"
        story.domain("d", "example.org", allowedNamespaces={"matchLabels": {"team": "shop"}})
        await settle()
        assert story.condition("Accepted")[0] == TRUE
        story.drop("d", SYSTEM, resource=DOMAINS)
        await settle()
        assert story.condition("Accepted")[1] == "Forbidden"


async def test_a_namespace_out_of_sight_changes_nothing(story):
    story.provider()
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
    story.drop("shop", "", resource=NAMESPACES)
    async with story.hub():
        await settle(60)
        assert story.backend.sets(NAME)


async def test_names_that_nobody_serves_say_so(story):
    story.want(("web.example.com", "A", ONE))
    async with story.hub():
        await settle()
        assert story.condition("Accepted")[:2] == ("False", "NoProvider")


@pytest.mark.parametrize(
    ("reason", "endpoint", "wrong", "says"),
    [
        ("A name that is none.", ("x..org", "A", ONE), "InvalidName", "'x..org' is no DNS name"),
        ("The apex.", ("example.org", "A", ONE), "InvalidName", "contain %{record_type}"),
        ("A value that is none.", ("x.example.org", "A", "x"), "InvalidName", "no value of type A"),
        ("Ownership.", ("x.example.org", "TXT", "heritage=x"), "InvalidName", "heritage="),
        ("Local.", ("x.example.org", "A", "127.0.0.1"), "Forbidden", "spec.allowLocalTargets"),
        (
            "In the place of ownership.",
            ("a-web.example.org", "TXT", "x"),
            "Conflict",
            "where the ownership record belongs of web",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_a_bad_endpoint_leaves_the_rest_alone(story, reason, endpoint, wrong, says):
    story.provider()
    story.want((HOST, "A", ONE), endpoint)
    async with story.hub():
        await settle()
        assert story.backend.sets(NAME), reason
        assert len(story.backend.sets()) == 2
        assert story.condition("Accepted")[:2] == ("False", wrong)
        assert says in story.condition("Accepted")[2]
        assert story.condition("Published")[0] == TRUE
        assert story.host.get(ENDPOINTS, WEB)["status"]["summary"]["names"] == "1/2"


async def test_an_endpoint_that_turns_bad_leaves_what_was_good(story):
    story.provider()
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        story.want((HOST, "A", "nonsense"))
        await settle()
        assert story.backend.sets(NAME) == {(NAME, "A"): (ONE,)}
        assert story.condition("Accepted")[1] == "InvalidName"
    async with story.hub():
        await settle()
        assert story.backend.sets(NAME) == {(NAME, "A"): (ONE,)}


async def test_an_object_that_cannot_be_read_leaves_what_was_good(story):
    story.provider()
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        story.put(ENDPOINTS, "shop", "web", spec={"endpoints": [{"dnsName": HOST}]})
        await settle()
        assert story.backend.sets(NAME)
        assert story.condition("Accepted")[:2] == ("False", "InvalidName")
        assert "recordType" in story.condition("Accepted")[2]
    async with story.hub():
        await settle(60)
        assert story.backend.sets(NAME)
        assert story.condition("Accepted")[1] == "InvalidName"


async def test_an_object_with_nothing_in_it_is_published(story):
    story.want()
    async with story.hub():
        await settle()
        assert story.condition("Published") == (TRUE, "Published", "there is nothing to publish")


@pytest.mark.parametrize(
    ("reason", "spec", "says"),
    [
        ("external-dns's own owner.", {"ownerID": "default"}, "spec.ownerID"),
        ("No such type.", {"type": "nope"}, "0 providers are installed as 'nope'"),
        ("Prefix and suffix.", {"txt": {"prefix": "a", "suffix": "b"}}, "spec.txt"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_a_provider_that_cannot_work_says_why(story, reason, spec, says):
    story.provider(**spec)
    story.provider("good", zones=["example.org"], rfc2136={"servers": ["192.0.2.9:53"]})
    async with story.hub():
        await settle()
        assert story.ready()[:2] == ("False", "Misconfigured"), reason
        assert says in story.ready()[2]
        assert story.ready("good")[0] == TRUE, "the rest goes on"


async def test_ownership_can_be_encrypted_and_named_otherwise(story):
    story.secret("key", aes="k" * 32)
    story.provider(
        ownerID="hub",
        txt={"prefix": "%{record_type}.", "encryptionKeyRef": {"name": "key", "key": "aes"}},
    )
    story.want(("example.org", "A", ONE))
    async with story.hub():
        await settle()
        (value,) = story.backend.sets("a.example.org.")["a.example.org.", "TXT"]
        assert "hub" not in value
        writes = story.backend.writes
    async with story.hub():
        await settle(700)
        assert story.backend.writes == writes
        story.drop()
        await settle()
        assert story.backend.sets() == {}


async def test_a_key_that_is_missing_from_the_secret(story):
    story.secret("key", other="x")
    story.provider(txt={"encryptionKeyRef": {"name": "key", "key": "aes"}})
    async with story.hub():
        await settle()
        assert story.ready()[1] == "SecretNotFound"
        assert "has no key 'aes'" in story.ready()[2]


async def test_a_floor_under_ttls(story):
    story.provider(minTTL=120)
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        assert {each.ttl for each in story.backend.memory.read("example.org.")} == {120, 300}
        assert story.condition("Verified")[0] == TRUE


async def test_answers_that_differ_are_said_and_looked_at_again(story):
    story.provider()
    stale = Backend("example.org.")
    stale.foreign(a("web", "203.0.113.9"))
    story.authority["192.0.2.53:53"] = stale
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        assert story.condition("Published")[0] == TRUE
        assert story.condition("Verified") == (
            "False",
            "Differs",
            "192.0.2.53:53 answers web.example.org. A with 203.0.113.9",
        )
        stale.foreign(a("web", ONE))
        await settle(60)
        assert story.condition("Verified")[0] == TRUE


async def test_authorities_that_cannot_be_asked_are_unknown_and_block_nothing(story):
    story.provider(verify={"servers": ["192.0.2.53:53", "203.0.113.1:53"]})
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        assert story.condition("Published")[0] == TRUE
        assert story.condition("Verified")[:2] == ("Unknown", "NotObservable")
        told = list(story.host.writes)
        await settle(3000)
        assert story.host.writes == told
        story.authority["203.0.113.1:53"] = story.backend
        await settle(300)
        assert story.condition("Verified")[0] == TRUE


async def test_an_account_is_asked_again_for_its_zones(story):
    story.provider(zones=[], type="rfc2136")
    story.want((HOST, "A", ONE), ("web.example.com", "A", ONE))
    async with story.hub():
        await settle()
        assert story.backend.sets(NAME)
        assert story.ready()[2].startswith("1 zones")
        fresh = Backend("example.org.", "example.com.")
        fresh.foreign(*story.backend.memory.read("example.org."))
        story.backend.memory = fresh.memory
        await settle(610)
        assert story.backend.sets("web.example.com.", "example.com.")
        assert story.condition("Accepted")[0] == TRUE


async def test_the_default_owner_is_the_hub_s(story):
    story.provider()
    story.want((HOST, "A", ONE))
    async with story.hub():
        await settle()
        (value,) = story.backend.sets(f"a-{NAME}")[f"a-{NAME}", "TXT"]
        assert f"external-dns/owner={OWNER}," in value
