"""Texts of TXT records: octets, and the strings of at most 255 that carry them."""

from collections.abc import Iterable, Sequence
from typing import cast

import dns.rdata
import dns.rdataclass
from dns.rdtypes.txtbase import TXTBase

from kubefed_dns import records

LONGEST = 255
"""Octets of one character-string."""


def value(*texts: bytes) -> str:
    """The canonical value of texts, each in strings as long as they can be."""
    parts = []
    for text in texts:
        parts += [text[at : at + LONGEST] for at in range(0, len(text), LONGEST)] or [b""]
    return records.value_of("TXT", quoted(parts))


def strings(text: str) -> Sequence[bytes]:
    """The character-strings of a canonical value."""
    rdata = cast(TXTBase, dns.rdata.from_text(dns.rdataclass.IN, "TXT", text))
    return rdata.strings


def joined(text: str) -> bytes:
    """What most readers take a canonical value for."""
    return b"".join(strings(text))


def quoted(parts: Iterable[bytes]) -> str:
    """Strings in presentation form, however long they are."""
    return " ".join(f'"{"".join(map(_shown, part))}"' for part in parts)


def _shown(octet: int) -> str:
    if octet in b'"\\':
        return f"\\{chr(octet)}"
    return chr(octet) if 32 <= octet < 127 else f"\\{octet:03}"
