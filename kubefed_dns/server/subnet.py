"""EDNS client subnet: where the one is for whom a resolver asks (RFC 7871)."""

import socket
import struct
from typing import NamedTuple

CODE = 8
LONGEST = 24
"""Octets of the largest such option, with its code and length."""

_FIXED = struct.Struct("!HBB")
# Octets of an address, by family; 0 is BIND's way to say "do not use where I am".
_OCTETS = {0: 0, 1: 4, 2: 16}


class Subnet(NamedTuple):
    """`source` is the number of bits given, `address` as many octets as these fill."""

    family: int
    source: int
    address: bytes

    @property
    def host(self) -> str:
        """Its first address; empty where it says nothing of the one who asks."""
        if not self.source:
            return ""
        if self.family == 1:
            return socket.inet_ntop(socket.AF_INET, self.address.ljust(4, b"\0"))
        return socket.inet_ntop(socket.AF_INET6, self.address.ljust(16, b"\0"))

    def option(self, scope: int) -> bytes:
        """What goes into the answer, which is right for so many bits."""
        data = _FIXED.pack(self.family, self.source, scope if self.source else 0) + self.address
        return struct.pack("!HH", CODE, len(data)) + data


def parse(data: bytes) -> Subnet:
    """Read the option of a query. Raises ValueError where it is not as it has to be."""
    if len(data) < _FIXED.size:
        raise ValueError("a client subnet that ends too early")
    family, source, scope = _FIXED.unpack_from(data)
    address = data[_FIXED.size :]
    octets = _OCTETS.get(family)
    if octets is None or source > 8 * octets or scope:
        raise ValueError("a client subnet of no family, too long, or with a scope")
    if len(address) != (source + 7) // 8:
        raise ValueError("a client subnet with more octets or fewer than it says")
    if source % 8 and address[-1] & (0xFF >> source % 8):
        raise ValueError("a client subnet with bits behind its end")
    return Subnet(family, source, address)
