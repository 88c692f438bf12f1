"""What is wrong with an object of DNS before it is taken, by what its controller reads it by."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from kubefed_core.api import checks
from kubefed_core.api.checks import Check
from kubefed_core.api.fields import Fields
from kubefed_core.api.review import Review
from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, dig
from kubefed_core.resources import Resource
from kubefed_dns.api import domains, endpoints, providers, records
from kubefed_dns.decide import bids, names
from kubefed_dns.resources import INGRESS_RECORDS, SERVICE_RECORDS

_DOMAIN = ("domain", "nameServer", "providers", "allowedNamespaces")
_OURS = {SERVICE_RECORDS.kind, INGRESS_RECORDS.kind}
_OWNER = (
    "the owner id cannot be added, changed or removed, for the records in the zones bear the old "
    "one; make a new DNSProvider"
)


def domain(review: Review) -> list[str]:
    if all(review.same(name) for name in _DOMAIN):
        return []
    return checks.faults([partial(_check_domain, review.obj)])


def _check_domain(obj: Obj) -> None:
    found = domains.parse(obj)
    for name, value in (("domain", found.domain), ("nameServer", found.name_server)):
        if value:
            names.checked(value, name)


def provider(review: Review) -> list[str]:
    """Without what its type asks of its own block."""
    if review.settled:
        return []
    return checks.faults([partial(providers.parse, review.obj), partial(_check_owner, review)])


def _check_owner(review: Review) -> None:
    if review.old is not None and not review.same("spec", "ownerID"):
        raise Fields(review.obj).at("spec").wrong("ownerID", _OWNER)


def record(review: Review, resource: Resource, domain: str) -> list[str]:
    """Of either record kind; `domain` is empty where it is not known.

    A record some of whose hosts cannot be is refused, though the others would be
    published if it were there.
    """
    if review.settled:
        return []
    try:
        found = records.parse(review.obj, resource)
        names.check(found, domain)
    except Terminal as error:
        return [str(error)]
    return list(names.host_faults(found))


def endpoint(review: Review) -> list[str]:
    """What a record was made into is not looked at: one bad name must not keep out the others."""
    if review.settled or _is_made(review.obj):
        return []
    try:
        found = endpoints.parse(review.obj)
    except Terminal as error:
        return [str(error)]
    return checks.faults(_bids(found))


def _is_made(obj: Obj) -> bool:
    owners = dig(obj, "metadata", "ownerReferences", default=())
    return any(owner.get("controller") and owner.get("kind") in _OURS for owner in owners)


def _bids(found: endpoints.DNSEndpoint) -> Iterator[Check]:
    for number, each in enumerate(found.endpoints):
        yield partial(_check_bids, replace(found, endpoints=(each,)), number)


def _check_bids(found: endpoints.DNSEndpoint, number: int) -> None:
    for bid in bids.bids(found):
        if bid.problem is not None:
            what = json.dumps(f"{bid.key.dns_name} {bid.key.record_type}", ensure_ascii=False)
            where = f"spec.endpoints[{number}]"
            raise Terminal(f"{where}: Invalid value: {what}: {bid.problem.message}")
