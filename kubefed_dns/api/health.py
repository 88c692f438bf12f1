"""`spec.health` of a record: how its targets are probed."""

import re
from dataclasses import dataclass
from enum import StrEnum

from kubefed_core.api.fields import Fields

_PATH = re.compile(r"/[!-~]*")
_LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"({_LABEL}\.)*{_LABEL}\.?")
SHORTEST = 0.1
"""Seconds that an interval must have."""
_STATUSES = re.compile(r"[1-5][0-9]{2}(-[1-5][0-9]{2})?(,[1-5][0-9]{2}(-[1-5][0-9]{2})?)*")


class Protocol(StrEnum):
    HTTPS = "HTTPS"
    HTTP = "HTTP"
    TCP = "TCP"


_PORTS = {Protocol.HTTPS: 443, Protocol.HTTP: 80, Protocol.TCP: 0}


@dataclass(frozen=True, slots=True)
class Health:
    """Times are in seconds; an empty `host` stands for the record's first name.

    A `rise` and a `fall` are so many answers in a row; `fail_back_delay` is how
    long what was bad must be good, without a failure, before it is back.
    """

    protocol: Protocol
    port: int
    path: str = "/"
    host: str = ""
    expected_status: str = "200-399"
    interval: float = 10.0
    timeout: float = 3.0
    rise: int = 2
    fall: int = 3
    fail_back_delay: float = 60.0

    def expects(self, status: int) -> bool:
        """Whether an answer with this status is a good one."""
        ranges = (each.partition("-") for each in self.expected_status.split(","))
        return any(int(low) <= status <= int(high or low) for low, _, high in ranges)


def parse(fields: Fields) -> Health:
    """Raises Terminal, naming the field."""
    protocol = fields.one_of("protocol", Protocol, default=Protocol.HTTPS)
    port = fields.whole("port", default=_PORTS[protocol], most=65535)
    if not port:
        raise fields.missing("port", "give the port to connect to")
    path = fields.text("path", default="/")
    if not _PATH.fullmatch(path):
        raise fields.wrong("path", "must begin with / and have no spaces")
    host = fields.text("host")
    if host and not _HOST.fullmatch(host):
        raise fields.wrong("host", "must be a host name")
    statuses = fields.text("expectedStatus", default="200-399")
    if not _STATUSES.fullmatch(statuses):
        raise fields.wrong("expectedStatus", "must be statuses and ranges such as 200-399,404")
    interval = fields.seconds("interval", default=10.0)
    if interval < SHORTEST:
        raise fields.wrong("interval", "must be at least 100ms")
    timeout = fields.seconds("timeout", default=min(3.0, interval))
    if timeout > interval:
        raise fields.wrong("timeout", "must be at most the interval")
    return Health(
        protocol=protocol,
        port=port,
        path=path,
        host=host,
        expected_status=statuses,
        interval=interval,
        timeout=timeout,
        rise=fields.count("rise", default=2),
        fall=fields.count("fall", default=3),
        fail_back_delay=fields.seconds("failBackDelay", default=60.0, zero=True),
    )
