"""The cloud of a local cluster: nodes, pods that run, and addresses, each at once."""

import ipaddress

import pytest
from ground import Clusters, Member
from space import PATIENCE, Space, deployment, ingress, pod, service, until

from kubefed_core.local.cloud import ADDRESS, READY


@pytest.fixture
def eu(clusters: Clusters, namespace: str) -> Space:
    return Space(clusters.eu.kubectl, namespace)


def test_nodes_say_their_region_and_zone(clusters: Clusters) -> None:
    def places(member: Member) -> dict[str, tuple[str | None, str | None]]:
        return {
            node["metadata"]["name"]: (
                node["metadata"]["labels"].get("topology.kubernetes.io/region"),
                node["metadata"]["labels"].get("topology.kubernetes.io/zone"),
            )
            for node in member.kubectl.json("get", "nodes")["items"]
        }

    assert places(clusters.host) == {"host-1": (None, None)}
    assert places(clusters.us) == {
        "us-east-1a-1": ("us-east", "us-east-1a"),
        "us-east-1b-1": ("us-east", "us-east-1b"),
    }
    assert "Ready" in clusters.us.kubectl("get", "nodes")


def test_pods_of_a_deployment_are_endpoints_of_its_service(eu: Space) -> None:
    eu.create(deployment(replicas=2))
    eu.create(service("IPv4", "IPv6"))
    eu("rollout", "status", "deployment/web", f"--timeout={PATIENCE:g}s")
    pods = eu.pods()
    addresses = {entry["ip"] for pod in pods for entry in pod["status"]["podIPs"]}
    assert len(addresses) == 4
    until(lambda: eu.ready_addresses() == addresses, "all addresses are ready endpoints")
    one = pods[0]["metadata"]["name"]
    eu("annotate", "pod", one, f"{READY}=false")
    rest = {entry["ip"] for entry in pods[1]["status"]["podIPs"]}
    until(lambda: eu.ready_addresses() == rest, "a pod that is not ready is no endpoint")
    eu("scale", "deployment/web", "--replicas=0")
    until(lambda: not eu.pods(), "the pods are gone")
    until(lambda: not eu.ready_addresses(), "and so are the endpoints")


def test_a_pod_that_does_not_fit_waits_for_room(eu: Space) -> None:
    eu.create(pod("first", cpu="5"))
    until(lambda: eu.phase("first") == "Running", "the first one runs")
    eu.create(pod("second", cpu="5"))

    def scheduled() -> tuple[str, str, str] | None:
        conditions = eu.json("get", "pod", "second")["status"].get("conditions", ())
        found = [c for c in conditions if c["type"] == "PodScheduled"]
        return (found[0]["status"], found[0]["reason"], found[0]["message"]) if found else None

    want = ("False", "Unschedulable", "0/1 nodes are available: 1 Insufficient cpu.")
    assert until(scheduled, "the condition is there") == want
    assert eu.phase("second") == "Pending"
    eu("delete", "pod", "first")
    until(lambda: eu.phase("second") == "Running", "the waiting pod takes the room")


@pytest.mark.parametrize(
    ("reason", "families", "address", "want"),
    [
        ("IPv4 is the default.", (), None, ["198.51.100.0/26"]),
        ("The Service's families count.", ("IPv6",), None, ["2001:db8:1::/48"]),
        (
            "Two families are two addresses.",
            ("IPv4", "IPv6"),
            None,
            ["198.51.100.0/26", "2001:db8:1::/48"],
        ),
        ("The annotation outdoes the families.", (), "ipv6", ["2001:db8:1::/48"]),
        ("A literal is taken as it is.", (), "192.0.2.77", ["192.0.2.77/32"]),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_a_service_gets_addresses_of_its_cluster(
    eu: Space, reason: str, families: tuple[str, ...], address: str | None, want: list[str]
) -> None:
    eu.create(service(*families, **({} if address is None else {ADDRESS: address})))
    points = eu.points("service")
    assert len(points) == len(want), reason
    for point, network in zip(points, want, strict=True):
        assert ipaddress.ip_address(point) in ipaddress.ip_network(network), reason


def test_the_annotation_changes_the_address_and_back(eu: Space) -> None:
    for kind, obj in (("service", service()), ("ingress", ingress())):
        eu.create(obj)
        first = eu.points(kind)

        def annotate(value: str, want: list[str], kind: str = kind) -> None:
            change = f"{ADDRESS}-" if not value else f"{ADDRESS}={value}"
            eu("annotate", "--overwrite", kind, "web", change)
            until(lambda: eu.points(kind) == want, f"{kind} {value}")

        annotate("203.0.113.99", ["203.0.113.99"])
        annotate("hostname", [f"web.{eu.namespace}.{kind}.eu.cloud.test"])
        annotate("lb.example.org,2001:db8::7", ["lb.example.org", "2001:db8::7"])
        annotate("", first)


def test_addresses_differ_between_objects_and_clusters(clusters: Clusters, namespace: str) -> None:
    seen = []
    for member in clusters:
        space = Space(member.kubectl, namespace)
        for name in ("a", "b"):
            space.create(service(name=name))
            space.create(ingress(name=name))
            seen += space.points("service", name) + space.points("ingress", name)
    assert len(set(seen)) == len(seen) == 12


def test_a_service_of_another_type_gets_none(eu: Space) -> None:
    eu.create(service())
    assert eu.points("service")
    eu("patch", "service", "web", "-p", '{"spec":{"type":"ClusterIP"}}')
    until(
        lambda: not eu.json("get", "service", "web")["status"]["loadBalancer"],
        "the address is gone",
    )
