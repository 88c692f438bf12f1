from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from kubefed_core.admission.keys import AUTHORITY, SERVING, Keys, dump, read, renewed
from kubefed_core.runtime.certificates import Authority, Pair

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOSTS = {"a.b.svc", "127.0.0.1", "::1"}


def issuers(found):
    return [each.subject for each in x509.load_pem_x509_certificates(found.trusted)]


def leaf(found):
    return x509.load_pem_x509_certificate(found.serving.certificate)


@pytest.fixture(scope="module")
def made():
    return renewed(None, HOSTS, now=NOW)


def test_a_pair_is_made_and_who_is_to_be_trusted_for_it(made):
    (ours,) = x509.load_pem_x509_certificates(made.trusted)
    leaf(made).verify_directly_issued_by(ours)
    names = leaf(made).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.b.svc"]
    assert {str(a) for a in names.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "::1"}
    assert "KEY" not in repr(made)


def test_what_is_kept_is_read_again(made):
    assert read({"data": dump(made)}) == made


@pytest.mark.parametrize(
    "data",
    [{}, {"tls.crt": "YQ=="}, {"tls.crt": "?", "tls.key": "YQ=="}, {"tls.crt": 1, "tls.key": 2}],
)
def test_a_secret_without_a_pair_is_said_to_be_none(data):
    with pytest.raises(ValueError, match=r"it has no|base64"):
        read({"data": data})


def test_as_long_as_it_lasts_it_stays(made):
    assert renewed(made, HOSTS, now=NOW + SERVING * 0.6) is made


@pytest.mark.parametrize(
    ("reason", "hosts", "later"),
    [
        ("Two thirds of its life are over.", HOSTS, SERVING * 0.7),
        ("It is over.", HOSTS, SERVING * 2),
        ("It is reached by another name.", HOSTS | {"c.d"}, timedelta()),
    ],
)
def test_it_is_renewed_by_the_same_authority(made, reason, hosts, later):
    other = renewed(made, hosts, now=NOW + later)
    assert other.serving != made.serving, reason
    assert (other.trusted, other.authority) == (made.trusted, made.authority)


def test_names_by_which_others_are_reached_stay(made):
    other = renewed(made, {"c.d"}, now=NOW)
    assert renewed(other, HOSTS, now=NOW) is other


def test_an_authority_that_is_replaced_stays_trusted(made):
    later = NOW + AUTHORITY * 0.8
    other = renewed(made, HOSTS, now=later)
    assert other.authority != made.authority
    new, old = x509.load_pem_x509_certificates(other.trusted)
    leaf(other).verify_directly_issued_by(new)
    assert old == x509.load_pem_x509_certificate(made.trusted)
    last = renewed(other, HOSTS, now=later + AUTHORITY * 0.8)
    assert len(issuers(last)) == 2, "the first is not valid any more"


def test_what_somebody_else_gave_is_used_as_it_is():
    given = Authority("theirs", now=NOW).serving("x", ["x"])
    found = Keys(given, b"theirs")
    assert renewed(found, HOSTS, now=NOW + SERVING * 99) is found


def test_what_is_spoilt_is_made_anew(made):
    for spoilt in (
        Keys(made.serving, b"", made.authority),
        Keys(made.serving, made.trusted, b"no key"),
        Keys(Pair(b"no certificate", b""), made.trusted, made.authority),
        Keys(Authority("other", now=NOW).client("x"), made.trusted, made.authority),
    ):
        other = renewed(spoilt, HOSTS, now=NOW)
        ours = x509.load_pem_x509_certificates(other.trusted)[0]
        leaf(other).verify_directly_issued_by(ours)
