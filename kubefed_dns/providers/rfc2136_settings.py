"""What a DNSProvider says about its RFC 2136 servers and keys, checked and decoded."""

import base64
import binascii
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dns.name
import dns.tsig

from kubefed_core.api import durations
from kubefed_core.api.fields import Fields
from kubefed_dns import records
from kubefed_dns.errors import InvalidName, Misconfigured
from kubefed_dns.providers.protocol import Context

SECRET = "tsigSecret"
CA = "ca.crt"
PORT, TLS_PORT = 53, 853
ALGORITHMS: Mapping[str, dns.name.Name] = {
    "hmac-sha1": dns.tsig.HMAC_SHA1,
    "hmac-sha224": dns.tsig.HMAC_SHA224,
    "hmac-sha256": dns.tsig.HMAC_SHA256,
    "hmac-sha384": dns.tsig.HMAC_SHA384,
    "hmac-sha512": dns.tsig.HMAC_SHA512,
}
TIMEOUT = 5.0
LONGEST = 300.0

_SERVER = re.compile(r"(?:\[([^]]+)\]|([^][:]+))(?::(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Tls:
    """DNS over TLS (RFC 7858); `name` is what the certificate must be for, empty for the host."""

    context: ssl.SSLContext
    name: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """`timeout` is in seconds; `tls` None is in the clear.

    A zone without a key of its own uses `default`; None is unsigned. `ptr` is
    for whoever decides what to write: addresses are to point back to their names.
    """

    servers: tuple[Server, ...]
    timeout: float
    tls: Tls | None
    ptr: bool
    default: dns.tsig.Key | None = field(repr=False)
    keys: Mapping[str, dns.tsig.Key] = field(repr=False)

    def key(self, zone: str) -> dns.tsig.Key | None:
        return self.keys.get(zone, self.default)


def parse(context: Context) -> Settings:
    """Raises Misconfigured, naming the field or the Secret's key, where they cannot work."""
    settings = context.settings
    servers = settings.get("servers") or ()
    if not servers:
        raise Misconfigured('spec.rfc2136.servers: name at least one, as "192.0.2.1:53"')
    if not context.zones:
        raise Misconfigured("spec.zones: name the zones; RFC 2136 servers do not list them")
    tsig = settings.get("tsig")
    fields = Fields(settings, "spec.rfc2136", error=Misconfigured)
    tls = _tls(fields.at("tls"), context) if "tls" in fields else None
    port = PORT if tls is None else TLS_PORT
    return Settings(
        servers=tuple(server(str(text), "spec.rfc2136.servers", port) for text in servers),
        timeout=_timeout(settings.get("timeout", TIMEOUT)),
        tls=tls,
        ptr=fields.flag("ptr"),
        default=tsig_key(tsig, "spec.rfc2136.tsig", SECRET, context) if tsig else None,
        keys=_keys(settings.get("keys") or (), context),
    )


def server(text: str, where: str, port: int = PORT) -> Server:
    """An address, `port` for one that names none; raises Misconfigured, naming the field."""
    found = _SERVER.fullmatch(text.strip())
    port = int(found[3] or port) if found else 0
    if found is None or not 0 < port < 65536:
        raise Misconfigured(f'{where}: {text!r} is not "host:port" or "[IPv6 address]:port"')
    return Server(found[1] or found[2], port)


def _timeout(value: object) -> float:
    """Of a duration, or a number of seconds."""
    try:
        seconds = durations.seconds(value if isinstance(value, str) else f"{value}s")
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST:
        raise Misconfigured(
            f'spec.rfc2136.timeout: {value!r} is no duration of up to {LONGEST:g} s, such as "5s"'
        )
    return seconds


def _tls(fields: Fields, context: Context) -> Tls:
    """Certificates are always checked: by the CAs that are given, else by the system's."""
    given, where = fields.text("ca"), fields.where("ca")
    key = fields.text("caSecretKey")
    if given and key:
        raise fields.wrong("caSecretKey", "give either this or ca")
    if key and not context.secret.get(key):
        raise Misconfigured(
            f"the Secret of spec.credentialsRef has no key {key!r}; put the CA's certificates"
            " there, in PEM, or correct spec.rfc2136.tls.caSecretKey"
        )
    if not given and (text := context.secret.get(key or CA)):
        given, where = text, f"key {key or CA!r} of the Secret of spec.credentialsRef"
    try:
        made = ssl.create_default_context(cadata=given or None)
    except (ssl.SSLError, ValueError) as error:
        raise Misconfigured(f"{where}: these are no certificates in PEM") from error
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["dot"])
    return Tls(made, fields.text("serverName").rstrip("."))


def _keys(items: Any, context: Context) -> dict[str, dns.tsig.Key]:
    found = {}
    for number, item in enumerate(items):
        where = f"spec.rfc2136.keys[{number}]"
        try:
            zone = records.canonical(str(item.get("zone", "")))
        except InvalidName as error:
            raise Misconfigured(f"{where}.zone: {error}") from error
        if zone not in context.zones:
            raise Misconfigured(f"{where}.zone: {zone} is not among spec.zones")
        found[zone] = tsig_key(item, where, item.get("secretKey"), context)
    return found


def tsig_key(
    block: Mapping[str, Any], where: str, secret_key: str | None, context: Context
) -> dns.tsig.Key:
    """As `block` names it, with the secret under a key of the provider's Secret.

    Raises Misconfigured, naming the field or the Secret's key.
    """
    if not secret_key:
        raise Misconfigured(f"{where}.secretKey: say which key of the Secret holds the secret")
    algorithm = str(block.get("algorithm") or "hmac-sha256").lower().rstrip(".")
    if algorithm not in ALGORITHMS:
        known = ", ".join(ALGORITHMS)
        raise Misconfigured(
            f"{where}.algorithm: {algorithm!r} is not supported; use one of {known}"
        )
    if not block.get("keyName"):
        raise Misconfigured(f"{where}.keyName: name the key as the server's configuration does")
    try:
        name = dns.name.from_text(records.canonical(str(block["keyName"])))
    except InvalidName as error:
        raise Misconfigured(f"{where}.keyName: {error}") from error
    return dns.tsig.Key(name, _secret(context, secret_key), ALGORITHMS[algorithm])


def _secret(context: Context, key: str) -> bytes:
    """The key's bytes; no error shows any of the text, nor is chained to one that does."""
    text = context.secret.get(key, "").strip()
    if not text:
        raise Misconfigured(
            f"the Secret of spec.credentialsRef has no key {key!r}; put the TSIG secret there,"
            " base64 as in named.conf"
        )
    try:
        decoded = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not decoded:
        raise Misconfigured(
            f"key {key!r} of the Secret of spec.credentialsRef is not base64; put the TSIG secret"
            " there as named.conf has it, without quotes"
        )
    return decoded
