import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefed_dns import records
from kubefed_dns.decide import ownership
from kubefed_dns.decide.ownership import TYPES, Labels, Naming, Registry, Subject
from kubefed_dns.errors import InvalidName

NAMES = [
    # prefix, suffix, wildcard, name, type, ownership name
    ("%{record_type}-", "", "", "foo.example.com.", "NAPTR", "naptr-foo.example.com."),
    ("", "-%{record_type}", "", "foo.example.com.", "A", "foo-a.example.com."),
    ("", "-%{record_type}", "", "foo.example.com.", "CNAME", "foo-cname.example.com."),
    ("", "-%{record_type}", "", "foo.example.com.", "TXT", "foo-txt.example.com."),
    ("txt-", "", "wild", "*.example.com.", "A", "txt-a-wild.example.com."),
    ("txt-", "", "wild", "*.example.com.", "MX", "txt-mx-wild.example.com."),
    ("txt-", "", "wild", "*.example.com.", "TXT", "txt-txt-wild.example.com."),
    *(("", "", "", "foo.example.com.", t, f"{t.lower()}-foo.example.com.") for t in TYPES),
    ("", "", "", "2.49.168.192.in-addr.arpa.", "PTR", "ptr-2.49.168.192.in-addr.arpa."),
    ("foo", "", "", "example.com.", "A", "fooa-example.com."),
    ("", "foo", "", "example.", "AAAA", "aaaa-examplefoo."),
    ("", "foo", "", "example.com.", "AAAA", "aaaa-examplefoo.com."),
    ("foo-", "", "", "example.com.", "A", "foo-a-example.com."),
    ("foo.", "", "", "example.com.", "CNAME", "foo.cname-example.com."),
    ("foo.bar.", "", "", "example.com.", "CNAME", "foo.bar.cname-example.com."),
    ("", "-foo", "", "example.com.", "CNAME", "cname-example-foo.com."),
    ("", ".foo", "", "example.com.", "CNAME", "cname-example.foo.com."),
    ("", ".foo.bar.test", "", "example.com.", "CNAME", "cname-example.foo.bar.test.com."),
    ("%{record_type}-foo", "", "", "example.com.", "A", "a-fooexample.com."),
    ("%{record_type}foo.", "", "", "example.com.", "CNAME", "cnamefoo.example.com."),
    ("bar.%{record_type}.foo.", "", "", "example.com.", "CNAME", "bar.cname.foo.example.com."),
    ("", "foo-%{record_type}", "", "example.com.", "A", "examplefoo-a.com."),
    ("", ".foo%{record_type}", "", "example.com.", "A", "example.fooa.com."),
    ("", ".foo%{record_type}.bar", "", "example.com.", "A", "example.fooa.bar.com."),
    ("TXT-", "", "", "foo.example.com.", "A", "txt-a-foo.example.com."),
]


@pytest.mark.parametrize(("prefix", "suffix", "wildcard", "name", "rrtype", "want"), NAMES)
def test_ownership_names_are_external_dns_s(prefix, suffix, wildcard, name, rrtype, want):
    naming = Naming(prefix, suffix, wildcard)
    assert naming.of(name, rrtype) == want
    assert Subject(name, rrtype) in set(naming.fits(want))


