"""When a set is the answer: our properties, external-dns's, and what Route 53 calls them."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from kubefed_dns.errors import InvalidName
from kubefed_dns.providers.spelling import Raw
from kubefed_dns.records import CONTINENTS, GEO, REGION, TIER, WEIGHT

EVERYWHERE = "*"
DIVIDED = frozenset({"US"})
"""Countries that Route 53 tells the parts of."""
MOST_WEIGHT = 255
TIERS = ("PRIMARY", "SECONDARY")

ALWAYS = "always-healthy"
"""Stands for the id of the health check that is always healthy, which is not known here."""

HEALTH = "aws/health-check-id"
MULTI = "aws/multi-value-answer"
CONTINENT, COUNTRY, PART = (
    f"aws/geolocation-{each}-code" for each in ("continent", "country", "subdivision")
)
NEAR, BIAS, POINT, LOCAL = (
    f"aws/geoproximity-{each}" for each in ("region", "bias", "coordinates", "local-zone-group")
)
PROPERTIES = frozenset(
    {WEIGHT, REGION, TIER, GEO, "aws/weight", "aws/region", "aws/failover", HEALTH, MULTI}
    | {CONTINENT, COUNTRY, PART, NEAR, BIAS, POINT, LOCAL}
)
FIELDS = frozenset(
    {"Weight", "Region", "Failover", "GeoLocation", "GeoProximityLocation", "MultiValueAnswer"}
    | {"HealthCheckId"}
)

_PLACE = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,3}))?")
_WHERE = "latency goes by KubeFedCluster.spec.region, or the nodes' region label"

Said = Mapping[str, str]
Fields = dict[str, Any]


class Nature(NamedTuple):
    """What of a set, beside its properties, tells what Route 53 can do with it.

    `identified`: it has a set identifier; `chosen` by something that there is no
    word for. `follows`: it is an alias; `watched`: one that has its target's health.
    """

    type: str
    identified: bool
    chosen: bool = False
    follows: bool = False
    watched: bool = False


def written(said: Said, nature: Nature, *, regions: Collection[str]) -> Fields:
    """The fields for some properties. Raises InvalidName, naming what cannot be."""
    found = [made for make in _MAKERS if (made := make(said))]
    if len(found) > 1:
        policies = " and ".join(sorted(key for made in found for key in made))
        raise InvalidName(f"{policies}: a set is chosen by one of them, not by several")
    made = found[0] if found else {}
    if made and not nature.identified:
        raise InvalidName(f"{', '.join(made)}: such a set needs a set identifier")
    if (region := made.get("Region")) and region not in regions:
        raise InvalidName(f"{region!r} is no region of Route 53's; {_WHERE}: correct it there")
    if nature.identified and not made and not nature.chosen:
        made = _one_of_many(nature)
    if health := said.get(HEALTH):
        made["HealthCheckId"] = health
    elif made.get("Failover") == "PRIMARY" and not nature.watched:
        made["HealthCheckId"] = ALWAYS
    return made


def read(raw: Raw, nature: Nature) -> tuple[dict[str, str], Fields]:
    """The properties for the fields of a set, and the fields that there are none for."""
    said: dict[str, str] = {}
    left = {key: value for key, value in raw.items() if key in FIELDS}
    if "Weight" in left:
        said[WEIGHT] = str(left.pop("Weight"))
    elif "Region" in left:
        said[REGION] = str(left.pop("Region"))
    elif left.get("Failover") in TIERS:
        said[TIER] = str(TIERS.index(left.pop("Failover")))
    elif "GeoLocation" in left:
        said |= _place_read(left.pop("GeoLocation"))
    elif "GeoProximityLocation" in left:
        said |= _near_read(left.pop("GeoProximityLocation"))
    elif left.get("MultiValueAnswer") is True and not nature.follows:
        left.pop("MultiValueAnswer")
    implied = said.get(TIER) == "0" and not nature.watched
    health = left.pop("HealthCheckId", None)
    if health and not (implied and health == ALWAYS):
        said[HEALTH] = str(health)
    return said, left


def _one_of_many(nature: Nature) -> Fields:
    """Sets that nothing chooses among are answered together."""
    if nature.follows or nature.type == "CNAME":
        raise InvalidName(
            "a CNAME cannot be answered together with others; give it a weight, a tier, a place"
            " or a region"
        )
    return {"MultiValueAnswer": True}


def _weight(said: Said) -> Fields:
    text = said.get(WEIGHT, said.get("aws/weight"))
    if text is None:
        return {}
    if not text.isdecimal() or int(text) > MOST_WEIGHT:
        raise InvalidName(f"weight {text!r}: it is a number from 0 to {MOST_WEIGHT}")
    return {"Weight": int(text)}


def _region(said: Said) -> Fields:
    text = said.get(REGION, said.get("aws/region"))
    return {} if text is None else {"Region": text}


def _failover(said: Said) -> Fields:
    text = said.get("aws/failover", "").upper()
    if (tier := said.get(TIER)) is not None:
        text = TIERS[int(tier)] if tier in ("0", "1") else tier
    if not text:
        return {}
    if text not in TIERS:
        raise InvalidName(
            f"tier {text}: Route 53 has two, 0 (PRIMARY) and 1 (SECONDARY); what comes after them"
            " is written when its turn has come"
        )
    return {"Failover": text}


def _place(said: Said) -> Fields:
    if continent := said.get(CONTINENT):
        return {"GeoLocation": {"ContinentCode": continent}}
    if country := said.get(COUNTRY):
        part = {"SubdivisionCode": said[PART]} if said.get(PART) else {}
        return {"GeoLocation": {"CountryCode": country} | part}
    text = said.get(GEO)
    if text is None:
        return {}
    if text in CONTINENTS:
        return {"GeoLocation": {"ContinentCode": text}}
    if text == EVERYWHERE:
        return {"GeoLocation": {"CountryCode": text}}
    found = _PLACE.fullmatch(text)
    if found is None:
        raise InvalidName(f"geo {text!r} is no continent, country or part of one; see spec.routing")
    country, part_of = found.groups()
    if part_of and country not in DIVIDED:
        raise InvalidName(
            f"geo {text}: Route 53 knows parts of the United States only; name the country"
        )
    return {
        "GeoLocation": {"CountryCode": country} | ({"SubdivisionCode": part_of} if part_of else {})
    }


def _place_read(place: Mapping[str, Any]) -> dict[str, str]:
    """What our own word would be taken for another place by is said in external-dns's."""
    continent, country, part = (
        str(place.get(f"{each}Code") or "") for each in ("Continent", "Country", "Subdivision")
    )
    if continent:
        return {GEO: continent} if continent in CONTINENTS else {CONTINENT: continent}
    if part and country not in DIVIDED:
        return {COUNTRY: country, PART: part}
    if part:
        return {GEO: f"{country}-{part}"}
    return {COUNTRY: country} if country in CONTINENTS else {GEO: country}


