"""Where an address is, by a database in MaxMind's format."""

import ipaddress
import logging
import os
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import maxminddb

from kubefed_dns.records import CONTINENTS
from kubefed_dns.server.cache import Cache

log = logging.getLogger(__name__)

KEPT = 16384


class Place(NamedTuple):
    """`codes` name it, the closest first; the same is true of all that share `bits` with it."""

    codes: tuple[str, ...] = ()
    bits: int = 0


NOWHERE = Place()
Kept = Cache[str, Place]


class Database:
    """Reads the file when it is made, and again when `refresh` finds another one there.

    A file that cannot be read leaves what was known before, and `fault` says
    why. `refresh` may block and is for a worker thread; `find` is the loop's.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.fault = ""
        self._seen: tuple[int, ...] = ()
        self._reader: tuple[maxminddb.Reader | None, Kept] = (None, Cache(KEPT))
        self.refresh()

    def find(self, address: str) -> Place:
        """Nowhere, for what is not in it and what is no address."""
        reader, kept = self._reader
        found = kept.get(address)
        if found is None:
            found = NOWHERE if reader is None else self._look(reader, address)
            kept.put(address, found)
        return found

    def refresh(self) -> None:
        """Never raises."""
        try:
            state = os.stat(self.path)
            seen = (state.st_ino, state.st_size, state.st_mtime_ns)
            if seen == self._seen:
                return
            data = Path(self.path).read_bytes()
            self._seen = seen  # What is no database is not read again before it is another file.
            self._reader = (_open(data), Cache(KEPT))
        except Exception as error:
            if isinstance(error, OSError):
                self._seen = ()
            self._say(f"{self.path}: {_cause(error)}")
        else:
            self._say("")
            log.info("addresses are located by %s", self.path)

    def _say(self, fault: str) -> None:
        if fault and fault != self.fault:
            known = self._reader[0] is not None
            what = "what was read before is used on" if known else "everybody gets the rest (*)"
            log.warning("cannot locate addresses by %s; %s", fault, what)
        self.fault = fault

    def _look(self, reader: maxminddb.Reader, address: str) -> Place:
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
            mapped = getattr(parsed, "ipv4_mapped", None)
            record, bits = reader.get_with_prefix_len(mapped or parsed)
            return Place(tuple(_codes(record)), max(0, bits))
        except ValueError:
            return NOWHERE  # No address, or one of IPv6 in a database without.
        except Exception as error:
            self._say(f"{self.path}: {_cause(error)}")
            return NOWHERE


def _open(data: bytes) -> maxminddb.Reader:
    """A reader of a copy: one of the file itself would fall with who writes into the file."""
    try:
        copy = os.memfd_create("places")
    except (AttributeError, OSError):  # Not on Linux, or not allowed: slower, but the same.
        return maxminddb.open_database(BytesIO(data), maxminddb.MODE_FD)
    try:
        with os.fdopen(copy, "wb", closefd=False) as file:
            file.write(data)
        return maxminddb.open_database(f"/proc/self/fd/{copy}", maxminddb.MODE_AUTO)
    finally:
        os.close(copy)


def _cause(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}; put a database in MaxMind's format there"
    if isinstance(error, maxminddb.InvalidDatabaseError):
        return "this is no database in MaxMind's format, or a part of one; put a whole one there"
    return f"{type(error).__name__}: {error}"


def _codes(record: object) -> Iterator[str]:
    """Subdivision, country, continent, as far as the record has them."""
    if not isinstance(record, Mapping):
        return
    located = (("country", "iso_code"), ("registered_country", "iso_code"), ("country_code",))
    country = next(filter(None, (_code(record, *path) for path in located)), "")
    subdivisions = record.get("subdivisions")
    for each in reversed(subdivisions) if isinstance(subdivisions, list) else ():
        if country and (code := _code(each, "iso_code")):
            yield f"{country}-{code}"
    if country and country not in CONTINENTS:
        yield country
    continent = _code(record, "continent", "code") or _code(record, "continent_code")
    if continent:
        yield continent


def _code(found: Any, *path: str) -> str:
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found.upper() if isinstance(found, str) else ""
