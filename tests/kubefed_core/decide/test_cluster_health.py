from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefed_core.api.clusters import ClusterCondition, ClusterStatus
from kubefed_core.decide import health
from kubefed_core.decide.health import Location, Probe, Track

NOW = datetime(2030, 1, 1, tzinfo=UTC)
OK, UNWELL, UNREACHABLE = Probe.OK, Probe.UNWELL, Probe.UNREACHABLE
GA, BETA = "topology.kubernetes.io/", "failure-domain.beta.kubernetes.io/"


def after(**kwargs):
    return NOW + timedelta(**kwargs)


@pytest.mark.parametrize(
    ("reason", "status", "body", "want"),
    [
        ("The answer is ok.", 200, "ok", OK),
        ("Case does not matter, nor a newline.", 200, "OK\n", OK),
        ("Another body is a cluster that is not well.", 200, "etcd failed", UNWELL),
        ("A refusal is as no answer.", 500, "ok", UNREACHABLE),
        ("A redirection is no answer of the API server.", 302, "", UNREACHABLE),
        ("No answer.", None, "", UNREACHABLE),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_probe_of(reason, status, body, want):
    assert health.probe_of(status, body) == want, reason


@pytest.mark.parametrize(
    ("reason", "probes", "want"),
    [
        ("The first probe is believed.", [OK], Track(OK)),
        ("A bad first probe too.", [UNREACHABLE], Track(UNREACHABLE)),
        ("One failure is not enough.", [OK, UNREACHABLE], Track(OK, 1)),
        ("Two are not.", [OK, UNREACHABLE, UNWELL], Track(OK, 2)),
        ("Three in a row are.", [OK, UNREACHABLE, UNWELL, UNWELL], Track(UNWELL)),
        (
            "A long time of health is no reason to believe a single failure.",
            [OK] * 20 + [UNREACHABLE],
            Track(OK, 1),
        ),
        (
            "A success in between starts the count anew.",
            [OK, UNWELL, UNWELL, OK, UNWELL, UNWELL],
            Track(OK, 2),
        ),
        ("One success is enough to be back.", [UNREACHABLE, OK], Track(OK)),
        ("Another way of not being ready shows at once.", [UNREACHABLE, UNWELL], Track(UNWELL)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_follow_counts_contrary_answers_in_a_row(reason, probes, want):
    track = Track()
    for probe in probes:
        track = health.follow(track, probe, failures=3, successes=1)
    assert track == want, reason


@given(st.lists(st.sampled_from(Probe), min_size=1), st.integers(1, 4), st.integers(1, 4))
def test_readiness_turns_only_after_that_many_answers_in_a_row(probes, failures, successes):
    track = Track()
    for number, probe in enumerate(probes):
        before = track
        track = health.follow(track, probe, failures=failures, successes=successes)
        if before.state is not None and track.state.ready != before.state.ready:
            needed = successes if probe.ready else failures
            last = probes[max(0, number + 1 - needed) : number + 1]
            assert [each.ready for each in last] == [probe.ready] * needed


@pytest.mark.parametrize("probe", Probe)
def test_a_restart_resumes_the_state_that_is_written(probe):
    written = health.status(ClusterStatus(), probe, Location(), now=NOW)
    assert health.resume(written) == Track(probe)


def test_without_a_status_there_is_no_state_to_resume():
    assert health.resume(ClusterStatus()) == Track()


def test_a_ready_cluster_has_only_that_condition():
    time = "2030-01-01T00:00:00Z"
    assert health.status(ClusterStatus(), OK, Location("r", ("a",)), now=NOW) == ClusterStatus(
        (
            ClusterCondition(
                "Ready", "True", "ClusterReady", "/healthz responded with ok", time, time
            ),
        ),
        "r",
        ("a",),
    )


@pytest.mark.parametrize(
    ("probe", "want"),
    [
        (
            UNWELL,
            [
                ("Ready", "False", "ClusterNotReady", "/healthz responded without ok"),
                ("Offline", "False", "ClusterReachable", "cluster is reachable"),
            ],
        ),
        (UNREACHABLE, [("Offline", "True", "ClusterNotReachable", "cluster is not reachable")]),
    ],
)
def test_conditions_of_a_cluster_that_is_not_ready(probe, want):
    found = health.status(ClusterStatus(), probe, Location(), now=NOW)
    assert [(c.type, c.status, c.reason, c.message) for c in found.conditions] == want


def test_nothing_new_writes_nothing():
    written = health.status(ClusterStatus(), OK, Location("r"), now=NOW)
    assert health.status(written, OK, Location("r"), now=after(seconds=299)) is written


def test_the_time_of_the_probe_is_written_every_five_minutes():
    written = health.status(ClusterStatus(), OK, Location("r"), now=NOW)
    beat = health.status(written, OK, Location("r"), now=after(minutes=5))
    assert beat.conditions[0].last_probe == "2030-01-01T00:05:00Z"
    assert beat.conditions[0].last_transition == "2030-01-01T00:00:00Z"


def test_a_time_that_cannot_be_read_is_written_anew():
    (condition,) = health.status(ClusterStatus(), OK, Location(), now=NOW).conditions
    bad = ClusterStatus((replace(condition, last_probe="soon"),))
    assert health.status(bad, OK, Location(), now=NOW).conditions == (condition,)


def test_another_state_moves_the_time_of_the_transition():
    written = health.status(ClusterStatus(), OK, Location(), now=NOW)
    found = health.status(written, UNWELL, Location(), now=after(seconds=10))
    assert found.conditions[0].last_transition == "2030-01-01T00:00:10Z"


def test_another_zone_is_written_at_once():
    written = health.status(ClusterStatus(), OK, Location("r"), now=NOW)
    found = health.status(written, OK, Location("r", ("a",)), now=after(seconds=1))
    assert found.zones == ("a",)


def test_a_malformed_configuration_is_a_condition_with_its_reason():
    written = health.status(ClusterStatus(), OK, Location(), now=NOW)
    found = health.status(written, OK, Location(), now=NOW, malformed="there is no Secret")
    (condition,) = found.conditions
    assert (condition.type, condition.status) == ("Ready", "False")
    assert (condition.reason, condition.message) == ("ConfigMalformed", "there is no Secret")


def node(name="n", **labels):
    return {"metadata": {"name": name, "labels": labels}}


def labelled(prefix, region, zone):
    return {"metadata": {"labels": {f"{prefix}region": region, f"{prefix}zone": zone}}}


BEFORE = ClusterStatus((), "old", ("o",))


@pytest.mark.parametrize(
    ("reason", "said", "nodes", "want"),
    [
        ("The labels of the nodes.", Location(), [labelled(GA, "r", "a")], Location("r", ("a",))),
        ("The beta labels.", Location(), [labelled(BETA, "r", "a")], Location("r", ("a",))),
        (
            "Each node by what it has.",
            Location(),
            [labelled(GA, "r", "b"), labelled(BETA, "r", "a")],
            Location("r", ("a", "b")),
        ),
        (
            "The present labels before the beta ones.",
            Location(),
            [{"metadata": {"labels": {GA + "region": "r", BETA + "region": "x"}}}],
            Location("r", ("o",)),
        ),
        (
            "The region of most nodes.",
            Location(),
            [labelled(GA, "a", "1"), labelled(GA, "b", "2"), labelled(GA, "b", "3")],
            Location("b", ("1", "2", "3")),
        ),
        (
            "Of equals the first by name.",
            Location(),
            [labelled(GA, "b", "2"), labelled(GA, "a", "1")],
            Location("a", ("1", "2")),
        ),
        ("Nodes that say nothing leave the status.", Location(), [node()], Location("old", ("o",))),
        (
            "An empty label says nothing.",
            Location(),
            [labelled(GA, "", "")],
            Location("old", ("o",)),
        ),
        ("Nodes that cannot be listed too.", Location(), None, Location("old", ("o",))),
        (
            "What the user says wins.",
            Location("s", ("y", "x", "x")),
            [labelled(GA, "r", "a")],
            Location("s", ("x", "y")),
        ),
        ("Each for itself.", Location("s"), [labelled(GA, "r", "a")], Location("s", ("a",))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_locate(reason, said, nodes, want):
    assert health.locate(said, nodes, BEFORE) == want, reason


def at(*seconds):
    return [after(seconds=second) for second in seconds]


@pytest.mark.parametrize(
    ("reason", "live", "lost", "want"),
    [
        ("Nothing is lost.", 3, at(), False),
        ("One of one may be the cluster's fault.", 0, at(0), False),
        ("One of two is not two.", 1, at(0), False),
        ("Two of two.", 0, at(0, 30), True),
        ("Two of three.", 1, at(0, 30), True),
        ("Two of four are not more than half.", 2, at(0, 30), False),
        ("Two of three, but not at once.", 1, at(0, 61), False),
        ("Just within one delay.", 1, at(0, 60), True),
        ("One was lost long before and was not ready any more.", 1, at(0, 1000, 1010), True),
        ("One after the other is no burst.", 0, at(0, 100, 200, 300), False),
        ("The order does not matter.", 1, at(30, 0), True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_hub_is_cut_off_when_most_clusters_vanish_at_once(reason, live, lost, want):
    assert health.cut_off(live, lost, delay=60.0) is want, reason
