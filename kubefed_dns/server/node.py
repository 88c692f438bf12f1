"""All that stands at one name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kubefed_dns.records import RRKey, RRset
from kubefed_dns.server import routing
from kubefed_dns.server.data import Records, encode
from kubefed_dns.server.routing import Options


@dataclass(frozen=True, slots=True)
class Node:
    """Replaced, never changed.

    `rrsets` are as they were written. `records` are as who does not choose gets
    them, one set of each type. `routed` has the choice, of those types where
    there is one.
    """

    rrsets: Mapping[RRKey, RRset] = field(default_factory=dict)
    records: Mapping[int, Records] = field(default_factory=dict)
    routed: Mapping[int, Options] = field(default_factory=dict)

    @classmethod
    def of(cls, rrsets: Mapping[RRKey, RRset]) -> "Node":
        """Raises InvalidName where a value or a property cannot be carried."""
        encoded = [(rrset, encode(rrset)) for rrset in rrsets.values()]
        routed = routing.options(each for each in encoded if each[0].set_identifier)
        records = {each.type: each for rrset, each in encoded if not rrset.set_identifier}
        return cls(rrsets, {**records, **dict(_plain(routed))}, routed)


def _plain(routed: Mapping[int, Options]) -> Iterator[tuple[int, Records]]:
    for rdtype, options in routed.items():
        found = routing.plain(options, rdtype)
        if found is not None:
            yield rdtype, found


EMPTY = Node()
