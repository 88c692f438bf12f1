"""Take over names whose ownership records name another owner, or give them back."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from kubefed_core.errors import KubeFedError, Terminal
from kubefed_core.kubefedctl import flags
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_dns.commands import hosting

if TYPE_CHECKING:
    from kubefed_dns.commands.planning import Picture, Zone
    from kubefed_dns.controllers.zones.ledger import Ledger
    from kubefed_dns.records import Group


@dataclass(frozen=True)
class Order:
    """Whose names go to whom; an empty taker is each DNSProvider's own owner. No names: all."""

    giver: str
    taker: str
    names: frozenset[str]


@dataclass(frozen=True)
class Move:
    """A name whose ownership records change hands; without a group it stays, and `why`."""

    zone: "Zone"
    name: str
    group: "Group | None" = None
    why: str = ""

    @property
    def text(self) -> str:
        site = self.zone.site
        where = f"{self.name.rstrip('.')} in zone {site.zone.rstrip('.')}"
        return f"{where} at DNSProvider {site.provider}{self.why and f': {self.why}'}"


@click.command(cls=flags.Command)
@click.option(
    "--from-owner", "giver", required=True, metavar="ID",
    help="Whose names: the --txt-owner-id of external-dns (its default is `default`).",
)  # fmt: skip
@click.option(
    "--to-owner", "taker", default="", metavar="ID",
    help="Who gets them; default the ownerID of each DNSProvider. Name external-dns's to go back.",
)  # fmt: skip
@click.option("--provider", default="", metavar="NAME", help="Only at this DNSProvider.")
@click.option("--zone", default="", metavar="NAME", help="Only in this zone.")
@click.option("--name", "names", multiple=True, metavar="NAME", help="Only this name (repeatable).")
@takes_settings
def adopt(
    settings: Settings, giver: str, taker: str, provider: str, zone: str, names: tuple[str, ...]
) -> None:
    """Take over names from external-dns without a gap, or give them back.

    Only the owner in the ownership records is rewritten, each record only if it still says
    what was read: the names keep their data all the time. What a DNSEndpoint of this host
    wants is taken over, and the controller then puts right what differs; other names stay
    where they are. Stop external-dns, or take the names from its sources, before you begin.
    Records with a prefix or suffix are found where the DNSProvider's spec.txt says the same.
    """
    from kubefed_dns.commands import backends, hub, planning
    from kubefed_dns.records import canonical
    from kubefed_dns.resources import ENDPOINTS

    order = Order(giver, taker, frozenset(canonical(name) for name in names))
    where = canonical(zone) if zone else ""
    with hosting.host(settings) as host:
        seen = hub.Hub(host, namespace=settings.namespace)
        with backends.opened(seen, only=provider) as found:
            objects = tuple(seen.list(ENDPOINTS))
            picture = planning.picture(seen, found, objects, provider=provider, zone=where)
            moves = list(_moves(picture, order))
            lost = [] if settings.dry_run else list(_written(moves))
    _tell(moves, lost, dry_run=settings.dry_run, giver=giver)
    broken = [f"DNSProvider {each.site.provider}: {each.error}" for each in picture.zones
              if each.error]  # fmt: skip
    if broken:
        raise KubeFedError(f"not everything could be read: {'; '.join(broken)}")
    if lost:
        raise KubeFedError(f"{len(lost)} names were not moved; run this again")


def _moves(picture: "Picture", order: Order) -> Iterator[Move]:
    for zone in picture.zones:
        if zone.ledger is not None and zone.ledger.terms.registry is not None:
            yield from _in_zone(zone, zone.ledger, order)


def _in_zone(zone: "Zone", ledger: "Ledger", order: Order) -> Iterator[Move]:
    from kubefed_dns.decide import adoption
    from kubefed_dns.decide.claims import Claims, Register

    registry = ledger.terms.registry
    assert registry is not None
    taker = order.taker or registry.owner
    if registry.owner not in {order.giver, taker} or order.giver == taker:
        raise Terminal(
            f"DNSProvider {zone.site.provider} has the owner {registry.owner!r}: names go to it, or"
            f" from it to another by --to-owner, and not from {order.giver!r} to {taker!r}"
        )
    reading = Claims(ledger.wants, ledger.held, Register(registry, ledger.held))
    theirs = adoption.names_of(order.giver, reading)
    for name in sorted(theirs & order.names if order.names else theirs):
        bids = ledger.bids(name)
        if taker == registry.owner and not bids:
            yield Move(zone, name, why="left, for no DNSEndpoint here wants it")
            continue
        group = adoption.move(
            name,
            reading,
            giver=order.giver,
            taker=replace(registry, owner=taker),
            resource=min(bid.source for bid in bids).resource if taker == registry.owner else "",
        )
        yield Move(zone, name, group)


def _written(moves: Sequence[Move]) -> Iterator[Move]:
    """Those that the provider did not take, with its reason."""
    zones = {id(move.zone): move.zone for move in moves}
    for zone in zones.values():
        provider = zone.opened.provider
        assert provider is not None
        mine = {move.group: move for move in moves if move.zone is zone and move.group}
        try:
            refusals = provider.write(zone.site.zone, tuple(mine)) if mine else ()
        except (KubeFedError, OSError) as error:
            yield from (replace(move, why=str(error)) for move in mine.values())
            continue
        yield from (replace(mine[each.group], why=each.reason) for each in refusals)


def _tell(moves: Sequence[Move], lost: Collection[Move], *, dry_run: bool, giver: str) -> None:
    failed = {(id(move.zone), move.name) for move in lost}
    word = "dry run: would move" if dry_run else "moved"
    for move in moves:
        if move.group is None:
            click.echo(move.text)
        elif (id(move.zone), move.name) not in failed:
            click.echo(f"{word}: {move.text}")
    for move in lost:
        click.echo(f"not moved: {move.text}", err=True)
    if not moves:
        click.echo(f"no name of owner {giver!r} was found")
