from dataclasses import replace

import pytest

from kubefed_dns.decide.ownership import Naming
from kubefed_dns.decide.reduction import Skills
from kubefed_dns.providers import route53_words
from kubefed_dns.providers.batch import Refused
from kubefed_dns.records import ROUTING, Create, Delete, Group, Update, rrset
from kubefed_dns.webhook_server import changes
from kubefed_dns.webhook_server.changes import Malformed

NAME = "www.example.org."
A = rrset(NAME, "A", 300, ["192.0.2.1"])
B = rrset(NAME, "A", 300, ["192.0.2.2"])
MINE = '"heritage=external-dns,external-dns/owner=me,external-dns/resource=service/ns/n"'
ANEW = '"heritage=external-dns,external-dns/owner=me"'
THEIRS = '"heritage=external-dns,external-dns/owner=other"'
SEALED = f'"{"MDEyMzQ1Njc4OWFi" * 5}="'
TXT = "a-www.example.org."


def data(*targets, **more):
    return {"dnsName": "www.example.org", "recordType": "A", "targets": list(targets)} | more


def owned(text, **more):
    return {
        "dnsName": "a-www.example.org",
        "recordType": "TXT",
        "targets": [text],
        "labels": {"ownedRecord": "www.example.org", "owner": "me"},
    } | more


def txt(text, ttl=300):
    return rrset(TXT, "TXT", ttl, [text])


def groups_of(said, *held, naming=None, zones=("example.org.",)):
    sorted_, _ = changes.sort(changes.parse(said, naming or Naming()), zones)
    there = {each.key: each for each in held}
    return [
        changes.group(name, wishes, there)
        for names in sorted_.values()
        for name, wishes in names.items()
    ]


