"""Everything that can be checked before a join writes its first object."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kubefed_core import errors
from kubefed_core.api.names import subdomain_fault
from kubefed_core.errors import Terminal
from kubefed_core.kubefedctl import rights
from kubefed_core.kubefedctl.access import Api
from kubefed_core.kubefedctl.rights import Names, Part
from kubefed_core.kubefedctl.steps import Report
from kubefed_core.objects import Key, Obj, deleting, dig, uid
from kubefed_core.resources import (
    CLUSTER_ROLES,
    CLUSTERS,
    CONFIGS,
    DEPLOYMENTS,
    NAMESPACES,
    ROLES,
    SECRETS,
    SERVICE_ACCOUNTS,
    Resource,
)
from kubefed_core.runtime.contexts import Context

CONFIG = "kubefed"
MANAGER = "kubefed-controller-manager"
SCOPES = (rights.CLUSTER_SCOPE, rights.NAMESPACED_SCOPE)


@dataclass(frozen=True, slots=True)
class Found:
    """What there is before the join; `existing` has the member's objects that it would make."""

    namespace: Obj | None
    existing: Mapping[tuple[Resource, Key], Obj]
    cluster: Obj | None
    secret: Obj | None


def names(cluster: str, host: str, namespace: str) -> Names:
    """Raises Terminal where an API server would refuse objects that are called so."""
    made = Names(cluster, host, namespace)
    remedy = "choose another name for the host with --host-cluster-name"
    check_name(made.token_secret, "the service account's name", remedy=remedy)
    return made


def check_name(name: str, what: str, *, remedy: str = "choose another") -> None:
    if subdomain_fault(name):
        raise Terminal(
            f"{what} {name!r} must be at most 253 lower case letters, digits, '-' and '.', "
            f"beginning and ending with a letter or digit; {remedy}"
        )


def host_name(given: str, context: str) -> str:
    """What the host is called in the names of a member's objects."""
    name = given or context
    if ":" in name or "/" in name:
        flag = "--host-cluster-name" if given else "the host's context, and so its name,"
        raise Terminal(f"{flag} {name!r} contains ':' or '/'; give another --host-cluster-name")
    return name


def scope(host: Api, namespace: str) -> str:
    """The scope that the host's KubeFedConfig says."""
    config = host.get(CONFIGS, Key(namespace, CONFIG))
    if config is None:
        raise Terminal(
            f'A KubeFedConfig named "{CONFIG}" was not found in namespace "{namespace}" of '
            f"{host.label}. Is a KubeFed control plane running in this namespace? "
            "Apply its manifests first, or give --kubefed-namespace or --host-cluster-context"
        )
    said: str = dig(config, "spec", "scope", default="")
    if said not in SCOPES:
        raise Terminal(
            f"KubeFedConfig {namespace}/{CONFIG}: spec.scope is {said!r}; "
            f"set it to {' or '.join(SCOPES)}"
        )
    return said


def reach(api: Api) -> None:
    """See whether the server answers these credentials."""
    api.fetch("/version")


def look(host: Api, member: Api, called: Names, *, secret: str, parts: Sequence[Part]) -> Found:
    """Read what there is already."""
    namespace = member.get(NAMESPACES, Key("", called.namespace))
    if namespace is not None and deleting(namespace):
        raise Terminal(
            f"{member.label}: namespace {called.namespace!r} is being deleted; "
            "wait until it is gone and join again"
        )
    known = {(part.resource, part.key): member.get(part.resource, part.key) for part in parts}
    return Found(
        namespace=namespace,
        existing={key: obj for key, obj in known.items() if obj is not None},
        cluster=host.get(CLUSTERS, Key(called.namespace, called.cluster)),
        secret=host.get(SECRETS, Key(called.namespace, secret)) if secret else None,
    )


def refuse_existing(found: Found, called: Names) -> None:
    """A name that is taken is an error, and nothing is reused."""
    taken = [f"{resource.kind} {key} (member)" for resource, key in found.existing]
    if found.secret is not None:
        taken.insert(0, f"Secret {dig(found.secret, 'metadata', 'name')} (host)")
    if found.cluster is not None:
        taken.insert(0, f"KubeFedCluster {called.namespace}/{called.cluster} (host)")
    if taken:
        raise Terminal(
            f"cluster {called.cluster!r} seems to be joined: there is {', '.join(taken)} already. "
            "Take over what is there with --error-on-existing=false, or run unjoin first"
        )


def check_rights(host: Api, member: Api, found: Found, parts: Sequence[Part]) -> None:
    """Ask both servers whether these credentials may do what will be done."""
    namespace = parts[0].key.namespace
    wanted = {(part.resource, part.key.namespace) for part in parts}
    wanted |= {(SECRETS, namespace), (SERVICE_ACCOUNTS, namespace)}
    if found.namespace is None:
        wanted.add((NAMESPACES, ""))
    _refuse_missing(member, wanted, flag="--cluster-context")
    _refuse_missing(
        host, {(SECRETS, namespace), (CLUSTERS, namespace)}, flag="--host-cluster-context"
    )
    for part in parts:
        if part.resource in (CLUSTER_ROLES, ROLES) and (
            found.namespace is not None or not part.key.namespace
        ):
            _rehearse(member, part, found.existing.get((part.resource, part.key)))


def _refuse_missing(api: Api, wanted: set[tuple[Resource, str]], *, flag: str) -> None:
    missing = [
        str(resource)
        for resource, namespace in sorted(wanted, key=str)
        if not api.may("create", resource, namespace=namespace)
    ]
    if missing:
        who = api.context.user_name or "nobody"
        raise Terminal(
            f"{api.label}: user {who!r} may not create {', '.join(missing)}; "
            f"give the context of an administrator with {flag}"
        )


def _rehearse(member: Api, part: Part, existing: Obj | None) -> None:
    """Let the server check a role without storing it: nobody may grant more than he has."""
    try:
        if existing is None:
            member.create(part.resource, part.obj, dry_run=True)
        else:
            member.replace(part.resource, {**existing, **_content(part.obj)}, dry_run=True)
    except errors.Forbidden as error:
        raise Terminal(
            f"{error}; give the context of an administrator with --cluster-context"
        ) from error


def _content(obj: Obj) -> Obj:
    return {name: value for name, value in obj.items() if name != "metadata"}


def same_cluster(host: Api, found: Obj | None, namespace: str) -> bool:
    """Whether the member is the host itself: their kubefed namespace is one object."""
    own = host.get(NAMESPACES, Key("", namespace))
    return found is not None and own is not None and uid(own) == uid(found) != ""


def warn_of_loopback(report: Report, host: Api, member: Context, namespace: str) -> None:
    """Say it where the control plane will not find the member at the kubeconfig's address."""
    if not _loopback(member.hostname):
        return
    if not _loopback(host.context.hostname):
        where = f"the host cluster is at {host.context.server}"
    elif _runs_in_pods(host, namespace):
        where = f"the control plane runs in pods (Deployment {MANAGER})"
    else:
        return
    report.warn(
        f"{member.server} is an address of this machine only, and {where}: it will not reach the "
        "member there. Set spec.apiEndpoint of the KubeFedCluster to an address that it can reach"
    )


def _runs_in_pods(host: Api, namespace: str) -> bool:
    try:
        return host.get(DEPLOYMENTS, Key(namespace, MANAGER)) is not None
    except errors.ApiError:
        return False


def _loopback(hostname: str) -> bool:
    if hostname == "localhost" or hostname.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(hostname)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
