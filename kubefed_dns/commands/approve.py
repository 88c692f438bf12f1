"""Let go what the brake of a zone holds."""

from typing import TYPE_CHECKING

import click

from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import flags
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_core.objects import Key, Obj, annotations, dig
from kubefed_dns.commands import hosting
from kubefed_dns.resources import PROVIDERS

if TYPE_CHECKING:
    from kubefed_dns.api.provider_status import HeldBack


@click.command(cls=flags.Command)
@click.argument("provider")
@click.argument("zone")
@takes_settings
def approve(settings: Settings, provider: str, zone: str) -> None:
    """Let the names vanish that the brake holds in ZONE of the DNSProvider PROVIDER.

    The approval is for the names that are held now, which are printed; should others
    be held by then, the brake asks again.
    """
    from kubefed_dns.controllers.zones.brake import APPROVE

    key = Key(settings.namespace, provider)
    with hosting.host(settings) as host:
        obj = host.get(PROVIDERS, key)
        if obj is None:
            raise Terminal(f"there is no DNSProvider {key}; see kubectl get dnsproviders -A")
        held = _held(obj, zone)
        for name in held.names:
            click.echo(name)
        if held.count > len(held.names):
            click.echo(f"and {held.count - len(held.names)} more")
        if settings.dry_run:
            click.echo(f"dry run: {held.count} names of zone {zone} would be approved")
            return
        text = _with(annotations(obj).get(APPROVE, ""), zone, held.digest)
        host.merge(PROVIDERS, key, {"metadata": {"annotations": {APPROVE: text}}})
        click.echo(f"approved: {held.count} names of zone {zone} may vanish")


def _held(obj: Obj, zone: str) -> "HeldBack":
    """What is held in the zone; raises Terminal where nothing is."""
    from kubefed_dns.api import provider_status

    status = provider_status.parse(dig(obj, "status"))
    wanted = zone.lower().rstrip(".")
    for each in status.zones:
        if each.name.rstrip(".") == wanted and each.held.count:
            return each.held
    holding = [each.name for each in status.zones if each.held.count]
    remedy = f"it holds names in: {', '.join(holding)}" if holding else "it holds nothing back"
    raise Terminal(
        f"nothing is held in zone {zone} of DNSProvider {obj['metadata']['name']}: {remedy}"
    )


def _with(before: str, zone: str, digest: str) -> str:
    """The annotation with an approval for this zone in the place of an earlier one."""
    name = zone.lower().rstrip(".")
    others = [
        item.strip()
        for item in before.split(",")
        if item.strip() and item.partition("=")[0].strip().lower().rstrip(".") != name
    ]
    return ",".join([*others, f"{name}={digest}"])
