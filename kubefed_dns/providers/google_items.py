"""Sets with identifiers as the items of a routing policy, and back."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import google_sets as sets
from kubefed_dns.providers.extra import packed, unpacked
from kubefed_dns.providers.spelling import Raw, Raws
from kubefed_dns.records import REGION, ROUTING, WEIGHT, RRset

POLICIES = {WEIGHT: ("wrr", "weight"), REGION: ("geo", "location")}
TYPES = frozenset({"A", "AAAA", "CNAME", "MX", "SRV", "TXT"})
"""Those that can have a policy."""

# Google's regions by their form, which is not that of other clouds; there are new ones each year.
_REGION = re.compile(
    r"(africa|asia|australia|europe|me|northamerica|southamerica|us)-[a-z]+[0-9]{1,2}"
)
_WEIGHT = re.compile(r"\d{1,9}(\.\d{1,6})?")
_ITEM = frozenset({"weight", "location", "rrdatas"})
_POLICY = "policy"


def policy_of(rrset: RRset) -> str:
    """What Cloud DNS calls that by which a set is chosen; empty where nothing does."""
    return next((POLICIES[key][0] for key, _ in rrset.properties if key in POLICIES), "")


def written(rrset: RRset) -> Raw:
    """Raises InvalidName, naming what cannot be."""
    where = f"{rrset.name} {rrset.type}"
    said = {key: value for key, value in rrset.properties if key in ROUTING}
    for key in said.keys() - POLICIES.keys():
        raise InvalidName(f"{where}: Cloud DNS does not choose by {key}")
    if len(said) > 1:
        raise InvalidName(f"{where}: a set is chosen by its weight or by its region, not by both")
    if said and rrset.type not in TYPES:
        raise InvalidName(f"{where}: Cloud DNS does not choose among sets of this type")
    if said and not rrset.set_identifier:
        raise InvalidName(f"{where}: a set that is chosen needs a set identifier")
    item = {"rrdatas": [value for value in rrset.values if not value.startswith(sets.EXTRA)]}
    return item | dict(_chosen(where, said)) | _unpacked(rrset)


def of(policy: Raw) -> tuple[str, Raws]:
    """The property by which a policy chooses, and its items; none where there is no word for it."""
    for word, (kind, _) in POLICIES.items():
        if kind in policy:
            return word, policy[kind].get("items", ())
    return "", ()


def read(rrtype: str, item: Raw, policy: Raw) -> tuple[set[str], tuple[str, str]]:
    """Values and the property of an item; `policy` is all that it stands in."""
    word, _ = of(policy)
    kind, field = POLICIES[word]
    left = {key: value for key, value in item.items() if key not in _ITEM}
    around = {key: value for key, value in policy.items() if key != kind}
    around |= {key: value for key, value in policy[kind].items() if key != "items"}
    left |= {_POLICY: around} if around else {}
    values = sets.values_of({"type": rrtype, **item})
    # A number that is 0 may be left out.
    return values | ({packed(sets.EXTRA, left)} if left else set()), (
        word,
        _said(item.get(field, 0)),
    )


def mark(rrtype: str, item: Raw) -> str:
    """What an item is known again by: its location, or all that it is."""
    if "location" in item:
        return str(item["location"])
    values = sorted(sets.values_of({"type": rrtype, **item}))
    return digest(f"{_said(item.get('weight', 0))} {values}")


def digest(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def spelled(wanted: Sequence[RRset]) -> tuple[RRset | str, ...]:
    """As `protocol.Spells` promises: with the properties that Cloud DNS has, and one TTL."""
    ttl = min((rrset.ttl for rrset in wanted if rrset.set_identifier), default=0)
    taken: dict[tuple[str, str], str] = {}
    found: list[RRset | str] = []
    for rrset in wanted:
        try:
            item = written(rrset)
            _take(rrset, item, taken)
        except InvalidName as error:
            found.append(str(error))
        else:
            found.append(_kept(rrset, ttl, item))
    return tuple(found)


def _kept(rrset: RRset, ttl: int, item: Raw) -> RRset:
    if not rrset.set_identifier:
        return replace(rrset, properties=())
    properties = tuple(
        (key, _said(item[field])) for key, (_, field) in POLICIES.items() if field in item
    )
    return replace(rrset, ttl=ttl, properties=properties)


def _take(rrset: RRset, item: Raw, taken: dict[tuple[str, str], str]) -> None:
    region = item.get("location")
    if region is None:
        return
    other = taken.setdefault((rrset.type, region), rrset.set_identifier)
    if other != rrset.set_identifier:
        raise InvalidName(
            f"{rrset.name} {rrset.type}: set {other!r} is of region {region} already, and Cloud DNS"
            " takes one of each; put their targets into one set"
        )


def _chosen(where: str, said: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    if (weight := said.get(WEIGHT)) is not None:
        if not _WEIGHT.fullmatch(weight):
            raise InvalidName(f"{where}: weight {weight!r} is no number from 0 up")
        yield "weight", float(weight)
    if (region := said.get(REGION)) is not None:
        if not _REGION.fullmatch(region):
            raise InvalidName(
                f"{where}: {region!r} is no region of Google Cloud's; latency goes by"
                " KubeFedCluster.spec.region, or the nodes' region label: correct it there"
            )
        yield "location", region


def _said(told: float | str) -> str:
    """A weight without the zeros that Google adds, or a location."""
    if isinstance(told, str):
        return told
    return str(int(told)) if told == int(told) else str(told)


def _unpacked(rrset: RRset) -> dict[str, Any]:
    """What others put into an item that stays as it is."""
    found: dict[str, Any] = {}
    for value in rrset.values:
        if value.startswith(sets.EXTRA):
            found |= unpacked(sets.EXTRA, value, reserved=_ITEM)
    found.pop(_POLICY, None)
    return found
