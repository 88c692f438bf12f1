from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefed_dns.api.health import Health, Protocol
from kubefed_dns.decide import probing
from kubefed_dns.decide.probing import BAD, FRESH, Failed, Passed, Track, Unasked
from kubefed_dns.decide.sights import Probe, Pulse

HEALTH = Health(Protocol.TCP, 80, interval=10.0, rise=2, fall=3, fail_back_delay=60.0)
GOOD, NO = Passed(), Failed("refused")
P, R, F, U, N = Probe.PASSING, Probe.RECOVERING, Probe.FAILING, Probe.PENDING, Probe.NONE
EACH = 10.0


def follow(answers, track=FRESH, health=HEALTH):
    """The states after each of some answers, one every ten seconds from 0."""
    for number, answer in enumerate(answers):
        track = probing.follow(track, answer, health, now=number * EACH)
        yield track


def states(*args, **options):
    return [track.pulse.state for track in follow(*args, **options)]


@pytest.mark.parametrize(
    ("reason", "track", "answers", "want"),
    [
        ("The first good answer is believed.", FRESH, [GOOD, GOOD], [P, P]),
        ("The first bad ones are not.", FRESH, [NO, NO, NO], [U, U, F]),
        ("What passes fails after so many in a row.", FRESH, [GOOD, NO, NO, NO], [P, P, P, F]),
        (
            "A good answer between begins the row anew.",
            FRESH,
            [GOOD, NO, NO, GOOD, NO, NO],
            [P] * 6,
        ),
        (
            "What was bad must rise, and then be good for the delay.",
            BAD,
            [GOOD] * 8,
            [F, R, R, R, R, R, R, P],
        ),
        (
            "A bad answer begins the rise anew.",
            BAD,
            [GOOD, NO, GOOD, NO, GOOD, GOOD],
            [F, F, F, F, F, R],
        ),
        (
            "And the delay.",
            BAD,
            [GOOD, GOOD, GOOD, NO, *[GOOD] * 7],
            [F, R, R, R, R, R, R, R, R, R, P],
        ),
        (
            "But only so many bad ones in a row make it bad.",
            BAD,
            [GOOD, GOOD, NO, NO, NO],
            [F, R, R, R, F],
        ),
        ("What cannot be asked says nothing.", FRESH, [Unasked("no name"), GOOD], [N, P]),
        ("And makes nothing good.", BAD, [Unasked("no name"), GOOD], [F, F]),
        ("Nor what recovers.", BAD, [GOOD, GOOD, Unasked("no name")], [F, R, F]),
        (
            "What must not be asked any more is not known any more.",
            FRESH,
            [GOOD, Unasked("local", refused=True), NO],
            [P, Probe.REFUSED, U],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_follow(reason, track, answers, want):
    assert states(answers, track) == want, reason


def test_without_a_delay_what_has_risen_is_good():
    health = replace(HEALTH, fail_back_delay=0.0)
    assert states([GOOD, GOOD], BAD, health) == [F, P]


def test_the_cause_is_that_of_the_moment_at_which_it_was_believed():
    answers = [GOOD, Failed("a"), Failed("b"), Failed("c"), Failed("d"), GOOD]
    whys = [track.pulse.why for track in follow(answers)]
    assert whys == ["", "", "", "c", "c", "c"]
    assert [track.pulse.why for track in follow([Failed("a"), Failed("b")], BAD)] == ["a", "a"]
    found = [track.pulse.why for track in follow([Unasked("x"), Unasked("y"), GOOD])]
    assert found == ["x", "x", ""]


def test_when_it_was_seen_to_pass_or_to_fail():
    answers = [GOOD, GOOD, NO, NO, NO, NO, GOOD, GOOD, GOOD]
    runs = [(track.pulse.begun, track.pulse.last) for track in follow(answers)]
    assert runs == [
        *[(0, 0), (0, 10), (0, 10), (0, 10)],
        *[(20, 40), (20, 50), (20, 50)],
        *[(60, 70), (60, 80)],
    ]


def test_pulses_that_differ_by_their_times_are_equal():
    assert Pulse(P, "", 1.0, 2.0) == Pulse(P, "", 3.0, 4.0)


@given(
    st.lists(st.sampled_from([GOOD, NO, Unasked("x")]), min_size=1, max_size=40),
    st.sampled_from([FRESH, BAD]),
    st.builds(
        Health,
        st.just(Protocol.TCP),
        st.just(80),
        rise=st.integers(1, 4),
        fall=st.integers(1, 4),
        fail_back_delay=st.sampled_from([0.0, 10.0, 35.0]),
    ),
)
def test_what_changes_has_its_reason(answers, track, health):
    before = track.pulse.state
    for number, found in enumerate(follow(answers, track, health)):
        now, said = found.pulse.state, answers[: number + 1]
        if now is F and before is P:
            assert said[-health.fall :] == [NO] * health.fall
        if now is P and before in (F, R):
            needed = int(health.fail_back_delay // EACH)
            assert said[-max(1, needed) :] == [GOOD] * max(1, needed)
        if before is F and now in (P, R):
            assert said[-health.rise :] == [GOOD] * health.rise
        assert found.contrary < max(health.fall, health.rise)
        before = now


# When it is asked again.


@given(
    st.floats(0, 1e6),
    st.sampled_from([0.1, 2.0, 10.0, 600.0]),
    st.floats(0, 1, exclude_max=True),
)
def test_every_target_has_moments_of_its_own(last, interval, share):
    health = replace(HEALTH, interval=interval)
    first = probing.due(FRESH, health, last=last, share=share)
    assert 0.04 * interval <= first - last <= 1.06 * interval
    second = probing.due(FRESH, health, last=first, share=share)
    assert second - first == pytest.approx(interval, abs=1e-6)


def test_it_is_asked_when_it_has_been_good_for_long_enough():
    track = Track(Pulse(R), good_at=63.0)
    assert probing.due(track, HEALTH, last=60.0, share=0.0) == 63.0
    assert probing.due(track, HEALTH, last=50.0, share=0.0) == 60.0
    assert probing.due(track, HEALTH, last=63.0, share=0.0) == 70.0


def test_shares_are_spread_and_always_the_same():
    found = [probing.share(f"192.0.2.{number} TCP 80") for number in range(200)]
    assert found == [probing.share(f"192.0.2.{number} TCP 80") for number in range(200)]
    assert all(0 <= each < 1 for each in found)
    for tenth in range(10):
        assert 5 < sum(tenth <= each * 10 < tenth + 1 for each in found) < 40
