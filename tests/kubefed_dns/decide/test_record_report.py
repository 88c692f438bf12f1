import pytest

from kubefed_core.api.conditions import Condition
from kubefed_core.objects import Key
from kubefed_dns.api.records import Record
from kubefed_dns.api.status import Address, Entry, Reason, RecordStatus, Summary
from kubefed_dns.decide import report
from kubefed_dns.decide.evidence import Verdict
from kubefed_dns.resources import SERVICE_RECORDS


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
