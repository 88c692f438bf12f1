"""Federate objects: those of the host, or those of manifests."""

from collections.abc import Mapping
from typing import Any

import click

from kubefed_core.api import types
from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import conflicts, flags, manifests, output, templates
from kubefed_core.kubefedctl.federating import Federating, federated
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_core.kubefedctl.steps import Report
from kubefed_core.objects import Key


@click.command(cls=flags.Command)
@click.argument("type_name", required=False, metavar="TYPE-NAME")
@click.argument("name", required=False, metavar="RESOURCE-NAME")
@click.option(
    "-n",
    "--namespace",
    "within",
    metavar="NAME",
    help="Namespace of the object; default the context's.",
)
@click.option(
    "-o", "--output", default="", metavar="yaml", help="Print what would be made, and make nothing."
)
@click.option(
    "-t",
    "--enable-type",
    is_flag=True,
    help="Enable the types that are not, before their objects are federated.",
)
@click.option(
    "-c",
    "--contents",
    "contained",
    is_flag=True,
    help="With a namespace: what is in it too, but what each cluster makes of its own.",
)
@click.option(
    "-f",
    "--filename",
    metavar="FILE",
    help="Print what the objects of a file, - for stdin, become; nothing else is looked at.",
)
@click.option(
    "-s",
    "--skip-api-resources",
    "skip",
    multiple=True,
    metavar="NAME,...",
    help="Kinds to leave out of the contents: by plural (with or without its group), kind or short "
    "name, or all of a group.",
)
@takes_settings
def federate(settings: Settings, type_name: str | None, name: str | None, **options: Any) -> None:
    """Make federated objects of objects, placed in all clusters.

    The object RESOURCE-NAME of the kind TYPE-NAME on the host becomes the template of a federated
    object; it stays as it is. Of the object's metadata only the labels are taken, and nothing that
    a cluster gives by itself.
    """
    output.only_yaml(options["output"])
    if options["filename"]:
        _from_file(options["filename"], type_name, options)
        return
    if not type_name:
        raise Terminal("TYPE-NAME is required: kubefedctl federate TYPE-NAME RESOURCE-NAME")
    if not name:
        raise Terminal("RESOURCE-NAME is required: kubefedctl federate TYPE-NAME RESOURCE-NAME")
    if options["enable_type"] and options["output"]:
        raise Terminal("Flag '--enable-type' cannot be used with '--output [yaml]'")
    with settings.host() as host:
        within = options["within"] or host.context.namespace or "default"
        shown = bool(options["output"])
        job = Federating(host, settings, shown=shown, enabling=options["enable_type"])
        skip = flags.listed(options["skip"])
        job.run(type_name, Key(within, name), contained=options["contained"], skip=skip)


def _from_file(path: str, type_name: str | None, options: Mapping[str, Any]) -> None:
    if type_name:
        raise Terminal(f"Flag '--filename' does not take any args. Got args: {type_name}")
    report = Report()
    for flag in ("within", "enable_type", "contained", "skip"):
        if options[flag]:
            report.warn("with --filename nothing but the file counts; other flags are ignored")
            break
    made = []
    for number, obj in enumerate(manifests.read(path), start=1):
        where = f"{path}: object {number}"
        target = templates.guessed(obj, where)
        if conflicts.is_ours(target):
            raise Terminal(f"{where}: {target.kind} belongs to the control plane; leave it out")
        made.append(federated(obj, target, types.federated_of(target), report))
    output.documents(made)
