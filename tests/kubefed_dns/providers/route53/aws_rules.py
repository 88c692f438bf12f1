"""What Route 53 takes of a change, by AWS's documentation and its error messages."""

import ipaddress
import re

import botocore.session
import dns.exception
import dns.rdata

POLICIES = {
    "Weight": "weighted",
    "Region": "latency",
    "Failover": "failover",
    "GeoLocation": "geolocation",
    "GeoProximityLocation": "geoproximity",
    "MultiValueAnswer": "multivalue",
}
ONCE = ("Region", "Failover", "GeoLocation")
CONTINENTS = {"AF", "AN", "AS", "EU", "NA", "OC", "SA"}
COUNTRIES = {"*", "AF", "AU", "BR", "CA", "DE", "FR", "GB", "IN", "JP", "NA", "UA", "US", "ZA"}
STATES = {"CA", "NY", "OR", "TX", "VA", "WA"}
REGIONS = set(
    botocore.session.get_session()
    .get_service_model("route53")
    .shape_for("ResourceRecordSetRegion")
    .enum
)
TARGETS = {
    "Z35SXDOTRQ7X7K": "us-east-1.elb.amazonaws.com.",
    "Z32O12XQLNTSW2": "eu-west-1.elb.amazonaws.com.",
    "Z26RNL4JYFTOTI": "elb.us-east-1.amazonaws.com.",
    "Z2FDTNDATAQYW2": "cloudfront.net.",
    "Z3AQBSTGFYJSTF": "s3-website-us-east-1.amazonaws.com.",
}
"""Where AWS's own hosted zones are, as far as they occur here."""
CLOUDFRONT = "Z2FDTNDATAQYW2"


class Invalid(Exception):
    """What is wrong with one change; `code` is that of the whole answer."""

    def __init__(self, said, code="InvalidChangeBatch"):
        super().__init__(said)
        self.code = code


def key(raw):
    return raw["Name"], raw["Type"], raw.get("SetIdentifier") or ""


def make(action, raw, data, *, zone, zone_id, checks):
    """One change of a batch, after those before it; `checks` are the ids of health checks.

    Raises Invalid.
    """
    name, rrtype, identifier = found = key(raw)
    what = f"[name='{name}', type='{rrtype}'"
    what += f", set identifier='{identifier}']" if identifier else "]"
    if not (name == zone or name.endswith(f".{zone}")):
        raise Invalid(f"RRSet with DNS name {name} is not permitted in zone {zone}")
    _check_shape(action, raw)
    match action:
        case "DELETE":
            if found not in data:
                raise Invalid(f"Tried to delete resource record set {what} but it was not found")
            if _sorted(data[found]) != _sorted(raw):
                raise Invalid(
                    f"Tried to delete resource record set {what} but the values provided do not"
                    " match the current values"
                )
            del data[found]
        case "CREATE":
            if found in data:
                raise Invalid(f"Tried to create resource record set {what} but it already exists")
            beside = [each for each in data.values() if each["Name"] == name]
            _check(raw, beside, zone)
            _check_routing(raw, [each for each in beside if each["Type"] == rrtype], checks)
            _check_alias(raw, data, zone_id)
            data[found] = raw
        case _:
            raise Invalid(f"{action} is not what a careful client sends")


def _check_shape(action, raw):
    name, rrtype, identifier = key(raw)
    at = (
        f"in Change with [Action={action}, Name={name}, Type={rrtype},"
        f" SetIdentifier={identifier or 'null'}]"
    )
    plain = [field for field in ("TTL", "ResourceRecords") if raw.get(field) is not None]
    if ("AliasTarget" in raw and plain) or ("AliasTarget" not in raw and len(plain) < 2):
        number = "more than one" if plain and "AliasTarget" in raw else "none"
        raise Invalid(
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and"
            f" ResourceRecords], or TrafficPolicyInstanceId], but found {number} {at}"
        )
    found = [field for field in POLICIES if field in raw]
    if found and not identifier:
        raise Invalid(f"Invalid request: Missing field 'SetIdentifier' {at}")
    if len(found) > 1 or (identifier and not found):
        number = "more than one" if found else "none"
        raise Invalid(
            f"Invalid request: Expected exactly one of [{', '.join(POLICIES)}], but found {number}"
            f" {at}"
        )
    if len(identifier) > 128:
        raise Invalid(f"Invalid request: SetIdentifier is too long {at}", "InvalidInput")


