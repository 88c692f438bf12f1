"""DNS data as values: compared, sorted, hashed, never changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from kubefed_dns.errors import InvalidName

MAX_TTL = 2**31 - 1

# Properties that mean the same to every backend; any other is a backend's own (`aws/…`).
WEIGHT = "weight"
"""Its share of the answers beside the other sets of the name, 0 to 255."""
TIER = "tier"
"""Its turn in a fail-over: the set with the lowest number is the answer, the others stand by."""
GEO = "geo"
"""Whom it is for: a continent (EU), country (DE) or subdivision (US-CA), `*` for the rest."""
CONTINENTS = frozenset({"AF", "AN", "AS", "EU", "NA", "OC", "SA"})
"""What these letters mean as a place, though four of them are countries' too."""
REGION = "region"
"""Where it is, in the words of the cloud; the nearest to who asks is the answer."""
ALIAS = "alias"
"""`true`: a CNAME that the backend follows itself, so that it can stand at an apex."""
ROUTING = frozenset({WEIGHT, TIER, GEO, REGION})

Properties = tuple[tuple[str, str], ...]


class RRKey(NamedTuple):
    name: str
    type: str
    set_identifier: str = ""


@dataclass(frozen=True, order=True, slots=True)
class RRset:
    """All the values of one type at one name; made by `rrset`, which canonicalises.

    `name` is absolute and lower case; `values` are in presentation form,
    sorted, without duplicates. Where a backend answers one name from several
    weighted or regional sets, each has a set identifier; a plain set has none.
    `properties` say when such a set is the answer, and what else a backend has
    to know; pairs of name and value, sorted by name, each name once.
    """

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]
    set_identifier: str = ""
    properties: Properties = ()

    @property
    def key(self) -> RRKey:
        return RRKey(self.name, self.type, self.set_identifier)

    @property
    def alias(self) -> bool:
        """Whether it is a CNAME that its backend follows: to the world it is addresses."""
        told = dict(self.properties).get(ALIAS, "false") if self.type == "CNAME" else "false"
        return told.lower() != "false"


@dataclass(frozen=True, slots=True)
class Create:
    new: RRset


@dataclass(frozen=True, slots=True)
class Update:
    old: RRset
    new: RRset


@dataclass(frozen=True, slots=True)
class Delete:
    old: RRset


Change = Create | Update | Delete


@dataclass(frozen=True, slots=True)
class Group:
    """What must happen together: the changes of one name and of the records that own it."""

    name: str
    changes: tuple[Change, ...]


def canonical(name: str) -> str:
    """A name as it is compared: absolute, lower case, in presentation form.

    Names are taken as absolute whether or not they end in a dot.
    Raises InvalidName where DNS cannot carry it (RFC 1035: labels of 63,
    names of 255 octets on the wire).
    """
    try:
        parsed = dns.name.from_text(name, dns.name.root)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise InvalidName(f"{name!r} is no DNS name: {error}") from error
    if parsed == dns.name.root and name not in {".", "@"}:
        raise InvalidName(f"{name!r} is no DNS name: it is empty")
    return parsed.canonicalize().to_text()


def rrset(
    name: str,
    rrtype: str,
    ttl: int,
    values: Iterable[str],
    *,
    set_identifier: str = "",
    properties: Mapping[str, str] | None = None,
) -> RRset:
    """Make a set from presentation text; host names in values are absolute, dot or not.

    Raises InvalidName where the name or a value cannot be carried.
    """
    texts = tuple(sorted({value_of(rrtype, value) for value in values}))
    said = tuple(sorted((properties or {}).items()))
    return RRset(canonical(name), rrtype.upper(), ttl, texts, set_identifier, said)


def value_of(rrtype: str, value: str) -> str:
    """One value in canonical presentation form (RFC 4034, 6.2: embedded names lower case).

    Raises InvalidName where the text is no value of that type.
    """
    try:
        rdata = dns.rdata.from_text(
            dns.rdataclass.IN, rrtype.upper(), value, dns.name.root, relativize=False
        )
        wire = rdata.to_digestable(dns.name.root)
        rdata = dns.rdata.from_wire(dns.rdataclass.IN, rdata.rdtype, wire, 0, len(wire))
    except (dns.exception.DNSException, UnicodeError, ValueError) as error:
        raise InvalidName(f"{value!r} is no value of type {rrtype}: {error}") from error
    return rdata.to_text()


def within(name: str, zone: str) -> bool:
    """Whether a canonical name is a canonical zone's apex or below it."""
    return name == zone or zone == "." or name.endswith(f".{zone}")


def longest_suffix(name: str, zones: Iterable[str]) -> str | None:
    """The closest of some canonical zones that holds a canonical name."""
    found = [zone for zone in zones if within(name, zone)]
    return max(found, key=len) if found else None