def _near(said: Said) -> Fields:
    place: Fields = {}
    if said.get(NEAR):
        place["AWSRegion"] = said[NEAR]
    if said.get(LOCAL):
        place["LocalZoneGroup"] = said[LOCAL]
    if point := said.get(POINT):
        latitude, _, longitude = point.partition(",")
        place["Coordinates"] = {"Latitude": latitude.strip(), "Longitude": longitude.strip()}
    if not place:
        return {}
    bias = said.get(BIAS) or "0"
    if not re.fullmatch(r"-?\d{1,2}", bias):
        raise InvalidName(f"{BIAS} {bias!r}: it is a number from -99 to 99")
    return {"GeoProximityLocation": place | {"Bias": int(bias)}}


def _near_read(place: Mapping[str, Any]) -> dict[str, str]:
    point = place.get("Coordinates") or {}
    found = {
        NEAR: place.get("AWSRegion"),
        LOCAL: place.get("LocalZoneGroup"),
        POINT: ",".join(str(point.get(each)) for each in ("Latitude", "Longitude"))
        if point
        else "",
        BIAS: str(place["Bias"]) if place.get("Bias") else "",
    }
    return {key: str(value) for key, value in found.items() if value}


def _together(said: Said) -> Fields:
    return {"MultiValueAnswer": True} if MULTI in said else {}


_MAKERS: tuple[Callable[[Said], Fields], ...] = (
    _weight,
    _region,
    _failover,
    _place,
    _near,
    _together,
)
