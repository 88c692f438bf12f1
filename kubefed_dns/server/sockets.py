"""The pair of sockets a DNS server listens on, and what to do where they cannot be had."""

import errno
import os
import re
import socket

from kubefed_dns.errors import Misconfigured

BACKLOG = 256
TRIES = 20

REMEDIES = {
    errno.EADDRINUSE: "stop what listens there (`ss -lntup` shows it) or choose another port",
    errno.EACCES: "a port below 1024 needs the capability NET_BIND_SERVICE; or choose a higher one",
    errno.EADDRNOTAVAIL: "choose an address that this machine has, or all of them",
    errno.EAFNOSUPPORT: "this machine has no IPv6; choose an IPv4 address",
    socket.EAI_NONAME: "give an IP address such as 127.0.0.1 or [::]",
}

Pair = tuple[socket.socket, socket.socket]


def parse(address: str) -> tuple[str, int]:
    """Split `192.0.2.1:53`, `[::]:53` or, for all addresses, `:53`.

    Raises Misconfigured where it is none of these.
    """
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+(?:%\w+)?)\]|([0-9.]*)):([0-9]{1,5})", address)
    if match is None or int(match[3]) > 65535:
        raise Misconfigured(
            f"{address!r} is no address to serve DNS at: give an IP address and a port,"
            " such as 127.0.0.1:5354 or [::]:53, or only a port as in :53"
        )
    return match[1] or match[2] or "", int(match[3])


def listen(host: str, port: int) -> Pair:
    """UDP and TCP sockets bound to one address; no host is all of them, port 0 a free one.

    Raises Misconfigured, naming the address and the remedy, where they cannot be had.
    """
    host = host or ("::" if socket.has_dualstack_ipv6() else "0.0.0.0")
    tries = 1 if port else TRIES
    while True:
        tries -= 1
        try:
            return _pair(host, port)
        except OSError as error:
            if tries and error.errno == errno.EADDRINUSE:
                continue
            raise Misconfigured(_message(host, port, error)) from error


def _pair(host: str, port: int) -> Pair:
    tcp = _bound(host, port, socket.SOCK_STREAM)
    try:
        tcp.listen(BACKLOG)
        return _bound(host, tcp.getsockname()[1], socket.SOCK_DGRAM), tcp
    except OSError:
        tcp.close()
        raise


def _bound(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_NUMERICHOST)
    family, _, _, _, address = found[0]
    sock = socket.socket(family, kind)
    try:
        if kind is socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def _message(host: str, port: int, error: OSError) -> str:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    cause = error.strerror or os.strerror(error.errno or 0)
    remedy = REMEDIES.get(error.errno or 0, "choose another address")
    return f"cannot serve DNS at {where}: {cause}: {remedy}"
