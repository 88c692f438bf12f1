"""The names that a record makes, and whether DNS can carry them."""

import contextlib
import re
from collections.abc import Iterable

from kubefed_dns.api.records import Record, kind_of
from kubefed_dns.api.status import Entry
from kubefed_dns.errors import InvalidName

MAX_NAME = 253
MAX_LABEL = 63
WILD = "probe"
"""What probes put in the place of a `*`."""

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+")


def checked(name: str, what: str, *, wildcard: bool = False) -> str:
    """A name in lower case and without a dot at its end.

    Raises InvalidName, beginning with `what`, where a label is not made of
    letters, digits, hyphens and underscores, where a length is beyond RFC 1035,
    and where the name reads as an IP address. A `*` is allowed as the whole
    first label where wildcards are.
    """
    lower = name.lower().removesuffix(".")
    labels = lower.split(".")
    if wildcard and labels[0] == "*" and len(labels) > 1:
        labels = labels[1:]
    fault = next(filter(None, map(label_fault, labels)), "")
    if not fault and _NUMBER.fullmatch(labels[-1]):
        fault = "it ends in a number, as only addresses do; give a name"
    if len(lower) > MAX_NAME:
        fault = f"it has {len(lower)} characters, at most {MAX_NAME} are possible; shorten it"
    if fault:
        raise InvalidName(f"{what}: {_short(name)!r} is no DNS name: {fault}")
    return lower


def label_fault(label: str) -> str:
    """Why a text cannot be one label of a name; empty where it can."""
    if not label:
        return "a part between two dots is empty"
    if len(label) > MAX_LABEL:
        return f"{_short(label)!r} has {len(label)} characters, at most {MAX_LABEL} are possible"
    if not _LABEL.fullmatch(label.lower()):
        return (
            f"{label!r} must be letters, digits, hyphens and underscores,"
            " and neither begin nor end with a hyphen"
        )
    return ""


def endpoint_name(record: Record) -> str:
    """The name of the DNSEndpoint that holds what a record makes."""
    return f"{kind_of(record)}-{record.key.name}"


def global_name(record: Record, domain: str) -> str:
    return f"{_stem(record)}.{domain}".lower()


def region_name(record: Record, domain: str, region: str) -> str:
    return f"{_stem(record)}.{region}.{domain}".lower()


def zone_name(record: Record, domain: str, region: str, zone: str) -> str:
    return f"{_stem(record)}.{zone}.{region}.{domain}".lower()


def _stem(record: Record) -> str:
    label = record.external_name or record.key.name
    return f"{label}.{record.key.namespace}.{record.domain_ref}.svc"


def prefix_name(record: Record, domain: str) -> str:
    """The alias of the global name; empty where the record asks for none."""
    return f"{record.dns_prefix}.{domain}".lower() if record.dns_prefix else ""


def of(record: Record) -> Iterable[str]:
    """The names that hold the targets of all clusters: the global one, or the hosts."""
    if record.of_services:
        return (global_name(record, record.status.domain),) if record.status.domain else ()
    found = {host for entry in record.status.entries for host in entry.hosts}
    return hosts(record) or sorted(found)


def hosts(record: Record) -> tuple[str, ...]:
    """The hosts that the record names, without those that are none."""
    found = []
    for host in record.hosts:
        with contextlib.suppress(InvalidName):
            found.append(checked(host, "host", wildcard=True))
    return tuple(dict.fromkeys(found))


def host_faults(record: Record) -> tuple[str, ...]:
    """What is wrong with those of the record's hosts that cannot be names."""
    found = []
    for number, host in enumerate(record.hosts):
        try:
            checked(host, f"spec.hosts[{number}]", wildcard=True)
        except InvalidName as error:
            found.append(str(error))
    return tuple(found)


def probed(record: Record, ruled: Iterable[str]) -> str:
    """The name that probes ask for; empty where the record has none yet.

    `ruled` are the hosts of the cluster's Ingress, which count where the record
    names none. In the place of a `*` any label will do.
    """
    if record.health is not None and record.health.host:
        return record.health.host.lower().removesuffix(".")
    for name in of(record) if record.of_services else hosts(record) or filter(None, ruled):
        try:
            found = checked(name, "host", wildcard=True)
        except InvalidName:
            continue
        return found.replace("*", WILD, 1)
    return ""


def local_names(record: Record, domain: str, entry: Entry) -> Iterable[tuple[str, str]]:
    """The names of a cluster's zones and region, each with the name it falls back to.

    Without a region there is none, for a zone stands inside one. What cannot be
    part of a name, or would make one too long, is as if it were not there.
    """
    if not entry.region or label_fault(entry.region):
        return
    region = region_name(record, domain, entry.region)
    if len(region) > MAX_NAME:
        return
    yield region, global_name(record, domain)
    for zone in entry.zones:
        name = zone_name(record, domain, entry.region, zone)
        if not label_fault(zone) and len(name) <= MAX_NAME:
            yield name, region


def place_fault(region: str, zones: Iterable[str]) -> str:
    """Why a cluster does not have all the names of its place, with the remedy; else empty."""
    if not region:
        return (
            "it has no region, so only the global name has its addresses; label its nodes with"
            " topology.kubernetes.io/region or set spec.region of the KubeFedCluster"
        )
    if fault := label_fault(region):
        return (
            f"its region cannot be part of a name: {fault}; set spec.region of the KubeFedCluster"
        )
    zones = tuple(zones)
    if not zones:
        return (
            "it has no zone, so there is no zone name for it; label its nodes with"
            " topology.kubernetes.io/zone or set spec.zones of the KubeFedCluster"
        )
    if fault := next(filter(None, map(label_fault, zones)), ""):
        return f"a zone cannot be part of a name: {fault}; set spec.zones of the KubeFedCluster"
    return ""


def check(record: Record, domain: str) -> None:
    """Raise InvalidName, naming the field, where the record's own names cannot be.

    The names of regions and zones are the clusters' matter, see `place_fault`.
    Of several hosts one that can be is enough, see `host_faults`. Without a
    domain only what does not depend on it is looked at.
    """
    if len(endpoint_name(record)) > MAX_NAME:
        raise InvalidName(f"metadata.name: with {kind_of(record)}- before it, it is too long")
    if record.hosts and not hosts(record):
        raise InvalidName(host_faults(record)[0])
    if record.of_services and domain:
        _check_service(record, domain)


def _check_service(record: Record, domain: str) -> None:
    if record.external_name and (fault := label_fault(record.external_name)):
        raise InvalidName(f"spec.externalName: it must be one part of a name: {fault}")
    name = checked(global_name(record, domain), "the global name")
    prefix = prefix_name(record, domain)
    if not prefix:
        return
    checked(prefix, "spec.dnsPrefix")
    made = {
        local for entry in record.status.entries for local, _ in local_names(record, domain, entry)
    }
    if prefix == name or prefix in made:
        raise InvalidName(
            f"spec.dnsPrefix: {prefix!r} is a name that the record makes itself; choose another"
        )


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
