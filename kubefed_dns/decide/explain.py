"""What the status says of a cluster, for people: the cause, and what to do about it."""

from collections.abc import Mapping, Sequence

from kubefed_core import errors
from kubefed_dns.api.records import Record
from kubefed_dns.decide.sights import Probe, Pulse

IS_DRAINED = "the cluster is drained"
DRAINED = f"{IS_DRAINED}; `kubefedctl dns undrain` brings it back"
LEAVING = "it is about to be removed from the cluster, and leaves DNS before"
NOT_LISTED = "the cluster has not been looked at yet; this passes by itself"
UNFILLED = "the cluster has not been looked at yet since the controller started; the last set stays"
CUT_OFF = (
    "most clusters vanished at once, so the hub itself seems to be cut off and everything stays;"
    " see whether the hub reaches the members' API servers"
)
UNAUTHORIZED = (
    "the cluster's API server does not accept the controller's credentials (401: join the cluster"
    " again, or renew its Secret)"
)
MOST = 5
"""How many of a kind a message names."""
LONGEST = 160


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


def unreachable(cluster: str, cause: str = "") -> str:
    return f"{lost(cause)}, and no address of it is published; {_remedy(cluster)}"


def held(cluster: str, cause: str, delay: float) -> str:
    return (
        f"{lost(cause)}; its last addresses stay for {delay:g}s and are then withdrawn;"
        f" {_remedy(cluster)}"
    )


def kept(cluster: str, cause: str = "") -> str:
    return f"{lost(cause)}; its last addresses stay, as spec.unreachable says; {_remedy(cluster)}"


def probed(cause: str = "") -> str:
    return f"{lost(cause)}, but the probes of its addresses pass"


def undecided(cause: str = "") -> str:
    return f"{lost(cause)}; its last addresses stay until their probes have decided"


def unhealthy(out: Mapping[str, Pulse], delay: float) -> str:
    """What is said of a cluster that is out by its probes; `delay` is that of the fail-back."""
    if out and all(each.state is Probe.RECOVERING for each in out.values()):
        return (
            f"its addresses answer again, and are back in DNS after {delay:g}s without a failure"
            " (spec.health.failBackDelay)"
        )
    return f"{fails(out)}; see whether the service answers as spec.health expects"


def fails(out: Mapping[str, Pulse]) -> str:
    said = f" ({listed(out)})" if any(each.why for each in out.values()) else ""
    return f"the probes of its addresses fail{said}"


def left_out(out: Mapping[str, Pulse]) -> str:
    """What is said of a cluster of which some targets are out by their probes; empty for none."""
    return f"left out by its probes: {listed(out)}" if out else ""


def listed(found: Mapping[str, Pulse]) -> str:
    """Some targets, each with what its probes say."""
    return few([_pulse(target, found[target]) for target in sorted(found)])


def few(words: Sequence[str], between: str = ", ") -> str:
    """The first of some words, and how many there are more."""
    more = [f"{len(words) - MOST} more"] if len(words) > MOST else []
    return between.join([*words[:MOST], *more])


def _pulse(target: str, pulse: Pulse) -> str:
    why = "answers again" if pulse.state is Probe.RECOVERING else pulse.why[:LONGEST]
    return f"{target}: {why}" if why else target


def spared(why: str) -> str:
    """What is said of a cluster that is in though something speaks against it."""
    return (
        f"{why}, but without its addresses a name would be empty: they stay until another cluster"
        " has a target"
    )


def arriving(federated: str) -> str:
    return (
        f"{federated} has not reached the cluster as it is wanted now; its first address is"
        f" published when it has: see the status of {federated}"
    )


def cause(error: Exception | None, what: str) -> str:
    """Why a cluster is out of sight, where the error says more than that it cannot be reached.

    `what` is the resource that cannot be listed. The same for the same cause.
    """
    match error:
        case errors.Unauthorized():
            return UNAUTHORIZED
        case errors.Forbidden():
            return f"the controller may not list {what} in the cluster (403: grant it that right)"
        case errors.ApiError(status=status):
            return f"the cluster's API server does not list {what} ({status})"
    return ""


def lost(cause: str) -> str:
    return cause or "the cluster's API server cannot be reached"


def _member(record: Record) -> str:
    return f"{record.member.kind} {record.key}"


def _remedy(cluster: str) -> str:
    return f"see the conditions of KubeFedCluster {cluster}"
