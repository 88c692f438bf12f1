"""Disable a kind: stop its propagation and remove its FederatedTypeConfig."""

from collections.abc import Mapping
from typing import Any

import click

from kubefed_core.api import types as api
from kubefed_core.api.types import FEDERATED_GROUP, FEDERATED_VERSION, NOT_RUNNING, TypeConfig
from kubefed_core.errors import KubeFedError, NotFound, Terminal
from kubefed_core.kubefedctl import discovery, flags
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_core.kubefedctl.steps import Report
from kubefed_core.objects import Key, dig
from kubefed_core.resources import CRDS, TYPE_CONFIGS, Resource
from kubefed_core.runtime import contexts

STOPPING = 10.0
"""Seconds in which the control plane must have stopped the propagation."""


@click.command(cls=flags.Command)
@click.argument("name", required=False, metavar="NAME")
@click.option("--delete-crd", is_flag=True, help="Remove the federated kind too.")
@click.option(
    "--federated-group",
    "--kubefed-group",
    "group",
    metavar="GROUP",
    help="API group of the federated kind; only with --delete-crd.",
)
@click.option(
    "--version",
    metavar="VERSION",
    help="API version of the federated kind; only with --delete-crd.",
)
@takes_settings
def disable(settings: Settings, name: str | None, **options: Any) -> None:
    """Let objects of a kind be propagated no more; what is in the members stays there."""
    if not name:
        raise Terminal("NAME is required: kubefedctl disable NAME")
    if not options["delete_crd"]:
        if options["version"]:
            raise Terminal("--version flag valid only with --delete-crd")
        if options["group"] and options["group"] != FEDERATED_GROUP:
            raise Terminal("--kubefed-group flag valid only with --delete-crd")
    book = contexts.load(settings.kubeconfig)
    hosting = book.context(settings.host_context, flag="--host-cluster-context")
    with Api(hosting, label=f"host {hosting.name}") as host:
        _disable(host, name, settings, options)


def _disable(host: Api, name: str, settings: Settings, options: Mapping[str, Any]) -> None:
    target = None
    if "." not in name:
        target = discovery.find(host, name, report=Report()).resource
        name = str(target)
    key = Key(settings.namespace, name)
    obj = host.get(TYPE_CONFIGS, key)
    if obj is None:
        click.echo(f'FederatedTypeConfig "{key}" does not exist')
    if settings.dry_run or (obj is None and not options["delete_crd"]):
        return
    if obj is None:
        target = target or discovery.find(host, name, report=Report()).resource
        group, version = options["group"], options["version"]
        federated = api.federated_of(
            target, group=group or FEDERATED_GROUP, version=version or FEDERATED_VERSION
        )
        _refuse_in_use(host, federated)
        _delete_crd(host, federated)
        return
    config = api.parse(obj)
    if options["delete_crd"]:
        _refuse_in_use(host, config.federated)
    _stop(host, key, config, settings)
    if options["delete_crd"]:
        _delete_crd(host, config.federated)
    host.delete(TYPE_CONFIGS, key)
    click.echo(f'federatedtypeconfig "{key}" deleted')


def _stop(host: Api, key: Key, config: TypeConfig, settings: Settings) -> None:
    if config.propagated:
        host.merge(TYPE_CONFIGS, key, {"spec": {"propagation": "Disabled"}})
        click.echo(f'Disabled propagation for FederatedTypeConfig "{key}"')
    click.echo(f'Verifying propagation controller is stopped for FederatedTypeConfig "{key}"')
    _wait(host, key, settings)
    click.echo(f'Propagation controller for FederatedTypeConfig "{key}" is stopped')


def _delete_crd(host: Api, federated: Resource) -> None:
    gone = host.delete(CRDS, Key("", str(federated)))
    done = "deleted" if gone else "does not exist"
    click.echo(f'customresourcedefinition "{federated}" {done}')


def _refuse_in_use(host: Api, federated: Resource) -> None:
    try:
        found = host.list(federated)
    except NotFound:
        return
    if found:
        raise Terminal(
            f"Cannot delete CRD {str(federated)!r} while resource instances exist. "
            "Delete them first, or disable without --delete-crd"
        )


def _wait(host: Api, key: Key, settings: Settings) -> None:
    def stopped() -> bool | None:
        obj = host.get(TYPE_CONFIGS, key)
        state = dig(obj or {}, "status", "propagationController", default=NOT_RUNNING)
        seen = dig(obj or {}, "status", "observedGeneration", default=0)
        wanted = dig(obj or {}, "metadata", "generation", default=0)
        return True if state == NOT_RUNNING and seen >= wanted else None

    if settings.clock.wait(stopped, limit=STOPPING, every=0.1) is None:
        raise KubeFedError(
            f'the control plane has not stopped the propagation of "{key}" within '
            f"{STOPPING:g} s; check that the controller-manager runs, and disable again"
        )
