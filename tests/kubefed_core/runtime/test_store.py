import pytest

from kubefed_core.objects import Key
from kubefed_core.runtime.store import REMEMBERED, Changed, Gone, Listed, Live, Lost, Store


def obj(name, version="1", team="x"):
    return {
        "metadata": {"namespace": "ns", "name": name, "resourceVersion": version},
        "team": team,
    }


A = Key("ns", "a")


def test_a_listing_reports_what_vanished_unwatched():
    store = Store()
    store.apply(Listed((obj("a"), obj("b"))), now=0)
    assert store.apply(Listed((obj("a"),)), now=1) == {Key("ns", "b")}
    assert store.get(Key("ns", "b")) is None


def test_a_listing_does_not_report_what_stayed_the_same():
    store = Store()
    store.apply(Listed((obj("a"),)), now=0)
    assert store.apply(Listed((obj("a"),)), now=1) == frozenset()
    assert store.seen(A) == 0


def test_single_events():
    store = Store()
    assert not store.synced
    assert not store.started
    assert store.apply(Changed(obj("a", "2")), now=1) == {A}
    assert store.apply(Gone(obj("a", "3")), now=2) == {A}
    assert store.apply(Gone(obj("a", "3")), now=3) == frozenset()
    assert list(store) == []


def test_synced_once_is_not_live_now():
    store = Store()
    store.apply(Listed(()), now=1)
    assert store.live
    store.apply(Lost(OSError("first")), now=5)
    store.apply(Lost(OSError("second")), now=9)
    assert (store.live, store.synced, store.lost_since) == (False, True, 5)
    assert str(store.error) == "second"
    store.apply(Live(), now=10)
    assert store.live
    assert store.error is None


@pytest.mark.parametrize(
    ("reason", "events", "answer", "taken"),
    [
        ("A newer answer is taken.", [Changed(obj("a", "5"))], obj("a", "6"), True),
        ("Its echo, or what is older, is not.", [Changed(obj("a", "6"))], obj("a", "6"), False),
        ("An object made just now is taken.", [Changed(obj("b", "5"))], obj("a", "6"), True),
        (
            "What was deleted after the write does not come back.",
            [Changed(obj("a", "5")), Gone(obj("a", "9"))],
            obj("a", "6"),
            False,
        ),
        (
            "Nor what a later listing lacks.",
            [Changed(obj("a", "5")), Listed((obj("b", "4"),), "9")],
            obj("a", "6"),
            False,
        ),
        (
            "What a listing wrongly lacked is taken, however old it is.",
            [Listed((obj("b", "9"),), "10")],
            obj("a", "6"),
            True,
        ),
        (
            "What was made again after its deletion is taken.",
            [Changed(obj("a", "5")), Gone(obj("a", "9"))],
            obj("a", "10"),
            True,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_write_answered_is_taken_in_version_order(reason, events, answer, taken):
    store = Store()
    for event in events:
        store.apply(event, now=0)
    assert store.put(answer, now=1) is taken, reason


def test_an_event_older_than_our_own_write_changes_nothing():
    store = Store()
    store.apply(Changed(obj("a", "5")), now=0)
    store.put(obj("a", "7"), now=1)
    assert store.apply(Changed(obj("a", "6")), now=2) == frozenset()
    assert store.apply(Changed(obj("a", "7")), now=2) == frozenset()
    assert store.get(A) == obj("a", "7")


def test_a_deletion_older_than_our_own_write_removes_nothing():
    store = Store()
    store.apply(Changed(obj("a", "5")), now=0)
    store.put(obj("a", "8"), now=1)
    assert store.apply(Gone(obj("a", "7")), now=2) == frozenset()
    assert store.get(A) == obj("a", "8")


def test_deletions_are_kept_in_mind_only_for_a_while():
    store = Store()
    for number in range(REMEMBERED + 1):
        store.apply(Gone(obj(f"a{number}", "9")), now=0)
    assert store.put(obj("a0", "6"), now=1)
    assert not store.put(obj("a1", "6"), now=1)


def test_objects_are_found_by_their_index_as_it_is_now():
    store = Store(index=lambda each: each["team"])
    store.apply(Listed((obj("b"), obj("a"), obj("c", team="y"))), now=0)
    assert store.indexed("x") == [obj("a"), obj("b")]
    store.apply(Changed(obj("a", "2", team="y")), now=1)
    store.apply(Gone(obj("c", "3", team="y")), now=1)
    assert store.indexed("x") == [obj("b")]
    assert store.indexed("y") == [obj("a", "2", team="y")]
    assert store.indexed("z") == []
