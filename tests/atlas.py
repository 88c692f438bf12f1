"""Small databases in MaxMind's format."""

from pathlib import Path

from mmdb_writer import MMDBWriter
from netaddr import IPSet


def place(continent="", country="", *subdivisions):
    """A record as GeoIP2 City has it."""
    found = {}
    if continent:
        found["continent"] = {"code": continent, "names": {"en": "somewhere"}}
    if country:
        found["country"] = {"iso_code": country}
    if subdivisions:
        found["subdivisions"] = [{"iso_code": each} for each in subdivisions]
    return found


PLACES = {
    "192.0.2.0/24": place("EU", "DE", "BE"),
    "198.51.100.0/25": place("NA", "US", "CA"),
    "198.51.100.128/25": place("NA", "US", "NY"),
    "203.0.113.0/24": place("EU", "FR"),
    "127.0.0.0/8": place("EU", "GB", "ENG", "LND"),
    "2001:db8:1::/48": place("EU", "DE"),
}


def write(path: Path, places=None, *, ip_version=6) -> None:
    writer = MMDBWriter(ip_version, ipv4_compatible=ip_version == 6)
    for network, record in (PLACES if places is None else places).items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
