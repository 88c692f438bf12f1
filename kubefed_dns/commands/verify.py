"""Ask the world for a name, and compare it with what is wanted."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import flags
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_dns.commands import hosting

if TYPE_CHECKING:
    from kubefed_dns.commands.answers import Answer
    from kubefed_dns.commands.whereabouts import Whereabouts

WRONG = 2
"""Exit status where an authoritative server answers with something else, or not at all."""


@click.command(cls=flags.Command)
@click.argument("name")
@click.option(
    "--server", "servers", multiple=True, metavar="HOST:PORT",
    help="An authoritative server to ask, in place of those that are known. Can be given again.",
)  # fmt: skip
@click.option(
    "--resolver", "resolvers", multiple=True, metavar="HOST:PORT",
    help="A resolver to ask, in place of this machine's. Can be given again.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True
)
@takes_settings
def verify(
    settings: Settings,
    name: str,
    servers: tuple[str, ...],
    resolvers: tuple[str, ...],
    output: str,
) -> int:
    """Ask every authoritative server of NAME, and resolvers, for what they answer.

    Wanted is what the DNSEndpoints on the host say. Of a resolver's answer the remaining TTL
    is shown: so long it may go on giving what it has. Of a routed name a part is right.

    Exit status: 0 every authoritative server answers right, 2 one does not, or does not answer.
    """
    from kubefed_dns.commands import answers, hub, whereabouts

    with hosting.host(settings) as host:
        where = whereabouts.find(hub.Hub(host, namespace=settings.namespace), name)
    if not where.sites:
        raise Terminal(f"{where.name}: {where.problem or 'no DNSEndpoint wants this name'}")
    found: list[Answer] = []
    for site in where.sites:
        asked, why = whereabouts.servers(site, servers)
        said = answers.authorities(where.name, site.wanted, asked)
        found += said or (answers.Answer("authority", site.zone, "", error=why),)
    asked_too = resolvers or answers.system_resolvers()
    found += answers.resolvers(where.name, where.wanted, asked_too)
    _show(where, found, output)
    right = {answers.SAME, answers.PART}
    judged = [each for each in found if each.role == "authority"]
    return 0 if all(each.verdict in right for each in judged) else WRONG


def _show(where: "Whereabouts", found: Sequence["Answer"], output: str) -> None:
    if output == "json":
        wanted = [
            {"type": each.type, "ttl": each.ttl, "values": list(each.values),
             **({"setIdentifier": each.set_identifier} if each.set_identifier else {})}
            for each in where.wanted
        ]  # fmt: skip
        shown = [asdict(each) for each in found]
        click.echo(json.dumps({"name": where.name, "wanted": wanted, "answers": shown}, indent=2))
        return
    for rrset in where.wanted:
        click.echo(f"wanted: {where.name} {rrset.ttl} {rrset.type} {', '.join(rrset.values)}")
    _table(found)


def _table(found: Iterable["Answer"]) -> None:
    from rich.console import Console
    from rich.table import Table

    columns = ("WHO", "SERVER", "TYPE", "VERDICT", "TTL", "ANSWER")
    table = Table(*columns, box=None, pad_edge=False)
    for each in found:
        ttl = "" if each.ttl is None else str(each.ttl)
        said = each.error or ", ".join(each.values) or "nothing"
        table.add_row(each.role, each.server, each.type, each.verdict, ttl, said)
    Console(soft_wrap=True, highlight=False, width=10_000).print(table)
