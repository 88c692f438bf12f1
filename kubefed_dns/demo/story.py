"""What the demo shows, in order."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from kubefed_core.local import binaries
from kubefed_core.local.cloud.balancers import ADDRESS
from kubefed_core.local.cluster import LocalCluster
from kubefed_core.objects import Key
from kubefed_core.resources import INGRESSES, SERVICES
from kubefed_dns.demo import manifests, show
from kubefed_dns.demo.stage import SYSTEM, Stage

WEB = Key("shop", "web")
NEW_ADDRESS = "203.0.113.77"


async def tell(console: Console, *, keep: bool) -> None:
    """The whole story; stops everything at the end, also where it fails."""
    pages = show.Pages(console)
    pages.title("kubefed-dns: one name for a service in several clusters")
    async with AsyncExitStack() as stack:
        stage = await _set_up(pages, stack)
        await _control_plane(pages, stage)
        await _join(pages, stage)
        await _serve(pages, stage)
        await _publish(pages, stage)
        await _move(pages, stage)
        await _lose(pages, stage)
        pages.end(stage)
        if keep:
            await _stay(pages, stage)


async def _set_up(pages: show.Pages, stack: AsyncExitStack) -> Stage:
    with pages.step("Kubernetes programs for this machine"):
        programs = await binaries.ensure(report=pages.note)
    files = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kubefed-demo-")))
    host = LocalCluster("host", binaries=programs)
    members = [
        LocalCluster("eu", region="eu-west", zones=["eu-west-1a"], binaries=programs),
        LocalCluster("us", region="us-east", zones=["us-east-1b"], binaries=programs),
    ]
    with pages.step("Three control planes (etcd, kube-apiserver, kube-controller-manager each)"):
        await asyncio.gather(*(stack.enter_async_context(cluster) for cluster in (host, *members)))
    stage = Stage(host=host, members=members, binaries=programs, files=files)
    stack.push_async_callback(stage.close)
    stage.write_kubeconfig()
    pages.clusters(stage.clusters)
    return stage


async def _control_plane(pages: show.Pages, stage: Stage) -> None:
    with pages.step("On the host: kubectl apply -k crds, then deploy"):
        crds = str(manifests.directory("crds"))
        await stage.kubectl(stage.host, "apply", "-k", crds)
        await stage.kubectl(
            stage.host, "wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"
        )
        await stage.kubectl(stage.host, "apply", "-k", str(manifests.directory("deploy")))
        await stage.kubectl(
            stage.host, "-n", SYSTEM, "scale", "deployment", "--all", "--replicas=0"
        )
        await stage.kubectl(stage.host, "apply", "-f", "-", stdin=manifests.SETTINGS)
    with pages.step("The controller, with the rights of its ServiceAccount and an embedded DNS"):
        await stage.start_controller()


async def _join(pages: show.Pages, stage: Stage) -> None:
    for member in stage.members:
        with pages.step(f"kubefedctl join {member.name}"):
            said = await stage.kubefedctl("join", member.name, "--dns-only", "--timeout=30s")
        pages.aside(said.strip().splitlines()[-1])
    pages.output(await stage.kubectl(stage.host, "-n", SYSTEM, "get", "kubefedclusters"))


async def _serve(pages: show.Pages, stage: Stage) -> None:
    with pages.step("In each member: a Deployment, a Service type LoadBalancer, an Ingress"):
        await asyncio.gather(
            *(
                stage.kubectl(member, "apply", "-f", "-", stdin=manifests.MEMBER)
                for member in stage.members
            )
        )
        found = {
            member.name: [
                await stage.balancer(member, resource, WEB) for resource in (SERVICES, INGRESSES)
            ]
            for member in stage.members
        }
    pages.balancers(found)


async def _publish(pages: show.Pages, stage: Stage) -> None:
    pages.manifest(manifests.DOMAIN_OBJECT + "---" + manifests.RECORDS)
    await stage.kubectl(stage.host, "apply", "-f", "-", stdin=manifests.NAMESPACE)
    with pages.step("On the host: kubectl apply these, and wait for the answer") as step:
        objects = manifests.DOMAIN_OBJECT + "---" + manifests.RECORDS
        await stage.kubectl(stage.host, "apply", "-f", "-", stdin=objects)
        took = await stage.until(manifests.GLOBAL, lambda found: len(found) == 2)
        await stage.until(manifests.HOST, lambda found: len(found) == 2)
        step.say(f"the name answers {show.seconds(took)} after kubectl returned")
    await asyncio.sleep(0.5)  # only so that the tables below show the settled state
    for kind in ("servicednsrecords", "ingressdnsrecords"):
        pages.output(await stage.kubectl(stage.host, "-n", "shop", "get", kind))
    await pages.names(stage)
    await pages.answer(stage, manifests.GLOBAL)
    await pages.answer(stage, f"www.{manifests.DOMAIN}")


async def _move(pages: show.Pages, stage: Stage) -> None:
    eu = stage.members[0]
    before = await stage.balancer(eu, SERVICES, WEB)
    pages.chapter(f"The load balancer in eu changes its address to {NEW_ADDRESS}")
    with pages.step(f"{before} goes, {NEW_ADDRESS} comes") as step:
        patch = {"metadata": {"annotations": {ADDRESS: NEW_ADDRESS}}}
        await eu.client.patch(SERVICES, WEB, patch)
        took = await stage.until(manifests.GLOBAL, lambda found: NEW_ADDRESS in found)
        step.say(f"answered {show.seconds(took)} after the change")
    await pages.answer(stage, manifests.GLOBAL)


async def _lose(pages: show.Pages, stage: Stage) -> None:
    us = stage.members[1]
    address = await stage.balancer(us, SERVICES, WEB)
    pages.chapter("The API server of us dies. Its service may well be alive, so nothing is hasty:")
    await us.stop_api()
    with pages.step("its target is held") as step:
        await _until_reason(stage, "Held")
        kept = await stage.addresses(manifests.GLOBAL)
        step.say(f"{address} {'still answers' if address in kept else 'IS GONE'}")
    with pages.step("and withdrawn after unavailableDelay (5s here, 60s by default)") as step:
        took = await stage.until(manifests.GLOBAL, lambda found: address not in found)
        step.say(f"withdrawn {show.seconds(took)} later")
    pages.output(
        await stage.kubectl(
            stage.host, "-n", "shop", "get", "servicednsrecord", "web", "-o", show.COLUMNS
        )
    )
    with pages.step("The API server is started again") as step:
        await us.start_api()
        took = await stage.until(manifests.GLOBAL, lambda found: address in found)
        step.say(f"{address} is back {show.seconds(took)} after the API server was ready")
    await pages.answer(stage, manifests.GLOBAL)


async def _until_reason(stage: Stage, reason: str) -> None:
    path = "jsonpath={.status.dns[?(@.cluster=='us')].reason}"
    async with asyncio.timeout(60):
        while True:
            found = await stage.kubectl(
                stage.host, "-n", "shop", "get", "servicednsrecord", "web", "-o", path
            )
            if found == reason:
                return
            await asyncio.sleep(0.05)


async def _stay(pages: show.Pages, stage: Stage) -> None:
    pages.stay(stage)
    await asyncio.Event().wait()
