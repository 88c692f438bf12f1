"""What a local cluster has of its own: nodes in zones, and ranges of addresses."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# The networks reserved for examples: three small ones of IPv4 (RFC 5737), which four clusters
# share each, and for more addresses or more clusters the one of benchmarks (RFC 2544).
EXAMPLES = tuple(
    ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
)
BENCHMARKS = ipaddress.ip_network("198.18.0.0/15")
EXAMPLES_V6 = ipaddress.ip_network("2001:db8::/32")
SHARERS = 4
CLUSTERS = 128
"""So many clusters have ranges of their own; beyond, they begin anew."""

ALLOCATABLE: Mapping[str, str] = {"cpu": "8", "memory": "32Gi", "pods": "110"}


@dataclass(frozen=True)
class Territory:
    """`number` tells apart the address ranges of clusters that see each other.

    There are `nodes` nodes in each zone, or in all where there are no zones.
    """

    cluster: str
    number: int
    region: str = ""
    zones: tuple[str, ...] = ()
    nodes: int = 1
    allocatable: Mapping[str, str] = field(default_factory=lambda: ALLOCATABLE)

    def node_zones(self) -> dict[str, str]:
        """The zone of each node, by the node's name."""
        return {
            f"{zone or self.cluster}-{number}": zone
            for zone in self.zones or ("",)
            for number in range(1, self.nodes + 1)
        }

    def load_balancers(self) -> tuple[Network, ...]:
        """The IPv4 ranges of load balancers, the well-known one first."""
        number = self.number % CLUSTERS
        turn, which = divmod(number, len(EXAMPLES))
        many = _part(BENCHMARKS, 22, number)
        return (_part(EXAMPLES[which], 26, turn), many) if turn < SHARERS else (many,)

    def load_balancers_v6(self) -> tuple[Network, ...]:
        return (_part(EXAMPLES_V6, 48, self.number % CLUSTERS),)

    def pods(self) -> tuple[Network, ...]:
        return (_part(ipaddress.ip_network("10.128.0.0/9"), 16, self.number % CLUSTERS),)

    def pods_v6(self) -> tuple[Network, ...]:
        return (_part(ipaddress.ip_network("fd00:10:128::/48"), 64, self.number % CLUSTERS),)

    def machines(self) -> tuple[Network, ...]:
        """The addresses of the nodes themselves."""
        return (_part(ipaddress.ip_network("172.16.0.0/16"), 23, self.number % CLUSTERS),)


def _part(network: Network, prefix: int, number: int) -> Network:
    """The n-th part of a network, when it is cut into parts of this prefix length."""
    size = 2 ** (network.max_prefixlen - prefix)
    start = network.network_address + number * size
    return ipaddress.ip_network(f"{start}/{prefix}")
