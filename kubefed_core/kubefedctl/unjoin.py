"""Take a cluster out: what join made in the member goes, then what it made on the host."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import click

from kubefed_core.api import propagated
from kubefed_core.api.federated import SELECTOR
from kubefed_core.errors import ApiError, KubeFedError, Terminal
from kubefed_core.kubefedctl import flags, preflight, rights, tokens
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.rights import Names
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_core.kubefedctl.steps import Report
from kubefed_core.objects import Key, Obj, annotations, deleting, dig, key_of, uid
from kubefed_core.resources import (
    CLUSTER_PROPAGATED_VERSIONS,
    CLUSTERS,
    CONFIGS,
    NAMESPACES,
    PROPAGATED_VERSIONS,
    SECRETS,
    SERVICE_ACCOUNTS,
    Resource,
)
from kubefed_core.runtime import contexts
from kubefed_core.runtime.contexts import Context


@click.command(cls=flags.Command)
@click.argument("name", required=False, metavar="CLUSTER_NAME")
@click.option(
    "--cluster-context",
    metavar="NAME",
    help="Context of the cluster that leaves; default the context called CLUSTER_NAME.",
)
@click.option(
    "--host-cluster-name",
    metavar="NAME",
    help="What the host was called when the cluster joined; default its context's name.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Go on where the member cannot be reached or refuses; what is left there is said.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but warnings and errors.")
@takes_settings
def unjoin(
    settings: Settings,
    name: str | None,
    cluster_context: str | None,
    host_cluster_name: str | None,
    force: bool,
    quiet: bool,
) -> None:
    """Take the cluster CLUSTER_NAME out of the host.

    What is not there (any more) is passed over, so that an interrupted unjoin can be run again. The
    member's namespace is deleted only where join made it, and the host's own never.
    """
    if not name:
        raise Terminal("NAME is required: kubefedctl unjoin CLUSTER_NAME")
    preflight.check_name(name, "the cluster's name")
    book = contexts.load(settings.kubeconfig)
    hosting = book.context(settings.host_context, flag="--host-cluster-context")
    host_name = preflight.host_name(host_cluster_name or "", hosting.name)
    leaving = Leaving(
        called=preflight.names(name, host_name, settings.namespace),
        force=force,
        dry_run=settings.dry_run,
    )
    report = Report(quiet=quiet)
    with Api(hosting, label=f"host {host_name}") as host, ExitStack() as stack:
        preflight.reach(host)
        member = None
        try:
            context = book.context(cluster_context or name, flag="--cluster-context")
            member = stack.enter_context(_opened(context, name))
        except KubeFedError as error:
            _bear(leaving, report, error)
        unjoin_cluster(leaving, host=host, member=member, report=report)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What is asked for."""

    called: Names
    force: bool = False
    dry_run: bool = False


def unjoin_cluster(leaving: Leaving, *, host: Api, member: Api | None, report: Report) -> None:
    """Delete everything that join made; a member of None is left alone."""
    called = leaving.called
    cluster = host.get(CLUSTERS, Key(called.namespace, called.cluster))
    secrets = tokens.of(host, called, cluster, report=report)
    work = _Deletions(leaving, report)
    if member is not None:
        try:
            for secret in secrets:
                _warn_of_other_name(called, secret, report)
            _leave_member(work, host, member, called)
        except KubeFedError as error:
            _bear(leaving, report, error)
    if member is None or work.failed:
        left = ", ".join(f"{resource.kind} {key}" for resource, key in rights.traces(called))
        report.warn(f"left in member {called.cluster}, where they exist: {left}")
    _warn_of_propagated(host, called, report)
    _leave_host(work, host, cluster, secrets)
    if not work.done:
        report.say(f"cluster {called.cluster} is not joined: there was nothing to delete")
    elif leaving.dry_run:
        report.say("dry run: nothing was changed")
    else:
        report.say(f"cluster {called.cluster} has left")


def _opened(context: Context, name: str) -> Api:
    api = Api(context, label=f"member {name}")
    try:
        preflight.reach(api)
    except KubeFedError:
        api.close()
        raise
    return api


