"""Record sets as Route 53 writes them: its escapes are octal where those of DNS are decimal."""

import re
from typing import Any

from kubefed_dns import records
from kubefed_dns.errors import InvalidName
from kubefed_dns.providers.extra import packed, unpacked
from kubefed_dns.providers.spelling import Raw
from kubefed_dns.records import RRset

TYPES = frozenset({"A", "AAAA", "CAA", "CNAME", "MX", "NAPTR", "NS", "PTR", "SRV", "TXT"})

EXTRA = "route53?"

_PLAIN = frozenset({"Name", "Type", "SetIdentifier", "TTL", "ResourceRecords"})
_OCTAL = re.compile(r"\\([0-3][0-7]{2})|\\(.)", re.DOTALL)
_DECIMAL = re.compile(r"\\(\d{3})|\\(.)", re.DOTALL)

# A set with an identifier has to have some policy; the one that needs nothing else is this.
_ROUTED: Raw = {"MultiValueAnswer": True}


def plain(text: str) -> str:
    """From Route 53's escapes to those of DNS."""
    return _OCTAL.sub(lambda found: f"\\{int(found[1], 8):03}" if found[1] else found[0], text)


def spelled(text: str) -> str:
    """From the escapes of DNS to Route 53's."""
    return _DECIMAL.sub(lambda found: f"\\{int(found[1]) if found[1] else ord(found[2]):03o}", text)


def name_of(text: str) -> str:
    """A name, canonical. Raises InvalidName."""
    return records.canonical(plain(text))


def rrset_of(raw: Raw) -> RRset:
    """Whatever it holds, as a value. Raises InvalidName where its name is none."""
    rrtype, identifier = str(raw["Type"]), str(raw.get("SetIdentifier", ""))
    texts = [plain(str(each["Value"])) for each in raw.get("ResourceRecords", ())]
    try:
        values = {records.value_of(rrtype, text) for text in texts}
    except InvalidName:
        values = set(texts)
    extra = {key: value for key, value in raw.items() if key not in _PLAIN}
    if extra and not (identifier and extra == _ROUTED):
        values.add(packed(EXTRA, extra))
    name = name_of(str(raw["Name"]))
    return RRset(name, rrtype, int(raw.get("TTL", 0)), tuple(sorted(values)), identifier)


def raw_of(rrset: RRset) -> Raw:
    """As it is written. Raises InvalidName where its additions cannot be read."""
    values = [value for value in rrset.values if not value.startswith(EXTRA)]
    extra = [
        unpacked(EXTRA, value, reserved=_PLAIN) for value in rrset.values if value.startswith(EXTRA)
    ]
    raw: dict[str, Any] = {"Name": spelled(rrset.name), "Type": rrset.type}
    if rrset.set_identifier:
        raw |= {"SetIdentifier": rrset.set_identifier}
        extra = extra or [_ROUTED]
    if values:
        raw |= {"TTL": rrset.ttl}
        raw |= {"ResourceRecords": [{"Value": spelled(value)} for value in values]}
    for each in extra:
        raw |= each
    return raw


def same(one: Raw, other: Raw) -> bool:
    """Whether two sets are written alike, but for the order of their values."""
    return _sorted(one) == _sorted(other)


def _sorted(raw: Raw) -> Raw:
    values = sorted(each["Value"] for each in raw.get("ResourceRecords", ()))
    name = str(raw["Name"]).replace(r"\052", "*")
    return {**raw, "Name": name, "ResourceRecords": values}
