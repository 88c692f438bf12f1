"""Take a cluster out of every name that has another target, and bring it back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import click

from kubefed_core.api import conditions
from kubefed_core.errors import KubeFedError, Terminal
from kubefed_core.kubefedctl import flags
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_core.objects import Key, Obj, dig, key_of
from kubefed_core.resources import CLUSTERS, Resource
from kubefed_dns.commands import hosting
from kubefed_dns.resources import ENDPOINTS, INGRESS_RECORDS, PROVIDERS, SERVICE_RECORDS

EVERY = 1.0
"""Seconds between two looks at the records."""
Which = tuple[Resource, Key]


@click.command(cls=flags.Command)
@click.argument("cluster")
@click.option("--wait", is_flag=True, help="Return when no cache can hold an address of it.")
@click.option(
    "--timeout", type=flags.duration, default="15m", show_default=True, metavar="DURATION",
    help="How long --wait waits for DNS to be without the cluster; the TTL comes on top.",
)  # fmt: skip
@takes_settings
def drain(settings: Settings, cluster: str, wait: bool, timeout: float) -> None:
    """Withdraw CLUSTER from every name that has another target.

    Names that have no other keep its addresses; they are listed. With --wait the command ends
    when every provider has the names without the cluster and the longest of their TTLs has
    passed since; its exit status is 0 then, and 255 where a name keeps the cluster, or where
    the time was too short.
    """
    with hosting.host(settings) as host:
        before = _having(host, cluster)
        last = [which for which, record in before.items() if record.only]
        _mark(host, settings, cluster, drained=True)
        for resource, key in last:
            click.echo(f"keeps its address, for it has no other: {resource.kind} {key}")
        if wait and not settings.dry_run:
            _wait(host, settings, cluster, before, timeout)


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


@dataclass(frozen=True, slots=True)
class _Having:
    """How a record stands to the cluster.

    `only`: no other cluster has an address in it. `held`: the cluster stays though it is
    drained. `out`: its addresses are in DNS no more. `why` says what is being waited for.
    """

    only: bool = False
    held: bool = False
    out: bool = False
    why: str = ""


def _having(host: Api, cluster: str) -> dict[Which, _Having]:
    """The records in which the cluster has a target."""
    found = {}
    for resource in (SERVICE_RECORDS, INGRESS_RECORDS):
        for obj in host.list(resource):
            standing = _standing(obj, cluster)
            if not standing.out or standing.why:
                found[resource, key_of(obj)] = standing
    return found


def _standing(obj: Obj, cluster: str) -> _Having:
    from kubefed_dns.api import status as api
    from kubefed_dns.api.status import Reason

    status = api.parse(dig(obj, "status"))
    entry = status.entry(cluster)
    if entry is not None and entry.ingress:
        others = any(each.ingress for each in status.entries if each is not entry)
        held = entry.reason == Reason.HELD
        return _Having(only=not others, held=held, why=entry.message or "it is still a target")
    published = conditions.get(status.conditions, "Published")
    if published is not None and published.status == "False" and entry is not None:
        return _Having(out=True, why=f"{published.reason}: {published.message}".rstrip(": "))
    verified = conditions.get(status.conditions, "Verified")
    if verified is not None and verified.status == "False" and entry is not None:
        return _Having(out=True, why=verified.message or "a server answers with it still")
    return _Having(out=True)


def _wait(
    host: Api, settings: Settings, cluster: str, before: Iterable[Which], timeout: float
) -> None:
    """Wait until the records are without the cluster, and then as long as caches may be."""
    mine = frozenset(before)
    ttl = _ttl(host, mine)
    waited: dict[Which, _Having] = {}

    def over() -> bool | None:
        now = _having(host, cluster)
        waited.clear()
        waited.update({which: each for which, each in now.items() if which in mine})
        return True if all(each.held for each in waited.values()) else None

    if settings.clock.wait(over, limit=timeout, every=EVERY) is None:
        left = {which: each for which, each in waited.items() if not each.held}
        raise KubeFedError(f"after {timeout:g}s {cluster} is still in DNS: {_listed(left)}")
    if mine - waited.keys():
        click.echo(f"DNS is without {cluster}; caches may hold it for {ttl:g}s more")
        settings.clock.sleep(ttl)
    if waited:
        raise KubeFedError(f"these have no other target and keep {cluster}: {_listed(waited)}")
    click.echo(f"no cache can hold an address of {cluster} any more")


def _listed(found: Mapping[Which, _Having]) -> str:
    return "; ".join(
        f"{resource.kind} {key}{each.why and f' ({each.why})'}"
        for (resource, key), each in found.items()
    )


def _ttl(host: Api, records: Iterable[Which]) -> int:
    """The longest of some records, in seconds, as any provider may have written it."""
    from kubefed_dns.api import endpoints as api
    from kubefed_dns.controllers.keys import RecordKey, endpoint_key

    longest = 0
    for resource, key in records:
        obj = host.get(ENDPOINTS, endpoint_key(RecordKey(resource, key)))
        if obj is not None:
            longest = max([longest, *(each.ttl for each in api.parse(obj).endpoints)])
    floors = [dig(obj, "spec", "minTTL", default=0) for obj in host.list(PROVIDERS)]
    return max([longest, *(floor for floor in floors if isinstance(floor, int))])
