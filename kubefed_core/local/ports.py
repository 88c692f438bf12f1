"""Free ports on loopback."""

import random
import socket
from pathlib import Path

LOWEST = 10_000
HIGHEST = 32_000
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
TRIES = 200


def free(chance: random.Random) -> int:
    """A TCP port of 127.0.0.1 that nobody listens on just now.

    It lies below the ports that the system gives to outgoing connections, so that it can be
    given up and taken again later, as a server does that is stopped and started. Nobody keeps it
    until it is bound: whoever binds it stands ready to ask for another.
    """
    highest = min(HIGHEST, _first_ephemeral() - 1)
    for _ in range(TRIES):
        port = chance.randint(min(LOWEST, highest - 1000), highest)
        if _is_free(port):
            return port
    raise OSError(f"no free port below {highest} on 127.0.0.1 in {TRIES} tries")


def _first_ephemeral() -> int:
    try:
        return int(RANGE.read_text().split()[0])
    except (OSError, ValueError):
        return 32_768


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
