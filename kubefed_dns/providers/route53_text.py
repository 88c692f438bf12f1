"""Text as Route 53 writes it: its escapes are octal where those of DNS are decimal."""

import re

from kubefed_dns import records

_OCTAL = re.compile(r"\\([0-3][0-7]{2})|\\(.)", re.DOTALL)
_DECIMAL = re.compile(r"\\(\d{3})|\\(.)", re.DOTALL)


def plain(text: str) -> str:
    """From Route 53's escapes to those of DNS."""
    return _OCTAL.sub(lambda found: f"\\{int(found[1], 8):03}" if found[1] else found[0], text)


def octal(text: str) -> str:
    """From the escapes of DNS to Route 53's."""
    return _DECIMAL.sub(lambda found: f"\\{int(found[1]) if found[1] else ord(found[2]):03o}", text)


def name_of(text: str) -> str:
    """A name, canonical. Raises InvalidName."""
    return records.canonical(plain(text))
