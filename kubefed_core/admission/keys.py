"""The webhook's key pair and whom to trust for it: made by ourselves, and renewed in time."""

import base64
import binascii
import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from kubefed_core.objects import Obj, dig
from kubefed_core.runtime.certificates import Authority, Pair

AUTHORITY, SERVING = timedelta(days=3650), timedelta(days=90)
NAME = "kubefed-admission-webhook"
LEFT = 3
"""A certificate is renewed when no more than such a part of its life is left."""

_KEYS = ("ca.crt", "ca.key", "tls.crt", "tls.key")


@dataclass(frozen=True, slots=True)
class Keys:
    """`trusted` are authorities in PEM, ours first, empty where that is not known.

    `authority` is the key of the first of them, empty where somebody else gave
    the pair, which is then used as it is.
    """

    serving: Pair = field(repr=False)
    trusted: bytes = b""
    authority: bytes = field(default=b"", repr=False)


def read(secret: Obj) -> Keys:
    """From a Secret, of ours or of somebody else's making.

    Raises ValueError, without a word of what is in it, where it holds no key pair.
    """
    held = dig(secret, "data", default={})
    try:
        found = {name: base64.b64decode(held.get(name) or "", validate=True) for name in _KEYS}
    except (binascii.Error, TypeError, ValueError):
        raise ValueError("its keys are not base64") from None
    if not found["tls.crt"] or not found["tls.key"]:
        raise ValueError("it has no tls.crt, or no tls.key")
    return Keys(Pair(found["tls.crt"], found["tls.key"]), found["ca.crt"], found["ca.key"])


def dump(keys: Keys) -> Mapping[str, str]:
    """The data of a Secret."""
    values = (keys.trusted, keys.authority, keys.serving.certificate, keys.serving.key)
    return {
        name: base64.b64encode(value).decode() for name, value in zip(_KEYS, values, strict=True)
    }


def renewed(keys: Keys | None, hosts: Collection[str], *, now: datetime) -> Keys:
    """The same keys as long as they will do, else others.

    An authority that is replaced stays trusted as long as it is valid, so that
    whoever serves by it still is.
    """
    if keys is not None and not keys.authority:
        return keys
    try:
        authorities = x509.load_pem_x509_certificates(keys.trusted) if keys else []
        ours = _authority(keys, authorities, now)
        leaf = x509.load_pem_x509_certificate(keys.serving.certificate) if keys else None
    except ValueError:
        # Of our own making once, and spoilt since.
        authorities, ours, leaf = [], None, None
    if ours is None:
        ours = Authority(NAME, now=now, lifetime=AUTHORITY)
        leaf = None
    said = _names(leaf) if leaf is not None else set()
    wanted = {_spelled(host) for host in hosts}
    if keys is not None and leaf is not None and _lasts(leaf, now) and wanted <= said:
        return keys
    others = [each for each in authorities if each.not_valid_after_utc > now]
    trusted = [ours.certificate, *(_pem(each) for each in others)]
    return Keys(
        # Others who serve by it may be reached by other names.
        ours.serving(NAME, sorted(wanted | said), lifetime=SERVING),
        b"".join(dict.fromkeys(trusted)),
        ours.pair.key,
    )


def _authority(keys: Keys | None, known: list[x509.Certificate], now: datetime) -> Authority | None:
    """The one that issues now; None where there has to be a new one."""
    if keys is None or not known or not _lasts(known[0], now):
        return None
    return Authority.load(Pair(_pem(known[0]), keys.authority), now=now)


def _lasts(certificate: x509.Certificate, now: datetime) -> bool:
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return end - now > (end - begin) / LEFT


def _names(leaf: x509.Certificate) -> set[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    addresses = names.get_values_for_type(x509.IPAddress)
    return {*names.get_values_for_type(x509.DNSName), *map(str, addresses)}


def _spelled(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
