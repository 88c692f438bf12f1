"""Keys and certificates that we make ourselves: of local clusters, of the admission webhook."""

import ipaddress
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=365)
EARLY = timedelta(hours=1)  # clocks of other machines may be a little behind


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """A certificate authority; `certificate` is PEM, `pair` has its key too.

    What it issues is valid from `now`, for a year where nothing else is said.
    """

    def __init__(self, name: str, *, now: datetime, lifetime: timedelta = LIFETIME) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_subject(name), _subject(name), key.public_key(), now=now, lifetime=lifetime)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(_key_id(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        pair = Pair(certificate.public_bytes(serialization.Encoding.PEM), _pem(key))
        self._take(pair, key, certificate, now)

    @classmethod
    def load(cls, pair: Pair, *, now: datetime) -> "Authority":
        """One that was made before; raises ValueError where the PEM is none of ours."""
        key = serialization.load_pem_private_key(pair.key, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the key is not on an elliptic curve")  # noqa: TRY004
        made = cls.__new__(cls)
        made._take(pair, key, x509.load_pem_x509_certificate(pair.certificate), now)
        return made

    def _take(
        self,
        pair: Pair,
        key: ec.EllipticCurvePrivateKey,
        certificate: x509.Certificate,
        now: datetime,
    ) -> None:
        self.pair = pair
        self.certificate = pair.certificate
        self._key = key
        self._name = certificate.subject
        self._now = now

    def serving(self, name: str, hosts: Sequence[str], *, lifetime: timedelta = LIFETIME) -> Pair:
        """A certificate for a server under these host names and addresses."""
        names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        return self._issue(_subject(name), ExtendedKeyUsageOID.SERVER_AUTH, names, lifetime)

    def client(self, name: str, *, group: str = "") -> Pair:
        """A certificate for a user, who is in one group or in none."""
        return self._issue(_subject(name, group), ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def _issue(
        self,
        subject: x509.Name,
        purpose: x509.ObjectIdentifier,
        names: x509.SubjectAlternativeName | None,
        lifetime: timedelta = LIFETIME,
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            _builder(subject, self._name, key.public_key(), now=self._now, lifetime=lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(issuer, critical=False)
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Pair(certificate.public_bytes(serialization.Encoding.PEM), _pem(key))


def load(context: ssl.SSLContext, pair: Pair) -> None:
    """Let a context serve by a pair from now on; raises ssl.SSLError where it is none."""
    with tempfile.NamedTemporaryFile() as pem:
        pem.write(pair.certificate + b"\n" + pair.key)
        pem.flush()
        context.load_cert_chain(pem.name)


def signing_key() -> Pair:
    """A key pair for service-account tokens; the first half is a bare public key."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Pair(public, _pem(key))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    *,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLY)
        .not_valid_after(now + lifetime)
    )


def _subject(name: str, group: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if group:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    return x509.Name(attributes)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_id(key: ec.EllipticCurvePublicKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
