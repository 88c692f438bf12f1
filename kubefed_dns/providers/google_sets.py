"""Record sets as Cloud DNS writes them."""

from collections.abc import Iterator, Mapping
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
    values = values_of(raw)
    extra = {key: value for key, value in bare(raw).items() if key not in _PLAIN}
    if extra:
        values.add(packed(EXTRA, extra))
    return RRset(name_of(raw), str(raw["type"]), int(raw.get("ttl", 0)), tuple(sorted(values)))


def name_of(raw: Raw) -> str:
    """Canonical. Raises InvalidName."""
    return records.canonical(str(raw["name"]))


def values_of(raw: Raw) -> set[str]:
    """Its plain values; as they stand there where one of them is none of its type."""
    texts = [str(each) for each in raw.get("rrdatas", ())]
    try:
        return {records.value_of(str(raw["type"]), text) for text in texts}
    except InvalidName:
        return set(texts)


def raw_of(rrset: RRset) -> Raw:
    """A set without an identifier as it is written."""
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


def bare(raw: Raw) -> dict[str, Any]:
    """Without what Google adds to what it is given, and the items of a policy in one order."""
    return {
        key: sorted(map(_bare, value), key=repr) if key == "items" else _bare(value)
        for key, value in raw.items()
        if key not in _SAID
    }


def octets(raw: Raw) -> int:
    """At least what its data counts for in the limit of a change."""
    return sum(len(str(each)) for each in raw.get("rrdatas", ())) + len(
        str(raw.get("routingPolicy", ""))
    )


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return bare(value)
    return [_bare(each) for each in value] if isinstance(value, list) else value


def _sorted(raw: Raw) -> Raw:
    kept = {key: value for key, value in raw.items() if key not in _SAID}
    return {**kept, "rrdatas": sorted(raw.get("rrdatas", ()))}