@pytest.mark.parametrize(("reason", "said", "held", "want"), [
    ("Data and ownership are one group.", {"create": [data("192.0.2.1"), owned(MINE)]}, (),
     [Create(A), Create(txt(MINE))]),
    ("A TTL that is said counts.", {"create": [data("192.0.2.1", recordTTL=60)]}, (),
     [Create(rrset(NAME, "A", 60, ["192.0.2.1"]))]),
    ("Older releases have keys with a capital.", {"Create": [data("192.0.2.1")]}, (),
     [Create(A)]),
    ("A change of type is one group, deletes first.",
     {"create": [data("x.example.", recordType="CNAME")], "delete": [data("192.0.2.1")]}, (A,),
     [Delete(A), Create(rrset(NAME, "CNAME", 300, ["x.example."]))]),
    ("An update swaps what is held.",
     {"updateOld": [data("192.0.2.1")], "updateNew": [data("192.0.2.2")]}, (A,), [Update(A, B)]),
    ("A TTL that is not said stays.",
     {"updateOld": [data("192.0.2.1")], "updateNew": [data("192.0.2.2")]},
     (rrset(NAME, "A", 60, A.values),),
     [Update(rrset(NAME, "A", 60, A.values), rrset(NAME, "A", 60, B.values))]),
    ("What is held is deleted whatever its TTL.", {"delete": [data("192.0.2.1", recordTTL=5)]},
     (A,), [Delete(A)]),
    ("Ownership that was written otherwise is deleted as it is held.",
     {"delete": [data("192.0.2.1"), owned(ANEW)]}, (A, txt(MINE, 60)),
     [Delete(A), Delete(txt(MINE, 60))]),
    ("Encrypted anew it is another text.", {"delete": [owned(SEALED.replace("M", "N"))]},
     (txt(SEALED),), [Delete(txt(SEALED))]),
    ("Ownership of one's own that was left over is taken up again.",
     {"create": [data("192.0.2.1"), owned(MINE)]}, (txt(ANEW),),
     [Create(A), Update(txt(ANEW), txt(MINE))]),
    ("What moves to another set is deleted and made.",
     {"updateOld": [data("192.0.2.1")], "updateNew": [data("192.0.2.1", setIdentifier="eu")]},
     (A,), [Delete(A), Create(rrset(NAME, "A", 300, A.values, set_identifier="eu"))]),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_changes_become_a_group(reason, said, held, want):
    (made,) = groups_of(said, *held)
    key = str
    assert made == Group(NAME, made.changes), reason
    assert sorted(made.changes, key=key) == sorted(want, key=key), reason
    kinds = [type(each) for each in made.changes]
    assert kinds == sorted(kinds, key=[Delete, Update, Create].index), reason


@pytest.mark.parametrize(("reason", "said", "held"), [
    ("What is there is made.", {"create": [data("192.0.2.1")]}, (A,)),
    ("What is gone is deleted.", {"delete": [data("192.0.2.1")]}, ()),
    ("What is so is changed.",
     {"updateOld": [data("192.0.2.2")], "updateNew": [data("192.0.2.1")]}, (A,)),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_what_is_done_needs_no_group(reason, said, held):
    assert groups_of(said, *held) == [None], reason


@pytest.mark.parametrize(("reason", "said", "held"), [
    ("Something else is there.", {"create": [data("192.0.2.1")]}, (B,)),
    ("Another has changed it.", {"delete": [data("192.0.2.1")]}, (B,)),
    ("It is gone.", {"updateOld": [data("192.0.2.1")], "updateNew": [data("192.0.2.2")]}, ()),
    ("The owner is another.", {"delete": [owned(ANEW)]}, (txt(THEIRS),)),
    ("Ownership is not made over another's.", {"create": [owned(MINE)]}, (txt(THEIRS),)),
    ("Nor over a text of somebody's.", {"create": [owned(SEALED)]}, (txt('"hello"'),)),
    ("Nor an encrypted one over a plain one.", {"create": [owned(SEALED)]}, (txt(THEIRS),)),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_what_the_zone_does_not_hold_is_lost(reason, said, held):
    with pytest.raises(Refused) as refused:
        groups_of(said, *held)
    assert refused.value.lost, reason


def test_a_bad_value_refuses_its_whole_name():
    with pytest.raises(Refused, match="no value of type A") as refused:
        groups_of({"create": [owned(MINE), data("not an address")]})
    assert not refused.value.lost


@pytest.mark.parametrize(("reason", "name", "naming", "joined"), [
    ("By the usual name.", "a-www.example.org", Naming(), True),
    ("By a prefix.", "txt-a-www.example.org", Naming(prefix="txt-"), True),
    ("By the name of older releases.", "txt-www.example.org", Naming(prefix="txt-"), True),
    ("By no name at all.", "other.example.org", Naming(), False),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_ownership_without_a_label_finds_its_data(reason, name, naming, joined):
    said = {"create": [data("192.0.2.1"), owned(MINE, dnsName=name, labels={})]}
    assert len(groups_of(said, naming=naming)) == (1 if joined else 2), reason


def test_ownership_in_another_zone_goes_there_alone():
    said = {"create": [data("192.0.2.1"), owned(MINE)]}
    zones = ("www.example.org.", "example.org.")
    sorted_, problems = changes.sort(changes.parse(said, Naming()), zones)
    assert {zone: list(names) for zone, names in sorted_.items()} == {
        "www.example.org.": [NAME],
        "example.org.": [TXT],
    }
    assert not problems


def test_what_no_zone_serves_is_said():
    wishes = changes.parse({"create": [data("192.0.2.1")]}, Naming())
    assert changes.sort(wishes, ["example.com."]) == (
        {}, ["www.example.org.: no zone here serves it"],
    )  # fmt: skip


@pytest.mark.parametrize(("reason", "said"), [
    ("It is an object.", []),
    ("Of lists.", {"create": {}}),
    ("Of endpoints.", {"create": ["www"]}),
    ("Updates are pairs.", {"updateOld": [data("192.0.2.1")]}),
    ("With names.", {"create": [data("192.0.2.1", dnsName="a..b")]}),
    ("That are texts.", {"create": [data("192.0.2.1", dnsName=7)]}),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_what_is_not_the_protocol(reason, said):
    with pytest.raises(Malformed):
        changes.parse(said, Naming())


@pytest.mark.parametrize(("reason", "said", "want"), [
    ("Targets are sorted and plain.",
     data("2001:DB8:0::2", "2001:db8::1", recordType="AAAA"), ["2001:db8::1", "2001:db8::2"]),
    ("Names end in no dot.", data("X.Example.", recordType="CNAME"), ["x.example"]),
    ("But for those of SRV.", data("1 2 3 X.example", recordType="SRV"), ["1 2 3 x.example."]),
    ("Texts are in quotes.", data("v=spf1 -all", recordType="TXT"), ['"v=spf1 -all"']),
    ("What DNS cannot carry stays.", data("x y", recordType="A"), ["x y"]),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_adjusted(reason, said, want):
    more = {"labels": {"a": "b"}, "recordTTL": 5}
    given = {**said, **more, "providerSpecific": [{"name": "x", "value": "y"}]}
    assert changes.adjusted([given], Skills()) == [{**said, **more, "targets": want}], reason


def route53(sets):
    return route53_words.spelled(sets, regions=frozenset({"eu-west-1"}))


def weighted(identifier, **said):
    pairs = [{"name": name.replace("_", "/"), "value": value} for name, value in said.items()]
    return data("192.0.2.1", setIdentifier=identifier, recordTTL=60, providerSpecific=pairs)


@pytest.mark.parametrize(("reason", "skills", "said", "want"), [
    ("In the provider's words.", Skills(ROUTING, spell=route53),
     {"aws_weight": "7"}, {"weight": "7"}),
    ("Which it is listed in, so that nothing is missed.", Skills(ROUTING, spell=route53),
     {"weight": "7"}, {"weight": "7"}),
    ("Without those that it does not know.", Skills(ROUTING, spell=route53),
     {"aws_region": "eu-west-1", "x_y": "z"}, {"region": "eu-west-1"}),
    ("What it refuses is to be refused when it is written.", Skills(ROUTING, spell=route53),
     {"aws_region": "mars"}, {"aws_region": "mars"}),
    ("One that chooses has our words.", Skills(frozenset({"weight"})),
     {"weight": "7", "aws_weight": "7"}, {"weight": "7"}),
    ("One that does not has none.", Skills(), {"weight": "7", "aws_weight": "7"}, {}),
], ids=lambda value: value if isinstance(value, str) and value.endswith(".") else "")  # fmt: skip
def test_properties_are_adjusted(reason, skills, said, want):
    expected = weighted("eu", **want)
    if not want:
        expected.pop("providerSpecific")
    assert changes.adjusted([weighted("eu", **said)], skills) == [expected], reason


def test_properties_that_mean_nothing_are_not_written_and_make_no_change():
    (wish,) = changes.parse({"create": [weighted("eu", aws_weight="7")]}, Naming())
    assert changes.known(wish, Skills()).new.properties == ()
    assert changes.known(wish, Skills(spell=route53)) == wish
    gone = replace(wish, old=wish.new, new=None)
    assert changes.known(gone, Skills()) == gone
