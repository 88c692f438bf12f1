"""Say of a federated object whether its deletion leaves in the clusters what it made there."""

from collections.abc import Callable
from typing import Any

import click

from kubefed_core.api.federated import ORPHAN, is_orphaning
from kubefed_core.api.types import FEDERATED_GROUP
from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import discovery, flags
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_core.kubefedctl.steps import Report
from kubefed_core.objects import Key, Obj, key_of
from kubefed_core.resources import Resource

Answer = Callable[[Api, Resource, Obj], None]


@click.group(cls=flags.Group)
def orphaning() -> None:
    """Say whether deleting a federated object leaves its objects in the clusters.

    Usually they are deleted with it. With orphaning they stay, and are not
    managed any more.
    """


def _command(name: str, summary: str, *, changes: bool) -> Callable[[Answer], click.Command]:
    """A command about one object, which is read first."""

    def make(answer: Answer) -> click.Command:
        @click.command(name, cls=flags.Command, help=summary)
        @click.argument("type_name", required=False, metavar="TYPE")
        @click.argument("object_name", required=False, metavar="NAME")
        @click.option(
            "-n",
            "--namespace",
            "within",
            metavar="NAME",
            help="Namespace of the object; default the context's.",
        )
        @takes_settings
        def command(settings: Settings, **given: Any) -> None:
            if not given["type_name"]:
                raise Terminal(f"resource type is required: orphaning-deletion {name} TYPE NAME")
            if not given["object_name"]:
                raise Terminal(f"resource name is required: orphaning-deletion {name} TYPE NAME")
            with settings.host() as host:
                within = given["within"] or host.context.namespace or "default"
                resource, obj = _found(host, given["type_name"], Key(within, given["object_name"]))
                if not (changes and settings.dry_run):
                    answer(host, resource, obj)

        return command

    return make


def _found(host: Api, type_name: str, key: Key) -> tuple[Resource, Obj]:
    resource = discovery.find(host, type_name, report=Report()).resource
    if resource.group != FEDERATED_GROUP or not resource.kind.startswith("Federated"):
        click.echo(f"Warning: {type_name}/{resource.version} might not be a federated resource")
    key = Key(key.namespace if resource.namespaced else "", key.name)
    obj = host.get(resource, key)
    if obj is None:
        where = "; give its namespace with -n" if key.namespace else ""
        raise Terminal(f'{host.label}: {resource.kind} "{key}" does not exist{where}')
    return resource, obj


def _set(host: Api, resource: Resource, obj: Obj, value: str | None) -> None:
    host.merge(resource, key_of(obj), {"metadata": {"annotations": {ORPHAN: value}}})


@_command("enable", "Leave in the clusters what is there when the object is deleted.", changes=True)
def enable(host: Api, resource: Resource, obj: Obj) -> None:
    if not is_orphaning(obj):
        _set(host, resource, obj, "true")


@_command("disable", "Delete it in the clusters too when the object is deleted.", changes=True)
def disable(host: Api, resource: Resource, obj: Obj) -> None:
    if is_orphaning(obj):
        _set(host, resource, obj, None)


@_command("status", "Print Enabled or Disabled.", changes=False)
def status(host: Api, resource: Resource, obj: Obj) -> None:
    click.echo("Enabled" if is_orphaning(obj) else "Disabled")


for each in (enable, disable, status):
    orphaning.add_command(each)
