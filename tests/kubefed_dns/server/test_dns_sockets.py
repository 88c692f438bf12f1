"""Addresses to listen on, and what is said where one cannot be had."""

import socket

import pytest

from kubefed_dns.errors import Misconfigured
from kubefed_dns.server import sockets


@pytest.mark.parametrize(
    ("address", "want"),
    [
        ("127.0.0.1:5354", ("127.0.0.1", 5354)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),
        ("[::]:53", ("::", 53)),
        ("[2001:db8::1]:53", ("2001:db8::1", 53)),
        ("[fe80::1%eth0]:53", ("fe80::1%eth0", 53)),
        ("[::ffff:192.0.2.1]:53", ("::ffff:192.0.2.1", 53)),
        (":53", ("", 53)),
    ],
)
def test_parse(address, want):
    assert sockets.parse(address) == want


@pytest.mark.parametrize(
    "address", ["", "53", "127.0.0.1", "127.0.0.1:", "::1:53", "[::]", "a:1", ":65536", ":-1", ":٣"]
)
def test_what_is_no_address_is_said_so(address):
    with pytest.raises(Misconfigured, match=r"is no address to serve DNS at: give"):
        sockets.parse(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::", ""])
def test_both_sockets_have_one_port(host):
    if ":" in host and not socket.has_dualstack_ipv6():
        host = "127.0.0.1"
    udp, tcp = sockets.listen(host, 0)
    with udp, tcp:
        assert (udp.type, tcp.type) == (socket.SOCK_DGRAM, socket.SOCK_STREAM)
        assert udp.getsockname() == tcp.getsockname()


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["udp", "tcp"])
def test_a_port_in_use_is_named_with_the_remedy(kind):
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Misconfigured, match=rf"127\.0\.0\.1:{port}: .*in use.*choose another"):
            sockets.listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("192.0.2.1", r"192\.0\.2\.1:0: .*assign.*: choose an address that this machine has"),
        ("2001:db8::1", r"\[2001:db8::1\]:0: "),
        ("localhost", r"localhost:0: .*: give an IP address"),
        ("999.1.1.1", r"give an IP address"),
    ],
)
def test_an_address_that_is_not_ours_is_named_with_the_remedy(host, message):
    with pytest.raises(Misconfigured, match=message):
        sockets.listen(host, 0)
