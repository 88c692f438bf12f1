"""Join a cluster: an account in the member, its token and address on the host."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import click

from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import flags, member, preflight, registration, rights
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.member import Credentials
from kubefed_core.kubefedctl.registration import Request
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_core.kubefedctl.steps import Report, Steps
from kubefed_core.kubefedctl.waiting import Clock
from kubefed_core.objects import Obj
from kubefed_core.resources import SECRETS
from kubefed_core.runtime import contexts


@click.command(cls=flags.Command)
@click.argument("name", required=False, metavar="CLUSTER_NAME")
@click.option(
    "--cluster-context",
    metavar="NAME",
    help="Context of the cluster that joins; default the context called CLUSTER_NAME.",
)
@click.option(
    "--host-cluster-name",
    metavar="NAME",
    help="What the host is called in names of the member's objects; default its context's name.",
)
@click.option(
    "--secret-name",
    metavar="NAME",
    help="Name of the host's Secret for the token; default CLUSTER_NAME and a random ending.",
)
@click.option(
    "--error-on-existing/--no-error-on-existing",
    default=True,
    help="Whether objects that are there already are an error, or are reused and put right.",
)
@click.option(
    "--dns-only",
    is_flag=True,
    help="Grant only the reading of Services, EndpointSlices, Ingresses and Nodes, and of health.",
)
@click.option("--region", metavar="NAME", help="The cluster's region; default what its nodes say.")
@click.option(
    "--zones",
    multiple=True,
    metavar="NAME,...",
    help="The cluster's zones; default what its nodes say.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="KEY=VALUE",
    help="A label of the KubeFedCluster; may be given several times.",
)
@click.option(
    "--wait",
    type=flags.duration,
    default="5s",
    metavar="DURATION",
    help="How long to wait for the cluster to be Ready; 0s for not at all. Default 5s. "
    "A cluster that is joined but not Ready is a warning, no failure.",
)
@click.option(
    "--timeout",
    type=flags.duration,
    default="30s",
    metavar="DURATION",
    help="How long to wait for the member to fill the token. Default 30s.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but warnings and errors.")
@takes_settings
def join(settings: Settings, name: str | None, **options: Any) -> None:
    """Make the cluster CLUSTER_NAME a member of the host.

    In the member: the kubefed namespace, a service account in it with its roles, and a token. On
    the host: a Secret with the token, and a KubeFedCluster. Nothing is written before all that
    can be checked has been, and when a step fails, what was made is removed again.
    """
    if not name:
        raise Terminal("NAME is required: kubefedctl join CLUSTER_NAME")
    preflight.check_name(name, "the cluster's name")
    report = Report(quiet=options["quiet"])
    clock = settings.clock
    book = contexts.load(settings.kubeconfig)
    hosting = book.context(settings.host_context, flag="--host-cluster-context")
    joining = book.context(options["cluster_context"] or name, flag="--cluster-context")
    host_name = preflight.host_name(options["host_cluster_name"] or "", hosting.name)
    request = Request(
        called=preflight.names(name, host_name, settings.namespace),
        secret_name=options["secret_name"] or "",
        error_on_existing=options["error_on_existing"],
        dns_only=options["dns_only"],
        region=options["region"] or "",
        zones=flags.listed(options["zones"]),
        labels=pairs(options["labels"]),
        timeout=options["timeout"],
    )
    if request.secret_name:
        preflight.check_name(request.secret_name, "--secret-name")
    with ExitStack() as stack:
        host = stack.enter_context(Api(hosting, label=f"host {host_name}"))
        target = stack.enter_context(Api(joining, label=f"member {name}"))
        steps = Steps(report, dry_run=settings.dry_run)
        cluster = join_cluster(request, host=host, joining=target, steps=steps, clock=clock)
        if cluster is None:
            report.say("dry run: nothing was changed")
            return
        registration.watch_over(
            cluster, host=host, report=report, clock=clock, limit=options["wait"]
        )


def join_cluster(
    request: Request, *, host: Api, joining: Api, steps: Steps, clock: Clock
) -> Obj | None:
    """Make the cluster a member; gives its KubeFedCluster, None on a dry run.

    Everything that can be checked is checked first. When a later step fails,
    what the earlier ones made is removed again.
    """
    called = request.called
    preflight.reach(host)
    preflight.reach(joining)
    member.check_server_name(joining)
    scope = preflight.scope(host, called.namespace)
    token_part = rights.token_secret(called)
    parts = [rights.account(called), *rights.roles(called, scope=scope, dns_only=request.dns_only)]
    found = preflight.look(
        host, joining, called, secret=request.secret_name, parts=[*parts, token_part]
    )
    if request.error_on_existing:
        preflight.refuse_existing(found, called)
    preflight.check_rights(host, joining, found, [*parts, token_part])
    registration.rehearse(request, host, joining.context, found)
    preflight.warn_of_loopback(steps.report, host, joining.context, called.namespace)
    with steps:
        account = member.prepare(joining, steps, found=found, called=called, parts=parts)
        if steps.dry_run:
            steps.create(joining, SECRETS, token_part.obj)
            given = Credentials("", joining.context.ca)
        else:
            filled = member.token(
                joining,
                steps,
                found=found,
                part=token_part,
                account=account,
                clock=clock,
                limit=request.timeout,
            )
            given = member.trusted(joining, steps, filled, clock=clock)
        made = registration.register(
            request, host, context=joining.context, given=given, found=found, steps=steps
        )
    if made is not None:
        registration.tidy(request, host, found=found, made=made, report=steps.report)
    return made


def pairs(texts: Sequence[str]) -> Mapping[str, str]:
    """Raises Terminal for what is not KEY=VALUE; the API server checks the rest."""
    found = {}
    for pair in texts:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise Terminal(f"--label {pair!r} is not KEY=VALUE")
        found[key] = value
    return found
