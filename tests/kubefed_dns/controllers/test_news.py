import pytest

from kubefed_dns.api.status import Address, Entry, Reason, RecordStatus
from kubefed_dns.controllers import outcome

A, B, NEW = "192.0.2.1", "192.0.2.2", "192.0.2.9"


def entry(*texts, reason=Reason.PUBLISHED, unhealthy=()):
    found = tuple(Address(text) for text in texts)
    return Entry("eu", ingress=found, reason=reason, message="why", unhealthy=tuple(unhealthy))


@pytest.mark.parametrize(
    ("reason", "before", "after", "want"),
    [
        ("Nothing is new.", entry(A), entry(A), []),
        ("The first.", None, entry(A), ["TargetAdded eu: 192.0.2.1"]),
        ("One more.", entry(A), entry(A, B), ["TargetAdded eu: 192.0.2.1, 192.0.2.2"]),
        ("Another one.", entry(A), entry(NEW), ["TargetAdded eu: 192.0.2.9"]),
        ("One less, as the member says.", entry(A, B), entry(A), []),
        (
            "One that fails its probes.",
            entry(A, B),
            entry(A, unhealthy=[B]),
            ["TargetWithdrawn eu: why"],
        ),
        (
            "All fail.",
            entry(A, B),
            entry(reason=Reason.UNHEALTHY, unhealthy=[A, B]),
            ["TargetWithdrawn eu: why"],
        ),
        ("Nothing is left.", entry(A), entry(reason=Reason.NOT_FOUND), ["TargetWithdrawn eu: why"]),
        (
            "It is back.",
            entry(A, unhealthy=[B]),
            entry(A, B),
            ["TargetAdded eu: 192.0.2.1, 192.0.2.2"],
        ),
        ("It fails but stays.", entry(A), entry(A, reason=Reason.HELD), ["TargetHeld eu: why"]),
        ("It still does.", entry(A, reason=Reason.HELD), entry(A, reason=Reason.HELD), []),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_what_is_news_of_a_cluster(reason, before, after, want):
    old = RecordStatus(entries=(before,) if before is not None else ())
    found = outcome.news(old, RecordStatus(entries=(after,)))
    assert [f"{each.reason} {each.message}" for each in found] == want, reason


def test_a_cluster_that_is_wanted_no_more_is_news():
    (found,) = outcome.news(RecordStatus(entries=(entry(A),)), RecordStatus())
    assert found.reason == "TargetWithdrawn"
    assert found.warning
