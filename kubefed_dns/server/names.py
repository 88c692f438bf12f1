"""Names as they stand in a message, uncompressed and lower case, so that a dict finds them."""

from collections.abc import Iterator

import dns.exception
import dns.name

from kubefed_dns.errors import InvalidName

ROOT = b"\0"
STAR = b"\x01*"
LONGEST = 255


def to_wire(name: str) -> bytes:
    """A name in presentation form, absolute with or without its dot.

    Raises InvalidName where it is none.
    """
    try:
        return bytes(dns.name.from_text(name, dns.name.root).to_wire() or b"").lower()
    except (dns.exception.DNSException, UnicodeError) as error:
        raise InvalidName(f"{name!r} is no DNS name: {error}") from error


def under(label: bytes, parent: bytes) -> bytes:
    """A label put before a name; the name itself where that would be too long."""
    name = bytes((len(label),)) + label + parent
    return name if len(name) <= LONGEST else parent


def suffixes(name: bytes) -> Iterator[bytes]:
    """The name, its parent, and so on up to the root."""
    at = 0
    while length := name[at]:
        yield name[at:]
        at += length + 1
    yield ROOT


def between(name: bytes, apex: bytes) -> Iterator[bytes]:
    """The names strictly above a name and strictly below the apex, the closest first."""
    for suffix in suffixes(name):
        if suffix == apex:
            return
        if suffix != name:
            yield suffix


def within(name: bytes, apex: bytes) -> bool:
    return any(suffix == apex for suffix in suffixes(name))


def end_of(data: bytes, at: int) -> int:
    """Where an uncompressed name that begins at an offset of well-formed data ends."""
    while length := data[at]:
        at += length + 1
    return at + 1
