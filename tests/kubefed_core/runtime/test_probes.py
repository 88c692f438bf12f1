import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from kubefed_core.errors import Terminal
from kubefed_core.runtime import probes
from kubefed_core.runtime.metrics import Metrics


@pytest.fixture
async def get():
    runners = []

    async def serve(**checks):
        registry = CollectorRegistry()
        Metrics(registry).cluster_state("eu", "ready")
        made = probes.app(**({"health": {}, "ready": {}} | checks), registry=registry)
        runners.append(await probes.serve(made, "127.0.0.1:0", flag="--healthz-addr"))
        port = runners[-1].addresses[0][1]

        async def fetch(path):
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{port}{path}") as response,
            ):
                return response.status, await response.text()

        return fetch

    yield serve
    for runner in runners:
        await runner.cleanup()


async def test_without_complaints_it_is_well(get):
    fetch = await get(ready={"caches": lambda: None})
    assert await fetch("/healthz") == (200, "OK")
    assert await fetch("/readyz") == (200, "OK")
    assert await fetch("/readyz?verbose") == (200, "[+] caches ok\nok\n")


async def test_a_complaint_is_said_and_is_a_503(get):
    fetch = await get(ready={"caches": lambda: "Domains are not listed", "dns": lambda: None})
    assert await fetch("/readyz") == (503, "[-] caches: Domains are not listed\n")
    assert await fetch("/healthz") == (200, "OK")


async def test_metrics_are_served(get):
    status, text = await (await get())("/metrics")
    assert status == 200
    assert 'kubefedcluster_total{cluster="eu",state="ready"} 1.0' in text


@pytest.mark.parametrize(
    ("address", "want"),
    [
        (":8080", (None, 8080)),
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("[::1]:0", ("::1", 0)),
    ],
)
def test_addresses(address, want):
    assert probes.split(address, flag="--x") == want


@pytest.mark.parametrize("address", ["8080", "", "host:http", ":70000"])
def test_bad_addresses_name_the_flag(address):
    with pytest.raises(Terminal, match="--metrics-addr"):
        probes.split(address, flag="--metrics-addr")


async def test_an_address_in_use_names_the_flag(get):
    await get()
    made = probes.app(health={}, ready={}, registry=None)
    first = await probes.serve(made, "127.0.0.1:0", flag="--healthz-addr")
    taken = f"127.0.0.1:{first.addresses[0][1]}"
    other = probes.app(health={}, ready={}, registry=None)
    with pytest.raises(Terminal, match="--healthz-addr: cannot listen"):
        await probes.serve(other, taken, flag="--healthz-addr")
    await first.cleanup()
