"""The KubeFedConfig in force: from a file, from the host, and as it changes."""

import asyncio

import pytest
from world import World

from kubefed_core import errors
from kubefed_core.api.config import Scope
from kubefed_core.errors import Terminal
from kubefed_core.objects import Key
from kubefed_core.resources import CONFIGS
from kubefed_core.runtime.credentials import Access
from kubefed_dns import settings

NS = "kube-federation-system"


def config(number=1, **spec):
    meta = {"namespace": NS, "name": "kubefed", "resourceVersion": str(number)}
    return {"kind": "KubeFedConfig", "metadata": meta, "spec": {"scope": "Cluster", **spec}}


def delay(text):
    return {"controllerDuration": {"unavailableDelay": text}}


@pytest.mark.parametrize(
    ("reason", "text", "said"),
    [
        ("Not YAML.", "a: [", "kubefed.yaml"),
        ("Not an object.", "- a", "holds no KubeFedConfig"),
        ("Another kind.", "kind: Pod", "holds no KubeFedConfig"),
        ("A wrong field.", "kind: KubeFedConfig\nspec: {scope: Moon}", "spec.scope"),
        ("Not text.", b"\xff\xfe\x00", "kubefed.yaml"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, reason, text, said):
    path = tmp_path / "kubefed.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Terminal, match=said):
        settings.from_file(str(path))


def test_a_file_is_read(tmp_path):
    path = tmp_path / "kubefed.yaml"
    path.write_text("kind: KubeFedConfig\nspec: {scope: Namespaced}")
    assert settings.from_file(str(path)).scope == Scope.NAMESPACED


@pytest.fixture
def world():
    return World("host")


def read(world, scope=""):
    client = world.connect(Access("https://host"))
    return settings.from_host(client, NS, scope=scope, retry=lambda _: 1.0)


@pytest.mark.looptime
@pytest.mark.parametrize(("scope", "want"), [("", Scope.CLUSTER), ("Namespaced", Scope.NAMESPACED)])
async def test_without_an_object_there_are_defaults(world, scope, want):
    assert (await read(world, scope)).scope == want


@pytest.mark.looptime
async def test_the_host_is_waited_for(world):
    world["host"].put(CONFIGS, config(**delay("5m")))
    world["host"].down()
    asyncio.get_running_loop().call_later(100, world["host"].up)
    assert (await read(world)).unavailable_delay == 300
    assert asyncio.get_running_loop().time() >= 100


@pytest.mark.looptime
async def test_a_missing_right_is_not_waited_for(world):
    world["host"].faults[CONFIGS] = errors.Forbidden("no right", status=403)
    with pytest.raises(Terminal, match="rights"):
        await read(world)


def test_settings_follow_the_object_and_survive_what_cannot_be_used(caplog):
    there = [None]
    current = settings.Settings(
        settings.config_api.parse(config(**delay("1m"))), read=lambda: there[0]
    )
    assert current().unavailable_delay == 60
    there[0] = config(2, **delay("2m"))
    assert current().unavailable_delay == 120
    there[0] = config(3, **delay("soon"))
    assert [current().unavailable_delay for _ in range(3)] == [120] * 3
    assert caplog.text.count("last good settings") == 1
    there[0] = None
    assert current().unavailable_delay == 120
    there[0] = config(4, **delay("3m"))
    assert current().unavailable_delay == 180


@pytest.mark.parametrize(
    ("reason", "spec", "said"),
    [
        ("What is followed would change.", {"scope": "Namespaced"}, "spec.scope"),
        (
            "What runs would change.",
            {"featureGates": [{"name": "PushReconciler", "configuration": "Disabled"}]},
            "PushReconciler",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_what_counts_from_the_start_asks_for_a_restart(reason, spec, said, caplog):
    there = [config(2, **spec)]
    current = settings.Settings(settings.config_api.parse(config()), read=lambda: there[0])
    assert current().scope == Scope.CLUSTER, reason
    assert f"{said} has changed; restart" in caplog.text, reason


@pytest.mark.looptime
async def test_the_object_of_the_name_is_read(world):
    asked = []

    class Host:
        namespace = NS

        def get(self, resource, key):
            asked.append((resource, key))

    assert settings.reader(Host())() is None
    assert asked == [(CONFIGS, Key(NS, "kubefed"))]