def _bear(leaving: Leaving, report: Report, error: KubeFedError) -> None:
    """Go on in spite of an error in the member, where that is wanted."""
    if not leaving.force:
        raise KubeFedError(
            f"{error}. Give --force to take the cluster out without cleaning it up"
        ) from error
    report.warn(str(error))


class _Deletions:
    """Deletes and says so; counts what was there."""

    def __init__(self, leaving: Leaving, report: Report) -> None:
        self._leaving = leaving
        self.report = report
        self.done = 0
        self.failed = 0

    def delete(self, api: Api, resource: Resource, key: Key, *, uid: str = "") -> None:
        what = f"{api.label}: {resource.kind} {key}"
        if self._leaving.dry_run:
            if api.get(resource, key) is not None:
                self.done += 1
                self.report.say(f"{what} would be deleted")
        elif api.delete(resource, key, uid=uid):
            self.done += 1
            self.report.say(f"{what} deleted")

    def try_delete(self, api: Api, resource: Resource, key: Key) -> None:
        """As `delete`, but with force a refusal is only said."""
        try:
            self.delete(api, resource, key)
        except KubeFedError as error:
            self.failed += 1
            _bear(self._leaving, self.report, error)


def _leave_member(work: _Deletions, host: Api, member: Api, called: Names) -> None:
    namespace = member.get(NAMESPACES, Key("", called.namespace))
    for resource, key in rights.traces(called):
        work.try_delete(member, resource, key)
    if namespace is None or deleting(namespace):
        return
    kept = _kept(host, member, called, namespace)
    if kept is None:
        work.delete(member, NAMESPACES, key_of(namespace), uid=uid(namespace))
    else:
        work.report.say(f"{member.label}: Namespace {called.namespace} stays: {kept}")


def _leave_host(work: _Deletions, host: Api, cluster: Obj | None, secrets: Sequence[Obj]) -> None:
    """The cluster first: one whose Secret is gone would be reported as malformed."""
    if cluster is not None:
        work.delete(host, CLUSTERS, key_of(cluster))
    for secret in secrets:
        work.delete(host, SECRETS, key_of(secret), uid=uid(secret))


def _kept(host: Api, member: Api, called: Names, namespace: Obj) -> str | None:
    """Why the member's namespace stays; None where it can go."""
    if preflight.same_cluster(host, namespace, called.namespace):
        return "it is the host's own"
    if annotations(namespace).get(rights.BY_JOIN) != "true":
        return "join did not make it"
    if _configured(member, called.namespace):
        return "a control plane lives in it"
    others = [
        name
        for account in member.list(SERVICE_ACCOUNTS, namespace=called.namespace)
        if (name := dig(account, "metadata", "name")) not in ("default", called.service_account)
    ]
    return f"it holds service accounts of others: {', '.join(others)}" if others else None


def _configured(member: Api, namespace: str) -> bool:
    try:
        return member.get(CONFIGS, Key(namespace, preflight.CONFIG)) is not None
    except ApiError:
        return False


def _warn_of_propagated(host: Api, called: Names, report: Report) -> None:
    """Objects that were propagated are the users', and stay."""
    try:
        count = sum(
            called.cluster in propagated.parse(obj).clusters
            for resource in (PROPAGATED_VERSIONS, CLUSTER_PROPAGATED_VERSIONS)
            for obj in host.list(resource)
        )
    except ApiError:
        # Of a limited scope, or without the kinds: what is not known is not said.
        return
    if count:
        report.warn(
            f"{count} propagated objects stay in cluster {called.cluster}, with the label "
            f"{SELECTOR}; deletions on the host wait for them no more"
        )


def _warn_of_other_name(called: Names, secret: Obj, report: Report) -> None:
    """Say it where the cluster joined under another host name, so that its account is elsewhere."""
    account = tokens.account(secret)
    if account is None or account == (called.namespace, called.service_account):
        return
    namespace, name = account
    report.warn(
        f"the cluster's token is that of service account {namespace}/{name}, not of "
        f"{called.service_account}: it and its roles stay in the member. If join made it, unjoin "
        "with the --host-cluster-name and --kubefed-namespace of that time"
    )
