"""What commands print: objects as they are, and tables."""

import json
from collections.abc import Sequence
from datetime import datetime

import click

from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import manifests
from kubefed_core.objects import Obj, dig, moment

Row = Sequence[str]


def only_yaml(form: str) -> None:
    """Raises Terminal, in upstream's words, for another --output."""
    if form not in ("", "yaml"):
        raise Terminal(f"Invalid value for --output: {form}")


def objects(found: Sequence[Obj], form: str, *, one: bool) -> None:
    """In the form `yaml` or `json`; as a List unless only one was asked for."""
    value: Obj = found[0] if one else {"apiVersion": "v1", "kind": "List", "items": list(found)}
    if form == "json":
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))
    else:
        click.echo(manifests.dump(value), nl=False)


def documents(found: Sequence[Obj]) -> None:
    """YAML, each with a separator before it."""
    for obj in found:
        click.echo(f"---\n{manifests.dump(obj)}", nl=False)


def table(rows: Sequence[Row], *, nothing: str) -> None:
    """The first row is the head; where it is the only one, `nothing` is said on stderr."""
    if len(rows) == 1:
        click.echo(nothing, err=True)
        return
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("   ".join(cells).rstrip())


def age(obj: Obj, *, now: datetime) -> str:
    """How long an object has been there, as kubectl writes it; empty where it does not say."""
    try:
        since = moment(dig(obj, "metadata", "creationTimestamp", default=""))
    except ValueError:
        return ""
    left = max(0, int((now - since).total_seconds()))
    for unit, size, least in (("d", 86400, 2), ("h", 3600, 2), ("m", 60, 2)):
        if left >= size * least:
            return f"{left // size}{unit}"
    return f"{left}s"
