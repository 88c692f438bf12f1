"""What the controller would change in the zones, as a diff."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from kubefed_core.errors import KubeFedError
from kubefed_core.kubefedctl import flags
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_dns.commands import hosting

if TYPE_CHECKING:
    from kubefed_dns.commands.planning import Zone
    from kubefed_dns.records import Change, RRset

CHANGES = 2
"""Exit status where something would change."""


@dataclass(frozen=True)
class Line:
    """One change; of `old` and `new` one may be missing."""

    provider: str
    zone: str
    action: str
    name: str
    type: str
    setIdentifier: str = ""  # noqa: N815 (as in the objects)
    old: "Data | None" = None
    new: "Data | None" = None


@dataclass(frozen=True)
class Data:
    ttl: int
    values: tuple[str, ...]
    properties: dict[str, str]


@dataclass(frozen=True)
class Trouble:
    """Something wanted that would not be done, or a zone that cannot be read (no name)."""

    provider: str
    zone: str
    name: str
    reason: str
    message: str


@click.command(cls=flags.Command)
@click.option(
    "-f", "--filename", "files", multiple=True, metavar="FILE",
    help="Manifests to plan as if they were applied; - reads stdin. Can be given again.",
)  # fmt: skip
@click.option("--provider", default="", metavar="NAME", help="Only this DNSProvider.")
@click.option("--zone", default="", metavar="NAME", help="Only this zone.")
@click.option(
    "-o", "--output", type=click.Choice(["diff", "json"]), default="diff", show_default=True
)
@takes_settings
def plan(settings: Settings, files: tuple[str, ...], provider: str, zone: str, output: str) -> int:
    """Show what would change in DNS, and change nothing.

    Every zone is read from its provider and compared with what the DNSEndpoints on the
    host want; with -f also Domains, DNSProviders, records and DNSEndpoints that are not
    applied yet. Of the embedded server, which lives in the controller, the DNSEndpoints'
    status tells what it holds.

    Exit status: 0 nothing would change, 2 something would, 255 a zone could not be read.
    """
    from kubefed_dns.commands import backends, hub, planning, rehearsal
    from kubefed_dns.records import canonical

    with hosting.host(settings) as host:
        seen = hub.Hub(host, namespace=settings.namespace, applied=hub.read(files))
        objects, said = rehearsal.endpoints(seen)
        with backends.opened(seen, only=provider) as found:
            picture = planning.picture(
                seen, found, objects, provider=provider, zone=canonical(zone) if zone else ""
            )
    lines: list[Line] = []
    troubles: list[Trouble] = []
    for each in picture.zones:
        more, worse = _of_zone(each)
        lines += more
        troubles += worse
    troubles += [Trouble("", "", "", "Unused", text) for text in (*said, *picture.problems)]
    if output == "json":
        _as_json(lines, troubles)
    else:
        _as_diff(lines, troubles)
    unread = [f"{each.site.provider} {each.site.zone}".strip() for each in picture.zones
              if each.error]  # fmt: skip
    if unread:
        raise KubeFedError(f"not everything could be read: {', '.join(unread)}; see above")
    return CHANGES if lines else 0


def _of_zone(zone: "Zone") -> tuple[list[Line], list[Trouble]]:
    where = (zone.site.provider, zone.site.zone.rstrip("."))
    ledger = zone.ledger
    if ledger is None:
        return [], [Trouble(*where, "", "ProviderError", zone.error)]
    lines, troubles = [], []
    for name in sorted(ledger.wanted() | zone.owned):
        planned = ledger.plan(name)
        problem = planned.problem
        if problem is not None:
            troubles.append(Trouble(*where, name.rstrip("."), problem.reason, problem.message))
        for ref, lost in ledger.losers.get(name, {}).items():
            message = f"DNSEndpoint {ref.source}: {lost.message}"
            troubles.append(Trouble(*where, name.rstrip("."), lost.reason, message))
        changes = planned.group.changes if planned.group else ()
        lines += [_line(where, change) for change in changes]
    return lines, troubles


def _line(where: tuple[str, str], change: "Change") -> Line:
    from kubefed_dns.controllers.zones.ledger import sides

    old, new = sides(change)
    one = new or old
    assert one is not None
    return Line(
        *where,
        type(change).__name__,
        one.name.rstrip("."),
        one.type,
        one.set_identifier,
        _data(old),
        _data(new),
    )


def _data(rrset: "RRset | None") -> Data | None:
    return Data(rrset.ttl, rrset.values, dict(rrset.properties)) if rrset is not None else None


def _as_json(lines: Iterable[Line], troubles: Iterable[Trouble]) -> None:
    found = {
        "changes": [_shown(asdict(line)) for line in lines],
        "problems": [_shown(asdict(trouble)) for trouble in troubles],
    }
    click.echo(json.dumps(found, indent=2))


def _shown(obj: dict[str, object]) -> dict[str, object]:
    """Without what is empty; a TTL of 0 is not."""
    shown = {name: _shown(each) if isinstance(each, dict) else each for name, each in obj.items()}
    return {name: each for name, each in shown.items() if each or each == 0}


def _as_diff(lines: Iterable[Line], troubles: Iterable[Trouble]) -> None:
    last = ("", "")
    for line in lines:
        if (line.provider, line.zone) != last:
            last = (line.provider, line.zone)
            click.echo(f"--- zone {line.zone} at DNSProvider {line.provider}")
        for sign, data in (("-", line.old), ("+", line.new)):
            for text in _texts(line, data):
                click.echo(f"{sign} {text}")
    for trouble in troubles:
        where = " ".join(filter(None, (trouble.provider, trouble.zone, trouble.name)))
        click.echo(f"! {where + ': ' if where else ''}{trouble.reason}: {trouble.message}")
    if last == ("", ""):
        click.echo("nothing would change")


def _texts(line: Line, data: Data | None) -> Iterator[str]:
    if data is None:
        return
    said = [f"{name}={value}" for name, value in data.properties.items()]
    if line.setIdentifier:
        said.insert(0, f"set={line.setIdentifier}")
    tail = f" ; {' '.join(said)}" if said else ""
    for value in data.values:
        yield f"{line.name}. {data.ttl} {line.type} {value}{tail}"
