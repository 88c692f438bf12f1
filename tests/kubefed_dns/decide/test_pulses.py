import pytest

from kubefed_dns.api.status import Address, Entry, Reason
from kubefed_dns.decide import pulses
from kubefed_dns.decide.pulses import Gate
from kubefed_dns.decide.sights import Place, Probe, Pulse, Sight, State

A, B = "192.0.2.1", "lb.test"
BOTH = (Address("", B), Address(A))
SHOWN = Entry("eu", ingress=BOTH, reason=Reason.PUBLISHED)
OUT = Entry("eu", reason=Reason.UNHEALTHY, unhealthy=(A, B))
ALWAYS = ((-1.0, 99.0),)


def sight(a=Probe.NONE, b=Probe.NONE, *, run=(0.0, 10.0)):
    return Sight(
        Place("eu"),
        present=True,
        addresses=BOTH,
        probes={A: Pulse(a, "why", *run), B: Pulse(b, "why", *run)},
    )


def texts(ingress):
    return {each.ip or each.hostname for each in ingress}


@pytest.mark.parametrize(
    ("reason", "state", "before", "want"),
    [
        ("Passing.", Probe.PASSING, None, True),
        ("Not probed.", Probe.NONE, None, True),
        ("Not to be probed.", Probe.REFUSED, None, True),
        ("Not decided yet.", Probe.PENDING, None, True),
        ("Failing.", Probe.FAILING, SHOWN, False),
        ("Failing, and never in.", Probe.FAILING, None, False),
        ("Recovering stays in.", Probe.RECOVERING, SHOWN, True),
        ("Recovering stays out.", Probe.RECOVERING, OUT, False),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_what_is_let_in(reason, state, before, want):
    gate = Gate(sight(state, Probe.PASSING), before, runs=ALWAYS)
    assert texts(gate.let_in(BOTH)) == ({A, B} if want else {B}), reason
    assert (A in gate.out()) == (state in (Probe.FAILING, Probe.RECOVERING))


def test_recovering_is_let_in_where_that_is_wanted():
    gate = Gate(sight(Probe.RECOVERING, Probe.FAILING), OUT, runs=ALWAYS)
    assert texts(gate.let_in(BOTH, recovering=True)) == {A}


def test_an_item_with_both_loses_only_what_fails():
    both = (Address(A, B),)
    gate = Gate(sight(Probe.FAILING, Probe.PASSING), SHOWN, runs=ALWAYS)
    assert gate.let_in(both) == (Address("", B),)


@pytest.mark.parametrize(
    ("reason", "runs", "failed", "want"),
    [
        ("Nothing passes.", (), (20, 40), True),
        ("Something passed before it failed, and not since.", ((0, 19),), (20, 40), True),
        ("Something passed while it failed.", ((0, 25),), (20, 40), False),
        ("Something passes only since it was asked last.", ((45, 50),), (20, 40), True),
        ("It has failed since something passes again.", ((45, 60),), (20, 50), False),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_a_failure_is_doubted_until_something_passes_at_that_time(reason, runs, failed, want):
    seen = sight(Probe.FAILING, Probe.PENDING, run=failed)
    assert Gate(seen, SHOWN, runs=runs).doubts(A) is want, reason
    assert Gate(seen, OUT, runs=runs).doubts(A) is False, "what is out stays out"
    assert (A in texts(Gate(seen, SHOWN, runs=runs).let_in(BOTH))) is want, reason


def test_runs_are_those_of_what_passes_and_touching_ones_are_one():
    def one(cluster, text, state, *run):
        probes = {text: Pulse(state, "", *run)}
        return Sight(Place(cluster), present=True, addresses=(Address(text),), probes=probes)

    seen = [
        one("a", "192.0.2.1", Probe.PASSING, 40.0, 50.0),
        one("b", "192.0.2.2", Probe.RECOVERING, 0.0, 10.0),
        one("c", "192.0.2.3", Probe.PASSING, 5.0, 20.0),
        one("d", "192.0.2.4", Probe.FAILING, 20.0, 40.0),
        one("e", "192.0.2.5", Probe.PENDING),
    ]
    assert pulses.good_runs(seen, {}) == ((0.0, 20.0), (40.0, 50.0))


def test_where_all_fail_the_best_is_what_is_in():
    shown = Entry("eu", ingress=(Address(A),), reason=Reason.PUBLISHED)
    failing = sight(Probe.FAILING, Probe.FAILING)
    assert texts(Gate(failing, shown).spare(BOTH)) == {A}
    assert texts(Gate(failing, OUT).spare(BOTH)) == {A, B}
    assert texts(Gate(sight(Probe.FAILING, Probe.RECOVERING), shown, runs=ALWAYS).spare(BOTH)) == {
        B
    }


def test_a_hub_that_is_cut_off_believes_only_what_is_known():
    failing = sight(Probe.FAILING, Probe.FAILING)
    assert Gate(failing, SHOWN, cut_off=True, runs=ALWAYS).out() == {}
    assert set(Gate(failing, OUT, cut_off=True, runs=ALWAYS).out()) == {A, B}


def test_of_a_cluster_never_seen_the_status_tells_what_to_probe():
    unseen = Sight(Place("eu"), State.LOST)
    before = Entry("eu", ingress=(Address(A),), unhealthy=(A, B), reason=Reason.PUBLISHED)
    assert texts(pulses.known(unseen, before)) == {A, B}
    assert pulses.known(unseen, None) == ()
    assert pulses.known(sight(), before) == BOTH
