"""Members are probed and their health is written, in virtual time."""

import asyncio

import pytest
from probed import HANGS, OK, REFUSED, at

pytestmark = pytest.mark.looptime

PROBES = [
    ("Well.", OK, {"Ready": ("True", "ClusterReady")}, "ready"),
    ("Well, in capitals.", (200, "OK"), {"Ready": ("True", "ClusterReady")}, "ready"),
    ("There, but not well.", (200, "etcd failed"),
     {"Ready": ("False", "ClusterNotReady"), "Offline": ("False", "ClusterReachable")}, "notready"),
    ("An error is no answer.", (500, "etcd failed"),
     {"Offline": ("True", "ClusterNotReachable")}, "offline"),
    ("No connection.", REFUSED, {"Offline": ("True", "ClusterNotReachable")}, "offline"),
    ("No answer in time.", HANGS, {"Offline": ("True", "ClusterNotReachable")}, "offline"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "health", "want", "state"), PROBES, ids=[row[0] for row in PROBES]
)
async def test_the_first_probe_is_written_as_it_is(hub, controllers, reason, health, want, state):
    hub.join("eu").health = health
    await controllers.start()
    await asyncio.sleep(5)
    assert hub.conditions() == want, reason
    states = {each: hub.metric(each) for each in ("ready", "notready", "offline")}
    assert states == {"ready": 0, "notready": 0, "offline": 0} | {state: 1}


async def test_a_cluster_is_probed_every_period_and_an_idle_one_written_every_five_minutes(
    hub, controllers
):
    eu = hub.join("eu")
    await controllers.start()
    await asyncio.sleep(601)
    gaps = {round(b - a, 1) for a, b in zip(eu.probes, eu.probes[1:], strict=False)}
    assert gaps == {10.0}
    assert len(hub.api.writes) == 3
    (ready,) = hub.status()["conditions"]
    assert ready["lastTransitionTime"] < at(1)
    assert at(590) < ready["lastProbeTime"] <= at(601)


async def test_failures_in_a_row_make_a_cluster_offline_and_one_success_brings_it_back(
    hub, controllers
):
    eu = hub.join("eu")
    await controllers.start()
    await asyncio.sleep(5)
    eu.health = REFUSED
    await asyncio.sleep(20)
    assert hub.conditions()["Ready"] == ("True", "ClusterReady")
    assert hub.metric("offline") == 1
    eu.health = OK
    await asyncio.sleep(10)
    eu.health = REFUSED
    await asyncio.sleep(20)
    assert hub.conditions()["Ready"] == ("True", "ClusterReady")
    await asyncio.sleep(10)
    assert hub.conditions() == {"Offline": ("True", "ClusterNotReachable")}
    eu.health = OK
    await asyncio.sleep(10)
    assert hub.conditions() == {"Ready": ("True", "ClusterReady")}


async def test_a_failure_is_told_once_with_its_cause(hub, controllers):
    eu = hub.join("eu")
    eu.health = REFUSED
    await controllers.start()
    await asyncio.sleep(300)
    failed = ("eu", "RetrievingClusterHealthFailed", "refused")
    assert hub.events.said == [failed]
    eu.health = OK
    await asyncio.sleep(10)
    eu.health = REFUSED
    await asyncio.sleep(10)
    assert hub.events.said == [failed, failed]


@pytest.mark.parametrize(("answer", "word"), [
    ((401, "no"), "401 no; its token is not valid (any more): join the cluster again"),
    ((403, "no"), "403 no; its service account may not get /healthz"),
    ((503, "no"), "/healthz answered 503 no"),
    ((500, "[+]ping ok\n[-]etcd failed: reason withheld\nhealthz check failed"),
     "/healthz answered 500 [-]etcd failed: reason withheld"),
])  # fmt: skip
async def test_a_refusal_is_told_with_its_remedy(hub, controllers, answer, word):
    hub.join("eu").health = answer
    await controllers.start()
    await asyncio.sleep(5)
    ((_, _, message),) = hub.events.said
    assert message.startswith("/healthz answered ")
    assert word in message


async def test_many_that_hang_delay_no_other(hub, controllers):
    for number in range(50):
        hub.join(f"stuck-{number}").health = HANGS
    hub.join("eu")
    await controllers.start()
    await asyncio.sleep(1)
    assert hub.conditions() == {"Ready": ("True", "ClusterReady")}
    await asyncio.sleep(60)
    assert len(hub.members["eu"].probes) == 7
    assert {len(hub.members[f"stuck-{n}"].probes) for n in range(50)} == {7}


async def test_settings_are_kept_to(hub, controllers):
    eu = hub.join("eu")
    await controllers.start(period=2.0, failures=1, successes=2)
    await asyncio.sleep(1)
    eu.health = REFUSED
    await asyncio.sleep(2)
    assert hub.conditions() == {"Offline": ("True", "ClusterNotReachable")}
    eu.health = OK
    await asyncio.sleep(2)
    assert hub.conditions() == {"Offline": ("True", "ClusterNotReachable")}
    await asyncio.sleep(2)
    assert hub.conditions() == {"Ready": ("True", "ClusterReady")}


async def test_a_restart_goes_on_from_what_is_written(hub, controllers):
    eu = hub.join("eu")
    await controllers.start()
    await asyncio.sleep(15)
    before = hub.status()
    await controllers.stop()
    eu.health = REFUSED
    await controllers.start()
    await asyncio.sleep(15)
    assert hub.status() == before
    await asyncio.sleep(10)
    assert hub.conditions() == {"Offline": ("True", "ClusterNotReachable")}
