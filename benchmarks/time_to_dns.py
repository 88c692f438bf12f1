"""How long a changed address takes to be served, beside the least that it can take.

In one run, on real control planes and one BIND: the controller, as it is deployed, against a bare
watch that sends one DNS update for each event. Both watch a Service of the same member; the clock
runs from the moment the change is sent to the member's API server until BIND answers with it.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import dns.asyncquery
import dns.message
import dns.query
import dns.rdatatype
import dns.tsig
import dns.update
from prometheus_client.parser import text_string_to_metric_families

REPOSITORY = Path(__file__).parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests" / "e2e")]

from bind import Bind, Zone  # noqa: E402

from kubefed_core.local import binaries  # noqa: E402
from kubefed_core.local.cluster import LocalCluster, together  # noqa: E402
from kubefed_core.objects import Key, dig  # noqa: E402
from kubefed_core.resources import NAMESPACES, SERVICES  # noqa: E402
from kubefed_dns.demo import manifests  # noqa: E402
from kubefed_dns.demo.stage import SYSTEM, Stage  # noqa: E402
from kubefed_dns.metrics import STAGES  # noqa: E402

ZONE = "example.com."
FLOOR = "floor.example.com."
PRODUCT = "web.bench.acme.svc.example.com."
OBJECTS = """
apiVersion: v1
kind: Secret
metadata: {name: bind, namespace: kube-federation-system}
stringData: {tsigSecret: "%(secret)s"}
---
apiVersion: multiclusterdns.kubefed.io/v1alpha1
kind: DNSProvider
metadata: {name: bind, namespace: kube-federation-system}
spec:
  type: rfc2136
  zones: [example.com]
  ownerID: bench
  credentialsRef: {name: bind}
  rfc2136: {servers: ["%(server)s"], tsig: {keyName: k., algorithm: hmac-sha256}}
