"""What a record's status says as a whole: its summary and the conditions that are its own."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from kubefed_core.api import conditions
from kubefed_core.api.conditions import Condition
from kubefed_dns.api.records import Record
from kubefed_dns.api.status import Entry, Reason, Summary
from kubefed_dns.decide import explain, names, pulses, targets
from kubefed_dns.decide.evidence import Verdict
from kubefed_dns.decide.sights import Probe, Pulse, Sight
from kubefed_dns.errors import InvalidName

SHOWN = 64
"""How many characters of targets fit into a column."""


def summary(entries: Iterable[Entry], *, wanted: Collection[str]) -> Summary:
    """How many of the wanted clusters are in, and the targets as far as they fit a column."""
    entries = tuple(entries)
    count = sum(bool(entry.ingress) for entry in entries)
    found = {each.ip or each.hostname for entry in entries for each in entry.ingress}
    return Summary(f"{count}/{len(wanted)}", shortened(sorted(found)))


def shortened(words: Sequence[str]) -> str:
    """The words with commas between; a `…` stands for those that do not fit."""
    text = ""
    for word in words:
        longer = f"{text},{word}" if text else word
        if text and len(longer) > SHOWN:
            return f"{text},…"
        text = longer
    return text


def accepted(message: str = "the names are valid") -> Condition:
    return Condition("Accepted", "True", "Accepted", message)


def not_accepted(reason: str, message: str) -> Condition:
    return Condition("Accepted", "False", reason, message)


def check(record: Record) -> Condition | None:
    """What is wrong with the names that the record itself makes; None where nothing is."""
    try:
        names.check(record, record.status.domain)
    except InvalidName as error:
        return not_accepted("InvalidName", str(error))
    if faults := names.host_faults(record):
        said = f"{explain.few(faults, '; ')}; correct them: the other hosts are published"
        return not_accepted("InvalidName", said)
    return None


def placement(strangers: Sequence[str]) -> Condition | None:
    """The condition that names the clusters of spec.clusters that are not joined; None for none."""
    if not strangers:
        return None
    text = (
        f"spec.clusters: there is no KubeFedCluster {explain.few(strangers)}; join it, or correct"
        " the name"
    )
    return Condition("Placement", "False", "UnknownCluster", text)


def held(verdict: Verdict, *, cut_off: bool) -> Condition | None:
    """The condition that says which clusters are in though they are not seen to serve.

    None where none is; the condition is then to be taken out of the status.
    """
    found = [entry for entry in verdict.entries if entry.reason == Reason.HELD]
    if not found:
        return None
    reason = "ClusterUnreachable"
    if verdict.spared:
        reason = "LastTarget"
    elif cut_off:
        reason = "HubCutOff"
    said = "; ".join(f"{entry.cluster}: {entry.message}" for entry in found[:5])
    more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
    return Condition("Held", "True", reason, said + more)


def probed(record: Record, sights: Iterable[Sight]) -> Condition | None:
    """The condition that says how the targets fare with their probes; None where none is asked for.

    As long as that is not known again, after a restart, what was said before stays.
    """
    if record.health is None:
        return None
    found = {
        f"{sight.cluster} {text}": sight.pulse(text)
        for sight in sights
        for text in targets.texts(pulses.known(sight, record.status.entry(sight.cluster)))
    }
    last = conditions.get(record.status.conditions, "Probed")
    if last is not None and last.observed_generation == record.generation and _vague(found):
        return last
    return _probed(found)


def _vague(found: Mapping[str, Pulse]) -> bool:
    """Whether it is not known yet how targets fare, or why they fail."""
    states = {each.state for each in found.values()}
    if Probe.PENDING in states and not states & {Probe.FAILING, Probe.RECOVERING}:
        return True
    return any(each.state is Probe.FAILING and not each.why for each in found.values())


def _probed(found: Mapping[str, Pulse]) -> Condition:
    def of(*states: Probe) -> dict[str, Pulse]:
        return {target: each for target, each in found.items() if each.state in states}

    if failing := of(Probe.FAILING):
        everything = len(failing) == len(found)
        said = f"{_share(failing, found)} fail their probes ({explain.listed(failing)})"
        keep = ", so the last good set of every name stays" if everything else ""
        text = (
            f"{said}{keep}; see whether the services answer as spec.health expects, and whether"
            " the controller reaches them"
        )
        return Condition("Probed", "False", "AllFailing" if everything else "Failing", text)
    if recovering := of(Probe.RECOVERING):
        said = f"{_share(recovering, found)} answer again ({explain.few(sorted(recovering))})"
        text = f"{said}; what left DNS is back after spec.health.failBackDelay without a failure"
        return Condition("Probed", "False", "Recovering", text)
    if refused := of(Probe.REFUSED):
        return Condition("Probed", "False", "LocalTarget", explain.listed(refused))
    if unasked := of(Probe.NONE):
        text = f"{_share(unasked, found)} cannot be probed ({explain.listed(unasked)})"
        return Condition("Probed", "False", "NotProbed", text)
    if of(Probe.PENDING):
        return Condition("Probed", "Unknown", "Pending", "the first probes are under way")
    if not found:
        return Condition("Probed", "Unknown", "NoTarget", "no cluster has a target to probe")
    return Condition("Probed", "True", "Passing", f"{_share(found, found)} pass their probes")


def _share(some: Mapping[str, Pulse], found: Mapping[str, Pulse]) -> str:
    return f"{len(some)} of {len(found)} targets"
