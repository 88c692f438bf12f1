"""Addresses out of ranges, each for one owner."""

import ipaddress
from collections.abc import Hashable, Iterator, Sequence

from kubefed_core.local.cloud.territory import Network
from kubefed_core.local.errors import LocalError


class Pool:
    """Addresses are given in order; one that was given back is the last to be given again."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks
        self._fresh = self._every()
        self._returned: dict[str, None] = {}
        self._owners: dict[str, Hashable] = {}
        self._held: dict[Hashable, str] = {}

    def give(self, owner: Hashable) -> str:
        """The owner's address; the same one until it is given back."""
        if owner not in self._held:
            self._take(owner, self._next())
        return self._held[owner]

    def claim(self, owner: Hashable, address: str) -> bool:
        """Hold the address that the owner has already; False where it is not to be had."""
        parsed = ipaddress.ip_address(address)
        if not any(parsed in network for network in self._networks):
            return False
        if (self._owners.get(address, owner), self._held.get(owner, address)) != (owner, address):
            return False
        self._take(owner, address)
        return True

    def take_back(self, owner: Hashable) -> None:
        """Free what the owner holds, if anything."""
        address = self._held.pop(owner, None)
        if address is not None:
            del self._owners[address]
            self._returned[address] = None

    def _take(self, owner: Hashable, address: str) -> None:
        self._owners[address], self._held[owner] = owner, address
        self._returned.pop(address, None)

    def _next(self) -> str:
        for address in self._fresh:
            if address not in self._owners:
                return address
        if not self._returned:
            ranges = ", ".join(map(str, self._networks))
            raise LocalError(f"no address is left in {ranges}")
        return next(iter(self._returned))

    def _every(self) -> Iterator[str]:
        for network in self._networks:
            for address in network.hosts():
                yield str(address)
