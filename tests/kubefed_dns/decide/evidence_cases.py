"""Sights, entries and records for the tests of the evidence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kubefed_core.objects import Key
from kubefed_dns.api.records import Record
from kubefed_dns.api.status import Address, Entry, Reason, RecordStatus
from kubefed_dns.decide import evidence, targets
from kubefed_dns.decide.evidence import Verdict
from kubefed_dns.decide.sights import Place, Pulse, Sight, State
from kubefed_dns.resources import INGRESS_RECORDS, SERVICE_RECORDS

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
DELAY = 60.0
A, B = (Address("192.0.2.1"),), (Address("192.0.2.2"),)
NONE = ()


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


def place(cluster="eu", drained=False):
    return Place(cluster, f"{cluster}-r", (f"{cluster}-z",), drained)


def live(cluster="eu", addresses=A, **fields):
    """With `probe`, that is what the probes say of all its addresses."""
    drained, probe = fields.pop("drained", False), fields.pop("probe", None)
    if probe is not None:
        fields["probes"] = {text: Pulse(probe) for text in targets.texts(addresses)}
    fields = {"present": True, "ready": True, **fields}
    return Sight(place(cluster, drained), State.LIVE, addresses=addresses, **fields)


def lost(cluster="eu", addresses=A, *, since=0, **fields):
    fields = {"lost_since": since if since is None else ago(since), **fields}
    return replace(live(cluster, addresses, **fields), state=State.LOST)


def unseen(cluster="eu", *, since=0, **fields):
    """Lost, and never seen by this process."""
    return lost(cluster, NONE, since=since, present=None, **fields)


def unknown(cluster="eu"):
    return Sight(place(cluster), State.UNKNOWN)


def entry(cluster="eu", reason=Reason.PUBLISHED, ingress=A, *, since=3600, hosts=(), unhealthy=()):
    """`unhealthy` are the last numbers of addresses."""
    found = place(cluster)
    return Entry(
        cluster,
        found.region,
        found.zones,
        ingress,
        reason,
        "m",
        ago(since),
        tuple(hosts),
        unhealthy=tuple(f"192.0.2.{number}" for number in unhealthy),
    )


def record(*entries, **fields):
    status = RecordStatus("example.com", entries)
    return Record(SERVICE_RECORDS, Key("test", "nginx"), domain_ref="g", status=status, **fields)


def ingress(*entries, hosts=("a.test",)):
    return Record(
        INGRESS_RECORDS, Key("test", "nginx"), hosts=hosts, status=RecordStatus("", entries)
    )


def weigh(found, *sights, **options):
    return evidence.weigh(found, sights, **{"now": NOW, "delay": DELAY, **options})


def shown(verdict: Verdict):
    return {each.cluster: (each.reason, each.ingress) for each in verdict.entries}


OTHER = live("us", B)
"""Another cluster that serves, so that no name would be empty."""


HELD = entry(reason=Reason.HELD, since=30)
GONE = entry(reason=Reason.UNREACHABLE, ingress=NONE, since=600)
