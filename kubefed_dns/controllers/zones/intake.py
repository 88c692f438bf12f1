"""Reads a DNSEndpoint into what it bids."""

from dataclasses import replace

from kubefed_core.errors import Terminal
from kubefed_core.objects import Obj, dig, generation, key_of, uid
from kubefed_dns.api import endpoints as api
from kubefed_dns.controllers.keys import owner_of
from kubefed_dns.controllers.zones.index import Bidder
from kubefed_dns.controllers.zones.secrets import Reads
from kubefed_dns.decide.bids import bids
from kubefed_dns.decide.reasons import Problem, Reason


def bidder(host: Reads, obj: Obj, *, known: Bidder | None) -> Bidder:
    """What can be read; of what no longer can be, the last that is known stays."""
    identity = (uid(obj), generation(obj))
    if known is not None and known.identity == identity:
        return known
    try:
        endpoint = replace(api.parse(obj), created=_created(host, obj))
        return Bidder(bids(endpoint), None, identity)
    except Terminal as error:
        before = known.bids if known is not None else ()
        return Bidder(before, Problem(Reason.INVALID_NAME, str(error)), identity)


def _created(host: Reads, obj: Obj) -> str:
    """How old its claim is: as old as the record that it was made from."""
    source = obj
    record = owner_of(key_of(obj))
    if record is not None and any(
        (owner.get("kind"), owner.get("name")) == (record.resource.kind, record.key.name)
        for owner in dig(obj, "metadata", "ownerReferences", default=())
    ):
        source = host.get(*record) or obj
    created: str = dig(source, "metadata", "creationTimestamp", default="")
    return created
