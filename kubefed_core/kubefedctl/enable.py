"""Enable a kind: its FederatedTypeConfig, and the CRD of the kind that federates it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml

from kubefed_core.api import federated_kind
from kubefed_core.api import types as api
from kubefed_core.api.fields import Fields
from kubefed_core.api.types import FEDERATED_GROUP, FEDERATED_VERSION, TypeConfig
from kubefed_core.decide import readiness
from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import discovery, flags
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.discovery import Served
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_core.kubefedctl.steps import Report
from kubefed_core.objects import Key, Obj, dig
from kubefed_core.resources import CRDS, NAMESPACES, TYPE_CONFIGS, Resource
from kubefed_core.runtime import contexts

_APPS = frozenset({"apps/v1", "apps/v1beta1", "apps/v1beta2", "extensions/v1beta1"})
_EQUIVALENT: Mapping[str, frozenset[str]] = {
    "deployments": _APPS,
    "daemonsets": _APPS,
    "replicasets": _APPS,
    "statefulsets": _APPS - {"extensions/v1beta1"},
    "networkpolicies": frozenset({"networking.k8s.io/v1", "extensions/v1beta1"}),
    "podsecuritypolicies": frozenset({"policy/v1beta1", "extensions/v1beta1"}),
    "ingresses": frozenset({"networking.k8s.io/v1beta1", "extensions/v1beta1"}),
}
"""API versions that serve the very same objects, by plural."""


@dataclass(frozen=True, slots=True)
class Directive:
    """What is to be enabled, and under which API the federated kind goes."""

    name: str
    version: str = ""
    group: str = FEDERATED_GROUP
    federated_version: str = FEDERATED_VERSION


@dataclass(frozen=True, slots=True)
class Enabled:
    """The two objects that make a kind a federated one."""

    config: TypeConfig
    crd: dict[str, Any]


@click.command(cls=flags.Command)
@click.argument("name", required=False, metavar="NAME")
@click.option(
    "--federated-group",
    default=FEDERATED_GROUP,
    metavar="GROUP",
    help=f"API group of the federated kind; default {FEDERATED_GROUP}.",
)
@click.option(
    "--federated-version",
    default=FEDERATED_VERSION,
    metavar="VERSION",
    help=f"API version of the federated kind; default {FEDERATED_VERSION}.",
)
@click.option(
    "--version",
    default="",
    metavar="VERSION",
    help="API version of the kind; default the one that the host prefers.",
)
@click.option(
    "-o", "--output", default="", metavar="yaml", help="Print what would be made, and make nothing."
)
@click.option(
    "-f",
    "--filename",
    metavar="FILE",
    help="An EnableTypeDirective in the place of NAME and flags.",
)
@takes_settings
def enable(settings: Settings, name: str | None, **options: Any) -> None:
    """Let objects of a kind be propagated.

    NAME is a plural, singular, kind or short name, or a plural with its group
    (deployments.apps), of any kind that the host serves.
    """
    if options["output"] not in ("", "yaml"):
        raise Terminal(f"Invalid value for --output: {options['output']}")
    directive = _directive(name, options)
    report = Report()
    book = contexts.load(settings.kubeconfig)
    hosting = book.context(settings.host_context, flag="--host-cluster-context")
    with Api(hosting, label=f"host {hosting.name}") as host:
        made = describe(host, directive, report=report)
        if options["output"]:
            show(made, namespace=settings.namespace)
            return
        write(host, made, settings=settings)


def describe(host: Api, directive: Directive, *, report: Report) -> Enabled:
    """What enabling a kind would make; nothing is written."""
    found = discovery.find(host, directive.name, version=directive.version, report=report)
    template, replicas = _shape(host, found)
    return federating(found, directive, template=template, replicas=replicas)


def federating(
    found: Served, directive: Directive, *, template: bool = True, replicas: bool = False
) -> Enabled:
    """The objects for a kind; `template` and `replicas` as for `federated_kind.crd`."""
    target = found.resource
    federated = api.federated_of(target, group=directive.group, version=directive.federated_version)
    crd = federated_kind.crd(
        target,
        federated,
        short_names=found.short_names,
        template=template,
        replicas=replicas,
        ready=readiness.has_notion(target),
    )
    return Enabled(TypeConfig(str(target), target, federated), crd)


def show(made: Enabled, *, namespace: str) -> None:
    for obj in (api.dump(made.config, namespace=namespace), made.crd):
        click.echo("---\n" + yaml.safe_dump(obj, sort_keys=False), nl=False)


def write(host: Api, made: Enabled, *, settings: Settings) -> None:
    """Raises Terminal where the kind is federated otherwise already."""
    namespace = settings.namespace
    if host.get(NAMESPACES, Key("", namespace)) is None:
        raise Terminal(f"KubeFed system namespace {namespace!r} does not exist")
    configs = {
        obj["metadata"]["name"]: api.parse(obj)
        for obj in host.list(TYPE_CONFIGS, namespace=namespace)
    }
    _refuse_other(configs.get(made.config.name), made.config)
    name = made.crd["metadata"]["name"]
    there = host.get(CRDS, Key("", name))
    if there is not None:
        _refuse_used(configs, made.config)
    _put(host, CRDS, made.crd, there, dry_run=settings.dry_run)
    click.echo(f"customresourcedefinition.apiextensions.k8s.io/{name} {_done(there)}")
    obj = api.dump(made.config, namespace=namespace)
    key = Key(namespace, made.config.name)
    existing = host.get(TYPE_CONFIGS, key) if made.config.name in configs else None
    if not settings.dry_run and existing is not None:
        host.merge(TYPE_CONFIGS, key, {"spec": obj["spec"]})
    elif not settings.dry_run:
        host.create(TYPE_CONFIGS, obj)
    click.echo(
        f"federatedtypeconfig.core.kubefed.io/{made.config.name} {_done(existing)} "
        f"in namespace {namespace}"
    )


def _directive(name: str | None, options: Mapping[str, Any]) -> Directive:
    if options["filename"]:
        return _from_file(options["filename"])
    if not name:
        raise Terminal("NAME is required: kubefedctl enable NAME, or -f FILE")
    return Directive(
        name, options["version"], options["federated_group"], options["federated_version"]
    )


def _from_file(path: str) -> Directive:
    try:
        content = yaml.safe_load(Path(path).read_text())
    except (OSError, yaml.YAMLError) as error:
        raise Terminal(f"{path}: cannot be read: {error}") from error
    fields = Fields(content)
    if fields.text("kind") != "EnableTypeDirective":
        raise Terminal(f"{path}: must be an EnableTypeDirective")
    spec = fields.at("spec")
    return Directive(
        name=fields.at("metadata").text("name", required=True),
        version=spec.text("targetVersion"),
        group=spec.text("federatedGroup", default=FEDERATED_GROUP),
        federated_version=spec.text("federatedVersion", default=FEDERATED_VERSION),
    )


def _shape(host: Api, found: Served) -> tuple[bool, bool]:
    """Whether the kind has fields of its own, and a number of replicas in its spec."""
    crd = host.get(CRDS, Key("", str(found.resource))) if found.resource.group else None
    if crd is None:
        return True, found.scaled
    versions = dig(crd, "spec", "versions", default=())
    schema = dig(versions[0], "schema", "openAPIV3Schema", default={}) if versions else {}
    replicas = dig(schema, "properties", "spec", "properties", "replicas", default={})
    whole = (replicas.get("type"), replicas.get("format", "int32")) == ("integer", "int32")
    return bool(schema.get("properties")), whole


def _refuse_other(before: TypeConfig | None, wanted: TypeConfig) -> None:
    if before is not None and before.federated != wanted.federated:
        raise Terminal(
            f"Federation is already enabled for {wanted.name!r} with federated type "
            f"{_full(before.federated)!r}. Changing the federated type to "
            f"{_full(wanted.federated)!r} is not supported."
        )


def _refuse_used(configs: Mapping[str, TypeConfig], wanted: TypeConfig) -> None:
    """The CRD is there already: it must not be another type's."""
    same = _EQUIVALENT.get(wanted.target.plural, frozenset())
    for name, other in configs.items():
        if name == wanted.name:
            continue
        both = {wanted.target.api_version, other.target.api_version}
        if other.target.plural == wanted.target.plural and len(both) == 2 and both <= same:
            raise Terminal(
                f"{wanted.name!r} serves the same objects as {name!r}, which is enabled already; "
                f"kubefedctl disable {name} first"
            )
        if str(other.federated) == str(wanted.federated):
            raise Terminal(
                f"the CRD {wanted.federated} is in use by {name!r}; give another --federated-group"
            )


def _put(host: Api, resource: Resource, obj: Obj, there: Obj | None, *, dry_run: bool) -> None:
    if dry_run:
        return
    if there is None:
        host.create(resource, obj)
    else:
        host.replace(resource, {**there, "spec": obj["spec"]})


def _done(there: Obj | None) -> str:
    return "created" if there is None else "updated"


def _full(resource: Resource) -> str:
    return f"{resource.plural}.{resource.group}/{resource.version}"
