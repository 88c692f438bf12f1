"""How the demo is shown on a terminal, or in a log without one."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import dns.rdatatype
from rich.console import Console
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table

from kubefed_core.local.cluster import LocalCluster
from kubefed_dns.demo import manifests
from kubefed_dns.demo.stage import Stage

COLUMNS = "custom-columns=CLUSTERS:.status.summary.clusters,TARGETS:.status.summary.targets,REASONS:.status.dns[*].reason"  # noqa: E501


def seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


class Step:
    """One thing being done; what it says at its end stands beside the time it took."""

    def __init__(self) -> None:
        self.result = ""

    def say(self, result: str) -> None:
        self.result = result


class Pages:
    """Everything the demo prints; each line says what is done or what has come of it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()

    def title(self, text: str) -> None:
        self._console.print(Panel(text, style="bold", expand=False))

    def chapter(self, text: str) -> None:
        self._console.print(f"\n[bold]{text}[/]")

    @contextmanager
    def step(self, text: str) -> Iterator[Step]:
        """Say what begins; at its end, how long it took and what came of it."""
        made, started = Step(), time.monotonic()
        live = self._console.is_terminal
        if live:
            with self._console.status(text):
                yield made
        else:
            self._console.print(f"… {text}", markup=False)
            yield made
        took = seconds(time.monotonic() - started)
        result = f": [green]{made.result}[/]" if made.result else ""
        self._console.print(f"[green]✓[/] {text}{result} [dim]({took})[/]")

    def note(self, text: str) -> None:
        """Progress within a step."""
        self._console.print(f"  {text}", style="dim", markup=False)

    def aside(self, text: str) -> None:
        self._console.print(f"  {text}", markup=False)

    def output(self, text: str) -> None:
        """What a program printed."""
        for line in text.rstrip().splitlines():
            self._console.print(f"    {line}", style="cyan", markup=False)

    def manifest(self, text: str) -> None:
        self._console.print()
        self._console.print(Syntax(text.strip(), "yaml", background_color="default"))

    def clusters(self, clusters: Sequence[LocalCluster]) -> None:
        table = Table("cluster", "API server", box=None, header_style="dim", pad_edge=True)
        for cluster in clusters:
            table.add_row(cluster.name, cluster.server)
        self._console.print(table)

    def balancers(self, found: Mapping[str, Sequence[str]]) -> None:
        table = Table(
            "member", "Service shop/web", "Ingress shop/web", box=None, header_style="dim"
        )
        for name, addresses in found.items():
            table.add_row(name, *addresses)
        self._console.print(table)

    async def names(self, stage: Stage) -> None:
        """All names that the records make, and what each answers now."""
        stem = manifests.GLOBAL.removesuffix(f".{manifests.DOMAIN}")
        places = ("", "eu-west", "eu-west-1a.eu-west", "us-east", "us-east-1b.us-east")
        wanted = [".".join(filter(None, (stem, place, manifests.DOMAIN))) for place in places]
        table = Table("name", "targets", box=None, header_style="dim")
        for name in (*wanted, f"www.{manifests.DOMAIN}", manifests.HOST):
            table.add_row(name, " ".join(sorted(await stage.addresses(name))) or "-")
        self._console.print(table)

    async def answer(self, stage: Stage, name: str) -> None:
        """The answer section as dig prints it."""
        answer = await stage.ask(name)
        self._console.print(f"  $ dig @127.0.0.1 -p {stage.dns_port} {name}", style="dim")
        for rrset in answer.answer if answer is not None else ():
            for rdata in rrset:
                kind = dns.rdatatype.to_text(rrset.rdtype)
                line = f"    {rrset.name}  {rrset.ttl}  IN  {kind}  {rdata}"
                self._console.print(line, style="cyan", markup=False)

    def end(self, stage: Stage) -> None:
        took = seconds(time.monotonic() - self._started)
        self._console.print(f"\n[bold green]That was the main job[/] [dim](all in {took})[/]")

    def stay(self, stage: Stage) -> None:
        """What to try by hand."""
        self._console.print("\nIt keeps running until Ctrl-C. Try:", markup=False)
        for line in (
            f"dig @127.0.0.1 -p {stage.dns_port} {manifests.GLOBAL}",
            f"export KUBECONFIG={stage.kubeconfig}   # contexts: host, eu, us",
            "kubectl -n shop get sdr,idr,dnsep",
            "kubectl --context eu -n shop annotate service web --overwrite \\",
            "    local.kubefed.io/address=203.0.113.99",
            f"tail -f {stage.log}",
        ):
            self._console.print(f"  {line}", style="cyan", markup=False)
        for cluster in stage.clusters:
            self._console.print(f"  {cluster.name}: {cluster.kubeconfig}", markup=False)
