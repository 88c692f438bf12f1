"""What a target is: an address of which family, a host name, one that must not be published."""

import ipaddress
import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from kubefed_dns.api.status import Address

IP = ipaddress.IPv4Address | ipaddress.IPv6Address

_HOSTNAME = re.compile(
    r"(?=.{1,253}\.?\Z)"
    r"([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*"
    r"(?![0-9]+\.?\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.?"
)
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
"""Where clouds tell machines their secrets, beside the link-local 169.254.169.254."""

_LOCAL_NAMES = ("localhost", "localhost.localdomain", "metadata.google.internal")
_THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")
_BROADCAST = ipaddress.IPv4Address("255.255.255.255")
_CARRIERS = (
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("::/96"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)
"""Ranges of IPv6 that lead to an IPv4 address, and how far it is from the right."""


@lru_cache(16384)
def address(text: str) -> IP | None:
    """The address, where the text is a literal of one.

    An IPv4 address that is mapped into IPv6 is the IPv4 address. A literal with
    a zone (`fe80::1%eth0`) means something on one machine only, and a number
    with leading zeros not the same everywhere: neither is an address here.
    """
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        return None if found.scope_id else found.ipv4_mapped or found
    return found


def hostname(text: str) -> str | None:
    """The host name in lower case and without a dot at the end, where the text is one."""
    lower = text.lower()
    return lower.rstrip(".") if _HOSTNAME.fullmatch(lower) else None


def texts(ingress: Iterable[Address]) -> tuple[str, ...]:
    """The targets of points of entry, each once; one that has both is two."""
    found = (text for each in ingress for text in (each.ip, each.hostname) if text)
    return tuple(dict.fromkeys(found))


def entries(found: Iterable[str]) -> tuple[Address, ...]:
    """The points of entry that have these targets, sorted."""
    return tuple(sorted(Address(text) if address(text) else Address("", text) for text in found))


def only(ingress: Iterable[Address], keep: Callable[[str], bool]) -> tuple[Address, ...]:
    """The points of entry with the targets that are to be kept."""
    made = {
        Address(
            each.ip if each.ip and keep(each.ip) else "",
            each.hostname if each.hostname and keep(each.hostname) else "",
        )
        for each in ingress
    }
    return tuple(sorted(made - {Address()}))


def by_family(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The address literals by record type, each in its usual spelling, sorted as strings."""
    found: dict[str, set[str]] = {"A": set(), "AAAA": set()}
    for text in texts:
        if (ip := address(text)) is not None:
            found["A" if ip.version == 4 else "AAAA"].add(str(ip))
    return {kind: tuple(sorted(texts)) for kind, texts in found.items() if texts}


def local_target(text: str) -> bool:
    """Whether a target leads to whoever asks, or to a cloud's metadata, instead of a service.

    These are loopback, link-local, unspecified, multicast, broadcast and
    metadata addresses, also inside IPv6 ranges that lead to IPv4, and names
    that always mean one of them.
    """
    found = address(text)
    if found is None:
        name = text.lower().rstrip(".")
        return name in _LOCAL_NAMES or name.endswith(".localhost")
    return any(_local(ip) for ip in (found, *_carried(found)))


def _carried(ip: IP) -> Iterable[ipaddress.IPv4Address]:
    if isinstance(ip, ipaddress.IPv6Address):
        for network, shift in _CARRIERS:
            if ip in network and int(ip) > 1:
                yield ipaddress.IPv4Address(int(ip) >> shift & 0xFFFFFFFF)


def _local(ip: IP) -> bool:
    return (
        ip.is_loopback
        or ip.is_link_local
        or ip.is_unspecified
        or ip.is_multicast
        or ip == _BROADCAST
        or ip in _METADATA
        or (ip.version == 4 and ip in _THIS_NETWORK)
    )
