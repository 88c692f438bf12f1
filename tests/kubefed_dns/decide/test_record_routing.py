"""How a record's routing parts its names into sets."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefed_core.api.selectors import Requirement, Selector
from kubefed_core.objects import Key
from kubefed_dns.api.endpoints import Endpoint
from kubefed_dns.api.endpoints import Routing as Said
from kubefed_dns.api.records import HostnameTargets, Record
from kubefed_dns.api.routing import Clusters, Geo, Policy, Routing, Tier
from kubefed_dns.api.status import Address, Entry, RecordStatus
from kubefed_dns.decide import endpoints, routes
from kubefed_dns.decide.sets import Ground
from kubefed_dns.decide.sights import Place
from kubefed_dns.resources import INGRESS_RECORDS, SERVICE_RECORDS

HOST = "shop.test"
EU, US, AP = "192.0.2.1", "192.0.2.2", "192.0.2.3"
REGIONS = {"eu": "eu-west-1", "us": "us-east-1", "ap": "ap-south-1"}
ROLES = {"eu": "main", "us": "main", "ap": "standby"}


def entry(cluster, *texts):
    found = tuple(Address(hostname=t) if t.endswith("test") else Address(ip=t) for t in texts)
    return Entry(cluster, REGIONS.get(cluster, ""), ("z1",), found)


THREE = (entry("ap", AP), entry("eu", EU), entry("us", US))
LOST_EU = (entry("ap", AP), entry("eu"), entry("us", US))


def names(*clusters):
    return Clusters(frozenset(clusters))


def weighted(**weights):
    return Routing(Policy.WEIGHTED, weights=tuple(sorted(weights.items())))


def failover(*tiers):
    return Routing(Policy.FAILOVER, tiers=tuple(tiers))


def geo(**entries):
    return Routing(
        Policy.GEO,
        geo=tuple(
            Geo(tuple(codes.split()), names(*clusters.split()))
            for codes, clusters in entries.items()
        ),
    )


def world(elsewhere, **entries):
    found = geo(**entries)
    return replace(found, geo=(*found.geo, Geo(("*",), names(*elsewhere.split()))))


LATENCY = Routing(Policy.LATENCY)


def record(routing, entries, **fields):
    """An IngressDNSRecord for one host, as its status is written."""
    made = Record(INGRESS_RECORDS, Key("shop", "web"), hosts=(HOST,), routing=routing, **fields)
    return said(replace(made, status=RecordStatus(entries=tuple(entries))))


def said(made):
    entries = routes.told(
        made,
        made.status.entries,
        labels={name: {"role": role} for name, role in ROLES.items()},
        places={name: Place(name, region) for name, region in REGIONS.items()},
    )
    return replace(made, status=replace(made.status, entries=entries))


def shown(made, resolved=None, **options):
    """The sets of the host, those of A only by their identifier."""
    found = endpoints.make(made, resolved or {}, **options)
    return {
        each.set_identifier
        if each.record_type == "A"
        else (each.record_type, each.set_identifier): (_said(each), each.targets)
        for each in found
        if each.dns_name == HOST
    }


def _said(each):
    routing = each.routing or Said()
    found = (routing.weight, routing.tier, routing.geo, routing.region or None)
    return next((one for one in found if one not in (None, ())), None)


TWO_TIERS = (Tier(names("eu"), 1), Tier(Clusters(selector=Selector()), 1))


@pytest.mark.parametrize(
    ("reason", "routing", "entries", "want"),
    [
        ("All in one.", Routing(), THREE, {"": (None, (EU, US, AP))}),
        (
            "Each cluster has its weight; one that is not named has 1.",
            weighted(eu=80, us=0),
            THREE,
            {"ap": (1, (AP,)), "eu": (80, (EU,)), "us": (0, (US,))},
        ),
        (
            "One without a target is not there.",
            weighted(eu=80),
            LOST_EU,
            {"ap": (1, (AP,)), "us": (1, (US,))},
        ),
        ("Nor is one that has not joined.", weighted(xx=80), THREE[:1], {"ap": (1, (AP,))}),
        (
            "Each cluster has its region.",
            LATENCY,
            THREE[1:],
            {"eu": ("eu-west-1", (EU,)), "us": ("us-east-1", (US,))},
        ),
        (
            "One without a region has no share.",
            LATENCY,
            (*THREE[1:2], entry("nowhere", AP)),
            {"eu": ("eu-west-1", (EU,))},
        ),
        ("Unless nobody has.", LATENCY, (entry("nowhere", AP),), {"": (None, (AP,))}),
        (
            "Each location has its clusters.",
            world("us ap", EU="eu", GB="eu"),
            THREE,
            {"EU": (("EU",), (EU,)), "GB": (("GB",), (EU,)), "*": (("*",), (US, AP))},
        ),
        (
            "Who would find nothing goes by the less specific.",
            world("us", EU="ap", DE="eu"),
            LOST_EU,
            {"EU": (("EU",), (AP,)), "*": (("*",), (US,))},
        ),
        (
            "The rest is never without a target.",
            world("eu", EU="ap", US="us"),
            LOST_EU,
            {"EU": (("EU",), (AP,)), "US": (("US",), (US,)), "*": (("*",), (US, AP))},
        ),
        ("Of a cluster for nobody either.", world("eu", EU="us"), THREE[:1], {"": (None, (AP,))}),
        (
            "The first tier is the answer, and the next stands by.",
            failover(*TWO_TIERS),
            THREE,
            {"tier-0": (0, (EU,)), "tier-1": (1, (EU, US, AP))},
        ),
        ("An empty one is not.", failover(*TWO_TIERS), LOST_EU, {"tier-1": (0, (US, AP))}),
        (
            "One with too few is there when all the others are gone.",
            failover(Tier(names("eu", "us"), 2), Tier(names("ap"))),
            LOST_EU,
            {"tier-1": (0, (AP,)), "tier-0": (1, (US,))},
        ),
        (
            "Where none has enough, the last that has any.",
            failover(Tier(names("eu"), 9), Tier(names("us"), 9), Tier(names("xx"), 9)),
            THREE,
            {"tier-1": (0, (US,)), "tier-0": (1, (EU,))},
        ),
        (
            "Tiers are chosen by labels, too.",
            failover(
                Tier(Clusters(selector=Selector((Requirement("role", "In", {"standby"}),)))),
                Tier(Clusters(selector=Selector((Requirement("role", "In", {"main"}),)))),
            ),
            THREE,
            {"tier-0": (0, (AP,)), "tier-1": (1, (EU, US))},
        ),
        (
            "Clusters in no tier are better than none.",
            failover(Tier(names("eu"))),
            LOST_EU,
            {"": (None, (US, AP))},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sets_of_a_host(reason, routing, entries, want):
    assert shown(record(routing, entries)) == want, reason


def test_a_tier_that_stands_by_has_no_type_that_the_answer_has_not():
    both = (entry("eu", EU), entry("us", US, "2001:db8::1"))
    routing = failover(Tier(names("eu")), Tier(names("us")))
    assert shown(record(routing, both)) == {"tier-0": (0, (EU,)), "tier-1": (1, (US,))}
    assert shown(record(routing, both[1:])) == {
        "tier-1": (0, (US,)),
        ("AAAA", "tier-1"): (0, ("2001:db8::1",)),
    }


def test_only_the_global_name_of_a_service_is_routed():
    status = RecordStatus("test", (entry("eu", EU), entry("us")))
    made = Record(
        SERVICE_RECORDS,
        Key("shop", "web"),
        domain_ref="d",
        dns_prefix="www",
        routing=weighted(eu=3),
        status=status,
    )
    stem = "web.shop.d.svc"
    assert [
        (each.dns_name, each.record_type, each.targets, each.set_identifier)
        for each in endpoints.make(said(made), {})
    ] == [
        (f"{stem}.eu-west-1.test", "A", (EU,), ""),
        (f"{stem}.test", "A", (EU,), "eu"),
        (f"{stem}.us-east-1.test", "CNAME", (f"{stem}.test",), ""),
        (f"{stem}.z1.eu-west-1.test", "A", (EU,), ""),
        (f"{stem}.z1.us-east-1.test", "CNAME", (f"{stem}.us-east-1.test",), ""),
        ("www.test", "CNAME", (f"{stem}.test",), ""),
    ]


def test_a_host_of_the_rules_is_routed_among_the_clusters_that_have_it():
    entries = [replace(entry("eu", EU), hosts=(HOST,)), replace(entry("us", US), hosts=("x.test",))]
    made = replace(record(weighted(eu=2, us=3), entries), hosts=())
    assert shown(made) == {"eu": (2, (EU,))}


def test_a_set_identifier_is_never_too_long_nor_that_of_another():
    long = [entry("c" * 199, EU), entry("c" * 200, US)]
    found = shown(record(weighted(), long))
    assert {len(identifier) for identifier in found} == {128}
    assert len(found) == 2


# Host names.

LBS = (entry("eu", "eu.lb.test"), entry("us", "us.lb.test"))
ADDRESSES = {"eu.lb.test": (EU,), "us.lb.test": (US,)}


def cname(routing, entries, **options):
    return shown(record(routing, entries, hostname_targets=HostnameTargets.CNAME), **options)


def ground(**fields):
    return lambda name: Ground(**fields)


WEIGHING = ground(routing=frozenset({"weight"}))


@pytest.mark.parametrize(
    ("reason", "routing", "entries", "survey", "want"),
    [
        (
            "Each set has one, and the provider weighs.",
            weighted(),
            LBS,
            WEIGHING,
            {("CNAME", "eu"): (1, ("eu.lb.test",)), ("CNAME", "us"): (1, ("us.lb.test",))},
        ),
        (
            "A provider that does not weigh needs the addresses.",
            weighted(),
            LBS,
            ground(),
            {"eu": (1, (EU,)), "us": (1, (US,))},
        ),
        (
            "One set needs no weighing.",
            weighted(),
            LBS[:1],
            ground(),
            {("CNAME", "eu"): (1, ("eu.lb.test",))},
        ),
        (
            "Nor does a fail-over, which is the hub's.",
            failover(Tier(names("eu")), Tier(names("us"))),
            LBS,
            ground(),
            {("CNAME", "tier-0"): (0, ("eu.lb.test",)), ("CNAME", "tier-1"): (1, ("us.lb.test",))},
        ),
        (
            "One address makes addresses of all.",
            weighted(),
            (LBS[0], entry("us", US)),
            WEIGHING,
            {"eu": (1, (EU,)), "us": (1, (US,))},
        ),
        (
            "A set with two names does so, too.",
            weighted(),
            (LBS[0], entry("us", "us.lb.test", "eu.lb.test")),
            WEIGHING,
            {"eu": (1, (EU,)), "us": (1, (EU, US))},
        ),
        (
            "The rest of the world may have two names.",
            world("xx", EU="eu", US="us"),
            LBS,
            ground(routing=frozenset({"geo"})),
            {"EU": (("EU",), (EU,)), "US": (("US",), (US,)), "*": (("*",), (EU, US))},
        ),
        (
            "Two clusters of one region are one set with two names.",
            LATENCY,
            [replace(each, region="eu-west-1") for each in LBS],
            ground(routing=frozenset({"region"})),
            {"eu": ("eu-west-1", (EU,)), "us": ("eu-west-1", (US,))},
        ),
        (
            "At an apex there is none.",
            weighted(),
            LBS,
            ground(apex=True, routing=frozenset({"weight"})),
            {"eu": (1, (EU,)), "us": (1, (US,))},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_host_names_in_sets(reason, routing, entries, survey, want):
    assert cname(routing, entries, resolved=ADDRESSES, survey=survey) == want, reason


@pytest.mark.parametrize(
    ("reason", "hostname", "survey", "want"),
    [
        ("A provider that follows it.", "d1.cloudfront.net", ground(aliases=True), "alias"),
        ("At an apex, too.", "d1.cloudfront.net", ground(apex=True, aliases=True), "alias"),
        ("A name that it does not know.", "lb.test", ground(aliases=True), "CNAME"),
        ("At an apex.", "lb.test", ground(apex=True, aliases=True), "A"),
        ("A provider that follows none.", "d1.cloudfront.net", ground(), "CNAME"),
        ("At an apex.", "d1.cloudfront.net", ground(apex=True), "A"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_aliases(reason, hostname, survey, want):
    entries = [Entry("eu", ingress=(Address(hostname=hostname),))]
    made = record(Routing(), entries, hostname_targets=HostnameTargets.CNAME)
    (found,) = endpoints.make(made, {hostname: (EU,)}, survey=survey)
    kind = "alias" if found.provider_specific == (("alias", "true"),) else found.record_type
    assert kind == want, reason
    assert endpoints.host_names(made, survey=survey) == ({hostname} if want == "A" else set())


def test_a_tier_whose_host_name_is_not_resolved_keeps_its_addresses():
    routing = failover(Tier(names("eu")), Tier(names("us")))
    made = record(routing, (LBS[0], entry("us", US)))
    before = [Endpoint(HOST, "A", (EU,), 180, "tier-0", routing=Said(tier=0))]
    both = {"tier-0": (0, (EU,)), "tier-1": (1, (US,))}
    assert shown(made, {"eu.lb.test": None}, current=before) == both
    assert shown(made, {"eu.lb.test": ()}, current=before) == {"tier-1": (0, (US,))}


def test_a_name_that_would_be_empty_for_want_of_an_answer_stays_as_it_is():
    before = [Endpoint(HOST, "A", (EU,), 180)]
    made = record(weighted(), LBS)
    assert shown(made, {"eu.lb.test": None, "us.lb.test": ()}, current=before) == {
        "": (None, (EU,))
    }
    assert shown(made, {"eu.lb.test": (), "us.lb.test": ()}, current=before) == {}


# What the status says.


@pytest.mark.parametrize(
    ("reason", "routing", "want"),
    [
        ("Nothing is routed.", Routing(), [((), ()), ((), ())]),
        ("Nor is it said by weights.", weighted(eu=1), [((), ()), ((), ())]),
        ("All tiers of a cluster.", failover(*TWO_TIERS), [((0, 1), ()), ((1,), ())]),
        ("All its locations.", world("eu us", GB="eu"), [((), ("*", "GB")), ((), ("*",))]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_told_of_clusters(reason, routing, want):
    found = record(routing, THREE[1:]).status.entries
    assert [(each.tiers, each.locations) for each in found] == want, reason


def test_a_region_is_told_of_a_cluster_that_is_out_of_sight_too():
    bare = [Entry("eu"), Entry("gone"), Entry("nowhere")]
    before = RecordStatus(entries=(Entry("gone", "r"),))
    made = replace(record(LATENCY, ()), status=before)
    found = routes.told(made, bare, labels={}, places={"eu": Place("eu", "eu-west-1")})
    assert [each.region for each in found] == ["eu-west-1", "r", ""]


@pytest.mark.parametrize(
    ("reason", "routing", "entries", "says"),
    [
        ("All have one.", LATENCY, THREE, None),
        ("Who has no target needs none.", LATENCY, (entry("nowhere"),), None),
        ("One has none.", LATENCY, (THREE[0], entry("nowhere", EU)), "nowhere have none: they get"),
        ("None has.", LATENCY, (entry("nowhere", EU),), "so every answer has all the targets"),
        ("Others do not go by it.", weighted(), (entry("nowhere", EU),), None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_clusters_without_a_region(reason, routing, entries, says):
    found = routes.misplaced(record(routing, entries))
    assert (found is None) == (says is None), reason
    if found is not None:
        assert (found.status, found.reason) == ("False", "NoRegion")
        assert says in found.message


# Whatever the routing.

CLUSTERS = ("ap", "eu", "us", "xx")
TARGETS = st.lists(
    st.sampled_from([EU, US, "2001:db8::1", "eu.lb.test", "us.lb.test", "no.test"]), max_size=3
)
ENTRIES = st.tuples(*(st.builds(lambda t, c=c: entry(c, *t), TARGETS) for c in CLUSTERS))
SOME = st.frozensets(st.sampled_from(CLUSTERS)).map(Clusters)
TIERS = st.lists(st.builds(Tier, SOME, st.integers(1, 3)), min_size=1, max_size=4)
CODES = st.lists(st.sampled_from(["EU", "DE", "US-CA"]), min_size=1, max_size=2).map(tuple)
ROUTINGS = st.one_of(
    st.just(Routing()),
    st.just(LATENCY),
    st.builds(
        lambda found: weighted(**found),
        st.dictionaries(st.sampled_from(CLUSTERS), st.integers(0, 2)),
    ),
    TIERS.map(lambda tiers: failover(*tiers)),
    st.builds(
        lambda some, rest: Routing(Policy.GEO, geo=(*some, Geo(("*",), rest))),
        st.lists(st.builds(Geo, CODES, SOME), max_size=3),
        SOME,
    ),
)
GROUNDS = st.builds(
    Ground,
    st.booleans(),
    st.frozensets(st.sampled_from(["weight", "tier", "geo", "region"])),
    st.booleans(),
)
RESOLVED = {"eu.lb.test": (EU, "2001:db8::2"), "us.lb.test": (US,), "no.test": ()}


def of_host(routing, entries, mode, found):
    made = record(routing, entries, hostname_targets=mode)
    return [each for each in endpoints.make(made, RESOLVED, survey=lambda _: found)]


@given(ROUTINGS, ENTRIES, st.sampled_from(HostnameTargets), GROUNDS)
def test_a_host_with_a_wanted_target_is_never_empty(routing, entries, mode, found):
    made = of_host(routing, entries, mode, found)
    literal = any(each.ip for entry in entries for each in entry.ingress)
    named = {each.hostname for entry in entries for each in entry.ingress} & {
        "eu.lb.test",
        "us.lb.test",
    }
    assert bool(made) >= bool(literal or named)
    assert all(each.targets for each in made)


@given(ROUTINGS, ENTRIES, st.permutations(range(4)), st.sampled_from(HostnameTargets), GROUNDS)
def test_the_order_of_the_clusters_makes_no_difference(routing, entries, order, mode, found):
    turned = tuple(entries[index] for index in order)
    assert of_host(routing, entries, mode, found) == of_host(routing, turned, mode, found)


@given(ROUTINGS, ENTRIES, st.sampled_from(HostnameTargets), GROUNDS)
def test_the_sets_of_a_name_fit_together(routing, entries, mode, found):
    made = of_host(routing, entries, mode, found)
    assert len({each.key for each in made}) == len(made)
    plain = [each for each in made if not each.set_identifier]
    assert not plain or plain == made, "plain sets and others do not stand together"
    kinds = {each.record_type for each in made}
    assert kinds == {"CNAME"} or "CNAME" not in kinds
    assert all(len(each.targets) == 1 for each in made if each.record_type == "CNAME")
    assert all(bool(each.routing) == bool(each.set_identifier) for each in made)
    aliases = {each.provider_specific for each in made}
    assert len(aliases) <= 1


@given(TIERS, ENTRIES, st.sampled_from(HostnameTargets), GROUNDS)
def test_tiers_are_in_a_row_and_every_type_has_the_first(tiers, entries, mode, found):
    made = of_host(failover(*tiers), entries, mode, found)
    first = {each.record_type for each in made if each.routing and each.routing.tier == 0}
    routed = [each for each in made if each.routing]
    assert {each.record_type for each in routed} == first
    turns = sorted({each.routing.tier for each in routed})
    assert turns[:1] == [0][: len(turns)]


@given(ROUTINGS, ENTRIES, st.sampled_from(HostnameTargets), GROUNDS)
def test_what_is_resolved_is_all_that_is_needed(routing, entries, mode, found):
    made = record(routing, entries, hostname_targets=mode)
    needed = endpoints.host_names(made, survey=lambda _: found)
    some = {name: RESOLVED[name] for name in needed}
    assert endpoints.make(made, some, survey=lambda _: found) == tuple(
        of_host(routing, entries, mode, found)
    )
