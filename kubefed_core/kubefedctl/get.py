"""Show the clusters, the types, or federated objects and their state in every cluster."""

import json
from collections.abc import Sequence
from typing import Any

import click
import yaml

from kubefed_core.api import clusters as cluster_api
from kubefed_core.api import federated as federated_api
from kubefed_core.api import types as type_api
from kubefed_core.api.types import TypeConfig
from kubefed_core.decide.outcomes import PROPAGATION
from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import flags
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_core.objects import Key, Obj, dig, key_of
from kubefed_core.resources import CLUSTERS, TYPE_CONFIGS
from kubefed_core.runtime import contexts

OUTPUTS = ("", "yaml", "json")
Row = Sequence[str]


@click.command(cls=flags.Command)
@click.argument("what", required=False, metavar="clusters|types|TYPE")
@click.argument("name", required=False, metavar="NAME")
@click.option(
    "-n",
    "--namespace",
    "within",
    metavar="NAME",
    help="Namespace of the objects; default the context's.",
)
@click.option("-A", "--all-namespaces", is_flag=True, help="Objects of all namespaces.")
@click.option("-o", "--output", default="", metavar="yaml|json", help="The objects as they are.")
@takes_settings
def get(settings: Settings, what: str | None, name: str | None, **options: Any) -> None:
    """Show what is federated, and how it is.

    TYPE is an enabled type, such as deployments or deployments.apps; with NAME
    the state of one object in every cluster is shown.
    """
    if options["output"] not in OUTPUTS:
        raise Terminal(f"Invalid value for --output: {options['output']}")
    book = contexts.load(settings.kubeconfig)
    hosting = book.context(settings.host_context, flag="--host-cluster-context")
    with Api(hosting, label=f"host {hosting.name}") as host:
        if what in (None, "cluster", "clusters"):
            _clusters(host, settings.namespace, name, options["output"])
        elif what in ("type", "types"):
            _types(host, settings.namespace, name, options["output"])
        else:
            config = _type(host, settings.namespace, what)
            within = options["within"] or hosting.namespace or "default"
            if options["all_namespaces"]:
                within = ""
            _objects(host, config, within, name, options["output"])


def _clusters(host: Api, namespace: str, name: str | None, output: str) -> None:
    found = _named(host.list(CLUSTERS, namespace=namespace), name, "cluster")
    if output:
        _dump(found, output, one=name is not None)
        return
    rows: list[Row] = [("NAME", "READY", "REGION", "ZONES", "ENDPOINT", "REASON")]
    for obj in found:
        status = cluster_api.parse_status(obj)
        ready = status.get("Ready") or status.get("Offline")
        region, zones = cluster_api.location(obj)
        rows.append(
            (
                obj["metadata"]["name"],
                "True" if status.ready else "False",
                region,
                ",".join(zones),
                dig(obj, "spec", "apiEndpoint", default=""),
                "" if ready is None or status.ready else f"{ready.reason}: {ready.message}",
            )
        )
    _table(rows, "no cluster is joined; kubefedctl join CLUSTER_NAME joins one")


def _types(host: Api, namespace: str, name: str | None, output: str) -> None:
    found = _named(host.list(TYPE_CONFIGS, namespace=namespace), name, "type")
    if output:
        _dump(found, output, one=name is not None)
        return
    rows: list[Row] = [("NAME", "KIND", "FEDERATED KIND", "PROPAGATION", "CONTROLLER")]
    for obj in found:
        spec = dig(obj, "spec", default={})
        rows.append(
            (
                obj["metadata"]["name"],
                dig(spec, "targetType", "kind", default=""),
                dig(spec, "federatedType", "kind", default=""),
                dig(spec, "propagation", default=""),
                dig(obj, "status", "propagationController", default=""),
            )
        )
    _table(rows, "no type is enabled; kubefedctl enable NAME enables one")


def _objects(host: Api, config: TypeConfig, within: str, name: str | None, output: str) -> None:
    namespace = within if config.federated.namespaced else ""
    if name is None:
        found = host.list(config.federated, namespace=namespace)
    else:
        obj = host.get(config.federated, Key(namespace, name))
        if obj is None:
            key = Key(namespace, name)
            raise Terminal(f'{config.federated.kind} "{key}" does not exist')
        found = [obj]
    if output:
        _dump(found, output, one=name is not None)
    elif name is None:
        _summary(found, config)
    else:
        _detail(found[0])


def _summary(found: Sequence[Obj], config: TypeConfig) -> None:
    rows: list[Row] = [("NAMESPACE", "NAME", "CLUSTERS", "READY", "PROPAGATED", "REASON")]
    for obj in sorted(found, key=key_of):
        status = federated_api.status(obj)
        condition = status.get(PROPAGATION)
        summary = status.summary or {}
        rows.append(
            (
                *key_of(obj),
                summary.get("clusters", ""),
                summary.get("ready", ""),
                condition.status if condition else "",
                condition.reason if condition else "",
            )
        )
    _table(rows, f"there is no {config.federated.kind}")


def _detail(obj: Obj) -> None:
    status = federated_api.status(obj)
    for condition in status.conditions:
        why = " ".join(filter(None, (condition.reason, condition.message)))
        click.echo(f"{condition.type}: {condition.status}" + (f" ({why})" if why else ""))
    if dig(obj, "metadata", "generation", default=0) != status.observed_generation:
        click.echo("The last change has not been looked at yet.")
    rows: list[Row] = [("CLUSTER", "STATUS", "READY")]
    rows += [(each.name, each.status or "OK", each.ready) for each in status.clusters]
    _table(rows, "it is in no cluster")


def _type(host: Api, namespace: str, what: str) -> TypeConfig:
    """The enabled type of that name, given with or without its group, or by a kind."""
    found = [type_api.parse(obj) for obj in host.list(TYPE_CONFIGS, namespace=namespace)]
    word = what.lower()
    matching = [each for each in found if word in _names(each)]
    if not matching:
        raise Terminal(f"{what!r} is no enabled type; kubefedctl enable {what} enables it")
    if len(matching) > 1:
        named = ", ".join(each.name for each in matching)
        raise Terminal(f"{what!r} may be {named}; give the name with its group")
    return matching[0]


def _names(config: TypeConfig) -> set[str]:
    both = (config.target, config.federated)
    return {config.name} | {word.lower() for each in both for word in (each.plural, each.kind)}


def _named(found: Sequence[Obj], name: str | None, what: str) -> Sequence[Obj]:
    chosen = [obj for obj in found if name is None or obj["metadata"]["name"] == name]
    if name is not None and not chosen:
        raise Terminal(f"{what} {name!r} does not exist")
    return sorted(chosen, key=key_of)


def _dump(found: Sequence[Obj], output: str, *, one: bool) -> None:
    value: Any = found[0] if one else {"apiVersion": "v1", "kind": "List", "items": list(found)}
    if output == "json":
        click.echo(json.dumps(value, indent=2))
    else:
        click.echo(yaml.safe_dump(value, sort_keys=False), nl=False)


def _table(rows: Sequence[Row], nothing: str) -> None:
    if len(rows) == 1:
        click.echo(nothing, err=True)
        return
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("   ".join(cells).rstrip())
