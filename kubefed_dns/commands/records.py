"""A table of everything that is published, and where it stands."""

import json
from collections.abc import Iterable, Iterator

import click

from kubefed_core.kubefedctl import flags
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_core.objects import Obj
from kubefed_dns.commands import hosting
from kubefed_dns.resources import ENDPOINTS

COLUMNS = ("name", "type", "ttl", "targets", "provider", "zone", "marker", "object", "error")


@click.command(cls=flags.Command)
@click.option(
    "-n", "--namespace", "where", default="", metavar="NAME", help="Only those of one namespace."
)
@click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True
)
@takes_settings
def records(settings: Settings, where: str, output: str) -> None:
    """List every record that is wanted, and which provider has it."""
    from rich.console import Console
    from rich.table import Table

    with hosting.host(settings) as host:
        rows = sorted(_rows(host.list(ENDPOINTS, namespace=where)))
    if output == "json":
        click.echo(json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in rows], indent=2))
        return
    table = Table(*(column.upper() for column in COLUMNS), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console(soft_wrap=True, highlight=False, width=10_000).print(table)


def _rows(objects: Iterable[Obj]) -> Iterator[tuple[str, ...]]:
    from kubefed_dns.api import endpoints as api

    for obj in objects:
        endpoint = api.parse(obj)
        states = {state.key: state.providers for state in endpoint.status.endpoints}
        where = str(endpoint.key)
        for each in endpoint.endpoints:
            what = (each.dns_name, each.record_type, str(each.ttl), ",".join(each.targets))
            placed = states.get(each.key) or (api.Placed(name=""),)
            for place in placed:
                yield (*what, place.name, place.zone, place.marker, where, place.error)
