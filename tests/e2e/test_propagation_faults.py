"""Members that are lost and controllers that are killed, in each phase of propagation."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from hub import until
from job import several
from kinds import CONFIG_MAPS, DEPLOYMENTS, KINDS
from plane import MANAGED, NAMES, Plane, only

pytestmark = pytest.mark.timeout(180)
BLUE = {"data": {"color": "blue"}}
MANY = [f"c{number}" for number in range(40)]


def test_a_lost_member_holds_up_only_itself_and_is_served_when_it_is_back(fed: Plane) -> None:
    for name in ("changed", "placed", "deleted"):
        fed.federate(CONFIG_MAPS, name)
        fed.well(CONFIG_MAPS, *NAMES, name=name)
    us = fed.clusters.us
    us.lose()
    try:
        fed.federate(CONFIG_MAPS, "made")
        fed.federate(CONFIG_MAPS, "changed", template=BLUE)
        fed.federate(CONFIG_MAPS, "placed", placement=only("eu"))
        fed.delete(CONFIG_MAPS, "deleted")
        for name in ("made", "changed"):
            until(
                lambda name=name: fed.outcomes(CONFIG_MAPS, name),
                lambda seen: seen == {"eu": "", "host": "", "us": "ClusterNotReady"},
            )
        for name in ("eu", "host"):
            until(lambda name=name: fed.there(CONFIG_MAPS, name, "changed")["data"] == BLUE["data"])
            until(lambda name=name: fed.there(CONFIG_MAPS, name, "deleted") is None)
        assert fed.there(CONFIG_MAPS, "host", "placed") is None
        until(
            lambda: fed.outcomes(CONFIG_MAPS, "deleted"),
            lambda seen: seen == {"us": "ClusterNotReady"},
        )
        fed.hub.kill()
        fed.hub.start()
        time.sleep(2)  # nothing may be let go of only because the process is new
        assert fed.federated(CONFIG_MAPS, "deleted") is not None
    finally:
        us.regain()
    fed.gone(CONFIG_MAPS, "deleted")
    fed.well(CONFIG_MAPS, *NAMES, name="made")
    fed.well(CONFIG_MAPS, *NAMES, name="changed")
    until(lambda: fed.there(CONFIG_MAPS, "us", "changed")["data"] == BLUE["data"])
    until(lambda: fed.there(CONFIG_MAPS, "us", "placed") is None)
    fed.well(CONFIG_MAPS, "eu", name="placed")
    assert fed.there(CONFIG_MAPS, "us", "deleted") is None


def test_a_cluster_that_is_waived_holds_up_no_deletion(fed: Plane) -> None:
    fed.federate(CONFIG_MAPS)
    fed.well(CONFIG_MAPS, *NAMES)
    us = fed.clusters.us
    us.lose()
    try:
        until(lambda: fed.outcomes(CONFIG_MAPS)["us"], lambda said: said == "ClusterNotReady")
        fed.delete(CONFIG_MAPS)
        until(lambda: fed.outcomes(CONFIG_MAPS), lambda seen: seen == {"us": "ClusterNotReady"})
        fed.annotate(CONFIG_MAPS, "kubefed.io/waive-clusters=us")
        fed.gone(CONFIG_MAPS)
    finally:
        us.regain()
    until(lambda: fed.managed(CONFIG_MAPS, "us"), lambda found: found == "")


def test_a_restart_writes_nothing(fed: Plane) -> None:
    for kind in KINDS:
        fed.federate(kind)
        fed.well(kind, *NAMES)
    until(lambda: fed.condition(DEPLOYMENTS, "Ready"), lambda found: found == ("True", ""))

    def seen() -> dict[str, str]:
        return {
            f"{member.name} {each['kind']} {each['metadata']['name']}": each["metadata"][
                "resourceVersion"
            ]
            for member in fed.members.values()
            for each in member.kubectl.json(
                "-n", fed.namespace, "get", ",".join(kinds(member.name))
            )["items"]
        }

    def kinds(cluster: str) -> list[str]:
        ours = ["propagatedversions", "events", *(kind.federated for kind in KINDS)]
        return [kind.name for kind in KINDS] + (ours if cluster == "host" else [])

    before = seen()
    assert len(before) > 4 * len(KINDS)
    fed.hub.kill()
    fed.hub.start()
    time.sleep(10)  # nothing must happen, so nothing to await
    assert seen() == before


def write_all(fed: Plane, **spec: object) -> None:
    objects = [fed.written(CONFIG_MAPS, name, **spec) for name in MANY]
    fed.host.kubectl("apply", "-f", "-", stdin=several(objects))


def colors(fed: Plane, cluster: str) -> dict[str, str]:
    """Of what bears our label in a cluster."""
    where = ("-n", fed.namespace, "-l", f"{MANAGED}=true")
    listed = fed.members[cluster].kubectl.json("get", "configmaps", *where)
    return {each["metadata"]["name"]: each["data"]["color"] for each in listed["items"]}


def delete_all(fed: Plane) -> None:
    kind = CONFIG_MAPS.federated
    fed.host.kubectl("-n", fed.namespace, "delete", kind, "--all", "--wait=false")


def kill(fed: Plane, *, after: int, count: Callable[[], int]) -> None:
    """Kill the controller as soon as so many things have happened, and start it again."""
    until(count, lambda seen: seen >= after)
    fed.hub.kill()
    fed.hub.start()


@pytest.mark.parametrize("after", [1, 15])
def test_a_killed_controller_leaves_nothing_over_and_nothing_out(fed: Plane, after: int) -> None:
    def counted(color: str, clusters: Iterable[str]) -> int:
        return max(list(colors(fed, name).values()).count(color) for name in clusters)

    def gone() -> int:
        return len(MANY) - min(len(colors(fed, name)) for name in NAMES)

    def all_are(wanted: Mapping[str, Any]) -> None:
        until(lambda: {name: colors(fed, name) for name in NAMES}, lambda seen: seen == wanted)

    write_all(fed)
    kill(fed, after=after, count=lambda: counted("red", NAMES))
    all_are(dict.fromkeys(NAMES, dict.fromkeys(MANY, "red")))
    write_all(fed, template=BLUE)
    kill(fed, after=after, count=lambda: counted("blue", NAMES))
    all_are(dict.fromkeys(NAMES, dict.fromkeys(MANY, "blue")))
    write_all(fed, template=BLUE, placement=only("eu"))
    kill(fed, after=after, count=gone)
    all_are({"eu": dict.fromkeys(MANY, "blue"), "host": {}, "us": {}})
    for name in MANY:
        until(lambda name=name: fed.outcomes(CONFIG_MAPS, name), lambda seen: seen == {"eu": ""})
    delete_all(fed)
    kill(fed, after=after, count=lambda: len(MANY) - len(colors(fed, "eu")))
    all_are({"eu": {}, "host": {}, "us": {}})
    for name in MANY:
        fed.gone(CONFIG_MAPS, name)
