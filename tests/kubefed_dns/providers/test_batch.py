from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefed_dns.errors import ProviderError
from kubefed_dns.providers.batch import ALIKE, Refused, deliver


class Backend:
    """Takes a batch unless one of the bad items is in it."""

    def __init__(self, bad, *, whole=None):
        self.bad = set(bad)
        self.whole = whole
        self.taken = []
        self.calls = 0

    def send(self, batch):
        self.calls += 1
        if bad := self.bad.intersection(batch):
            raise Refused(f"one of {len(bad)}", whole=self.whole)
        self.taken += batch

    def deliver(self, count, *, carry=10_000):
        return [item for item, _ in deliver(range(count), send=self.send, fit=lambda _: carry)]


@pytest.mark.parametrize("carry", [1000, 200])
def test_one_bad_item_among_a_thousand_is_found_in_few_calls_wherever_it_is(carry):
    for bad in range(1000):
        backend = Backend([bad])
        assert backend.deliver(1000, carry=carry) == [bad]
        assert backend.taken == [item for item in range(1000) if item != bad]
        assert backend.calls - 1000 / carry <= 2 * log2(1000)


@pytest.mark.parametrize(
    ("reason", "bad", "most"),
    [
        ("Nothing is bad.", (), 1),
        ("Few are bad.", range(7, 1000, 250), 50),
        ("Every other is bad.", range(0, 1000, 2), 2000),
        ("All are bad.", range(1000), 1030),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_cost_stays_within_what_trying_each_twice_would_be(reason, bad, most):
    backend = Backend(bad)
    assert backend.deliver(1000) == list(bad), reason
    assert backend.calls <= most, reason


@given(st.sets(st.integers(0, 60)), st.integers(1, 61), st.integers(0, 20))
def test_all_but_the_bad_are_taken_once_and_in_order(bad, count, carry):
    backend = Backend(bad)
    assert backend.deliver(count, carry=carry) == sorted(item for item in bad if item < count)
    assert backend.taken == [item for item in range(count) if item not in bad]


def test_the_reason_is_that_of_the_item_sent_alone():
    def send(batch):
        if 3 in batch:
            raise Refused(f"refused with {len(batch)}", lost=True)

    ((item, error),) = deliver(range(8), send=send, fit=len)
    assert (item, error.reason, error.lost) == (3, "refused with 1", True)


def test_what_goes_through_later_is_not_refused():
    answers = iter([Refused("a moment"), None, None])

    def send(batch):
        if answer := next(answers, None):
            raise answer

    assert not deliver(range(8), send=send, fit=len)


@pytest.mark.parametrize(
    ("reason", "bad", "count", "most"),
    [
        ("A single one is all there is.", [0], 1, 1),
        ("After some alike the rest need not be tried.", range(1000), 1000, 20 + ALIKE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_nothing_gets_through_the_backend_is_at_fault(reason, bad, count, most):
    backend = Backend(bad, whole=ProviderError("disk full"))
    with pytest.raises(ProviderError, match="disk full"):
        backend.deliver(count)
    assert backend.calls <= most, reason


def test_where_anything_gets_through_each_answers_for_itself():
    backend = Backend(set(range(20)) - {0}, whole=ProviderError("disk full"))
    assert backend.deliver(20) == list(range(1, 20))


def test_another_error_ends_the_delivery():
    def send(batch):
        raise ProviderError("cut off")

    with pytest.raises(ProviderError, match="cut off"):
        deliver(range(8), send=send, fit=len)
