"""Disable a kind: stop its propagation and remove its FederatedTypeConfig."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from kubefed_core.api import types as api
from kubefed_core.api.federated import FINALIZER
from kubefed_core.api.types import FEDERATED_GROUP, FEDERATED_VERSION, NOT_RUNNING
from kubefed_core.errors import ApiError, KubeFedError, NotFound, Terminal
from kubefed_core.kubefedctl import configured, discovery, flags
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_core.kubefedctl.steps import Report
from kubefed_core.objects import Key, Obj, dig
from kubefed_core.resources import CRDS, TYPE_CONFIGS, Resource

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
    with settings.host() as host:
        _disable(host, name, settings, options)


def _disable(host: Api, name: str, settings: Settings, options: Mapping[str, Any]) -> None:
    key = Key(settings.namespace, name if "." in name else _full(host, name, settings))
    obj = host.get(TYPE_CONFIGS, key)
    if obj is None:
        click.echo(f'FederatedTypeConfig "{key}" does not exist')
    crd = _crd(host, key, obj, options) if options["delete_crd"] else None
    if crd is not None:
        _refuse_in_use(host, crd)
    if settings.dry_run:
        _rehearse(key, obj, crd)
        return
    if obj is not None:
        _stop(host, key, obj, settings)
        _warn_of_unfinished(host, obj, Report())
    if crd is not None:
        _delete_crd(host, crd)
    if obj is not None:
        host.delete(TYPE_CONFIGS, key)
        click.echo(f'federatedtypeconfig "{key}" deleted')


def _full(host: Api, name: str, settings: Settings) -> str:
    """The type config's name, also of a kind that is not enabled, or not served any more."""
    configs = configured.read(host, settings.namespace)
    try:
        return configured.called(host, configs, name).name
    except Terminal:
        return str(discovery.find(host, name, report=Report()).resource)


def _crd(host: Api, key: Key, obj: Obj | None, options: Mapping[str, Any]) -> Resource:
    """The federated kind: what the type config says, or would say."""
    if obj is not None:
        return api.parse(obj).federated
    target = discovery.find(host, key.name, report=Report()).resource
    group, version = options["group"] or FEDERATED_GROUP, options["version"] or FEDERATED_VERSION
    return api.federated_of(target, group=group, version=version)


def _rehearse(key: Key, obj: Obj | None, crd: Resource | None) -> None:
    if crd is not None:
        click.echo(f'customresourcedefinition "{crd}" would be deleted')
    if obj is not None:
        click.echo(f'federatedtypeconfig "{key}" would be deleted')


def _stop(host: Api, key: Key, obj: Obj, settings: Settings) -> None:
    if dig(obj, "spec", "propagation") != "Disabled":
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
            f'Cannot delete CRD "{federated}" while resource instances exist. '
            "Delete them first, or disable without --delete-crd"
        )


def _warn_of_unfinished(host: Api, obj: Obj, report: Report) -> None:
    """Nobody takes the finalizers from objects of a type that is not propagated."""
    try:
        config = api.parse(obj)
        left = sum(FINALIZER in _finalizers(each) for each in host.list(config.federated))
    except (ApiError, Terminal):
        return
    if left:
        report.warn(
            f"{left} objects of the kind {config.federated.kind} are there; what they propagated "
            f"stays, and they cannot be deleted before {config.name} is enabled again"
        )


def _finalizers(obj: Obj) -> Sequence[str]:
    found: Sequence[str] = dig(obj, "metadata", "finalizers", default=())
    return found


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
