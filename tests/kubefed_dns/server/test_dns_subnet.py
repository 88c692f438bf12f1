"""The client subnet option, as RFC 7871 has it."""

import dns.edns
import pytest

from kubefed_dns.server import subnet


@pytest.mark.parametrize(
    ("reason", "data", "host"),
    [
        ("A network of IPv4.", "0001 18 00 c0 00 02", "192.0.2.0"),
        ("An address of IPv4.", "0001 20 00 c0 00 02 01", "192.0.2.1"),
        ("Bits that end within an octet.", "0001 14 00 c0 00 10", "192.0.16.0"),
        ("A network of IPv6.", "0002 38 00 20 01 0d b8 00 00 01", "2001:db8:0:100::"),
        ("An address of IPv6.", "0002 80 00 20010db8000000000000000000000001", "2001:db8::1"),
        ("No bits say nothing of where somebody is.", "0001 00 00", ""),
        ("Nor in IPv6.", "0002 00 00", ""),
        ("BIND's way to say so.", "0000 00 00", ""),
    ],
)
def test_what_is_read(reason, data, host):
    octets = bytes.fromhex(data)
    found = subnet.parse(octets)
    assert found.host == host, reason
    answered = found.option(9)
    assert answered[:4] == b"\0\x08" + len(octets).to_bytes(2)
    assert answered[4:7] + answered[8:] == octets[:3] + octets[4:], "all but the scope comes back"
    assert answered[7] == (9 if host else 0), reason
    if octets[1]:
        theirs = dns.edns.option_from_wire(8, answered[4:], 0, len(octets))
        assert theirs.scopelen == answered[7]


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        ("Nothing.", ""),
        ("It ends too early.", "0001 18"),
        ("A family that nobody knows.", "0003 18 00 c0 00 02"),
        ("An address without a family.", "0000 08 00 c0"),
        ("More bits than IPv4 has.", "0001 21 00 c0 00 02 01 00"),
        ("More bits than IPv6 has.", "0002 81 00 20010db800000000000000000000000100"),
        ("Fewer octets than it says.", "0001 18 00 c0 00"),
        ("More octets than it says.", "0001 18 00 c0 00 02 01"),
        ("An octet where no bit is.", "0001 00 00 c0"),
        ("Bits behind the end.", "0001 14 00 c0 00 11"),
        ("A question has no scope.", "0001 18 18 c0 00 02"),
    ],
)
def test_what_is_not_as_it_has_to_be(reason, data):
    with pytest.raises(ValueError, match="client subnet"):
        subnet.parse(bytes.fromhex(data))
