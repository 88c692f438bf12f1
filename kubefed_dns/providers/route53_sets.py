"""Record sets as Route 53 writes them, aliases and routed ones too."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from kubefed_dns import records
from kubefed_dns.decide.aliases import canonical_zone, has_health
from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import route53_routes as routes
from kubefed_dns.providers.extra import packed, unpacked
from kubefed_dns.providers.route53_routes import Nature
from kubefed_dns.providers.route53_text import name_of, octal, plain
from kubefed_dns.providers.spelling import Raw, Raws
from kubefed_dns.records import ALIAS, RRset

TYPES = frozenset({"A", "AAAA", "CAA", "CNAME", "MX", "NAPTR", "NS", "PTR", "SRV", "TXT"})
FAMILIES = ("A", "AAAA")

EXTRA = "route53?"
ALIAS_TTL = 300
"""An alias has the TTL of its target; this is what it is said to have, as in external-dns."""

HEALTH, ZONE = "aws/evaluate-target-health", "aws/target-hosted-zone"
PROPERTIES = routes.PROPERTIES | {ALIAS, HEALTH, ZONE}

_PLAIN = frozenset({"Name", "Type", "SetIdentifier", "TTL", "ResourceRecords"})
_HEAD = ("Name", "Type", "SetIdentifier")
_TRUE = {"true": True, "false": False}


def decode(raws: Raws) -> Iterator[tuple[RRset, Raws]]:
    """The sets of one name, each with what it is made of. Raises InvalidName where that is none.

    What follows one target for both families, or for one alone, is one CNAME
    that is an alias. What has no word of ours is a value, `packed`.
    """
    aliases: dict[str, list[Raw]] = {}
    for raw in raws:
        if raw["Type"] in FAMILIES and "AliasTarget" in raw:
            aliases.setdefault(str(raw.get("SetIdentifier", "")), []).append(raw)
        else:
            yield _decoded(raw), (raw,)
    for some in aliases.values():
        parts = tuple(sorted(some, key=lambda raw: str(raw["Type"])))
        yield _followed(parts), parts


def encode(rrset: RRset, *, regions: Collection[str]) -> Raws:
    """As it is written. Raises InvalidName, naming what Route 53 has no such thing of."""
    said = dict(rrset.properties)
    for key in said:
        if (key.startswith("aws/") or "/" not in key) and key not in PROPERTIES:
            raise InvalidName(f"{rrset.name} {rrset.type}: {key!r} is not known of Route 53")
    try:
        if is_alias(rrset):
            return tuple(_alias(rrset, said, regions))
        return (_encoded(rrset, said, regions),)
    except InvalidName as error:
        raise InvalidName(f"{rrset.name} {rrset.type}: {error}") from error


def is_alias(rrset: RRset) -> bool:
    """Whether Route 53 follows it itself: where it is told to, and where it can unless told not."""
    if rrset.type != "CNAME":
        return False
    told = dict(rrset.properties).get(ALIAS, "")
    if told:
        return told.lower() != "false"
    return any(canonical_zone(value) for value in rrset.values)


def same(one: Raw, other: Raw) -> bool:
    """Whether two sets are written alike, but for the order of their values."""
    return _sorted(one) == _sorted(other)


def _decoded(raw: Raw) -> RRset:
    rrtype, identifier = str(raw["Type"]), str(raw.get("SetIdentifier", ""))
    texts = [plain(str(each["Value"])) for each in raw.get("ResourceRecords", ())]
    try:
        values = {records.value_of(rrtype, text) for text in texts}
    except InvalidName:
        values = set(texts)
    said, left = routes.read(raw, Nature(rrtype, bool(identifier)))
    if rrtype == "CNAME" and any(map(canonical_zone, values)):
        said[ALIAS] = "false"
    left |= {key: value for key, value in raw.items() if key not in _PLAIN | routes.FIELDS}
    if left:
        values.add(packed(EXTRA, left))
    return RRset(
        name_of(str(raw["Name"])),
        rrtype,
        int(raw.get("TTL", 0)),
        tuple(sorted(values)),
        identifier,
        tuple(sorted(said.items())),
    )


def _followed(parts: Raws) -> RRset:
    """One set of aliases: as the first family has it, and how the second differs, if it does."""
    first, identifier = parts[0], str(parts[0].get("SetIdentifier", ""))
    target: Mapping[str, Any] = first["AliasTarget"]
    zone, watched = str(target["HostedZoneId"]), bool(target["EvaluateTargetHealth"])
    value = records.value_of("CNAME", plain(str(target["DNSName"])))
    nature = Nature("CNAME", bool(identifier), follows=True, watched=watched)
    said, left = routes.read(first, nature)
    said[ALIAS] = "true" if len(parts) > 1 else str(first["Type"])
    if zone != canonical_zone(value):
        said[ZONE] = zone
    if watched != has_health(zone):
        said[HEALTH] = str(watched).lower()
    known = {*_HEAD, "AliasTarget", *routes.FIELDS}
    left |= {key: more for key, more in first.items() if key not in known}
    for other in parts[1:]:
        if _body(other) != _body(first):
            left[str(other["Type"])] = _body(other)
    values = sorted({value, *((packed(EXTRA, left),) if left else ())})
    name, properties = name_of(str(first["Name"])), tuple(sorted(said.items()))
    return RRset(name, "CNAME", ALIAS_TTL, tuple(values), identifier, properties)


def _encoded(rrset: RRset, said: Mapping[str, str], regions: Collection[str]) -> Raw:
    values, extra = _parted(rrset)
    raw = _headed(rrset, rrset.type)
    if values:
        raw |= {"TTL": rrset.ttl}
        raw |= {"ResourceRecords": [{"Value": octal(value)} for value in values]}
    nature = Nature(rrset.type, bool(rrset.set_identifier), chosen=bool(extra))
    return raw | routes.written(said, nature, regions=regions) | extra


def _alias(rrset: RRset, said: Mapping[str, str], regions: Collection[str]) -> Iterator[Raw]:
    values, extra = _parted(rrset)
    if len(values) != 1:
        raise InvalidName(f"an alias has one target, not {len(values)}")
    zone = said.get(ZONE) or canonical_zone(values[0])
    if zone is None:
        raise InvalidName(
            f"Route 53 cannot follow {values[0]}: it is no load balancer or the like of AWS, or of"
            f" a region that is not known here; give property {ZONE}, the id of its hosted zone"
        )
    watched = _TRUE.get(said.get(HEALTH, "").lower(), has_health(zone))
    if watched and not has_health(zone):
        raise InvalidName(f"{HEALTH} cannot be true for CloudFront")
    target = {"HostedZoneId": zone, "DNSName": octal(values[0]), "EvaluateTargetHealth": watched}
    others = {family: extra.pop(family) for family in FAMILIES if family in extra}
    nature = Nature(
        "CNAME", bool(rrset.set_identifier), chosen=bool(extra), follows=True, watched=watched
    )
    routed = routes.written(said, nature, regions=regions)
    body = routed | {"AliasTarget": target} | extra
    told = said.get(ALIAS, "").upper()
    for family in (told,) if told in FAMILIES else FAMILIES:
        yield _headed(rrset, family) | others.get(family, body)


def _parted(rrset: RRset) -> tuple[list[str], dict[str, Any]]:
    """Its values, and what stands for more than a value."""
    extra: dict[str, Any] = {}
    for value in rrset.values:
        if value.startswith(EXTRA):
            extra |= unpacked(EXTRA, value, reserved=_PLAIN)
    return [value for value in rrset.values if not value.startswith(EXTRA)], extra


def _headed(rrset: RRset, rrtype: str) -> dict[str, Any]:
    raw: dict[str, Any] = {"Name": octal(rrset.name), "Type": rrtype}
    return raw | ({"SetIdentifier": rrset.set_identifier} if rrset.set_identifier else {})


def _body(raw: Raw) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in _HEAD}


def _sorted(raw: Raw) -> Raw:
    values = sorted(each["Value"] for each in raw.get("ResourceRecords", ()))
    name = str(raw["Name"]).replace(r"\052", "*")
    return {**raw, "Name": name, "ResourceRecords": values}
