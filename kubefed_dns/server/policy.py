"""What an operator says of a zone beside its data: whom it is handed to, and by what it routes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

import dns.name
import dns.tsig
from dns.rdatatype import RdataType

from kubefed_dns.server import soa
from kubefed_dns.server.data import Records
from kubefed_dns.server.places import Database

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Keys = Mapping[dns.name.Name, dns.tsig.Key]


class Secondary(NamedTuple):
    """A server that is told of each new serial; `host` is an address or a name."""

    host: str
    port: int = 53

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Policy:
    """`addresses` are those of the zone's name server, for where its name is in the zone.

    Who signs with one of `keys`, or asks from a network in `allow`, is given the
    whole zone; nobody else. `signer` signs what the secondaries in `notify` are
    told. Without a database everybody is anywhere.
    """

    addresses: tuple[Address, ...] = ()
    allow: tuple[Network, ...] = ()
    keys: Keys = field(default_factory=dict, repr=False)
    notify: tuple[Secondary, ...] = ()
    signer: dns.tsig.Key | None = field(default=None, repr=False)
    database: Database | None = None

    def server_records(self) -> Mapping[int, Records]:
        """The addresses of the name server, by type."""
        found: dict[int, Records] = {}
        for version, rdtype in ((4, RdataType.A), (6, RdataType.AAAA)):
            packed = tuple(each.packed for each in self.addresses if each.version == version)
            if packed:
                found[rdtype] = Records(rdtype, soa.TTL, packed)
        return found

    def allows(self, sender: str) -> bool:
        """Whether who asks from an address needs no key."""
        if not self.allow:
            return False
        try:
            address = ip_address(sender.partition("%")[0])
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.allow)


OPEN = Policy()
"""Nothing is said: only single names are answered."""
