"""Take a cluster out of every name that has another target, and bring it back."""

from collections.abc import Iterable

import click

from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import flags
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_core.objects import Key, dig, key_of
from kubefed_core.resources import CLUSTERS
from kubefed_dns.commands import hosting
from kubefed_dns.resources import INGRESS_RECORDS, SERVICE_RECORDS


@click.command(cls=flags.Command)
@click.argument("cluster")
@takes_settings
def drain(settings: Settings, cluster: str) -> None:
    """Withdraw CLUSTER from every name that has another target.

    Names that have no other keep its addresses; they are listed.
    """
    with hosting.host(settings) as host:
        last = list(_last(host, cluster))
        _mark(host, settings, cluster, drained=True)
    for name in last:
        click.echo(f"keeps its address, for it has no other: {name}")


@click.command(cls=flags.Command)
@click.argument("cluster")
@takes_settings
def undrain(settings: Settings, cluster: str) -> None:
    """Let CLUSTER be a target again."""
    with hosting.host(settings) as host:
        _mark(host, settings, cluster, drained=False)


def _mark(host: Api, settings: Settings, cluster: str, *, drained: bool) -> None:
    from kubefed_dns.decide.sights import DRAINED

    key = Key(settings.namespace, cluster)
    if host.get(CLUSTERS, key) is None:
        raise Terminal(f"there is no KubeFedCluster {key}; see kubectl get kubefedclusters -A")
    word = "drained" if drained else "a target again"
    if settings.dry_run:
        click.echo(f"dry run: cluster {cluster} would be {word}")
        return
    value = "true" if drained else None
    host.merge(CLUSTERS, key, {"metadata": {"annotations": {DRAINED: value}}})
    click.echo(f"cluster {cluster} is {word}")


def _last(host: Api, cluster: str) -> Iterable[str]:
    """The records in which no other cluster has an address."""
    from kubefed_dns.api import status

    for resource in (SERVICE_RECORDS, INGRESS_RECORDS):
        for obj in host.list(resource):
            having = {e.cluster for e in status.parse(dig(obj, "status")).entries if e.ingress}
            if having == {cluster}:
                yield f"{resource.kind} {key_of(obj)}"
