"""`kubefedctl dns`: what an operator does about names, a file per command."""

import click

from kubefed_core.kubefedctl import flags
from kubefed_dns.commands.approve import approve
from kubefed_dns.commands.drain import drain, undrain
from kubefed_dns.commands.records import records

# What takes long to import (dnspython, rich) is imported by the functions that use it: kubefedctl
# loads every command before it knows which one is meant.


@click.group(cls=flags.Group)
def dns() -> None:
    """Look after names: let a held deletion go, drain a cluster, list what is published."""


for command in (approve, drain, undrain, records):
    dns.add_command(command)
