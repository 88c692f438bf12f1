"""Show the clusters, the types, or federated objects and their state in every cluster."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from kubefed_core.api import clusters as cluster_api
from kubefed_core.api import federated as federated_api
from kubefed_core.api import taints
from kubefed_core.api.federated import WAIVE, Condition, Status
from kubefed_core.api.types import RUNNING, TypeConfig
from kubefed_core.decide.outcomes import PROPAGATION, READY
from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import configured, flags, output, state
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.output import Row
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_core.kubefedctl.state import InCluster, State
from kubefed_core.objects import Key, Obj, deleting, dig, key_of, labels
from kubefed_core.resources import CLUSTERS, TYPE_CONFIGS

TABLES = ("", "wide")
OUTPUTS = (*TABLES, "yaml", "json")


@dataclass(frozen=True, slots=True)
class Column:
    """What it shows of a thing; `wide` where only the wide table has it."""

    head: str
    show: Callable[[Any], str]
    wide: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """What is asked for."""

    form: str
    now: datetime
    name: str | None = None

    def age(self, obj: Obj) -> str:
        return output.age(obj, now=self.now)

    def show(self, columns: Sequence[Column], found: Sequence[Obj], *, nothing: str) -> None:
        """Objects, as a table or as they are."""
        if self.form in TABLES:
            self.table(columns, found, nothing=nothing)
        else:
            output.objects(found, self.form, one=self.name is not None)

    def table(self, columns: Sequence[Column], things: Sequence[Any], *, nothing: str) -> None:
        shown = [each for each in columns if self.form == "wide" or not each.wide]
        rows: list[Row] = [[each.head for each in shown]]
        rows += [[each.show(thing) for each in shown] for thing in things]
        output.table(rows, nothing=nothing)


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
@click.option(
    "-o",
    "--output",
    default="",
    metavar="wide|yaml|json",
    help="A table with more in it, or the objects as they are.",
)
@click.option(
    "--check",
    is_flag=True,
    help="Exit with 1 unless all that is shown is well: clusters Ready, types running, objects "
    "propagated as they stand now, and ready where their kind can be.",
)
@takes_settings
def get(settings: Settings, what: str | None, name: str | None, **options: Any) -> int:
    """Show what is federated, and how it is.

    TYPE is an enabled type, such as deployments or deployments.apps; with NAME
    the state of one object in every cluster is shown: whether it is wanted
    there, what came of that, whether it is ready, and which version it has.
    """
    if options["output"] not in OUTPUTS:
        raise Terminal(f"Invalid value for --output: {options['output']}")
    view = View(options["output"], settings.clock.date(), name)
    with settings.host() as host:
        if what in (None, "cluster", "clusters"):
            well = _clusters(host, settings.namespace, view)
        elif what in ("type", "types"):
            well = _types(host, settings.namespace, view)
        else:
            within = options["within"] or host.context.namespace or "default"
            within = "" if options["all_namespaces"] else within
            well = _objects(host, str(what), within, settings.namespace, view)
    return flags.UNWELL if options["check"] and not well else 0


def _clusters(host: Api, namespace: str, view: View) -> bool:
    """Whether all is well; so say the others."""
    found = _named(host.list(CLUSTERS, namespace=namespace), "cluster", view)
    columns = (
        Column("NAME", _name),
        Column("READY", lambda obj: str(cluster_api.parse_status(obj).ready)),
        Column("REGION", lambda obj: cluster_api.location(obj)[0]),
        Column("ZONES", lambda obj: ",".join(cluster_api.location(obj)[1])),
        Column("AGE", view.age),
        Column("ENDPOINT", lambda obj: dig(obj, "spec", "apiEndpoint", default="")),
        Column("SECRET", lambda obj: dig(obj, "spec", "secretRef", "name", default=""), wide=True),
        Column("LABELS", lambda obj: ",".join(_pairs(labels(obj))), wide=True),
        Column("TAINTS", lambda obj: ",".join(map(str, taints.parse_taints(obj))), wide=True),
        Column("REASON", _why_not_ready),
    )
    nothing = "no cluster is joined; kubefedctl join CLUSTER_NAME joins one"
    view.show(columns, found, nothing=nothing)
    return all(cluster_api.parse_status(obj).ready for obj in found)


def _why_not_ready(obj: Obj) -> str:
    status = cluster_api.parse_status(obj)
    said = status.get("Ready") or status.get("Offline")
    if status.ready:
        return ""
    return f"{said.reason}: {said.message}" if said else "the control plane has not looked at it"


def _types(host: Api, namespace: str, view: View) -> bool:
    found = _named(host.list(TYPE_CONFIGS, namespace=namespace), "type", view)
    columns = (
        Column("NAME", _name),
        Column("KIND", lambda obj: dig(obj, "spec", "targetType", "kind", default="")),
        Column("VERSION", lambda obj: _version(obj, "targetType"), wide=True),
        Column("FEDERATED KIND", lambda obj: dig(obj, "spec", "federatedType", "kind", default="")),
        Column("FEDERATED VERSION", lambda obj: _version(obj, "federatedType"), wide=True),
        Column("PROPAGATION", lambda obj: dig(obj, "spec", "propagation", default="")),
        Column("CONTROLLER", lambda obj: dig(obj, "status", "propagationController", default="")),
        Column("STATUS", lambda obj: dig(obj, "spec", "statusCollection", default=""), wide=True),
        Column("AGE", view.age),
    )
    view.show(columns, found, nothing="no type is enabled; kubefedctl enable NAME enables one")
    return all(dig(obj, "status", "propagationController") == RUNNING for obj in found)


def _version(obj: Obj, field: str) -> str:
    said = dig(obj, "spec", field, default={})
    return "/".join(filter(None, (said.get("group", ""), said.get("version", ""))))


def _objects(host: Api, what: str, within: str, system: str, view: View) -> bool:
    configs = configured.read(host, system)
    config = configured.called(host, configs, what)
    key = Key(within if config.federated.namespaced else "", view.name or "")
    if view.name is None:
        found = host.list(config.federated, namespace=key.namespace)
    else:
        obj = host.get(config.federated, key)
        if obj is None:
            raise Terminal(
                f'{config.federated.kind} "{key}" does not exist; '
                f"kubefedctl get {config.name} -A lists those that do"
            )
        found = [obj]
    if view.name is None or view.form not in TABLES:
        _summary(sorted(found, key=key_of), config, view)
    else:
        _detail(state.of(host, found[0], config, configs, namespace=system), host, config, view)
    return all(_is_well(obj) for obj in found)


def _is_well(obj: Obj) -> bool:
    status = federated_api.status(obj)
    propagated, ready = status.get(PROPAGATION), status.get(READY)
    done = propagated is not None and propagated.status == "True"
    return done and state.looked_at(obj, status) and (ready is None or ready.status == "True")


def _summary(found: Sequence[Obj], config: TypeConfig, view: View) -> None:
    def said(field: str) -> Callable[[Obj], str]:
        return lambda obj: (federated_api.status(obj).summary or {}).get(field, "")

    columns = (
        Column("NAMESPACE", lambda obj: key_of(obj).namespace),
        Column("NAME", _name),
        Column("CLUSTERS", said("clusters")),
        Column("READY", said("ready")),
        Column("PROPAGATED", lambda obj: _condition(obj).status),
        Column("REASON", lambda obj: _condition(obj).reason),
        Column("AGE", view.age),
        Column("NOT WELL IN", lambda obj: _trouble(federated_api.status(obj)), wide=True),
    )
    shown = columns if config.federated.namespaced else columns[1:]
    view.show(shown, found, nothing=f"there is no {config.federated.kind}")


def _condition(obj: Obj) -> Condition:
    return federated_api.status(obj).get(PROPAGATION) or Condition(PROPAGATION, "")


def _trouble(status: Status) -> str:
    return ",".join(f"{each.name} ({each.status})" for each in status.clusters if each.status)


def _detail(found: State, host: Api, config: TypeConfig, view: View) -> None:
    click.echo(f"{config.federated.kind} {key_of(found.obj)}")
    for condition in found.status.conditions:
        why = " ".join(filter(None, (condition.reason, condition.message)))
        click.echo(f"{condition.type}: {condition.status}" + (f" ({why})" if why else ""))
    if found.problem and found.problem not in str(found.status.conditions):
        click.echo(f"Placement: {found.problem}")
    if deleting(found.obj):
        left = ", ".join(each.cluster for each in found.clusters)
        click.echo(
            f"It is being deleted, and waits for: {left or 'nothing'}. A cluster that is lost is "
            f"waited for no more with the annotation {WAIVE}=CLUSTER_NAME, or by unjoin --force."
        )
    if not found.looked_at:
        click.echo("The last change has not been looked at yet.")
    columns = (
        Column("CLUSTER", lambda each: each.cluster),
        Column("WANTED", lambda each: "yes" if each.wanted else "no"),
        Column("STATUS", _status),
        Column("READY", lambda each: each.ready),
        Column("VERSION", lambda each: each.version),
        Column("REMOTE STATUS", lambda each: _compact(each.remote), wide=True),
    )
    view.table(columns, found.clusters, nothing="it is wanted in no cluster, and is in none")
    if any(each.status or each.wanted != (each.status is not None) for each in found.clusters):
        for text in state.warnings(host, found.obj):
            click.echo(f"Warning: {text}")


def _status(each: InCluster) -> str:
    return "-" if each.status is None else each.status or "OK"


def _compact(value: Mapping[str, Any] | None) -> str:
    return "" if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _name(obj: Obj) -> str:
    return str(obj["metadata"]["name"])


def _pairs(found: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in sorted(found.items())]


def _named(found: Sequence[Obj], what: str, view: View) -> Sequence[Obj]:
    chosen = [obj for obj in found if view.name in (None, _name(obj))]
    if view.name is not None and not chosen:
        raise Terminal(f'{what} "{view.name}" does not exist; kubefedctl get {what}s lists them')
    return sorted(chosen, key=key_of)
