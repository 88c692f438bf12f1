"""What a record's status says as a whole: its summary and the conditions that are its own."""

from collections.abc import Collection, Iterable, Sequence

from kubefed_core.api.conditions import Condition
from kubefed_dns.api.records import Record
from kubefed_dns.api.status import Entry, Reason, Summary
from kubefed_dns.decide import names
from kubefed_dns.decide.evidence import Verdict
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
    return None


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
