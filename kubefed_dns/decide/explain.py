"""What the status says of a cluster, for people: the cause, and what to do about it."""

from kubefed_dns.api.records import Record
from kubefed_dns.api.status import Reason

DRAINED = "the cluster is drained; `kubefedctl dns undrain` brings it back"
UNHEALTHY = (
    "the probes of its addresses fail; see whether the service answers as spec.health expects"
)
NOT_LISTED = "the cluster has not been looked at yet; this passes by itself"
UNFILLED = "the cluster has not been looked at yet since the controller started; the last set stays"
CUT_OFF = (
    "most clusters vanished at once, so the hub itself seems to be cut off and everything stays;"
    " see whether the hub reaches the members' API servers"
)
PROBED = "the cluster's API server cannot be reached, but the probes of its addresses pass"

_SPARED = {
    Reason.DRAINED: "the cluster is drained",
    Reason.UNHEALTHY: "the probes of its addresses fail",
    Reason.UNREACHABLE: "the cluster's API server cannot be reached",
}


def not_found(record: Record) -> str:
    return (
        f"there is no {_member(record)} in the cluster; create it there, or leave the cluster"
        " out by spec.clusters"
    )


def no_load_balancer(record: Record) -> str:
    if record.of_services:
        return (
            f"{_member(record)} has no address; give it the type LoadBalancer, or see why the"
            " cluster gives it none"
        )
    return f"{_member(record)} has no address; see whether an ingress controller serves it"


def no_ready_endpoints(record: Record) -> str:
    return (
        f"{_member(record)} has no ready endpoint; look at its pods, or set"
        " spec.allowServiceWithoutEndpoints"
    )


def unreachable(cluster: str) -> str:
    return (
        "the cluster's API server cannot be reached, and no address of it is published;"
        f" {_remedy(cluster)}"
    )


def held(cluster: str, delay: float) -> str:
    return (
        "the cluster's API server cannot be reached; its last addresses stay for"
        f" {delay:g}s and are then withdrawn; {_remedy(cluster)}"
    )


def kept(cluster: str) -> str:
    return (
        "the cluster's API server cannot be reached; its last addresses stay, as"
        f" spec.unreachable says; {_remedy(cluster)}"
    )


def spared(reason: str) -> str:
    return (
        f"{_SPARED[Reason(reason)]}, but without its addresses a name would be empty: they stay"
        " until another cluster has a target"
    )


def _member(record: Record) -> str:
    return f"{record.member.kind} {record.key}"


def _remedy(cluster: str) -> str:
    return f"see the conditions of KubeFedCluster {cluster}"
