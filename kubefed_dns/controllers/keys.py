"""How records, their DNSEndpoints and what the members hold find each other."""

import hashlib
import json
from typing import NamedTuple

from kubefed_core.objects import Key
from kubefed_core.resources import Resource
from kubefed_dns.api import status as status_api
from kubefed_dns.api.records import Record
from kubefed_dns.resources import INGRESS_RECORDS, SERVICE_RECORDS

RECORDS = (SERVICE_RECORDS, INGRESS_RECORDS)
STATE = "multiclusterdns.kubefed.io/record-state"
"""On a DNSEndpoint of ours: the digest of what it was made from, see `state_of`."""
_MAKING = ("cluster", "region", "zones", "loadBalancer", "hosts", "tiers", "locations")
_PREFIXES = {SERVICE_RECORDS: "service-", INGRESS_RECORDS: "ingress-"}


class RecordKey(NamedTuple):
    """A record of either kind."""

    resource: Resource
    key: Key

    def __str__(self) -> str:
        return f"{self.resource.kind} {self.key}"


def endpoint_key(record: RecordKey) -> Key:
    """The DNSEndpoint of a record: KubeFed's names, `service-<name>` and `ingress-<name>`."""
    return Key(record.key.namespace, _PREFIXES[record.resource] + record.key.name)


def owner_of(endpoint: Key) -> RecordKey | None:
    """The record that a DNSEndpoint would have by its name; None for other names."""
    for resource, prefix in _PREFIXES.items():
        if endpoint.name.startswith(prefix) and endpoint.name != prefix:
            return RecordKey(resource, Key(endpoint.namespace, endpoint.name.removeprefix(prefix)))
    return None


def state_of(record: Record) -> str:
    """A digest of all that a DNSEndpoint is made from, and of nothing else.

    A record's conditions tell by it whether the DNSEndpoint is that of the
    present status: reasons and messages may change without it.
    """
    entries = [
        {name: entry.get(name) for name in _MAKING}
        for entry in status_api.dump(record.status).get("dns", ())
    ]
    made_from = [record.generation, record.status.domain, entries]
    text = json.dumps(made_from, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
