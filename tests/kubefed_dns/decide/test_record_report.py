from dataclasses import replace

import pytest

from kubefed_core.api.conditions import Condition
from kubefed_core.objects import Key
from kubefed_dns.api.health import Health, Protocol
from kubefed_dns.api.records import Record
from kubefed_dns.api.status import Address, Entry, Reason, RecordStatus, Summary
from kubefed_dns.decide import report
from kubefed_dns.decide.evidence import Verdict
from kubefed_dns.decide.sights import Place, Probe, Pulse, Sight
from kubefed_dns.resources import INGRESS_RECORDS, SERVICE_RECORDS


def held(cluster):
    return Entry(cluster, reason=Reason.HELD, message="it is lost")


def record(name="nginx"):
    key = Key("test", name)
    return Record(SERVICE_RECORDS, key, domain_ref="g", status=RecordStatus("example.com"))


def test_summary_counts_clusters_and_shows_targets():
    entries = [
        Entry("c1", ingress=(Address("192.0.2.2"), Address("192.0.2.1"))),
        Entry("c2", ingress=(Address(hostname="lb.test"), Address("192.0.2.1"))),
        Entry("c3"),
    ]
    assert report.summary(entries, wanted={"c1", "c2", "c3", "c4"}) == Summary(
        "2/4", "192.0.2.1,192.0.2.2,lb.test"
    )
    assert report.summary([], wanted=()) == Summary("0/0", "")


@pytest.mark.parametrize(
    ("reason", "words", "want"),
    [
        ("Nothing.", [], ""),
        ("What fits.", ["a", "b"], "a,b"),
        ("The first is always shown.", ["x" * 70], "x" * 70),
        ("The rest is only hinted at.", ["x" * 60, "y" * 10], "x" * 60 + ",…"),
        ("Just full.", ["x" * 60, "yyy"], "x" * 60 + ",yyy"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_shortened(reason, words, want):
    assert report.shortened(words) == want, reason


def test_a_record_whose_names_can_be_has_nothing_wrong():
    assert report.check(record()) is None
    assert report.accepted().status == "True"


def test_a_record_whose_names_cannot_be_is_not_accepted():
    found = report.check(record("-"))
    assert (found.type, found.status, found.reason) == ("Accepted", "False", "InvalidName")
    assert found.message.startswith("the global name: ")


@pytest.mark.parametrize(
    ("reason", "verdict", "cut_off", "want"),
    [
        ("Nothing is held.", Verdict((Entry("c1", reason=Reason.PUBLISHED),)), False, None),
        ("A cluster is out of sight.", Verdict((held("c1"),)), False, "ClusterUnreachable"),
        ("So are most.", Verdict((held("c1"),)), True, "HubCutOff"),
        (
            "It is the last target.",
            Verdict((held("c1"),), spared=frozenset({"c1"})),
            False,
            "LastTarget",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_held(reason, verdict, cut_off, want):
    found = report.held(verdict, cut_off=cut_off)
    assert found == (want and Condition("Held", "True", want, "c1: it is lost")), reason


def test_many_held_clusters_are_not_all_named():
    verdict = Verdict(tuple(held(f"c{number}") for number in range(7)))
    message = report.held(verdict, cut_off=False).message
    assert message.endswith("c4: it is lost; and 2 more")


# What the probes say.

TCP = Health(Protocol.TCP, 80)
GOOD, PENDING = Pulse(Probe.PASSING), Pulse(Probe.PENDING)
BAD, VAGUE = Pulse(Probe.FAILING, "refused"), Pulse(Probe.FAILING)
BACK, LOCAL = Pulse(Probe.RECOVERING), Pulse(Probe.REFUSED, "it is local")
NAMELESS = Pulse(Probe.NONE, "no such name")


def probed(*found, last=None, generation=1, health=TCP):
    sights = [
        Sight(
            Place(f"c{number}"),
            present=True,
            addresses=(Address(f"192.0.2.{number}"),),
            probes={f"192.0.2.{number}": pulse},
        )
        for number, pulse in enumerate(found)
    ]
    said = (Condition("Probed", "True", last, "said before", "", 1),) if last else ()
    made = replace(
        record(), health=health, generation=generation, status=RecordStatus(conditions=said)
    )
    return report.probed(made, sights)


@pytest.mark.parametrize(
    ("reason", "found", "want", "says"),
    [
        ("Nothing to probe.", [], ("Unknown", "NoTarget"), "no cluster has a target"),
        ("All pass.", [GOOD, GOOD], ("True", "Passing"), "2 of 2 targets pass"),
        ("The first time.", [GOOD, PENDING], ("Unknown", "Pending"), "under way"),
        ("Some fail.", [GOOD, BAD], ("False", "Failing"), "1 of 2 targets fail their probes"),
        ("Which, and why.", [PENDING, BAD], ("False", "Failing"), "(c1 192.0.2.1: refused)"),
        ("All fail.", [BAD, BAD], ("False", "AllFailing"), "the last good set of every name stays"),
        ("Failing weighs more.", [BACK, BAD], ("False", "Failing"), "1 of 2"),
        ("Back soon.", [GOOD, BACK], ("False", "Recovering"), "(c1 192.0.2.1)"),
        ("Not to be probed.", [GOOD, LOCAL], ("False", "LocalTarget"), "c1 192.0.2.1: it is local"),
        ("Not to be found.", [GOOD, NAMELESS], ("False", "NotProbed"), "no such name"),
        ("Many.", [BAD] * 8, ("False", "AllFailing"), "c4 192.0.2.4: refused, 3 more)"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_probed(reason, found, want, says):
    said = probed(*found)
    assert (said.status, said.reason) == want, reason
    assert says in said.message


@pytest.mark.parametrize(
    ("reason", "found", "generation", "stays"),
    [
        ("Nothing is decided yet.", [PENDING, PENDING], 1, True),
        ("Nor for a part.", [GOOD, PENDING], 1, True),
        ("It is known that, but not why.", [GOOD, VAGUE], 1, True),
        ("Another spec is another matter.", [PENDING, PENDING], 2, False),
        ("It is known again.", [GOOD, GOOD], 1, False),
        ("That something fails cannot wait.", [PENDING, BAD], 1, False),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_after_a_restart_what_was_said_stays_until_more_is_known(reason, found, generation, stays):
    said = probed(*found, last="Before", generation=generation)
    assert (said.reason == "Before") is stays, reason


def test_nothing_is_said_of_probes_that_nobody_asks_for():
    assert probed(NAMELESS, health=None) is None


# What else is said.


def test_bad_hosts_are_named_and_the_others_go_on():
    made = Record(INGRESS_RECORDS, Key("test", "web"), hosts=("a.test", "b..test"))
    found = report.check(made)
    assert (found.status, found.reason) == ("False", "InvalidName")
    assert found.message.startswith("spec.hosts[1]: 'b..test' is no DNS name")
    assert found.message.endswith("the other hosts are published")


def test_clusters_that_are_not_joined_are_named():
    assert report.placement(()) is None
    found = report.placement(["mars", "venus"])
    assert (found.type, found.status, found.reason) == ("Placement", "False", "UnknownCluster")
    assert "there is no KubeFedCluster mars, venus" in found.message
