"""external-dns's TXT registry: the records that say who owns another record."""

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, cast

import dns.rdata
import dns.rdataclass
from dns.rdtypes.txtbase import TXTBase

from kubefed_dns import records
from kubefed_dns.decide import seal
from kubefed_dns.errors import InvalidName

TEMPLATE = "%{record_type}"
HERITAGE = "external-dns"
TYPES = ("A", "AAAA", "CNAME", "NS", "MX", "PTR", "SRV", "NAPTR", "TXT", "DNAME")
"""The types that external-dns looks for in a name, in its order."""
ALL_TYPES = (*TYPES, "CAA", "DS", "HTTPS", "SSHFP", "SVCB", "TLSA")
"""With those that only we can own."""
STRING = 255
"""Octets of one character-string of a TXT."""
LABEL, NAME = 63, 253

_HEAD = re.compile(r"((?:\\.|[^.\\])+)\.(.*)", re.DOTALL)
_PLAIN = re.compile(r'"[^"\\]*"')
_SIMPLE = re.compile(r"[ !#-\[\]-~]{1,255}")


class Labels(NamedTuple):
    """What an ownership record says; `resource` is empty where it names none."""

    owner: str
    resource: str = ""


class Subject(NamedTuple):
    """The data that an ownership record speaks of."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Naming:
    """Where ownership records stand, by external-dns's prefix, suffix and wildcard replacement."""

    prefix: str = ""
    suffix: str = ""
    wildcard: str = ""

    def of(self, name: str, rrtype: str) -> str:
        """The name of the ownership record of a canonical name's set of one type.

        Raises InvalidName where DNS cannot carry it.
        """
        kind = rrtype.lower()
        lead = "" if self._templated else f"{kind}-"
        return _checked(self._framed(name, kind, lead), name)

    def older(self, name: str, rrtype: str) -> tuple[str, ...]:
        """Where releases with other settings left it; the last one names no type.

        An AAAA was never owned by a record that names no type.
        """
        kind = rrtype.lower()
        typed = (self._framed(name, "", f"{kind}-"),) if self._templated else ()
        return typed if kind == "aaaa" else (*typed, self._framed(name, "", ""))

    def fits(self, txt: str) -> Iterator[Subject]:
        """Whose ownership a canonical name can hold by the present settings.

        Mostly one; `*` and its replacement share one, and a prefix without
        separators can be read in two ways.
        """
        for rrtype in ALL_TYPES:
            kind = rrtype.lower()
            for name in self._stripped(txt, kind, "" if self._templated else f"{kind}-"):
                yield Subject(name, rrtype)

    def fits_older(self, txt: str) -> Iterator[Subject]:
        """As `fits`, for the names of older releases; an empty type means any but AAAA."""
        if self._templated:
            for rrtype in TYPES:
                for name in self._stripped(txt, "", f"{rrtype.lower()}-"):
                    yield Subject(name, rrtype)
        for name in self._stripped(txt, "", ""):
            yield Subject(name, "")

    @property
    def _templated(self) -> bool:
        return TEMPLATE in self.prefix or TEMPLATE in self.suffix

    def _framed(self, name: str, kind: str, lead: str) -> str:
        host, rest = _split(name)
        if host == "*" and self.wildcard:
            host = self.wildcard.lower()
        return f"{self._before(kind)}{lead}{host}{self._after(kind)}.{rest}"

    def _stripped(self, txt: str, kind: str, lead: str) -> Iterator[str]:
        before, after = self._before(kind) + lead, self._after(kind)
        if (self.prefix and self.suffix) or not txt.startswith(before):
            return
        rest = txt[len(before) :]
        match = _HEAD.fullmatch(rest) if not after else _tailed(after).fullmatch(rest)
        if match is None:
            return
        host, domain = match.groups()
        yield f"{host}.{domain}"
        if self.wildcard and host == self.wildcard.lower():
            yield f"*.{domain}"

    def _before(self, kind: str) -> str:
        return self.prefix.lower().replace(TEMPLATE, kind)

    def _after(self, kind: str) -> str:
        return self.suffix.lower().replace(TEMPLATE, kind)


def fresh() -> bytes:
    return secrets.token_bytes(seal.NONCE)


