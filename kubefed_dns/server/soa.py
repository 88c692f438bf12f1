"""The SOA of a zone, and how its serial goes on (RFC 1035, 1982, 2308)."""

import struct

from dns.rdatatype import RdataType

from kubefed_dns.server import names
from kubefed_dns.server.data import Records

TTL = 3600
REFRESH, RETRY, EXPIRE, MINIMUM = 3600, 600, 1209600, 30
NEGATIVE_TTL = min(TTL, MINIMUM)


def make(apex: bytes, *, server: bytes, serial: int) -> Records:
    numbers = (serial, REFRESH, RETRY, EXPIRE, MINIMUM)
    mailbox = names.under(b"hostmaster", apex)
    return Records(RdataType.SOA, TTL, (server + mailbox + struct.pack("!5I", *numbers),))


def negative(soa: Records) -> Records:
    """As it says how long a negative answer lives."""
    return Records(RdataType.SOA, NEGATIVE_TTL, soa.rdatas)


def later(serial: int, than: int) -> bool:
    return 0 < (serial - than) % 2**32 < 2**31


def following(serial: int, now: int) -> int:
    """The time, or one more than the serial where it is ahead of the time; 0 is none."""
    now %= 2**32
    return now if not serial or later(now, serial) else (serial + 1) % 2**32 or 1
