"""Record sets as Cloud DNS writes them."""

from collections.abc import Iterator
from typing import Any

from kubefed_dns import records
from kubefed_dns.errors import InvalidName
from kubefed_dns.providers.extra import packed, unpacked
from kubefed_dns.providers.spelling import Raw, Raws
from kubefed_dns.records import RRset

TYPES = frozenset({"A", "AAAA", "CAA", "CNAME", "MX", "NAPTR", "NS", "PTR", "SRV", "TXT"})

EXTRA = "google?"

_PLAIN = frozenset({"name", "type", "ttl", "rrdatas"})
_SAID = frozenset({"kind", "signatureRrdatas"})


def decode(raws: Raws) -> Iterator[tuple[RRset, Raws]]:
    return ((rrset_of(raw), (raw,)) for raw in raws)


def encode(rrset: RRset) -> Raws:
    return (raw_of(rrset),)


def rrset_of(raw: Raw) -> RRset:
    """Whatever it holds, as a value. Raises InvalidName where its name is none."""
    rrtype, texts = str(raw["type"]), [str(each) for each in raw.get("rrdatas", ())]
    try:
        values = {records.value_of(rrtype, text) for text in texts}
    except InvalidName:
        values = set(texts)
    extra = {key: value for key, value in raw.items() if key not in _PLAIN | _SAID}
    if extra:
        values.add(packed(EXTRA, extra))
    name = records.canonical(str(raw["name"]))
    return RRset(name, rrtype, int(raw.get("ttl", 0)), tuple(sorted(values)))


def raw_of(rrset: RRset) -> Raw:
    """As it is written. Raises InvalidName where Cloud DNS has no such thing."""
    if rrset.set_identifier:
        raise InvalidName(
            f"{rrset.name} {rrset.type}: Cloud DNS knows no set identifiers"
            f" ({rrset.set_identifier!r})"
        )
    values = [value for value in rrset.values if not value.startswith(EXTRA)]
    raw: dict[str, Any] = {"name": rrset.name, "type": rrset.type, "ttl": rrset.ttl}
    if values:
        raw["rrdatas"] = values
    for value in rrset.values:
        if value.startswith(EXTRA):
            raw |= unpacked(EXTRA, value, reserved=_PLAIN | _SAID)
    return raw


def same(one: Raw, other: Raw) -> bool:
    """Whether two sets are written alike, but for the order of their values."""
    return _sorted(one) == _sorted(other)


def octets(raw: Raw) -> int:
    """At least what its data counts for in the limit of a change."""
    return sum(len(str(each)) for each in raw.get("rrdatas", ())) + len(
        str(raw.get("routingPolicy", ""))
    )


def _sorted(raw: Raw) -> Raw:
    kept = {key: value for key, value in raw.items() if key not in _SAID}
    return {**kept, "rrdatas": sorted(raw.get("rrdatas", ()))}