@dataclass(frozen=True, slots=True)
class Registry:
    """How one owner reads and writes ownership; with a key (32 bytes) it writes it encrypted.

    `nonce` gives 12 octets that were never given before.
    """

    owner: str
    naming: Naming = field(default_factory=Naming)
    key: bytes | None = field(default=None, repr=False)
    nonce: Callable[[], bytes] = fresh

    def read(self, value: str) -> Labels | None:
        """What one TXT value says of ownership; None where it says nothing."""
        if self.key is None:
            # An encrypted one cannot be read, and is then as foreign as any other TXT.
            return parse(text_of(value)) if HERITAGE in value else None
        text = text_of(value)
        opened = seal.opened(text.strip('"'), self.key)
        return parse(text if opened is None else opened)

    def write(self, resource: str) -> str:
        """The TXT value of a record of ours, in presentation form."""
        text = dump(Labels(self.owner, resource))
        if self.key is not None:
            text = seal.sealed(text, self.key, nonce=self.nonce())
        return txt(text)

    def within(self, name: str, rrtype: str, zone: str) -> str:
        """As `Naming.of`; raises InvalidName too where that lies outside the zone."""
        found = self.naming.of(name, rrtype)
        if not records.within(found, zone):
            raise InvalidName(
                f"the ownership record of {name} would be {found}, outside zone {zone}: "
                f"spec.txt.prefix must contain {TEMPLATE} and end in a dot"
            )
        return found


def parse(text: str) -> Labels | None:
    """Read a value; None where it is not external-dns's."""
    labels: dict[str, str] = {}
    ours = False
    for token in text.strip('"').split(","):
        key, found, value = token.partition("=")
        if not found:
            continue
        if key == "heritage":
            if value != HERITAGE:
                return None
            ours = True
        elif key.startswith(HERITAGE):
            labels[key.removeprefix(f"{HERITAGE}/")] = value
    return Labels(labels.get("owner", ""), labels.get("resource", "")) if ours else None


def dump(labels: Labels) -> str:
    """Write a value as external-dns does: heritage, then the labels by key."""
    resource = f",{HERITAGE}/resource={labels.resource}" if labels.resource else ""
    return f"heritage={HERITAGE},{HERITAGE}/owner={labels.owner}{resource}"


def txt(text: str) -> str:
    """A text as a canonical TXT value, in as many strings as it needs."""
    if _SIMPLE.fullmatch(text):
        return f'"{text}"'
    data = text.encode()
    parts = [data[at : at + STRING] for at in range(0, len(data), STRING)] or [b""]
    quoted = " ".join(f'"{_escaped(part)}"' for part in parts)
    return records.value_of("TXT", quoted)


def text_of(value: str) -> str:
    """The text of a TXT value: its strings joined."""
    if _PLAIN.fullmatch(value):
        return value[1:-1]
    rdata = cast(TXTBase, dns.rdata.from_text(dns.rdataclass.IN, "TXT", value))
    return b"".join(rdata.strings).decode(errors="replace")


def _escaped(part: bytes) -> str:
    return "".join(
        chr(octet) if 32 <= octet < 127 and octet not in b'"\\' else f"\\{octet:03}"
        for octet in part
    )


def _split(name: str) -> tuple[str, str]:
    """The first label and the rest, which ends in a dot or is empty."""
    match = _HEAD.fullmatch(name)
    if match is None:
        raise InvalidName(f"{name} can have no ownership record")
    host, rest = match.groups()
    return host, rest


def _tailed(after: str) -> re.Pattern[str]:
    return re.compile(rf"((?:\\.|[^.\\])+){re.escape(after)}\.(.*)", re.DOTALL)


def _checked(text: str, name: str) -> str:
    """Quick for what is plain; octets, not characters, count where there are escapes."""
    if "\\" in text:
        return records.canonical(text)
    longest = max(len(label) for label in text.split("."))
    if longest > LABEL or len(text) > NAME + 1:
        limit = f"a label of {longest}" if longest > LABEL else f"{len(text) - 1} octets"
        raise InvalidName(
            f"the ownership record of {name} would be {text}, with {limit}: DNS carries labels of "
            f"{LABEL} and names of {NAME}; choose shorter names, or another spec.txt.prefix"
        )
    return text
