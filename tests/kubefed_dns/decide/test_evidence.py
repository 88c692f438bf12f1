from dataclasses import replace
from datetime import timedelta

import pytest
from evidence_cases import (
    DELAY,
    GONE,
    HELD,
    NONE,
    NOW,
    OTHER,
    A,
    B,
    ago,
    entry,
    ingress,
    live,
    lost,
    record,
    shown,
    unknown,
    unseen,
    weigh,
)

from kubefed_dns.api.records import Unreachable
from kubefed_dns.api.status import Reason
from kubefed_dns.decide import evidence
from kubefed_dns.decide.evidence import Verdict
from kubefed_dns.decide.sights import Place, Probe


@pytest.mark.parametrize(
    ("reason", "sight", "want"),
    [
        ("It serves.", live(), (Reason.PUBLISHED, A)),
        ("It serves, and its probes pass.", live(probe=Probe.PASSING), (Reason.PUBLISHED, A)),
        ("There is no object.", live(present=False), (Reason.NOT_FOUND, NONE)),
        ("There is no address.", live(addresses=NONE), (Reason.NO_LOAD_BALANCER, NONE)),
        ("No endpoint is ready.", live(ready=False), (Reason.NO_READY_ENDPOINTS, NONE)),
        ("Its probes fail.", live(probe=Probe.FAILING), (Reason.UNHEALTHY, NONE)),
        ("It is drained.", live(drained=True), (Reason.DRAINED, NONE)),
        (
            "No endpoint says more than a drain.",
            live(ready=False, drained=True),
            (Reason.NO_READY_ENDPOINTS, NONE),
        ),
        ("Out of sight, its probes pass.", lost(since=99, probe=Probe.PASSING), (Reason.HELD, A)),
        ("Out of sight, its probes fail.", lost(probe=Probe.FAILING), (Reason.UNHEALTHY, NONE)),
        ("Out of sight and drained.", lost(drained=True), (Reason.DRAINED, NONE)),
        ("Just out of sight.", lost(), (Reason.HELD, A)),
        ("Out of sight within the delay.", lost(since=59), (Reason.HELD, A)),
        ("Out of sight for the delay.", lost(since=60), (Reason.UNREACHABLE, NONE)),
        (
            "When last seen there was no object.",
            lost(present=False),
            (Reason.UNREACHABLE, NONE),
        ),
        ("When last seen there was no address.", lost(addresses=NONE), (Reason.UNREACHABLE, NONE)),
        (
            "When last seen no endpoint was ready.",
            lost(ready=False),
            (Reason.UNREACHABLE, NONE),
        ),
        ("Never seen at all.", unseen(), (Reason.UNREACHABLE, NONE)),
        ("Not looked at yet.", unknown(), (Reason.UNREACHABLE, NONE)),
        (
            "In sight, but the object was never looked up.",
            live(present=None),
            (Reason.UNREACHABLE, NONE),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_the_evidence_of_a_new_cluster(reason, sight, want):
    assert shown(weigh(record(), sight, OTHER))["eu"] == want, reason


def test_services_without_endpoints_are_in_where_the_record_allows_it():
    found = record(allow_without_endpoints=True)
    assert shown(weigh(found, live(ready=False))) == {"eu": (Reason.PUBLISHED, A)}
    assert shown(weigh(found, lost(ready=False))) == {"eu": (Reason.HELD, A)}


def test_an_ingress_is_asked_for_no_endpoints():
    assert shown(weigh(ingress(), live(ready=False))) == {"eu": (Reason.PUBLISHED, A)}


@pytest.mark.parametrize(
    ("reason", "before", "sight", "want", "since"),
    [
        (
            "After a restart the status is what was last seen.",
            entry(),
            unseen(since=2),
            (Reason.HELD, A),
            2,
        ),
        (
            "The status carries the time of the loss over a restart.",
            HELD,
            unseen(since=2),
            (Reason.HELD, A),
            30,
        ),
        (
            "And with it the deadline.",
            replace(HELD, since=ago(61)),
            unseen(since=2),
            (Reason.UNREACHABLE, NONE),
            61,
        ),
        (
            "A loss that this process saw itself counts from when it saw it.",
            replace(HELD, since=ago(61)),
            lost(since=2),
            (Reason.HELD, A),
            2,
        ),
        (
            "A loss whose time nobody knows counts from when it was first said.",
            HELD,
            lost(since=None),
            (Reason.HELD, A),
            30,
        ),
        (
            "Or from now.",
            entry(),
            lost(since=None),
            (Reason.HELD, A),
            0,
        ),
        (
            "A status without the time counts from what is known.",
            replace(HELD, since=None),
            unseen(since=2),
            (Reason.HELD, A),
            2,
        ),
        (
            "A loss cannot be in the future.",
            entry(),
            lost(since=-10),
            (Reason.HELD, A),
            0,
        ),
        (
            "What is withdrawn stays so while the loss lasts.",
            GONE,
            lost(since=600),
            (Reason.UNREACHABLE, NONE),
            600,
        ),
        (
            "Also after a restart.",
            GONE,
            unseen(since=2),
            (Reason.UNREACHABLE, NONE),
            600,
        ),
        (
            "A new loss is a new delay, though nobody looked in between.",
            GONE,
            lost(since=2),
            (Reason.HELD, A),
            2,
        ),
        (
            "An address that came just before the loss is held.",
            entry(reason=Reason.NO_LOAD_BALANCER, ingress=NONE),
            lost(since=2),
            (Reason.HELD, A),
            2,
        ),
        (
            "Probes that pass bring back what was withdrawn.",
            GONE,
            lost(since=600, probe=Probe.PASSING),
            (Reason.HELD, A),
            600,
        ),
        (
            "A cluster that is back is in.",
            GONE,
            live(),
            (Reason.PUBLISHED, A),
            0,
        ),
        (
            "What stays so keeps its time.",
            entry(since=500),
            live(),
            (Reason.PUBLISHED, A),
            500,
        ),
        (
            "Not yet looked at, the last set stays.",
            entry(),
            unknown(),
            (Reason.HELD, A),
            0,
        ),
        (
            "Not yet looked at, what was held stays held since then.",
            replace(HELD, since=ago(99)),
            unknown(),
            (Reason.HELD, A),
            99,
        ),
        (
            "Not yet looked at, what was out stays out.",
            entry(reason=Reason.NO_READY_ENDPOINTS, ingress=NONE, since=500),
            unknown(),
            (Reason.NO_READY_ENDPOINTS, NONE),
            500,
        ),
        (
            "A status that KubeFed wrote has no reasons, and its set stays too.",
            replace(entry(), reason="", since=None),
            unknown(),
            (Reason.HELD, A),
            0,
        ),
        (
            "And what it had out stays out.",
            replace(entry(ingress=NONE), reason="", since=None),
            unknown(),
            (Reason.UNREACHABLE, NONE),
            0,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_what_the_status_says_is_evidence(reason, before, sight, want, since):
    verdict = weigh(record(before, entry("us", ingress=B)), sight, OTHER)
    assert shown(verdict)["eu"] == want, reason
    assert verdict.entries[0].since == ago(since), reason


def test_keep_holds_a_lost_cluster_for_ever():
    verdict = weigh(record(entry(), unreachable=Unreachable.KEEP), lost(since=10_000), OTHER)
    assert shown(verdict)["eu"] == (Reason.HELD, A)
    assert verdict.again is None


def test_keep_does_not_bring_back_what_is_withdrawn():
    verdict = weigh(record(GONE, unreachable=Unreachable.KEEP), lost(since=600), OTHER)
    assert shown(verdict)["eu"] == (Reason.UNREACHABLE, NONE)


def test_the_moment_to_look_again_is_the_first_deadline():
    verdict = weigh(record(entry()), lost(since=20), lost("de", since=30), OTHER)
    assert verdict.again == NOW + timedelta(seconds=30)


def test_without_a_deadline_nothing_but_a_change_matters():
    assert weigh(record(), live(), lost("de", since=99), unknown("us")).again is None


def test_a_lost_cluster_keeps_region_and_zones():
    verdict = weigh(record(entry()), replace(unseen(since=99), place=Place("eu")), OTHER)
    assert (verdict.entries[0].region, verdict.entries[0].zones) == ("eu-r", ("eu-z",))


def test_a_cluster_in_sight_has_the_region_it_has_now():
    sight = replace(live(), place=Place("eu"))
    (found,) = weigh(record(entry()), sight).entries
    assert (found.region, found.zones) == ("", ())
    assert "no region" in found.message
    assert found.reason == Reason.PUBLISHED


def test_entries_are_sorted_by_cluster():
    verdict = weigh(record(), live("us"), live("de"), live("eu"))
    assert [each.cluster for each in verdict.entries] == ["de", "eu", "us"]


def test_a_cluster_that_is_not_wanted_or_not_joined_is_out_at_once():
    assert weigh(record(entry())) == Verdict(())


def test_times_are_written_in_whole_seconds():
    sight = replace(lost(), lost_since=ago(10.5))
    verdict = weigh(record(), sight)
    assert verdict.entries[0].since == ago(11)
    assert verdict.again == NOW + timedelta(seconds=49.5)


# No name is emptied by what is no evidence.


@pytest.mark.parametrize(
    ("reason", "sight", "kept"),
    [
        ("Not by a loss.", lost(since=99), True),
        ("Not by a loss that outlasted a restart.", unseen(since=99), True),
        ("Not by a drain.", live(drained=True), True),
        ("Not by a drain of what is out of sight.", lost(drained=True), True),
        ("Not by probes.", live(probe=Probe.FAILING), True),
        ("Not by probes of what is out of sight.", lost(probe=Probe.FAILING), True),
        ("Not by an empty cache.", unknown(), True),
        ("By an API that says there is no object.", live(present=False), False),
        ("By an API that says there is no address.", live(addresses=NONE), False),
        ("By an API that says nothing is ready.", live(ready=False), False),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_the_last_target_of_a_name_stays(reason, sight, kept):
    verdict = weigh(record(entry()), sight)
    assert bool(verdict.entries[0].ingress) is kept, reason
    if kept:
        assert verdict.entries[0].reason == Reason.HELD, reason
        assert verdict.entries[0].ingress == A, reason


def test_the_last_good_set_stays_and_says_why():
    before = record(entry(), entry("us", ingress=B))
    verdict = weigh(before, lost(since=99), lost("us", B, since=98))
    assert shown(verdict) == {"eu": (Reason.HELD, A), "us": (Reason.HELD, B)}
    assert verdict.spared == {"eu", "us"}
    assert "a name would be empty" in verdict.entries[0].message


def test_the_last_good_set_does_not_grow_by_what_was_withdrawn():
    before = record(GONE, entry("us", ingress=B))
    verdict = weigh(before, lost(since=600), lost("us", B, since=99))
    assert shown(verdict) == {"eu": (Reason.UNREACHABLE, NONE), "us": (Reason.HELD, B)}


def test_what_was_withdrawn_does_not_come_back_when_a_living_api_empties_the_name():
    before = record(GONE, entry("us", ingress=B))
    verdict = weigh(before, lost(since=600), live("us", ready=False))
    assert shown(verdict) == {
        "eu": (Reason.UNREACHABLE, NONE),
        "us": (Reason.NO_READY_ENDPOINTS, NONE),
    }


def test_a_drained_cluster_that_serves_is_better_than_nothing():
    verdict = weigh(record(), live(drained=True), live("us", present=False))
    assert shown(verdict)["eu"] == (Reason.HELD, A)
    assert verdict.spared == {"eu"}


def test_a_spared_cluster_is_out_as_soon_as_another_serves():
    spared = entry(reason=Reason.HELD)
    verdict = weigh(record(spared), live(drained=True), OTHER)
    assert shown(verdict)["eu"] == (Reason.DRAINED, NONE)
    assert verdict.spared == frozenset()


def test_a_cluster_spared_though_its_probes_fail_is_not_taken_for_good_when_the_hub_is_cut_off():
    before = record(entry(reason=Reason.HELD, unhealthy=["1"]))
    verdict = weigh(before, live(probe=Probe.FAILING), live("us", drained=True), cut_off=True)
    assert shown(verdict) == {"eu": (Reason.HELD, A), "us": (Reason.DRAINED, NONE)}


def test_a_spared_cluster_keeps_the_time_since_it_is_held():
    spared = entry(reason=Reason.HELD, since=500)
    assert weigh(record(spared), live(drained=True)).entries[0].since == ago(500)


def test_hosts_that_the_record_names_are_one_set():
    verdict = weigh(
        ingress(entry(), hosts=("a.test", "b.test")), lost(since=99, hosts=("a.test",)), OTHER
    )
    assert shown(verdict)["eu"] == (Reason.UNREACHABLE, NONE)
    assert verdict.entries[0].hosts == ()
    assert verdict.entries[0].region == ""


def test_hosts_of_rules_are_spared_one_by_one():
    verdict = weigh(
        ingress(entry(hosts=["a.test", "b.test"]), hosts=()),
        lost(since=99, hosts=("a.test", "b.test")),
        live("us", B, hosts=("", "b.test")),
    )
    assert shown(verdict) == {"eu": (Reason.HELD, A), "us": (Reason.PUBLISHED, B)}
    assert [each.hosts for each in verdict.entries] == [("a.test", "b.test"), ("b.test",)]


def test_a_host_that_another_cluster_has_too_needs_nobody_spared():
    verdict = weigh(
        ingress(entry(hosts=["b.test"]), hosts=()),
        unseen(since=99),
        live("us", B, hosts=("b.test",)),
    )
    assert shown(verdict)["eu"] == (Reason.UNREACHABLE, NONE)
    assert verdict.entries[0].hosts == ("b.test",)


# When most clusters vanish at once it is the hub that is cut off.


@pytest.mark.parametrize(
    ("reason", "before", "sight", "want"),
    [
        ("A loss is held, however long.", entry(), lost(since=9999), (Reason.HELD, A)),
        (
            "Probes from here say nothing.",
            entry(),
            live(probe=Probe.FAILING),
            (Reason.PUBLISHED, A),
        ),
        (
            "Nor do they of what is out of sight.",
            entry(),
            lost(since=99, probe=Probe.FAILING),
            (Reason.HELD, A),
        ),
        (
            "What was out for its probes stays out.",
            entry(reason=Reason.UNHEALTHY, ingress=NONE),
            lost(since=99, probe=Probe.FAILING),
            (Reason.UNHEALTHY, NONE),
        ),
        (
            "What was withdrawn before stays out.",
            GONE,
            lost(since=600),
            (Reason.UNREACHABLE, NONE),
        ),
        (
            "What an API in sight says still counts.",
            entry(),
            live(ready=False),
            (Reason.NO_READY_ENDPOINTS, NONE),
        ),
        ("A drain is the user's word.", entry(), lost(drained=True), (Reason.DRAINED, NONE)),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_a_hub_that_is_cut_off_changes_nothing(reason, before, sight, want):
    verdict = weigh(record(before, entry("us", ingress=B)), sight, OTHER, cut_off=True)
    assert shown(verdict)["eu"] == want, reason
    assert verdict.again is None, reason


@pytest.mark.parametrize(
    ("reason", "found", "joined", "want"),
    [
        ("Two of three at once.", {"a": ago(50), "b": ago(10)}, 3, True),
        ("One of two.", {"a": ago(50)}, 2, False),
        ("Never seen clusters were not lost.", {"a": None, "b": None}, 3, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_cut_off_is_judged_by_the_lost_among_the_joined(reason, found, joined, want):
    assert evidence.cut_off(found, joined, delay=DELAY) is want, reason


def test_every_cluster_that_is_not_simply_in_says_what_to_do():
    sights = [
        live("a", present=False),
        live("b", addresses=NONE),
        live("c", ready=False),
        live("d", drained=True),
        live("e", probe=Probe.FAILING),
        lost("f"),
        lost("g", since=99),
        unseen("h"),
        unknown("i"),
        live("j"),
    ]
    entries = weigh(record(), *sights).entries
    assert [each.cluster for each in entries if not each.message] == ["j"]


def test_the_messages_name_the_kind_of_object():
    (found,) = weigh(ingress(), live(addresses=NONE)).entries
    assert found.message.startswith("Ingress test/nginx has no address")