---
apiVersion: multiclusterdns.kubefed.io/v1alpha1
kind: Domain
metadata: {name: acme, namespace: kube-federation-system}
domain: example.com
---
apiVersion: v1
kind: Namespace
metadata: {name: bench}
---
apiVersion: multiclusterdns.kubefed.io/v1alpha1
kind: ServiceDNSRecord
metadata: {name: web, namespace: bench}
spec: {domainRef: acme, recordTTL: 30, allowServiceWithoutEndpoints: true}
"""


async def main(rounds: int) -> int:
    async with AsyncExitStack() as stack:
        files = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kubefed-bench-")))
        programs = await binaries.ensure(report=print)
        host = LocalCluster("host", binaries=programs, cloud=False)
        member = LocalCluster("eu", binaries=programs, cloud=False)
        await stack.enter_async_context(together(host, member))
        bind = stack.enter_context(Bind(files / "bind", [Zone(ZONE)]))
        stage = Stage(host=host, members=[member], binaries=programs, files=files)
        stack.push_async_callback(stage.close)
        await prepare(stage, bind)
        await member.client.create(NAMESPACES, {"metadata": {"name": "bench"}})
        for name in ("floor", "web"):
            await member.client.create(SERVICES, service(name))
        floor = asyncio.create_task(bare_watch(member, bind))
        stack.callback(floor.cancel)
        await until(bind, PRODUCT, await change(member, "web", "192.0.2.1"))
        await until(bind, FLOOR, await change(member, "floor", "192.0.2.1"))
        print(f"{rounds} changes each, one at a time, alternating:")
        floors, products = [], []
        for number in range(rounds):
            address = (
                f"198.51.100.{number % 250 + 1}" if number % 2 else f"203.0.113.{number % 250 + 1}"
            )
            floors.append(await timed(member, bind, "floor", FLOOR, address))
            products.append(await timed(member, bind, "web", PRODUCT, address))
        report(floors, products)
        await stages(stage)
        return 0


async def prepare(stage: Stage, bind: Bind) -> None:
    stage.write_kubeconfig()
    await stage.kubectl(stage.host, "apply", "-k", str(manifests.directory("crds")))
    await stage.kubectl(stage.host, "wait", "--for=condition=Established", "crd", "--all")
    await stage.kubectl(stage.host, "apply", "-k", str(manifests.directory("deploy")))
    await stage.kubectl(stage.host, "-n", SYSTEM, "delete", "deployment", "--all")
    await stage.start_controller()
    await stage.kubefedctl("join", "eu", "--dns-only")
    objects = OBJECTS % {"secret": bind.keys[0].secret, "server": bind.address}
    await stage.kubectl(stage.host, "apply", "-f", "-", stdin=objects)


def service(name: str) -> dict[str, object]:
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"app": name}}
    return {"metadata": {"name": name, "namespace": "bench"}, "spec": spec}


async def bare_watch(member: LocalCluster, bind: Bind) -> None:
    """The floor: a watch, and one signed update for each address that it shows."""
    key = bind.keys[0]
    signer = dns.tsig.Key(key.name, key.secret, key.algorithm)
    watch = member.client.watch(SERVICES, since="0", namespace="bench")
    async for event in watch:
        obj = event["object"]
        ingress = dig(obj, "status", "loadBalancer", "ingress", default=[])
        if dig(obj, "metadata", "name") == "floor" and ingress:
            update = dns.update.UpdateMessage(ZONE)
            update.replace("floor", 30, "A", ingress[0]["ip"])
            update.use_tsig(signer)
            await dns.asyncquery.tcp(update, "127.0.0.1", port=bind.port, timeout=5)


async def change(member: LocalCluster, name: str, address: str) -> str:
    """Give a Service an address, as a cloud does it."""
    patch = {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
    await member.client.patch(SERVICES, Key("bench", name), patch, subresource="status")
    return address


async def timed(member: LocalCluster, bind: Bind, name: str, dns_name: str, address: str) -> float:
    """Seconds from sending the change to its answer."""
    started = time.perf_counter()
    sent = asyncio.create_task(change(member, name, address))
    await until(bind, dns_name, address)
    took = time.perf_counter() - started
    await sent
    await asyncio.sleep(0.1)  # so that what follows a change does not run into the next
    return took


async def until(bind: Bind, name: str, address: str) -> None:
    """Ask BIND until it answers with the address."""
    query = dns.message.make_query(name, "A")
    async with asyncio.timeout(60):
        while True:
            answer = await dns.asyncquery.udp(query, "127.0.0.1", port=bind.port, timeout=2)
            if any(rdata.to_text() == address for rrset in answer.answer for rdata in rrset):
                return
            await asyncio.sleep(0.001)


def report(floors: list[float], products: list[float]) -> None:
    floor = statistics.median(floors)
    for what, seen in (("bare watch + update", floors), ("kubefed-dns", products)):
        p50, p99 = statistics.median(seen), statistics.quantiles(seen, n=100)[98]
        print(
            f"  {what:20} p50 {p50 * 1e3:6.1f} ms   p99 {p99 * 1e3:6.1f} ms   "
            f"{p50 / floor:4.1f} x and {p99 / floor:4.1f} x the floor's p50"
        )


async def stages(stage: Stage) -> None:
    """The controller's own account: mean time of each stage since the one before."""
    url = f"http://127.0.0.1:{stage.metrics_port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        text = await response.text()
    found: dict[tuple[str, str], float] = {}
    for family in text_string_to_metric_families(text):
        if family.name == "kubefed_dns_change_stage_seconds":
            for sample in family.samples:
                found[sample.labels["stage"], sample.name.rpartition("_")[2]] = sample.value
    means = (f"{each} {found[each, 'sum'] / found[each, 'count'] * 1e3:.1f} ms" for each in STAGES)
    print(f"  its stages, mean: {', '.join(means)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    raise SystemExit(asyncio.run(main(parser.parse_args().rounds)))
