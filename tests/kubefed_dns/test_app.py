"""How the process is put together, as far as that can be seen without one."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry
from world import World

from kubefed_core import errors
from kubefed_core.api.config import GATES, Config, Dns
from kubefed_core.api.federated import SELECTOR
from kubefed_core.controllers.sync import at_once
from kubefed_core.errors import Terminal
from kubefed_core.resources import CLUSTERS, EVENTS, SERVICES, TYPE_CONFIGS
from kubefed_core.runtime.credentials import Access
from kubefed_core.runtime.fleet import HOST, Fleet, Interest
from kubefed_core.runtime.host import Host
from kubefed_core.runtime.interests import Interests
from kubefed_core.runtime.metrics import Metrics
from kubefed_core.runtime.recorder import Recorder
from kubefed_dns import app, interests, settings
from kubefed_dns.flags import Options

NS = "kube-federation-system"
OPTIONS = Options(namespace=NS, healthz_addr="", metrics_addr="", dns_address="")


@pytest.mark.parametrize(
    ("reason", "off", "want"),
    [
        ("All that is on by default.", (), {"sync", "types", "statuses", "scheduling"}),
        ("Replicas are left alone.", ("SchedulerPreferences",), {"sync", "types", "statuses"}),
        ("Without propagation there is nothing to share out.", ("PushReconciler",), set()),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
async def test_the_feature_gates_say_what_runs(reason, off, want):
    gates = {**GATES, **dict.fromkeys(off, False)}
    wanted = interests.on_host(Config(gates=gates), NS)
    assert (TYPE_CONFIGS in {each.resource for each in wanted.all()}) == bool(want), reason
    manager = app.Manager(OPTIONS, Access("http://127.0.0.1:1"))
    host = Host(fleet=manager._fleet, recorder=None, namespace=NS, now=app.now)
    config = settings.Settings(Config(gates=gates), read=lambda: None)
    works = manager._propagation(host, config, wanted, Interests(), before=at_once)
    assert set(works) == want, reason


@pytest.mark.parametrize(
    ("reason", "only_managed", "labels"),
    [
        ("DNS sees what nobody propagates.", False, ""),
        ("Both want no more than what is propagated.", True, SELECTOR),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_what_dns_and_propagation_both_want_is_followed_once(reason, only_managed, labels):
    config = Config(dns=Dns(only_managed=only_managed))
    wanted = interests.in_members(config, NS)
    before = wanted.all()
    assert not wanted.want("services", [Interest(SERVICES, labels=SELECTOR)]), reason
    assert wanted.all() == before
    assert [each.labels for each in before if each.resource == SERVICES] == [labels], reason


async def test_a_stop_while_the_host_does_not_answer_is_a_stop():
    stop = asyncio.Event()
    manager = app.Manager(OPTIONS, Access("http://127.0.0.1:1"))
    asyncio.get_running_loop().call_later(0.05, stop.set)
    with pytest.raises(Terminal, match="stopped"):
        await manager._first(stop)


@pytest.mark.looptime
async def test_it_is_ready_when_all_of_the_host_is_followed():
    world, metrics = World("host"), Metrics(CollectorRegistry())
    fleet, wanted = Fleet(connect=world.connect), interests.of_host(Config(), NS)
    live = []

    def sighted(cluster, resource):
        app._meter_feed(fleet, metrics, cluster, resource)
        labels = {"cluster": "host", "resource": str(resource)}
        if resource == CLUSTERS:
            live.append(metrics.registry.get_sample_value("kubefed_feed_live", labels))

    fleet.watch_sight(sighted)
    assert "not followed" in app._unfollowed(fleet, Config(), NS)
    world["host"].faults[CLUSTERS] = errors.Forbidden("no right", status=403)
    await fleet.engage(HOST, Access("https://host"), wanted)
    await asyncio.sleep(2)
    assert app._unfollowed(fleet, Config(), NS) == f"{CLUSTERS}: no right"
    world["host"].faults.clear()
    await asyncio.sleep(10)
    assert app._unfollowed(fleet, Config(), NS) is None
    await fleet.disengage(HOST)
    assert live == [0, 1, None]
    await fleet.close()


@pytest.mark.parametrize(
    ("reason", "file", "want"),
    [("The object counts.", "", 120), ("A file stands in its place.", "kubefed.yaml", 60)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_settings_of_a_file_are_not_mixed_with_the_object(reason, file, want):
    class Host:
        namespace = NS

        def get(self, resource, key):
            spec = {"scope": "Cluster", "controllerDuration": {"unavailableDelay": "2m"}}
            return {"metadata": {"name": "kubefed", "resourceVersion": "1"}, "spec": spec}

    options = Options(namespace=NS, config_file=file)
    assert app._settings(options, Config(), Host())().unavailable_delay == want, reason


@pytest.mark.looptime
@pytest.mark.parametrize("state", ["well", "down", "hanging"])
async def test_a_stop_writes_the_last_events_if_that_can_be(state):
    world = World("host")
    recorder = Recorder(
        world.connect(Access("https://host")), component="t", namespace=NS, now=app.now
    )
    obj = {"metadata": {"namespace": "shop", "name": "web"}}
    recorder.event(obj, resource=SERVICES, reason="Said", message="last")
    if state == "down":
        world["host"].down()
    world["host"].hanging = state == "hanging"
    await app._last_words(recorder)
    assert len(world["host"].objects[EVENTS]) == (state == "well")
    assert asyncio.get_running_loop().time() < 5
