"""`kubefedctl dns`: what an operator does about names, a file per command."""

import click

from kubefed_core.kubefedctl import flags
from kubefed_dns.commands.adopt import adopt
from kubefed_dns.commands.approve import approve
from kubefed_dns.commands.drain import drain, undrain
from kubefed_dns.commands.explain import explain
from kubefed_dns.commands.plan import plan
from kubefed_dns.commands.records import records
from kubefed_dns.commands.verify import verify

# What takes long to import (dnspython, rich) is imported by the functions that use it: kubefedctl
# loads every command before it knows which one is meant.


@click.group(cls=flags.Group)
def dns() -> None:
    """Look after names: what would change and why, what the world answers, who owns what."""


for command in (adopt, approve, drain, undrain, explain, plan, records, verify):
    dns.add_command(command)
