"""Enable a kind: its FederatedTypeConfig, and the CRD of the kind that federates it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from kubefed_core.api import federated_kind, types, webhooks
from kubefed_core.api.fields import Fields
from kubefed_core.api.loose import objects, text
from kubefed_core.api.types import FEDERATED_GROUP, FEDERATED_VERSION, TypeConfig
from kubefed_core.decide import escalation, readiness
from kubefed_core.errors import KubeFedError, Terminal
from kubefed_core.kubefedctl import (
    configured,
    conflicts,
    discovery,
    flags,
    manifests,
    output,
    preflight,
    rights,
)
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.discovery import Served
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_core.kubefedctl.steps import Report
from kubefed_core.objects import Key, Obj, deleting, dig
from kubefed_core.resources import (
    CONFIGS,
    CRDS,
    NAMESPACES,
    TYPE_CONFIGS,
    VALIDATING_WEBHOOKS,
    Resource,
)

LEAVING = 10.0
"""Seconds in which what is being deleted must be gone."""
SERVING = 10.0
"""Seconds in which the host must serve the new kind."""
OPEN = "x-kubernetes-preserve-unknown-fields"


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
    output.only_yaml(options["output"])
    directive = _directive(name, options)
    report = Report()
    with settings.host() as host:
        found = discovery.find(host, directive.name, version=directive.version, report=report)
        made = describe(host, found, directive)
        if options["output"]:
            output.documents([types.dump(made.config, namespace=settings.namespace), made.crd])
            return
        write(host, made, settings=settings, report=report)


def describe(host: Api, found: Served, directive: Directive) -> Enabled:
    """What enabling a kind would make; nothing is written.

    Raises Terminal where it cannot be propagated.
    """
    conflicts.refuse_unfit(found)
    template, replicas = _shape(host, found)
    return federating(found, directive, template=template, replicas=replicas)


def federating(
    found: Served, directive: Directive, *, template: bool = True, replicas: bool = False
) -> Enabled:
    """The objects for a kind; `template` and `replicas` as for `federated_kind.crd`."""
    target = found.resource
    federated = types.federated_of(
        target, group=directive.group, version=directive.federated_version
    )
    crd = federated_kind.crd(
        target,
        federated,
        short_names=found.short_names,
        template=template,
        replicas=replicas,
        ready=readiness.has_notion(target),
    )
    return Enabled(TypeConfig(str(target), target, federated), crd)


def write(host: Api, made: Enabled, *, settings: Settings, report: Report) -> None:
    """Raises Terminal where the kind is federated otherwise already."""
    namespace, config = settings.namespace, made.config
    if host.get(NAMESPACES, Key("", namespace)) is None:
        raise Terminal(
            f'KubeFed system namespace "{namespace}" does not exist. '
            "Apply the control plane's manifests first, or give --kubefed-namespace"
        )
    configs = configured.read(host, namespace)
    name = Key("", made.crd["metadata"]["name"])
    there = _lasting(host, CRDS, name, settings=settings)
    conflicts.refuse(config, configs, there)
    _put(host, CRDS, made.crd, there, dry_run=settings.dry_run)
    click.echo(f"customresourcedefinition.apiextensions.k8s.io/{name} {_done(there)}")
    obj = types.dump(config, namespace=namespace)
    existing = _lasting(host, TYPE_CONFIGS, Key(namespace, config.name), settings=settings)
    _put(host, TYPE_CONFIGS, obj, existing, dry_run=settings.dry_run)
    click.echo(
        f"federatedtypeconfig.core.kubefed.io/{config.name} {_done(existing)} "
        f"in namespace {namespace}"
    )
    if not settings.dry_run:
        _await(host, name, settings=settings, report=report)
    _warn(host, config, configs, settings=settings, report=report)


def _directive(name: str | None, options: Mapping[str, Any]) -> Directive:
    if options["filename"]:
        return _from_file(options["filename"])
    if not name:
        raise Terminal("NAME is required: kubefedctl enable NAME, or -f FILE")
    return Directive(
        name, options["version"], options["federated_group"], options["federated_version"]
    )


def _from_file(path: str) -> Directive:
    fields = Fields(manifests.read(path)[0])
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
    versions = objects(dig(crd, "spec", "versions"))
    chosen = [each for each in versions if each.get("name") == found.resource.version]
    schema = dig((chosen or versions)[0], "schema", "openAPIV3Schema", default={})
    replicas = dig(schema, "properties", "spec", "properties", "replicas", default={})
    whole = (replicas.get("type"), replicas.get("format", "int32")) == ("integer", "int32")
    return bool(schema.get("properties") or schema.get(OPEN)), whole


def _lasting(host: Api, resource: Resource, key: Key, *, settings: Settings) -> Obj | None:
    """What is there to stay: one that is being deleted is waited out first."""

    def settled() -> tuple[Obj | None] | None:
        found = host.get(resource, key)
        return None if found is not None and deleting(found) else (found,)

    answer = settings.clock.wait(settled, limit=LEAVING)
    if answer is None:
        raise KubeFedError(
            f"{resource.kind} {key} is being deleted and still there after {LEAVING:g} s; "
            "wait until it is gone and enable again"
        )
    return answer[0]


def _put(host: Api, resource: Resource, obj: Obj, there: Obj | None, *, dry_run: bool) -> None:
    if there is None:
        host.create(resource, obj, dry_run=dry_run)
    else:
        spec = {**dig(there, "spec", default={}), **obj["spec"]}
        host.replace(resource, {**there, "spec": spec}, dry_run=dry_run)


def _await(host: Api, name: Key, *, settings: Settings, report: Report) -> None:
    """Let nobody go on who could not write an object of the new kind yet."""

    def established() -> bool | None:
        found = _conditions(dig(host.get(CRDS, name) or {}, "status"))
        return True if found.get("Established", {}).get("status") == "True" else None

    if settings.clock.wait(established, limit=SERVING) is None:
        refused = _conditions(dig(host.get(CRDS, name) or {}, "status")).get("NamesAccepted", {})
        why = f": {refused.get('message')}" if refused.get("status") == "False" else ""
        report.warn(f"CustomResourceDefinition {name} is not served after {SERVING:g} s{why}")


def _warn(
    host: Api,
    config: TypeConfig,
    configs: Mapping[str, TypeConfig],
    *,
    settings: Settings,
    report: Report,
) -> None:
    """Of what keeps the type from being propagated."""
    if config.namespaced and types.NAMESPACES not in configs:
        report.warn(
            "the type namespaces is not enabled, and nothing in a namespace is propagated without "
            "it: kubefedctl enable namespaces"
        )
    if escalation.concerns(config.target):
        _warn_of_rights(host, config, settings=settings, report=report)
    if config.namespaced or config.is_namespace:
        return
    settled = host.get(CONFIGS, Key(settings.namespace, preflight.CONFIG)) or {}
    if dig(settled, "spec", "scope") == rights.NAMESPACED_SCOPE:
        report.warn(
            f"the control plane's scope is Namespaced, and {config.name} are in no namespace: "
            "they are not propagated"
        )


def _warn_of_rights(host: Api, config: TypeConfig, *, settings: Settings, report: Report) -> None:
    try:
        names = webhooks.names(VALIDATING_WEBHOOKS, settings.namespace)
        found = [host.get(VALIDATING_WEBHOOKS, Key("", name)) for name in names]
        why = escalation.unguarded(filter(None, found), config.federated)
    except KubeFedError as error:
        why = f"whether an admission webhook asks who gives rights cannot be seen: {error}"
    if why:
        report.warn(f"{config.name} is not propagated: {why}")


def _conditions(status: Any) -> dict[str, Obj]:
    return {text(each.get("type")): each for each in objects(dig(status or {}, "conditions"))}


def _done(there: Obj | None) -> str:
    return "created" if there is None else "updated"
