"""The embedded server in the controller's own process, from DNSEndpoints to secondaries."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import atlas
import dns.edns
import dns.message
import dns.query
import pytest
from apiserver import Kubectl
from hub import SYSTEM, Hub, Resolver, until
from job import GROUP, SETTINGS, several
from nameserver import Key, Zone, free_port
from secondaries import BindSecondary

from kubefed_dns.demo.stage import as_holder

pytestmark = pytest.mark.timeout(180)

LOCAL = "127.0.0.1"
ZONE = "example.net"
KEY = Key()


class Stage:
    """A host without members, and one hub that has only its embedded server."""

    def __init__(self, kubectl: Kubectl, hub: Hub) -> None:
        self.kubectl = kubectl
        self.hub = hub
        self.dns = Resolver(hub.dns_port)

    def apply(self, *objects: dict[str, Any]) -> None:
        self.kubectl("apply", "-f", "-", stdin=several(list(objects)))

    def want(self, name: str, *endpoints: dict[str, Any]) -> None:
        meta = {"name": name, "namespace": "shop"}
        spec = {"endpoints": list(endpoints)}
        self.apply({"apiVersion": GROUP, "kind": "DNSEndpoint", "metadata": meta, "spec": spec})

    def configure(self, **embedded: Any) -> None:
        """A DNSProvider for the embedded server, with the key."""
        meta = {"name": "own", "namespace": SYSTEM}
        spec = {"type": "embedded", "credentialsRef": {"name": "own"}, "embedded": embedded}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": meta}
        self.apply(
            secret | {"stringData": {"tsigSecret": KEY.secret}},
            {"apiVersion": GROUP, "kind": "DNSProvider", "metadata": meta, "spec": spec},
        )

    def condition(self, kind: str) -> tuple[str, str]:
        """Of the DNSProvider: status and message; empty where there is none."""
        found = self.kubectl.json("-n", SYSTEM, "get", "dnsprovider", "own")
        for each in (found.get("status") or {}).get("conditions", []):
            if each["type"] == kind:
                return each["status"], each["message"]
        return "", ""

    def serial(self) -> int:
        (text,) = self.dns.values(ZONE, "SOA")
        return int(text.split()[2])

    def near(self, address: str) -> list[str]:
        """What somebody with an address gets for the name that goes by place."""
        option = dns.edns.ECSOption(address, 24)
        query = dns.message.make_query(f"geo.{ZONE}", "A", options=[option])
        answer = dns.query.udp(query, LOCAL, port=self.hub.dns_port, timeout=5)
        return [rdata.to_text() for each in answer.answer for rdata in each]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("places") / "places.mmdb"
    atlas.write(path)
    return path


@pytest.fixture(scope="module")
def stage(
    bare_host: Kubectl, places: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    directory = tmp_path_factory.mktemp("hub")
    bare_host("apply", "-k", "crds")
    bare_host("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
    bare_host("apply", "-k", "deploy")
    bare_host("-n", SYSTEM, "delete", "deployment", "--all")
    bare_host("apply", "-f", "-", stdin=SETTINGS)
    bare_host("create", "namespace", "shop")
    token = bare_host("-n", SYSTEM, "create", "token", "kubefed-controller", "--duration=24h")
    config = as_holder(bare_host.kubeconfig, token.strip(), directory / "controller.kubeconfig")
    flags = (f"--dns-ns-address={LOCAL}", f"--dns-geoip-database={places}")
    made = Stage(bare_host, Hub(config, directory, *flags))
    domain = {"apiVersion": GROUP, "kind": "Domain", "domain": ZONE}
    made.apply(domain | {"metadata": {"name": "acme", "namespace": SYSTEM}})
    made.want("plain", endpoint("web", "192.0.2.1"))
    made.hub.start()
    yield made
    assert made.hub.stop() == 0


def endpoint(name: str, *targets: str, kind: str = "A", **routing: Any) -> dict[str, Any]:
    found = {"dnsName": f"{name}.{ZONE}", "recordType": kind, "recordTTL": 30, "targets": targets}
    if routing:
        identifier = "-".join(targets)
        found |= {"setIdentifier": identifier, "routing": routing}
    return found


def test_from_the_moment_it_is_ready_it_answers_with_all_there_is(stage: Stage) -> None:
    stage.hub.kill()
    stage.hub.start()
    assert stage.dns.values(f"web.{ZONE}") == ["192.0.2.1"]
    assert stage.dns.rcode(f"gone.{ZONE}") == "NXDOMAIN"
    assert stage.dns.values(ZONE, "NS") == [f"ns1.{ZONE}."]
    assert stage.dns.values(f"ns1.{ZONE}") == [LOCAL]


def test_weights_turns_and_places_are_served(stage: Stage, places: Path) -> None:
    stage.want(
        "routed",
        endpoint("weighted", "192.0.2.1", weight=80),
        endpoint("weighted", "192.0.2.2", weight=20),
        endpoint("turns", "192.0.2.1", tier=0),
        endpoint("turns", "192.0.2.2", tier=1),
        endpoint("geo", "192.0.2.1", geo=["US-CA"]),
        endpoint("geo", "192.0.2.2", geo=["EU", "GB"]),
        endpoint("geo", "192.0.2.3", geo=["*"]),
    )
    until(lambda: stage.dns.values(f"geo.{ZONE}"))
    found = Counter(value for _ in range(500) for value in stage.dns.values(f"weighted.{ZONE}"))
    assert sum(found.values()) == 500
    assert found.keys() == {"192.0.2.1", "192.0.2.2"}
    assert 340 < found["192.0.2.1"] < 460
    assert stage.dns.values(f"turns.{ZONE}") == ["192.0.2.1"]
    assert stage.near("198.51.100.7") == ["192.0.2.1"]
    assert stage.near("203.0.113.7") == ["192.0.2.2"]
    assert stage.near("10.0.0.7") == ["192.0.2.3"]
    assert stage.dns.values(f"geo.{ZONE}") == ["192.0.2.2"], "we ask from London"
    atlas.write(places, {"10.0.0.0/8": atlas.place("NA", "US", "CA")})
    until(lambda: stage.near("10.0.0.7"), lambda found: found == ["192.0.2.1"])
    places.write_bytes(b"half a file")
    until(lambda: "this is no database" in stage.hub.tail())
    assert stage.near("10.0.0.7") == ["192.0.2.1"], "what was read before is used on"


def test_a_secondary_is_told_and_follows_over_a_crash(stage: Stage, tmp_path: Path) -> None:
    port = free_port(LOCAL)
    stage.configure(
        transfers={"tsig": {"keyName": KEY.name}},
        notify=[f"{LOCAL}:{port}"],
        geoDatabase=str(tmp_path / "missing.mmdb"),
    )
    until(lambda: stage.condition("Ready")[0], lambda status: status == "True")
    until(lambda: "missing.mmdb" in stage.condition("Impaired")[1])
    assert stage.dns.values(f"web.{ZONE}") == ["192.0.2.1"]
    address = f"{LOCAL}:{stage.hub.dns_port}"
    secondary = BindSecondary(tmp_path, [Zone(f"{ZONE}.")], primary=address, keys=[KEY])
    secondary.port = port
    with secondary:
        asked = f"web.{ZONE}."
        assert secondary.values(asked, "A") == ["192.0.2.1"]
        for last in (7, 8):
            stage.want("plain", endpoint("web", f"192.0.2.{last}"))
            until(lambda: secondary.values(asked, "A"), lambda v, n=last: v == [f"192.0.2.{n}"])
        before = stage.serial()
        stage.hub.kill()
        assert secondary.values(asked, "A") == ["192.0.2.8"]
        stage.hub.start()
        assert stage.serial() > before
        until(lambda: secondary.serial(f"{ZONE}."), lambda serial: serial == stage.serial())
        stage.want("plain", endpoint("web", "192.0.2.9"))
        until(lambda: secondary.values(asked, "A"), lambda v: v == ["192.0.2.9"])
    stage.kubectl("-n", SYSTEM, "delete", "dnsprovider", "own")
    assert until(lambda: stage.dns.values(f"web.{ZONE}")) == ["192.0.2.9"]
