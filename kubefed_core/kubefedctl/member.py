"""The member's side of a join: an account with its rights, its token, and whether that works."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kubefed_core import errors
from kubefed_core.errors import KubeFedError, Terminal
from kubefed_core.kubefedctl import rights
from kubefed_core.kubefedctl.access import Api, Unreachable
from kubefed_core.kubefedctl.preflight import Found
from kubefed_core.kubefedctl.rights import Names, Part
from kubefed_core.kubefedctl.steps import Steps
from kubefed_core.kubefedctl.waiting import Clock
from kubefed_core.objects import Obj, annotations, dig, uid
from kubefed_core.resources import NAMESPACES, SECRETS, SERVICE_ACCOUNTS
from kubefed_core.runtime.contexts import Context

TOKEN_KEY = "token"
RBAC_LIMIT = 5.0
"""Seconds for the API server's authorizer to see new roles."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the control plane is given: a bearer token, and PEM or empty for the system's roots."""

    token: str
    ca: bytes


def prepare(
    member: Api, steps: Steps, *, found: Found, called: Names, parts: Sequence[Part]
) -> Obj:
    """Make the namespace, the account and its rights; gives the account."""
    if found.namespace is None:
        steps.create(member, NAMESPACES, _namespace(called.namespace))
    else:
        steps.report.say(f"{member.label}: Namespace {called.namespace} is there already")
    account: Obj = {}
    for part in parts:
        existing = found.existing.get((part.resource, part.key))
        if existing is not None and _elsewhere(existing, part.obj) and not steps.dry_run:
            # A binding's role cannot be changed.
            member.delete(part.resource, part.key, uid=uid(existing))
            existing = None
        made = steps.ensure(member, part.resource, part.obj, found=existing)
        if part.resource == SERVICE_ACCOUNTS:
            account = made
    return account


def _namespace(name: str) -> Obj:
    return {
        "apiVersion": NAMESPACES.api_version,
        "kind": NAMESPACES.kind,
        "metadata": {"name": name, "annotations": {rights.BY_JOIN: "true"}},
    }


def _elsewhere(existing: Obj, wanted: Obj) -> bool:
    return "roleRef" in wanted and existing.get("roleRef") != wanted["roleRef"]


def token(
    member: Api,
    steps: Steps,
    *,
    found: Found,
    part: Part,
    account: Obj,
    clock: Clock,
    limit: float,
) -> Credentials:
    """Make the token Secret and wait until the cluster has filled it."""
    existing = found.existing.get((part.resource, part.key))
    if existing is not None and not _of(existing, account):
        if existing.get("type") != rights.TOKEN_TYPE:
            raise Terminal(
                f"{member.label}: Secret {part.key} is there and is no {rights.TOKEN_TYPE}; "
                "delete it, or choose another --host-cluster-name"
            )
        member.delete(SECRETS, part.key, uid=uid(existing))
        existing = None
    if existing is None:
        steps.create(member, SECRETS, part.obj)
    started = clock.now()
    filled = clock.wait(lambda: _filled(member, part), limit=limit)
    if filled is None:
        raise Terminal(
            f"{member.label}: Secret {part.key} was not filled with a token within {limit:g}s; "
            "see that its kube-controller-manager runs, and with "
            "--service-account-private-key-file"
        )
    steps.report.say(f"{member.label}: token filled after {clock.now() - started:.1f}s")
    return filled


def _of(secret: Obj, account: Obj) -> bool:
    """Whether it is a token of this very account, not of an earlier one of its name."""
    owner = annotations(secret).get(rights.TOKEN_OWNER_UID)
    return secret.get("type") == rights.TOKEN_TYPE and owner in (None, uid(account))


def _filled(member: Api, part: Part) -> Credentials | None:
    secret = member.get(SECRETS, part.key)
    raw = dig(secret or {}, "data", "token", default="")
    if not raw:
        return None
    ca = dig(secret or {}, "data", "ca.crt", default="")
    return Credentials(base64.b64decode(raw).decode(), base64.b64decode(ca))


def trusted(member: Api, steps: Steps, given: Credentials, *, clock: Clock) -> Credentials:
    """Try the credentials exactly as the control plane will; gives them with the CA that works.

    The kubeconfig's CA is taken; without one the cluster's own, or where the
    server's certificate is not of that one, the system's.
    """
    context = member.context
    choices = [context.ca] if context.ca else [given.ca, b""]
    label = f"{member.label} (with the token of its new service account)"
    for number, ca in enumerate(choices, start=1):
        tried = replace(given, ca=ca)
        try:
            with Api(stored(context, tried), label=label) as api:
                _try(api, steps, clock)
        except Unreachable as error:
            if number < len(choices):
                continue
            raise _hinted(error, context) from error
        steps.report.say(f"{member.label}: the token works")
        return tried
    raise AssertionError("there is always a choice")


def _try(api: Api, steps: Steps, clock: Clock) -> None:
    refused: list[KubeFedError] = []

    def ask() -> str | None:
        try:
            return api.fetch("/healthz")
        except (errors.Unauthorized, errors.Forbidden) as error:
            refused.append(error)
            return None

    try:
        answer = clock.wait(ask, limit=RBAC_LIMIT)
    except errors.ApiError as error:
        steps.report.warn(f"{error}; the cluster will not be Ready until it is well")
        return
    if answer is None:
        raise refused[-1]


def stored(context: Context, given: Credentials) -> Context:
    """The context as a KubeFedCluster can hold it."""
    return Context(
        name=context.name,
        server=context.server,
        ca=given.ca,
        insecure=context.insecure,
        proxy_url=context.proxy_url,
        user_name="service account",
        user={"token": given.token},
    )


def _hinted(error: Unreachable, context: Context) -> KubeFedError:
    if not context.tls_server_name:
        return error
    return Terminal(
        f"{error}. The context has tls-server-name {context.tls_server_name!r}, which a "
        "KubeFedCluster cannot hold: give the context a server URL that the certificate names"
    )


def check_server_name(member: Api) -> None:
    """See, before anything is written, that the server is trusted without a tls-server-name."""
    context = member.context
    if not context.tls_server_name:
        return
    with Api(stored(context, Credentials("", context.ca)), label=member.label) as api:
        try:
            api.fetch("/version")
        except Unreachable as error:
            raise _hinted(error, context) from error
        except errors.ApiError:
            return
