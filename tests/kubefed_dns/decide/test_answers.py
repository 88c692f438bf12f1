import pytest

from kubefed_dns.decide.answers import expected
from kubefed_dns.records import rrset

NAME = "web.example.org."
ONE, TWO, OTHER = "192.0.2.1", "192.0.2.2", "192.0.2.9"


def made(*values, rrtype="A", ident="", **said):
    return rrset(NAME, rrtype, 60, values, set_identifier=ident, properties=said)


ROUTED = [made(ONE, ident="eu", weight="1"), made(TWO, ident="us", weight="1")]
PLACES = [made(ONE, ident="EU", geo="EU")]
EVERYWHERE = [*PLACES, made(TWO, ident="*", geo="*")]


@pytest.mark.parametrize(
    ("reason", "wanted", "answer", "right"),
    [
        ("A plain set is answered whole.", [made(ONE, TWO)], {ONE, TWO}, True),
        ("Not in part.", [made(ONE, TWO)], {ONE}, False),
        ("Of several sets one is the answer.", ROUTED, {TWO}, True),
        ("Or all of them.", ROUTED, {ONE, TWO}, True),
        ("Nothing else.", ROUTED, {ONE, OTHER}, False),
        ("Not nothing.", ROUTED, set(), False),
        ("Unless we ask from where none is for us.", PLACES, set(), True),
        ("One is for everybody.", EVERYWHERE, set(), False),
        ("A CNAME is one.", [made("lb.", rrtype="CNAME")], {"lb."}, True),
        ("What is followed has addresses.", [made("lb.", rrtype="CNAME", alias="true")], {ONE}, 1),
        ("Some.", [made("lb.", rrtype="CNAME", alias="true")], set(), False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_answers(reason, wanted, answer, right):
    (found,) = expected(wanted)
    assert found.met(answer) == right, reason
    assert found.type == ("CNAME" if wanted[0].type == "CNAME" and answer == {"lb."} else "A")


def test_each_type_is_asked_for_once():
    sets = [*ROUTED, made("2001:db8::1", rrtype="AAAA", ident="eu", weight="1")]
    assert [each.type for each in expected(sets)] == ["A", "AAAA"]
    assert not list(expected([]))


def test_what_is_chosen_may_have_ipv4_only():
    v6 = [made("2001:db8::1", rrtype="AAAA", ident=each) for each in ("eu", "us")]
    met = [
        [each.met(set()) for each in expected([*ROUTED, *some])] for some in (v6[:1], v6, v6[1:])
    ]
    assert met == [[False, True], [False, False], [False, True]]
    plain = [made(ONE), made("2001:db8::1", rrtype="AAAA")]
    assert [each.met(set()) for each in expected(plain)] == [False, False]
