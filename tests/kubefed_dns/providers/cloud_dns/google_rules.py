"""What Cloud DNS takes of a change, by Google's documentation and its error messages."""

import ipaddress
import re

import dns.exception
import dns.rdata

MOST_OCTETS, MOST_SETS, MOST_VALUES = 100_000, 1000, 100
ROUTED = {"A", "AAAA", "CNAME", "MX", "SRV", "TXT"}
LOCATIONS = {"asia-east1", "europe-west1", "europe-west10", "us-central1", "us-east1"}
"""Regions, as far as they occur here."""


class Failure(Exception):
    def __init__(self, status, *said):
        """`said` are pairs of a reason and a message."""
        super().__init__(said)
        self.status = status
        self.said = said


def check_size(additions, deletions):
    octets = sum(len(value) for raw in (*additions, *deletions) for value in raw.get("rrdatas", ()))
    if max(len(additions), len(deletions)) > MOST_SETS:
        raise Failure(403, ("quotaExceeded", "Quota exceeded for 'rrsetAdditionsPerChange'"))
    if octets > MOST_OCTETS:
        raise Failure(403, ("quotaExceeded", "Quota exceeded for 'totalRrdataSizePerChange'"))


def delete(sets, raw, part, _):
    key = raw["name"], raw["type"]
    if key not in sets:
        said = f"The '{part}' resource named '{key[0]} ({key[1]})' does not exist."
        raise Failure(404, ("notFound", said))
    if _data(sets[key]) != _data(raw):
        raise Failure(412, ("conditionNotMet", f"Precondition not met for '{part}'"))
    del sets[key]


def add(sets, raw, part, zone):
    name, rrtype = key = raw["name"], raw["type"]
    if key in sets:
        said = f"The resource '{part}' named '{name} ({rrtype})' already exists"
        raise Failure(409, ("alreadyExists", said))
    if not (name == zone or name.endswith(f".{zone}")) or not re.fullmatch(r"(\*\.)?\S+\.", name):
        raise Failure(400, ("invalid", f"Invalid value for '{part}.name': '{name}'"))
    types = {other for owner, other in sets if owner == name}
    if "CNAME" in types or (rrtype == "CNAME" and types):
        said = (
            f"The resource record set '{part}' is invalid because the DNS name '{name}' has a"
            f" resource record set of the type '{min(types)}'. A DNS name may have either one"
            " CNAME resource record set or resource record sets of other types, but not both."
        )
        raise Failure(400, ("cnameResourceRecordSetConflict", said))
    values = raw.get("rrdatas", [])
    if bool(values) == ("routingPolicy" in raw) or len(values) > MOST_VALUES:
        raise Failure(400, ("invalid", f"Invalid value for '{part}.rrdata'"))
    for value in values:
        _check_value(rrtype, value, part)
    if "routingPolicy" in raw:
        _check_policy(rrtype, raw["routingPolicy"], f"{part}.routingPolicy")
    sets[key] = stored(raw)


def _check_value(rrtype, value, part):
    try:
        {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}.get(rrtype, str)(value)
        dns.rdata.from_text("IN", rrtype, value)
    except (ValueError, dns.exception.DNSException) as error:
        raise Failure(400, ("invalid", f"Invalid value for '{part}.rrdata': '{value}'")) from error


def _check_policy(rrtype, policy, part):
    found = [kind for kind in ("wrr", "geo", "primaryBackup") if kind in policy]
    if len(found) != 1 or rrtype not in ROUTED:
        raise _wrong(part, "type", f"{found} for {rrtype}")
    if found == ["primaryBackup"]:
        if not policy["primaryBackup"].get("primaryTargets", {}).get("internalLoadBalancers"):
            raise _wrong(part, "primaryBackup", "no targets that are health-checked")
        return
    items = policy[found[0]].get("items", [])
    places = [item.get("location") for item in items if "location" in item]
    if not items or len(set(places)) < len(places):
        raise _wrong(part, "items", "none, or two of one location")
    for item in items:
        _check_item(rrtype, found[0], item, part)


def _check_item(rrtype, kind, item, part):
    values = item.get("rrdatas", [])
    if not values and not item.get("healthCheckedTargets"):
        raise _wrong(part, "items.rrdata", "none")
    if kind == "geo" and item.get("location") not in LOCATIONS:
        raise _wrong(part, "items.location", item.get("location"))
    if kind == "wrr" and item.get("weight", -1) < 0:
        raise _wrong(part, "items.weight", item.get("weight"))
    if rrtype == "CNAME" and len(values) > 1:
        raise _wrong(part, "items.rrdata", "a CNAME has one")
    for value in values:
        _check_value(rrtype, value, part)


def _wrong(part, where, what):
    return Failure(400, ("invalid", f"Invalid value for '{part}.{where}': '{what}'"))


def stored(raw):
    """As Google gives it back: with kinds, weights that are no integers, items in any order."""
    made = {"kind": "dns#resourceRecordSet", **raw, "ttl": int(raw["ttl"])}
    if "routingPolicy" in raw:
        made["routingPolicy"] = _with_kinds(raw["routingPolicy"])
    return made


def _with_kinds(policy):
    made = {"kind": "dns#rRSetRoutingPolicy", **policy}
    for kind in ("wrr", "geo"):
        if kind in policy:
            name = f"dns#rRSetRoutingPolicy{kind.capitalize()}Policy"
            items = [
                _with_weight({"kind": f"{name}{kind.capitalize()}PolicyItem", **item})
                for item in reversed(policy[kind].get("items", ()))
            ]
            made[kind] = {"kind": name, **policy[kind], "items": items}
    return made


def _with_weight(item):
    """A number that is 0 is left out."""
    weight = item.pop("weight", 0)
    return item | ({"weight": float(weight)} if weight else {})


def _data(raw):
    policy = _bare(raw.get("routingPolicy"))
    return sorted(raw.get("rrdatas", [])), int(raw["ttl"]), policy


def _bare(value):
    """Without kinds and zeros, and items in an order of no meaning."""
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if key != "kind" and each != 0}
    return sorted(map(_bare, value), key=repr) if isinstance(value, list) else value
