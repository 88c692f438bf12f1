import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefed_dns.decide import seal
from kubefed_dns.errors import Misconfigured

KEY = b"passphrasewhichneedstobe32bytes!"
HEAD = "heritage=external-dns,external-dns/"
VECTORS = [
    (
        f"{HEAD}owner=default",
        "MDEyMzQ1Njc4OWFiWz7giX9EZn4GBATP7HIOSAKE6GuOC0GwR33pHTg3aQ3lrk1NM9NwI4Z31fxvscEzqA53wkup3cs1"
        "yHvs6F68QjJRKU2/VuW70RubdZ0bUiW0GdI=",
    ),
    (
        f"{HEAD}owner=my-cluster,external-dns/resource=ingress/default/web",
        "MDEyMzQ1Njc4OWFiWz7giX9EZn4GBJpOALWiIULOjaMHb8ithWkBDecC9JoTvw9tM0NX6C2SszfqwzYNQPgyXv+WqPaU"
        "O9OLaMbVBiT1B3S2dt6v1IqqAWzKiHpqmeIRXJUSj/5IBJ9ndgLSPMnm5+vCPdLHUU56B3Qi",
    ),
    (
        f"{HEAD}owner=cluster-a,external-dns/resource=service/prod/nginx-gateway-controller",
        "MDEyMzQ1Njc4OWFiWz7giX9EZn4GBJpOALUgQEbOjaAHcMmJzu66vWf8pBgeI1L0Ucwnq7+/LMLyPCvSkaxpfawv2fP4"
        "+O7YY7K0uKHXcBmd4A1jW2eDW32SUsJhRXXAEB0dJka1+D1mdgKERjT0VBopfGsZQqizbYqxAle9dvamwa6Qzg==",
    ),
]


@pytest.mark.parametrize(("plain", "cipher"), VECTORS)
def test_what_external_dns_sealed_is_opened(plain, cipher):
    assert seal.opened(cipher, KEY) == plain


@given(text=st.text(), nonce=st.binary(min_size=12, max_size=12))
def test_what_is_sealed_is_opened(text, nonce):
    assert seal.opened(seal.sealed(text, KEY, nonce=nonce), KEY) == text


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("Plain text.", "heritage=external-dns"),
        ("Not of that alphabet.", "é"),
        ("Too short for a nonce and a tag.", base64.b64encode(b"x" * 20).decode()),
        ("Another key.", seal.sealed("x", b"y" * 32, nonce=b"0123456789ab")),
        ("A broken tag.", VECTORS[0][1][:-8] + "AAAAAAA="),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_was_not_sealed_so_is_not_opened(reason, text):
    assert seal.opened(text, KEY) is None, reason


@pytest.mark.parametrize(
    ("reason", "raw"),
    [
        ("The octets themselves.", KEY),
        ("In base64.", base64.b64encode(KEY)),
        ("With the newline that files have.", base64.b64encode(KEY) + b"\n"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_keys(reason, raw):
    assert seal.aes_key(raw) == KEY, reason


def test_either_alphabet_of_base64_is_read():
    key = b"\xfb\xff" * 16
    assert seal.aes_key(base64.urlsafe_b64encode(key)) == key


@pytest.mark.parametrize("raw", [b"", b"short", b"!" * 33, base64.b64encode(b"x" * 31)])
def test_other_keys_are_refused_and_not_shown(raw):
    with pytest.raises(Misconfigured, match="32 octets") as caught:
        seal.aes_key(raw)
    assert raw.decode() not in str(caught.value) or not raw
