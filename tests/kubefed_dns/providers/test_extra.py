import dns.rdata
import pytest

from kubefed_dns.errors import InvalidName
from kubefed_dns.providers.extra import packed, unpacked

EXTRA = {"Weight": 10, "Alias": {"Name": r"\052.x \"(;) ä", "Health": True}}


def test_what_is_packed_is_unpacked():
    value = packed("cloud?", EXTRA)
    assert unpacked("cloud?", value, reserved=frozenset()) == EXTRA


def test_a_packed_value_is_one_word_to_dns_too():
    value = packed("cloud?", EXTRA)
    assert len(dns.rdata.from_text("IN", "TXT", value).strings) == 1


def test_equal_extras_are_packed_alike():
    assert packed("x?", {"a": 1, "b": 2}) == packed("x?", {"b": 2, "a": 1})


@pytest.mark.parametrize("value", ["x?{", "x?[]", "x?1", "x?{%22ttl%22:3}"])
def test_what_is_no_extra_is_refused(value):
    with pytest.raises(InvalidName, match="no addition"):
        unpacked("x?", value, reserved=frozenset({"ttl"}))
