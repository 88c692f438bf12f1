"""The host's side of a join: the token's Secret, the KubeFedCluster, and what comes of it."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubefed_core.errors import KubeFedError
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.member import TOKEN_KEY, Credentials
from kubefed_core.kubefedctl.preflight import Found
from kubefed_core.kubefedctl.rights import Names
from kubefed_core.kubefedctl.steps import Report, Steps
from kubefed_core.kubefedctl.waiting import Clock
from kubefed_core.objects import Key, Obj, dig
from kubefed_core.resources import CLUSTERS, SECRETS
from kubefed_core.runtime.contexts import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for; `timeout` is in seconds, for the token."""

    called: Names
    secret_name: str = ""
    error_on_existing: bool = True
    dns_only: bool = False
    region: str = ""
    zones: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 30.0


def rehearse(request: Request, host: Api, context: Context, found: Found) -> None:
    """Let the host check the KubeFedCluster without storing it."""
    if found.cluster is not None:
        return
    given = Credentials("", context.ca)
    host.create(
        CLUSTERS, _cluster(request, context, given, request.secret_name or "checked"), dry_run=True
    )


def register(
    request: Request,
    host: Api,
    *,
    context: Context,
    given: Credentials,
    found: Found,
    steps: Steps,
) -> Obj | None:
    """Store token and address; gives the KubeFedCluster, None on a dry run."""
    secret = _keep_token(request, host, given=given, found=found, steps=steps)
    name = dig(secret, "metadata", "name", default="")
    wanted = _cluster(request, context, given, name)
    if found.cluster is None:
        made = steps.create(host, CLUSTERS, wanted)
        return None if steps.dry_run else made
    if steps.dry_run:
        steps.report.say(f"{host.label}: KubeFedCluster {request.called.cluster} would be updated")
        return None
    key = Key(request.called.namespace, request.called.cluster)
    made = host.merge(CLUSTERS, key, _patch(wanted))
    steps.changed(host, CLUSTERS, made)
    return made


def _keep_token(
    request: Request, host: Api, *, given: Credentials, found: Found, steps: Steps
) -> Obj:
    """The Secret of the given name, or another one each time."""
    called = request.called
    metadata: dict[str, str] = {"namespace": called.namespace}
    if request.secret_name:
        metadata["name"] = request.secret_name
    else:
        metadata["generateName"] = f"{called.cluster}-"
    secret = {
        "apiVersion": SECRETS.api_version,
        "kind": SECRETS.kind,
        "metadata": metadata,
        "data": {TOKEN_KEY: base64.b64encode(given.token.encode()).decode()},
    }
    return steps.ensure(host, SECRETS, secret, found=found.secret)


def _cluster(request: Request, context: Context, given: Credentials, secret: str) -> Obj:
    spec: dict[str, Any] = {"apiEndpoint": context.server, "secretRef": {"name": secret}}
    if given.ca:
        spec["caBundle"] = base64.b64encode(given.ca).decode()
    if context.insecure:
        spec["disabledTLSValidations"] = ["*"]
    if context.proxy_url:
        spec["proxyURL"] = context.proxy_url
    if request.region:
        spec["region"] = request.region
    if request.zones:
        spec["zones"] = list(request.zones)
    metadata: dict[str, Any] = {
        "name": request.called.cluster,
        "namespace": request.called.namespace,
    }
    if request.labels:
        metadata["labels"] = dict(request.labels)
    return {
        "apiVersion": CLUSTERS.api_version,
        "kind": CLUSTERS.kind,
        "metadata": metadata,
        "spec": spec,
    }


def _patch(wanted: Obj) -> Obj:
    """Say the connection whole; a region and zones set by hand stay unless others are given."""
    emptied = dict.fromkeys(("caBundle", "disabledTLSValidations", "proxyURL"))
    patch: dict[str, Any] = {"spec": {**emptied, **wanted["spec"]}}
    if labels := dig(wanted, "metadata", "labels"):
        patch["metadata"] = {"labels": labels}
    return patch


def tidy(request: Request, host: Api, *, found: Found, made: Obj, report: Report) -> None:
    """Remove the Secret that an earlier join made and nothing names any more."""
    namespace = request.called.namespace
    old = dig(found.cluster or {}, "spec", "secretRef", "name", default="")
    if old == dig(made, "spec", "secretRef", "name") or request.secret_name:
        return
    if not old.startswith(f"{request.called.cluster}-"):
        return
    try:
        if old not in used_secrets(host, namespace) and host.delete(SECRETS, Key(namespace, old)):
            report.say(f"{host.label}: Secret {namespace}/{old} of before removed")
    except KubeFedError as error:
        report.warn(f"Secret {namespace}/{old} of before is not needed any more: {error}")


def used_secrets(host: Api, namespace: str, *, but: str = "") -> frozenset[str]:
    """The Secrets that KubeFedClusters name; `but` is a cluster that does not count."""
    return frozenset(
        dig(cluster, "spec", "secretRef", "name", default="")
        for cluster in host.list(CLUSTERS, namespace=namespace)
        if dig(cluster, "metadata", "name") != but
    )


def watch_over(cluster: Obj, *, host: Api, report: Report, clock: Clock, limit: float) -> None:
    """Wait for the control plane's word on the new member, and say what came."""
    name = dig(cluster, "metadata", "name", default="")
    key = Key(dig(cluster, "metadata", "namespace", default=""), name)
    latest: list[Obj] = [cluster]

    def ready() -> bool | None:
        latest[:] = [host.get(CLUSTERS, key) or {}]
        return True if _condition(latest[0], "Ready").get("status") == "True" else None

    if not limit:
        report.say(f"cluster {name} is joined")
        return
    try:
        answer = clock.wait(ready, limit=limit)
    except KubeFedError as error:
        report.warn(f"cluster {name} is joined; whether it is Ready cannot be seen: {error}")
        return
    if answer:
        report.say(f"cluster {name} is joined and Ready")
        return
    report.say(f"cluster {name} is joined")
    report.warn(f"it is not Ready after {limit:g}s: {_why(latest[0])}")


def _condition(cluster: Obj, kind: str) -> Obj:
    conditions = dig(cluster, "status", "conditions", default=[])
    return next((c for c in conditions if c.get("type") == kind), {})


def _why(cluster: Obj) -> str:
    told = [_condition(cluster, kind) for kind in ("Ready", "Offline")]
    words = [f"{c.get('reason', '')}: {c.get('message', '')}" for c in told if c]
    if words:
        return "; ".join(words)
    return "the control plane has not looked at it; see that the controller-manager runs"