@pytest.mark.parametrize(
    ("reason", "naming", "name", "rrtype", "want"),
    [
        ("Once, no type was in the name.", Naming(), "foo.example.", "A", ("foo.example.",)),
        ("An AAAA was never owned so.", Naming(), "foo.example.", "AAAA", ()),
        (
            "The template is taken out of the prefix.",
            Naming("foo-%{record_type}-"),
            "test.example.",
            "CNAME",
            ("foo--cname-test.example.", "foo--test.example."),
        ),
        (
            "And out of the suffix.",
            Naming("", "-%{record_type}-foo"),
            "test.example.",
            "A",
            ("a-test--foo.example.", "test--foo.example."),
        ),
        ("A wildcard too.", Naming("t-", "", "any"), "*.example.", "A", ("t-any.example.",)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_names_of_older_releases(reason, naming, name, rrtype, want):
    assert naming.older(name, rrtype) == want, reason


@pytest.mark.parametrize(
    ("reason", "naming", "txt", "want"),
    [
        (
            "Both a typed name and, once, a name as it is.",
            Naming(),
            "a-foo.example.",
            {Subject("foo.example.", "A"), Subject("a-foo.example.", "")},
        ),
        ("No prefix, no claim.", Naming("own-"), "a-foo.example.", set()),
        (
            "A type in the prefix, and old names by that prefix.",
            Naming("foo-%{record_type}-"),
            "foo-cname-test.example.",
            {Subject("test.example.", "CNAME")},
        ),
        (
            "The template left out, the type in its default place.",
            Naming("foo-%{record_type}-"),
            "foo--cname-test.example.",
            {Subject("test.example.", "CNAME"), Subject("cname-test.example.", "")},
        ),
        ("Suffix", Naming("", "-%{record_type}-foo"), "test-a-foo.x.", {Subject("test.x.", "A")}),
        ("Old one", Naming("", "-%{record_type}-foo"), "test--foo.x.", {Subject("test.x.", "")}),
        ("Both are set: nothing can be read.", Naming("pre-", "-suf"), "pre-a-b-suf.x.", set()),
        (
            "A wildcard and its replacement share a name.",
            Naming("", "", "wild"),
            "a-wild.x.",
            {Subject("wild.x.", "A"), Subject("*.x.", "A"), Subject("a-wild.x.", "")},
        ),
        (
            "Without separators there are two readings.",
            Naming("%{record_type}"),
            "aaaafoo.x.",
            {Subject("aaafoo.x.", "A"), Subject("foo.x.", "AAAA"), Subject("aaaafoo.x.", "")},
        ),
        ("The root owns nothing.", Naming(), ".", set()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_reading_a_name_back(reason, naming, txt, want):
    assert {*naming.fits(txt), *naming.fits_older(txt)} == want, reason


labels = st.text("abcdefgh-_0123456789*", min_size=1, max_size=20)
names = st.lists(labels, min_size=1, max_size=4).map(lambda parts: ".".join(parts) + ".")
affixes = st.sampled_from(["", "own-", "own.", "%{record_type}-", "_x.%{record_type}.", "a%b"])


@given(
    name=names,
    rrtype=st.sampled_from(TYPES),
    naming=st.builds(Naming, affixes, st.just(""), st.sampled_from(["", "wild"]))
    | st.builds(Naming, st.just(""), affixes, st.sampled_from(["", "wild"])),
)
def test_every_ownership_name_is_read_back(name, rrtype, naming):
    assert Subject(name, rrtype) in set(naming.fits(naming.of(name, rrtype)))


@pytest.mark.parametrize(
    ("reason", "naming", "name", "says"),
    [
        ("The type makes a label too long.", Naming(), "x" * 62 + ".example.", "a label of 64"),
        ("So does the prefix.", Naming("p" * 40), "x" * 30 + ".example.", "a label of 72"),
        ("A name can be too long.", Naming(), ("x" * 49 + ".") * 5 + "ab.", "254 octets"),
        ("Escapes count as octets.", Naming(), r"\255" * 62 + ".example.", "label"),
        ("The root has no label to change.", Naming(), ".", "can have no ownership record"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_names_that_dns_cannot_carry(reason, naming, name, says):
    with pytest.raises(InvalidName, match=says):
        naming.of(name, "A")


def test_an_escaped_name_of_the_right_length_is_carried():
    assert Naming().of(r"a\.b.example.", "A") == r"a-a\.b.example."


@pytest.mark.parametrize(
    ("reason", "naming", "name", "outside"),
    [
        ("The apex's plain ownership name is the neighbour's.", Naming(), "example.org.", True),
        ("A prefix without the type does not help.", Naming("own."), "example.org.", True),
        ("One without a dot neither.", Naming("%{record_type}-"), "example.org.", True),
        ("This is how it works.", Naming("%{record_type}."), "example.org.", False),
        ("Below the apex nothing is needed.", Naming(), "a.example.org.", False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_ownership_stays_in_its_zone(reason, naming, name, outside):
    registry = Registry("hub", naming)
    if outside:
        with pytest.raises(InvalidName, match=r"contain %\{record_type\} and end in a dot"):
            registry.within(name, "A", "example.org.")
    else:
        assert registry.within(name, "A", "example.org.").endswith("example.org."), reason


@pytest.mark.parametrize(
    ("reason", "text", "want"),
    [
        (
            "As it is written.",
            "heritage=external-dns,external-dns/owner=hub,external-dns/resource=crd/ns/web",
            Labels("hub", "crd/ns/web"),
        ),
        ("Quotes are no part of it.", '"heritage=external-dns,external-dns/owner=x"', Labels("x")),
        ("A value may contain =.", "heritage=external-dns,external-dns/owner=a=b", Labels("a=b")),
        ("Tokens without = are passed over.", "heritage=external-dns,junk", Labels("")),
        ("Other keys too.", "heritage=external-dns,other/owner=x", Labels("")),
        ("Another heritage is another's.", "heritage=octodns,external-dns/owner=x", None),
        ("No heritage is nobody's.", "external-dns/owner=x", None),
        ("A policy is no ownership.", "v=spf1 -all", None),
        ("Empty.", "", None),
        ("The order does not matter.", "external-dns/owner=x,heritage=external-dns", Labels("x")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_reading_a_value(reason, text, want):
    assert ownership.parse(text) == want, reason


def test_writing_a_value():
    assert Registry("hub").write("crd/ns/web") == (
        '"heritage=external-dns,external-dns/owner=hub,external-dns/resource=crd/ns/web"'
    )
    assert ownership.dump(Labels("hub")) == "heritage=external-dns,external-dns/owner=hub"


@given(owner=st.text("abc=/-", min_size=1), resource=st.text("abc=/-"))
def test_what_is_written_is_read(owner, resource):
    registry = Registry(owner)
    assert registry.read(registry.write(resource)) == Labels(owner, resource)


@given(text=st.text(max_size=900))
def test_long_values_are_split_into_strings_and_joined(text):
    value = ownership.txt(text)
    assert ownership.text_of(value) == text
    assert records.value_of("TXT", value) == value, "canonical"


def test_strings_have_255_octets_at_most():
    assert ownership.txt("x" * 600).split(" ") == [
        '"' + "x" * 255 + '"',
        '"' + "x" * 255 + '"',
        '"' + "x" * 90 + '"',
    ]


def test_a_foreign_txt_that_is_no_text_says_nothing():
    assert Registry("hub").read('"\\255\\254"') is None


KEY = b"passphrasewhichneedstobe32bytes!"


def test_encrypted_ownership_is_read_beside_plain():
    registry = Registry("hub", key=KEY, nonce=lambda: b"0123456789ab")
    value = registry.write("crd/ns/web")
    assert "hub" not in value
    assert registry.read(value) == Labels("hub", "crd/ns/web")
    assert registry.read(Registry("plain").write("crd/a/b")) == Labels("plain", "crd/a/b")
    assert Registry("hub").read(value) is None
    assert Registry("hub", key=b"x" * 32).read(value) is None


def test_nonces_are_never_the_same_twice():
    registry = Registry("hub", key=KEY)
    assert registry.write("crd/ns/web") != registry.write("crd/ns/web")
    assert "passphrase" not in repr(registry)
