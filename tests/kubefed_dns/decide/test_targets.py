import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefed_dns.decide import targets


@pytest.mark.parametrize(
    ("reason", "text", "want"),
    [
        ("IPv4.", "192.0.2.1", "192.0.2.1"),
        ("IPv6 in its usual spelling.", "2001:DB8:0::1", "2001:db8::1"),
        ("IPv4 mapped into IPv6 is IPv4.", "::ffff:192.0.2.1", "192.0.2.1"),
        ("Leading zeros mean different things.", "192.0.2.01", None),
        ("A zone means one machine.", "fe80::1%eth0", None),
        ("A short form is no literal.", "127.1", None),
        ("A network.", "192.0.2.0/24", None),
        ("A name.", "lb.test", None),
        ("Nothing.", "", None),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_address(reason, text, want):
    found = targets.address(text)
    assert (None if found is None else str(found)) == want, reason


@pytest.mark.parametrize(
    ("reason", "text", "want"),
    [
        ("A name.", "a9.us-west-2.elb.amazonaws.test", "a9.us-west-2.elb.amazonaws.test"),
        ("Lower case, no dot at the end.", "LB.Test.", "lb.test"),
        ("A single label.", "lb", "lb"),
        ("An underscore.", "_lb.test", "_lb.test"),
        ("A number at the end reads as an address.", "10.0.0.010", None),
        ("An empty label.", "a..test", None),
        ("A hyphen at an end.", "-a.test", None),
        ("Too long a label.", "a" * 64 + ".test", None),
        ("Too long a name.", ".".join(["a" * 49] * 6), None),
        ("A space.", "a b", None),
        ("Nothing.", "", None),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_hostname(reason, text, want):
    assert targets.hostname(text) == want, reason


def test_families_are_split_and_sorted_as_strings():
    texts = ["10.0.0.9", "10.0.0.10", "2001:db8::2", "::ffff:10.0.0.9", "lb.test"]
    assert targets.by_family(texts) == {"A": ("10.0.0.10", "10.0.0.9"), "AAAA": ("2001:db8::2",)}
    assert targets.by_family([]) == {}


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("Loopback.", "127.0.0.1"),
        ("All of loopback.", "127.255.255.254"),
        ("Loopback by IPv6.", "::1"),
        ("Link-local.", "169.254.1.1"),
        ("The clouds' metadata.", "169.254.169.254"),
        ("Alibaba's metadata.", "100.100.100.200"),
        ("Azure's wire server.", "168.63.129.16"),
        ("Oracle's metadata.", "192.0.0.192"),
        ("Amazon's metadata by IPv6.", "fd00:ec2::254"),
        ("Google's metadata by IPv6.", "fd20:ce::254"),
        ("Link-local by IPv6.", "fe80::1"),
        ("Unspecified.", "0.0.0.0"),
        ("This network.", "0.1.2.3"),
        ("Unspecified by IPv6.", "::"),
        ("Multicast.", "224.0.0.1"),
        ("Multicast by IPv6.", "ff02::1"),
        ("Broadcast.", "255.255.255.255"),
        ("Mapped into IPv6.", "::ffff:127.0.0.1"),
        ("Mapped metadata.", "::ffff:a9fe:a9fe"),
        ("Compatible with IPv4.", "::127.0.0.1"),
        ("By NAT64.", "64:ff9b::127.0.0.1"),
        ("By 6to4.", "2002:7f00:1::"),
        ("A name for it.", "localhost"),
        ("A name below it.", "a.LOCALHOST."),
        ("A name for metadata.", "metadata.google.internal"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_targets_that_lead_back_to_whoever_asks(reason, text):
    assert targets.local_target(text), reason


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("Public.", "192.0.2.1"),
        ("Private is not local.", "10.0.0.1"),
        ("Public by IPv6.", "2001:db8::1"),
        ("Private by IPv6.", "fd00::1"),
        ("Public by NAT64.", "64:ff9b::192.0.2.1"),
        ("Public by 6to4.", "2002:c000:201::"),
        ("A name.", "lb.test"),
        ("A name that only begins so.", "localhost.example.com"),
        ("Nothing.", ""),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "",
)
def test_targets_that_lead_elsewhere(reason, text):
    assert not targets.local_target(text), reason


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_as_local_mapped_into_ipv6_as_it_is(ip):
    mapped = str(ipaddress.IPv6Address(f"::ffff:{ip}"))
    assert targets.local_target(mapped) == targets.local_target(str(ip))


@given(st.text(max_size=40))
def test_any_text_is_something_or_nothing(text):
    assert targets.address(text) is None or targets.hostname(text) is None
    targets.local_target(text)
