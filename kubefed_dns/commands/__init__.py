"""`kubefedctl dns`: what an operator does about names, a file per command."""

import click

from kubefed_core.kubefedctl import flags
from kubefed_dns.commands.approve import approve
from kubefed_dns.commands.drain import drain, undrain
from kubefed_dns.commands.records import records


@click.group(cls=flags.Group)
def dns() -> None:
    """Look after names: let a held deletion go, drain a cluster, list what is published."""


for command in (approve, drain, undrain, records):
    dns.add_command(command)
