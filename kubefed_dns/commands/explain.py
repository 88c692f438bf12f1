"""The whole way of a name, from the members' objects to what name servers answer."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import flags
from kubefed_core.kubefedctl.settings import Settings, takes_settings
from kubefed_dns.commands import hosting

if TYPE_CHECKING:
    from kubefed_dns.commands.account import Account, Cluster, Set
    from kubefed_dns.commands.answers import Answer
    from kubefed_dns.commands.whereabouts import Whereabouts

MARKS = {True: "+", False: "-", None: "?"}


@click.command(cls=flags.Command)
@click.argument("name")
@click.argument("target", default="")
@click.option(
    "--server", "servers", multiple=True, metavar="HOST:PORT",
    help="An authoritative server to ask, in place of those that are known. Can be given again.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@takes_settings
def explain(
    settings: Settings, name: str, target: str, servers: tuple[str, ...], output: str
) -> None:
    """Say why NAME is as it is: each cluster, each provider, each authoritative server.

    Members are asked now; what is published stands in the status of records and
    DNSEndpoints. With TARGET, a cluster or an address, only what concerns it is shown.
    In front of each line stands whether that link holds (+), breaks (-), or is not known (?).
    """
    from kubefed_dns.commands import account, hub, whereabouts

    with hosting.host(settings) as host:
        seen = hub.Hub(host, namespace=settings.namespace)
        where = whereabouts.find(seen, name)
        accounts = account.of(seen, where.name)
    if not accounts:
        raise Terminal(
            f"{where.name}: no record and no DNSEndpoint makes it; see kubefedctl dns records"
        )
    if target and not (accounts := account.chosen(accounts, target)):
        raise Terminal(f"{target} is neither a cluster nor an address behind {where.name}")
    answers = _answers(where, servers)
    if output == "json":
        click.echo(json.dumps(_as_json(where.name, accounts, answers), indent=2))
        return
    click.echo(where.name)
    for each in accounts:
        _tell(each)
    if where.problem:
        click.echo(f"- not served: {where.problem}")
    for answer in answers:
        _tell_answer(answer)


def _answers(where: "Whereabouts", servers: Sequence[str]) -> list["Answer"]:
    from kubefed_dns.commands import answers, whereabouts

    found: list[Answer] = []
    for site in where.sites:
        asked, why = whereabouts.servers(site, servers)
        said = answers.authorities(where.name, site.wanted, asked)
        found += said or (answers.Answer("authority", site.zone, "", error=why),)
    return found


def _tell(each: "Account") -> None:
    click.echo(f"made by {each.source}")
    for cluster in each.clusters:
        click.echo(f"  cluster {cluster.name}")
        for step in cluster.steps:
            click.echo(f"    {MARKS[step.good]} {step.what}: {step.message}")
    click.echo(f"  DNSEndpoint {each.endpoint}")
    for one in each.sets:
        _tell_set(one)
    if not each.sets:
        click.echo("    - it does not have the name: no cluster gives it a target")
    for condition in each.conditions:
        good = {"True": True, "False": False}.get(condition.status)
        said = f"{condition.reason}{condition.message and f': {condition.message}'}"
        click.echo(f"  {MARKS[good]} {condition.type}: {said}")


def _tell_set(one: "Set") -> None:
    endpoint = one.endpoint
    what = f"{endpoint.record_type} {endpoint.ttl} {', '.join(endpoint.targets)}"
    if endpoint.set_identifier:
        what += f" (set {endpoint.set_identifier})"
    click.echo(f"    {what}")
    for place in one.placed:
        at = f"DNSProvider {place.name}, zone {place.zone}"
        marker = f", serial or change {place.marker}" if place.marker else ""
        said = f"{at}{marker}"
        if place.error:
            said = place.error if place.error.startswith(at) else f"{at}: {place.error}"
        click.echo(f"      {MARKS[not place.error]} {said}")
    if not one.placed:
        click.echo("      ? no provider has been told yet")


def _tell_answer(answer: "Answer") -> None:
    good = {"same": True, "part": True, "differs": False}.get(answer.verdict)
    said = answer.error or ", ".join(answer.values) or "nothing"
    asked = f"{answer.server} answers {answer.type}: " if answer.type else ""
    click.echo(f"{MARKS[good]} {asked}{said}")


def _as_json(
    name: str, accounts: Iterable["Account"], answers: Iterable["Answer"]
) -> dict[str, Any]:
    return {
        "name": name,
        "sources": [
            {
                "source": each.source,
                "clusters": [_cluster(cluster) for cluster in each.clusters],
                "endpoint": each.endpoint,
                "sets": [_set(one) for one in each.sets],
                "conditions": [
                    {"type": c.type, "status": c.status, "reason": c.reason, "message": c.message}
                    for c in each.conditions
                ],
            }
            for each in accounts
        ],
        "answers": [asdict(answer) for answer in answers],
    }


def _cluster(cluster: "Cluster") -> dict[str, Any]:
    return {"cluster": cluster.name, "steps": [asdict(step) for step in cluster.steps]}


def _set(one: "Set") -> dict[str, Any]:
    endpoint = one.endpoint
    return {
        "type": endpoint.record_type,
        "ttl": endpoint.ttl,
        "targets": list(endpoint.targets),
        "setIdentifier": endpoint.set_identifier,
        "providers": [asdict(place) for place in one.placed],
    }
