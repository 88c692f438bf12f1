import pytest

from kubefed_dns.errors import InvalidName
from kubefed_dns.providers import route53_sets as sets
from kubefed_dns.providers import route53_text as text
from kubefed_dns.records import RRset


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