def _check(raw, beside, zone):
    name, rrtype, identifier = key(raw)
    if rrtype == "CNAME" and name == zone:
        raise Invalid(
            f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone}"
        )
    for other in beside:
        if (rrtype == "CNAME") != (other["Type"] == "CNAME"):
            raise Invalid(
                f"RRSet of type {rrtype} with DNS name {name} is not permitted because a"
                f" conflicting RRSet of type  {other['Type']} with the same DNS name already"
                f" exists in zone {zone}"
            )
        if other["Type"] == rrtype and _policy(raw) != _policy(other):
            raise Invalid(
                f"RRSet with DNS name {name}, type {rrtype}, SetIdentifier {identifier or 'null'}"
                f" cannot be created because a non-{_policy(raw)} RRSet with the same name and"
                " type already exists"
            )
    values = raw.get("ResourceRecords", ())
    if len(set(values)) < len(values):
        raise Invalid(f"Duplicate Resource Record: '{values[0]}' with DNS name {name}")
    if rrtype == "CNAME" and len(values) > 1:
        raise Invalid(f"RRSet of type CNAME with DNS name {name} has more than one value")
    for value in values:
        _check_value(rrtype, value)


def _check_routing(raw, beside, checks):
    name, rrtype, identifier = key(raw)
    for field in ONCE:
        if field in raw and any(other[field] == raw[field] for other in beside):
            raise Invalid(
                f"RRSet with DNS name {name}, type {rrtype}, SetIdentifier {identifier}, and"
                f" {field} {raw[field]} cannot be created because a RRSet with the same name,"
                " type and that already exists"
            )
    if raw.get("Region") not in {None, *REGIONS}:
        raise Invalid(f"Invalid parameter: Region {raw['Region']}", "InvalidInput")
    if not 0 <= raw.get("Weight", 0) <= 255:
        raise Invalid(f"Invalid parameter: Weight {raw['Weight']}", "InvalidInput")
    if raw.get("MultiValueAnswer") and ("AliasTarget" in raw or rrtype in ("CNAME", "NS")):
        raise Invalid(f"Multivalue answer is not supported for alias or {rrtype} at {name}")
    _check_place(raw.get("GeoLocation", {"CountryCode": "*"}))
    _check_health(raw, checks)


def _check_place(place):
    continent, country, part = (
        place.get(f"{each}Code") for each in ("Continent", "Country", "Subdivision")
    )
    wrong = (
        (continent and (country or part))
        or (continent and continent not in CONTINENTS)
        or (country and country not in COUNTRIES)
        or (part and (country != "US" or part not in STATES))
        or not (continent or country)
    )
    if wrong:
        raise Invalid(f"Invalid parameter: GeoLocation {place}", "InvalidInput")


def _check_health(raw, checks):
    health = raw.get("HealthCheckId")
    if health and health not in checks:
        raise Invalid(
            f"No health check exists with the specified ID: {health}", "NoSuchHealthCheck"
        )
    if raw.get("Failover") != "PRIMARY" or health:
        return
    if "AliasTarget" not in raw:
        raise Invalid("A non-alias primary ResourceRecordSet must have an associated health check.")
    if not raw["AliasTarget"]["EvaluateTargetHealth"]:
        raise Invalid(
            "An alias primary ResourceRecordSet must evaluate the health of its target or have an"
            " associated health check."
        )


def _check_alias(raw, data, zone_id):
    if "AliasTarget" not in raw:
        return
    target = raw["AliasTarget"]
    zone, name = target["HostedZoneId"], target["DNSName"].lower()
    name = name if name.endswith(".") else f"{name}."
    said = f"Tried to create an alias that targets {name}, type {raw['Type']} in zone {zone}, but"
    if zone == zone_id:
        if (name, raw["Type"]) not in {(each["Name"], each["Type"]) for each in data.values()}:
            raise Invalid(f"{said} that target was not found")
        return
    if not name.endswith(TARGETS.get(zone, " ")):
        raise Invalid(f"{said} the alias target name does not lie within the target zone")
    if zone == CLOUDFRONT and target["EvaluateTargetHealth"]:
        raise Invalid(f"{said} EvaluateTargetHealth cannot be true for CloudFront")


def _check_value(rrtype, value):
    said = f"Invalid Resource Record: 'FATAL problem encountered with '{value}''"
    if not value.isascii() or re.search(r"\\(?![0-3][0-7]{2})", value):
        raise Invalid(said)
    text = re.sub(r"\\(\d{3})", lambda found: f"\\{int(found[1], 8):03}", value)
    try:
        {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}.get(rrtype, str)(value)
        dns.rdata.from_text("IN", rrtype, text)
    except (ValueError, dns.exception.DNSException) as failure:
        raise Invalid(said) from failure


def _policy(raw):
    return next((word for field, word in POLICIES.items() if field in raw), "simple")


def _sorted(raw):
    return {**raw, "ResourceRecords": sorted(raw.get("ResourceRecords", ()))}
