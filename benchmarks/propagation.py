"""How many federated objects a second reach their clusters, beside a bare client's rate.

In one run, on real control planes, a host and three members: a bare client writes
FederatedConfigMaps, for each the ConfigMap in every member, its versions and its status, and does
nothing else. Then the controller does it, as it is deployed, for the same number of
FederatedConfigMaps written at the same parallelism. Both clocks run from the first object sent
until the last says in its status that it is everywhere.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from statistics import harmonic_mean
from typing import Any

REPOSITORY = Path(__file__).parents[1]
sys.path[:0] = [str(REPOSITORY)]

from kubefed_core.api import federated, propagated, types  # noqa: E402
from kubefed_core.api.federated import ClusterEntry, Condition, Status  # noqa: E402
from kubefed_core.api.propagated import Versions  # noqa: E402
from kubefed_core.controllers.sync import WORKERS  # noqa: E402
from kubefed_core.decide import versions  # noqa: E402
from kubefed_core.local import binaries  # noqa: E402
from kubefed_core.local.cluster import LocalCluster, together  # noqa: E402
from kubefed_core.objects import Key, Obj, dig, key_of  # noqa: E402
from kubefed_core.resources import (  # noqa: E402
    NAMESPACES,
    PROPAGATED_VERSIONS,
    Resource,
)
from kubefed_dns.demo import manifests  # noqa: E402
from kubefed_dns.demo.stage import SYSTEM, Stage  # noqa: E402

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
FEDERATED = types.federated_of(CONFIG_MAPS)
SPACES = types.federated_of(NAMESPACES)
MEMBERS = ("one", "two", "three")
DATA = {"data": {f"key{number}": "value" * 8 for number in range(8)}}
WHEN = "2026-01-01T00:00:00Z"


async def main(objects: int, rounds: int) -> int:
    async with AsyncExitStack() as stack:
        files = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kubefed-bench-")))
        programs = await binaries.ensure(report=print)
        host = LocalCluster("host", binaries=programs, cloud=False)
        members = [LocalCluster(name, binaries=programs, cloud=False) for name in MEMBERS]
        await stack.enter_async_context(together(host, *members))
        stage = Stage(host=host, members=members, binaries=programs, files=files)
        stack.push_async_callback(stage.close)
        await prepare(stage)
        bench = Bench(stage)
        await bench.bare("warm", objects // 10)
        print(f"{objects} FederatedConfigMaps for {len(members)} members, {WORKERS} at a time:")
        bare, ours = [], []
        for number in range(rounds):
            bare.append(await bench.bare(f"bare-{number}", objects))
            ours.append(await bench.ours(f"ours-{number}", objects))
            show(f"round {number + 1}", bare[-1], ours[-1])
        show("all", harmonic_mean(bare), harmonic_mean(ours))
        return 0


def show(what: str, bare: float, ours: float) -> None:
    print(
        f"  {what:8} bare client {bare:6.1f} objects/s   kubefed-dns {ours:6.1f} objects/s"
        f"   {ours / bare:4.0%} of it"
    )


async def prepare(stage: Stage) -> None:
    stage.write_kubeconfig()
    await stage.kubectl(stage.host, "apply", "-k", str(manifests.directory("crds")))
    await stage.kubectl(stage.host, "wait", "--for=condition=Established", "crd", "--all")
    await stage.kubectl(stage.host, "apply", "-k", str(manifests.directory("deploy")))
    await stage.kubectl(stage.host, "-n", SYSTEM, "delete", "deployment", "--all")
    kinds = manifests.directory("deploy") / "types"
    for name in ("namespaces", "configmaps"):
        await stage.kubectl(stage.host, "apply", "-f", str(kinds / f"{name}.yaml"))
    await stage.kubectl(stage.host, "wait", "--for=condition=Established", "crd", "--all")
    await stage.start_controller()
    for member in stage.members:
        await stage.kubefedctl("join", member.name)
    await stage.close()


class Bench:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._host = stage.host.client
        self._members = [member.client for member in stage.members]

    async def bare(self, namespace: str, count: int) -> float:
        """Objects a second of the bare client, without a controller."""
        for client in (self._host, *self._members):
            await client.create(NAMESPACES, {"metadata": {"name": namespace}})
        rate = await self._timed(namespace, count, self._write)
        for client in (self._host, *self._members):
            await client.delete(NAMESPACES, Key("", namespace))
        for client in (self._host, *self._members):
            await until_none(partial(client.list, NAMESPACES, fields=f"metadata.name={namespace}"))
        return rate

    async def ours(self, namespace: str, count: int) -> float:
        """The same of the controller, which has nothing to do before."""
        await self._stage.start_controller()
        await self._host.create(NAMESPACES, {"metadata": {"name": namespace}})
        await self._host.create(SPACES, wish(SPACES, Key(namespace, namespace)))
        await self._whole(SPACES, namespace, 1)
        rate = await self._timed(namespace, count, self._wish)
        await self._check(namespace, count)
        await self._delete(namespace)
        await self._stage.close()
        return rate

    async def _delete(self, namespace: str) -> None:
        where = (FEDERATED.plural, "-n", namespace, "--all", "--wait=false")
        await self._stage.kubectl(self._stage.host, "delete", *where)
        await until_none(lambda: self._host.list(FEDERATED, namespace=namespace))

    async def _timed(
        self, namespace: str, count: int, write: Callable[[Key], Awaitable[None]]
    ) -> float:
        keys = iter([Key(namespace, f"c{number}") for number in range(count)])
        done = asyncio.create_task(self._whole(FEDERATED, namespace, count))
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(each_of(keys, write))
        await done
        return count / (time.perf_counter() - started)

    async def _wish(self, key: Key) -> None:
        await self._host.create(FEDERATED, wish(FEDERATED, key, DATA))

    async def _write(self, key: Key) -> None:
        """All that is written of one object, in the order in which it must be."""
        meta = {"namespace": key.namespace, "name": key.name}
        obj = await self._host.create(FEDERATED, wish(FEDERATED, key, DATA))
        labelled = {**DATA, "metadata": meta | {"labels": {federated.MANAGED: "true"}}}
        made = await asyncio.gather(
            *(client.create(CONFIG_MAPS, labelled) for client in self._members)
        )
        name = versions.name_for(CONFIG_MAPS.kind, key.name)
        kept = await self._host.create(PROPAGATED_VERSIONS, propagated.new(obj, FEDERATED, name))
        found = Versions(
            versions.template_hash(obj),
            versions.overrides_hash(obj),
            {name: versions.version(each) for name, each in zip(MEMBERS, made, strict=True)},
        )
        await self._host.replace(
            PROPAGATED_VERSIONS,
            {**kept, "status": propagated.dump_status(found)},
            subresource="status",
        )
        status = Status(
            observed_generation=1,
            conditions=(Condition("Propagation", "True", last_update=WHEN, last_transition=WHEN),),
            clusters=tuple(ClusterEntry(name) for name in sorted(MEMBERS)),
            summary={"clusters": f"{len(MEMBERS)}/{len(MEMBERS)}"},
        )
        await self._host.replace(
            FEDERATED, {**obj, "status": federated.dump_status(status)}, subresource="status"
        )

    async def _whole(self, resource: Resource, namespace: str, count: int) -> None:
        """Wait until so many objects say that they are in every member."""
        seen: set[str] = set()
        watch = self._host.watch(resource, since="0", namespace=namespace)
        async for event in watch:
            obj = event["object"]
            if is_whole(obj):
                seen.add(key_of(obj).name)
            if len(seen) == count:
                return

    async def _check(self, namespace: str, count: int) -> None:
        """Whether it is true what the status says."""
        for client in self._members:
            found, _ = await client.list(
                CONFIG_MAPS, namespace=namespace, labels=federated.SELECTOR
            )
            assert len(found) == count, f"{client}: {len(found)} of {count}"
            assert all(each["data"] == DATA["data"] for each in found)
        kept, _ = await self._host.list(PROPAGATED_VERSIONS, namespace=namespace)
        full = [obj for obj in kept if len(propagated.parse(obj).clusters) == len(MEMBERS)]
        assert len(full) == count + 1, f"versions: {len(full)} of {count}"


def wish(resource: Resource, key: Key, template: Obj | None = None) -> dict[str, Any]:
    spec: dict[str, Any] = {"placement": {"clusterSelector": {}}}
    if template is not None:
        spec["template"] = template
    meta = {"namespace": key.namespace, "name": key.name}
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": meta,
        "spec": spec,
    }


def is_whole(obj: Obj) -> bool:
    status = federated.status(obj) if dig(obj, "metadata", "name") else Status()
    said = status.get("Propagation")
    return said is not None and said.status == "True" and len(status.clusters) == len(MEMBERS)


async def each_of(keys: Iterable[Key], write: Callable[[Key], Awaitable[None]]) -> None:
    for key in keys:
        await write(key)


async def until_none(ask: Callable[[], Awaitable[tuple[list[Obj], str]]]) -> None:
    while True:
        found, _ = await ask()
        if not found:
            return
        await asyncio.sleep(0.5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    raise SystemExit(asyncio.run(main(given.objects, given.rounds)))
