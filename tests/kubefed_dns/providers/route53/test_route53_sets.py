import pytest
from botocore.exceptions import UnknownRegionError

from kubefed_dns.errors import InvalidName, ProviderError
from kubefed_dns.providers import route53_errors as errors
from kubefed_dns.providers import route53_sets as sets
from kubefed_dns.providers import route53_text as text
from kubefed_dns.providers.exchange import Exchange
from kubefed_dns.records import Group, RRset, rrset


@pytest.mark.parametrize(
    ("reason", "amazon", "dns"),
    [
        ("A wildcard.", r"\052.example.org.", r"\042.example.org."),
        ("A slash of a reverse zone.", r"0\05725.example.org.", r"0\04725.example.org."),
        ("An octet that is no text.", r'"\303\274"', r'"\195\188"'),
        ("A quote inside quotes.", r'"\042"', r'"\034"'),
    ],
    ids=lambda value: value if value.endswith(".") and " " in value else "",
)
def test_escapes_are_octal_there_and_decimal_here(reason, amazon, dns):
    assert text.plain(amazon) == dns, reason
    assert text.octal(dns) == amazon, reason


def test_what_dns_escapes_by_a_backslash_is_octal_too():
    assert text.octal(r'"say \"yes\" \\"') == r'"say \042yes\042 \134"'
    assert text.plain(r'"say \"yes\""') == r'"say \"yes\""'


def test_a_name_is_canonical():
    assert text.name_of(r"\052.EXAMPLE.org") == "*.example.org."


def test_a_value_that_is_none_of_its_type_is_shown_as_it_is():
    raw = {"Name": "x.", "Type": "A", "TTL": 1, "ResourceRecords": [{"Value": "what?"}]}
    assert list(sets.decode([raw])) == [(RRset("x.", "A", 1, ("what?",)), (raw,))]


def test_a_name_that_dns_cannot_carry_is_an_error():
    with pytest.raises(InvalidName):
        tuple(sets.decode([{"Name": "x..y.", "Type": "A"}]))


WWW, API = (
    Exchange(Group(name, ()), (), (rrset(name, "A", 300, ["192.0.2.1"]),))
    for name in ("www.example.org.", "*.api.example.org.")
)


@pytest.mark.parametrize(
    ("said", "lost"),
    [
        (
            "Tried to create resource record set [name='www.example.org.', type='A']"
            " but it already exists",
            {0: True},
        ),
        (
            r"Tried to delete resource record set [name='\052.api.example.org.', type='A', set"
            " identifier='x'] but it was not found, Tried to delete resource record set"
            " [name='www.example.org.', type='A'] but the values provided do not match the"
            " current values",
            {0: True, 1: True},
        ),
        (
            "RRSet of type CNAME with DNS name www.example.org. is not permitted because a"
            " conflicting RRSet of type  A with the same DNS name already exists in zone"
            " example.org.",
            {0: True},
        ),
        (
            "RRSet with DNS name www.example.org., type A, SetIdentifier x, and Region"
            " Name=us-east-1 cannot be created because a non-latency RRSet with the same name and"
            " type already exists.",
            {0: True},
        ),
        ("RRSet with DNS name www.example.org. is not permitted in zone x.", {0: False}),
        (
            "Invalid request: Missing field 'HealthCheckId' in Change with [Action=CREATE,"
            " Name=www.example.org., Type=A, SetIdentifier=x]",
            {0: False},
        ),
        (
            "Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be"
            " enclosed in quotation marks) encountered with 'x''",
            {},
        ),
        ("RRSet with DNS name other.example.org. is not permitted in zone x.", {}),
        ("RRSet with DNS name .. is not permitted in zone x.", {}),
    ],
)
def test_amazons_complaints_are_understood(said, lost):
    found = errors.blame(said, [WWW, API])
    assert {at: refused.lost for at, refused in found.items()} == lost


def test_what_else_the_sdk_says_is_handed_on():
    fault = errors.fault(UnknownRegionError(region_name="moon", error_msg="far away"))
    assert type(fault) is ProviderError
    assert "moon" in str(fault)
